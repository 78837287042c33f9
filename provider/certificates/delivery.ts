import { InputError } from "../errors";
import { capathFiles, joined } from "./authority";
import { type HashedFile, hashedFiles } from "./hash-links";
import { nameHash, oneLine } from "./names";
import { type KeyFormat, certificatesIn, keyPem, privateKeyIn } from "./pem";
import type { ReadCertificate } from "./read";
import { listsIn } from "./read-list";

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
    ...(crlpath === undefined ? {} : { crlpath: hashedFiles(hashedLists(crlpath), "crl") }),
  };
}

function hashedLists(text: string): HashedFile[] {
  return listsIn(text, "crlpath").map(({ pem, issuer }) => ({ hash: nameHash(issuer), pem }));
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
