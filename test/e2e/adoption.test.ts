import { down, query, up, type Sandbox } from "../../tools/sandbox";
import { declarationOf, Deployment } from "./harness";
import {
  eventsOf,
  expectAllOnline,
  primariesOf,
  statementsOf,
  variable,
  writesOf,
  writesOn,
} from "./servers";

let sandbox: Sandbox;
let deployment: Deployment;
/** When everything had been made by hand. */
let since: number;

beforeAll(async () => {
  sandbox = await up({ group: true, temporary: true });
  since = Date.now();
  deployment = await Deployment.of(sandbox, declarationOf(sandbox), {
    recoveryPassword: sandbox.recovery?.password,
  });
});

afterAll(async () => {
  deployment?.dispose();
  if (sandbox) await down(sandbox);
});

/** The identity of the group's present incarnation and membership. */
async function viewIds(): Promise<unknown[]> {
  return Promise.all(
    sandbox.members.map(async (member) => {
      const [row] = await query(
        member,
        "SELECT VIEW_ID id FROM performance_schema.replication_group_member_stats WHERE MEMBER_ID = @@server_uuid",
      );
      return row?.id;
    }),
  );
}

describe("a group that was made by hand and is declared as it is", () => {
  it("is adopted by the first up with no restart and no write statement", async () => {
    const [before, views] = await Promise.all([statementsOf(sandbox), viewIds()]);
    const { changes } = await deployment.up();

    expect(changes).toEqual({ create: 8 });
    expect(await writesOf(sandbox, before)).toEqual({});
    expect(await viewIds()).toEqual(views);
    expect(await eventsOf(sandbox, since)).toEqual([]);
    await expectAllOnline(sandbox);
    expect(await primariesOf(sandbox)).toEqual(["db1"]);
  });

  it("shows no difference in a preview with refresh", async () => {
    const { changes, output } = await deployment.preview({ refresh: true });
    expect(changes).toEqual({ same: 8 });
    expect(output).not.toMatch(/member-restart|tls-reload|SET PERSIST/);
  });

  it("has nothing pending, and the account counts as nobody's work", () => {
    const resources = deployment.resources();
    for (const { outputs } of resources.filter(({ type }) => /:(GroupMember|RecoveryChannel)$/.test(type)))
      expect(outputs["pending"]).toEqual([]);
    expect(resources.find(({ type }) => type.endsWith(":ReplicationUser"))?.outputs["createdOn"]).toEqual([]);
  });
});

describe("a value that somebody only SET GLOBAL", () => {
  beforeAll(async () => {
    for (const member of sandbox.members)
      await query(member, "SET GLOBAL group_replication_autorejoin_tries = 7");
    deployment.dispose();
    const declaration = declarationOf(sandbox, { member: { autorejoinTries: 7 } });
    deployment = await Deployment.of(sandbox, declaration, {
      recoveryPassword: sandbox.recovery?.password,
    });
  });

  it("is persisted by the adoption, and nothing else is written", async () => {
    const before = await statementsOf(sandbox);
    await deployment.up();
    for (const [index, member] of sandbox.members.entries()) {
      const writes = await writesOn(member, before[index]!);
      expect(writes).toEqual(["SET PERSIST_ONLY group_replication_autorejoin_tries = ?"]);
      expect(await variable(member, "group_replication_autorejoin_tries")).toEqual({
        live: "7",
        persisted: "7",
      });
    }
    expect(await eventsOf(sandbox, since)).toEqual([]);
  });
});

describe("the adopted group", () => {
  it("keeps its account when it is destroyed, which somebody else made", async () => {
    await deployment.destroy();
    for (const member of sandbox.members)
      expect(await query(member, "SELECT User FROM mysql.user WHERE User = 'recovery'")).toHaveLength(1);
  });
});
