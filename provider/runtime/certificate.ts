import { type KeyObject, createPrivateKey, randomUUID } from "node:crypto";
import { intermediates, joined } from "../certificates/authority";
import { issueCertificate } from "../certificates/certificate";
import { type CertificateDeclaration, type Change, changeOfCertificate } from "../certificates/changes";
import { type Usage, addressProblem, dnsProblem } from "../certificates/extensions";
import { type Issuer, requireFit, signed } from "../certificates/issuer";
import { type KeyFormat, certificatesIn, keyPem } from "../certificates/pem";
import type { ReadCertificate } from "../certificates/read";
import { defaultRenewBefore, isDue, validityFrom } from "../certificates/renewal";
import { newKey } from "../certificates/signing";
import { isUnknown } from "../plan/wish";
import {
  assumed,
  certificateOutputs,
  issuerIn,
  numberIn,
  presentIn,
  sayChange,
  subjectFailures,
  subjectIn,
} from "./certificate-material";
import { declaredIn, isNew, providerOf, same, stubChanged } from "./lifecycle";
import { type CheckFailure, type Inputs, firstOfEach, refusals, shapeFailures } from "./validation";

const outputs = [
  "certificate",
  "certificateChain",
  "privateKey",
  "mysqlSubject",
  "mysqlIssuer",
  "serialNumber",
  "sha256",
  "notBefore",
  "notAfter",
  "renewalDue",
];
const declared = (all: Inputs): Inputs => declaredIn(all, outputs);

export function check(olds: Inputs | undefined, news: Inputs): { inputs: Inputs; failures: CheckFailure[] } {
  const inputs = declared(news);
  const shape = shapeFailures("certificate", inputs);
  const failures =
    shape.length > 0
      ? shape
      : [
          ...subjectFailures(inputs["subject"]),
          ...hostFailures(inputs),
          ...issuerFailures(inputs, isNew(olds)),
        ];
  return { inputs: { ...inputs, ...providerOf(news) }, failures: firstOfEach(failures) };
}

function hostFailures(inputs: Inputs): CheckFailure[] {
  const problems = (property: string, problem: (text: string) => string | undefined): CheckFailure[] =>
    listIn(inputs, property).flatMap((text, i) => {
      const reason = isUnknown(text) ? undefined : problem(text);
      return reason === undefined ? [] : [{ property: `${property}[${i}]`, reason }];
    });
  return [...problems("dnsNames", dnsProblem), ...problems("ipAddresses", addressProblem)];
}

/** The clock decides only where a certificate is to be made: what is there stays where its CA has ended. */
function issuerFailures(inputs: Inputs, toBeMade: boolean): CheckFailure[] {
  if (isUnknown(inputs["issuer"]) || isUnknown(inputs["validityDays"])) return [];
  return refusals(() => {
    const issuer = issuerIn(inputs);
    if (toBeMade) requireIssuable(declarationOf(inputs), issuer, Date.now());
  });
}

function requireIssuable({ validityDays }: CertificateDeclaration, issuer: Issuer, now: number): void {
  requireFit(
    issuer,
    { kind: "certificate", now, notAfter: validityFrom(now, validityDays).notAfter },
    "issuer",
  );
}

export function diff(_id: string, olds: Inputs, news: Inputs): { changes: boolean } {
  const { inputs, reasons } = assumed(olds, news);
  const now = Date.now();
  const issuer = issuerIn(inputs);
  const change = changeOf(olds, inputs, issuer, now);
  if (change.reasons.length > 0 && reasons.length === 0) requireIssuable(declarationOf(inputs), issuer, now);
  const what = `certificate ${String(olds["mysqlSubject"])}`;
  if (change.reasons.length > 0)
    sayChange(
      what,
      change.newKey ? "a new one with a new key" : "a new one with the same key",
      change.reasons,
    );
  else sayChange(what, "perhaps a new one", reasons);
  const changes =
    change.reasons.length > 0 ||
    reasons.length > 0 ||
    !same(declared(olds), declared(news)) ||
    stubChanged(olds, news);
  return { changes };
}

export async function create(inputs: Inputs): Promise<{ id: string; outs: Inputs }> {
  const declaration = declarationOf(inputs);
  const issuer = issuerIn(inputs);
  const key = await newKey(declaration.keyBits);
  const certificate = issueCertificate(declaration, issuer, key, Date.now());
  return { id: randomUUID(), outs: outputsOf(inputs, certificate, key, issuer) };
}

export async function update(_id: string, olds: Inputs, news: Inputs): Promise<{ outs: Inputs }> {
  const declaration = declarationOf(news);
  const issuer = issuerIn(news);
  const now = Date.now();
  const change = changeOf(olds, news, issuer, now);
  const key = change.newKey
    ? await newKey(declaration.keyBits)
    : createPrivateKey(String(olds["privateKey"]));
  const certificate =
    change.reasons.length > 0 ? issueCertificate(declaration, issuer, key, now) : String(olds["certificate"]);
  return { outs: outputsOf(news, certificate, key, issuer) };
}

export function read(id: string, props: Inputs): Promise<{ id: string; props: Inputs; inputs: Inputs }> {
  const inputs = declared(props);
  const renewalDue = isDue(presentIn(props), declarationOf(inputs).renewBefore, Date.now());
  return Promise.resolve({ id, props: { ...props, renewalDue }, inputs });
}

/** Nothing but state knows of it. */
export function remove(): Promise<void> {
  return Promise.resolve();
}

function changeOf(olds: Inputs, news: Inputs, issuer: Issuer, now: number): Change {
  const validity = presentIn(olds);
  const sameIssuer = signed(issuer.certificate, validity);
  return changeOfCertificate({ validity, sameIssuer }, declarationOf(olds), declarationOf(news), now);
}

function declarationOf(inputs: Inputs): CertificateDeclaration {
  return {
    subject: subjectIn(inputs),
    usage: (inputs["usage"] ?? "both") as Usage,
    dnsNames: listIn(inputs, "dnsNames"),
    ipAddresses: listIn(inputs, "ipAddresses"),
    validityDays: numberIn(inputs, "validityDays", 365),
    renewBefore: numberIn(inputs, "renewBefore", defaultRenewBefore),
    keyBits: numberIn(inputs, "keyBits", 2048),
    keepKey: inputs["keepKey"] === true,
  };
}

function listIn(inputs: Inputs, property: string): string[] {
  return Array.isArray(inputs[property]) ? (inputs[property] as string[]) : [];
}

function outputsOf(inputs: Inputs, pem: string, key: KeyObject, issuer: Issuer): Inputs {
  const [certificate] = certificatesIn(pem, "certificate") as [ReadCertificate];
  const format = (inputs["privateKeyFormat"] ?? "PKCS8") as KeyFormat;
  return {
    ...declared(inputs),
    ...certificateOutputs(certificate, declarationOf(inputs).renewBefore),
    certificateChain: certificate.pem + joined(intermediates(issuer)),
    privateKey: keyPem(key, format),
  };
}
