import { spawnSync } from "node:child_process";
import { type KeyObject, generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import { issueAuthority } from "../../../provider/certificates/authority";
import { certify } from "../../../provider/certificates/certificate";
import { basicConstraints, keyUsage, usesOf } from "../../../provider/certificates/extensions";
import { type Issuer, readIssuer } from "../../../provider/certificates/issuer";
import { nameOf } from "../../../provider/certificates/names";
import { certificatesIn, keyPem } from "../../../provider/certificates/pem";
import { listsIn } from "../../../provider/certificates/read-list";
import { validityFrom } from "../../../provider/certificates/renewal";
import { issueRevocationList } from "../../../provider/certificates/revocation";
import {
  type Role,
  type Shown,
  type Trust,
  type Verdict,
  verdictOn,
} from "../../../provider/certificates/trust";
import { authorityWish, day, leaf, now, read, rsaKey, someKey } from "./builders";
import { fileOf, openssl } from "./openssl";

/** What is shown and what it is verified by, as PEM texts. */
interface Scene {
  leaf: string;
  sent?: readonly string[];
  trusted: readonly string[];
  lists?: readonly string[] | undefined;
  role?: Role;
  at?: number;
}

function ours({ leaf: pem, sent = [], trusted, lists, role = "server", at = now }: Scene): Verdict {
  const shown: Shown = { certificate: read(pem), sent: sent.map(read), sendsMore: false };
  const trust: Trust = {
    authorities: trusted.map(read),
    trustsMore: false,
    lists: lists === undefined ? "none" : lists.flatMap((list) => listsIn(list, "lists")),
    listsMore: false,
  };
  return verdictOn(shown, trust, role, at);
}

/** What OpenSSL says in a handshake: without -x509_strict, as servers do not ask for it. */
function theirs({ leaf: pem, sent = [], trusted, lists, role = "server", at = now }: Scene): string {
  const { status, stderr } = spawnSync(
    "openssl",
    [
      "verify",
      "-no-CApath",
      "-no-CAstore",
      ...[
        "-purpose",
        `ssl${role}`,
        "-attime",
        String(Math.floor(at / 1000)),
        "-CAfile",
        fileOf(trusted.join("")),
      ],
      ...(sent.length > 0 ? ["-untrusted", fileOf(sent.join(""))] : []),
      ...(lists === undefined ? [] : ["-crl_check_all"]),
      ...(lists && lists.length > 0 ? ["-CRLfile", fileOf(lists.join(""))] : []),
      fileOf(pem),
    ],
    { encoding: "utf8" },
  );
  return status === 0 ? "OK" : stderr;
}

function ca(CN: string, key: KeyObject, above?: Issuer, pathLength?: number, at = now, days = 3650): Issuer {
  const wish = authorityWish({ subject: [{ type: "CN", value: CN }], validityDays: days, pathLength });
  const certificate = issueAuthority(wish, above, key, at);
  return readIssuer({ certificate, privateKey: keyPem(key, "PKCS8") }, "issuer");
}

const [keyA, keyB, keyM, keyN] = [someKey, rsaKey(), rsaKey(), rsaKey()] as const;
const a = ca("A", keyA);
/** The same CA, renewed: the same name and key. */
const renewedA = ca("A", keyA, undefined, undefined, now - day, 4000);
const earlyA = ca("A", keyA, undefined, undefined, now - 100 * day, 4000);
/** It ends before the others. */
const shortA = ca("A", keyA, undefined, undefined, now, 30);
const b = ca("B", keyB);
/** Another CA that took the name of the first. */
const otherA = ca("A", keyB);
const m = ca("M", keyM, a, 0);
/** The intermediate CA again, signed by another root. */
const crossM = ca("M", keyM, b);
const n = ca("N", keyN, crossM);

function made(
  extensions: Parameters<typeof certify>[0]["extensions"],
  issuer: Issuer,
  CN: string,
  key: KeyObject,
): Issuer {
  const certificate = certify({
    subject: nameOf([{ type: "CN", value: CN }]),
    issuer: issuer.certificate.subject,
    issuerKey: issuer.certificate.keyIdentifier,
    signer: issuer.key,
    key,
    validity: validityFrom(now, 900),
    extensions,
  });
  return { certificate: read(certificate), key, chain: [read(certificate)], namesakes: [] };
}

/** Below M, which allows no CA below it. */
const tooDeep = made([basicConstraints(true), keyUsage("keyCertSign", "cRLSign")], m, "Deep", keyN);
const noAuthority = made([basicConstraints(false), keyUsage("keyCertSign")], a, "None", keyN);
const clientsOnly = made(
  [basicConstraints(true), keyUsage("keyCertSign", "cRLSign"), usesOf("client")[1]!],
  a,
  "Clients",
  keyN,
);

const pemOf = ({ certificate }: Issuer): string => certificate.pem;
const list = (issuer: Issuer, serials: readonly string[] = [], at = now, days = 30): string =>
  issueRevocationList(
    {
      revoked: serials.map((serialNumber) => ({
        serialNumber,
        reason: "unspecified",
        revokedAt: new Date(at - day),
      })),
      number: 1,
      validity: validityFrom(at, days),
    },
    issuer,
    at,
  );

const leafA = leaf(a);
const leafM = leaf(m);

describe("verdictOn", () => {
  const serialOf = (pem: string): string => read(pem).serialNumber;
  const cases: [string, Scene, string | RegExp, RegExp][] = [
    ["a leaf of a trusted root", { leaf: leafA, trusted: [pemOf(a)] }, "ok", /^OK$/],
    ["one of a CA that was renewed with its key", { leaf: leafA, trusted: [pemOf(renewedA)] }, "ok", /^OK$/],
    [
      "one of a CA that is not trusted",
      { leaf: leafA, trusted: [pemOf(b)] },
      /^its certificate is signed by \/CN=A, and the other trusts no CA up to \/CN=A$/,
      /error 20 at 0/,
    ],
    [
      "one of a CA of the same name and another key",
      { leaf: leafA, trusted: [pemOf(otherA)] },
      /trusts no CA up to \/CN=A$/,
      /error 20 at 0/,
    ],
    [
      "one below an intermediate CA that nobody has",
      { leaf: leafM, trusted: [pemOf(a)] },
      /^its certificate is signed by \/CN=M, and the other trusts no CA up to \/CN=M$/,
      /error 20 at 0/,
    ],
    [
      "one below an intermediate CA that is sent",
      { leaf: leafM, sent: [pemOf(m)], trusted: [pemOf(a)] },
      "ok",
      /^OK$/,
    ],
    [
      "one below an intermediate CA that the other has",
      { leaf: leafM, trusted: [pemOf(m), pemOf(a)] },
      "ok",
      /^OK$/,
    ],
    [
      "one whose intermediate CA alone is trusted",
      { leaf: leafM, trusted: [pemOf(m)] },
      /trusts no CA up to \/CN=A$/,
      /error 2 at 1/,
    ],
    [
      "a chain that is sent with its root, which is not trusted",
      { leaf: leafM, sent: [pemOf(m), pemOf(a)], trusted: [pemOf(b)] },
      /^the other does not trust \/CN=A, the root of its certificate$/,
      /error 19 at 2/,
    ],
    [
      "one that has expired",
      { leaf: leafA, trusted: [pemOf(a)], at: now + 400 * day },
      /^its certificate expired on 2027-/,
      /error 10 at 0/,
    ],
    [
      "one that is not valid yet",
      { leaf: leafA, trusted: [pemOf(a)], at: now - day },
      /^its certificate is not valid before 2026-06-15T11:45:00.000Z$/,
      /error 9 at [01]/,
    ],
    [
      "one of a root that has expired",
      { leaf: leafA, trusted: [pemOf(shortA)], at: now + 40 * day },
      /^the CA \/CN=A above it expired on/,
      /error 10 at 1/,
    ],
    [
      "a client's, shown by a server",
      { leaf: leaf(a, { usage: "client" }), trusted: [pemOf(a)] },
      /^its certificate is not for a server \(its extendedKeyUsage lacks serverAuth\)$/,
      /error 26 at 0/,
    ],
    [
      "a server's, shown by a client",
      { leaf: leaf(a, { usage: "server" }), trusted: [pemOf(a)], role: "client" },
      /lacks clientAuth/,
      /error 26 at 0/,
    ],
    [
      "one of a CA for clients alone, shown by a server",
      { leaf: leaf(clientsOnly), sent: [pemOf(clientsOnly)], trusted: [pemOf(a)] },
      /^the CA \/CN=Clients above it is not for a server/,
      /error 26 at 1/,
    ],
    [
      "one that something signed that is no CA",
      { leaf: leaf(noAuthority), sent: [pemOf(noAuthority)], trusted: [pemOf(a)] },
      /^\/CN=None, which signed it, is no CA$/,
      /error (79|24) at 1/,
    ],
    [
      "more CAs than one of them allows",
      { leaf: leaf(tooDeep), sent: [pemOf(tooDeep), pemOf(m)], trusted: [pemOf(a)] },
      /^\/CN=M allows 0 CAs below it, and there are more$/,
      /error 25 at 2/,
    ],
    [
      "one that is revoked",
      { leaf: leafA, trusted: [pemOf(a)], lists: [list(a, [serialOf(leafA)])] },
      /^its certificate \(serial number [0-9a-f]+\) is revoked by the list of \/CN=A that the other has$/,
      /error 23 at 0/,
    ],
    [
      "one whose intermediate CA is revoked",
      {
        leaf: leafM,
        sent: [pemOf(m)],
        trusted: [pemOf(a)],
        lists: [list(m), list(a, [m.certificate.serialNumber])],
      },
      /^the CA \/CN=M above it \(serial number/,
      /error 23 at 1/,
    ],
    [
      "one whose CA has no list, where the other has lists",
      { leaf: leafM, sent: [pemOf(m)], trusted: [pemOf(a)], lists: [list(a)] },
      /^the other has no revocation list of \/CN=M$/,
      /error 3 at 0/,
    ],
    [
      "one where the other's list is empty",
      { leaf: leafA, trusted: [pemOf(a)], lists: [list(a)] },
      "ok",
      /^OK$/,
    ],
    [
      "one where the other's list has ended",
      { leaf: leafA, trusted: [pemOf(a)], lists: [list(a)], at: now + 31 * day },
      /^the other's revocation list of \/CN=A ended on 2026-07-15T12:00:00.000Z$/,
      /error 12 at 0/,
    ],
    [
      "one where the other's list has not begun",
      { leaf: leafA, trusted: [pemOf(a)], lists: [list(a, [], now + day)] },
      /^the other's revocation list of \/CN=A is not valid before/,
      /error 11 at 0/,
    ],
    [
      "one where an old list is there beside the new one",
      {
        leaf: leafA,
        trusted: [pemOf(a)],
        lists: [list(earlyA, [serialOf(leafA)], now - 60 * day), list(a)],
      },
      "ok",
      /^OK$/,
    ],
  ];

  it.each(cases)("says of %s what openssl says", (_, scene, expected, told) => {
    const verdict = ours(scene);
    expect(theirs(scene)).toMatch(told);
    if (typeof expected === "string") expect(verdict).toBe(expected);
    else expect(verdict).toMatchObject({ why: expect.stringMatching(expected) as string });
  });

  it("takes a name in other letters and with other spaces for the same, as openssl does", () => {
    const key = fileOf(keyPem(keyB, "PKCS8"));
    const args = ["req", "-x509", "-new", "-key", key, "-days", "99", "-subj", "/O=Some  Org/CN=ca"];
    const root = openssl(...args, "-addext", "keyUsage=critical,keyCertSign");
    const at = Date.now() + 5000;
    const shown = certify({
      subject: nameOf([{ type: "CN", value: "db1" }]),
      issuer: nameOf([
        { type: "O", value: "some org" },
        { type: "CN", value: "CA" },
      ]),
      issuerKey: read(root).keyIdentifier,
      signer: keyB,
      key: keyA,
      validity: validityFrom(at, 9),
      extensions: [basicConstraints(false), ...usesOf("both")],
    });
    expect(theirs({ leaf: shown, trusted: [root], at })).toBe("OK");
    expect(ours({ leaf: shown, trusted: [root], at })).toBe("ok");
  });

  it("says of any combination what openssl says", () => {
    const leaves = [
      leafA,
      leafM,
      leaf(n),
      leaf(b),
      leaf(otherA),
      leaf(a, { usage: "client" }),
      leaf(m, { usage: "server" }),
      leaf(shortA, { validityDays: 20 }),
      leaf(tooDeep),
      leaf(clientsOnly),
      pemOf(a),
    ];
    const authorities = [a, renewedA, shortA, b, otherA, m, crossM, n, tooDeep, clientsOnly].map(pemOf);
    const lists = [
      list(a),
      list(a, [serialOf(leafA), m.certificate.serialNumber]),
      list(earlyA, [], now - 20 * day, 90),
      list(b),
      list(otherA),
      list(m),
      list(m, [serialOf(leafM)], now, 10),
      list(n),
      list(tooDeep),
      list(clientsOnly),
    ];
    const scene: fc.Arbitrary<Scene> = fc.record({
      leaf: fc.constantFrom(...leaves),
      sent: fc.uniqueArray(fc.constantFrom(...authorities), { maxLength: 3 }),
      trusted: fc.uniqueArray(fc.constantFrom(...authorities), { minLength: 1, maxLength: 4 }),
      lists: fc.oneof(
        fc.constant(undefined),
        fc.uniqueArray(fc.constantFrom(...lists), { maxLength: 5 }),
        fc.constant([list(a), list(b), list(m), list(n)]),
      ),
      role: fc.constantFrom<Role>("server", "client"),
      at: fc.constantFrom(now, now, now, now + 15 * day, now + 40 * day, now + 500 * day),
    });
    fc.assert(
      fc.property(scene, (given) => {
        const verdict = ours(given);
        const told = theirs(given);
        expect({
          ours: verdict === "ok" ? "OK" : verdict,
          agrees: (verdict === "ok") === (told === "OK"),
          told,
        }).toEqual({
          ours:
            verdict === "ok"
              ? "OK"
              : (expect.objectContaining({ fault: expect.any(String) as string }) as object),
          agrees: true,
          told,
        });
      }),
      { numRuns: 250 },
    );
  });
});

describe("what is not known", () => {
  const shown: Shown = { certificate: read(leafA), sent: [], sendsMore: false };
  const trust: Trust = { authorities: [a.certificate], trustsMore: false, lists: "none", listsMore: false };

  it("of the other's CAs leaves the verdict open, but for dates and purposes", () => {
    const blind = { ...trust, authorities: undefined };
    expect(verdictOn(shown, blind, "server", now)).toBe("unknown");
    expect(verdictOn(shown, blind, "server", now + 400 * day)).toMatchObject({ fault: "validity" });
    const client = { ...shown, certificate: read(leaf(a, { usage: "client" })) };
    expect(verdictOn(client, blind, "server", now)).toMatchObject({ fault: "purpose" });
  });

  it("of CAs beside those that are known leaves open what these do not trust", () => {
    const [other] = certificatesIn(pemOf(b), "ca");
    const foreign = { ...trust, authorities: [other!] };
    expect(verdictOn(shown, foreign, "server", now)).toMatchObject({ fault: "untrusted" });
    expect(verdictOn(shown, { ...foreign, trustsMore: true }, "server", now)).toBe("unknown");
    expect(verdictOn({ ...shown, sendsMore: true }, foreign, "server", now)).toBe("unknown");
    expect(verdictOn(shown, { ...trust, trustsMore: true }, "server", now)).toBe("ok");
  });

  it("of lists leaves the verdict open, but not where a CA is not trusted", () => {
    expect(verdictOn(shown, { ...trust, lists: undefined }, "server", now)).toBe("unknown");
    expect(verdictOn(shown, { ...trust, lists: [], listsMore: true }, "server", now)).toBe("unknown");
    const foreign = { ...trust, authorities: [b.certificate], lists: undefined };
    expect(verdictOn(shown, foreign, "server", now)).toMatchObject({ fault: "untrusted" });
  });

  it("is what a small key would be worth to a verifier", () => {
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 1024 });
    const small = certify({
      subject: nameOf([{ type: "CN", value: "small" }]),
      issuer: a.certificate.subject,
      issuerKey: a.certificate.keyIdentifier,
      signer: keyA,
      key: privateKey,
      validity: validityFrom(now, 90),
      extensions: usesOf("both"),
    });
    expect(verdictOn({ ...shown, certificate: read(small) }, trust, "server", now)).toBe("unknown");
  });

  it("is what name constraints mean for a name", () => {
    const config = fileOf(
      "[req]\ndistinguished_name=dn\n[dn]\n[ext]\nbasicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign\nnameConstraints=critical,permitted;DNS:example\n",
    );
    const key = fileOf(keyPem(keyB, "PKCS8"));
    const pem = openssl(
      "req",
      "-x509",
      "-new",
      "-key",
      key,
      "-days",
      "30",
      "-subj",
      "/CN=Constrained",
      "-config",
      config,
      "-extensions",
      "ext",
    );
    const issuer = { certificate: read(pem), key: keyB, chain: [read(pem)], namesakes: [] };
    const at = read(pem).notBefore.getTime() + 60_000;
    const shownBelow = { ...shown, certificate: read(leaf(issuer, { validityDays: 9 }, at)) };
    expect(verdictOn(shownBelow, { ...trust, authorities: [issuer.certificate] }, "server", at)).toBe(
      "unknown",
    );
  });
});
