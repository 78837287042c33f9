import { type KeyObject, verify } from "node:crypto";
import { InputError } from "../errors";
import {
  type Node,
  childrenOf,
  contentOf,
  dateOf,
  derOf,
  dottedOf,
  hasTag,
  isDate,
  parse,
  pemOf,
} from "./asn1";
import { blocksIn } from "./pem";
import { type Extension, extensionsIn, ids, plainSerial } from "./read";

/** What this package needs to know of a revocation list, its own or a foreign one. */
export interface ReadList {
  readonly pem: string;
  readonly issuer: Node;
  readonly thisUpdate: Date;
  /** Without it the list never ends. */
  readonly nextUpdate: Date | undefined;
  readonly serialNumbers: ReadonlySet<string>;
  readonly authorityKey: Node | undefined;
  /** It is of a kind that is not judged here: of one distribution point, indirect, or only what is new. */
  readonly unusual: boolean;
  readonly content: Buffer;
  readonly signatureAlgorithm: string;
  readonly signature: Buffer;
}

/** All revocation lists of a text, in their order. */
export function listsIn(text: string, property: string): ReadList[] {
  const blocks = blocksIn(text, "X509 CRL");
  const begun = text.match(/-----BEGIN X509 CRL-----/g)?.length ?? 0;
  if (begun === 0)
    throw new InputError(property, "holds no revocation list", 'PEM text: "-----BEGIN X509 CRL-----"');
  if (blocks.length !== begun)
    throw new InputError(property, "holds a revocation list that is cut off or no PEM text");
  return blocks.map((der, i) => {
    try {
      return readList(der);
    } catch {
      throw new InputError(property, `its revocation list ${i + 1} of ${blocks.length} cannot be read`);
    }
  });
}

function readList(der: Buffer): ReadList {
  const [content, algorithm, signature] = childrenOf(parse(der));
  const fields = childrenOf(content);
  const INTEGER = 2;
  // RFC 5280, 5.1: version is left out in version 1; then algorithm, issuer, and the times.
  const rest = (fields[0]!.type as number) === INTEGER ? fields.slice(2) : fields.slice(1);
  const [issuer, thisUpdate, ...after] = rest;
  const nextUpdate = isDate(after[0]) ? after.shift() : undefined;
  const holder = after.find((field) => hasTag(field, 0));
  const entries = after.filter((field) => field !== holder).flatMap((list) => childrenOf(list));
  const all = holder ? extensionsIn(childrenOf(holder)[0]) : new Map<string, Extension>();
  return {
    pem: pemOf("X509 CRL", der),
    issuer: issuer!,
    thisUpdate: dateOf(thisUpdate),
    nextUpdate: nextUpdate && dateOf(nextUpdate),
    serialNumbers: new Set(entries.map((e) => plainSerial(contentOf(childrenOf(e)[0]).toString("hex")))),
    authorityKey: all.get(ids.authorityKey)?.value,
    unusual: [...all.values()].some(({ critical }) => critical),
    content: derOf(content!),
    signatureAlgorithm: dottedOf(childrenOf(algorithm)[0]),
    signature: contentOf(signature).subarray(1),
  };
}

/** Digests of the signatures that are known here, RSA and ECDSA. */
const digests: Readonly<Record<string, string>> = {
  "1.2.840.113549.1.1.11": "sha256",
  "1.2.840.113549.1.1.12": "sha384",
  "1.2.840.113549.1.1.13": "sha512",
  "1.2.840.10045.4.3.2": "sha256",
  "1.2.840.10045.4.3.3": "sha384",
  "1.2.840.10045.4.3.4": "sha512",
};

/** Whether this key has signed the list; undefined where the kind of signature is not known here. */
export function isSignedBy(list: ReadList, key: KeyObject): boolean | undefined {
  const digest = digests[list.signatureAlgorithm];
  return digest === undefined ? undefined : verify(digest, list.content, key, list.signature);
}
