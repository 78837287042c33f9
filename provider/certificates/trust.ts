import { type Node, childrenOf, contentOf, dottedOf, hasTag } from "./asn1";
import { oneLine, sameName } from "./names";
import { type ReadCertificate, ids, plainSerial } from "./read";
import { type ReadList, isSignedBy } from "./read-list";

/** What a certificate is shown as. */
export type Role = "server" | "client";

/** What one side shows. */
export interface Shown {
  readonly certificate: ReadCertificate;
  /** CA certificates that it sends along. */
  readonly sent: readonly ReadCertificate[];
  /** It may send others beside these. */
  readonly sendsMore: boolean;
}

/** What the other side verifies by. Undefined: not known. */
export interface Trust {
  readonly authorities: readonly ReadCertificate[] | undefined;
  /** It may trust others beside these. */
  readonly trustsMore: boolean;
  readonly lists: readonly ReadList[] | "none" | undefined;
  /** It may have other lists beside these. */
  readonly listsMore: boolean;
}

/** "name" is found by whoever knows the host. */
export type Fault =
  "untrusted" | "validity" | "purpose" | "authority" | "signature" | "revoked" | "list" | "name";

export interface Refusal {
  readonly fault: Fault;
  /** "its certificate ...", as said of the side that shows it; the one that verifies is "the other". */
  readonly why: string;
}

export type Verdict = "ok" | "unknown" | Refusal;

/**
 * What OpenSSL 3 would say of a certificate in a handshake, at `now` in milliseconds: the chain that it builds, trusted certificates
 * first, up to a root; dates, purposes and constraints of all in it; and, where there are lists, one for each of them. Host names are
 * not part of it. What is not judged here, as name constraints or weak keys, makes it unknown, and so does what cannot be seen.
 */
export function verdictOn(shown: Shown, trust: Trust, role: Role, now: number): Verdict {
  const own = dateProblem([shown.certificate], now) ?? purposeProblem([shown.certificate], role);
  if (own) return own;
  if (!trust.authorities) return "unknown";
  const { chain, trusted } = chainOf(shown, trust.authorities, now);
  if (!trusted) return trust.trustsMore || shown.sendsMore ? "unknown" : untrusted(chain);
  const refusal = purposeProblem(chain, role) ?? lengthProblem(chain) ?? signatureProblem(chain);
  if (refusal) return refusal;
  const late = dateProblem(chain, now);
  if (late) return late;
  const revocation = revocationOf(chain, trust, now);
  return revocation === "ok" && chain.some(isUnjudged) ? "unknown" : revocation;
}

const refused = (fault: Fault, why: string): Refusal => ({ fault, why });

function nameIn(certificate: ReadCertificate, chain: readonly ReadCertificate[]): string {
  return certificate === chain[0] ? "its certificate" : `the CA ${oneLine(certificate.subject)} above it`;
}

interface Built {
  readonly chain: readonly ReadCertificate[];
  readonly trusted: boolean;
}

/** More than any chain is long, and a guard against CAs that sign each other. */
const depth = 100;

/** As OpenSSL builds it: a trusted issuer is preferred, and what was sent is not looked at any more above one. */
function chainOf({ certificate, sent }: Shown, authorities: readonly ReadCertificate[], now: number): Built {
  const chain = [certificate];
  let pool = [...sent];
  while (chain.length <= depth) {
    const last = chain.at(-1)!;
    if (isSelfSigned(last)) return { chain, trusted: authorities.some((other) => isSame(other, last)) };
    const above = issuerAmong(authorities, last, now);
    if (above) pool = [];
    const next = above ?? issuerAmong(pool, last, now);
    if (!next) break;
    pool = pool.filter((other) => other !== next);
    chain.push(next);
  }
  return { chain, trusted: false };
}

function isSame(a: ReadCertificate, b: ReadCertificate): boolean {
  return a.x509.raw.equals(b.x509.raw);
}

/** One that is valid now, else the one that has lasted longest. */
function issuerAmong(
  pool: readonly ReadCertificate[],
  certificate: ReadCertificate,
  now: number,
): ReadCertificate | undefined {
  const all = pool.filter((other) => mayHaveIssued(other, certificate));
  const lastFirst = [...all].sort((a, b) => b.notAfter.getTime() - a.notAfter.getTime());
  return all.find((other) => isValid(other, now)) ?? lastFirst[0];
}

/** By names and key identifiers; the signature is looked at when the chain stands. */
function mayHaveIssued(issuer: ReadCertificate, { issuer: name, extensions }: ReadCertificate): boolean {
  const fits = fitsKey(issuer, extensions.get(ids.authorityKey)?.value);
  return sameName(issuer.subject, name) && fits && issuer.signsCertificates;
}

/** authorityKeyIdentifier of what is signed, against its issuer (RFC 5280, 4.2.1.1). */
function fitsKey(issuer: ReadCertificate, authorityKey: Node | undefined): boolean {
  const parts = authorityKey ? childrenOf(authorityKey) : [];
  const [key, names, serial] = [0, 1, 2].map((tag) => parts.find((part) => hasTag(part, tag)));
  if (key && issuer.extensions.has(ids.keyIdentifier) && !contentOf(key).equals(issuer.keyIdentifier))
    return false;
  if (serial && plainSerial(contentOf(serial).toString("hex")) !== issuer.serialNumber) return false;
  const directory = names && childrenOf(names).find((name) => hasTag(name, 4));
  return !directory || sameName(childrenOf(directory)[0]!, issuer.issuer);
}

function isSelfSigned(certificate: ReadCertificate): boolean {
  const { subject, issuer, extensions } = certificate;
  return sameName(subject, issuer) && fitsKey(certificate, extensions.get(ids.authorityKey)?.value);
}

function untrusted(chain: readonly ReadCertificate[]): Refusal {
  const last = chain.at(-1)!;
  if (isSelfSigned(last))
    return refused(
      "untrusted",
      chain.length === 1
        ? "its certificate is signed by itself, and the other does not trust it"
        : `the other does not trust ${oneLine(last.subject)}, the root of its certificate`,
    );
  return refused(
    "untrusted",
    `its certificate is signed by ${oneLine(chain[0]!.issuer)}, and the other trusts no CA up to ${oneLine(last.issuer)}`,
  );
}

function isValid({ notBefore, notAfter }: ReadCertificate, now: number): boolean {
  return notBefore.getTime() <= now && now < notAfter.getTime();
}

function dateProblem(chain: readonly ReadCertificate[], now: number): Refusal | undefined {
  const wrong = chain.find((certificate) => !isValid(certificate, now));
  if (!wrong) return undefined;
  const { notBefore, notAfter } = wrong;
  const when =
    now < notBefore.getTime()
      ? `is not valid before ${notBefore.toISOString()}`
      : `expired on ${notAfter.toISOString()}`;
  return refused("validity", `${nameIn(wrong, chain)} ${when}`);
}

const purposes: Record<Role, { readonly id: string; readonly name: string; readonly uses: number }> = {
  // digitalSignature, keyEncipherment or keyAgreement.
  server: { id: "1.3.6.1.5.5.7.3.1", name: "serverAuth", uses: 0x80 | 0x20 | 0x08 },
  client: { id: "1.3.6.1.5.5.7.3.2", name: "clientAuth", uses: 0x80 | 0x08 },
};

/** extendedKeyUsage of a CA holds for all below it. */
function purposeProblem(chain: readonly ReadCertificate[], role: Role): Refusal | undefined {
  const { id, name, uses } = purposes[role];
  for (const [i, certificate] of chain.entries()) {
    const extended = certificate.extensions.get(ids.extendedKeyUsage)?.value;
    if (extended && !childrenOf(extended).some((use) => dottedOf(use) === id))
      return refused(
        "purpose",
        `${nameIn(certificate, chain)} is not for a ${role} (its extendedKeyUsage lacks ${name})`,
      );
    if (i === 0 && (certificate.uses & uses) === 0)
      return refused("purpose", `its certificate is not for a ${role}, as its keyUsage says`);
    if (i > 0 && !isAuthority(certificate))
      return refused("authority", `${oneLine(certificate.subject)}, which signed it, is no CA`);
  }
  return undefined;
}

/** Without basicConstraints, keyUsage tells; a root of version 1 has neither. */
function isAuthority(certificate: ReadCertificate): boolean {
  const { extensions } = certificate;
  if (extensions.has(ids.basicConstraints)) return certificate.authority;
  return extensions.has(ids.keyUsage) || (certificate.version1 && isSelfSigned(certificate));
}

function lengthProblem(chain: readonly ReadCertificate[]): Refusal | undefined {
  let below = 0;
  for (const [i, { pathLength, subject, issuer }] of chain.entries()) {
    if (i > 1 && pathLength !== undefined && below > pathLength)
      return refused(
        "authority",
        `${oneLine(subject)} allows ${pathLength} CAs below it, and there are more`,
      );
    if (i > 0 && !sameName(subject, issuer)) below += 1;
  }
  return undefined;
}

function signatureProblem(chain: readonly ReadCertificate[]): Refusal | undefined {
  const wrong = chain.find(({ x509 }, i) => chain[i + 1] && !x509.verify(chain[i + 1]!.x509.publicKey));
  if (!wrong) return undefined;
  return refused(
    "signature",
    `${nameIn(wrong, chain)} is signed with another key than that of the CA ${oneLine(wrong.issuer)} which the other has`,
  );
}

/** Where there are lists, one is wanted of every CA in the chain, also of the root (X509_V_FLAG_CRL_CHECK_ALL). */
function revocationOf(chain: readonly ReadCertificate[], { lists, listsMore }: Trust, now: number): Verdict {
  if (lists === "none") return "ok";
  if (lists === undefined) return "unknown";
  const verdicts = chain.map((certificate, i): Verdict => {
    const issuer = chain[i + 1] ?? certificate;
    const list = listOf(lists, issuer, now);
    if (!list)
      return listsMore ? "unknown" : refused("list", `the other has no revocation list of ${nameOf(issuer)}`);
    return listVerdict(list, issuer, now) ?? revokedVerdict(list, certificate, chain);
  });
  const wrong = verdicts.find((verdict) => typeof verdict === "object");
  return wrong ?? (verdicts.includes("unknown") ? "unknown" : "ok");
}

const nameOf = ({ subject }: ReadCertificate): string => oneLine(subject);

/** One that is valid now, of several the newest. */
function listOf(all: readonly ReadList[], issuer: ReadCertificate, now: number): ReadList | undefined {
  const own = all.filter((l) => sameName(l.issuer, issuer.subject) && fitsKey(issuer, l.authorityKey));
  const valid = own.filter((list) => listDates(list, now) === undefined);
  const newest = [...(valid.length > 0 ? valid : own)];
  return newest.sort((a, b) => b.thisUpdate.getTime() - a.thisUpdate.getTime())[0];
}

function listDates({ thisUpdate, nextUpdate }: ReadList, now: number): string | undefined {
  if (now < thisUpdate.getTime()) return `is not valid before ${thisUpdate.toISOString()}`;
  return nextUpdate && nextUpdate.getTime() <= now ? `ended on ${nextUpdate.toISOString()}` : undefined;
}

function listVerdict(list: ReadList, issuer: ReadCertificate, now: number): Verdict | undefined {
  const wrong = (what: string): Refusal =>
    refused("list", `the other's revocation list of ${nameOf(issuer)} ${what}`);
  const when = listDates(list, now);
  if (when !== undefined) return wrong(when);
  if (!issuer.signsLists)
    return wrong("is signed by a CA that may not sign lists (its keyUsage lacks cRLSign)");
  const signed = isSignedBy(list, issuer.x509.publicKey);
  if (signed === false) return wrong("is signed with another key");
  return signed === undefined || list.unusual ? "unknown" : undefined;
}

function revokedVerdict(
  list: ReadList,
  certificate: ReadCertificate,
  chain: readonly ReadCertificate[],
): Verdict {
  if (!list.serialNumbers.has(certificate.serialNumber)) return "ok";
  const { serialNumber } = certificate;
  return refused(
    "revoked",
    `${nameIn(certificate, chain)} (serial number ${serialNumber}) is revoked by the list of ${oneLine(list.issuer)} that the other has`,
  );
}

/** Extensions that may be critical, since OpenSSL knows them. */
const known = new Set<string>([
  ids.keyUsage,
  ids.alternativeNames,
  ids.basicConstraints,
  ids.extendedKeyUsage,
  ids.authorityKey,
  ids.keyIdentifier,
]);

/** RSA and ECDSA with SHA-2, Ed25519 and Ed448. */
const strong = /^(1\.2\.840\.113549\.1\.1\.1[0-3]|1\.2\.840\.10045\.4\.3\.[2-4]|1\.3\.101\.11[23])$/;

/** A verifier may refuse it for what is not looked at here. */
function isUnjudged(certificate: ReadCertificate, i: number, chain: readonly ReadCertificate[]): boolean {
  const odd = [...certificate.extensions].some(([id, { critical }]) => critical && !known.has(id));
  const weak = i < chain.length - 1 && !strong.test(certificate.signatureAlgorithm);
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = certificate.x509.publicKey;
  const small = type === "rsa" && (details?.modulusLength ?? 0) < 2048;
  return odd || weak || small || certificate.extensions.has(ids.nameConstraints);
}
