import { parseEndpoint } from "../../../provider/tls/handshake";

describe("parseEndpoint", () => {
  it.each([
    ["db1:33061", { host: "db1", port: 33061 }],
    [" 10.0.0.1:3306 ", { host: "10.0.0.1", port: 3306 }],
    ["[::1]:33061", { host: "::1", port: 33061 }],
    ["[fe80::1%eth0]:1", { host: "fe80::1%eth0", port: 1 }],
    ["db1:65535", { host: "db1", port: 65535 }],
    ["db1:65536", undefined],
    ["db1:0", undefined],
    ["db1", undefined],
    [":3306", undefined],
    ["::1:33061", undefined],
    ["/run/mysqld/mysqld.sock", undefined],
    ["", undefined],
  ])("reads %j", (text, endpoint) => {
    expect(parseEndpoint(text)).toEqual(endpoint);
  });
});
