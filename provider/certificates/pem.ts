import { type KeyObject, createPrivateKey } from "node:crypto";
import { InputError } from "../errors";
import { type ReadCertificate, readCertificate } from "./read";

/** The form of a private key: yaSSL, in MySQL 5.7 before 5.7.28, reads PKCS1 alone. */
export type KeyFormat = "PKCS8" | "PKCS1";

/**
 * All certificates of a text, in their order. Line ends of Windows and what stands between the blocks, as `openssl x509 -text` writes
 * it, are left out; a block that is cut off or is no certificate is refused.
 */
export function certificatesIn(text: string, property: string): ReadCertificate[] {
  const blocks = blocksIn(text, "CERTIFICATE");
  const begun = text.match(/-----BEGIN (X509 |TRUSTED )?CERTIFICATE-----/g)?.length ?? 0;
  if (begun === 0)
    throw new InputError(property, "holds no certificate", 'PEM text: "-----BEGIN CERTIFICATE-----"');
  if (blocks.length !== begun)
    throw new InputError(property, "holds a certificate that is cut off or no PEM text");
  return blocks.map((der, i) => {
    try {
      return readCertificate(der);
    } catch {
      throw new InputError(property, `its certificate ${i + 1} of ${blocks.length} cannot be read`);
    }
  });
}

/** What stands in the blocks of a PEM text that have this label. */
export function blocksIn(text: string, label: string): Buffer[] {
  const block = new RegExp(
    `-----BEGIN ${label}-----\\s*([A-Za-z0-9+/=\\s]+?)\\s*-----END ${label}-----`,
    "g",
  );
  return [...text.matchAll(block)].map(([, base64]) => Buffer.from(base64!, "base64"));
}

/** The private key in a text. Errors never hold any of it. */
export function privateKeyIn(text: string, passphrase: string | undefined, property: string): KeyObject {
  const block = /-----BEGIN ([A-Z ]*)PRIVATE KEY-----[\s\S]*?-----END \1PRIVATE KEY-----/.exec(text);
  if (!block)
    throw new InputError(property, "holds no private key", 'PEM text: "-----BEGIN PRIVATE KEY-----"');
  const encrypted = block[1]!.startsWith("ENCRYPTED") || /^Proc-Type: 4,ENCRYPTED/m.test(block[0]);
  if (encrypted && passphrase === undefined)
    throw new InputError(
      property,
      "is encrypted",
      "declare its passphrase, or give the key without encryption",
    );
  const key = readKey(
    block[0].replace(/\r\n?/g, "\n"),
    encrypted ? passphrase : undefined,
    property,
    encrypted,
  );
  if (key.asymmetricKeyType !== "rsa")
    throw new InputError(
      property,
      `is no RSA key, but ${key.asymmetricKeyType ?? "another"}: only RSA is supported`,
    );
  const size = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (size < 2048) throw new InputError(property, `has ${size} bits; 2048 are the least`);
  return key;
}

function readKey(
  pem: string,
  passphrase: string | undefined,
  property: string,
  encrypted: boolean,
): KeyObject {
  try {
    return createPrivateKey(passphrase === undefined ? pem : { key: pem, passphrase });
  } catch {
    throw new InputError(property, encrypted ? "cannot be read with this passphrase" : "cannot be read");
  }
}

export function keyPem(key: KeyObject, format: KeyFormat): string {
  return key.export({ format: "pem", type: format === "PKCS1" ? "pkcs1" : "pkcs8" }).toString();
}
