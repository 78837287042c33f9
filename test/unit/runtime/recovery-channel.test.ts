import { channelProperties, unknownValue, wishOf } from "../../../provider/plan/wish";
import { coordinator, setConfiguration } from "../../../provider/runtime/context";
import { check, diff } from "../../../provider/runtime/recovery-channel";
import type { Inputs } from "../../../provider/runtime/validation";
import { type ViewOptions, viewAsDeclared } from "../builders";
import { recoveryChannel } from "./inputs";

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
  connection: { host: "db1", port: 3306, user: "admin", password: "hunter2" },
  user: "repl",
  password: "hunter3",
  privilegeChecksUser: "'applier'@'%'",
  recoverySslCa: "/ca.pem",
  recoveryRetryCount: 3,
};
const channel = {
  user: "repl",
  passwordMatches: true,
  networkNamespace: "",
  privilegeChecksUser: "'applier'@'%'",
  requireTablePrimaryKeyCheck: "STREAM",
};

function state(of: ViewOptions = {}, seen: Inputs = channel): Inputs {
  return {
    ...declared,
    address: "db1:3306",
    serverUuid: "11111111-1111-11e8-9d3f-0242ac120001",
    serverVersion: "9.7.4",
    pending: [],
    facts: { view: viewAsDeclared(wishOf(declared, channelProperties), of), channel: seen, settledAt: 0 },
    __provider: "stub",
  };
}
const changed = (changes: Inputs): Inputs => ({ ...declared, ...changes, __provider: "stub" });

describe("diff of RecoveryChannel", () => {
  it("finds nothing where nothing was changed, and says nothing", () => {
    expect(diff("id", state(), changed({}))).toEqual({ changes: false });
    expect(lines).toEqual([]);
  });

  it("shows a changed password as a name", () => {
    expect(diff("id", state(), changed({ password: "hunter4" }))).toEqual({ changes: true });
    expect(lines).toEqual([
      "recovery channel db1:3306: none",
      "    CHANGE REPLICATION SOURCE TO SOURCE_USER = 'repl', SOURCE_PASSWORD = <password> FOR CHANNEL 'group_replication_recovery'",
    ]);
  });

  it("plans to mend a password that was changed on the server", () => {
    expect(diff("id", state({}, { ...channel, passwordMatches: false }), changed({}))).toEqual({
      changes: true,
    });
    expect(lines.join()).toContain("SOURCE_PASSWORD = <password>");
  });

  it("tells that TLS takes a restart on the MYSQL stack", () => {
    expect(diff("id", state({ stack: "MYSQL" }), changed({ recoverySslCa: "/new.pem" }))).toEqual({
      changes: true,
    });
    expect(lines[0]).toBe(
      "recovery channel db1:3306: member-restart because group_replication_recovery_ssl_ca acts at START on the MYSQL stack",
    );
  });

  it("announces only what will restart a member", () => {
    const announce = jest.spyOn(coordinator, "announce").mockImplementation(() => undefined);
    diff("id", state(), changed({ recoverySslCa: "/new.pem" }));
    expect(announce).not.toHaveBeenCalled();
    diff("id", state({ stack: "MYSQL" }), changed({ recoverySslCa: "/new.pem" }));
    expect(announce.mock.calls).toEqual([
      ["8a94f357-aab4-11e8-9d3f-0242ac120002", "db1:3306", { changes: true, restarts: true }],
    ]);
  });

  it("finds the stub of another release", () => {
    expect(diff("id", state(), { ...changed({}), __provider: "newer" })).toEqual({ changes: true });
  });

  it("says nothing secret", () => {
    diff(
      "id",
      state(),
      changed({ password: "hunter4", connection: { host: "db1", password: "hunter5" }, user: "other" }),
    );
    expect(lines.join("\n")).not.toMatch(/hunter/);
  });

  it.each([...Object.keys(declared), "recoverySslCert", "networkNamespace"])(
    "takes %s that is not known yet for a change, and not for a removal",
    (name) => {
      expect(diff("id", state(), changed({ [name]: unknownValue }))).toEqual({ changes: true });
      expect(lines.filter((line) => /RESET|DEFAULT|NULL|= ''|STOP|START/.test(line))).toEqual([]);
      expect(lines.join("\n")).not.toContain(unknownValue);
    },
  );
});

describe("check of RecoveryChannel", () => {
  it("drops what is not declared, and keeps the stub", () => {
    const { inputs, failures } = check(declared, {
      ...changed({ recoverySslCert: undefined }),
      address: undefined,
    });
    expect(failures).toEqual([]);
    expect(inputs).toEqual({ ...declared, __provider: "stub" });
  });

  it("shows what a new channel may have to do, without its password", () => {
    check({}, changed({}));
    expect(lines[0]).toBe("recovery channel db1:3306: new; what is so already is left alone, else");
    expect(lines.join("\n")).toContain("SOURCE_PASSWORD = <password>");
    expect(lines.join("\n")).not.toMatch(/hunter/);
  });

  it("never shows the engine's stand-in for what is not known yet", () => {
    for (const name of Object.keys(recoveryChannel.full))
      check({}, { ...recoveryChannel.full, [name]: unknownValue });
    expect(lines.join("\n")).not.toContain(unknownValue);
  });
});
