import { createPrivateKey } from "node:crypto";
import { keyPem } from "../../../provider/certificates/pem";
import { unknownValue } from "../../../provider/plan/wish";
import { check, create, diff, read, update } from "../../../provider/runtime/certificate-authority";
import { create as createLeaf } from "../../../provider/runtime/certificate";
import { setConfiguration } from "../../../provider/runtime/context";
import type { Inputs } from "../../../provider/runtime/validation";
import { authority, day, leaf, now, someKey } from "../certificates/builders";
import { told, verdict } from "../certificates/openssl";
import { certificateInputs, material, otherKey, saidBy } from "./certificate-inputs";

const subject = [{ type: "CN", value: "Our CA" }];
const own = (given: Inputs = {}): Inputs => ({ subject, keyBits: 2048, ...given });

const failures = (inputs: Inputs, olds?: Inputs): Record<string, string> =>
  Object.fromEntries(check(olds, inputs).failures.map((f) => [f.property, f.reason]));
const made = (given: Inputs = {}): Promise<Inputs> => create(own(given)).then(({ outs }) => outs);
const wrapped = (given: Inputs = {}): Promise<Inputs> =>
  create({ existing: { ...material, ...given } }).then(({ outs }) => outs);
const changed = (outs: Inputs, news: Inputs): Promise<Inputs> =>
  update("id", outs, news).then(({ outs: after }) => after);
/** As a CertificateAuthority is given as an issuer. */
const asIssuer = ({ certificate, privateKey, trustBundle }: Inputs): Inputs => ({
  certificate,
  privateKey,
  trustBundle,
});
const encryptedKey = someKey
  .export({ format: "pem", type: "pkcs8", cipher: "aes-256-cbc", passphrase: "open sesame" })
  .toString();

function expectReplaced(outs: Inputs, news: Inputs): void {
  const replaces = ["existing"];
  const said = saidBy(() => expect(diff("id", outs, news)).toEqual({ changes: true, replaces }));
  expect(said).toEqual([expect.stringMatching(/: another CA, .* because existing is another$/)]);
}

beforeEach(() => setConfiguration({ get: () => undefined }));
afterEach(() => jest.useRealTimers());

describe("a CA's declaration", () => {
  it.each<[string, Inputs]>([
    ["a subject", { subject }],
    ["a subject and all else", own({ pathLength: 0, validityDays: 30, renewBefore: 0.5, issuer: material })],
    ["a CA that exists", { existing: material }],
    [
      "a CA that exists, its key encrypted",
      { existing: { ...material, privateKey: encryptedKey, passphrase: "open sesame" } },
    ],
    ["a CA that is not known yet", { existing: unknownValue }],
    ["an issuer that is not known yet", own({ issuer: { ...material, certificate: unknownValue } })],
  ])("is good with %s", (_, inputs) => {
    expect(failures(inputs)).toEqual({});
  });

  it.each<[string, Inputs, Record<string, unknown>]>([
    ["nothing", {}, { subject: "is required, unless existing is declared" }],
    [
      "a subject beside an existing CA",
      { subject, existing: material },
      { subject: "cannot be declared beside existing" },
    ],
    [
      "an encrypted key without its passphrase",
      { existing: { ...material, privateKey: encryptedKey } },
      { "": "existing.privateKey: is encrypted; declare its passphrase, or give the key without encryption" },
    ],
    [
      "another passphrase",
      { existing: { ...material, privateKey: encryptedKey, passphrase: "sesame" } },
      { "": "existing.privateKey: cannot be read with this passphrase" },
    ],
    [
      "the key of another CA",
      { existing: { ...material, privateKey: otherKey } },
      { "": "existing.privateKey: is not the key of /O=Example/CN=Example CA" },
    ],
    [
      "a CA that has expired",
      { existing: { ...material, certificate: authority({}, undefined, now - 4000 * day).certificate.pem } },
      { "": expect.stringMatching(/^existing: .* expired on 2025-.*Z; renew that CA first$/) },
    ],
    [
      "a CA that is not valid yet",
      { existing: { ...material, certificate: authority({}, undefined, Date.now() + day).certificate.pem } },
      { "": expect.stringMatching(/^existing: .* is not valid before .*Z; see that the clocks are right$/) },
    ],
    [
      "an issuer that allows no CA below it",
      own({
        issuer: {
          ...material,
          certificate: authority({ pathLength: 0 }, undefined, Date.now()).certificate.pem,
        },
      }),
      { "": expect.stringMatching(/^issuer: .* has the path length 0/) },
    ],
  ])("is refused with %s", (_, inputs, expected) => {
    expect(failures(inputs)).toEqual(expected);
  });

  it("is refused with a certificate of a server in place of a CA's", () => {
    const certificate = leaf(authority({}, undefined, Date.now()), {}, Date.now());
    expect(failures({ existing: { ...material, certificate } })).toEqual({
      "": "existing.certificate: /CN=db1 is no CA: its basicConstraints do not say so",
    });
  });

  it("is refused with an intermediate CA whose root is missing, since servers need it", () => {
    const root = authority({}, undefined, Date.now());
    const middle = authority(
      { subject: [{ type: "CN", value: "Middle" }], validityDays: 900 },
      root,
      Date.now(),
    );
    const existing = { certificate: middle.certificate.pem, privateKey: keyPem(middle.key, "PKCS1") };
    expect(failures({ existing })).toEqual({
      "": "existing.trustBundle: must hold the CAs up to the root: /O=Example/CN=Example CA, which issued /CN=Middle, is missing",
    });
    expect(failures({ existing: { ...existing, trustBundle: root.certificate.pem } })).toEqual({});
  });
});

describe("a new CA", () => {
  it("is a root that signs what passes strict verification", async () => {
    const outs = await made({ pathLength: 0 });
    const issued = await createLeaf(certificateInputs({ issuer: asIssuer(outs) }));
    expect(verdict(String(issued.outs["certificate"]), String(outs["trustBundle"]), "sslserver")).toBe("OK");
    expect(outs).toMatchObject({
      mysqlSubject: "/CN=Our CA",
      mysqlIssuer: "/CN=Our CA",
      trustBundle: outs["certificate"],
      renewalDue: false,
      capathFiles: { [`${told(String(outs["certificate"]), "-subject_hash")}.0`]: outs["certificate"] },
    });
    expect(outs["privateKey"]).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
  });

  it("has a key of 3072 bits where none is declared", async () => {
    const { outs } = await create({ subject });
    expect(createPrivateKey(String(outs["privateKey"])).asymmetricKeyDetails?.modulusLength).toBe(3072);
  });

  it("under an issuer is an intermediate CA, and its bundle ends with the root", async () => {
    const root = await made();
    const middle = await made({
      subject: [{ type: "CN", value: "Middle" }],
      validityDays: 900,
      issuer: asIssuer(root),
    });
    const issued = await createLeaf(certificateInputs({ issuer: asIssuer(middle) }));
    expect(middle["trustBundle"]).toBe(String(middle["certificate"]) + String(root["certificate"]));
    expect(Object.keys(middle["capathFiles"] as object)).toHaveLength(2);
    expect(middle["mysqlIssuer"]).toBe("/CN=Our CA");
    // Who trusts the root alone needs what the server sends along.
    const chain = String(issued.outs["certificateChain"]);
    const untrusted = chain.slice(String(issued.outs["certificate"]).length);
    expect(untrusted).toBe(middle["certificate"]);
    expect(verdict(chain, String(middle["trustBundle"]), "sslserver")).toBe("OK");
  });
});

describe("a CA that exists", () => {
  it("is taken over as it is, its key without encryption", async () => {
    const outs = await wrapped({ privateKey: encryptedKey, passphrase: "open sesame" });
    expect(outs).toMatchObject({
      certificate: material.certificate,
      privateKey: material.privateKey,
      trustBundle: material.certificate,
      mysqlSubject: "/O=Example/CN=Example CA",
      renewalDue: false,
    });
  });

  it("with the line ends of Windows and text around it has the same outputs", async () => {
    const certificate = `Some CA\r\n${material.certificate.replace(/\n/g, "\r\n")}`;
    const privateKey = material.privateKey.replace(/\n/g, "\r\n");
    const { existing: _, ...outs } = await wrapped({ certificate, privateKey });
    const { existing: __, ...plain } = await wrapped();
    expect(outs).toEqual(plain);
  });

  it("is never renewed by us, only told to be due", async () => {
    const { outs } = await create({ existing: material });
    jest.useFakeTimers({ now: Date.now() + 3000 * day });
    const { props } = await read("id", outs);
    expect(props["renewalDue"]).toBe(true);
    expect(diff("id", props, { existing: material })).toEqual({ changes: false });
  });

  it("follows a renewal by whoever owns it, and is another CA with another key", async () => {
    const outs = await wrapped();
    const renewed = {
      ...material,
      certificate: authority({ validityDays: 4000 }, undefined, Date.now()).certificate.pem,
    };
    expect(diff("id", outs, { existing: renewed })).toEqual({ changes: true });
    expect((await changed(outs, { existing: renewed }))["certificate"]).toBe(renewed.certificate);
    const other = await made();
    expectReplaced(outs, { existing: asIssuer(other) });
  });

  it("may be one that this resource has made", async () => {
    const outs = await made();
    expect(diff("id", outs, { existing: asIssuer(outs) })).toEqual({ changes: true });
    expect((await changed(outs, { existing: asIssuer(outs) }))["sha256"]).toBe(outs["sha256"]);
    expectReplaced(await wrapped(), own());
  });
});

describe("a change of a CA", () => {
  it.each<[string, Inputs, string[]]>([
    ["its subject", { subject: [{ type: "CN", value: "New CA" }] }, ["subject"]],
    ["the size of its key", { keyBits: 4096 }, ["keyBits"]],
  ])("in %s is another CA, which preview says", async (_, given, replaces) => {
    const outs = await made();
    const said = saidBy(() => expect(diff("id", outs, own(given))).toEqual({ changes: true, replaces }));
    expect(said).toEqual([
      `certificate authority /CN=Our CA: another CA, which signs anew all that this one has signed, because ${replaces[0]} is another`,
    ]);
  });

  it.each<[string, Inputs, string]>([
    ["its validity", { validityDays: 5000 }, "its validity is another"],
    ["its path length", { pathLength: 1 }, "its path length is another"],
    ["its issuer", { issuer: material, validityDays: 3000 }, "its validity is another; another CA signs it"],
  ])(
    "in %s makes a new certificate with its key, and what it has signed stays good",
    async (_, given, why) => {
      const before = await made();
      const issued = await createLeaf(certificateInputs({ issuer: asIssuer(before) }));
      const said = saidBy(() => expect(diff("id", before, own(given))).toEqual({ changes: true }));
      expect(said).toEqual([
        `certificate authority /CN=Our CA: a new certificate with the same key because ${why}`,
      ]);
      const after = await changed(before, own(given));
      expect(after["privateKey"]).toBe(before["privateKey"]);
      expect(after["sha256"]).not.toBe(before["sha256"]);
      expect(verdict(String(issued.outs["certificate"]), String(after["trustBundle"]), "sslserver")).toBe(
        "OK",
      );
    },
  );

  it("in nothing is none", async () => {
    const outs = await made();
    expect(diff("id", outs, own())).toEqual({ changes: false });
    expect(diff("id", outs, own({ validityDays: 3650, keyBits: 2048 }))).toEqual({ changes: true });
    expect((await changed(outs, own({ validityDays: 3650 })))["sha256"]).toBe(outs["sha256"]);
  });

  it("in its issuer from one CA to the same one renewed keeps its certificate", async () => {
    const outs = await made({ issuer: material, validityDays: 3000 });
    const renewed = {
      ...material,
      certificate: authority({ validityDays: 4000 }, undefined, Date.now()).certificate.pem,
    };
    const after = await changed(outs, own({ issuer: renewed, validityDays: 3000 }));
    expect(after["sha256"]).toBe(outs["sha256"]);
    expect(after["trustBundle"]).toBe(String(outs["certificate"]) + renewed.certificate);
  });

  it("is due when a third of its life is left: a refresh shows it, and it is renewed with its key", async () => {
    const before = await made();
    jest.useFakeTimers({ now: Date.now() + 2440 * day, doNotFake: ["nextTick", "setImmediate"] });
    const { props } = await read("id", before);
    expect(props).toEqual({ ...before, renewalDue: true });
    const said = saidBy(() => expect(diff("id", props, own())).toEqual({ changes: true }));
    expect(said).toEqual([
      expect.stringMatching(
        /: a new certificate with the same key because it ends on \S+ and is due since \S+$/,
      ),
    ]);
    const after = await changed(props, own());
    expect(after["privateKey"]).toBe(before["privateKey"]);
    expect(after["renewalDue"]).toBe(false);
    expect(Date.parse(String(after["notAfter"]))).toBeGreaterThan(Date.parse(String(before["notAfter"])));
  });
});
