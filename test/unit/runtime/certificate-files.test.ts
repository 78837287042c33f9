import { keyPem } from "../../../provider/certificates/pem";
import { unknownValue } from "../../../provider/plan/wish";
import { check, create, diff } from "../../../provider/runtime/certificate-files";
import { setConfiguration } from "../../../provider/runtime/context";
import { pack } from "../../../provider/runtime/lifecycle";
import type { Inputs } from "../../../provider/runtime/validation";
import { authority, leaf, rsaKey, someKey } from "../certificates/builders";
import { saidBy } from "./certificate-inputs";

const issuer = authority({}, undefined, Date.now());
const material = {
  ca: issuer.certificate.pem,
  cert: leaf(issuer, {}, Date.now()),
  key: keyPem(someKey, "PKCS8"),
};
const ssh = { host: "db1", user: "root" };
const declaration = (given: Inputs = {}): Inputs => ({ folder: "/etc/mysql/tls", ...material, ...given });
const failures = (given: Inputs): Record<string, string> =>
  Object.fromEntries(check(undefined, declaration(given)).failures.map((f) => [f.property, f.reason]));

beforeEach(() => setConfiguration({ get: () => undefined }));

describe("a declaration of files", () => {
  it.each<[string, Inputs]>([
    ["a folder and texts", {}],
    ["a login over SSH", { ssh }],
    ["a pinned key", { ssh: { ...ssh, hostKey: `SHA256:${"A".repeat(43)}` } }],
    ["a login that is not known yet", { ssh: unknownValue }],
    ["a host that is not known yet", { ssh: { ...ssh, host: unknownValue, hostKey: unknownValue } }],
    ["a key that is not known yet", { key: unknownValue }],
    ["a certificate that is not known yet", { cert: unknownValue }],
    ["a passphrase that is not known yet", { keyPassphrase: unknownValue }],
    ["trusted CAs alone", { cert: undefined, key: undefined }],
    ["an owner by number", { owner: "27", group: "mysql", keyMode: "0440", mode: "0444" }],
  ])("is good with %s", (_, given) => {
    expect(failures(given)).toEqual({});
  });

  it.each<[string, Inputs, Record<string, string>]>([
    ["no folder", { folder: undefined }, { folder: "is required" }],
    [
      "a relative folder",
      { folder: "tls" },
      { folder: "must be an absolute path, without . and .. and without a / at its end" },
    ],
    [
      "a folder with a way up",
      { folder: "/etc/../tls" },
      { folder: "must be an absolute path, without . and .. and without a / at its end" },
    ],
    [
      "a prefix that is a path",
      { prefix: "../x" },
      {
        prefix:
          "must be of letters, digits, dot, hyphen and underscore, 40 at most, and begin with a letter or digit",
      },
    ],
    [
      "no text at all",
      { ca: undefined, cert: undefined, key: undefined },
      { "": "must have one of ca, capath, cert, key, crl, crlpath" },
    ],
    ["a certificate without a key", { key: undefined }, { "": "must have cert and key together" }],
    [
      "a key that others may read",
      { keyMode: "0644" },
      { keyMode: 'must be "0400", "0440", "0600" or "0640": others may not read a key' },
    ],
    [
      "files that others may write",
      { mode: "0666" },
      { mode: 'must be octal, such as "0644": nobody but the owner may write' },
    ],
    ["an owner with a blank", { owner: "my sql" }, { owner: "must be a name or a number" }],
    [
      "two ways to log in",
      { ssh: { ...ssh, privateKey: "x", agent: "/run/agent" } },
      { "": "ssh: must have either privateKey or agent" },
    ],
    [
      "two kinds of host keys",
      { ssh: { ...ssh, knownHosts: "x", hostKey: `SHA256:${"A".repeat(43)}` } },
      { "": "ssh: must have either knownHosts or hostKey" },
    ],
    [
      "a host key that is none",
      { ssh: { ...ssh, hostKey: "any" } },
      {
        "ssh.hostKey":
          'must be a fingerprint ("SHA256:…", as ssh-keygen -l shows it) or the line of a .pub file',
      },
    ],
    [
      "a password",
      { ssh: { ...ssh, password: "x" } },
      { "": "ssh.password: is no property of this resource" },
    ],
    [
      "a key of another certificate",
      { key: keyPem(rsaKey(), "PKCS8") },
      { "": "key: is not the key of /CN=db1" },
    ],
  ])("is refused with %s", (_, given, expected) => {
    expect(failures(given)).toEqual(expected);
  });
});

describe("a change of files", () => {
  const facts = { versions: [], seen: { files: [], folders: [], leftovers: [] }, ids: {} };
  const state = (given: Inputs = {}): Inputs => ({ ...declaration(given), facts: pack(facts) });

  it.each<[string, Inputs, string[]]>([
    ["folder", { folder: "/srv/tls" }, ["folder"]],
    ["prefix", { prefix: "replica" }, ["prefix"]],
  ])("of the %s is made in a new place before the old one goes", (_, given, replaces) => {
    expect(diff("id", state(), declaration(given))).toEqual({ changes: true, replaces });
  });

  it("of the way to the machine stays in its place", () => {
    saidBy(() =>
      expect(diff("id", state({ ssh }), declaration({ ssh: { ...ssh, host: "10.0.0.1" } }))).toEqual({
        changes: true,
      }),
    );
  });

  const whole = {
    ...{ prefix: "server", ssh, capath: material.ca, keyPassphrase: "x", owner: "27", group: "27" },
    ...{ keyMode: "0600", mode: "0644", servers: [{ host: "db1" }] },
  };
  it.each([...Object.keys(declaration(whole)), "crl", "crlpath"])(
    "is a change where %s is not known yet, and nothing else is said of it",
    (property) => {
      const news = declaration({ ...whole, [property]: unknownValue });
      expect(check(undefined, news).failures).toEqual([]);
      const lines = saidBy(() => expect(diff("id", state(whole), news)).toEqual({ changes: true }));
      expect(lines.at(-1)).toBe(`    ${property} is not known yet: more may be written`);
    },
  );

  it("is foreseen where a new key comes with a certificate that is not known yet", () => {
    const news = declaration({ cert: unknownValue, key: keyPem(rsaKey(), "PKCS8") });
    const lines = saidBy(() => expect(diff("id", state(), news)).toEqual({ changes: true }));
    expect(lines.at(-1)).toBe("    cert is not known yet: more may be written");
  });

  it("is told without any content, and what is not known yet as well", () => {
    const lines = saidBy(() => diff("id", state(), declaration({ crl: unknownValue })));
    expect(lines).toEqual([
      "files in /etc/mysql/tls on this machine: none",
      expect.stringMatching(/^ {4}write server-ca-[0-9a-f]{16}\.pem \(is missing\)$/),
      expect.stringMatching(/^ {4}write server-cert-[0-9a-f]{16}\.pem \(is missing\)$/),
      expect.stringMatching(/^ {4}write server-key-[0-9a-f]{16}\.pem \(is missing\)$/),
      "    crl is not known yet: more may be written",
    ]);
  });
});

describe("a folder that is not there", () => {
  it("is refused before anything is written", async () => {
    await expect(create(declaration({ folder: "/nowhere/tls" }))).rejects.toMatchObject({
      message:
        "[GR005] this machine has no folder /nowhere/tls\nLeft: nothing was changed\nDo: make it, and let the user search it",
    });
  });
});
