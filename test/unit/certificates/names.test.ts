import fc from "fast-check";
import { type Node, oid, primitive, sequence, setOf } from "../../../provider/certificates/asn1";
import { certify } from "../../../provider/certificates/certificate";
import { basicConstraints } from "../../../provider/certificates/extensions";
import {
  type NamePart,
  type NameType,
  nameTypes,
  partProblem,
} from "../../../provider/certificates/name-parts";
import { nameHash, nameOf, oneLine } from "../../../provider/certificates/names";
import { validityFrom } from "../../../provider/certificates/renewal";
import { now, someKey } from "./builders";
import { told } from "./openssl";

function named(subject: Node): string {
  return certify({
    subject,
    issuer: subject,
    issuerKey: undefined,
    signer: someKey,
    key: someKey,
    validity: validityFrom(now, 1),
    extensions: [basicConstraints(true)],
  });
}

/** What OpenSSL, which the servers use, makes of the name: in one line, and its hash. */
function byOpenssl(subject: Node): { line: string; hash: string } {
  const pem = named(subject);
  return {
    line: told(pem, "-subject", "-nameopt", "compat").replace(/^subject=/, ""),
    hash: told(pem, "-subject_hash"),
  };
}

const ours = (subject: Node): { line: string; hash: string } => ({
  line: oneLine(subject),
  hash: nameHash(subject),
});

const parts = (...all: [NameType, string][]): NamePart[] => all.map(([type, value]) => ({ type, value }));

describe("a subject in MySQL's form", () => {
  it.each<[string, NamePart[], string]>([
    [
      "keeps its order",
      parts(
        ["C", "SE"],
        ["ST", "Stockholm"],
        ["O", "MySQL AB"],
        ["CN", "db1"],
        ["emailAddress", "a@b.example"],
      ),
      "/C=SE/ST=Stockholm/O=MySQL AB/CN=db1/emailAddress=a@b.example",
    ],
    ["may begin with CN", parts(["CN", "db1"], ["O", "Example"]), "/CN=db1/O=Example"],
    ["may hold a type twice", parts(["OU", "a"], ["OU", "b"]), "/OU=a/OU=b"],
    ["tells bytes that are no ASCII", parts(["O", "Müller €"]), "/O=M\\xC3\\xBCller \\xE2\\x82\\xAC"],
    ["escapes a slash and a plus", parts(["O", "A/B+C"]), "/O=A\\/B\\+C"],
    ["does not escape a backslash or an equals sign", parts(["O", "A\\B=C"]), "/O=A\\B=C"],
  ])("%s", (_, subject, line) => {
    expect(oneLine(nameOf(subject))).toBe(line);
    expect(byOpenssl(nameOf(subject)).line).toBe(line);
  });

  it.each(nameTypes)("calls %s what OpenSSL calls it", (type) => {
    const subject = nameOf([{ type, value: "SE" }]);
    expect(oneLine(subject)).toBe(`/${type}=SE`);
    expect(ours(subject)).toEqual(byOpenssl(subject));
  });

  it.each([
    "2.5.4.9",
    "2.5.4.13",
    "2.5.4.15",
    "2.5.4.16",
    "2.5.4.17",
    "2.5.4.18",
    "2.5.4.20",
    "2.5.4.41",
    "2.5.4.43",
    "2.5.4.44",
    "2.5.4.46",
    "2.5.4.65",
    "2.5.4.97",
    "1.2.840.113549.1.9.2",
    "1.2.840.113549.1.9.8",
    "1.3.6.1.4.1.311.60.2.1.1",
    "1.3.6.1.4.1.311.60.2.1.2",
    "1.3.6.1.4.1.311.60.2.1.3",
    "1.3.6.1.4.1.99999.1",
  ])("calls %s of a foreign CA what OpenSSL calls it", (id) => {
    const subject = sequence(setOf(sequence(oid(id), primitive(12, Buffer.from("x")))));
    expect(ours(subject)).toEqual(byOpenssl(subject));
  });
});

describe("the name of a foreign CA", () => {
  const O = oid("2.5.4.10");
  const one = (tag: number, bytes: Buffer): Node => sequence(O, primitive(tag, bytes));
  const utf16 = Buffer.from("Ärger  Öl", "utf16le").swap16();

  it.each<[string, Node]>([
    ["in UTF-16", sequence(setOf(one(30, utf16)))],
    ["in UTF-32", sequence(setOf(one(28, Buffer.from("0000004100000062", "hex"))))],
    ["in T.61", sequence(setOf(one(20, Buffer.from("M\u00fcller", "latin1"))))],
    ["with white space around and in it", sequence(setOf(one(12, Buffer.from("  A \t B\u00a0 C  "))))],
    ["in numbers, which is not compared as text", sequence(setOf(one(18, Buffer.from("12 34"))))],
    [
      "with two parts in one set",
      sequence(
        setOf(one(12, Buffer.from("Zeta")), sequence(oid("2.5.4.3"), primitive(12, Buffer.from("Alpha")))),
        setOf(one(12, Buffer.from("B"))),
      ),
    ],
    ["without parts", sequence()],
  ])("%s is read as OpenSSL reads it", (_, subject) => {
    expect(ours(subject)).toEqual(byOpenssl(subject));
  });
});

describe("generated subjects", () => {
  const text = (type: NameType): fc.Arbitrary<string> =>
    type === "C"
      ? fc.stringMatching(/^[A-Z]{2}$/)
      : fc.oneof(
          fc.string({ minLength: 1, maxLength: 20, unit: "grapheme" }),
          fc.string({ minLength: 1, maxLength: 20, unit: "grapheme-ascii" }),
        );
  const part = fc
    .constantFrom(...nameTypes)
    .chain((type) => text(type).map((value): NamePart => ({ type, value })))
    .filter((p) => partProblem(p) === undefined);

  it("are written in one line and hashed as OpenSSL does", () => {
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 6 }), (subject) => {
        const name = nameOf(subject);
        expect(ours(name)).toEqual(byOpenssl(name));
      }),
      { numRuns: 60 },
    );
  });
});

describe("a part of a subject", () => {
  it.each<[NameType, string, string]>([
    ["CN", "", "must not be empty"],
    ["C", "Sweden", "must be two capital letters (ISO 3166)"],
    ["C", "se", "must be two capital letters (ISO 3166)"],
    ["CN", "a".repeat(65), "must not be longer than 64 characters"],
    ["O", "a\nb", "must hold no control character"],
    ["emailAddress", "jürgen@example", "must be ASCII"],
    ["serialNumber", "a_b", "may hold letters, digits, spaces and '()+,-./:=? only"],
  ])("%s=%j is refused: %s", (type, value, problem) => {
    expect(partProblem({ type, value })).toBe(problem);
  });

  it("may have as many characters as its type allows, whatever their bytes", () => {
    expect(partProblem({ type: "CN", value: "ü".repeat(64) })).toBeUndefined();
  });
});
