import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { InputError } from "../../../provider/errors";
import { certificatesIn, keyPem, privateKeyIn } from "../../../provider/certificates/pem";
import { plainSerial } from "../../../provider/certificates/read";
import { authority, leaf, someKey } from "./builders";
import { fileOf, openssl, told } from "./openssl";

const root = authority();
const [first, second] = [root.certificate.pem, leaf(root)];

function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof InputError) return error.message.split("\n")[0]!;
    throw error;
  }
  throw new Error("this was expected to be refused");
}

describe("certificates in a text", () => {
  const found = (text: string): string[] => certificatesIn(text, "x").map(({ pem }) => pem);

  it.each([
    ["one", first, [first]],
    ["several, in their order", second + first, [second, first]],
    ["with the line ends of Windows", (first + second).replace(/\n/g, "\r\n"), [first, second]],
    [
      "with what openssl writes around them",
      `${told(first, "-text")}\n${first}# end\n${second}`,
      [first, second],
    ],
    ["with no line end at the end", first.trimEnd(), [first]],
    ["in long lines", first.replace(/([A-Za-z0-9+/]{64})\n/g, "$1"), [first]],
    ["with spaces around their lines", first.replace(/\n/g, " \n  "), [first]],
  ])("are found: %s", (_, text, expected) => {
    expect(found(text)).toEqual(expected);
  });

  it.each([
    ["an empty text", "", "holds no certificate"],
    ["garbage", "garbage", "holds no certificate"],
    ["a path", "/etc/mysql/ca.pem", "holds no certificate"],
    ["a private key", keyPem(someKey, "PKCS8"), "holds no certificate"],
    ["one that is cut off", first.slice(0, 400), "holds a certificate that is cut off or no PEM text"],
    [
      "a second that is cut off",
      first + second.slice(0, 400),
      "holds a certificate that is cut off or no PEM text",
    ],
    [
      "foreign characters within",
      first.replace(/\n(.)/, "\n!$1"),
      "holds a certificate that is cut off or no PEM text",
    ],
    ["a changed length", first.replace("MII", "MIA"), "its certificate 1 of 1 cannot be read"],
    [
      "half of its content",
      first.replace(/(.{64}\n){6}(?=.*\n-----END)/, ""),
      "its certificate 1 of 1 cannot be read",
    ],
  ])("are refused: %s", (_, text, why) => {
    expect(refusal(() => certificatesIn(text, "x"))).toBe(`[GR001] x: ${why}`);
  });
});

describe("a private key in a text", () => {
  const parse = (text: string, passphrase?: string): KeyObject => privateKeyIn(text, passphrase, "x");
  const same = (key: KeyObject): boolean => key.equals(someKey);
  const plain = { PKCS8: keyPem(someKey, "PKCS8"), PKCS1: keyPem(someKey, "PKCS1") };
  const encrypted = (format: "pkcs8" | "pkcs1"): string =>
    someKey
      .export({ format: "pem", type: format, cipher: "aes-256-cbc", passphrase: "open sesame" })
      .toString();

  it.each([
    ["PKCS#8", plain.PKCS8],
    ["PKCS#1", plain.PKCS1],
    ["with the line ends of Windows", plain.PKCS1.replace(/\n/g, "\r\n")],
    ["after a certificate", first + plain.PKCS8],
  ])("is found: %s", (_, text) => {
    expect(same(parse(text))).toBe(true);
  });

  it.each(["pkcs8", "pkcs1"] as const)("is read with its passphrase: %s", (format) => {
    expect(same(parse(encrypted(format), "open sesame"))).toBe(true);
    expect(same(parse(encrypted(format).replace(/\n/g, "\r\n"), "open sesame"))).toBe(true);
  });

  it("needs no passphrase where it is not encrypted, and may have one", () => {
    expect(same(parse(plain.PKCS8, "open sesame"))).toBe(true);
  });

  const pem = (type: "ec" | "rsa", bits: number): string =>
    (type === "ec"
      ? generateKeyPairSync("ec", { namedCurve: "P-256" })
      : generateKeyPairSync("rsa", { modulusLength: bits })
    ).privateKey
      .export({ format: "pem", type: "pkcs8" })
      .toString();

  it.each([
    ["encrypted, without a passphrase", encrypted("pkcs8"), undefined, "is encrypted"],
    ["encrypted in the old way, without a passphrase", encrypted("pkcs1"), undefined, "is encrypted"],
    ["with another passphrase", encrypted("pkcs8"), "sesame", "cannot be read with this passphrase"],
    ["a certificate", first, undefined, "holds no private key"],
    ["cut off", plain.PKCS8.slice(0, 300), undefined, "holds no private key"],
    ["damaged", plain.PKCS8.replace(/\n[A-Za-z0-9+/]{64}/, ""), undefined, "cannot be read"],
    ["of an elliptic curve", pem("ec", 0), undefined, "is no RSA key, but ec: only RSA is supported"],
    ["too short", pem("rsa", 1024), undefined, "has 1024 bits; 2048 are the least"],
  ])("is refused: %s", (_, text, passphrase, why) => {
    const message = refusal(() => parse(text, passphrase));
    expect(message).toBe(`[GR001] x: ${why}`);
  });

  it("is never in the refusal", () => {
    for (const text of [encrypted("pkcs8"), plain.PKCS8.replace(/\n[A-Za-z0-9+/]{64}/, "")]) {
      const secret = text.split("\n")[2]!;
      expect(() => parse(text, "sesame")).toThrow(
        expect.not.objectContaining({ message: expect.stringContaining(secret) }),
      );
    }
  });
});

describe("a key that is written", () => {
  it.each([
    ["PKCS8", "-----BEGIN PRIVATE KEY-----"],
    ["PKCS1", "-----BEGIN RSA PRIVATE KEY-----"],
  ] as const)("as %s is read by openssl", (format, head) => {
    const text = keyPem(someKey, format);
    expect(text.split("\n")[0]).toBe(head);
    expect(openssl("rsa", "-in", fileOf(text), "-check", "-noout")).toBe("RSA key ok\n");
  });
});

describe("a serial number", () => {
  it.each([
    ["01AA", "01aa"],
    ["0x1aa", "01aa"],
    ["00:FF:00", "ff00"],
    ["0", "00"],
    ["f", "0f"],
  ])("%s is written %s", (given, written) => {
    expect(plainSerial(given)).toBe(written);
  });
});
