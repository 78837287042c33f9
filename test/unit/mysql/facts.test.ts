import {
  type MemberState,
  isOnline,
  isRunning,
  selfOf,
  stackInEffect,
  valueOf,
} from "../../../provider/mysql/facts";
import { facts, member } from "../builders";

describe("facts of a server", () => {
  it.each<[MemberState | undefined, boolean, boolean]>([
    [undefined, false, false],
    ["OFFLINE", false, false],
    ["ONLINE", true, true],
    ["RECOVERING", true, false],
    ["ERROR", false, false],
    ["UNREACHABLE", true, false],
  ])("in state %s: running %s, ONLINE %s", (state, running, online) => {
    const seen = facts(state === undefined ? {} : { state });
    expect(isRunning(seen)).toBe(running);
    expect(isOnline(seen)).toBe(online);
  });

  it("find the server among its members by its own uuid", () => {
    const seen = facts({ uuid: "b", members: [member({ id: "a" }), member({ id: "b", host: "db2" })] });
    expect(selfOf(seen)?.host).toBe("db2");
    expect(selfOf(facts({ uuid: "c", members: [member({ id: "a" })] }))).toBeUndefined();
  });

  it("read NULL and what is absent as an empty text", () => {
    expect(valueOf(facts({ variables: { ssl_ca: null } }), "ssl_ca")).toBe("");
    expect(valueOf(facts(), "no_such_variable")).toBe("");
  });

  const variables = { group_replication_communication_stack: "MYSQL" };
  it.each([
    [
      "a running member speaks, whatever the variable says by now",
      facts({ state: "ONLINE", stack: "XCom", variables }),
      "XCOM",
    ],
    ["a running member speaks, MYSQL", facts({ state: "ONLINE", stack: "MySQL" }), "MYSQL"],
    [
      "a stopped one is to speak, whatever its last view said",
      facts({ state: "OFFLINE", stack: "XCom", variables }),
      "MYSQL",
    ],
    [
      "the variable names where the server does not tell",
      facts({ state: "ONLINE", stack: "", variables }),
      "MYSQL",
    ],
    ["there was before there was a choice", facts({ version: "8.0.20" }), "XCOM"],
  ])("tell the stack that %s", (_, seen, stack) => {
    expect(stackInEffect(seen)).toBe(stack);
  });
});
