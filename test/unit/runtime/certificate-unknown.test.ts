import { unknownValue } from "../../../provider/plan/wish";
import * as certificate from "../../../provider/runtime/certificate";
import * as authority from "../../../provider/runtime/certificate-authority";
import { setConfiguration } from "../../../provider/runtime/context";
import * as list from "../../../provider/runtime/revocation-list";
import type { Inputs } from "../../../provider/runtime/validation";
import { material, saidBy, subject } from "./certificate-inputs";

const issuer = { ...material, passphrase: "none needed", trustBundle: material.certificate };

const declarations: [string, typeof certificate | typeof authority | typeof list, Inputs][] = [
  [
    "a certificate",
    certificate,
    {
      issuer,
      subject,
      usage: "both",
      dnsNames: ["db1"],
      ipAddresses: ["10.0.0.1"],
      validityDays: 100,
      renewBefore: 0.5,
      keyBits: 2048,
      keepKey: true,
      privateKeyFormat: "PKCS1",
    },
  ],
  ["a CA", authority, { issuer, subject, keyBits: 2048, validityDays: 100, pathLength: 0, renewBefore: 0.5 }],
  ["a CA that exists", authority, { existing: issuer, renewBefore: 0.5 }],
  [
    "a revocation list",
    list,
    {
      issuer,
      revoked: [{ serialNumber: "01", reason: "superseded", revokedAt: "2026-01-01" }],
      validityDays: 100,
      renewBefore: 0.5,
    },
  ],
];

/** The value with one thing in it unknown, for every thing in it and itself. */
function variants(value: unknown): unknown[] {
  if (typeof value !== "object" || value === null) return [unknownValue];
  const within = Object.entries(value).flatMap(([key, inner]) =>
    variants(inner).map((other) => {
      const copy: unknown = Array.isArray(value) ? [...(value as unknown[])] : { ...value };
      (copy as Inputs)[key] = other;
      return copy;
    }),
  );
  return [unknownValue, ...within];
}

beforeEach(() => setConfiguration({ get: () => undefined }));

it.each(declarations)(
  "%s passes check and preview whatever part of it is not known yet",
  async (_, resource, inputs) => {
    const { id, outs } = await resource.create(inputs);
    const all = variants(inputs).slice(1) as Inputs[];
    expect(all.length).toBeGreaterThan(Object.keys(inputs).length);
    saidBy(() => {
      for (const news of all) {
        expect(resource.check(undefined, news).failures).toEqual([]);
        expect(resource.check(inputs, news).failures).toEqual([]);
        expect(resource.diff(id, outs, news)).toEqual({ changes: true });
      }
    });
  },
);
