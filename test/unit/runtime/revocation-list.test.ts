import { unknownValue } from "../../../provider/plan/wish";
import { create as createLeaf } from "../../../provider/runtime/certificate";
import { setConfiguration } from "../../../provider/runtime/context";
import { check, create, diff, read, update } from "../../../provider/runtime/revocation-list";
import type { Inputs } from "../../../provider/runtime/validation";
import { authority, day } from "../certificates/builders";
import { fileOf, openssl, verdict } from "../certificates/openssl";
import { certificateInputs, material, saidBy } from "./certificate-inputs";

const declaration = (given: Inputs = {}): Inputs => ({ issuer: material, ...given });
const failures = (given: Inputs): Record<string, string> =>
  Object.fromEntries(check(undefined, declaration(given)).failures.map((f) => [f.property, f.reason]));
const made = (given: Inputs = {}): Promise<Inputs> => create(declaration(given)).then(({ outs }) => outs);
const changed = (outs: Inputs, given: Inputs = {}): Promise<Inputs> =>
  update("id", outs, declaration(given)).then(({ outs: after }) => after);
const text = (outs: Inputs): string => openssl("crl", "-noout", "-text", "-in", fileOf(String(outs["crl"])));

let certificate: Inputs;

beforeAll(async () => {
  certificate = (await createLeaf(certificateInputs())).outs;
});
beforeEach(() => setConfiguration({ get: () => undefined }));
afterEach(() => jest.useRealTimers());

describe("a revocation list's declaration", () => {
  it.each<[string, Inputs]>([
    ["an issuer alone", {}],
    [
      "a serial number",
      { revoked: [{ serialNumber: "01:AB", reason: "superseded", revokedAt: "2026-01-02" }] },
    ],
    ["a list that is not known yet", { revoked: unknownValue }],
    ["a serial number that is not known yet", { revoked: [{ serialNumber: unknownValue }] }],
  ])("is good with %s", (_, given) => {
    expect(failures(given)).toEqual({});
  });

  it.each<[string, Inputs, Record<string, unknown>]>([
    [
      "neither serial nor certificate",
      { revoked: [{}] },
      { "revoked[0]": "must have either serialNumber or certificate" },
    ],
    [
      "both",
      { revoked: [{ serialNumber: "01", certificate: material.certificate }] },
      { "revoked[0]": "must have either serialNumber or certificate" },
    ],
    [
      "a serial number in words",
      { revoked: [{ serialNumber: "the first" }] },
      { "revoked.0.serialNumber": "must be hexadecimal" },
    ],
    [
      "a time in words",
      { revoked: [{ serialNumber: "1", revokedAt: "today" }] },
      { "revoked.0.revokedAt": "must be a time as ISO 8601" },
    ],
    [
      "the same twice",
      { revoked: [{ serialNumber: "01" }, { serialNumber: "0x1" }] },
      { revoked: "holds 01 twice" },
    ],
  ])("is refused with %s", (_, given, expected) => {
    expect(failures(given)).toEqual(expected);
  });

  it("is refused with a certificate of another CA", () => {
    const foreign = authority({ subject: [{ type: "CN", value: "Other" }] }).certificate.pem;
    expect(failures({ revoked: [{ certificate: foreign }] })).toEqual({
      "revoked[0].certificate": "/CN=Other was not issued by /O=Example/CN=Example CA",
    });
  });
});

describe("a new revocation list", () => {
  it("keeps out a certificate by itself or by its serial number", async () => {
    const { serialNumber } = certificate;
    for (const revoked of [[{ certificate: certificate["certificate"] }], [{ serialNumber }]]) {
      const outs = await made({ revoked });
      const lists = fileOf(String(outs["crl"]));
      const checks = ["-crl_check_all", "-CRLfile", lists];
      const told = verdict(String(certificate["certificate"]), material.certificate, "sslclient", ...checks);
      expect(told).toMatch(/certificate revoked/);
      expect(outs["entries"]).toEqual([
        {
          serialNumber,
          reason: "unspecified",
          revokedAt: expect.stringMatching(/^\d{4}-.*:\d\d\.000Z$/) as string,
        },
      ]);
    }
  });

  it("tells what servers need of it", async () => {
    const outs = await made();
    const hash = openssl("crl", "-noout", "-hash", "-in", fileOf(String(outs["crl"]))).trim();
    expect(outs).toMatchObject({
      crlpathFiles: { [`${hash}.r0`]: outs["crl"] },
      entries: [],
      mysqlIssuer: "/O=Example/CN=Example CA",
      renewalDue: false,
    });
    expect(text(outs)).toContain(`CRL Number: \n                ${String(outs["crlNumber"])}\n`);
  });
});

describe("an update of a revocation list", () => {
  const entry = { serialNumber: "01aa", reason: "superseded" };

  it("to another entry makes a new one with a higher number, and keeps the time of those that were there", async () => {
    const before = await made({ revoked: [entry] });
    jest.useFakeTimers({ now: Date.now() + day });
    const news = { revoked: [{ serialNumber: "0002" }, entry] };
    const said = saidBy(() => expect(diff("id", before, declaration(news))).toEqual({ changes: true }));
    expect(said).toEqual([
      "revocation list of /O=Example/CN=Example CA: a new one because what it revokes is another",
    ]);
    const after = await changed(before, news);
    const [first, second] = after["entries"] as Inputs[];
    expect([first, second]).toEqual([
      {
        serialNumber: "01aa",
        reason: "superseded",
        revokedAt: (before["entries"] as Inputs[])[0]!["revokedAt"],
      },
      { serialNumber: "02", reason: "unspecified", revokedAt: expect.any(String) as string },
    ]);
    expect(second!["revokedAt"]).not.toBe(first!["revokedAt"]);
    expect(after["crlNumber"]).toBeGreaterThan(Number(before["crlNumber"]));
  });

  it("within the same second has a higher number too", async () => {
    jest.useFakeTimers({ now: Date.now() });
    const before = await made();
    const after = await changed(before, { revoked: [entry] });
    expect(after["crlNumber"]).toBe(Number(before["crlNumber"]) + 1);
  });

  it.each<[string, Inputs]>([
    ["another reason", { revoked: [{ ...entry, reason: "keyCompromise" }] }],
    ["another time", { revoked: [{ ...entry, revokedAt: "2020-01-01T00:00:00Z" }] }],
    ["nothing revoked", {}],
    ["another validity", { revoked: [entry], validityDays: 10 }],
  ])("to %s makes a new one", async (_, given) => {
    const before = await made({ revoked: [entry] });
    expect((await changed(before, given))["crl"]).not.toBe(before["crl"]);
  });

  it.each<[string, Inputs]>([
    ["the same", { revoked: [entry] }],
    ["the same in another spelling", { revoked: [{ ...entry, serialNumber: "0x1AA" }] }],
    ["another reserve", { revoked: [entry], renewBefore: 0.5 }],
    [
      "its CA renewed",
      {
        revoked: [entry],
        issuer: {
          ...material,
          certificate: authority({ validityDays: 4000 }, undefined, Date.now()).certificate.pem,
        },
      },
    ],
  ])("to %s keeps it", async (_, given) => {
    const before = await made({ revoked: [entry] });
    expect(saidBy(() => diff("id", before, declaration(given)))).toEqual([]);
    const after = await changed(before, given);
    expect(after["crl"]).toBe(before["crl"]);
    expect(after["crlNumber"]).toBe(before["crlNumber"]);
  });

  it("to another CA makes a new one", async () => {
    const before = await made();
    const other = authority({ subject: [{ type: "CN", value: "Other" }] }, undefined, Date.now());
    const after = await changed(before, { issuer: { ...material, certificate: other.certificate.pem } });
    expect(after["mysqlIssuer"]).toBe("/CN=Other");
  });

  it("is due when a third of its life is left, which a refresh shows", async () => {
    const before = await made({ validityDays: 30 });
    jest.useFakeTimers({ now: Date.now() + 21 * day });
    const { props } = await read("id", before);
    expect(props).toEqual({ ...before, renewalDue: true });
    const said = saidBy(() =>
      expect(diff("id", props, declaration({ validityDays: 30 }))).toEqual({ changes: true }),
    );
    expect(said).toEqual([expect.stringMatching(/: a new one because it ends on \S+ and is due since \S+$/)]);
    const after = await changed(props, { validityDays: 30 });
    expect(after["renewalDue"]).toBe(false);
    expect(after["nextUpdate"]).not.toBe(before["nextUpdate"]);
  });

  it("of which something is not known yet may make a new one, and says so", async () => {
    const before = await made({ revoked: [entry] });
    const news = declaration({ revoked: [{ serialNumber: unknownValue }] });
    expect(saidBy(() => expect(diff("id", before, news)).toEqual({ changes: true }))).toEqual([
      "revocation list of /O=Example/CN=Example CA: perhaps a new one because revoked is not known yet",
    ]);
  });
});
