import { unknownValue } from "../../../provider/plan/wish";
import { setConfiguration } from "../../../provider/runtime/context";
import { check, diff } from "../../../provider/runtime/replication-user";
import type { Inputs } from "../../../provider/runtime/validation";
import { replicationUser } from "./inputs";

let lines: string[];

beforeEach(() => {
  setConfiguration({ get: () => undefined });
  lines = [];
  jest.spyOn(console, "log").mockImplementation((line: string) => void lines.push(line));
});

afterEach(() => {
  jest.restoreAllMocks();
});

const declared: Inputs = {
  servers: [{ host: "db1", password: "hunter2" }, { host: "db2" }],
  user: "repl",
  host: "%",
  password: "hunter3",
  require: "SSL",
  grants: ["REPLICATION SLAVE", "BACKUP_ADMIN"],
  passwordExpire: "NEVER",
  accountLocked: false,
};
const account = {
  plugin: "caching_sha2_password",
  passwordMatches: true,
  hasPassword: true,
  require: { type: "SSL", issuer: "", subject: "", cipher: "" },
  passwordLifetime: 0,
  locked: false,
  oldPassword: false,
  grants: ["REPLICATION SLAVE ON *.*", "BACKUP_ADMIN ON *.*"],
};
const place = (address: string, inGroup = true): Inputs => ({
  address,
  version: "9.7.4",
  inGroup,
  stack: "XCOM",
});

function state(seen: Inputs | undefined = account, more: Inputs = {}): Inputs {
  const places = ["db1:3306", "db2:3306"].map((a) => ({
    place: place(a),
    uuid: a,
    ...(seen === undefined ? {} : { account: seen }),
  }));
  return {
    ...declared,
    account: "'repl'@'%'",
    addresses: ["db1:3306", "db2:3306"],
    createdOn: [],
    oldPasswordRetained: false,
    facts: { places },
    __provider: "stub",
    ...more,
  };
}
const changed = (changes: Inputs): Inputs => ({ ...declared, ...changes, __provider: "stub" });

describe("diff of ReplicationUser", () => {
  it("finds nothing where nothing was changed, and says nothing", () => {
    expect(diff("id", state(), changed({}))).toEqual({ changes: false });
    expect(lines).toEqual([]);
  });

  it("tells the statements once for a group, where they reach the other members by replication", () => {
    expect(diff("id", state(), changed({ password: "hunter4" }))).toEqual({ changes: true });
    expect(lines).toEqual([
      "account 'repl'@'%': none",
      "    ALTER USER 'repl'@'%' IDENTIFIED BY <password> RETAIN CURRENT PASSWORD  [db1:3306]",
    ]);
  });

  it("tells to which servers outside a group they go", () => {
    const places = ["db1:3306", "db2:3306"].map((a) => ({ place: place(a, false), uuid: a, account }));
    expect(diff("id", state(account, { facts: { places } }), changed({ require: "X509" }))).toEqual({
      changes: true,
    });
    expect(lines.slice(1)).toEqual([
      "    ALTER USER 'repl'@'%' REQUIRE X509  [db1:3306, db2:3306]",
      "    (where these servers run in a group by now: once, through its primary)",
    ]);
  });

  it.each(["user", "host"])("replaces the account where %s is another", (name) => {
    expect(diff("id", state(), changed({ [name]: "other" }))).toMatchObject({
      changes: true,
      replaces: [name],
    });
  });

  it("plans to mend what has drifted", () => {
    expect(diff("id", state({ ...account, passwordMatches: false }), changed({}))).toEqual({ changes: true });
    expect(lines.join()).toContain("IDENTIFIED BY <password>");
  });

  it("has something left to do while an old password still logs in", () => {
    expect(diff("id", state(account, { oldPasswordRetained: true }), changed({}))).toEqual({ changes: true });
    expect(lines).toEqual([
      "account 'repl'@'%': the old password goes once every recovery channel uses the new one",
    ]);
  });

  it("finds the stub of another release", () => {
    expect(diff("id", state(), { ...changed({}), __provider: "newer" })).toEqual({ changes: true });
  });

  it("says nothing secret", () => {
    diff("id", state(), changed({ password: "hunter4", servers: [{ host: "db1", password: "hunter5" }] }));
    expect(lines.join("\n")).not.toMatch(/hunter/);
  });

  const unknowns: [string, Inputs][] = [
    ...Object.keys(declared).map((name): [string, Inputs] => [name, { [name]: unknownValue }]),
    ["what a certificate must show", { require: { issuer: unknownValue } }],
    ["one of the grants", { grants: ["REPLICATION SLAVE", unknownValue] }],
    ["one of the servers", { servers: [{ host: "db1" }, { host: unknownValue }] }],
    ["a plugin", { authPlugin: unknownValue }],
  ];
  it.each(unknowns)(
    "takes %s that is not known yet for a change, and tells no statement of it",
    (_, changes) => {
      expect(diff("id", state(), changed(changes))).toMatchObject({ changes: true });
      expect(lines.filter((line) => /ALTER|REVOKE|GRANT|CREATE|DROP/.test(line))).toEqual([]);
      expect(lines.join("\n")).not.toContain(unknownValue);
    },
  );

  it("does not take a live requirement for NONE or SSL while the declared one is not known yet", () => {
    const live = { ...account, require: { type: "SPECIFIED", issuer: "/CN=CA", subject: "", cipher: "" } };
    diff(
      "id",
      state(live, { require: { issuer: "/CN=CA" } }),
      changed({ require: { issuer: unknownValue } }),
    );
    expect(lines.join("\n")).not.toContain("REQUIRE");
  });
});

describe("check of ReplicationUser", () => {
  it("drops what is not declared, and keeps the stub", () => {
    const { inputs, failures } = check(declared, {
      ...changed({ authPlugin: undefined }),
      account: undefined,
    });
    expect(failures).toEqual([]);
    expect(inputs).toEqual({ ...declared, __provider: "stub" });
  });

  it("shows what a new account may take, without its password", () => {
    check({}, changed({}));
    expect(lines[0]).toBe(
      "account 'repl'@'%' on db1:3306, db2:3306: new; what is so already is left alone, else",
    );
    expect(lines.join("\n")).toContain("IDENTIFIED BY <password>");
    expect(lines.join("\n")).not.toMatch(/hunter/);
  });

  it("never shows the engine's stand-in for what is not known yet", () => {
    for (const name of Object.keys(replicationUser.full))
      check({}, { ...replicationUser.full, [name]: unknownValue });
    expect(lines.join("\n")).not.toContain(unknownValue);
  });
});
