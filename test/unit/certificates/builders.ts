import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { type AuthorityWish, issueAuthority } from "../../../provider/certificates/authority";
import { type CertificateWish, issueCertificate } from "../../../provider/certificates/certificate";
import { type Issuer, readIssuer } from "../../../provider/certificates/issuer";
import { keyPem } from "../../../provider/certificates/pem";
import { certificatesIn } from "../../../provider/certificates/pem";
import type { ReadCertificate } from "../../../provider/certificates/read";

export const now = Date.parse("2026-06-15T12:00:00.500Z");
export const day = 24 * 3_600_000;

/** Of RSA, as all that this package makes. */
export const rsaKey = (bits = 2048): KeyObject =>
  generateKeyPairSync("rsa", { modulusLength: bits }).privateKey;

/** One for all that need no key of their own. */
export const someKey = rsaKey();

export const authorityWish = (given: Partial<AuthorityWish> = {}): AuthorityWish => ({
  subject: [
    { type: "O", value: "Example" },
    { type: "CN", value: "Example CA" },
  ],
  validityDays: 3650,
  pathLength: undefined,
  ...given,
});

export const leafWish = (given: Partial<CertificateWish> = {}): CertificateWish => ({
  subject: [{ type: "CN", value: "db1" }],
  usage: "both",
  dnsNames: ["db1.example"],
  ipAddresses: ["10.0.0.1"],
  validityDays: 365,
  ...given,
});

/** A CA that can sign: a root, or one below `above`. */
export function authority(given: Partial<AuthorityWish> = {}, above?: Issuer, at = now): Issuer {
  const key = above ? rsaKey() : someKey;
  const certificate = issueAuthority(authorityWish(given), above, key, at);
  const trustBundle = certificate + (above?.chain ?? []).map(({ pem }) => pem).join("");
  return readIssuer({ certificate, privateKey: keyPem(key, "PKCS8"), trustBundle }, "issuer");
}

export function leaf(issuer: Issuer, given: Partial<CertificateWish> = {}, at = now): string {
  return issueCertificate(leafWish(given), issuer, someKey, at);
}

export const bundleOf = (issuer: Issuer): string => issuer.chain.map(({ pem }) => pem).join("");

export const read = (pem: string): ReadCertificate => certificatesIn(pem, "certificate")[0]!;
