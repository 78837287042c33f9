import type * as Runtime from "../../../provider/runtime";
import { type Member, query } from "../../../tools/sandbox";
import { primaryOf, run, runLocally, stateOf, until, updateAll } from "../helpers";
import { useScene } from "./scene";

const scene = useScene({ deploy: [1, 2] });

/** The member that is stopped first finds a table missing when it recovers, until it is put back. */
async function hideFromTheFirst(): Promise<Member> {
  const victim = await scene.sent("STOP GROUP_REPLICATION");
  // The deployment learns late that it has stopped, so that it starts it after this.
  scene.proxy(victim).delay = 2000;
  await until("it is stopped", 20, async () => (await stateOf(victim)) === "OFFLINE");
  await runLocally(victim, "RENAME TABLE writer.rows TO writer.hidden");
  scene.proxy(victim).delay = 0;
  return victim;
}
const unhide = (member: Member) => runLocally(member, "RENAME TABLE writer.hidden TO writer.rows");

const everywhere = (sql: string) => Promise.all(scene.all.map((member) => query(member, sql)));

describe("a member that is restarted", () => {
  it("and goes to ERROR", async () => {
    let victim: Member | undefined;
    const { cause } = await scene.undergo({
      before: () => everywhere("SET GLOBAL group_replication_recovery_retry_count = 1"),
      opens: true,
      happens: async () => (victim = await hideFromTheFirst()),
      mend: async () => {
        await unhide(victim!);
        await everywhere("SET GLOBAL group_replication_recovery_retry_count = DEFAULT");
      },
    });
    expect(cause).toMatchObject({
      code: "GR103",
      what: expect.stringContaining(`${scene.name(victim!)} went to ERROR`) as string,
      why: expect.stringContaining("Table 'writer.rows' doesn't exist") as string,
    });
  });

  it("and stays RECOVERING", async () => {
    let victim: Member | undefined;
    const { cause } = await scene.undergo({
      // Less than may be declared.
      more: () => ({ rollout: { onlineTimeout: 8 } }),
      unchecked: true,
      before: () => everywhere("SET GLOBAL group_replication_recovery_reconnect_interval = 3"),
      opens: true,
      happens: async () => (victim = await hideFromTheFirst()),
      mend: async () => {
        await unhide(victim!);
        await until("it recovers", 30, async () => (await stateOf(victim!)) === "ONLINE");
        await everywhere("SET GLOBAL group_replication_recovery_reconnect_interval = DEFAULT");
      },
    });
    expect(cause).toMatchObject({
      code: "GR103",
      what: `${scene.name(victim!)} is still RECOVERING 8 s after its START`,
      why: expect.stringContaining("Table 'writer.rows' doesn't exist") as string,
    });
  });
});

describe("somebody else", () => {
  it("stops a member while another is restarted", async () => {
    let stopped: Member | undefined;
    const { cause } = await scene.undergo({
      happens: async () => {
        const atHand = await scene.sent("START GROUP_REPLICATION");
        const primary = await primaryOf(scene.all);
        stopped = scene.all.find((member) => member !== atHand && member !== primary);
        await query(stopped!, "STOP GROUP_REPLICATION");
      },
      mend: () => query(stopped!, "START GROUP_REPLICATION"),
      stoppedByOthers: ["db1", "db2", "db3"],
    });
    expect(cause).toMatchObject({ code: "GR101" });
  });

  it("sets what is being changed", async () => {
    const { cause } = await scene.undergo({
      happens: async () => {
        const atHand = await scene.sent("SET PERSIST group_replication_ssl_mode");
        const back = scene.wish["sslMode"] === "REQUIRED" ? "VERIFY_CA" : "REQUIRED";
        await run(atHand, `SET PERSIST group_replication_ssl_mode = ${back}`);
      },
      setByOthers: true,
    });
    expect(cause).toMatchObject({ code: "GR103", why: "somebody else changed it meanwhile" });
  });

  it("makes another member primary", async () => {
    const { cause } = await scene.undergo({
      happens: async () => {
        const atHand = await scene.sent("STOP GROUP_REPLICATION");
        const primary = await primaryOf(scene.all);
        const heir = scene.all.find((member) => member !== atHand && member !== primary)!;
        await until("the other is primary", 20, async () => {
          await query(heir, "SELECT group_replication_set_as_primary(@@server_uuid)").catch(() => undefined);
          return (await primaryOf(scene.all)) === heir;
        });
      },
    });
    expect(cause).toBeUndefined();
  });
});

describe("two deployments at once", () => {
  it("restart every member once", async () => {
    const other = await anotherProcess();
    let failures: unknown[] = [];
    const { cause, findings } = await scene.undergo({
      happens: async () => {
        await scene.sent("STOP GROUP_REPLICATION");
        const same = scene.deployed.map((deployed) => ({ ...deployed, runtime: other }));
        ({ failures } = await updateAll(same, scene.wish));
      },
    });
    expect([cause, ...failures]).toEqual([undefined, undefined, undefined]);
    expect(findings.stops.map(({ member }) => member).sort()).toEqual(["db1", "db2"]);
  });
});

/** The runtime once more, with logins and a coordinator of its own. */
async function anotherProcess(): Promise<typeof Runtime.groupMember> {
  let runtime: typeof Runtime | undefined;
  jest.isolateModules(() => (runtime = jest.requireActual("../../../provider/runtime")));
  await runtime!.configure({ config: { get: () => undefined } });
  return runtime!.groupMember;
}
