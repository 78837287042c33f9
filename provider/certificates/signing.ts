import {
  type KeyObject,
  createPublicKey,
  generateKeyPair,
  randomBytes,
  sign as signBytes,
} from "node:crypto";
import { promisify } from "node:util";
import { type Node, bits, derOf, oid, parse, pemOf, primitive, sequence } from "./asn1";

const newPair = promisify(generateKeyPair);

/** A key of RSA, by Node's own generator: forge's takes seconds. */
export async function newKey(bitCount: number): Promise<KeyObject> {
  const { privateKey } = await newPair("rsa", { modulusLength: bitCount });
  return privateKey;
}

/** SubjectPublicKeyInfo of a private key. */
export function publicPart(key: KeyObject): Node {
  return parse(createPublicKey(key).export({ format: "der", type: "spki" }));
}

/** 128 random bits; the byte before them keeps the number positive and its length the same. */
export function newSerial(): string {
  return `01${randomBytes(16).toString("hex")}`;
}

/** sha256WithRSAEncryption, which all servers from 5.7 on verify. */
export const algorithm = (): Node => sequence(oid("1.2.840.113549.1.1.11"), primitive(5, Buffer.alloc(0)));

/** What is to be signed, its algorithm and its signature, as PEM: a certificate, or a revocation list. */
export function signed(label: "CERTIFICATE" | "X509 CRL", content: Node, key: KeyObject): string {
  const signature = signBytes("sha256", derOf(content), key);
  return pemOf(label, derOf(sequence(content, algorithm(), bits(signature))));
}
