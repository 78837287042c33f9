import { whoRuns } from "../../../tools/faults";
import { type Member, kill, query, start } from "../../../tools/sandbox";
import { leafFiles, primaryOf, stateOf, until } from "../helpers";
import { useScene } from "./scene";

const scene = useScene({ deploy: [1, 2] });

const isBack = (member: Member): Promise<void> =>
  until(`${member.name} is back`, 120, async () => (await stateOf(member)) === "ONLINE");

describe("a server that is killed", () => {
  it.each(["STOP GROUP_REPLICATION", "START GROUP_REPLICATION"])("during %s", async (statement) => {
    let victim: Member | undefined;
    const { cause } = await scene.undergo({
      happens: async () => kill((victim = await whoRuns(scene.all, statement))),
    });
    expect(cause).toMatchObject({
      code: "GR107",
      what: `${scene.name(victim!)}: the connection broke during ${statement}; whether it took effect is unknown`,
    });
  });

  it("during ALTER INSTANCE RELOAD TLS", async () => {
    const certificates = await Promise.all(
      scene.members.map((member, i) => leafFiles(scene.sandbox, member, `renewed-${i}`)),
    );
    const db2 = scene.db(2);
    const { cause } = await scene.undergo({
      more: (i) => certificates[i]!,
      happens: async () => {
        await scene.sent("ALTER INSTANCE RELOAD TLS", [db2]);
        await kill(db2);
      },
    });
    // Whether the statement or the look after it noticed.
    expect(cause).toMatchObject({ code: expect.stringMatching(/GR(002|107)/) as string });
    expect(cause!.what).toContain(scene.name(db2));
  });

  it.each([
    ["", false],
    [" and is back at once", true],
  ])("in the middle of a proof%s: the channels that it was made with do not stay", async (_, atOnce) => {
    let victim: Member | undefined;
    await scene.undergo({
      happens: async () => {
        const primary = await primaryOf(scene.all);
        const others = scene.members.filter((member) => member !== primary);
        victim = await scene.sent(/^START (REPLICA|SLAVE) IO_THREAD FOR CHANNEL 'mysqlgr_probe/, others);
        await kill(victim);
        if (atOnce) await start(victim);
      },
      mend: () => (atOnce ? isBack(victim!) : undefined),
    });
    const left = `SELECT CHANNEL_NAME FROM performance_schema.replication_connection_configuration WHERE CHANNEL_NAME LIKE 'mysqlgr%'`;
    expect(await query(victim!, left)).toEqual([]);
  });

  it("before the change, and is starting Group Replication by itself: that is waited for", async () => {
    const db2 = scene.db(2);
    await scene.undergo({
      before: async () => {
        await kill(db2);
        await start(db2);
      },
      mend: () => isBack(db2),
    });
  });

  it("right after the switch-over has made it primary", async () => {
    const { cause } = await scene.undergo({
      happens: async () => {
        const old = await scene.sent("SELECT group_replication_set_as_primary");
        const others = scene.all.filter((member) => member !== old);
        const heir = await scene.sent(/replication_group_members/, others);
        await kill(heir);
      },
    });
    expect(cause).toMatchObject({ code: expect.stringMatching(/GR10[13]/) as string });
  });
});
