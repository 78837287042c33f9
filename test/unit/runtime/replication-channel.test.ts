import { check, diff } from "../../../provider/runtime/replication-channel";
import { unknownValue } from "../../../provider/plan/wish";

const declaration = { connection: { host: "db2" }, host: "db1", user: "replica", password: "p" };

jest.spyOn(console, "log").mockImplementation(() => undefined);

function failures(more: Record<string, unknown>): string[] {
  return check({}, { ...declaration, ...more }).failures.map((f) => `${f.property}: ${f.reason}`);
}

describe("check of ReplicationChannel", () => {
  it("takes the least that may be declared", () => {
    expect(failures({})).toEqual([]);
  });

  it.each([
    [{ channelName: "group_replication_applier" }, "channelName: is reserved"],
    [{ channelName: "x".repeat(65) }, "channelName: must have 64 characters at most"],
    [{ autoPosition: true, logFile: "b.1" }, "autoPosition: and a log position exclude each other"],
    [{ logPosition: 4 }, "logPosition: needs logFile"],
    [
      { autoPosition: false },
      "autoPosition: must be left out or true, or logFile must say where the channel begins",
    ],
    [{ sslMode: "REQUIRED", ssl: false }, "ssl: contradicts sslMode REQUIRED; leave it out"],
    [
      { sslMode: "VERIFY_CA", sslCa: "ca.pem", sslVerifyServerCert: true },
      "sslVerifyServerCert: contradicts sslMode VERIFY_CA; leave it out",
    ],
    [{ sslMode: "VERIFY_IDENTITY" }, "sslMode: VERIFY_IDENTITY needs sslCa or sslCapath: a CA to trust"],
    [
      { sslMode: "REQUIRED", sslCa: "ca.pem" },
      "sslCa: would make the channel verify its source, and sslMode REQUIRED does not; declare VERIFY_CA or leave it out",
    ],
    [{ ssl: false, sslVerifyServerCert: true }, "sslVerifyServerCert: needs ssl: true"],
    [
      { tlsVersion: ["TLSv1.4"] },
      'tlsVersion: "TLSv1.4" is no TLS protocol; known are TLSv1, TLSv1.1, TLSv1.2, TLSv1.3',
    ],
    [
      { sslCipher: ["TLS_AES_128_GCM_SHA256"] },
      "sslCipher: TLS_AES_128_GCM_SHA256 is a TLSv1.3 ciphersuite; those go under *Ciphersuites",
    ],
    [{ compressionAlgorithms: ["zlib", "zlib"] }, "compressionAlgorithms: names one twice"],
    [{ gtidOnly: true }, "gtidOnly: needs requireRowFormat: true"],
    [{ connectionAutoFailover: true, logFile: "b.1" }, "connectionAutoFailover: needs autoPosition"],
    [
      { assignGtidsToAnonymousTransactions: "LOCAL" },
      "assignGtidsToAnonymousTransactions: is for a source without GTIDs: declare logFile, where the channel begins",
    ],
    [
      { assignGtidsToAnonymousTransactions: "nonsense", logFile: "b.1" },
      "assignGtidsToAnonymousTransactions: must be OFF, LOCAL or a UUID",
    ],
    [{ password: "x".repeat(33) }, ": password: must have 32 bytes at most: a channel takes no longer one"],
    [{ bind: "a\nb" }, "bind: must not contain NUL or a line end"],
    [{ sslKey: "x".repeat(512) }, "sslKey: must have 511 bytes at most"],
  ])("refuses %j", (more, expected) => {
    expect(failures(more)).toEqual([expected]);
  });

  it.each([
    { port: 0 },
    { port: 65536 },
    { port: "3306" },
    { connectRetry: 0 },
    { retryCount: -1 },
    { delay: 1.5 },
    { heartbeatPeriod: 4294968 },
    { zstdCompressionLevel: 23 },
    { compressionAlgorithms: ["lz4"] },
    { compressionAlgorithms: [] },
    { requireTablePrimaryKeyCheck: "MAYBE" },
    { privilegeChecksUser: "nobody" },
    { sslMode: "PREFERRED" },
    { ssl: "yes" },
    { host: "" },
    { user: undefined },
    { logFile: "b.1", logPosition: 3 },
    { masterHost: "db1" },
    { sslCa: "" },
  ])("refuses the shape of %j", (more) => {
    expect(failures(more)).toHaveLength(1);
  });

  it("takes what is not known yet for any property", () => {
    for (const property of [
      "host",
      "port",
      "tlsVersion",
      "sslMode",
      "sslCa",
      "gtidOnly",
      "channelName",
      "logFile",
    ])
      expect(failures({ [property]: unknownValue })).toEqual([]);
  });
});

describe("diff of ReplicationChannel", () => {
  const named = (channelName: string): Record<string, unknown> => ({ ...declaration, channelName });
  const state = {
    ...named("from_db1"),
    serverUuid: "u",
    facts: { view: { address: "db2:3306", version: "9.7.4" } },
  };

  it("replaces a channel of another name, and not one whose name has capitals now: to the server it is the same", () => {
    expect(diff("u/from_db1", state, named("from_db2"))).toEqual({
      changes: true,
      replaces: ["channelName"],
    });
    expect(diff("u/from_db1", state, named("FROM_db1"))).toEqual({ changes: true });
  });
});
