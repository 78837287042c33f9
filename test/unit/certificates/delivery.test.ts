import { createPrivateKey } from "node:crypto";
import { type Material, deliveryOf } from "../../../provider/certificates/delivery";
import { keyPem } from "../../../provider/certificates/pem";
import { validityFrom } from "../../../provider/certificates/renewal";
import { issueRevocationList } from "../../../provider/certificates/revocation";
import { InputError } from "../../../provider/errors";
import { authority, bundleOf, leaf, now, rsaKey, someKey } from "./builders";
import { fileOf, openssl } from "./openssl";

const root = authority();
const below = authority({ subject: [{ type: "CN", value: "Below" }] }, root);
const cert = leaf(below);
const key = keyPem(someKey, "PKCS8");
const list = issueRevocationList({ revoked: [], number: 1, validity: validityFrom(now, 30) }, root, now);

function refusal(material: Material): string {
  try {
    deliveryOf(material);
  } catch (error) {
    if (error instanceof InputError) return error.message;
  }
  throw new Error("This was expected to be refused.");
}

describe("what is delivered", () => {
  it("is the texts alone, with their line ends, whatever stands around them", () => {
    const windows = (text: string): string => `Certificate:\r\n${text.replace(/\n/g, "\r\n")}\r\n`;
    const given = {
      ca: windows(bundleOf(below)),
      cert: windows(cert),
      key: windows(key),
      crl: windows(list),
    };
    expect(deliveryOf(given)).toEqual({
      ca: bundleOf(below),
      cert,
      key,
      crl: list,
      leaf: expect.anything() as object,
    });
  });

  it("is folders whose files openssl finds by their hash", () => {
    const { capath, crlpath } = deliveryOf({ capath: bundleOf(below), crlpath: list });
    const hash = (text: string): string => openssl("x509", "-hash", "-noout", "-in", fileOf(text)).trim();
    expect(Object.keys(capath!).sort()).toEqual(below.chain.map(({ pem }) => `${hash(pem)}.0`).sort());
    expect(crlpath).toEqual({ [`${hash(root.certificate.pem)}.r0`]: list });
  });

  it("numbers CAs of one name, as the old and the new one of a rotation may have", () => {
    const renewed = authority({ validityDays: 100 });
    const { capath } = deliveryOf({ capath: root.certificate.pem + renewed.certificate.pem });
    expect(Object.values(capath!)).toEqual([root.certificate.pem, renewed.certificate.pem]);
    expect(Object.keys(capath!).map((name) => name.slice(8))).toEqual([".0", ".1"]);
  });

  it("is a key in the form that it had, which yaSSL may need", () => {
    const old = keyPem(someKey, "PKCS1");
    expect(deliveryOf({ cert, key: old }).key).toBe(old);
  });

  it("is a key without its encryption, which no server could read", () => {
    const locked = someKey
      .export({ format: "pem", type: "pkcs8", cipher: "aes-256-cbc", passphrase: "open" })
      .toString();
    const { key: open } = deliveryOf({ cert, key: locked, keyPassphrase: "open" });
    expect(createPrivateKey(open!).equals(someKey)).toBe(true);
    expect(refusal({ cert, key: locked })).toContain("key: is encrypted");
    expect(refusal({ cert, key: locked, keyPassphrase: "shut" })).toContain(
      "key: cannot be read with this passphrase",
    );
  });
});

describe("what no server would take is refused:", () => {
  it.each<[string, Material, string]>([
    [
      "a key of another certificate",
      { cert, key: keyPem(rsaKey(), "PKCS8") },
      "key: is not the key of /CN=db1",
    ],
    [
      "a chain in the wrong order",
      { cert: below.certificate.pem + cert, key },
      "cert: its first certificate is /CN=Below, and the key is that of /CN=db1",
    ],
    ["no certificate", { ca: "a CA" }, "ca: holds no certificate"],
    ["no key", { key: cert }, "key: holds no private key"],
    ["no list", { crl: cert }, "crl: holds no revocation list"],
    [
      "a list that is cut off",
      { crl: list.slice(0, -40) },
      "crl: holds a revocation list that is cut off or no PEM text",
    ],
    [
      "a list that is none",
      { crlpath: "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n" },
      "crlpath: its revocation list 1 of 1 cannot be read",
    ],
    [
      "a certificate that is cut off",
      { cert: cert.slice(0, -40), key },
      "cert: holds a certificate that is cut off or no PEM text",
    ],
  ])("%s", (_, material, message) => {
    expect(refusal(material)).toContain(message);
    expect(refusal(material)).not.toContain(key.split("\n")[1]!);
  });
});
