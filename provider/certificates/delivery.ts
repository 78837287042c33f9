import { InputError } from "../errors";
import { capathFiles, joined } from "./authority";
import { type Node, childrenOf, parse, pemOf } from "./asn1";
import { hashedFiles } from "./hash-links";
import { nameHash, oneLine } from "./names";
import { type KeyFormat, blocksIn, certificatesIn, keyPem, privateKeyIn } from "./pem";
import type { ReadCertificate } from "./read";

/** What is to lie on a server's disk: PEM texts by the server option that takes them. */
export interface Material {
  readonly ca?: string | undefined;
  readonly capath?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly keyPassphrase?: string | undefined;
  readonly crl?: string | undefined;
  readonly crlpath?: string | undefined;
}

/** The same as servers read it: no line ends of Windows, nothing between the blocks, no encrypted key. */
export interface Delivery {
  readonly ca?: string;
  readonly capath?: Readonly<Record<string, string>>;
  readonly cert?: string;
  readonly key?: string;
  readonly crl?: string;
  readonly crlpath?: Readonly<Record<string, string>>;
  /** The first of `cert`. */
  readonly leaf?: ReadCertificate;
}

/** Refuses what a server would refuse when it loads the files. */
export function deliveryOf(material: Material): Delivery {
  const { ca, capath, cert, crl, crlpath } = material;
  const chain = cert === undefined ? undefined : certificatesIn(cert, "cert");
  return {
    ...(ca === undefined ? {} : { ca: joined(certificatesIn(ca, "ca")) }),
    ...(capath === undefined ? {} : { capath: capathFiles(certificatesIn(capath, "capath")) }),
    ...(chain === undefined ? {} : { cert: joined(chain), leaf: chain[0]! }),
    ...(material.key === undefined ? {} : { key: keyOf(material, chain) }),
    ...(crl === undefined
      ? {}
      : {
          crl: listsIn(crl, "crl")
            .map(({ pem }) => pem)
            .join(""),
        }),
    ...(crlpath === undefined ? {} : { crlpath: hashedFiles(listsIn(crlpath, "crlpath"), "crl") }),
  };
}

function keyOf({ key, keyPassphrase }: Material, chain: readonly ReadCertificate[] | undefined): string {
  const read = privateKeyIn(key!, keyPassphrase, "key");
  if (chain && !chain[0]!.x509.checkPrivateKey(read))
    throw otherKey(chain, (c) => c.x509.checkPrivateKey(read));
  // yaSSL reads PKCS#1 alone, so that whoever gave that form keeps it.
  const format: KeyFormat = key!.includes("-----BEGIN RSA PRIVATE KEY-----") ? "PKCS1" : "PKCS8";
  return keyPem(read, format);
}

function otherKey(chain: readonly ReadCertificate[], fits: (one: ReadCertificate) => boolean): InputError {
  const later = chain.find(fits);
  if (later)
    return new InputError(
      "cert",
      `its first certificate is ${oneLine(chain[0]!.subject)}, and the key is that of ${oneLine(later.subject)}`,
      "put the certificate of the key first",
    );
  return new InputError("key", `is not the key of ${oneLine(chain[0]!.subject)}`);
}

interface List {
  readonly pem: string;
  readonly hash: string;
}

/** All revocation lists of a text, with the hash of their issuers' names. */
function listsIn(text: string, property: string): List[] {
  const blocks = blocksIn(text, "X509 CRL");
  const begun = text.match(/-----BEGIN X509 CRL-----/g)?.length ?? 0;
  if (begun === 0)
    throw new InputError(property, "holds no revocation list", 'PEM text: "-----BEGIN X509 CRL-----"');
  if (blocks.length !== begun)
    throw new InputError(property, "holds a revocation list that is cut off or no PEM text");
  return blocks.map((der, i) => {
    try {
      return { pem: pemOf("X509 CRL", der), hash: nameHash(issuerOf(der)) };
    } catch {
      throw new InputError(property, `its revocation list ${i + 1} of ${blocks.length} cannot be read`);
    }
  });
}

/** RFC 5280, 5.1: version is left out in version 1; then algorithm and issuer. */
function issuerOf(der: Buffer): Node {
  const fields = childrenOf(childrenOf(parse(der))[0]);
  const INTEGER = 2;
  return fields[(fields[0]!.type as number) === INTEGER ? 2 : 1]!;
}
