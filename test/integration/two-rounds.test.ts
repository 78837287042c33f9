import { recoveryChannel } from "../../provider/runtime";
import type { Member } from "../../tools/sandbox";
import { type Protocol, atLocalAddress, atSqlPort } from "../e2e/handshake";
import { whileWriting } from "../e2e/writing";
import {
  type Deployed,
  type Inputs,
  addressOf,
  adoptMembers,
  channelInputs,
  create,
  expectHealthy,
  primaryOf,
  refreshed,
  refusedAll,
  run,
  said,
  snapshot,
  undone,
  until,
  update,
  updateAll,
  updateAllInTurns,
  useRuntime,
  useSandbox,
  value,
} from "./helpers";

useRuntime();
const group = useSandbox({ group: true });
const all = (): Member[] => group.it.members;
let members: Deployed[];

const [old, both, now] = [["TLSv1.2"], ["TLSv1.2", "TLSv1.3"], ["TLSv1.3"]];

beforeAll(async () => {
  members = await adoptMembers(group.it, { tlsVersion: old });
  await expectHealthy(all());
});

/** What each member takes at its SQL port and at its local address, in one word each. */
async function taken(): Promise<string[]> {
  const at = async (shake: typeof atSqlPort, member: Member): Promise<string> => {
    const takes = async (p: Protocol): Promise<boolean> => (await shake(member, group.it, p)) !== undefined;
    const found = [await takes("TLSv1.2"), await takes("TLSv1.3")];
    return found[0] && found[1] ? "both" : found[0] ? "old" : found[1] ? "new" : "none";
  };
  return Promise.all(
    all().map(
      async (m) => `${await at(atSqlPort, m)} for clients, ${await at(atLocalAddress, m)} for members`,
    ),
  );
}

const everywhere = (what: string): string[] => all().map(() => `${what} for clients, ${what} for members`);

/** How often Group Replication was started on each member meanwhile. */
async function startsDuring<T>(work: () => Promise<T>): Promise<{ result: T; starts: number[] }> {
  const before = await Promise.all(all().map(snapshot));
  const result = await work();
  const after = await Promise.all(all().map(snapshot));
  return { result, starts: after.map((s, i) => s.starts.length - before[i]!.starts.length) };
}

/** Everybody as declared, without counting how. */
async function settle(tlsVersion: string[]): Promise<void> {
  members = await Promise.all(members.map(refreshed));
  const { failures, after } = await updateAll(members, { tlsVersion });
  expect(failures).toEqual([undefined, undefined, undefined]);
  members = after;
  await expectHealthy(all());
}

const switches = (): string[] => said.filter((line) => line.startsWith("switch-over: "));
const pendingOf = (deployed: readonly Deployed[]): unknown[] => deployed.map(({ outs }) => outs["pending"]);

describe("protocols with nothing in common, on a live group under a writer", () => {
  it("is told beforehand, with the statements of both rounds and the reason", async () => {
    for (const { runtime, id, outs, inputs } of members)
      await runtime.diff(id, outs, { ...inputs, tlsVersion: now });
    const [head] = said.filter((line) => line.startsWith(`member ${addressOf(all()[0]!)}: `));
    expect(head).toBe(
      `member ${addressOf(all()[0]!)}: member-restart because tls_version acts at START; in two rounds, since members with TLSv1.2 and members with TLSv1.3 could not talk to each other: the first with TLSv1.2, TLSv1.3`,
    );
    expect(said).toContain("    SET PERSIST tls_version = 'TLSv1.2,TLSv1.3'");
    expect(said).toContain("    SET PERSIST tls_version = 'TLSv1.3'");
    expect(
      said.filter((line) => line.includes("3 of 3 members restart, in two rounds, each of them twice")),
    ).toHaveLength(1);
  });

  it.each([
    ["TLSv1.2 to TLSv1.3", now, "new"],
    ["TLSv1.3 to TLSv1.2", old, "old"],
  ])("%s: two rounds in one deployment, two switch-overs, no row lost", async (_, tlsVersion, word) => {
    const { result, starts, elections, writer } = await whileWriting(group.it, () =>
      updateAll(members, { tlsVersion }),
    );
    expect(result.failures).toEqual([undefined, undefined, undefined]);
    members = result.after;
    expect(await taken()).toEqual(everywhere(word));
    expect([...starts.slice(0, 3)].sort()).toEqual(["db1", "db2", "db3"]);
    expect([...starts.slice(3)].sort()).toEqual(["db1", "db2", "db3"]);
    expect(elections).toHaveLength(2);
    expect(switches()).toHaveLength(2);
    expect(pendingOf(members)).toEqual([[], [], []]);
    expect(writer.acknowledged).toBeGreaterThan(100);
    await expectHealthy(all());
  });
});

describe("where not all members come together", () => {
  it("one alone takes both and waits; asked again it restarts nothing; then all go on from there", async () => {
    const first = await startsDuring(() => update(members[0]!, { tlsVersion: now }));
    expect(first.starts).toEqual([1, 0, 0]);
    expect(first.result.outs["pending"]).toEqual(["tls_version"]);
    expect(said.filter((line) => line.includes("waits for"))).toEqual([
      expect.stringMatching(
        new RegExp(
          `^${addressOf(all()[0]!)}: waits for \\S+ \\(no protocol in common: TLSv1\\.3 on the one, TLSv1\\.2 on the other\\); pulumi up again, with all members, goes on here$`,
        ),
      ),
    ]);
    expect((await taken())[0]).toBe("both for clients, both for members");
    members[0] = first.result;

    const again = await startsDuring(() => update(members[0]!, { tlsVersion: now }));
    expect(again.starts).toEqual([0, 0, 0]);
    expect(again.result.outs["pending"]).toEqual(["tls_version"]);
    const { outs } = await refreshed(again.result);
    expect(outs["pending"]).toEqual(["tls_version"]);

    const rest = await startsDuring(() => updateAll(members, { tlsVersion: now }));
    expect(rest.result.failures).toEqual([undefined, undefined, undefined]);
    expect(rest.starts).toEqual([1, 2, 2]);
    members = rest.result.after;
    expect(await taken()).toEqual(everywhere("new"));
    expect(pendingOf(members)).toEqual([[], [], []]);
    await expectHealthy(all());
  });

  it("--parallel 1 takes two deployments, and restarts each member twice in all", async () => {
    const { starts } = await startsDuring(async () => {
      const first = await updateAllInTurns(members, { tlsVersion: old }, 1);
      expect(first.failures).toEqual([undefined, undefined, undefined]);
      expect(pendingOf(first.after)).toEqual([["tls_version"], ["tls_version"], []]);
      const second = await updateAllInTurns(first.after, { tlsVersion: old }, 1);
      expect(second.failures).toEqual([undefined, undefined, undefined]);
      members = second.after;
    });
    expect(starts).toEqual([2, 2, 2]);
    expect(pendingOf(members)).toEqual([[], [], []]);
    expect(await taken()).toEqual(everywhere("old"));
    await expectHealthy(all());
  });
});

describe("a deployment that goes on after a kill", () => {
  const set = ["SET PERSIST tls_version = 'TLSv1.2,TLSv1.3'", "ALTER INSTANCE RELOAD TLS"];

  it("makes the whole first round where both were set and nobody was restarted yet", async () => {
    await Promise.all(all().map((member) => run(member, ...set)));
    const { result, starts } = await startsDuring(() => updateAll(members, { tlsVersion: now }));
    expect(result.failures).toEqual([undefined, undefined, undefined]);
    members = result.after;
    expect(starts).toEqual([2, 2, 2]);
    expect(await taken()).toEqual(everywhere("new"));
    await settle(old);
  });

  it("restarts a member that has both in effect only once more", async () => {
    await Promise.all(all().map((member) => run(member, ...set)));
    const primary = await primaryOf(all());
    const done = all().findIndex((member) => member !== primary);
    await run(all()[done]!, "STOP GROUP_REPLICATION", "START GROUP_REPLICATION");
    await until("it is ONLINE", 60, async () => {
      const state =
        "(SELECT MEMBER_STATE FROM performance_schema.replication_group_members WHERE MEMBER_ID = @@server_uuid)";
      return (await value(all()[done]!, state)) === "ONLINE";
    });
    const { result, starts } = await startsDuring(() => updateAll(members, { tlsVersion: now }));
    expect(result.failures).toEqual([undefined, undefined, undefined]);
    members = result.after;
    expect(starts).toEqual(all().map((_, i) => (i === done ? 1 : 2)));
    expect(await taken()).toEqual(everywhere("new"));
    await expectHealthy(all());
  });

  it("has stopped in the second round: those that were not reached have both, and say so", async () => {
    const change = updateAll(members, { tlsVersion: old });
    await until("the second round has begun", 120, () =>
      said.some((l) => l.includes("the second round, with")),
    );
    const first = said.find((line) => line.includes("the second round, with"))!.split(": ")[0]!;
    const primary = await primaryOf(all());
    const victim = all().find((m) => m !== primary && addressOf(m) !== first)!;
    await run(victim, "STOP GROUP_REPLICATION");
    const { failures, after } = await change;
    const of = (member: Member): (typeof failures)[number] => failures[all().indexOf(member)];
    expect(failures.filter((f) => f === undefined)).toHaveLength(1);
    expect(of(victim)!.code).toMatch(/^GR10[14]$/);
    expect(of(primary)!.message).toContain(
      "has made the first of its two rounds, and takes TLSv1.2, TLSv1.3",
    );
    members = await Promise.all(after.map(refreshed));

    const { result, starts } = await startsDuring(() => updateAll(members, { tlsVersion: old }));
    expect(result.failures).toEqual([undefined, undefined, undefined]);
    members = result.after;
    expect(starts).toEqual(all().map((m) => (addressOf(m) === first ? 0 : 1)));
    expect(await taken()).toEqual(everywhere("old"));
    await expectHealthy(all());
  });
});

describe("lists that would leave two members with nothing in common", () => {
  it("are refused before anything is changed, also against a member that the deployment does not change", async () => {
    const primary = all().indexOf(await primaryOf(all()));
    const [a, b] = [0, 1, 2].filter((i) => i !== primary) as [number, number];
    // Only the primary has TLSv1.2 alone.
    const widened = await updateAll([members[a]!, members[b]!], { tlsVersion: both });
    expect(widened.failures).toEqual([undefined, undefined]);
    [members[a], members[b]] = widened.after as [Deployed, Deployed];

    const found = await refusedAll(all(), () => [a, b].map((i) => update(members[i]!, { tlsVersion: now })));
    expect(found.map((f) => f.code).sort()).toEqual(["GR005", "GR104"]);
    for (const { message } of found)
      expect(message).toContain(`and ${addressOf(all()[primary]!)} could not talk to each other any more`);
    await settle(old);
  });

  it("are refused where two members are declared so", async () => {
    await settle(both);
    const lists = [old, now, both];
    const found = await refusedAll(all(), () =>
      members.slice(0, 2).map((member, i) => update(member, { tlsVersion: lists[i]! })),
    );
    expect(found.map((f) => f.code).sort()).toEqual(["GR005", "GR104"]);
    expect(found.map((f) => f.message).join()).toContain("no protocol in common: ");
  });
});

describe("values that the server takes silently, and that keep a member from recovering", () => {
  const member = (i: number): string => addressOf(all()[i]!);

  /** Live by hand on the third member, for the time of `work`. */
  async function byHand(settings: Record<string, string>, work: () => Promise<void>): Promise<void> {
    const names = Object.keys(settings);
    await run(all()[2]!, ...names.map((name) => `SET GLOBAL ${name} = ${settings[name]}`));
    await work().finally(() => run(all()[2]!, ...names.map((name) => `SET GLOBAL ${name} = DEFAULT`)));
  }

  it.each<[string, Record<string, string>, Inputs, string]>([
    [
      "requireSecureTransport while another member recovers without TLS",
      { group_replication_recovery_use_ssl: "OFF" },
      { requireSecureTransport: true },
      "the first recovers without TLS (recovery_use_ssl OFF), and the other refuses that (require_secure_transport ON)",
    ],
    [
      "protocols that the recovery of another member does not take",
      { group_replication_recovery_tls_version: "'TLSv1.2'" },
      { tlsVersion: ["TLSv1.3"] },
      "no protocol in common: TLSv1.2 on the one, TLSv1.3 on the other (group_replication_recovery_tls_* of the first, tls_* of the other)",
    ],
    [
      "ciphersuites that the recovery of another member does not take",
      { group_replication_recovery_tls_ciphersuites: "'TLS_AES_128_GCM_SHA256'" },
      { tlsVersion: ["TLSv1.3"], tlsCiphersuites: ["TLS_AES_256_GCM_SHA384"] },
      "no ciphersuite for TLSv1.3 in common: TLS_AES_128_GCM_SHA256 on the one, TLS_AES_256_GCM_SHA384 on the other (group_replication_recovery_tls_* of the first, tls_* of the other)",
    ],
  ])("refuses %s", (_, settings, declared, why) =>
    byHand(settings, async () => {
      const found = await refusedAll(all(), () => [update(members[0]!, declared)]);
      expect(found).toMatchObject([
        { code: "GR005", what: `${member(2)} could not recover from ${member(0)} any more`, why },
      ]);
    }),
  );

  it.each<[string, Inputs]>([
    ["protocols that no donor takes", { recoveryTlsVersion: ["TLSv1.2"] }],
    ["ciphersuites that no donor takes", { recoveryTlsCiphersuites: ["TLS_AES_128_GCM_SHA256"] }],
    ["a cipher that does not exist", { recoverySslCipher: ["AES999-NOSUCH-SHA"] }],
  ])("has a RecoveryChannel with %s refused by a real login, and put back", async (_, edit) => {
    await settle(now);
    const suites = await updateAll(members, { tlsCiphersuites: ["TLS_AES_256_GCM_SHA384"] });
    expect(suites.failures).toEqual([undefined, undefined, undefined]);
    members = suites.after;
    const primary = await primaryOf(all());
    for (const at of [primary, all().find((m) => m !== primary)!]) {
      const found = await undone(all(), () => create(recoveryChannel, channelInputs(group.it, at, edit)));
      expect(found).toMatchObject({ code: "GR106", what: expect.stringContaining(addressOf(at)) });
    }
  });

  it("has verification without a CA to verify by refused", async () => {
    const at = await primaryOf(all());
    const name = "group_replication_recovery_ssl_ca";
    const before = await value(at, `@@${name}`);
    await run(at, `SET PERSIST ${name} = ''`);
    const declared = { recoverySslVerifyServerCert: true, recoverySslCa: undefined };
    const found = await undone(all(), () => create(recoveryChannel, channelInputs(group.it, at, declared)));
    expect(found).toMatchObject({ what: expect.stringContaining(addressOf(at)) });
    await run(at, `SET PERSIST ${name} = '${before}'`);
  });
});
