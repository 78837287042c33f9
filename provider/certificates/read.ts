import { X509Certificate, createHash } from "node:crypto";
import { type Node, childrenOf, contentOf, derOf, dottedOf, hasTag, parse, pemOf } from "./asn1";
import type { Validity } from "./renewal";

/** What this package needs to know of a certificate, its own or a foreign one. */
export interface ReadCertificate extends Validity {
  readonly pem: string;
  readonly x509: X509Certificate;
  readonly subject: Node;
  readonly issuer: Node;
  readonly serialNumber: string;
  /** basicConstraints. */
  readonly authority: boolean;
  readonly pathLength: number | undefined;
  /** keyUsage; a certificate without it may do everything. */
  readonly signsCertificates: boolean;
  readonly signsLists: boolean;
  /** The first eight bits of keyUsage; all are set where there is none. */
  readonly uses: number;
  /** All of them, by their dotted names. */
  readonly extensions: ReadonlyMap<string, Extension>;
  /** Of version 1 there are no extensions. */
  readonly version1: boolean;
  /** Dotted name of the algorithm of its signature. */
  readonly signatureAlgorithm: string;
  /** What its issuer's subjectKeyIdentifier is called in what it signs. */
  readonly keyIdentifier: Buffer;
}

export interface Extension {
  readonly critical: boolean;
  readonly value: Node;
}

export const ids = {
  keyIdentifier: "2.5.29.14",
  keyUsage: "2.5.29.15",
  alternativeNames: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  nameConstraints: "2.5.29.30",
  authorityKey: "2.5.29.35",
  extendedKeyUsage: "2.5.29.37",
};

/** Throws where it is no certificate. */
export function readCertificate(der: Buffer): ReadCertificate {
  const x509 = new X509Certificate(der);
  const [tbs] = childrenOf(parse(x509.raw));
  const all = childrenOf(tbs);
  const fields = all.filter((field) => !hasTag(field, 0));
  const holder = fields.find((field) => hasTag(field, 3));
  const extensions = holder ? extensionsIn(childrenOf(holder)[0]) : new Map<string, Extension>();
  const constraints = extensions.get(ids.basicConstraints)?.value;
  const usage = extensions.get(ids.keyUsage)?.value;
  const uses = usage === undefined ? 0xff : (contentOf(usage)[1] ?? 0);
  const identifier = extensions.get(ids.keyIdentifier)?.value;
  return {
    pem: pemOf("CERTIFICATE", x509.raw),
    x509,
    subject: fields[4]!,
    issuer: fields[2]!,
    serialNumber: plainSerial(x509.serialNumber),
    notBefore: new Date(x509.validFrom),
    notAfter: new Date(x509.validTo),
    authority: x509.ca,
    pathLength: constraints && pathLengthIn(constraints),
    signsCertificates: (uses & 0x04) !== 0,
    signsLists: (uses & 0x02) !== 0,
    uses,
    extensions,
    version1: all.length === fields.length,
    signatureAlgorithm: dottedOf(childrenOf(fields[1])[0]),
    keyIdentifier: identifier ? contentOf(identifier) : keyIdentifierOf(fields[5]!),
  };
}

/** Of a certificate or a revocation list. */
export function extensionsIn(all: Node | undefined): Map<string, Extension> {
  return new Map(
    childrenOf(all).map((extension) => {
      const parts = childrenOf(extension);
      return [dottedOf(parts[0]), { critical: parts.length > 2, value: parse(contentOf(parts.at(-1))) }];
    }),
  );
}

function pathLengthIn(constraints: Node): number | undefined {
  const length = childrenOf(constraints).find((part) => (part.type as number) === 2);
  return length && contentOf(length).readUIntBE(0, contentOf(length).length);
}

/** RFC 5280, 4.2.1.2, method 1: SHA-1 of the bits of the public key, from its SubjectPublicKeyInfo. */
export function keyIdentifierOf(publicKey: Node): Buffer {
  return createHash("sha1")
    .update(contentOf(childrenOf(publicKey)[1]).subarray(1))
    .digest();
}

/** Hexadecimal digits as this package writes them: small, whole bytes, no leading zeros. */
export function plainSerial(text: string): string {
  const digits = text
    .replace(/^0x/i, "")
    .replace(/[:\s]/g, "")
    .toLowerCase()
    .replace(/^0+(?=.)/, "");
  return digits.length % 2 === 0 ? digits : `0${digits}`;
}

export function sameDer(a: Node, b: Node): boolean {
  return derOf(a).equals(derOf(b));
}

/** A root, or any other that is its own issuer. */
export function isSelfIssued(certificate: ReadCertificate): boolean {
  return sameDer(certificate.subject, certificate.issuer);
}

/** Whether both are the same CA to those who verify: one name, one key. A renewed CA is the same. */
export function sameAuthority(a: ReadCertificate, b: ReadCertificate): boolean {
  return sameDer(a.subject, b.subject) && a.x509.publicKey.equals(b.x509.publicKey);
}
