import type { KeyObject } from "node:crypto";
import { InputError } from "../errors";
import { oneLine } from "./names";
import { certificatesIn, privateKeyIn } from "./pem";
import { type ReadCertificate, isSelfIssued, sameAuthority, sameDer } from "./read";

/** A CA as it is declared: PEM texts. */
export interface IssuerMaterial {
  readonly certificate: string;
  readonly privateKey: string;
  readonly passphrase?: string | undefined;
  readonly trustBundle?: string | undefined;
}

/** A CA that can sign. */
export interface Issuer {
  readonly certificate: ReadCertificate;
  readonly key: KeyObject;
  /** Its own certificate, the one above it, and so on as far as is known. */
  readonly chain: readonly ReadCertificate[];
  /** Others with the name of one in the chain and another key: it, or one above it, is being rotated. */
  readonly namesakes: readonly ReadCertificate[];
}

/** Reads what is declared under `property`. What cannot be right at any time is refused here. */
export function readIssuer(
  material: IssuerMaterial,
  property: string,
  names = { certificate: "certificate", privateKey: "privateKey" },
): Issuer {
  const ofCertificate = `${property}.${names.certificate}`;
  const ofKey = `${property}.${names.privateKey}`;
  const given = certificatesIn(material.certificate, ofCertificate);
  const key = privateKeyIn(material.privateKey, material.passphrase, ofKey);
  const certificate = given.find(({ x509 }) => x509.checkPrivateKey(key));
  if (!certificate)
    throw new InputError(
      ofKey,
      `is not the key of ${given.map(({ subject }) => oneLine(subject)).join(" or ")}`,
    );
  requireAuthority(certificate, ofCertificate);
  const bundle =
    material.trustBundle === undefined ? [] : certificatesIn(material.trustBundle, `${property}.trustBundle`);
  const chain = chainFrom(certificate, [...given, ...bundle]);
  return { certificate, key, chain, namesakes: namesakesOf(chain, bundle) };
}

function namesakesOf(
  chain: readonly ReadCertificate[],
  bundle: readonly ReadCertificate[],
): ReadCertificate[] {
  return bundle.filter(
    (one) =>
      one.authority &&
      chain.some((other) => sameDer(other.subject, one.subject)) &&
      !chain.some((other) => sameAuthority(other, one)),
  );
}

function requireAuthority(
  { authority, signsCertificates, subject }: ReadCertificate,
  property: string,
): void {
  if (!authority)
    throw new InputError(property, `${oneLine(subject)} is no CA: its basicConstraints do not say so`);
  if (!signsCertificates)
    throw new InputError(
      property,
      `${oneLine(subject)} may not sign certificates: its keyUsage lacks keyCertSign`,
    );
}

/** From a certificate upwards, through those at hand, to its root or to where the next one is missing. */
export function chainFrom(start: ReadCertificate, pool: readonly ReadCertificate[]): ReadCertificate[] {
  const chain = [start];
  for (;;) {
    const last = chain.at(-1)!;
    const above = isSelfIssued(last) ? undefined : pool.find((other) => signed(other, last));
    if (!above || chain.includes(above)) return chain;
    chain.push(above);
  }
}

/** Whether `issuer` made `certificate`, by name and by signature. */
export function signed(issuer: ReadCertificate, certificate: ReadCertificate): boolean {
  return sameDer(issuer.subject, certificate.issuer) && certificate.x509.verify(issuer.x509.publicKey);
}

/** What an issuer is to sign. */
export interface Purpose {
  readonly kind: "certificate" | "authority" | "list";
  /** Milliseconds. */
  readonly now: number;
  readonly notAfter: Date;
}

/** Refuses what a verifier would refuse later, on every server at once. */
export function requireFit(issuer: Issuer, purpose: Purpose, property: string): void {
  requirePathLength(issuer.chain, purpose.kind, property);
  if (purpose.kind === "list" && !issuer.certificate.signsLists)
    throw new InputError(
      property,
      `${oneLine(issuer.certificate.subject)} may not sign revocation lists: its keyUsage lacks cRLSign`,
    );
  requireValid(issuer, purpose.now, property);
  if (purpose.kind !== "list") for (const above of issuer.chain) requireOutliving(above, purpose);
}

function requirePathLength(chain: readonly ReadCertificate[], kind: Purpose["kind"], property: string): void {
  const more = kind === "authority" ? 1 : 0;
  chain.forEach(({ subject, pathLength }, below) => {
    if (pathLength !== undefined && below + more > pathLength)
      throw new InputError(
        property,
        `${oneLine(subject)} has the path length ${pathLength}: there may be no more than ${pathLength} CAs below it`,
        kind === "authority" ? "give that CA a pathLength that allows it" : undefined,
      );
  });
}

/** Refuses a CA, or one above it, that has ended or has not begun. */
export function requireValid({ chain }: Issuer, now: number, property: string): void {
  for (const { subject, notBefore, notAfter } of chain) {
    const name = oneLine(subject);
    if (now > notAfter.getTime())
      throw new InputError(property, `${name} expired on ${notAfter.toISOString()}`, "renew that CA first");
    if (now < notBefore.getTime())
      throw new InputError(
        property,
        `${name} is not valid before ${notBefore.toISOString()}`,
        "see that the clocks are right",
      );
  }
}

function requireOutliving(above: ReadCertificate, { now, notAfter }: Purpose): void {
  if (notAfter <= above.notAfter) return;
  const days = Math.floor((above.notAfter.getTime() - now) / (24 * 3_600_000));
  const ends = `${oneLine(above.subject)} expires on ${above.notAfter.toISOString()}`;
  throw new InputError(
    "validityDays",
    `would last until ${notAfter.toISOString()}, and ${ends}`,
    days > 0 ? `at most ${days} days, or renew that CA first` : "renew that CA first",
  );
}
