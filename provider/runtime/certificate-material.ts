import { type Issuer, type IssuerMaterial, readIssuer } from "../certificates/issuer";
import { type NamePart, partProblem } from "../certificates/name-parts";
import { oneLine } from "../certificates/names";
import { certificatesIn } from "../certificates/pem";
import type { ReadCertificate } from "../certificates/read";
import { isDue } from "../certificates/renewal";
import { isUnknown } from "../plan/wish";
import { certificateFacts } from "../tls/certificate";
import { sayOnce } from "./context";
import type { CheckFailure, Inputs } from "./validation";

export function subjectIn(inputs: Inputs): NamePart[] {
  const parts = Array.isArray(inputs["subject"]) ? (inputs["subject"] as NamePart[]) : [];
  return parts.map(({ type, value }) => ({ type, value }));
}

export function numberIn(inputs: Inputs, property: string, otherwise: number): number {
  const value = inputs[property];
  return typeof value === "number" ? value : otherwise;
}

export function issuerIn(inputs: Inputs, property = "issuer"): Issuer {
  return readIssuer(inputs[property] as IssuerMaterial, property);
}

/** The other CA of a rotation that is under way. */
export function rotatingIn(inputs: Inputs): Issuer | undefined {
  const { rotatingCertificate, rotatingPrivateKey, trustBundle } = inputs["issuer"] as Inputs;
  if (rotatingCertificate === undefined) return undefined;
  const names = { certificate: "rotatingCertificate", privateKey: "rotatingPrivateKey" };
  const material = { certificate: rotatingCertificate, privateKey: rotatingPrivateKey, trustBundle };
  return readIssuer(material as IssuerMaterial, "issuer", names);
}

/** The certificate that state holds. */
export function presentIn(state: Inputs): ReadCertificate {
  return firstIn(String(state["certificate"]), "certificate");
}

export function firstIn(text: string, property: string): ReadCertificate {
  return certificatesIn(text, property)[0]!;
}

/** Outputs that CAs and other certificates have alike. */
export function certificateOutputs(certificate: ReadCertificate, renewBefore: number): Inputs {
  return {
    certificate: certificate.pem,
    mysqlSubject: oneLine(certificate.subject),
    mysqlIssuer: oneLine(certificate.issuer),
    serialNumber: certificate.serialNumber,
    sha256: certificateFacts(certificate.x509).sha256,
    notBefore: certificate.notBefore.toISOString(),
    notAfter: certificate.notAfter.toISOString(),
    renewalDue: isDue(certificate, renewBefore, Date.now()),
  };
}

export function subjectFailures(subject: unknown): CheckFailure[] {
  if (!Array.isArray(subject)) return [];
  if (subject.length === 0) return [{ property: "subject", reason: "must have a part, such as CN" }];
  return (subject as NamePart[]).flatMap((part) => {
    const reason = isUnknown(part) ? undefined : partProblem(part);
    return reason === undefined ? [] : [{ property: "subject", reason: `${part.type} ${reason}` }];
  });
}

/** The declaration with what it was for what is not known yet, and what that is. */
export function assumed(olds: Inputs, news: Inputs): { inputs: Inputs; reasons: string[] } {
  const unknown = Object.keys(news).filter((key) => isUnknown(news[key]));
  const before = unknown.filter((key) => key in olds).map((key) => [key, olds[key]] as const);
  const known = Object.entries(news).filter(([key]) => !unknown.includes(key));
  return {
    inputs: Object.fromEntries([...known, ...before]),
    reasons: unknown.map((key) => `${key} is not known yet`),
  };
}

/** Lines under Diagnostics: what is made anew, and why. */
export function sayChange(what: string, how: string, reasons: readonly string[]): void {
  if (reasons.length > 0) sayOnce(what, [`${what}: ${how} because ${reasons.join("; ")}`]);
}
