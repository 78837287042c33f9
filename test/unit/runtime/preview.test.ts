import { planMember } from "../../../provider/plan/group-member";
import { heard, sayCreation, sayPlan, summaryLine } from "../../../provider/runtime/preview";
import { view } from "../builders";

let lines: string[];

beforeEach(() => {
  lines = [];
  jest.useFakeTimers();
  jest.spyOn(console, "log").mockImplementation((line: string) => void lines.push(line));
});

afterEach(() => {
  jest.useRealTimers();
  jest.restoreAllMocks();
});

describe("summaryLine", () => {
  const nothing = { restarts: [], starts: [], groupRestarts: [] };
  const members = (count: number): string[] => Array.from({ length: count }, (_, i) => `db${i + 1}:3306`);

  it("says nothing where nothing starts or restarts", () => {
    expect(summaryLine("g", { ...nothing, total: 3 })).toBeUndefined();
  });

  it("tells who is started", () => {
    expect(summaryLine("g", { ...nothing, starts: ["db1:3306", "db2:3306"], total: 3 })).toBe(
      "group g: db1:3306, db2:3306 will be started",
    );
  });

  it("tells who restarts, in which order, and what that costs", () => {
    const summary = { ...nothing, restarts: ["db1:3306", "db2:3306"], starts: ["db3:3306"], total: 3 };
    expect(summaryLine("g", summary)).toBe(
      "group g: db3:3306 will be started; 2 of 3 members restart, one at a time: db1:3306, db2:3306; " +
        "secondaries first, the primary last after one switch-over (in single-primary mode); " +
        "clients can write throughout but for the switch-over, well under a second on XCOM and some seconds on the MYSQL stack; " +
        "about 12 s in all",
    );
  });

  it.each([
    [3, undefined, "one at a time", 18],
    [4, 4, "one at a time", 24],
    [5, undefined, "in 3 waves (2 + 2 + 1), 3 or more always ONLINE", 18],
    [5, 1, "one at a time", 30],
    [7, undefined, "in 3 waves (3 + 2 + 2), 4 or more always ONLINE", 18],
    [9, undefined, "in 3 waves (3 + 3 + 3), 5 or more always ONLINE", 18],
    [9, 2, "in 5 waves (2 + 2 + 2 + 2 + 1), 5 or more always ONLINE", 30],
  ])("tells the waves of %d members with maxUnavailable %p", (total, maxUnavailable, how, seconds) => {
    const line = summaryLine("g", { ...nothing, restarts: members(total), total, maxUnavailable })!;
    expect(line).toContain(`group g: ${total} of ${total} members restart, ${how}: db1:3306, `);
    expect(line).toContain(`; about ${seconds} s in all`);
  });

  it("sizes the waves by all members, also where few of them restart", () => {
    expect(summaryLine("g", { ...nothing, restarts: members(2), total: 9 })).toContain(
      "2 of 9 members restart, in 1 waves (2), 5 or more always ONLINE: db1:3306, db2:3306;",
    );
  });

  it("says that the group elects the next primary where it cannot be told", () => {
    expect(summaryLine("g", { ...nothing, restarts: members(3), total: 3, elects: true })).toContain(
      "; secondaries first, the primary last and alone: the group itself elects who follows it (in single-primary mode); ",
    );
  });

  const inTwo =
    "the lists of before and the declared ones have nothing in common, so lists with both come first, one at a time: ";

  it("tells of two rounds, of both switch-overs and of twice the time", () => {
    const summary = { ...nothing, restarts: members(3), twice: members(3), total: 3 };
    expect(summaryLine("g", summary)).toBe(
      `group g: 3 of 3 members restart, in two rounds, each of them twice: ${inTwo}db1:3306, db2:3306, db3:3306; ` +
        "secondaries first, the primary last after one switch-over in each round, two in all (in single-primary mode); " +
        "clients can write throughout but for the switch-over, well under a second on XCOM and some seconds on the MYSQL stack; " +
        "about 36 s in all",
    );
  });

  it("tells who restarts twice where others do not", () => {
    const summary = { ...nothing, restarts: members(3), twice: ["db2:3306"], total: 3 };
    expect(summaryLine("g", summary)).toContain(
      `group g: 3 of 3 members restart, in two rounds, db2:3306 twice: ${inTwo}`,
    );
  });

  it("never tells of more restarts than members", () => {
    expect(summaryLine("g", { ...nothing, restarts: ["a", "b"], total: 1 })).toMatch(
      /^group g: 2 of 2 members restart/,
    );
  });

  it("tells that the whole group stops, for how long nobody can write, and when it is whole again", () => {
    expect(summaryLine("g", { ...nothing, groupRestarts: members(3), total: 3 })).toBe(
      "group g: the whole group stops, and is made anew from the member that has every transaction: db1:3306, db2:3306, db3:3306; " +
        "clients can neither write nor rely on a second copy meanwhile: no writes for about 5 s, " +
        "all 3 members ONLINE again after about 12 s",
    );
  });

  it("tells of no rolling restart where the whole group stops", () => {
    const summary = { restarts: ["db1:3306"], starts: ["db3:3306"], groupRestarts: ["db2:3306"], total: 3 };
    const line = summaryLine("g", summary)!;
    expect(line).toMatch(/^group g: db3:3306 will be started; the whole group stops, /);
    expect(line).not.toContain("one at a time");
  });
});

describe("heard", () => {
  it("tells of two rounds where a member has a second one", () => {
    const plan = planMember(
      view({ variables: { tls_version: "TLSv1.2" } }),
      { variables: { tls_version: "TLSv1.3" }, bootstrap: false, installPlugin: false },
      [],
    );
    heard("g0", "db1:3306", plan, { total: 1 });
    expect(lines[0]).toMatch(/^group g0: 1 of 1 members restart, in two rounds, each of them twice: /);
  });

  it("tells one line for a group when the last of its members has been heard of", () => {
    heard("g1", "db1:3306", { action: "restart" }, { total: 2 });
    expect(lines).toEqual([]);
    heard("g1", "db2:3306", { action: "restart" }, { total: 2 });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^group g1: 2 of 2 members restart, one at a time: db1:3306, db2:3306;/);
  });

  it("tells of members that could not talk to each other as they are declared", () => {
    const of = (...protocols: string[]) => ({ total: 3, lists: { version: "9.7.4", protocols } });
    heard("g8", "db1:3306", { action: "none" }, of("TLSv1.2"));
    heard("g8", "db2:3306", { action: "none" }, of("TLSv1.2", "TLSv1.3"));
    heard("g8", "db3:3306", { action: "none" }, of("TLSv1.3"));
    expect(lines).toEqual([
      "group g8: pulumi up would refuse this: db1:3306 and db3:3306 would have no protocol in common: TLSv1.2 on the one, TLSv1.3 on the other",
    ]);
  });

  it("tells it after a moment where not all members are in the deployment", () => {
    heard("g2", "db1:3306", { action: "start" }, { total: 3 });
    jest.advanceTimersByTime(1000);
    expect(lines).toEqual(["group g2: db1:3306 will be started"]);
  });

  it("counts a member once, also if it is asked about twice", () => {
    heard("g3", "db1:3306", { action: "restart" }, { total: 2 });
    heard("g3", "db1:3306", { action: "restart" }, { total: 2 });
    expect(lines).toEqual([]);
    jest.advanceTimersByTime(1000);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/ 1 of 2 members restart, one at a time: db1:3306;/);
  });

  it("keeps groups apart", () => {
    heard("g4", "db1:3306", { action: "start" }, { total: 1 });
    heard("g5", "db1:3306", { action: "start" }, { total: 1 });
    expect(lines).toEqual(["group g4: db1:3306 will be started", "group g5: db1:3306 will be started"]);
  });

  it("says nothing of a group in which nothing restarts", () => {
    heard("g6", "db1:3306", { action: "none" }, { total: 1 });
    jest.advanceTimersByTime(1000);
    expect(lines).toEqual([]);
  });

  it("tells the waves that are declared, and that the group elects", () => {
    const of = { total: 5, maxUnavailable: 1, elects: true };
    for (let i = 1; i <= 5; i += 1) heard("g7", `db${i}:3306`, { action: "restart" }, of);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^group g7: 5 of 5 members restart, one at a time: .* the group itself elects/);
  });

  it("tells of a restart of the whole group where one member takes it", () => {
    heard("g8", "db1:3306", { action: "group-restart" }, { total: 2 });
    heard("g8", "db2:3306", { action: "none" }, { total: 2 });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^group g8: the whole group stops, .*all 2 members ONLINE again/);
  });
});

describe("sayPlan", () => {
  it("tells the cost, the reasons and the statements", () => {
    const wish = {
      variables: { group_replication_ssl_mode: "VERIFY_CA" },
      bootstrap: false,
      installPlugin: false,
    };
    sayPlan("member", planMember(view(), wish, []));
    expect(lines).toEqual([
      "member db1:3306: member-restart because group_replication_ssl_mode acts at START",
      "    ALTER INSTANCE RELOAD TLS",
      "    STOP GROUP_REPLICATION",
      "    SET PERSIST group_replication_ssl_mode = 'VERIFY_CA'",
      "    START GROUP_REPLICATION",
    ]);
  });
});

describe("sayCreation", () => {
  it("tells what a new resource may have to do", () => {
    sayCreation("member", "db1:3306", () => ["START GROUP_REPLICATION"]);
    expect(lines).toEqual([
      "member db1:3306: new; what is so already is left alone, else",
      "    START GROUP_REPLICATION",
    ]);
  });

  it("says nothing where that depends on the server", () => {
    sayCreation("member", "db1:3306", () => {
      throw new Error("needs the server");
    });
    expect(lines).toEqual([]);
  });
});
