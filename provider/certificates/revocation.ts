import { verify } from "node:crypto";
import { type Node, childrenOf, contentOf, derOf, integer, parse, sequence, time } from "./asn1";
import { authorityKey, extensions, listNumber, reasonCode } from "./extensions";
import { type HashedFile, hashedFiles } from "./hash-links";
import { type Issuer, requireFit } from "./issuer";
import { nameHash } from "./names";
import { blocksIn } from "./pem";
import { sameDer } from "./read";
import type { Reason } from "./reasons";
import type { Validity } from "./renewal";
import { algorithm, signed } from "./signing";

/** One certificate that is no longer good. */
export interface Revoked {
  readonly serialNumber: string;
  readonly reason: Reason;
  readonly revokedAt: Date;
}

export interface RevocationContent {
  readonly revoked: readonly Revoked[];
  /** Grows with every list of one CA. */
  readonly number: number;
  readonly validity: Validity;
}

/** A revocation list of version 2, as PEM. */
export function issueRevocationList(content: RevocationContent, issuer: Issuer, now: number): string {
  const { notBefore, notAfter } = content.validity;
  requireFit(issuer, { kind: "list", now, notAfter }, "issuer");
  const entries = content.revoked.map(entry);
  const version2 = integer("01");
  const whole = sequence(
    version2,
    algorithm(),
    issuer.certificate.subject,
    time(notBefore),
    time(notAfter),
    // An empty list of entries is no list at all (RFC 5280, 5.1.2.6).
    ...(entries.length === 0 ? [] : [sequence(...entries)]),
    extensions(0, authorityKey(issuer.certificate.keyIdentifier), listNumber(content.number)),
  );
  return signed("X509 CRL", whole, issuer.key);
}

function entry({ serialNumber, reason, revokedAt }: Revoked): Node {
  // "unspecified" is said by saying nothing (RFC 5280, 5.3.1).
  const why = reason === "unspecified" ? [] : [sequence(reasonCode(reason))];
  return sequence(integer(serialNumber), time(revokedAt), ...why);
}

/** Lists of CAs with one name, as a folder for ssl_crlpath. */
export function crlpathFiles(issuer: Issuer, ...pems: readonly string[]): Record<string, string> {
  const hash = nameHash(issuer.certificate.subject);
  const files = pems.map((pem): HashedFile => ({ hash, pem }));
  return hashedFiles(files, "crl");
}

/** Whether the text holds one list of each of these CAs, by name and key, and no other. */
export function areListsOf(text: string, issuers: readonly Issuer[]): boolean {
  const lists = blocksIn(text, "X509 CRL");
  return (
    lists.length === issuers.length && issuers.every((issuer) => lists.some((list) => isListOf(list, issuer)))
  );
}

function isListOf(list: Buffer, { certificate }: Issuer): boolean {
  const [content, , signature] = childrenOf(parse(list));
  // Version and algorithm stand before the issuer.
  const issuer = childrenOf(content)[2]!;
  if (!sameDer(issuer, certificate.subject)) return false;
  return verify("sha256", derOf(content!), certificate.x509.publicKey, contentOf(signature).subarray(1));
}
