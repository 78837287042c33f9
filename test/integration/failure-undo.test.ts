import { type AddressInfo, createServer } from "node:net";
import { groupMember } from "../../provider/runtime";
import { type Member, makeAuthority, start, startWriter, writePem } from "../../tools/sandbox";
import {
  type Deployed,
  type Failure,
  addressOf,
  adoptMembers,
  create,
  expectHealthy,
  killFirstDuring,
  leafFiles,
  memberInputs,
  notJoined,
  primaryOf,
  snapshot,
  stateOf,
  takenBack,
  until,
  updateAll,
  useRuntime,
  useSandbox,
  value,
  withServer,
} from "./helpers";

useRuntime();

/** Acts at the next START, and hurts nobody. */
const harmless = (bytes: number): { variables: Record<string, number> } => ({
  variables: { group_replication_message_cache_size: bytes },
});
const cacheSize = "@@group_replication_message_cache_size";

describe("a START that fails", () => {
  const group = useSandbox({ group: true });
  const one = useSandbox({ members: 1, group: true });
  const all = (): Member[] => group.it.members;
  const taken = createServer();
  let members: Deployed[];
  let rolling: Promise<{ failures: (Failure | undefined)[]; after: Deployed[]; seconds: number }>;
  let joining: Promise<Failure>;

  // Each takes the server 61 s, so they happen at the same time.
  beforeAll(async () => {
    members = await adoptMembers(group.it);
    await Promise.all([expectHealthy(all()), expectHealthy(one.it.members)]);
    await new Promise<void>((done) => taken.listen(0, "127.0.0.1", done));
    rolling = rollToTakenPort();
    joining = joinWithoutTrust();
    await Promise.allSettled([rolling, joining]);
  });
  afterAll(() => new Promise((done) => taken.close(done)));

  function takenAddress(): string {
    return `127.0.0.1:${(taken.address() as AddressInfo).port}`;
  }

  /** A rolling change of a secondary and the primary, in which the secondary cannot have the address that it is to have. */
  async function rollToTakenPort(): Promise<Awaited<typeof rolling>> {
    const began = performance.now();
    let outcome: Awaited<ReturnType<typeof updateAll>> | undefined;
    await takenBack(all(), ["db2"], async () => {
      outcome = await updateAll([members[0]!, members[1]!], (i) => ({
        ...harmless(200_000_000),
        ...(i === 1 ? { localAddress: takenAddress() } : {}),
      }));
      throw new Error(outcome.failures[1]?.message);
    });
    return { ...outcome!, seconds: (performance.now() - began) / 1000 };
  }

  /** Its own certificate and CA belong together, so that nothing tells before START that it trusts none of its peers. */
  async function joinWithoutTrust(): Promise<Failure> {
    return withServer(one.it, async (server) => {
      const authority = await makeAuthority("Foreign");
      const sslCa = writePem(server.tls.ca.replace(".pem", "-foreign.pem"), authority.cert);
      const foreign = await leafFiles(one.it, server, "foreign", { authority });
      const declared = memberInputs(one.it, server, { sslMode: "VERIFY_CA", sslCa, ...foreign });
      return notJoined(server, () => create(groupMember, declared));
    });
  }

  it("is taken back, with the reason from the error log, and the others are left alone", async () => {
    const { failures, after, seconds } = await rolling;
    const [db1, db2] = all() as [Member, Member];
    expect(failures[1]).toMatchObject({
      code: "GR103",
      what: expect.stringContaining(`${addressOf(db2)} refused START GROUP_REPLICATION`),
      why: expect.stringMatching(
        new RegExp(
          `Unable to announce tcp port ${takenAddress().split(":")[1]}\\. Port already in use\\?.*\\(MY-011735\\).*\\(3092\\)`,
        ),
      ),
      left: `${addressOf(db2)} has its settings from before; it is ONLINE again`,
      todo: expect.stringMatching(/./),
    });
    expect(failures[0]).toMatchObject({
      code: "GR104",
      what: `${addressOf(db1)} was not reached: the rolling change stopped before it`,
      why: expect.stringContaining(addressOf(db2)),
      left: "it is as before",
      todo: "mend that member, then pulumi up: it goes on where this one stopped",
    });
    for (const member of all()) expect(await value(member, cacheSize)).toBe("1073741824");
    // Found before START it is quicker; otherwise the server needs 61 s, and a little more to come back.
    expect(seconds).toBeLessThan(85);
    expect(await primaryOf(all())).toBe(db1);
    await expectHealthy(all());

    // State knows that db2's settings from before are in effect.
    const seen = await groupMember.read(after[1]!.id, after[1]!.outs);
    expect(seen.inputs).toEqual(members[1]!.inputs);
    expect(await groupMember.diff(after[1]!.id, seen.props, members[1]!.inputs)).toEqual({ changes: false });
  });

  it("of a server that was to join leaves nothing on it, and no member more in the group", async () => {
    const found = await joining;
    expect(found).toMatchObject({
      code: expect.stringMatching(/GR103|GR106/),
      what: expect.stringMatching(/^127\.0\.0\.1:\d+/),
      why: expect.stringMatching(/opening a connection to|certificate verify failed|SSL/),
      left: expect.stringMatching(/before/),
    });
    expect(await stateOf(one.db(1))).toBe("ONLINE");
    expect((await snapshot(one.db(1))).members).toHaveLength(1);
  });

  it("is forgotten when the next update is right: it goes on with the members that are left", async () => {
    const before = await Promise.all(all().map(snapshot));
    const { failures, after } = await updateAll([...(await rolling).after, members[2]!], (i) => ({
      ...harmless(200_000_000),
      localAddress: all()[i]!.localAddress,
    }));
    expect(failures).toEqual([undefined, undefined, undefined]);
    const now = await Promise.all(all().map(snapshot));
    expect(now.map(({ starts }, i) => starts.length - before[i]!.starts.length)).toEqual([1, 1, 1]);
    for (const member of all()) expect(await value(member, cacheSize)).toBe("200000000");
    expect(after.map(({ outs }) => outs["pending"])).toEqual([[], [], []]);
    await expectHealthy(all());
  });
});

describe("a rolling change in which a server dies", () => {
  const group = useSandbox({ group: true });
  const all = (): Member[] => group.it.members;
  let members: Deployed[];
  beforeAll(async () => void (members = await adoptMembers(group.it)));

  it.each([
    ["STOP GROUP_REPLICATION", 300_000_000],
    ["START GROUP_REPLICATION", 400_000_000],
  ])("during %s leaves the others alone, and the next update ends as declared", async (statement, bytes) => {
    await expectHealthy(all());
    const primary = await primaryOf(all());
    const before = await Promise.all(all().map(snapshot));
    const writer = await startWriter(all());
    try {
      const [{ failures, after }, victim] = await Promise.all([
        updateAll(members, harmless(bytes)),
        killFirstDuring(all(), statement),
      ]);
      members = after;
      const others = all().filter((member) => member !== victim);
      for (const member of others) {
        const now = await snapshot(member);
        const then = before[all().indexOf(member)]!;
        expect(now.starts).toEqual(then.starts);
        expect(now.variables).toEqual(then.variables);
        expect(now.locks).toEqual([]);
        expect(now.channels).toEqual(then.channels);
      }
      expect(victim).not.toBe(primary);
      expect(await primaryOf(others)).toBe(primary);

      await start(victim);
      await until(`${victim.name} is back`, 90, async () => (await stateOf(victim)) === "ONLINE");
      await until("all see it", 30, async () => (await stateOf(primary, victim)) === "ONLINE");
      const next = await updateAll(members, harmless(bytes));
      expect(next.failures).toEqual([undefined, undefined, undefined]);
      members = next.after;
      for (const member of all()) expect(await value(member, cacheSize)).toBe(String(bytes));
      expect(members.map(({ outs }) => outs["pending"])).toEqual([[], [], []]);
      const report = await writer.stop();
      expect(report.switches).toBe(1);
      for (const check of await writer.verify(all())) expect(check).toMatchObject({ missing: 0 });
      await expectHealthy(all());
      for (const [i, member] of all().entries())
        if (member === victim)
          expect(failures[i]).toMatchObject({
            code: "GR107",
            what: `${addressOf(victim)}: the connection broke during ${statement}; whether it took effect is unknown`,
            left: expect.stringMatching(new RegExp(`${addressOf(victim)}(?!.*add new command)`)),
            todo: expect.stringContaining("pulumi up"),
          });
        else
          expect(failures[i]).toMatchObject({
            code: "GR104",
            what: `${addressOf(member)} was not reached: the rolling change stopped before it`,
            left: "it is as before",
          });
    } finally {
      await writer.stop();
    }
  });
});
