import { whoRuns } from "../../../tools/faults";
import { type Member, kill, query } from "../../../tools/sandbox";
import { leafFiles } from "../helpers";
import { useScene } from "./scene";

const scene = useScene({ deploy: [1, 2] });

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

  it("in the middle of a proof: the channels that it was made with do not stay", async () => {
    const db2 = scene.db(2);
    await scene.undergo({
      happens: async () => {
        await scene.sent(/^START (REPLICA|SLAVE) IO_THREAD FOR CHANNEL 'mysqlgr_probe/, [db2]);
        await kill(db2);
      },
    });
    const left = `SELECT CHANNEL_NAME FROM performance_schema.replication_connection_configuration WHERE CHANNEL_NAME LIKE 'mysqlgr%'`;
    expect(await query(db2, left)).toEqual([]);
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
