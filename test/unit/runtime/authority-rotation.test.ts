import { X509Certificate, createPrivateKey } from "node:crypto";
import { keyPem } from "../../../provider/certificates/pem";
import { unknownValue } from "../../../provider/plan/wish";
import * as leaves from "../../../provider/runtime/certificate";
import { check, create, diff, read, update } from "../../../provider/runtime/certificate-authority";
import { setConfiguration } from "../../../provider/runtime/context";
import * as lists from "../../../provider/runtime/revocation-list";
import type { Inputs } from "../../../provider/runtime/validation";
import { day, rsaKey } from "../certificates/builders";
import { fileOf, openssl, told, verdict } from "../certificates/openssl";
import { certificateInputs, material, saidBy } from "./certificate-inputs";

const subject = [{ type: "CN", value: "Our CA" }];
/** No server is asked: here it is the CA's own matter. */
const declared = (given: Inputs = {}): Inputs => ({ subject, keyBits: 2048, usedBy: [], ...given });
const made = (given: Inputs = {}): Promise<Inputs> => create(declared(given)).then(({ outs }) => outs);

const silently = async <T>(work: () => Promise<T>): Promise<T> => {
  const log = jest.spyOn(console, "log").mockImplementation(() => undefined);
  try {
    return await work();
  } finally {
    log.mockRestore();
  }
};
const updated = (outs: Inputs, news: Inputs): Promise<Inputs> =>
  silently(() => update("id", outs, news)).then(({ outs: after }) => after);

/** As the engine hands on what `issuer: ca` names. */
const asIssuer = ({ certificate, privateKey, trustBundle }: Inputs): Inputs => ({
  certificate,
  privateKey,
  trustBundle,
});
const asListIssuer = (outs: Inputs): Inputs => ({
  ...asIssuer(outs),
  rotatingCertificate: outs["rotatingCertificate"],
  rotatingPrivateKey: outs["rotatingPrivateKey"],
});
const bundle = (outs: Inputs): string => String(outs["trustBundle"]);
const certificatesOf = (text: string): number => text.match(/BEGIN CERTIFICATE/g)!.length;

/** The four states of a rotation. */
async function phasesOf(given: Inputs = {}, first: Inputs = {}): Promise<[Inputs, Inputs, Inputs, Inputs]> {
  const before = await made({ ...given, ...first });
  const news = declared({ ...given, rotation: 1 });
  const one = await updated(before, news);
  const two = await updated(one, news);
  return [before, one, two, await updated(two, news)];
}

async function said(olds: Inputs, news: Inputs): Promise<{ lines: string[]; changes: boolean }> {
  const log = jest.spyOn(console, "log").mockImplementation(() => undefined);
  try {
    const { changes } = await diff("id", olds, news);
    return { lines: log.mock.calls.map(([line]) => String(line)), changes };
  } finally {
    log.mockRestore();
  }
}

async function refusal(olds: Inputs, news: Inputs): Promise<string> {
  const attempt = async (run: () => unknown): Promise<string> => {
    try {
      await run();
    } catch (error) {
      return (error as Error).message;
    }
    throw new Error("it was not refused");
  };
  const inPreview = await attempt(() => diff("id", olds, news));
  // Whoever skips the preview is refused alike.
  expect(await attempt(() => update("id", olds, news))).toBe(inPreview);
  return inPreview;
}

beforeEach(() => setConfiguration({ get: () => undefined }));

describe("a rotation", () => {
  let states: [Inputs, Inputs, Inputs, Inputs];
  beforeAll(async () => void (states = await phasesOf()));

  it("first trusts both CAs, then lets the new one sign, then forgets the old one", () => {
    const [before, one, two, after] = states;
    expect(states.map(({ rotationPhase }) => rotationPhase)).toEqual([0, 1, 2, 0]);
    expect(states.map((outs) => certificatesOf(bundle(outs)))).toEqual([1, 2, 2, 1]);
    expect(one).toMatchObject({ sha256: before["sha256"], privateKey: before["privateKey"] });
    expect(two).toMatchObject({
      certificate: one["rotatingCertificate"],
      privateKey: one["rotatingPrivateKey"],
      rotatingCertificate: before["certificate"],
      rotatingPrivateKey: before["privateKey"],
    });
    expect(after).toMatchObject({ sha256: two["sha256"], trustBundle: two["certificate"] });
    expect(after).toMatchObject({ rotatingCertificate: "", rotatingPrivateKey: "" });
    expect(new Set(states.map(({ mysqlSubject }) => mysqlSubject))).toEqual(new Set(["/CN=Our CA"]));
  });

  it("leaves nothing of the old key behind", () => {
    const old = String(states[0]["privateKey"]).split("\n")[2]!;
    expect(JSON.stringify(states[2])).toContain(old);
    expect(JSON.stringify(states[3])).not.toContain(old);
  });

  it("has both CAs in the folder for ssl_capath, under one hash", () => {
    const hash = told(String(states[0]["certificate"]), "-subject_hash");
    expect(Object.keys(states[1]["capathFiles"] as object)).toEqual([`${hash}.0`, `${hash}.1`]);
    expect(Object.keys(states[3]["capathFiles"] as object)).toEqual([`${hash}.0`]);
  });

  it("says in a preview which phase comes", async () => {
    const [before, one, two] = states;
    const news = declared({ rotation: 1 });
    expect(await said(before, news)).toEqual({
      changes: true,
      lines: [
        "certificate authority /CN=Our CA: phase 1 of 3: a new key and certificate are made; trustBundle holds the old CA and the new one; the old one still signs",
      ],
    });
    expect((await said(one, news)).lines).toEqual([
      "certificate authority /CN=Our CA: phase 2 of 3: the new CA signs, and all that the old one has signed is made anew; trustBundle holds both",
    ]);
    expect((await said(two, news)).lines).toEqual([
      "certificate authority /CN=Our CA: phase 3 of 3: trustBundle holds the new CA alone; the old one and its key are forgotten",
    ]);
  });

  it("has ended when the third phase is over: nothing more changes, with and without usedBy", async () => {
    const after = states[3];
    expect(await said(after, declared({ rotation: 1 }))).toEqual({ changes: false, lines: [] });
    const { usedBy: _, ...without } = declared({ rotation: 1 });
    expect(check(declared({ rotation: 1 }), without).failures).toEqual([]);
    expect((await updated(after, without))["sha256"]).toBe(after["sha256"]);
  });

  it("makes a certificate anew when the new CA signs, and not in the other phases", async () => {
    const [before, one, two, after] = states;
    const declaration = (outs: Inputs): Inputs => certificateInputs({ issuer: asIssuer(outs) });
    let { outs: leaf } = await leaves.create(declaration(before));
    const seen = [leaf["sha256"]];
    for (const state of [one, two, after]) {
      const asked = declaration(state);
      expect(leaves.check(declaration(before), asked).failures).toEqual([]);
      const { outs } = await leaves.update("id", leaf, asked);
      seen.push(outs["sha256"]);
      // Whoever is still in the phase before verifies it as well.
      for (const other of states.slice(states.indexOf(state) - 1, states.indexOf(state) + 1))
        expect(verdict(String(outs["certificate"]), bundle(other), "sslserver")).toBe("OK");
      leaf = outs;
    }
    expect(seen[1]).toBe(seen[0]);
    expect(seen[2]).not.toBe(seen[0]);
    expect(seen[3]).toBe(seen[2]);
    expect(saidBy(() => leaves.diff("id", leaf, declaration(before)))).toEqual([
      "certificate /O=Example/CN=db1: a new one with a new key because another CA signs it",
    ]);
  });

  it("has revocation lists of both CAs, and a new list in the first phase and in the last", async () => {
    const [before, one, two, after] = states;
    const good = await leaves.create(certificateInputs({ issuer: asIssuer(before) }));
    const lost = await leaves.create(certificateInputs({ issuer: asIssuer(before) }));
    const fresh = await leaves.create(certificateInputs({ issuer: asIssuer(two) }));
    const revoked = [{ serialNumber: lost.outs["serialNumber"] }];
    const declaration = (outs: Inputs): Inputs => {
      const { inputs, failures } = lists.check(undefined, { issuer: asListIssuer(outs), revoked });
      expect(failures).toEqual([]);
      return inputs;
    };
    const { outs: first } = await lists.create(declaration(before));
    const { outs: second } = await lists.update("id", first, declaration(one));
    const { outs: third } = await lists.update("id", second, declaration(two));
    const { outs: last } = await lists.update("id", third, declaration(after));
    expect(third["crl"]).toBe(second["crl"]);
    expect([first, second, last].map(({ crl }) => String(crl).match(/BEGIN X509 CRL/g)!.length)).toEqual([
      1, 2, 1,
    ]);
    const verified = ({ outs }: { outs: Inputs }, list: Inputs): string =>
      verdict(
        String(outs["certificate"]),
        bundle(one),
        "sslclient",
        "-crl_check_all",
        "-CRLfile",
        fileOf(String(list["crl"])),
      );
    expect(verified(good, second)).toBe("OK");
    expect(verified(fresh, second)).toBe("OK");
    expect(verified(lost, second)).toMatch(/certificate revoked/);
    expect(verified(fresh, first)).toMatch(/unable to get certificate CRL|CRL signature failure/);
    const hash = openssl("crl", "-in", fileOf(String(first["crl"])), "-noout", "-hash").trim();
    expect(Object.keys(second["crlpathFiles"] as object)).toEqual([`${hash}.r0`, `${hash}.r1`]);
    const lines = saidBy(() => lists.diff("id", first, declaration(one)));
    expect(lines).toEqual(["revocation list of /CN=Our CA: a new one because another CA signs it"]);
  });

  it("may have another key size and validity for the new CA", async () => {
    const before = await made();
    const news = declared({ rotation: 1, keyBits: 3072, validityDays: 100 });
    const one = await updated(before, news);
    expect(one["certificate"]).toBe(before["certificate"]);
    const size = (key: unknown): number | undefined =>
      createPrivateKey(String(key)).asymmetricKeyDetails?.modulusLength;
    expect([size(one["privateKey"]), size(one["rotatingPrivateKey"])]).toEqual([2048, 3072]);
    const days =
      (new X509Certificate(String(one["rotatingCertificate"])).validToDate.getTime() - Date.now()) / day;
    expect(days).toBeGreaterThan(99);
    expect(days).toBeLessThan(101);
    const after = await updated(await updated(one, news), news);
    expect(await said(after, news)).toEqual({ changes: false, lines: [] });
  });

  it("keeps to its phase when an update got lost, and makes another key only where nobody has seen it", async () => {
    const [before, one, two] = states;
    const news = declared({ rotation: 1 });
    const again = await updated(before, news);
    expect(again["rotationPhase"]).toBe(1);
    expect(again["rotatingPrivateKey"]).not.toBe(one["rotatingPrivateKey"]);
    expect(await updated(one, news)).toEqual(two);
  });

  it("is seen by a refresh as it is", async () => {
    const { props, inputs } = await read("id", states[1]);
    expect(props).toEqual(states[1]);
    expect(inputs).toEqual(declared({ rotation: 1 }));
  });
});

describe("a rotation that is given up", () => {
  it("in phase 1 leaves the old CA as it was", async () => {
    const [before, one] = await phasesOf();
    expect((await said(one, declared())).lines).toEqual([
      "certificate authority /CN=Our CA: the rotation is given up; trustBundle holds the old CA alone; the new one and its key are forgotten",
    ]);
    const { usedBy: _, ...without } = declared();
    expect(await updated(one, declared())).toEqual(before);
    const again = await updated(await updated(one, without), declared({ rotation: 1 }));
    expect(again).toMatchObject({ rotationPhase: 1, certificate: before["certificate"] });
    expect(again["rotatingCertificate"]).not.toBe(one["rotatingCertificate"]);
  });

  it("wants the old key's size again", async () => {
    const one = await updated(await made(), declared({ rotation: 1, keyBits: 3072 }));
    expect(await refusal(one, declared({ keyBits: 3072 }))).toBe(
      "[GR001] keyBits: is 3072, and the CA that stays has 2048\nLeft: nothing was changed\nDo: keyBits: 2048, as before the rotation",
    );
    expect((await updated(one, declared()))["rotationPhase"]).toBe(0);
  });

  it("in phase 2 is refused", async () => {
    const two = (await phasesOf())[2];
    expect(await refusal(two, declared())).toMatch(/^\[GR001\] rotation: cannot go back in phase 2 of 3/);
  });
});

describe("a rotation's declaration", () => {
  const failures = (olds: Inputs | undefined, news: Inputs): Record<string, string> =>
    Object.fromEntries(check(olds, news).failures.map((f) => [f.property, f.reason]));
  const { usedBy: _, ...alone } = declared();

  it("needs to know the servers that use the CA", async () => {
    expect(failures(alone, { ...alone, rotation: 1 })).toEqual({
      rotation: "needs usedBy: the servers that are asked before each phase",
    });
    expect(failures(alone, { ...alone, rotation: 1, usedBy: [{ host: "db1" }] })).toEqual({});
    // A CA that is new is not rotated.
    expect(failures(undefined, { ...alone, rotation: 7 })).toEqual({});
    const one = await updated(await made(), declared({ rotation: 1 }));
    expect(await refusal(one, { ...alone, rotation: 1 })).toMatch(
      /^\[GR001\] usedBy: is needed for a rotation/,
    );
  });

  it.each<[string, Inputs, Record<string, unknown>]>([
    ["half a rotation", { rotation: 0.5 }, { rotation: expect.any(String) }],
    ["less than none", { rotation: -1 }, { rotation: expect.any(String) }],
    [
      "a server that is none",
      { usedBy: [{ hots: "db1" }] },
      { "usedBy.0.hots": "is no property of this resource" },
    ],
  ])("is refused with %s", (_, given, expected) => {
    expect(failures(undefined, declared(given))).toEqual(expected);
  });

  it("has no place beside a CA that exists", () => {
    const beside = "cannot be declared beside existing";
    expect(failures(undefined, { existing: material, rotation: 1, usedBy: [], renewedFiles: [] })).toEqual({
      rotation: beside,
      "": `usedBy: ${beside}`,
      renewedFiles: beside,
    });
  });

  it.each(["begin", "go on", "give up"])("keeps its subject when it is to %s", async (step) => {
    const before = await made();
    const one = await updated(before, declared({ rotation: 1 }));
    const other = { subject: [{ type: "CN", value: "New CA" }] };
    const [state, count] = step === "begin" ? [before, 1] : [one, step === "go on" ? 1 : 0];
    expect(await refusal(state, declared({ ...other, rotation: count }))).toBe(
      "[GR001] subject: cannot change with a rotation: accounts with REQUIRE ISSUER compare it\nLeft: nothing was changed\nDo: leave it as it was until rotationPhase is 0",
    );
  });

  it.each<[string, Inputs]>([
    ["keyBits", declared({ rotation: 1, keyBits: 3072 })],
    ["existing", { existing: { certificate: material.certificate, privateKey: material.privateKey } }],
  ])("keeps %s while it is under way", async (property, news) => {
    const one = await updated(await made(), declared({ rotation: 1 }));
    expect(await refusal(one, news)).toBe(
      `[GR001] ${property}: cannot change while a rotation is under way\nLeft: nothing was changed\nDo: leave it as it was until rotationPhase is 0`,
    );
  });

  it("counts from what a new CA begins with", async () => {
    const outs = await made({ rotation: 7 });
    expect(outs["rotationPhase"]).toBe(0);
    expect((await updated(outs, declared({ rotation: 8 })))["rotationPhase"]).toBe(1);
    expect(await refusal(outs, declared({ rotation: 6 }))).toMatch(/rotation: can only grow/);
  });

  it("may not be known before the update", async () => {
    const outs = await made();
    expect(await said(outs, declared({ rotation: unknownValue }))).toMatchObject({ changes: true });
    const [, one] = await phasesOf();
    expect((await said(one, declared({ rotation: 1, usedBy: unknownValue }))).lines).toEqual([
      expect.stringMatching(/phase 2 of 3/),
    ]);
  });
});

describe("state of an earlier release", () => {
  const earlier = (outs: Inputs): Inputs =>
    Object.fromEntries(Object.entries(outs).filter(([key]) => !/^rotat|^facts$|^usedBy$/.test(key)));
  const { usedBy: _, ...alone } = declared();

  it("is refreshed, and gets what it lacks by an update that makes nothing anew", async () => {
    const outs = await made();
    const old = earlier(outs);
    expect((await read("id", old)).props).toEqual(old);
    expect(await said(old, alone)).toEqual({ changes: true, lines: [] });
    const after = await updated(old, alone);
    expect(after).toEqual(
      earlier(outs) && {
        ...old,
        rotationPhase: 0,
        rotationWaitsFor: [],
        rotatingCertificate: "",
        rotatingPrivateKey: "",
        facts: outs["facts"],
      },
    );
    expect(await said(after, alone)).toEqual({ changes: false, lines: [] });
  });

  it("can be rotated at once", async () => {
    const old = earlier(await made());
    expect(await updated(old, declared({ rotation: 1 }))).toMatchObject({
      rotationPhase: 1,
      certificate: old["certificate"],
    });
  });

  it("of a revocation list needs no new one", async () => {
    const ca = await made();
    const { outs } = await lists.create({ issuer: asIssuer(ca) });
    const { inputs } = lists.check({ issuer: asIssuer(ca) }, { issuer: asListIssuer(ca) });
    expect(lists.diff("id", outs, inputs)).toEqual({ changes: false });
  });
});

describe("a chain of CAs", () => {
  const middleOf = (root: Inputs, given: Inputs = {}): Inputs =>
    declared({
      subject: [{ type: "CN", value: "Middle" }],
      validityDays: 900,
      issuer: asIssuer(root),
      ...given,
    });

  it("whose intermediate CA is rotated has both of them in its bundle, and the root last", async () => {
    const root = await made();
    const before = (await create(middleOf(root))).outs;
    const one = await updated(before, middleOf(root, { rotation: 1 }));
    const two = await updated(one, middleOf(root, { rotation: 1 }));
    const after = await updated(two, middleOf(root, { rotation: 1 }));
    expect([before, one, two, after].map((outs) => certificatesOf(bundle(outs)))).toEqual([2, 3, 3, 2]);
    for (const outs of [one, two]) expect(bundle(outs).endsWith(String(root["certificate"]))).toBe(true);
    const { outs: leaf } = await leaves.create(certificateInputs({ issuer: asIssuer(two) }));
    const chain = String(leaf["certificateChain"]);
    expect(chain).toBe(String(leaf["certificate"]) + String(two["certificate"]));
    // By the bundle of every phase from the first on, and by the root with what the server sends along.
    for (const outs of [one, two, after]) expect(verdict(chain, bundle(outs), "sslserver")).toBe("OK");
    const rootAlone = verdict(
      String(leaf["certificate"]),
      bundle(root),
      "sslserver",
      "-untrusted",
      fileOf(chain),
    );
    expect(rootAlone).toBe("OK");
  });

  it("whose root is rotated has both roots in the intermediate's bundle, and keeps its leaves", async () => {
    const [before, one, two, after] = await phasesOf();
    let middle = (await create(middleOf(before))).outs;
    const { outs: leaf } = await leaves.create(certificateInputs({ issuer: asIssuer(middle) }));
    const bundles = [bundle(middle)];
    const shas = [middle["sha256"]];
    for (const root of [one, two, after]) {
      middle = await updated(middle, middleOf(root));
      bundles.push(bundle(middle));
      shas.push(middle["sha256"]);
      const { outs } = await leaves.update("id", leaf, certificateInputs({ issuer: asIssuer(middle) }));
      expect(outs["sha256"]).toBe(leaf["sha256"]);
      expect(verdict(String(outs["certificateChain"]), bundle(middle), "sslserver")).toBe("OK");
    }
    expect(bundles.map(certificatesOf)).toEqual([2, 3, 3, 2]);
    expect(shas[1]).toBe(shas[0]);
    expect(shas[2]).not.toBe(shas[0]);
    expect(shas[3]).toBe(shas[2]);
    // What was trusted in the phase before verifies what is sent in the next, and the other way round.
    const chain = String(leaf["certificateChain"]);
    expect(verdict(chain, bundles[2]!, "sslserver")).toBe("OK");
  });

  it("does not trust a CA of another name that stands in the issuer's bundle", async () => {
    const root = await made();
    const issuer = { ...asIssuer(root), trustBundle: bundle(root) + material.certificate };
    const { outs } = await create(middleOf(root, { issuer }));
    expect(certificatesOf(bundle(outs))).toBe(2);
  });
});

it("two CAs of one name that exist are both trusted where the bundle holds both", async () => {
  const first = await made();
  const second = await made();
  const existing = { ...asIssuer(first), trustBundle: bundle(first) + bundle(second) };
  const { outs } = await create({ existing });
  expect(outs["trustBundle"]).toBe(bundle(first) + bundle(second));
  expect(outs).toMatchObject({ rotationPhase: 0, rotatingCertificate: "" });
});

it("a list for a rotation needs certificate and key of the other CA, which belong together", async () => {
  const one = await updated(await made(), declared({ rotation: 1 }));
  const failures = (issuer: Inputs): unknown => lists.check(undefined, { issuer }).failures;
  const { rotatingPrivateKey: _, ...half } = asListIssuer(one);
  expect(failures(half)).toEqual([
    { property: "", reason: "issuer: must have rotatingCertificate and rotatingPrivateKey together" },
  ]);
  const another = keyPem(rsaKey(), "PKCS8");
  expect(failures({ ...asListIssuer(one), rotatingPrivateKey: another })).toEqual([
    { property: "", reason: "issuer.rotatingPrivateKey: is not the key of /CN=Our CA" },
  ]);
});
