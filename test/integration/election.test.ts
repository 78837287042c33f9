import { dialectOf } from "../../provider/mysql/dialect";
import { type Member, connect, startWriter } from "../../tools/sandbox";
import {
  type Deployed,
  addressOf,
  adoptMembers,
  expectHealthy,
  primaryOf,
  said,
  snapshot,
  updateAll,
  useRuntime,
  useSandbox,
  value,
} from "./helpers";

useRuntime();

/* There is no plugin for servers before 8.0.13 here: a newer group is dealt with as if it were one of those. */
describe("a rolling change of a group that cannot be told who takes over", () => {
  const group = useSandbox({ members: 3, group: true });
  const all = (): Member[] => group.it.members;
  let members: Deployed[];

  const pretend = (setAsPrimary: boolean): unknown =>
    Object.assign(dialectOf(group.it.version), { setAsPrimary });

  beforeAll(async () => {
    pretend(false);
    members = await adoptMembers(group.it);
    await expectHealthy(all());
  });
  afterAll(() => pretend(true));

  it("stops the primary last, when all others have caught up, and the group elects; no acknowledged row is lost", async () => {
    const before = await Promise.all(all().map(snapshot));
    const primary = await primaryOf(all());
    const writer = await startWriter(all());
    const { failures, after } = await updateAll(members, { sslMode: "VERIFY_CA" });
    await writer.stop();
    expect(failures).toEqual([undefined, undefined, undefined]);
    members = after;
    expect((await writer.verify(all())).map(({ missing }) => missing)).toEqual([0, 0, 0]);
    expect(said.filter((line) => line.startsWith("switch-over:"))).toEqual([
      `switch-over: ${addressOf(primary)} will stop, and the group elects its next primary`,
    ]);
    const restarts = said.filter((line) => /: restarting Group Replication/.test(line));
    expect(restarts).toHaveLength(3);
    expect(restarts.at(-1)).toContain(addressOf(primary));
    const starts = (await Promise.all(all().map(snapshot))).map((seen) => seen.starts.length);
    expect(starts).toEqual(before.map((seen) => seen.starts.length + 1));
    for (const member of all()) expect(await value(member, "@@group_replication_ssl_mode")).toBe("VERIFY_CA");
    expect(await primaryOf(all())).not.toBe(primary);
    await expectHealthy(all());
  });

  it("does not stop the primary while a member lags, and goes on once it has caught up", async () => {
    const primary = await primaryOf(all());
    const at = all().indexOf(primary);
    const edit = (index: number): Record<string, unknown> =>
      index === at ? { sslMode: "REQUIRED", rollout: { switchoverTimeout: 2 } } : {};
    const laggard = all().find((member) => member !== primary)!;
    const lock = await connect(laggard);
    const writer = await startWriter(all());
    try {
      await lock.query("FLUSH TABLES WITH READ LOCK");
      const before = await snapshot(primary);
      const { failures, after } = await updateAll(members, edit);
      members = after;
      expect(failures[at]).toMatchObject({
        code: "GR103",
        what: `${addressOf(primary)} was not stopped: ${addressOf(laggard)} had not caught up with it after 2 s`,
      });
      expect((await snapshot(primary)).starts).toEqual(before.starts);
      expect(await primaryOf(all())).toBe(primary);
    } finally {
      lock.destroy();
    }
    const { failures, after } = await updateAll(members, edit);
    await writer.stop();
    expect(failures).toEqual([undefined, undefined, undefined]);
    members = after;
    expect((await writer.verify(all())).map(({ missing }) => missing)).toEqual([0, 0, 0]);
    expect(await value(primary, "@@group_replication_ssl_mode")).toBe("REQUIRED");
    expect(await primaryOf(all())).not.toBe(primary);
    await expectHealthy(all());
  });
});
