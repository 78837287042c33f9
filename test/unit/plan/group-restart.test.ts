import {
  type MemberPlan,
  allSteps,
  isEmpty,
  planMember,
  printPlan,
  undoOf,
} from "../../../provider/plan/group-member";
import { printSteps } from "../../../provider/plan/step";
import type { Wish } from "../../../provider/plan/wish";
import { type ViewOptions, view } from "../builders";

const gr = "group_replication_";
const reload = "ALTER INSTANCE RELOAD TLS";
const stop = "STOP GROUP_REPLICATION";
const start = "START GROUP_REPLICATION";

/** With the user's consent to a restart of the whole group. */
function plan(variables: Wish, of: ViewOptions = {}, before: readonly string[] = []): MemberPlan {
  return planMember(
    view(of),
    { variables, bootstrap: false, installPlugin: false, groupRestart: true },
    before,
  );
}

describe("planMember where the whole group may be restarted", () => {
  it.each<[title: string, of: ViewOptions, variables: Wish, statements: string[]]>([
    [
      "turns encryption on on XCOM between STOP and START, with a reload before",
      { variables: { [`${gr}ssl_mode`]: "DISABLED" } },
      { [`${gr}ssl_mode`]: "REQUIRED" },
      [reload, stop, "SET PERSIST group_replication_ssl_mode = 'REQUIRED'", start],
    ],
    [
      "turns encryption off on XCOM without a reload",
      {},
      { [`${gr}ssl_mode`]: "DISABLED" },
      [stop, "SET PERSIST group_replication_ssl_mode = 'DISABLED'", start],
    ],
    [
      "changes the communication stack",
      {},
      { [`${gr}communication_stack`]: "MYSQL" },
      [reload, stop, "SET PERSIST group_replication_communication_stack = 'MYSQL'", start],
    ],
    [
      "turns enforce_update_everywhere_checks OFF before single_primary_mode ON",
      {
        variables: { [`${gr}single_primary_mode`]: "OFF", [`${gr}enforce_update_everywhere_checks`]: "ON" },
      },
      { [`${gr}single_primary_mode`]: "ON", [`${gr}enforce_update_everywhere_checks`]: "OFF" },
      [
        reload,
        stop,
        "SET PERSIST group_replication_enforce_update_everywhere_checks = OFF",
        "SET PERSIST group_replication_single_primary_mode = ON",
        start,
      ],
    ],
    [
      "takes what acts at START with it, and sets the rest at once or late",
      { variables: { [`${gr}ssl_mode`]: "DISABLED", [`${gr}start_on_boot`]: "OFF" } },
      {
        [`${gr}member_weight`]: "70",
        [`${gr}ssl_mode`]: "REQUIRED",
        [`${gr}local_address`]: "db1:33099",
        [`${gr}start_on_boot`]: "ON",
      },
      [
        "SET PERSIST group_replication_member_weight = 70",
        reload,
        stop,
        "SET PERSIST group_replication_ssl_mode = 'REQUIRED'",
        "SET PERSIST group_replication_local_address = 'db1:33099'",
        start,
        "SET PERSIST group_replication_start_on_boot = ON",
      ],
    ],
  ])("%s", (_, of, variables, statements) => {
    const made = plan(variables, of);
    expect(printPlan(made)).toEqual(statements);
    expect(made).toMatchObject({ action: "group-restart", cost: "group-restart" });
  });

  it("goes back to the default of what is no longer declared, though all must have the same", () => {
    const name = `${gr}paxos_single_leader`;
    const made = plan({}, { variables: { [name]: { value: "ON", persisted: "ON" } } }, [name]);
    expect(made.action).toBe("group-restart");
    expect(printPlan(made)).toEqual([
      reload,
      stop,
      `RESET PERSIST IF EXISTS ${name}`,
      `SET GLOBAL ${name} = DEFAULT`,
      start,
    ]);
  });

  it("says what must be the same on all, and what acts at START beside it", () => {
    const variables = { [`${gr}group_name`]: "8a94f357-aab4-11e8-9d3f-0242ac120009", ssl_ca: "new.pem" };
    expect(plan(variables).reasons).toEqual([
      "group_replication_group_name must be the same on all",
      "ssl_ca acts at START",
    ]);
  });

  it("can take back what it sets between STOP and START", () => {
    const live = { value: "DISABLED", persisted: "DISABLED" };
    const made = plan({ [`${gr}ssl_mode`]: "REQUIRED" }, { variables: { [`${gr}ssl_mode`]: live } });
    expect(printSteps(undoOf(made.stopped))).toEqual(["SET PERSIST group_replication_ssl_mode = 'DISABLED'"]);
  });

  it("restarts only the member where that does", () => {
    expect(plan({ [`${gr}ssl_mode`]: "VERIFY_CA" })).toMatchObject({
      action: "restart",
      cost: "member-restart",
    });
  });

  it("only starts a member that does not run", () => {
    const of = { running: false, variables: { [`${gr}ssl_mode`]: "DISABLED" } };
    expect(plan({ [`${gr}ssl_mode`]: "REQUIRED" }, of)).toMatchObject({ action: "start", cost: "none" });
  });

  it("restarts nothing where nothing is changed", () => {
    expect(isEmpty(plan({ [`${gr}ssl_mode`]: "REQUIRED" }))).toBe(true);
  });
});

describe("planMember where group_replication_bootstrap_group was left ON", () => {
  const off = "SET GLOBAL group_replication_bootstrap_group = OFF";
  const stray: ViewOptions = { variables: { [`${gr}bootstrap_group`]: "ON" } };

  it("switches it off on a member that runs, and restarts nothing", () => {
    const made = plan({}, stray);
    expect(printPlan(made)).toEqual([off]);
    expect(made).toMatchObject({ action: "none", cost: "none", reasons: [] });
    expect(isEmpty(made)).toBe(false);
  });

  it("switches it off before the member is started or restarted", () => {
    expect(printPlan(plan({}, { ...stray, running: false }))).toEqual([off, start]);
    expect(printPlan(plan({ [`${gr}ssl_mode`]: "VERIFY_CA" }, stray))).toEqual([
      off,
      reload,
      stop,
      "SET PERSIST group_replication_ssl_mode = 'VERIFY_CA'",
      start,
    ]);
  });

  it("never switches it on again", () => {
    expect(printSteps(undoOf(allSteps(plan({}, stray))))).toEqual([]);
  });

  it.each(["OFF", null])("leaves it alone where it is %s", (value) => {
    expect(isEmpty(plan({}, { variables: { [`${gr}bootstrap_group`]: value } }))).toBe(true);
  });
});
