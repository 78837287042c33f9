import type { Issuer } from "../../../provider/certificates/issuer";
import { listsIn } from "../../../provider/certificates/read-list";
import { validityFrom } from "../../../provider/certificates/renewal";
import { issueRevocationList } from "../../../provider/certificates/revocation";
import { ProviderError } from "../../../provider/errors";
import { type TrustParty, type TrustSide, requireTrust } from "../../../provider/rolling/trust-matrix";
import { thrownBy } from "../builders";
import { authority, day, leaf, now, read } from "../certificates/builders";

const old = authority();
/** The same CA, as it was before it was renewed. */
const early = authority({}, undefined, now - 90 * day);
const fresh = authority({ subject: [{ type: "CN", value: "New CA" }] });

const hosts = ["db1.example", "db2.example", "db3.example"] as const;
const leafOf = (issuer: Issuer, host: string, given: Parameters<typeof leaf>[1] = {}): string =>
  leaf(issuer, { dnsNames: [host], ...given });

interface Given {
  leaf?: string | undefined;
  trusted?: readonly Issuer[] | undefined;
  lists?: string;
  mode?: string | undefined;
  host?: string;
}

function side({ leaf: pem, trusted, lists, host = "db1.example", ...given }: Given): TrustSide {
  const authorities = trusted?.map(({ certificate }) => certificate);
  const shown = pem === undefined ? undefined : { certificate: read(pem), sent: [], sendsMore: false };
  const trust = {
    authorities,
    trustsMore: false,
    lists: lists === undefined ? ("none" as const) : listsIn(lists, "lists"),
    listsMore: false,
  };
  return {
    mode: "mode" in given ? given.mode : "VERIFY_CA",
    host,
    shows: { server: shown, client: shown },
    verifies: { server: trust, client: trust },
    clock: now,
  };
}

const settled: Given = { leaf: leafOf(old, "db1.example"), trusted: [old] };

/** Three members that go from one state to the next; the third is the primary. */
function group(
  before: (i: number) => Given | undefined,
  after: (i: number) => Given | undefined,
): TrustParty[] {
  return hosts.map((host, i) => {
    const [was, will] = [before(i), after(i)];
    return {
      address: `db${i + 1}:3306`,
      now: was && side({ host, ...was }),
      after: will && side({ host, ...will }),
      last: i === 2,
      hasJob: will !== undefined,
    };
  });
}

const refusal = (parties: readonly TrustParty[], allAtOnce = false): ProviderError => {
  const error = thrownBy(() => requireTrust(parties, allAtOnce));
  if (!ProviderError.is(error)) throw error;
  return error;
};

const newLeaf = leafOf(fresh, "db1.example");
const list = (serials: readonly string[], from = now, issuer = old): string =>
  issueRevocationList(
    {
      revoked: serials.map((serialNumber) => ({
        serialNumber,
        reason: "keyCompromise",
        revokedAt: new Date(from),
      })),
      number: 1,
      validity: validityFrom(from, 30),
    },
    issuer,
    from,
  );

describe("requireTrust", () => {
  it.each<[string, TrustParty[]]>([
    [
      "nothing changes, whatever there is",
      group(
        () => ({ ...settled, trusted: [fresh] }),
        () => undefined,
      ),
    ],
    [
      "leaves are renewed by the same CA",
      group(
        () => settled,
        () => settled,
      ),
    ],
    [
      "everybody comes to trust the new CA beside the old one",
      group(
        () => settled,
        () => ({ ...settled, trusted: [old, fresh] }),
      ),
    ],
    [
      "everybody shows a leaf of the new CA, when all trust both",
      group(
        () => ({ ...settled, trusted: [old, fresh] }),
        () => ({ leaf: newLeaf, trusted: [old, fresh] }),
      ),
    ],
    [
      "the old CA is dropped, when all show leaves of the new one",
      group(
        () => ({ leaf: newLeaf, trusted: [old, fresh] }),
        () => ({ leaf: newLeaf, trusted: [fresh] }),
      ),
    ],
    [
      "nobody verifies",
      group(
        () => ({ ...settled, mode: "REQUIRED" }),
        () => ({ leaf: newLeaf, trusted: [old], mode: "REQUIRED" }),
      ),
    ],
    [
      "the primary, which comes last, is the first with a leaf of a CA that the others come to trust",
      group(
        () => settled,
        (i) => (i === 2 ? { leaf: newLeaf, trusted: [old, fresh] } : { ...settled, trusted: [old, fresh] }),
      ),
    ],
    [
      "what is shown is not known",
      group(
        () => settled,
        () => ({ trusted: [old] }),
      ),
    ],
    [
      "what is trusted is not known",
      group(
        () => ({ leaf: settled.leaf }),
        () => ({ leaf: newLeaf }),
      ),
    ],
    [
      "it is not known whether a member verifies",
      group(
        () => ({ ...settled, mode: undefined }),
        (i) => (i === 0 ? { leaf: newLeaf, trusted: [old, fresh] } : undefined),
      ),
    ],
    [
      "members verify from now on, and could have before",
      group(
        () => ({ ...settled, mode: "REQUIRED" }),
        () => settled,
      ),
    ],
    [
      "a member joins",
      group(
        (i) => (i === 0 ? undefined : settled),
        (i) => (i === 0 ? settled : undefined),
      ),
    ],
    [
      "names are verified, and every certificate covers its host",
      group(
        (i) => ({ ...settled, leaf: leafOf(old, hosts[i]!) }),
        (i) => ({ ...settled, leaf: leafOf(old, hosts[i]!), mode: "VERIFY_IDENTITY" }),
      ),
    ],
    [
      "a list revokes what a member showed before",
      group(
        () => settled,
        (i) => ({ leaf: leafOf(old, hosts[i]!), trusted: [old], lists: list(["00aa"]) }),
      ),
    ],
  ])("lets go on where %s", (_, parties) => {
    expect(() => requireTrust(parties, false)).not.toThrow();
  });

  it("names a member whose certificate alone would be refused, and shows who by", () => {
    const error = refusal(
      group(
        () => settled,
        (i) => (i === 0 ? { ...settled, leaf: newLeaf } : undefined),
      ),
    );
    expect(error.message).toBe(
      `[GR106] db1:3306: its certificate, and no other, would be refused by members of its group
Why: by what the program declares, db2:3306 would not accept the certificate of db1:3306: its certificate is signed by /CN=New CA, and the other trusts no CA up to /CN=New CA
            db1:3306  db2:3306  db3:3306
  db1:3306  1         1         1
  db2:3306  ok        ok        ok
  db3:3306  ok        ok        ok
  (a row shows its certificate, a column verifies it; ?: not known from here)
  1: its certificate is signed by /CN=New CA, and the other trusts no CA up to /CN=New CA
Left: nothing was changed
Do: let every member trust the CA of every other member's certificate (sslCa), then pulumi up`,
    );
  });

  it("names a member that would refuse the others, or the others and it each other", () => {
    const error = refusal(
      group(
        () => settled,
        (i) => (i === 1 ? { leaf: newLeaf, trusted: [fresh] } : { ...settled, trusted: [old, fresh] }),
      ),
    );
    expect(error.parts.what).toBe("db2:3306: it and its peers would refuse each other's certificates");
    const alone = refusal(
      group(
        () => settled,
        (i) => (i === 1 ? { ...settled, trusted: [fresh], leaf: undefined } : undefined),
      ),
    );
    expect(alone.parts.what).toBe("db2:3306: it would refuse the certificates of members of its group");
    expect(alone.parts.table).toContain("db1:3306  ok        1         ok");
    expect(alone.parts.table).toContain("db2:3306  ?         ?         ?");
  });

  it("refuses leaves and CA in one go, since members change one by one, and says how it goes", () => {
    const both = group(
      () => settled,
      () => ({ leaf: newLeaf, trusted: [fresh] }),
    );
    const { parts } = refusal(both);
    expect(parts.what).toBe("db1:3306: members of its group would refuse each other's certificates");
    expect(parts.table).toMatch(
      /^ +1: as long as the other has not changed: its certificate is signed by \/CN=New CA/m,
    );
    expect(parts.table).toMatch(
      /^ +2: as long as it has not changed: its certificate is signed by \/O=Example/m,
    );
    expect(parts.todo).toBe(
      "make it three changes, each finished on all members before the next: a sslCa file with the old and the new CA; certificates of the new one; a sslCa file without the old one. Declare the first of them, then pulumi up",
    );
    expect(() => requireTrust(both, true)).not.toThrow();
  });

  it("refuses a secondary that shows a leaf of a CA which the primary comes to trust only later", () => {
    const parties = group(
      () => settled,
      (i) => (i === 0 ? { leaf: newLeaf, trusted: [old, fresh] } : { ...settled, trusted: [old, fresh] }),
    );
    expect(refusal(parties).parts.table).toMatch(/db1:3306 +ok +1 +1$/m);
  });

  it("lets a group that verifies nothing yet find who would be kept out", () => {
    const { parts } = refusal(
      group(
        (i) => ({ ...settled, mode: "REQUIRED", ...(i === 1 ? { leaf: newLeaf } : {}) }),
        (i) => ({ ...settled, ...(i === 1 ? { leaf: newLeaf } : {}) }),
      ),
    );
    expect(parts.what).toMatch(/^db2:3306: its certificate, and no other,/);
  });

  it.each<[string, Given, RegExp, RegExp]>([
    [
      "has expired",
      { leaf: leaf(early, { validityDays: 10 }, now - 20 * day) },
      /1: its certificate expired on 2026-06-05/,
      /valid now/,
    ],
    [
      "is for clients alone",
      { leaf: leafOf(old, "db1.example", { usage: "client" }) },
      /is not for a server/,
      /usage: "both"/,
    ],
    [
      "does not cover its host, where names are verified",
      { leaf: leafOf(old, "db9.example"), mode: "VERIFY_IDENTITY" },
      /its certificate does not cover db1\.example, by which its peers know it \(it covers DNS:db9\.example/,
      /cover the host of its localAddress/,
    ],
  ])("refuses a certificate that %s", (_, given, why, todo) => {
    const mode = given.mode ?? "VERIFY_CA";
    const all = (i: number): Given => ({ ...settled, leaf: leafOf(old, hosts[i]!), mode });
    const { parts } = refusal(group(all, (i) => (i === 0 ? { ...all(i), ...given } : undefined)));
    expect(parts.table).toMatch(why);
    expect(parts.todo).toMatch(todo);
    expect(parts.what).toBe(
      "db1:3306: its certificate, and no other, would be refused by members of its group",
    );
  });

  it("goes by the clock of the one that verifies", () => {
    const parties = group(
      () => settled,
      (i) => (i === 0 ? settled : undefined),
    );
    const late = parties.map((party, i) =>
      i === 1 ? { ...party, now: { ...party.now!, clock: now + 400 * day } } : party,
    );
    expect(refusal(late).parts.table).toMatch(/db1:3306 +ok +1 +ok$/m);
  });

  it("says of a revoked certificate that its member alone is kept out", () => {
    const all = (i: number): Given => ({ ...settled, leaf: leafs[i]! });
    const leafs = hosts.map((host) => leafOf(old, host));
    const lists = list([read(leafs[1]!).serialNumber]);
    const { parts } = refusal(group(all, (i) => ({ ...all(i), lists })));
    expect(parts.what).toBe(
      "db2:3306: its certificate, and no other, would be refused by members of its group",
    );
    expect(parts.table).toMatch(/1: its certificate \(serial number [0-9a-f]+\) is revoked by the list of/);
    expect(parts.todo).toMatch(/^give the member whose certificate is revoked another one/);
  });

  it("refuses a list that has ended, which keeps everybody out", () => {
    const { parts } = refusal(
      group(
        () => settled,
        () => ({ ...settled, lists: list([], now - 60 * day, early) }),
      ),
    );
    expect(parts.what).toBe("db1:3306: members of its group would refuse each other's certificates");
    expect(parts.table).toMatch(/1: the other's revocation list of \/O=Example\/CN=Example CA ended on/);
    expect(parts.todo).toMatch(/^put lists in place that are valid now/);
  });

  it("keeps out a member alone that is to join, and lets the others go on", () => {
    const renewed = { ...settled, leaf: leafOf(old, "db1.example") };
    const joining = group(
      (i) => (i === 1 ? undefined : settled),
      (i) => (i === 1 ? { ...settled, leaf: newLeaf } : renewed),
    );
    const refused = requireTrust(joining, false);
    expect([...refused.keys()]).toEqual(["db2:3306"]);
    expect(refused.get("db2:3306")!.parts).toMatchObject({
      what: "db2:3306: its certificate, and no other, would be refused by members of its group",
      left: "nothing was changed on it; the others go on without it",
      table: expect.stringMatching(/db2:3306 +1 +1 +1$/m) as string,
    });
    const distrusting = group(
      (i) => (i === 1 ? undefined : settled),
      (i) => (i === 1 ? { ...settled, leaf: undefined, trusted: [fresh] } : undefined),
    );
    expect([...requireTrust(distrusting, false).keys()]).toEqual(["db2:3306"]);
  });

  it("refuses all where members that run would be concerned as well", () => {
    const parties = group(
      (i) => (i === 1 ? undefined : settled),
      () => ({ ...settled, leaf: newLeaf }),
    );
    expect(refusal(parties).parts.left).toBe("nothing was changed");
  });

  it("shows what is so already, and does not refuse for it", () => {
    const before = (i: number): Given => (i === 0 ? { ...settled, trusted: [fresh] } : settled);
    const unchanged = group(before, (i) => (i === 1 ? { leaf: undefined, trusted: [old] } : undefined));
    expect(() => requireTrust(unchanged, false)).not.toThrow();
    const { parts } = refusal(
      group(before, (i) => (i === 1 ? { leaf: newLeaf, trusted: [old] } : undefined)),
    );
    expect(parts.table).toMatch(/db3:3306 +\d +ok +ok$/m);
  });
});
