import { existsSync, readdirSync } from "node:fs";
import { exampleNames, needsOf, projectFolder } from "../../tools/example/needs";
import { runExample, type Phase } from "../../tools/example/run";
import { query, type Sandbox } from "../../tools/sandbox";

const MEMBERS =
  "SELECT MEMBER_STATE state, MEMBER_ROLE role FROM performance_schema.replication_group_members";

/** What every member says about itself, in the members' order. */
function onEach<T>(sandbox: Sandbox, ask: (member: Sandbox["members"][number]) => Promise<T>): Promise<T[]> {
  return Promise.all(sandbox.members.map(ask));
}

function statesIn(sandbox: Sandbox): Promise<string[]> {
  return onEach(sandbox, async (member) =>
    (await query(member, MEMBERS)).map(({ state }) => state).join(" "),
  );
}

/** All that changes when a member restarts, when a variable is set (even to what it is), or when a transaction is made. */
function traces(sandbox: Sandbox): Promise<unknown[]> {
  return onEach(sandbox, async (member) => [
    await query(
      member,
      "SELECT VIEW_ID, MEMBER_ID FROM performance_schema.replication_group_member_stats ORDER BY 2",
    ),
    await query(
      member,
      `SELECT VARIABLE_NAME, SET_TIME FROM performance_schema.variables_info
       WHERE VARIABLE_NAME LIKE 'group_replication%' OR VARIABLE_NAME LIKE 'ssl%' OR VARIABLE_NAME LIKE 'tls%'
       ORDER BY 1`,
    ),
    await query(member, "SELECT * FROM performance_schema.persisted_variables ORDER BY 1"),
    await query(member, "SELECT @@gtid_executed gtids"),
    await query(member, "SELECT User_name, User_password FROM mysql.slave_master_info ORDER BY 1"),
  ]);
}

const kindsOf = (phases: readonly Phase[]) =>
  phases.map(({ name, changes }) => [name, Object.keys(changes).sort().join(" ")]);

describe.each(exampleNames())("the example %s", (name) => {
  it("is as declared after one up, and after destroy no server is in a group", async () => {
    let again: unknown;
    let left: string[] = [];
    const phases = await runExample(name, {
      whileUp: async (stack) => {
        again = (await stack.up({ expectNoChanges: true, color: "never" })).summary.resourceChanges;
      },
      after: async (sandbox) => {
        left = await statesIn(sandbox);
      },
    });
    const steps = (needsOf(name).steps ?? []).map(({ title }) => [title, "same update"]);
    expect(kindsOf(phases)).toEqual([
      ["up", "create"],
      ...steps,
      ["preview", "same"],
      ["refresh", "same"],
      ["destroy", "delete"],
    ]);
    expect(Object.keys(again as object)).toEqual(["same"]);
    expect(new Set(left)).toEqual(new Set(["OFFLINE"]));
  });

  it("leaves no file in the checkout", () => {
    const folder = projectFolder(name);
    expect(existsSync(folder)).toBe(true);
    expect(readdirSync(folder).filter((file) => file.startsWith("Pulumi.example-"))).toEqual([]);
  });
});

describe("the example existing-group", () => {
  it("adopts the group without a restart and without setting anything, and then hardens it by configuration", async () => {
    let before: unknown[] = [];
    let adopted: unknown[] = [];
    let modes: unknown[] = [];
    let states: string[] = [];
    await runExample("existing-group", {
      before: async (sandbox) => {
        before = await traces(sandbox);
      },
      whileUp: async (stack, sandbox) => {
        adopted = await traces(sandbox);
        await stack.setConfig("existing-group:sslMode", { value: "VERIFY_IDENTITY" });
        const { summary } = await stack.up({ color: "never" });
        expect(summary.resourceChanges).toMatchObject({ update: 3 });
        modes = await onEach(sandbox, async (member) => {
          const [row] = await query(member, "SELECT @@group_replication_ssl_mode mode");
          return row?.mode;
        });
        states = await statesIn(sandbox);
      },
    });
    expect(before).toHaveLength(3);
    expect(adopted).toEqual(before);
    expect(modes).toEqual(["VERIFY_IDENTITY", "VERIFY_IDENTITY", "VERIFY_IDENTITY"]);
    expect(new Set(states)).toEqual(new Set(["ONLINE ONLINE ONLINE"]));
  });
});
