import { createHash } from "node:crypto";
import { type Node, childrenOf, contentOf, derOf, dottedOf, oid, primitive, sequence, setOf } from "./asn1";
import { type Kind, type NamePart, kinds, nameTypes, tags } from "./name-parts";

/** Others that OpenSSL knows, as they may stand in a foreign CA's name. */
const otherShortNames: Readonly<Record<string, string>> = {
  "2.5.4.9": "street",
  "2.5.4.13": "description",
  "2.5.4.15": "businessCategory",
  "2.5.4.16": "postalAddress",
  "2.5.4.17": "postalCode",
  "2.5.4.18": "postOfficeBox",
  "2.5.4.20": "telephoneNumber",
  "2.5.4.41": "name",
  "2.5.4.43": "initials",
  "2.5.4.44": "generationQualifier",
  "2.5.4.46": "dnQualifier",
  "2.5.4.65": "pseudonym",
  "2.5.4.97": "organizationIdentifier",
  "1.2.840.113549.1.9.2": "unstructuredName",
  "1.2.840.113549.1.9.8": "unstructuredAddress",
  "1.3.6.1.4.1.311.60.2.1.1": "jurisdictionL",
  "1.3.6.1.4.1.311.60.2.1.2": "jurisdictionST",
  "1.3.6.1.4.1.311.60.2.1.3": "jurisdictionC",
};

const shortNames: Readonly<Record<string, string>> = {
  ...otherShortNames,
  ...Object.fromEntries(nameTypes.map((type) => [kinds[type].oid, type])),
};

export function nameOf(parts: readonly NamePart[]): Node {
  return sequence(
    ...parts.map(({ type, value }) => {
      const { oid: id, tag = tags.UTF8 }: Kind = kinds[type];
      return setOf(sequence(oid(id), primitive(tag, Buffer.from(value, "utf8"))));
    }),
  );
}

/** Each part with whether it stands in one set with the part before it. */
function partsIn(name: Node): { id: string; value: Node; joined: boolean }[] {
  return childrenOf(name).flatMap((group) =>
    childrenOf(group).map((part, i) => {
      const [id, value] = childrenOf(part);
      return { id: dottedOf(id), value: value!, joined: i > 0 };
    }),
  );
}

/**
 * The name as OpenSSL 3 writes it in one line (X509_NAME_oneline), which is what REQUIRE SUBJECT and REQUIRE ISSUER are compared with,
 * byte for byte.
 */
export function oneLine(name: Node): string {
  return partsIn(name)
    .map(({ id, value, joined }) => `${joined ? "+" : "/"}${shortNames[id] ?? id}=${escaped(value)}`)
    .join("");
}

function escaped(value: Node): string {
  return [...contentOf(value)]
    .map((byte) => {
      if (byte < 0x20 || byte > 0x7e) return `\\x${byte.toString(16).toUpperCase().padStart(2, "0")}`;
      const character = String.fromCharCode(byte);
      return character === "/" || character === "+" ? `\\${character}` : character;
    })
    .join("");
}

/** What OpenSSL names the files of ssl_capath and ssl_crlpath by (X509_NAME_hash): eight hexadecimal digits. */
export function nameHash(name: Node): string {
  const digest = createHash("sha1").update(canonical(name)).digest();
  return digest.readUInt32LE(0).toString(16).padStart(8, "0");
}

/** Whether OpenSSL takes two names for one (X509_NAME_cmp). */
export function sameName(a: Node, b: Node): boolean {
  return canonical(a).equals(canonical(b));
}

function canonical(name: Node): Buffer {
  const groups = childrenOf(name).map((group) => {
    const parts = childrenOf(group).map((part) => {
      const [id, value] = childrenOf(part);
      return sequence(id!, canonicalText(value!));
    });
    return derOf(setOf(...parts.sort((a, b) => Buffer.compare(derOf(a), derOf(b)))));
  });
  return Buffer.concat(groups);
}

/** OpenSSL compares text without regard to its kind, its case and its white space, as far as these are ASCII. */
function canonicalText(value: Node): Node {
  const text = decoded(value.type, contentOf(value));
  if (text === undefined) return value;
  const plain = text
    .replace(/^[\t-\r ]+|[\t-\r ]+$/g, "")
    .replace(/[\t-\r ]+/g, " ")
    .replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  return primitive(tags.UTF8, Buffer.from(plain, "utf8"));
}

function decoded(tag: number, bytes: Buffer): string | undefined {
  switch (tag) {
    case tags.UTF8:
      return bytes.toString("utf8");
    case tags.PRINTABLE:
    case tags.IA5:
    case tags.T61:
    case tags.VISIBLE:
      return bytes.toString("latin1");
    case tags.BMP:
      return Buffer.from(bytes).swap16().toString("utf16le");
    case tags.UNIVERSAL:
      return Array.from({ length: bytes.length / 4 }, (_, i) =>
        String.fromCodePoint(bytes.readUInt32BE(i * 4)),
      ).join("");
    default:
      return undefined;
  }
}
