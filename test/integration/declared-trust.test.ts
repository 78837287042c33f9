import { readFileSync } from "node:fs";
import { readIssuer } from "../../provider/certificates/issuer";
import { certificatesIn } from "../../provider/certificates/pem";
import { issueRevocationList } from "../../provider/certificates/revocation";
import { groupMember } from "../../provider/runtime";
import { type Member, type Sandbox, authorityOf, makeAuthority, writePem } from "../../tools/sandbox";
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
  primaryOf,
  refused,
  refreshed,
  run,
  snapshot,
  stateOf,
  undone,
  until,
  updateAll,
  useRuntime,
  useSandbox,
  value,
  withServer,
} from "./helpers";

useRuntime();

type Authority = Awaited<ReturnType<typeof makeAuthority>>;

/** A group that verifies, and whose program tells what everybody's files hold. */
class Group {
  members: Deployed[] = [];

  constructor(private readonly held: ReturnType<typeof useSandbox>) {}

  get sandbox(): Sandbox {
    return this.held.it;
  }

  get all(): Member[] {
    return this.sandbox.members.slice(0, 3);
  }

  async primary(): Promise<number> {
    return this.all.indexOf(await primaryOf(this.all));
  }

  async indexOf(role: string): Promise<number> {
    const primary = await this.primary();
    return role === "the primary" ? primary : (primary + 1) % 3;
  }

  /** A file of its own on a member's disk. */
  file(member: Member, name: string, ...pem: string[]): string {
    return writePem(member.tls.ca.replace(/[^/]*$/, `${member.name}-${name}.pem`), ...pem);
  }

  /** One deployment; all must go through. */
  async deploy(edit: (i: number) => Inputs): Promise<void> {
    const { failures, after } = await updateAll(this.members, edit);
    expect(failures).toEqual([undefined, undefined, undefined]);
    this.members = after;
    await expectHealthy(this.all);
  }

  /** One deployment that fails: as the resource that it is about does. */
  async failing(edit: (i: number) => Inputs): Promise<void> {
    const { failures, after } = await updateAll(this.members, edit);
    this.members = after;
    const own = failures.find((found) => found !== undefined && found.code !== "GR104");
    if (own) throw new Error(own.message);
  }
}

function useGroup(stack: "XCOM" | "MYSQL"): Group {
  const group = new Group(useSandbox({ group: true, stack }));
  beforeAll(async () => {
    const { cert } = authorityOf(group.sandbox);
    group.members = await adoptMembers(group.sandbox);
    await group.deploy((i) => ({
      sslMode: "VERIFY_CA",
      expectedCa: cert,
      expectedCertificate: readFileSync(group.all[i]!.tls.cert, "utf8"),
    }));
  });
  return group;
}

/** A certificate as a program declares it that knows its content. */
async function certificateFor(
  group: Group,
  member: Member,
  name: string,
  options: Parameters<typeof leafFiles>[3] = {},
): Promise<Inputs> {
  const files = await leafFiles(group.sandbox, member, `${member.name}-${name}`, options);
  return { ...files, expectedCertificate: readFileSync(files.sslCert, "utf8") };
}

/** The same by its paths alone. */
const untold = (edit: Inputs): Inputs => ({
  ...edit,
  expectedCertificate: undefined,
  expectedCa: undefined,
  expectedCrl: undefined,
});

/** A list that lasts so many seconds from now on. */
function listOf(authority: Authority, revoked: readonly string[], seconds = 86_400): string {
  const issuer = readIssuer({ certificate: authority.cert, privateKey: authority.key }, "issuer");
  const [now, since] = [Date.now(), new Date(Date.now() - 600_000)];
  const serials = revoked.map((pem) => certificatesIn(pem, "revoked")[0]!.serialNumber);
  const content = {
    revoked: serials.map((serialNumber) => ({
      serialNumber,
      reason: "keyCompromise" as const,
      revokedAt: since,
    })),
    number: 1,
    validity: { notBefore: since, notAfter: new Date(now + seconds * 1000) },
  };
  return issueRevocationList(content, issuer, now);
}

/** Cells of the row of a member, less its address. */
function rowOf({ why }: Failure, member: Member): string[] {
  const line = why.split("\n").find((text) => text.startsWith(`  ${addressOf(member)} `));
  return line!.trim().split(/ +/).slice(1);
}

/** What a member says of another's certificate. */
function cellOf(found: Failure, shows: Member, verifies: Member): string {
  const header = found.why.split("\n").find((text) => /^ {3,}[^ ]+:\d+/.test(text))!;
  const column = header.trim().split(/ +/).indexOf(addressOf(verifies));
  return rowOf(found, shows)[column]!;
}

describe("what the program tells of TLS files", () => {
  const group = useGroup("XCOM");
  const its = (i: number): Member => group.all[i]!;
  const ended = (): string => listOf(authorityOf(group.sandbox), [], -60);

  async function expectRefused(i: number, edit: (n: number) => Inputs): Promise<Failure> {
    const found = await refused(group.all, () => group.failing(edit));
    expect(found).toMatchObject({ code: "GR106", left: "nothing was changed" });
    expect(found.what).toContain(addressOf(its(i)));
    await expectHealthy(group.all);
    return found;
  }

  describe.each(["a secondary", "the primary"])("on %s", (role) => {
    it("a certificate of a CA that its peers do not trust is refused before anything is set", async () => {
      const i = await group.indexOf(role);
      const fresh = await certificateFor(group, its(i), "foreign", {
        authority: await makeAuthority("Foreign"),
      });
      const found = await expectRefused(i, (n) => (n === i ? fresh : {}));
      expect(found.what).toBe(
        `${addressOf(its(i))}: its certificate, and no other, would be refused by members of its group`,
      );
      expect(rowOf(found, its(i))).toEqual(["1", "1", "1"]);
      expect(rowOf(found, its((i + 1) % 3))).toEqual(["ok", "ok", "ok"]);
      expect(found.why).toMatch(
        /1: its certificate is signed by .*\/CN=Foreign, and the other trusts no CA up to/,
      );
      expect(found.todo).toMatch(/sslCa/);
    });

    it("a CA file that lacks the CA of its peers is refused before anything is set", async () => {
      const i = await group.indexOf(role);
      const { cert } = await makeAuthority("Next");
      const edit = { sslCa: group.file(its(i), "next-alone", cert), expectedCa: cert };
      const found = await expectRefused(i, (n) => (n === i ? edit : {}));
      expect(found.what).toBe(
        `${addressOf(its(i))}: it would refuse the certificates of members of its group`,
      );
      for (const member of group.all) expect(cellOf(found, member, its(i))).toMatch(/^\d$/);
    });

    it("a certificate that has expired is refused before anything is set", async () => {
      const i = await group.indexOf(role);
      const expired = await certificateFor(group, its(i), "expired", {
        notBefore: daysFromNow(-2),
        notAfter: daysFromNow(-1),
      });
      expect((await expectRefused(i, (n) => (n === i ? expired : {}))).why).toMatch(
        /1: its certificate expired on/,
      );
    });
  });

  it("a certificate that does not cover its host keeps the group from VERIFY_IDENTITY", async () => {
    const i = await group.indexOf("a secondary");
    const elsewhere = await certificateFor(group, its(i), "elsewhere", {
      dns: ["db9.example"],
      ip: ["192.0.2.9"],
    });
    const found = await expectRefused(i, (n) => ({
      sslMode: "VERIFY_IDENTITY",
      ...(n === i ? elsewhere : {}),
    }));
    expect(found.why).toMatch(/: its certificate does not cover 127\.0\.0\.1, by which its peers know it/);
    expect(rowOf(found, its((i + 1) % 3))).toEqual(["ok", "ok", "ok"]);
  });

  it("a list that has ended is refused before anything is set", async () => {
    const edit = (n: number): Inputs => ({
      sslCrl: group.file(its(n), "ended", ended()),
      expectedCrl: ended(),
    });
    const found = await refused(group.all, () => group.failing(edit));
    expect(found).toMatchObject({ code: "GR106", left: "nothing was changed" });
    expect(found.why).toMatch(/1: the other's revocation list of .* ended on/);
  });

  it("a list that revokes one member's certificate names that member alone, and loads nowhere", async () => {
    const i = await group.indexOf("a secondary");
    const list = listOf(authorityOf(group.sandbox), [readFileSync(its(i).tls.cert, "utf8")]);
    const edit = (n: number): Inputs => ({ sslCrl: group.file(its(n), "revoking", list), expectedCrl: list });
    const found = await expectRefused(i, edit);
    expect(found.what).toBe(
      `${addressOf(its(i))}: its certificate, and no other, would be refused by members of its group`,
    );
    expect(rowOf(found, its(i))).toEqual(["1", "1", "1"]);
    expect(found.why).toMatch(/1: its certificate \(serial number [0-9a-f]+\) is revoked by the list of/);
    expect(found.todo).toMatch(/another one \(sslCert, sslKey\), or let it leave/);
  });

  it("leaves and CA of everybody at once are refused: members change one by one", async () => {
    const next = await makeAuthority("Next");
    const edits = await Promise.all(
      group.all.map(async (member) => ({
        ...(await certificateFor(group, member, "at-once", { authority: next })),
        sslCa: group.file(member, "at-once-ca", next.cert),
        expectedCa: next.cert,
      })),
    );
    const found = await refused(group.all, () => group.failing((i) => edits[i]!));
    expect(found.why).toMatch(/\d: as long as the other has not changed: .*CN=Next/);
    expect(found.todo).toMatch(/^make it three changes/);
  });

  it("a key that belongs to another certificate is refused by the server, and put back", async () => {
    const i = await group.indexOf("a secondary");
    const { sslCert, expectedCertificate } = await certificateFor(group, its(i), "keyless");
    const found = await undone(group.all, () =>
      group.failing((n) => (n === i ? { sslCert, expectedCertificate } : {})),
    );
    expect(found).toMatchObject({
      code: "GR103",
      what: expect.stringContaining("refused ALTER INSTANCE RELOAD TLS") as string,
    });
    await expectHealthy(group.all);
  });

  it("a server that is to join with a certificate that nobody accepts is kept out alone", () =>
    withServer(group.sandbox, async (server) => {
      const fresh = await certificateFor(group, server, "joiner", {
        authority: await makeAuthority("Foreign"),
      });
      const declared = memberInputs(group.sandbox, server, {
        sslMode: "VERIFY_CA",
        expectedCa: authorityOf(group.sandbox).cert,
        ...fresh,
      });
      const before = await snapshot(server);
      const [joined, changed] = await Promise.all([
        create(groupMember, declared).then(
          () => undefined,
          (error: Error) => error.message,
        ),
        updateAll(group.members, { memberWeight: 60 }),
      ]);
      expect(joined).toContain(
        `[GR106] ${addressOf(server)}: its certificate, and no other, would be refused by members of its group`,
      );
      expect(joined).toContain("Left: nothing was changed on it; the others go on without it");
      expect(await snapshot(server)).toEqual(before);
      expect(changed.failures).toEqual([undefined, undefined, undefined]);
      group.members = changed.after;
      expect(await Promise.all(group.all.map((m) => value(m, "@@group_replication_member_weight")))).toEqual([
        "60",
        "60",
        "60",
      ]);
      await expectHealthy(group.all);
    }));

  it("of a file that somebody replaced by another is dropped by a refresh", async () => {
    const i = await group.indexOf("a secondary");
    const other = group.file(its(i), "by-hand", authorityOf(group.sandbox).cert);
    await run(its(i), `SET PERSIST ssl_ca = '${other}'`);
    try {
      const seen = await refreshed(group.members[i]!);
      expect(seen.outs["sslCa"]).toBe(other);
      expect(seen.outs["expectedCa"]).toBeUndefined();
      expect(seen.outs["expectedCertificate"]).toBe(group.members[i]!.outs["expectedCertificate"]);
    } finally {
      const { ca } = its(i).tls;
      // Started anew, so that nothing is set which does not act.
      await run(its(i), `SET PERSIST ssl_ca = '${ca}'`, "STOP GROUP_REPLICATION", "START GROUP_REPLICATION");
      await until("it is ONLINE", 60, async () => (await stateOf(its(i))) === "ONLINE");
      await expectHealthy(group.all);
    }
  });

  describe("by their paths alone", () => {
    it("a list that revokes one member's certificate is refused by that member's server, and put back everywhere", async () => {
      const i = await group.indexOf("a secondary");
      const list = listOf(authorityOf(group.sandbox), [readFileSync(its(i).tls.cert, "utf8")]);
      const found = await undone(group.all, () =>
        group.failing((n) => untold({ sslCrl: group.file(its(n), "revoking-untold", list) })),
      );
      expect(found).toMatchObject({
        code: "GR103",
        what: `${addressOf(its(i))} refused ALTER INSTANCE RELOAD TLS`,
        why: expect.stringMatching(/because certificate revoked/) as string,
        left: expect.stringMatching(/has its settings from before$/) as string,
      });
      await expectHealthy(group.all);
    });

    it("a list that has ended is refused by the servers, and put back everywhere", async () => {
      const found = await undone(group.all, () =>
        group.failing((n) => untold({ sslCrl: group.file(its(n), "ended-untold", ended()) })),
      );
      expect(found).toMatchObject({
        code: "GR103",
        why: expect.stringMatching(/because CRL has expired/) as string,
      });
      await expectHealthy(group.all);
    });

    it("a list on the primary that revokes another member's certificate is found before it is loaded", async () => {
      const [p, i] = [await group.primary(), await group.indexOf("a secondary")];
      const list = listOf(authorityOf(group.sandbox), [readFileSync(its(i).tls.cert, "utf8")]);
      const edit = untold({ sslCrl: group.file(its(p), "revoking-alone", list) });
      const found = await refused(group.all, () => group.failing((n) => (n === p ? edit : {})));
      expect(found).toMatchObject({
        code: "GR106",
        what: `${addressOf(its(p))}: TLS with ssl_mode VERIFY_CA failed between it and its peers`,
        left: "nothing was changed",
      });
      const third = its(3 - p - i);
      expect([cellOf(found, its(i), its(p)), cellOf(found, third, its(p))]).toEqual(["1", "ok"]);
      await expectHealthy(group.all);
    });

    it("a CA file that lacks the CA of its peers is found on the primary before it loads it", async () => {
      const p = await group.primary();
      const { cert } = await makeAuthority("Next");
      const edit = untold({ sslCa: group.file(its(p), "next-untold", cert) });
      const found = await refused(group.all, () => group.failing((n) => (n === p ? edit : {})));
      expect(found).toMatchObject({ code: "GR106", left: "nothing was changed" });
      for (const member of group.all.filter((_, n) => n !== p))
        expect(cellOf(found, member, its(p))).toMatch(/^\d$/);
    });
  });

  it("a CA is exchanged in three changes, and lists are loaded, without a refusal", async () => {
    const old = authorityOf(group.sandbox);
    const next = await makeAuthority("Next");
    const both = old.cert + next.cert;
    const recovery = (member: Member, files: Record<string, unknown>): Promise<void> =>
      run(
        member,
        ...Object.entries(files).map(
          ([name, path]) => `SET PERSIST group_replication_recovery_ssl_${name} = '${String(path)}'`,
        ),
      );
    await group.deploy((i) => ({ sslCa: group.file(its(i), "both", both), expectedCa: both }));
    const fresh = await Promise.all(
      group.all.map(async (member) => {
        await recovery(member, { ca: group.file(member, "both", both) });
        return certificateFor(group, member, "fresh", { authority: next });
      }),
    );
    await group.deploy((i) => fresh[i]!);
    for (const [i, member] of group.all.entries())
      await recovery(member, { cert: fresh[i]!["sslCert"], key: fresh[i]!["sslKey"] });
    const lists = listOf(old, [readFileSync(its(0).tls.cert, "utf8")]) + listOf(next, []);
    await group.deploy((i) => ({
      sslCa: group.file(its(i), "next", next.cert),
      expectedCa: next.cert,
      sslCrl: group.file(its(i), "lists", lists),
      expectedCrl: lists,
      sslMode: "VERIFY_IDENTITY",
    }));
    expect(await value(its(0), "@@group_replication_ssl_mode")).toBe("VERIFY_IDENTITY");
  });
});

describe("what the program tells of TLS files, on the MYSQL stack", () => {
  const group = useGroup("MYSQL");

  it("a certificate of a CA that its peers do not trust is refused before anything is set", async () => {
    const i = await group.indexOf("a secondary");
    const member = group.all[i]!;
    const fresh = await certificateFor(group, member, "foreign", {
      authority: await makeAuthority("Foreign"),
    });
    const found = await refused(group.all, () => group.failing((n) => (n === i ? fresh : {})));
    expect(found).toMatchObject({ code: "GR106", left: "nothing was changed" });
    expect(rowOf(found, member)).toEqual(["1", "1", "1"]);
  });

  it("a certificate of the same CA goes through", async () => {
    const fresh = await Promise.all(group.all.map((member) => certificateFor(group, member, "fresh")));
    await group.deploy((i) => fresh[i]!);
  });
});
