import { constants, generateKeyPair, privateEncrypt, randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { md, pki } from "node-forge";

/** A certificate and its key, both PEM; the key as PKCS#1, which MySQL 5.7's yaSSL needs. */
export interface KeyPair {
  commonName: string;
  cert: string;
  key: string;
}

export type Authority = KeyPair;
export type Leaf = KeyPair;

export interface LeafOptions {
  commonName: string;
  /** DNS names it is valid for. */
  dns?: string[];
  /** IP addresses it is valid for. */
  ip?: string[];
  /** @default an hour ago */
  notBefore?: Date;
  /** @default in one year */
  notAfter?: Date;
}

const HOUR = 3_600_000;
const YEAR = 365 * 24 * HOUR;
const ORGANIZATION = "MySQL sandbox";
// RFC 8017, 9.2, note 1: the DER of DigestInfo in front of a SHA-256 hash.
const SHA256_DIGEST_INFO = Buffer.from("3031300d060960864801650304020105000420", "hex");
const newKey = promisify(generateKeyPair);

/** Makes a self-signed root; each has a key of its own, so another call is a foreign CA. */
export async function makeAuthority(commonName: string): Promise<Authority> {
  const key = await privateKey();
  const certificate = blank(key, commonName, { notAfter: new Date(Date.now() + 10 * YEAR) });
  certificate.setIssuer(certificate.subject.attributes);
  const own = certificate.generateSubjectKeyIdentifier().getBytes();
  certificate.setExtensions([
    { name: "basicConstraints", critical: true, cA: true },
    { name: "keyUsage", critical: true, keyCertSign: true, cRLSign: true },
    { name: "subjectKeyIdentifier" },
    { name: "authorityKeyIdentifier", keyIdentifier: own },
  ]);
  return sign(certificate, commonName, key, key);
}

/** Makes a leaf for server and client use, signed by `authority`. */
export async function makeLeaf(authority: Authority, options: LeafOptions): Promise<Leaf> {
  const issuer = pki.certificateFromPem(authority.cert);
  const key = await privateKey();
  const certificate = blank(key, options.commonName, options);
  certificate.setIssuer(issuer.subject.attributes);
  const names = [
    ...(options.dns ?? []).map((value) => ({ type: 2, value })),
    ...(options.ip ?? []).map((ip) => ({ type: 7, ip })),
  ];
  certificate.setExtensions([
    { name: "basicConstraints", critical: true, cA: false },
    { name: "keyUsage", critical: true, digitalSignature: true, keyEncipherment: true },
    { name: "extKeyUsage", serverAuth: true, clientAuth: true },
    { name: "subjectKeyIdentifier" },
    { name: "authorityKeyIdentifier", keyIdentifier: issuer.generateSubjectKeyIdentifier().getBytes() },
    ...(names.length > 0 ? [{ name: "subjectAltName", altNames: names }] : []),
  ]);
  return sign(certificate, options.commonName, key, authority.key);
}

/** Writes PEM text; for a file with a private key only its owner may read it. */
export function writePem(path: string, ...pem: string[]): string {
  const text = pem.map((part) => part.trim() + "\n").join("");
  const mode = text.includes("PRIVATE KEY") ? 0o600 : 0o644;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text, { mode });
  // The mode given to writeFile holds for a new file only.
  chmodSync(path, mode);
  return path;
}

async function privateKey(): Promise<string> {
  // Node's generator, since forge's own takes seconds.
  const { privateKey } = await newKey("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs1", format: "pem" },
  });
  return privateKey;
}

function blank(
  key: string,
  commonName: string,
  times: { notBefore?: Date; notAfter?: Date },
): pki.Certificate {
  const certificate = pki.createCertificate();
  const { n, e } = pki.privateKeyFromPem(key);
  certificate.publicKey = pki.setRsaPublicKey(n, e);
  // Positive, and unique without a register of serials.
  certificate.serialNumber = `01${randomBytes(15).toString("hex")}`;
  certificate.validity.notBefore = times.notBefore ?? new Date(Date.now() - HOUR);
  certificate.validity.notAfter = times.notAfter ?? new Date(Date.now() + YEAR);
  certificate.setSubject([
    { name: "organizationName", value: ORGANIZATION },
    { name: "commonName", value: commonName },
  ]);
  return certificate;
}

function sign(certificate: pki.Certificate, commonName: string, key: string, signingKey: string): KeyPair {
  const signer = { sign: (digest: md.MessageDigest) => pkcs1Signature(signingKey, digest) };
  certificate.sign(signer as unknown as pki.rsa.PrivateKey, md.sha256.create());
  return { commonName, cert: pki.certificateToPem(certificate), key };
}

/** Signs with Node, since forge's arithmetic takes a second for each signature inside jest. */
function pkcs1Signature(key: string, digest: md.MessageDigest): string {
  const hash = Buffer.from(digest.digest().getBytes(), "binary");
  const padding = constants.RSA_PKCS1_PADDING;
  return privateEncrypt({ key, padding }, Buffer.concat([SHA256_DIGEST_INFO, hash])).toString("binary");
}
