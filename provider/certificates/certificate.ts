import type { KeyObject } from "node:crypto";
import { type Node, integer, sequence, tagged, time } from "./asn1";
import {
  type Usage,
  alternativeNames,
  authorityKey,
  basicConstraints,
  extensions,
  subjectKey,
  usesOf,
} from "./extensions";
import { type Issuer, requireFit } from "./issuer";
import type { NamePart } from "./name-parts";
import { nameOf } from "./names";
import { keyIdentifierOf } from "./read";
import { type Validity, validityFrom } from "./renewal";
import { algorithm, newSerial, publicPart, signed } from "./signing";

/** A server's or a client's certificate, defaults applied. */
export interface CertificateWish {
  readonly subject: readonly NamePart[];
  readonly usage: Usage;
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
  readonly validityDays: number;
}

/** The certificate of `key` as PEM; refused where it could not be verified. */
export function issueCertificate(wish: CertificateWish, issuer: Issuer, key: KeyObject, now: number): string {
  const validity = validityFrom(now, wish.validityDays);
  requireFit(issuer, { kind: "certificate", now, notAfter: validity.notAfter }, "issuer");
  return certify({
    subject: nameOf(wish.subject),
    issuer: issuer.certificate.subject,
    issuerKey: issuer.certificate.keyIdentifier,
    signer: issuer.key,
    key,
    validity,
    extensions: [
      basicConstraints(false),
      ...usesOf(wish.usage),
      ...alternativeNames(wish.dnsNames, wish.ipAddresses),
    ],
  });
}

export interface Content {
  subject: Node;
  issuer: Node;
  /** The key identifier of the issuer; the certificate's own where it signs itself. */
  issuerKey: Buffer | undefined;
  signer: KeyObject;
  key: KeyObject;
  validity: Validity;
  extensions: readonly Node[];
}

/** A certificate of version 3, as PEM. */
export function certify(content: Content): string {
  const publicKey = publicPart(content.key);
  const identifier = keyIdentifierOf(publicKey);
  const { notBefore, notAfter } = content.validity;
  const version3 = tagged(0, integer("02"));
  const whole = sequence(
    version3,
    integer(newSerial()),
    algorithm(),
    content.issuer,
    sequence(time(notBefore), time(notAfter)),
    content.subject,
    publicKey,
    extensions(
      3,
      ...content.extensions,
      subjectKey(identifier),
      authorityKey(content.issuerKey ?? identifier),
    ),
  );
  return signed("CERTIFICATE", whole, content.signer);
}
