import { type Member, kill, query, start, startWriter } from "../../tools/sandbox";
import {
  type Deployed,
  addressOf,
  adoptMembers,
  expectHealthy,
  primaryOf,
  run,
  said,
  snapshot,
  stateOf,
  update,
  updateAll,
  useRuntime,
  useSandbox,
  value,
} from "./helpers";

useRuntime();

const allow = { rollout: { groupRestart: "allow" } };
const modeOf = (member: Member): Promise<string | null> => value(member, "@@group_replication_ssl_mode");

async function eachOf<T>(members: readonly Member[], ask: (member: Member) => Promise<T>): Promise<T[]> {
  return Promise.all(members.map(ask));
}

describe("a group restart", () => {
  const group = useSandbox({ group: true });
  const all = (): Member[] => group.it.members;
  let members: Deployed[];

  beforeAll(async () => {
    members = await adoptMembers(group.it);
    await expectHealthy(all());
  });

  it("is refused without consent, and says how to consent", async () => {
    const { failures } = await updateAll(members, { sslMode: "DISABLED" });
    for (const failure of failures) {
      expect(failure!.code).toBe("GR102");
      expect(failure!.todo).toContain('rollout: { groupRestart: "allow" }');
    }
    expect(await eachOf(all(), modeOf)).toEqual(["REQUIRED", "REQUIRED", "REQUIRED"]);
  });

  it("is refused where a member of the group is not part of the deployment", async () => {
    const before = await Promise.all(all().map(snapshot));
    const { failures } = await updateAll(members.slice(0, 2), { sslMode: "DISABLED", ...allow });
    for (const failure of failures) {
      expect(failure!.code).toBe("GR101");
      expect(failure!.message).toContain(addressOf(all()[2]!));
      expect(failure!.left).toBe("nothing was restarted");
    }
    const after = await Promise.all(all().map(snapshot));
    expect(after.map((s) => s.starts)).toEqual(before.map((s) => s.starts));
    expect(await eachOf(all(), modeOf)).toEqual(["REQUIRED", "REQUIRED", "REQUIRED"]);
  });

  it("changes encryption on XCOM for all members, loses no acknowledged row, and tells the write pause", async () => {
    const writer = await startWriter(all());
    const { failures, after } = await updateAll(members, { sslMode: "DISABLED", ...allow });
    expect(failures).toEqual([undefined, undefined, undefined]);
    members = after;
    const report = await writer.stop();
    expect(await eachOf(all(), modeOf)).toEqual(["DISABLED", "DISABLED", "DISABLED"]);
    for (const check of await writer.verify(all())) expect(check).toMatchObject({ missing: 0 });
    expect(report.acknowledged).toBeGreaterThan(0);
    expect(said.filter((line) => /writes were paused for \d+\.\d s/.test(line))).toHaveLength(1);
    await expectHealthy(all());
  });

  it("puts everything back where the new settings cannot work, and the group takes writes again", async () => {
    // One of them will trust nobody but itself.
    const before = await Promise.all(all().map(snapshot));
    const edit = (i: number): Record<string, unknown> => ({
      sslMode: "VERIFY_CA",
      ...(i === 1 ? { sslCa: all()[1]!.tls.cert } : {}),
      ...allow,
    });
    const { failures } = await updateAll(members, edit);
    expect(failures.every((failure) => failure !== undefined)).toBe(true);
    expect(await eachOf(all(), modeOf)).toEqual(["DISABLED", "DISABLED", "DISABLED"]);
    const after = await Promise.all(all().map(snapshot));
    expect(after.map((s) => s.persisted)).toEqual(before.map((s) => s.persisted));
    await expectHealthy(all());
  });

  it("brings back a group of which every server died, from a member that has every transaction", async () => {
    const primary = await primaryOf(all());
    const [survivor, ...others] = all().filter((member) => member !== primary) as [Member, Member];
    for (const member of all()) await run(member, "SET PERSIST group_replication_start_on_boot = OFF");
    // The last one alive has what the others lack; none of them declares bootstrap.
    for (const other of [primary, ...others]) await run(other, "STOP GROUP_REPLICATION");
    await query(survivor, "CREATE DATABASE IF NOT EXISTS late");
    await query(survivor, "CREATE TABLE late.rows_of (id INT PRIMARY KEY)");
    await query(survivor, "INSERT INTO late.rows_of VALUES (1)");
    for (const member of all()) await kill(member);
    for (const member of all()) await start(member);
    expect(await eachOf(all(), (member) => stateOf(member))).toEqual(["OFFLINE", "OFFLINE", "OFFLINE"]);

    const { failures, after } = await updateAll(members, {
      rollout: { groupRestart: "allow", onlineTimeout: 120 },
      variables: { group_replication_message_cache_size: 200_000_000 },
    });
    expect(failures).toEqual([undefined, undefined, undefined]);
    members = after;
    await expectHealthy(all());
    for (const member of all()) expect(await query(member, "SELECT id FROM late.rows_of")).toHaveLength(1);
    expect(await primaryOf(all())).toBe(survivor);
  });
});

describe("the only member of a group", () => {
  const one = useSandbox({ members: 1, group: true });

  it("is restarted with consent", async () => {
    const [member] = await adoptMembers(one.it);
    const [db1] = one.it.members as [Member];
    await update(member!, { sslMode: "VERIFY_CA", ...allow });
    expect(await modeOf(db1)).toBe("VERIFY_CA");
    await expectHealthy([db1]);
  });
});
