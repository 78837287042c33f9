import type { KeyObject } from "node:crypto";
import { InputError } from "../errors";
import { certify } from "./certificate";
import { basicConstraints, keyUsage } from "./extensions";
import { type HashedFile, hashedFiles } from "./hash-links";
import { type Issuer, chainFrom, requireFit } from "./issuer";
import type { NamePart } from "./name-parts";
import { nameHash, nameOf, oneLine } from "./names";
import { type ReadCertificate, isSelfIssued } from "./read";
import { validityFrom } from "./renewal";

/** A CA of ours, defaults applied. */
export interface AuthorityWish {
  readonly subject: readonly NamePart[];
  readonly validityDays: number;
  /** How many CAs may stand below it. */
  readonly pathLength: number | undefined;
}

/** The certificate of a CA with this key, as PEM: its own issuer, unless there is one. */
export function issueAuthority(
  wish: AuthorityWish,
  issuer: Issuer | undefined,
  key: KeyObject,
  now: number,
): string {
  const validity = validityFrom(now, wish.validityDays);
  if (issuer) requireFit(issuer, { kind: "authority", now, notAfter: validity.notAfter }, "issuer");
  const subject = nameOf(wish.subject);
  return certify({
    subject,
    issuer: issuer?.certificate.subject ?? subject,
    issuerKey: issuer?.certificate.keyIdentifier,
    signer: issuer?.key ?? key,
    key,
    validity,
    extensions: [basicConstraints(true, wish.pathLength), keyUsage("keyCertSign", "cRLSign")],
  });
}

/** What servers must trust for this CA: its certificate and all above it. A verifier needs the root. */
export function trustChain(
  certificate: ReadCertificate,
  others: readonly ReadCertificate[],
  property: string,
): ReadCertificate[] {
  const chain = chainFrom(certificate, others);
  const last = chain.at(-1)!;
  if (isSelfIssued(last)) return chain;
  throw new InputError(
    property,
    `must hold the CAs up to the root: ${oneLine(last.issuer)}, which issued ${oneLine(last.subject)}, is missing`,
  );
}

/** What a server sends beside its certificate: all CAs but the root, which the other side has. */
export function intermediates(issuer: Issuer): ReadCertificate[] {
  return issuer.chain.filter((certificate) => !isSelfIssued(certificate));
}

export function joined(certificates: readonly ReadCertificate[]): string {
  return certificates.map(({ pem }) => pem).join("");
}

/** A trust bundle as a folder for ssl_capath. */
export function capathFiles(certificates: readonly ReadCertificate[]): Record<string, string> {
  const files = certificates.map(({ subject, pem }): HashedFile => ({ hash: nameHash(subject), pem }));
  return hashedFiles(files, "ca");
}
