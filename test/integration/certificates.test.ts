import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { groupMember } from "../../provider/runtime";
import { type Member, authorityOf, makeAuthority, writePem } from "../../tools/sandbox";
import {
  type Deployed,
  type Failure,
  type Inputs,
  addressOf,
  adoptMembers,
  create,
  daysFromNow,
  expectHealthy,
  leafFiles,
  memberInputs,
  notJoined,
  primaryOf,
  refused,
  restartWith,
  run,
  snapshot,
  takenBack,
  undone,
  update,
  updateAll,
  useRuntime,
  useSandbox,
  value,
  withOptions,
  withServer,
} from "./helpers";

useRuntime();
const group = useSandbox({ group: true });
const all = (): Member[] => group.it.members.slice(0, 3);
let members: Deployed[];

beforeAll(async () => {
  members = await adoptMembers(group.it);
  await expectHealthy(all());
});

async function primaryIndex(): Promise<number> {
  return all().indexOf(await primaryOf(all()));
}

/** The primary's number, or a secondary's. */
async function indexOf(role: string): Promise<number> {
  const primary = await primaryIndex();
  return role === "the primary" ? primary : (primary + 1) % 3;
}

interface Case {
  title: string;
  /** What is declared beside what the member has. */
  declare(member: Member): Promise<Inputs>;
  expected: { code: RegExp; message: RegExp };
}

/** Refused by the server itself, or by a look at what it shows, in any mode: before anything is stopped. */
const broken: Case[] = [
  {
    title: "a certificate file that is missing",
    declare: (member) => Promise.resolve({ sslCert: `${member.tls.cert}.nowhere` }),
    expected: { code: /GR103/, message: /refused ALTER INSTANCE RELOAD TLS/ },
  },
  {
    title: "a CA file that is missing",
    declare: (member) => Promise.resolve({ sslCa: `${member.tls.ca}.nowhere` }),
    expected: { code: /GR103/, message: /refused ALTER INSTANCE RELOAD TLS/ },
  },
  {
    title: "a key that belongs to another certificate",
    declare: async (member) => ({ sslKey: (await leafFiles(group.it, member, "other")).sslKey }),
    expected: { code: /GR103/, message: /refused ALTER INSTANCE RELOAD TLS/ },
  },
  {
    title: "a certificate that has expired",
    declare: (member) =>
      leafFiles(group.it, member, "expired", { notBefore: daysFromNow(-2), notAfter: daysFromNow(-1) }),
    expected: { code: /GR103|GR106/, message: /certificate (has )?expired/ },
  },
  {
    title: "a certificate that has expired, in mode VERIFY_CA",
    declare: async (member) => ({
      sslMode: "VERIFY_CA",
      ...(await leafFiles(group.it, member, "expired", {
        notBefore: daysFromNow(-2),
        notAfter: daysFromNow(-1),
      })),
    }),
    expected: { code: /GR103|GR106/, message: /certificate (has )?expired/ },
  },
  {
    title: "a certificate that is not valid yet",
    declare: (member) =>
      leafFiles(group.it, member, "early", { notBefore: daysFromNow(1), notAfter: daysFromNow(2) }),
    expected: { code: /GR103|GR106/, message: /certificate is not (yet valid|valid before)/ },
  },
  {
    title: "a certificate without the host's name, in mode VERIFY_IDENTITY",
    declare: async (member) => ({
      sslMode: "VERIFY_IDENTITY",
      ...(await leafFiles(group.it, member, "elsewhere", { dns: ["db9.example"], ip: ["192.0.2.9"] })),
    }),
    expected: {
      code: /GR106/,
      message:
        /its certificate does not cover 127\.0\.0\.1, by which its peers know it \(it covers .*db9\.example/,
    },
  },
];

async function expectRefusal(found: Failure, member: Member, { expected }: Case): Promise<void> {
  expect(found.code).toMatch(expected.code);
  expect(found.message).toMatch(expected.message);
  expect(found.what).toContain(addressOf(member));
  expect(found.left).toMatch(/before/);
  expect(found.todo).not.toBe("");
  await expectHealthy(all());
}

describe.each(["a secondary", "the primary"])("on %s", (role) => {
  it.each(broken)("$title is found before anything is stopped", async (given) => {
    const i = await indexOf(role);
    const news = await given.declare(all()[i]!);
    const found = await undone(all(), () => update(members[i]!, news));
    await expectRefusal(found, all()[i]!, given);
  });

  it("VERIFY_CA without a CA is refused", async () => {
    const i = await indexOf(role);
    const member = all()[i]!;
    await run(member, "SET PERSIST ssl_ca = NULL");
    try {
      const declared = { ...members[i]!.inputs, sslMode: "VERIFY_CA", sslCa: undefined };
      const before = await snapshot(member);
      const outcome = create(groupMember, declared);
      await expect(outcome).rejects.toThrow(
        `[GR005] ${addressOf(member)} would verify its peers (ssl_mode VERIFY_CA) without a CA to trust\n` +
          "Why: neither ssl_ca nor ssl_capath is set\n" +
          "Left: nothing was changed\n" +
          "Do: declare sslCa on this GroupMember",
      );
      expect(await snapshot(member)).toEqual(before);
    } finally {
      await run(member, `SET PERSIST ssl_ca = '${member.tls.ca}'`);
    }
  });
});

describe("on a server that is to join", () => {
  it.each(broken)("$title is found before START, and nothing of the declaration stays", (given) =>
    withServer(group.it, async (server) => {
      const declared = memberInputs(group.it, server, await given.declare(server));
      const found = await notJoined(server, () => create(groupMember, declared));
      await expectRefusal(found, server, given);
    }),
  );

  it("VERIFY_IDENTITY without a CA is refused before START", () =>
    withServer(group.it, async (server) => {
      await run(server, "SET GLOBAL ssl_ca = NULL");
      const declared = memberInputs(group.it, server, { sslMode: "VERIFY_IDENTITY", sslCa: undefined });
      expect(await refused([server], () => create(groupMember, declared))).toMatchObject({
        name: "NotReadyError",
        code: "GR005",
        what: `${addressOf(server)} would verify its peers (ssl_mode VERIFY_IDENTITY) without a CA to trust`,
        left: "nothing was changed",
        todo: "declare sslCa on this GroupMember",
      });
    }));
});

describe("on a server without TLS that is to join", () => {
  it("an encrypted group is refused before START", () =>
    withServer(group.it, async (server) => {
      const data = await value(server, "@@datadir");
      for (const file of readdirSync(data!).filter((name) => name.endsWith(".pem")))
        rmSync(join(data!, file));
      await restartWith(server, withOptions({ auto_generate_certs: "OFF" }));
      const unmanaged = { sslCa: undefined, sslCert: undefined, sslKey: undefined };
      const declared = memberInputs(group.it, server, unmanaged);
      expect(await notJoined(server, () => create(groupMember, declared))).toMatchObject({
        code: "GR106",
        what: `${addressOf(server)}: has no TLS, and ssl_mode REQUIRED needs it`,
        why: "its server has no certificate loaded (performance_schema.tls_channel_status)",
        todo: "declare sslCa, sslCert and sslKey with files that the server can read, then pulumi up",
      });
    }));
});

/** A certificate of another authority, with a CA file that trusts both: the server takes it, and its peers refuse it. */
async function foreign(member: Member): Promise<Inputs> {
  const authority = await makeAuthority("Foreign");
  const sslCa = writePem(
    member.tls.ca.replace(".pem", "-both.pem"),
    authorityOf(group.it).cert,
    authority.cert,
  );
  return { ...(await leafFiles(group.it, member, "foreign", { authority })), sslCa };
}

describe("a certificate that its peers do not accept", () => {
  it("does not hurt while nobody verifies, and keeps the group from verifying", async () => {
    const i = await indexOf("a secondary");
    const changed = await update(members[i]!, await foreign(all()[i]!));
    await expectHealthy(all());
    expect(changed.outs["pending"]).toEqual([]);

    const before = await Promise.all(all().map(snapshot));
    const mixed = members.map((member, n) => (n === i ? changed : member));
    const { failures } = await updateAll(mixed, { sslMode: "VERIFY_CA" });
    expect(failures.map((f) => f?.code).sort()).toEqual(["GR104", "GR104", "GR106"]);
    for (const failure of failures) expect(failure!.message).toContain(addressOf(all()[i]!));
    const after = await Promise.all(all().map(snapshot));
    expect(after.map((s) => ({ ...s, setAt: {} }))).toEqual(before.map((s) => ({ ...s, setAt: {} })));
    members[i] = await update(changed, {
      sslCa: all()[i]!.tls.ca,
      sslCert: all()[i]!.tls.cert,
      sslKey: all()[i]!.tls.key,
    });
    await expectHealthy(all());
  });

  it("is what everybody has after this: the group goes to VERIFY_CA", async () => {
    const before = await Promise.all(all().map(snapshot));
    const { failures, after } = await updateAll(members, { sslMode: "VERIFY_CA" });
    expect(failures).toEqual([undefined, undefined, undefined]);
    members = after;
    const now = await Promise.all(all().map(snapshot));
    expect(now.map(({ starts }, i) => starts.length - before[i]!.starts.length)).toEqual([1, 1, 1]);
    await expectHealthy(all());
  });

  it.each(["a secondary", "the primary"])("is found on %s before it is stopped", async (role) => {
    const i = await indexOf(role);
    const news = await foreign(all()[i]!);
    const found = await undone(all(), () => update(members[i]!, news));
    expect(found).toMatchObject({
      code: "GR106",
      what: expect.stringContaining("TLS with ssl_mode VERIFY_CA failed between it and its peers"),
      why: expect.stringContaining(addressOf(all()[i]!)),
      left: expect.stringMatching(/before|nothing was changed/),
      todo: expect.stringContaining("signed by a CA that all others trust"),
    });
    expect(await indexOf(role)).toBe(i);
    await expectHealthy(all());
  });

  it("is found when it joins together with a change of the group", () =>
    withServer(group.it, async (server) => {
      const declared = memberInputs(group.it, server, { sslMode: "VERIFY_CA", ...(await foreign(server)) });
      const i = await primaryIndex();
      const began = performance.now();
      const found = await notJoined(server, async () => {
        const [changed, joined] = await Promise.allSettled([
          update(members[i]!, { memberWeight: 55 }),
          create(groupMember, declared),
        ]);
        if (changed.status === "fulfilled") members[i] = changed.value;
        if (joined.status === "rejected") throw joined.reason;
      });
      // The probe tells, not a START that fails after 61 s.
      expect(performance.now() - began).toBeLessThan(20_000);
      expect(found).toMatchObject({
        code: "GR106",
        what: `${addressOf(server)}: TLS with ssl_mode VERIFY_CA failed between it and its peers`,
        why: expect.stringContaining(`did not accept the certificate of ${addressOf(server)}`),
        left: expect.stringMatching(/before|nothing was changed/),
      });
      await expectHealthy(all());
    }));

  it("is taken back where only the member itself can tell, between STOP and START", async () => {
    const authority = await makeAuthority("Next");
    const bundle = all().map((member) =>
      writePem(member.tls.ca.replace(".pem", "-old-and-new.pem"), authorityOf(group.it).cert, authority.cert),
    );
    // Two trust the next authority already, the primary among them; the third is not in these deployments.
    const p = await primaryIndex();
    const [s, third] = [(p + 1) % 3, (p + 2) % 3];
    const trusting = await updateAll([members[s]!, members[p]!], (i) => ({ sslCa: bundle[[s, p][i]!]! }));
    expect(trusting.failures).toEqual([undefined, undefined]);
    [members[s], members[p]] = trusting.after as [Deployed, Deployed];
    expect(await primaryIndex()).toBe(s);

    const fresh = await leafFiles(group.it, all()[p]!, "next", { authority });
    const found = await takenBack(all(), [all()[p]!.name], () => update(members[p]!, fresh));
    expect(found).toMatchObject({
      code: "GR106",
      what: `${addressOf(all()[p]!)}: TLS with ssl_mode VERIFY_CA failed between it and its peers`,
      why: expect.stringContaining(
        `${addressOf(all()[third]!)} did not accept the certificate of ${addressOf(all()[p]!)}`,
      ),
      left: `${addressOf(all()[p]!)} has its settings from before; it is ONLINE again`,
    });
    await expectHealthy(all());

    // State knows that what was put back is in effect: nothing is pending.
    const { id, inputs } = members[p];
    const seen = await groupMember.read(id, found.outs!);
    expect(seen.inputs).toEqual(inputs);
    expect(await groupMember.diff(id, seen.props, inputs)).toEqual({ changes: false });

    // With the third one's trust it goes through.
    members[third] = await update(members[third]!, { sslCa: bundle[third]! });
    members[p] = await update({ ...members[p], outs: seen.props }, fresh);
    expect(await value(all()[p]!, "@@ssl_cert")).toBe(fresh.sslCert);
    await expectHealthy(all());
  });
});
