import { execFileSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { fingerprintOf, keysFor, pinOf, typeOf } from "../../../provider/files/known-hosts";

/** A public key of this type with some content. */
function keyOf(type: string, content = "x"): { key: Buffer; line: string } {
  const field = (text: string): Buffer => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(Buffer.byteLength(text));
    return Buffer.concat([length, Buffer.from(text)]);
  };
  const key = Buffer.concat([field(type), field(content)]);
  return { key, line: `${type} ${key.toString("base64")}` };
}

const one = keyOf("ssh-ed25519", "one");
const two = keyOf("ssh-rsa", "two");

function hashed(name: string): string {
  const salt = Buffer.from("0123456789abcdef0123");
  return `|1|${salt.toString("base64")}|${createHmac("sha1", salt).update(name).digest("base64")}`;
}

describe("keys of a host in a known_hosts file", () => {
  it.each<[string, string, string, number, boolean]>([
    ["its name", `db1 ${one.line}`, "db1", 22, true],
    ["its name in other letters", `DB1 ${one.line}`, "db1", 22, true],
    ["one of several names", `db0,db1,10.0.0.1 ${one.line} a comment`, "10.0.0.1", 22, true],
    ["another name", `db10 ${one.line}`, "db1", 22, false],
    ["a pattern", `*.example ${one.line}`, "db1.example", 22, true],
    ["a pattern for one letter", `db? ${one.line}`, "db1", 22, true],
    ["a pattern whose dot is a dot", `a.b ${one.line}`, "axb", 22, false],
    ["a pattern that leaves it out", `*.example,!db1.example ${one.line}`, "db1.example", 22, false],
    ["its name and another port", `[db1]:2222 ${one.line}`, "db1", 2222, true],
    ["its name without the port", `db1 ${one.line}`, "db1", 2222, false],
    ["its name with a port that it does not use", `[db1]:2222 ${one.line}`, "db1", 22, false],
    ["its name hashed", `${hashed("db1")} ${one.line}`, "db1", 22, true],
    ["its name with a port hashed", `${hashed("[db1]:2222")} ${one.line}`, "db1", 2222, true],
    ["another name hashed", `${hashed("db2")} ${one.line}`, "db1", 22, false],
    ["a comment", `# db1 ${one.line}`, "db1", 22, false],
    ["an authority of certificates", `@cert-authority db1 ${one.line}`, "db1", 22, false],
  ])("are found by %s", (_, text, host, port, found) => {
    expect(keysFor(host, port, text)).toEqual({ keys: found ? [one.key] : [], revoked: [] });
  });

  it("are all that it has, with those that are revoked apart", () => {
    const text = `db1 ${one.line}\r\n\r\n@revoked * ${two.line}\ndb1 ${two.line}\n`;
    expect(keysFor("db1", 22, text)).toEqual({ keys: [one.key, two.key], revoked: [two.key] });
  });
});

describe("a pinned key", () => {
  const fingerprint = fingerprintOf(one.key);

  it("is a fingerprint, with or without its padding", () => {
    expect(pinOf(`${fingerprint}=\n`)).toEqual({ fingerprint });
    expect(pinOf(fingerprint)).toEqual({ fingerprint });
  });

  it("is the line of a .pub file, or of a known_hosts file", () => {
    expect(pinOf(`${one.line} root@db1`)).toEqual({ key: one.key });
    expect(pinOf(`db1 ${one.line}`)).toEqual({ key: one.key });
  });

  it.each(["", "SHA256:short", "MD5:00:11", "ssh-ed25519", `ssh-rsa ${one.key.toString("base64")}`, "db1"])(
    "is not %p",
    (text) => {
      expect(pinOf(text)).toBeUndefined();
    },
  );

  it("has the type that its bytes tell", () => {
    expect(typeOf(two.key)).toBe("ssh-rsa");
    expect(typeOf(Buffer.from("x"))).toBe("");
  });

  it("has the SHA-256 of its bytes as its fingerprint", () => {
    const key = Buffer.from("AAAAC3NzaC1lZDI1NTE5AAAAIJhTc0Ukq5zMhYbXKE2d3ZVVjRwTOYHOAV1OKYPmO0wG", "base64");
    expect(fingerprintOf(key)).toBe(
      `SHA256:${execFileSync("openssl", ["dgst", "-sha256", "-binary"], { input: key }).toString("base64").replace(/=+$/, "")}`,
    );
  });
});
