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
  it("says nothing where nothing starts or restarts", () => {
    expect(summaryLine("g", { restarts: [], starts: [], total: 3 })).toBeUndefined();
  });

  it("tells who is started", () => {
    expect(summaryLine("g", { restarts: [], starts: ["db1:3306", "db2:3306"], total: 3 })).toBe(
      "group g: db1:3306, db2:3306 will be started",
    );
  });

  it("tells who restarts, in which order, and what that costs", () => {
    expect(summaryLine("g", { restarts: ["db1:3306", "db2:3306"], starts: ["db3:3306"], total: 3 })).toBe(
      "group g: db3:3306 will be started; 2 of 3 members restart, one at a time: db1:3306, db2:3306; " +
        "secondaries first, the primary last after one switch-over (in single-primary mode); " +
        "clients can write throughout but for the switch-over, well under a second on XCOM and some seconds on the MYSQL stack; " +
        "about 12 s in all",
    );
  });

  it("never tells of more restarts than members", () => {
    expect(summaryLine("g", { restarts: ["a", "b"], starts: [], total: 1 })).toMatch(
      /^group g: 2 of 2 members restart/,
    );
  });
});

describe("heard", () => {
  it("tells one line for a group when the last of its members has been heard of", () => {
    heard("g1", "db1:3306", "restart", 2);
    expect(lines).toEqual([]);
    heard("g1", "db2:3306", "restart", 2);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^group g1: 2 of 2 members restart, one at a time: db1:3306, db2:3306;/);
  });

  it("tells it after a moment where not all members are in the deployment", () => {
    heard("g2", "db1:3306", "start", 3);
    jest.advanceTimersByTime(1000);
    expect(lines).toEqual(["group g2: db1:3306 will be started"]);
  });

  it("counts a member once, also if it is asked about twice", () => {
    heard("g3", "db1:3306", "restart", 2);
    heard("g3", "db1:3306", "restart", 2);
    expect(lines).toEqual([]);
    jest.advanceTimersByTime(1000);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/ 1 of 2 members restart, one at a time: db1:3306;/);
  });

  it("keeps groups apart", () => {
    heard("g4", "db1:3306", "start", 1);
    heard("g5", "db1:3306", "start", 1);
    expect(lines).toEqual(["group g4: db1:3306 will be started", "group g5: db1:3306 will be started"]);
  });

  it("says nothing of a group in which nothing restarts", () => {
    heard("g6", "db1:3306", "none", 1);
    jest.advanceTimersByTime(1000);
    expect(lines).toEqual([]);
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
