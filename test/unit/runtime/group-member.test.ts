import { memberProperties, unknownValue, wishOf } from "../../../provider/plan/wish";
import { coordinator, setConfiguration } from "../../../provider/runtime/context";
import { check, diff } from "../../../provider/runtime/group-member";
import type { Inputs } from "../../../provider/runtime/validation";
import { type ViewOptions, viewAsDeclared } from "../builders";
import { groupMember } from "./inputs";

let lines: string[];

beforeEach(() => {
  setConfiguration({ get: () => undefined });
  lines = [];
  jest.useFakeTimers();
  jest.spyOn(console, "log").mockImplementation((line: string) => void lines.push(line));
});

afterEach(() => {
  jest.runAllTimers();
  jest.useRealTimers();
  jest.restoreAllMocks();
});

const declared: Inputs = {
  connection: { host: "db1", port: 3306, user: "admin", password: "hunter2" },
  groupName: "8a94f357-aab4-11e8-9d3f-0242ac120002",
  localAddress: "db1:33061",
  groupSeeds: ["db1:33061"],
  sslMode: "REQUIRED",
  sslCa: "ca.pem",
  memberWeight: 60,
  tlsVersion: ["TLSv1.2", "TLSv1.3"],
  variables: { group_replication_poll_spin_loops: 100 },
};

/** What state holds of a member that is as declared. */
function state(inputs: Inputs = declared, of: ViewOptions = {}): Inputs {
  const view = viewAsDeclared(wishOf(inputs, memberProperties), of);
  return {
    ...inputs,
    address: "db1:3306",
    serverUuid: "11111111-1111-11e8-9d3f-0242ac120001",
    serverVersion: "9.7.4",
    running: true,
    pending: [],
    facts: { view, settledAt: 0 },
    __provider: "stub",
  };
}

function changed(changes: Inputs): Inputs {
  return { ...declared, ...changes, __provider: "stub" };
}

describe("diff of GroupMember", () => {
  it("finds nothing where nothing was changed, and says nothing", () => {
    expect(diff("id", state(), changed({}))).toEqual({ changes: false });
    expect(lines).toEqual([]);
  });

  it("finds nothing where only the order of keys was changed", () => {
    const connection = Object.fromEntries(Object.entries(declared["connection"] as Inputs).reverse());
    expect(diff("id", state(), changed({ connection }))).toEqual({ changes: false });
  });

  it("tells the plan that the update will run", () => {
    expect(diff("id", state(), changed({ memberWeight: 70, sslMode: "VERIFY_CA" }))).toEqual({
      changes: true,
    });
    expect(lines).toEqual([
      "member db1:3306: member-restart because group_replication_ssl_mode acts at START",
      "    SET PERSIST group_replication_member_weight = 70",
      "    ALTER INSTANCE RELOAD TLS",
      "    STOP GROUP_REPLICATION",
      "    SET PERSIST group_replication_ssl_mode = 'VERIFY_CA'",
      "    START GROUP_REPLICATION",
      expect.stringMatching(/^group 8a94f357-.*: 1 of 1 members restart, one at a time: db1:3306;/) as string,
    ]);
  });

  it("plans to mend what has drifted although the declaration is the same", () => {
    const drifted = state(declared, {});
    const { facts } = drifted as { facts: { view: { variables: Record<string, unknown> } } };
    facts.view.variables["group_replication_member_weight"] = { value: "10", persisted: "60" };
    expect(diff("id", drifted, changed({}))).toEqual({ changes: true });
    expect(lines).toContain("    SET PERSIST group_replication_member_weight = 60");
  });

  it.each([
    [
      "the administrator's password",
      { connection: { ...(declared["connection"] as Inputs), password: "other" } },
    ],
    ["the rollout", { rollout: { onlineTimeout: 300 } }],
    ["bootstrap", { bootstrap: true }],
  ])("finds a change of %s, for which the server needs nothing", (_, changes) => {
    expect(diff("id", state(), changed(changes))).toEqual({ changes: true });
    expect(lines).toEqual([]);
  });

  it("finds the stub of another release", () => {
    expect(diff("id", state(), { ...changed({}), __provider: "newer" })).toEqual({ changes: true });
  });

  it("announces the member to the coordinator, by the group's name in lower case", () => {
    const announce = jest.spyOn(coordinator, "announce").mockImplementation(() => undefined);
    diff("id", state(), changed({}));
    diff("id", state(), changed({ memberWeight: 70, groupName: "8A94F357-AAB4-11E8-9D3F-0242AC120002" }));
    expect(announce.mock.calls).toEqual([
      ["8a94f357-aab4-11e8-9d3f-0242ac120002", "db1:3306", { changes: false, restarts: false, ran: "id" }],
      ["8a94f357-aab4-11e8-9d3f-0242ac120002", "db1:3306", { changes: true, restarts: false, ran: "id" }],
    ]);
  });

  it("says nothing secret", () => {
    const connection = { host: "db1", password: "hunter3", tls: { key: "hunter4" } };
    diff("id", state(), changed({ connection, sslCa: "new.pem" }));
    expect(lines.join("\n")).not.toMatch(/hunter/);
  });

  const unknowns: [name: string, changes: Inputs][] = [
    ...Object.keys(declared).map((name): [string, Inputs] => [name, { [name]: unknownValue }]),
    ["one of the seeds", { groupSeeds: ["db1:33061", unknownValue] }],
    ["a free variable", { variables: { group_replication_poll_spin_loops: unknownValue } }],
    ["the host", { connection: { host: unknownValue } }],
    ["the password", { connection: { host: "db1", password: unknownValue } }],
    ["a new property", { sslCert: unknownValue }],
    ["the rollout", { rollout: unknownValue }],
  ];
  it.each(unknowns)("takes %s that is not known yet for a change, and not for a removal", (_, changes) => {
    expect(diff("id", state(), changed(changes))).toEqual({ changes: true });
    expect(lines.filter((line) => /RESET|DEFAULT|STOP|START|RELOAD/.test(line))).toEqual([]);
    expect(lines.join("\n")).not.toContain(unknownValue);
  });

  it("names no group that is not known yet", () => {
    diff("id", state(), changed({ groupName: unknownValue, sslMode: "VERIFY_CA" }));
    jest.runAllTimers();
    expect(lines).toContain("    START GROUP_REPLICATION");
    expect(lines.join("\n")).not.toContain(unknownValue);
  });

  it("resets what is really no longer declared, beside something not known yet", () => {
    const { memberWeight: _, ...rest } = changed({ sslCa: unknownValue });
    expect(diff("id", state(), rest)).toEqual({ changes: true });
    expect(lines).toContain("    RESET PERSIST IF EXISTS group_replication_member_weight");
    expect(lines.join("\n")).not.toContain("ssl_ca");
  });
});

describe("check of GroupMember", () => {
  it("drops what is not declared, and keeps the stub", () => {
    const { inputs, failures } = check(
      { groupName: "x" },
      { ...changed({ sslCert: undefined, sslKey: null }), address: undefined },
    );
    expect(failures).toEqual([]);
    expect(inputs).toEqual({ ...declared, __provider: "stub" });
    expect(Object.keys(inputs)).not.toContain("sslCert");
  });

  it("shows what a new member may have to do, and nothing for one that is there", () => {
    check({}, changed({}));
    expect(lines[0]).toBe("member db1:3306: new; what is so already is left alone, else");
    expect(lines).toContain("    START GROUP_REPLICATION");
    expect(lines.join("\n")).not.toContain("hunter");
    lines = [];
    check(declared, changed({}));
    expect(lines).toEqual([]);
  });

  it("shows nothing of a new member that is declared wrongly", () => {
    expect(check({}, changed({ memberWeight: 101 })).failures).toHaveLength(1);
    expect(lines).toEqual([]);
  });

  it("never shows the engine's stand-in for what is not known yet", () => {
    for (const name of Object.keys(groupMember.full))
      check({}, { ...groupMember.full, [name]: unknownValue });
    expect(lines.join("\n")).not.toContain(unknownValue);
  });
});
