import { InputError } from "../../../provider/errors";
import { unknownValue } from "../../../provider/plan/wish";
import { addressFrom, setConfiguration, targetOf } from "../../../provider/runtime/context";
import { thrownBy } from "../builders";

function configure(values: Record<string, string>): void {
  setConfiguration({ get: (key) => values[key] });
}

afterEach(() => configure({}));

describe("targetOf", () => {
  it("falls back to a server on this machine", () => {
    expect(targetOf(undefined)).toEqual({
      host: "127.0.0.1",
      port: 3306,
      user: "root",
      password: undefined,
      connectTimeout: 10,
      tls: { mode: "PREFERRED" },
    });
  });

  it("takes from the stack's configuration what is not declared", () => {
    configure({
      "mysqlgr:host": "db9",
      "mysqlgr:port": "3307",
      "mysqlgr:user": "admin",
      "mysqlgr:password": "hunter2",
      "mysqlgr:tls": '{"mode":"VERIFY_CA","ca":"/ca.pem"}',
    });
    expect(targetOf({ host: "db1" })).toEqual({
      host: "db1",
      port: 3307,
      user: "admin",
      password: "hunter2",
      connectTimeout: 10,
      tls: { mode: "VERIFY_CA", ca: "/ca.pem" },
    });
  });

  it("prefers what is declared", () => {
    configure({
      "mysqlgr:port": "3307",
      "mysqlgr:user": "admin",
      "mysqlgr:password": "x",
      "mysqlgr:tls": '{"mode":"VERIFY_CA","ca":"/ca.pem"}',
    });
    const declared = {
      host: "db1",
      port: 1,
      user: "u",
      password: "p",
      connectTimeout: 3,
      tls: { mode: "REQUIRED" as const },
    };
    expect(targetOf(declared)).toEqual({ ...declared, tls: { mode: "REQUIRED", ca: "/ca.pem" } });
  });

  it("takes the configuration as it is now: a rotated password serves the next operation", () => {
    configure({ "mysqlgr:password": "old" });
    expect(targetOf({ host: "db1" }).password).toBe("old");
    configure({ "mysqlgr:password": "new" });
    expect(targetOf({ host: "db1" }).password).toBe("new");
  });

  it("takes the configured socket only where no host is declared", () => {
    configure({ "mysqlgr:socketPath": "/run/mysqld.sock" });
    expect(targetOf({}).socketPath).toBe("/run/mysqld.sock");
    expect(targetOf({ host: "db1" }).socketPath).toBeUndefined();
    expect(targetOf({ socketPath: "/other.sock" }).socketPath).toBe("/other.sock");
  });

  it.each(["{", "REQUIRED", '"REQUIRED"', "5", "[]", "null"])(
    "refuses mysqlgr:tls = %s, which is no JSON object",
    (text) => {
      configure({ "mysqlgr:tls": text });
      const error = thrownBy(() => targetOf({ host: "db1" })) as InputError;
      expect(error).toBeInstanceOf(InputError);
      expect(error.message).toBe(
        `[GR001] mysqlgr:tls: is no JSON object
Left: nothing was changed
Do: pulumi config set mysqlgr:tls '{"mode":"VERIFY_CA","ca":"…"}'`,
      );
    },
  );

  it.each(['{"mode":"verify_ca"}', '{"mode":"VERIFY"}', '{"Mode":"VERIFY_CA"}', '{"mode":5}'])(
    "refuses mysqlgr:tls = %s rather than verify less than was meant",
    (text) => {
      configure({ "mysqlgr:tls": text });
      expect(thrownBy(() => targetOf({ host: "db1" }))).toBeInstanceOf(InputError);
    },
  );

  it.each(["", "abc", "0", "65536", "33.5"])("refuses mysqlgr:port = %j", (text) => {
    configure({ "mysqlgr:port": text });
    expect(thrownBy(() => targetOf({ host: "db1" }))).toBeInstanceOf(InputError);
  });
});

describe("addressFrom", () => {
  it.each([
    ["host and port", { host: "db1", port: 3307 }, "db1:3307"],
    ["a socket", { socketPath: "/run/mysqld.sock" }, "/run/mysqld.sock"],
    ["nothing but the configuration", {}, "db9:3306"],
    ["a host that is not known yet", { host: unknownValue }, "a server that is not known yet"],
    ["a connection that is not known yet", unknownValue, "a server that is not known yet"],
    [
      "a password that is not known yet, which has no part in it",
      { host: "db1", password: unknownValue },
      "db1:3306",
    ],
  ])("knows a server by %s", (_, connection, address) => {
    configure({ "mysqlgr:host": "db9" });
    expect(addressFrom(connection)).toBe(address);
  });
});
