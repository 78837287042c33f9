import { X509Certificate, createPrivateKey } from "node:crypto";
import { unknownValue } from "../../../provider/plan/wish";
import { check, create, diff, read, update } from "../../../provider/runtime/certificate";
import { setConfiguration } from "../../../provider/runtime/context";
import type { Inputs } from "../../../provider/runtime/validation";
import { keyPem } from "../../../provider/certificates/pem";
import { authority, bundleOf, day, leaf, now, someKey } from "../certificates/builders";
import { verdict } from "../certificates/openssl";
import { certificateInputs, material, otherKey, saidBy } from "./certificate-inputs";

const failures = (given: Inputs, olds?: Inputs): Record<string, string> =>
  Object.fromEntries(check(olds, certificateInputs(given)).failures.map((f) => [f.property, f.reason]));

const made = (given: Inputs = {}): Promise<Inputs> =>
  create(certificateInputs(given)).then(({ outs }) => outs);
const changed = (outs: Inputs, given: Inputs = {}): Promise<Inputs> =>
  update("id", outs, certificateInputs(given)).then(({ outs: after }) => after);
const sameKey = (a: Inputs, b: Inputs): boolean =>
  createPrivateKey(String(a["privateKey"])).equals(createPrivateKey(String(b["privateKey"])));

const pretend = (time: number): void =>
  void jest.useFakeTimers({ now: time, doNotFake: ["nextTick", "setImmediate"] });

beforeEach(() => setConfiguration({ get: () => undefined }));
afterEach(() => jest.useRealTimers());

describe("a certificate's declaration", () => {
  it("is good with an issuer and a subject", () => {
    expect(failures({})).toEqual({});
  });

  it.each<[string, Inputs, Record<string, string>]>([
    ["no subject", { subject: undefined }, { subject: "is required" }],
    ["an empty subject", { subject: [] }, { subject: "must have a part, such as CN" }],
    [
      "a country that is none",
      { subject: [{ type: "C", value: "Sweden" }] },
      { subject: "C must be two capital letters (ISO 3166)" },
    ],
    [
      "an unknown type",
      { subject: [{ type: "X", value: "1" }] },
      { "subject.0.type": expect.any(String) as string },
    ],
    ["an unknown property", { dns: ["a"] }, { dns: "is no property of this resource" }],
    ["a name that is none", { dnsNames: ["db1", "a b"] }, { "dnsNames[1]": '"a b" is no DNS name' }],
    [
      "an address that is none",
      { ipAddresses: ["10.0.0"] },
      { "ipAddresses[0]": '"10.0.0" is no IP address' },
    ],
    ["a key of another size", { keyBits: 1024 }, { keyBits: "must be 2048, 3072 or 4096" }],
    ["no days", { validityDays: 0 }, { validityDays: expect.any(String) as string }],
    [
      "a key of another CA",
      { issuer: { ...material, privateKey: otherKey } },
      { "": "issuer.privateKey: is not the key of /O=Example/CN=Example CA" },
    ],
    [
      "a path in place of a certificate",
      { issuer: { ...material, certificate: "/etc/mysql/ca.pem" } },
      { "": 'issuer.certificate: holds no certificate; PEM text: "-----BEGIN CERTIFICATE-----"' },
    ],
  ])("is refused with %s", (_, given, expected) => {
    expect(failures(given)).toEqual(expected);
  });

  it("is refused where it would outlive its CA, as long as it is new", () => {
    const long = { validityDays: 3651 };
    expect(Object.keys(failures(long))).toEqual(["validityDays"]);
    expect(failures(long)["validityDays"]).toMatch(/^would last until .* expires on .*; at most 36\d\d days/);
    expect(failures(long, { issuer: material })).toEqual({});
  });

  it("is refused where its CA has expired, as long as it is new", () => {
    const old = { certificate: authority({}, undefined, now - 4000 * day).certificate.pem };
    const issuer = { ...material, ...old };
    expect(failures({ issuer })).toEqual({
      "": expect.stringMatching(/^issuer: .* expired on .*; renew that CA first$/) as string,
    });
    expect(failures({ issuer }, certificateInputs())).toEqual({});
  });

  it.each(["issuer", "subject", "dnsNames", "ipAddresses", "validityDays", "keyBits", "usage", "keepKey"])(
    "may have a %s that is not known yet",
    (property) => {
      expect(failures({ [property]: unknownValue })).toEqual({});
    },
  );

  it("may have parts that are not known yet", () => {
    const given = {
      issuer: { ...material, certificate: unknownValue },
      subject: [{ type: "CN", value: unknownValue }],
      dnsNames: ["db1", unknownValue],
    };
    expect(failures(given)).toEqual({});
  });
});

describe("a new certificate", () => {
  it("passes strict verification and has the declared key", async () => {
    const outs = await made({ dnsNames: ["db1"], keyBits: 3072, privateKeyFormat: "PKCS1" });
    expect(verdict(String(outs["certificate"]), material.certificate, "sslserver")).toBe("OK");
    const x509 = new X509Certificate(String(outs["certificate"]));
    expect(x509.checkPrivateKey(createPrivateKey(String(outs["privateKey"])))).toBe(true);
    expect(x509.publicKey.asymmetricKeyDetails?.modulusLength).toBe(3072);
    expect(outs["privateKey"]).toMatch(/^-----BEGIN RSA PRIVATE KEY-----\n/);
  });

  it("tells what MySQL compares, and what it is known by", async () => {
    const outs = await made();
    const x509 = new X509Certificate(String(outs["certificate"]));
    expect(outs).toMatchObject({
      mysqlSubject: "/O=Example/CN=db1",
      mysqlIssuer: "/O=Example/CN=Example CA",
      serialNumber: x509.serialNumber.toLowerCase(),
      sha256: x509.fingerprint256.replace(/:/g, "").toLowerCase(),
      notBefore: new Date(x509.validFrom).toISOString(),
      notAfter: new Date(x509.validTo).toISOString(),
      renewalDue: false,
      certificateChain: outs["certificate"],
    });
  });

  it("of an intermediate CA comes with that CA, for those who have the root alone", async () => {
    const root = authority({}, undefined, Date.now());
    const middle = authority(
      { subject: [{ type: "CN", value: "Middle" }], validityDays: 900 },
      root,
      Date.now(),
    );
    const issuer = {
      certificate: middle.certificate.pem,
      privateKey: keyPem(middle.key, "PKCS8"),
      trustBundle: bundleOf(middle),
    };
    const outs = await made({ issuer });
    expect(outs["certificateChain"]).toBe(String(outs["certificate"]) + middle.certificate.pem);
  });
});

describe("an update", () => {
  it.each<[string, Inputs, string]>([
    ["another subject", { subject: [{ type: "CN", value: "db2" }] }, "its subject is another"],
    [
      "the same subject in another order",
      { subject: [...(certificateInputs()["subject"] as [])].reverse() },
      "its subject is another",
    ],
    ["another usage", { usage: "client" }, "its usage is another"],
    ["another name", { dnsNames: ["db2"] }, "its names are others"],
    ["another address", { ipAddresses: ["10.0.0.2"] }, "its names are others"],
    ["another validity", { validityDays: 100 }, "its validity is another"],
    ["another size", { keyBits: 4096 }, "its key has another size"],
  ])("to %s makes a new certificate and key, and says why beforehand", async (_, given, why) => {
    const before = await made();
    const said = saidBy(() =>
      expect(diff("id", before, certificateInputs(given))).toEqual({ changes: true }),
    );
    expect(said).toEqual([`certificate /O=Example/CN=db1: a new one with a new key because ${why}`]);
    const after = await changed(before, given);
    expect(after["serialNumber"]).not.toBe(before["serialNumber"]);
    expect(sameKey(before, after)).toBe(false);
  });

  it("keeps the key where that is declared and its size stays", async () => {
    const before = await made({ keepKey: true });
    const renamed = await changed(before, { keepKey: true, dnsNames: ["db2"] });
    expect(renamed["serialNumber"]).not.toBe(before["serialNumber"]);
    expect(sameKey(before, renamed)).toBe(true);
    const larger = await changed(before, { keepKey: true, keyBits: 3072 });
    expect(sameKey(before, larger)).toBe(false);
  });

  it.each<[string, Inputs, Inputs]>([
    ["nothing", {}, {}],
    ["what is the default anyway", {}, { usage: "both", validityDays: 365, keyBits: 2048, dnsNames: [] }],
    ["names in another order", { dnsNames: ["a", "b"] }, { dnsNames: ["b", "a"] }],
    ["another reserve", {}, { renewBefore: 0.5 }],
    ["keepKey", {}, { keepKey: true }],
  ])("to %s keeps the certificate", async (_, first, second) => {
    const before = await made(first);
    const said = saidBy(() => diff("id", before, certificateInputs(second)));
    expect(said).toEqual([]);
    const after = await changed(before, second);
    expect(after["certificate"]).toBe(before["certificate"]);
    expect(after["privateKey"]).toBe(before["privateKey"]);
  });

  it("to the same is none at all", async () => {
    expect(diff("id", await made(), certificateInputs())).toEqual({ changes: false });
  });

  it("to another form of the key writes the same key anew", async () => {
    const before = await made();
    expect(diff("id", before, certificateInputs({ privateKeyFormat: "PKCS1" }))).toEqual({ changes: true });
    const after = await changed(before, { privateKeyFormat: "PKCS1" });
    expect(after["certificate"]).toBe(before["certificate"]);
    expect(after["privateKey"]).toMatch(/^-----BEGIN RSA/);
    expect(sameKey(before, after)).toBe(true);
  });

  it("to a CA that was renewed keeps the certificate, to another makes a new one", async () => {
    const before = await made();
    const renewed = authority({ validityDays: 4000 }, undefined, Date.now());
    const same = { issuer: { ...material, certificate: renewed.certificate.pem } };
    expect(diff("id", before, certificateInputs(same))).toEqual({ changes: true });
    expect((await changed(before, same))["certificate"]).toBe(before["certificate"]);
    const other = authority({ subject: [{ type: "CN", value: "Other" }] }, undefined, Date.now());
    const moved = { issuer: { ...material, certificate: other.certificate.pem } };
    const after = await changed(before, moved);
    expect(after["mysqlIssuer"]).toBe("/CN=Other");
    expect(saidBy(() => diff("id", before, certificateInputs(moved)))).toEqual([
      "certificate /O=Example/CN=db1: a new one with a new key because another CA signs it",
    ]);
  });

  it("of which something is not known yet may make a new one, and says so", async () => {
    const before = await made();
    const news = certificateInputs({
      issuer: { ...material, certificate: unknownValue },
      dnsNames: unknownValue,
    });
    const said = saidBy(() => expect(diff("id", before, news)).toEqual({ changes: true }));
    expect(said).toEqual([
      "certificate /O=Example/CN=db1: perhaps a new one because issuer is not known yet; dnsNames is not known yet",
    ]);
  });

  it("that its CA could not sign is refused in preview", async () => {
    const before = await made();
    expect(() => diff("id", before, certificateInputs({ validityDays: 3651 }))).toThrow(
      /^\[GR001\] validityDays: would last/,
    );
    await expect(changed(before, { validityDays: 3651 })).rejects.toThrow(/^\[GR001\] validityDays/);
  });
});

describe("a certificate of which a third of its life is left", () => {
  const due = 244 * day;

  it("is not due a day earlier", async () => {
    const before = await made();
    pretend(Date.now() + due - 2 * day);
    expect((await read("id", before)).props["renewalDue"]).toBe(false);
    expect(diff("id", before, certificateInputs())).toEqual({ changes: false });
  });

  it("is shown as due by a refresh, and the next up makes a new one", async () => {
    const before = await made();
    pretend(Date.now() + due);
    const { props, inputs } = await read("id", before);
    expect({ ...before, renewalDue: true }).toEqual(props);
    expect(inputs).toEqual(certificateInputs());
    const said = saidBy(() => expect(diff("id", props, certificateInputs())).toEqual({ changes: true }));
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(
      /^certificate \/O=Example\/CN=db1: a new one with a new key because it ends on \S+Z and is due since \S+Z$/,
    );
    const after = await changed(props);
    expect(after["renewalDue"]).toBe(false);
    expect(sameKey(before, after)).toBe(false);
    expect(Date.parse(String(after["notAfter"]))).toBeGreaterThan(
      Date.parse(String(before["notAfter"])) + 240 * day,
    );
  });

  it("is due at another time where that is declared", async () => {
    const before = await made({ renewBefore: 0 });
    pretend(Date.now() + due);
    expect((await read("id", before)).props["renewalDue"]).toBe(false);
    pretend(Date.parse(String(before["notAfter"])));
    expect((await read("id", before)).props["renewalDue"]).toBe(true);
  });

  it("stays as it is where its CA has expired: nothing could be made", async () => {
    const { outs } = await create(certificateInputs({ renewBefore: 0 }));
    const issuer = {
      ...material,
      certificate: authority({ validityDays: 1 }, undefined, Date.now() - 2 * day).certificate.pem,
    };
    expect(diff("id", outs, certificateInputs({ issuer, renewBefore: 0.1 }))).toEqual({ changes: true });
  });
});

it("nothing of a private key is in what is said and refused", async () => {
  const before = await made();
  const secrets = [material.privateKey, otherKey, String(before["privateKey"])].map(
    (pem) => pem.split("\n")[2]!,
  );
  const texts = [
    ...saidBy(() => diff("id", before, certificateInputs({ usage: "client" }))),
    ...Object.values(failures({ issuer: { ...material, privateKey: otherKey } })),
    ...Object.values(failures({ issuer: { ...material, certificate: material.privateKey } })),
    ...Object.values(
      failures({
        issuer: { ...material, certificate: leaf(authority({}, undefined, Date.now()), {}, Date.now()) },
      }),
    ),
  ];
  expect(texts).toHaveLength(4);
  for (const secret of secrets) expect(texts.join("\n")).not.toContain(secret);
  expect(keyPem(someKey, "PKCS8")).toBe(material.privateKey);
});
