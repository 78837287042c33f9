import { type Member, connect, query, startWriter } from "../../tools/sandbox";
import {
  type Deployed,
  adoptMembers,
  expectHealthy,
  primaryOf,
  said,
  snapshot,
  updateAll,
  updateAllInTurns,
  useRuntime,
  useSandbox,
  value,
} from "./helpers";

useRuntime();

describe("a rolling change of five members", () => {
  const group = useSandbox({ members: 5, group: true });
  const all = (): Member[] => group.it.members;
  let members: Deployed[];

  beforeAll(async () => {
    members = await adoptMembers(group.it);
    await expectHealthy(all());
  });

  /** The fewest members ONLINE at any moment of `work`, as the one that saw most of them saw it. */
  async function fewestDuring(work: () => Promise<void>): Promise<number> {
    let fewest = all().length;
    let over = false;
    const watch = (async () => {
      const connections = await Promise.all(all().map((member) => connect(member)));
      while (!over) {
        const counts = await Promise.all(
          connections.map(async (connection) => {
            const [rows] = await connection.query(
              `SELECT COUNT(*) n FROM performance_schema.replication_group_members m
               WHERE MEMBER_STATE = 'ONLINE' AND EXISTS (SELECT 1 FROM performance_schema.replication_group_members s
                 WHERE s.MEMBER_ID = @@server_uuid AND s.MEMBER_STATE = 'ONLINE')`,
            );
            return Number((rows as { n: number }[])[0]!.n);
          }),
        );
        fewest = Math.min(fewest, Math.max(...counts));
        await new Promise((done) => setTimeout(done, 20));
      }
      connections.forEach((connection) => connection.destroy());
    })();
    await work().finally(() => (over = true));
    await watch;
    return fewest;
  }

  async function change(
    edit: Record<string, unknown>,
    parallel = 8,
  ): Promise<{ fewest: number; missing: number[] }> {
    const writer = await startWriter(all());
    const fewest = await fewestDuring(async () => {
      const { failures, after } = await updateAllInTurns(members, edit, parallel);
      expect(failures).toEqual(all().map(() => undefined));
      members = after;
    });
    await writer.stop();
    return { fewest, missing: (await writer.verify(all())).map((check) => check.missing) };
  }

  it.each([
    ["stops two at a time, the primary last after one switch-over, and keeps a majority", "VERIFY_CA", 8],
    ["takes in the members that come only when others are done (--parallel 3)", "REQUIRED", 3],
  ])("%s", async (_, sslMode, parallel) => {
    const before = await Promise.all(all().map(snapshot));
    const primary = await primaryOf(all());
    const { fewest, missing } = await change({ sslMode }, parallel);
    expect(fewest).toBe(3);
    expect(missing).toEqual([0, 0, 0, 0, 0]);
    expect(said.filter((line) => line.startsWith("switch-over:"))).toHaveLength(1);
    const restarts = said.filter((line) => /: restarting Group Replication/.test(line));
    expect(restarts).toHaveLength(5);
    expect(restarts.at(-1)).toContain(`:${primary.port}`);
    const after = await Promise.all(all().map(snapshot));
    expect(after.map(({ starts }, i) => starts.length - before[i]!.starts.length)).toEqual([1, 1, 1, 1, 1]);
    for (const member of all()) expect(await value(member, "@@group_replication_ssl_mode")).toBe(sslMode);
    await expectHealthy(all());
  });

  it("stops one at a time where maxUnavailable is 1 on any of them", async () => {
    const rollout = { rollout: { maxUnavailable: 1 } };
    const { fewest, missing } = await change({ sslMode: "VERIFY_CA", ...rollout });
    expect(fewest).toBe(4);
    expect(missing).toEqual([0, 0, 0, 0, 0]);
    await expectHealthy(all());
  });

  it("ends a transaction that stays open, where that is declared, and the group changes hands", async () => {
    const primary = await primaryOf(all());
    const client = await connect(primary);
    client.on("error", () => undefined);
    try {
      await client.query("START TRANSACTION");
      await client.query("INSERT INTO health.beats VALUES (4712)");
      const edit = { sslMode: "REQUIRED", rollout: { switchoverTimeout: 2, openTransactions: "end" } };
      const { failures, after } = await updateAll(members, edit);
      expect(failures).toEqual(all().map(() => undefined));
      members = after;
      expect(said.some((line) => /a transaction open for \d+ s is ended by the switch-over/.test(line))).toBe(
        true,
      );
      expect(await primaryOf(all())).not.toBe(primary);
      await expect(client.query("COMMIT")).rejects.toThrow();
      expect(await query(primary, "SELECT id FROM health.beats WHERE id = 4712")).toEqual([]);
      await expectHealthy(all());
    } finally {
      client.destroy();
    }
  });
});
