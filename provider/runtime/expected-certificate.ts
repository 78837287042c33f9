import type { CertificateFact, ServerFacts } from "../mysql/facts";
import { othersShown } from "../plan/shown";
import { memberContext, viewOf } from "../plan/view";
import { isUnknown } from "../plan/wish";
import { certificateFacts } from "../tls/certificate";
import type * as Material from "./certificate-material";
import { type CheckFailure, type Inputs, refusals } from "./validation";

const property = "expectedCertificate";

/** SHA-256 of the declared one, lower-case hex; undefined where none is declared or it is not known yet. */
export function expectedIn(inputs: Inputs): string | undefined {
  const text = textIn(inputs);
  return text === undefined ? undefined : (readExpected(text).sha256 ?? text);
}

function textIn(inputs: Inputs): string | undefined {
  const value = inputs[property];
  return typeof value === "string" && !isUnknown(value) ? value : undefined;
}

/** What is wrong with the declared one. That it has expired is told when it is declared, and not again: members may still live with it. */
export function expectedFailures(olds: Inputs | undefined, inputs: Inputs): CheckFailure[] {
  const text = textIn(inputs);
  if (text === undefined) return [];
  const { sha256, notAfter, reason } = readExpected(text);
  if (reason !== undefined) return [{ property, reason }];
  const expired = notAfter !== undefined && Date.parse(notAfter) < Date.now();
  if (!expired || sha256 === expectedIn(olds ?? {})) return [];
  return [{ property, reason: `expired on ${notAfter}: no peer would accept it` }];
}

/** One form, in which a certificate and its SHA-256 are no difference. */
export function withFingerprint(inputs: Inputs): Inputs {
  const sha256 = expectedIn(inputs);
  return sha256 === undefined ? inputs : { ...inputs, [property]: sha256 };
}

type Expected = Partial<Pick<CertificateFact, "sha256" | "notAfter">> & { reason?: string };

function readExpected(text: string): Expected {
  const digits = text.replace(/[:\s]/g, "").toLowerCase();
  if (/^[0-9a-f]{64}$/.test(digits)) return { sha256: digits };
  if (/^[0-9a-f]+$/.test(digits))
    return { reason: `has ${digits.length} hexadecimal digits, and a SHA-256 has 64` };
  if (!text.includes("-----BEGIN"))
    return { reason: "must be PEM text, or a SHA-256 of 64 hexadecimal digits" };
  let read: Expected = {};
  // What reads certificates is loaded only where there is one.
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- import() would make every check wait
  const { firstIn } = require("./certificate-material") as typeof Material;
  const [refusal] = refusals(() => (read = certificateFacts(firstIn(text, property).x509)));
  return refusal ?? read;
}

/** For a refresh: another certificate that is in memory, in the form in which the expected one is declared. */
export function liveExpected(inputs: Inputs, facts: ServerFacts): Inputs {
  const { client, group } = othersShown(viewOf(facts, [], memberContext), expectedIn(inputs));
  const other = client === undefined ? group : client;
  return other === undefined ? {} : { [property]: other === null ? withoutTls : other.sha256 };
}

const withoutTls = "(no certificate: the server offers no TLS)";
