import type { asn1 as Forge } from "node-forge";

// The rest of forge takes seven times as long to load, and its RSA is far slower than Node's.
// eslint-disable-next-line @typescript-eslint/no-require-imports -- @types/node-forge knows no single modules
const asn1 = require("node-forge/lib/asn1") as typeof Forge;

/** A value of ASN.1. */
export type Node = Forge.Asn1;

const { Class, Type } = asn1;

/** forge's bytes are strings of one character a byte. */
const raw = (bytes: Buffer): string => bytes.toString("latin1");

/** forge itself writes BMPSTRING in UTF-16, from and to a text. */
const BMPSTRING = 30;

export const primitive = (type: number, bytes: Buffer): Node =>
  asn1.create(Class.UNIVERSAL, type, false, type === BMPSTRING ? utf16(bytes) : raw(bytes));

const utf16 = (bytes: Buffer): string => Buffer.from(bytes).swap16().toString("utf16le");

export const sequence = (...parts: Node[]): Node => asn1.create(Class.UNIVERSAL, Type.SEQUENCE, true, parts);

export const setOf = (...parts: Node[]): Node => asn1.create(Class.UNIVERSAL, Type.SET, true, parts);

/** [tag] EXPLICIT. */
export const tagged = (tag: number, ...parts: Node[]): Node =>
  asn1.create(Class.CONTEXT_SPECIFIC, tag, true, parts);

/** [tag] IMPLICIT, of a value that holds no other. */
export const implicit = (tag: number, bytes: Buffer): Node =>
  asn1.create(Class.CONTEXT_SPECIFIC, tag, false, raw(bytes));

export const oid = (dotted: string): Node =>
  primitive(Type.OID, Buffer.from(asn1.oidToDer(dotted).getBytes(), "latin1"));

export const octets = (bytes: Buffer): Node => primitive(Type.OCTETSTRING, bytes);

/** A whole number of bytes as a BIT STRING. */
export const bits = (bytes: Buffer): Node =>
  primitive(Type.BITSTRING, Buffer.concat([Buffer.from([0]), bytes]));

/** A positive INTEGER from its digits in hexadecimal. */
export function integer(hex: string): Node {
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex");
  const negative = (bytes[0] ?? 0) >= 0x80;
  return primitive(Type.INTEGER, negative ? Buffer.concat([Buffer.from([0]), bytes]) : bytes);
}

/** RFC 5280, 4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050 on. */
export function time(date: Date): Node {
  const long = date.getUTCFullYear() >= 2050 || date.getUTCFullYear() < 1950;
  const text = long ? asn1.dateToGeneralizedTime(date) : asn1.dateToUtcTime(date);
  return primitive(long ? Type.GENERALIZEDTIME : Type.UTCTIME, Buffer.from(text, "latin1"));
}

/** What `time` has made, or another one has. */
export function dateOf(node: Node | undefined): Date {
  const text = contentOf(node).toString("latin1");
  return isTime(node, Type.UTCTIME) ? asn1.utcTimeToDate(text) : asn1.generalizedTimeToDate(text);
}

export function isDate(node: Node | undefined): boolean {
  return isTime(node, Type.UTCTIME) || isTime(node, Type.GENERALIZEDTIME);
}

function isTime(node: Node | undefined, type: number): boolean {
  return node?.tagClass === Class.UNIVERSAL && (node.type as number) === type;
}

export function derOf(node: Node): Buffer {
  return Buffer.from(asn1.toDer(node).getBytes(), "latin1");
}

export function parse(der: Buffer): Node {
  // forge would take the content of a BIT STRING for ASN.1 wherever it happens to look like it.
  const options = { decodeBitStrings: false } as unknown as boolean;
  return asn1.fromDer(raw(der), options);
}

export function childrenOf(node: Node | undefined): readonly Node[] {
  if (!Array.isArray(node?.value)) throw new Error("not a constructed value");
  return node.value;
}

export function contentOf(node: Node | undefined): Buffer {
  if (typeof node?.value !== "string") throw new Error("not a primitive value");
  const isUtf16 = (node.type as number) === BMPSTRING;
  return isUtf16 ? Buffer.from(node.value, "utf16le").swap16() : Buffer.from(node.value, "latin1");
}

export function dottedOf(node: Node | undefined): string {
  return asn1.derToOid(raw(contentOf(node)));
}

/** Whether it is [tag]. */
export function hasTag(node: Node | undefined, tag: number): boolean {
  return node?.tagClass === Class.CONTEXT_SPECIFIC && (node.type as number) === tag;
}

export function pemOf(label: string, der: Buffer): string {
  const lines = der.toString("base64").replace(/.{1,64}/g, "$&\n");
  return `-----BEGIN ${label}-----\n${lines}-----END ${label}-----\n`;
}
