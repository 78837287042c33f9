import type * as Pem from "../certificates/pem";
import type * as Lists from "../certificates/read-list";
import { isUnknown } from "../plan/wish";
import type { Told, ToldKind } from "../rolling/told";
import { same } from "./lifecycle";
import { type CheckFailure, type Inputs, refusals } from "./validation";

/** Inputs that tell what a TLS file holds, and those that name the file. */
const files: Readonly<Record<ToldKind, { readonly text: string; readonly path: string }>> = {
  certificate: { text: "expectedCertificate", path: "sslCert" },
  ca: { text: "expectedCa", path: "sslCa" },
  crl: { text: "expectedCrl", path: "sslCrl" },
};

/** What is known of it; expectedCertificate may also be a digest, which tells no content. */
export function toldIn(inputs: Inputs): Told {
  const told = Object.entries(files).flatMap(([kind, { text, path }]) => {
    const [content, file] = [inputs[text], inputs[path]];
    if (typeof content !== "string" || !content.includes("-----BEGIN ") || isUnknown(file)) return [];
    return [[kind, { text: content, path: typeof file === "string" ? file : undefined }]];
  });
  return Object.fromEntries(told) as Told;
}

/** Texts that are no certificates and no lists. */
export function toldFailures(inputs: Inputs): CheckFailure[] {
  const [ca, crl] = [inputs["expectedCa"], inputs["expectedCrl"]];
  const known = (text: unknown): text is string => typeof text === "string" && !isUnknown(text);
  return [
    ...(known(ca) ? refusals(() => pem().certificatesIn(ca, "expectedCa")) : []),
    ...(known(crl) ? refusals(() => lists().listsIn(crl, "expectedCrl")) : []),
  ];
}

/** The server has another file: what that one holds is not what was told. */
export function withoutStrayTexts(declared: Inputs, live: Inputs): Inputs {
  const stray = [files.ca, files.crl].filter(({ path }) => !same(declared[path], live[path]));
  return Object.fromEntries(Object.entries(live).filter(([key]) => !stray.some(({ text }) => text === key)));
}

// Forge is loaded for a program that has certificates, and for no other.
/* eslint-disable @typescript-eslint/no-require-imports -- import() would make every check wait */
const pem = (): typeof Pem => require("../certificates/pem") as typeof Pem;
const lists = (): typeof Lists => require("../certificates/read-list") as typeof Lists;
