import { type KeyObject, createPrivateKey, randomUUID } from "node:crypto";
import { capathFiles, issueAuthority, joined, trustChain } from "../certificates/authority";
import {
  type AuthorityDeclaration,
  type Change,
  changeOfAuthority,
  replacementsOfAuthority,
} from "../certificates/changes";
import { type Issuer, requireFit, requireValid, signed } from "../certificates/issuer";
import { certificatesIn, keyPem } from "../certificates/pem";
import { type ReadCertificate, isSelfIssued, sameAuthority } from "../certificates/read";
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
  "privateKey",
  "trustBundle",
  "capathFiles",
  "mysqlSubject",
  "mysqlIssuer",
  "serialNumber",
  "sha256",
  "notBefore",
  "notAfter",
  "renewalDue",
];
const declared = (all: Inputs): Inputs => declaredIn(all, outputs);

/** What has no meaning for a CA that somebody else made. */
const ofOwnAuthority = ["subject", "keyBits", "validityDays", "pathLength", "issuer"];

export function check(olds: Inputs | undefined, news: Inputs): { inputs: Inputs; failures: CheckFailure[] } {
  const inputs = declared(news);
  const shape = shapeFailures("authority", inputs);
  const failures =
    shape.length > 0
      ? shape
      : "existing" in inputs
        ? existingFailures(inputs, isNew(olds))
        : ownFailures(inputs, isNew(olds));
  return { inputs: { ...inputs, ...providerOf(news) }, failures: firstOfEach(failures) };
}

function existingFailures(inputs: Inputs, isFirst: boolean): CheckFailure[] {
  const beside = ofOwnAuthority.filter((property) => property in inputs);
  const failures = beside.map((property) => ({ property, reason: "cannot be declared beside existing" }));
  if (isUnknown(inputs["existing"])) return failures;
  const refused = refusals(() => {
    const { issuer } = existingIn(inputs);
    if (isFirst) requireValid(issuer, Date.now(), "existing");
  });
  return [...failures, ...refused];
}

function ownFailures(inputs: Inputs, isFirst: boolean): CheckFailure[] {
  if (!("subject" in inputs))
    return [{ property: "subject", reason: "is required, unless existing is declared" }];
  const subject = subjectFailures(inputs["subject"]);
  if (!("issuer" in inputs) || isUnknown(inputs["issuer"]) || isUnknown(inputs["validityDays"]))
    return subject;
  const refused = refusals(() => {
    const issuer = issuerIn(inputs);
    if (isFirst) requireIssuable(declarationOf(inputs), issuer, Date.now());
  });
  return [...subject, ...refused];
}

function requireIssuable({ validityDays }: AuthorityDeclaration, issuer: Issuer, now: number): void {
  requireFit(
    issuer,
    { kind: "authority", now, notAfter: validityFrom(now, validityDays).notAfter },
    "issuer",
  );
}

export function diff(_id: string, olds: Inputs, news: Inputs): { changes: boolean; replaces?: string[] } {
  const { inputs, reasons } = assumed(olds, news);
  const what = `certificate authority ${String(olds["mysqlSubject"])}`;
  const replaces = replacements(olds, inputs);
  if (replaces.length > 0) {
    sayChange(what, "another CA, which signs anew all that this one has signed,", [
      `${replaces.join(" and ")} ${replaces.length === 1 ? "is" : "are"} another`,
    ]);
    return { changes: true, replaces };
  }
  const change = changeOf(olds, inputs, Date.now());
  if (change.reasons.length > 0) sayChange(what, "a new certificate with the same key", change.reasons);
  else sayChange(what, "perhaps a new certificate", reasons);
  const changes =
    change.reasons.length > 0 ||
    reasons.length > 0 ||
    !same(declared(olds), declared(news)) ||
    stubChanged(olds, news);
  return { changes };
}

/** Properties that make it another CA to those who trust it. */
function replacements(olds: Inputs, news: Inputs): string[] {
  if ("existing" in news)
    return sameAuthority(presentIn(olds), existingIn(news).issuer.certificate) ? [] : ["existing"];
  if ("existing" in declared(olds)) return ["existing"];
  return replacementsOfAuthority(declarationOf(olds), declarationOf(news));
}

export async function create(inputs: Inputs): Promise<{ id: string; outs: Inputs }> {
  const id = randomUUID();
  if ("existing" in inputs) return { id, outs: existingOutputs(inputs) };
  const declaration = declarationOf(inputs);
  const issuer = issuerOf(inputs);
  const key = await newKey(declaration.keyBits);
  return { id, outs: outputsOf(inputs, issueAuthority(declaration, issuer, key, Date.now()), key, issuer) };
}

export function update(_id: string, olds: Inputs, news: Inputs): Promise<{ outs: Inputs }> {
  return Promise.resolve().then(() => {
    if ("existing" in news) return { outs: existingOutputs(news) };
    const now = Date.now();
    const issuer = issuerOf(news);
    const key = createPrivateKey(String(olds["privateKey"]));
    const isNeeded = changeOf(olds, news, now).reasons.length > 0;
    const pem = isNeeded
      ? issueAuthority(declarationOf(news), issuer, key, now)
      : String(olds["certificate"]);
    return { outs: outputsOf(news, pem, key, issuer) };
  });
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

/** A CA that somebody else made is renewed by them. */
function changeOf(olds: Inputs, news: Inputs, now: number): Change {
  if ("existing" in news) return { newKey: false, reasons: [] };
  const validity = presentIn(olds);
  const issuer = issuerOf(news);
  const sameIssuer = issuer ? signed(issuer.certificate, validity) : isSelfIssued(validity);
  return changeOfAuthority({ validity, sameIssuer }, declarationOf(olds), declarationOf(news), now);
}

function issuerOf(inputs: Inputs): Issuer | undefined {
  return "issuer" in inputs ? issuerIn(inputs) : undefined;
}

function existingIn(inputs: Inputs): { issuer: Issuer; chain: ReadCertificate[] } {
  const issuer = issuerIn(inputs, "existing");
  return { issuer, chain: trustChain(issuer.certificate, issuer.chain, "existing.trustBundle") };
}

function declarationOf(inputs: Inputs): AuthorityDeclaration {
  const pathLength = inputs["pathLength"];
  return {
    subject: subjectIn(inputs),
    keyBits: numberIn(inputs, "keyBits", 3072),
    validityDays: numberIn(inputs, "validityDays", 3650),
    renewBefore: numberIn(inputs, "renewBefore", defaultRenewBefore),
    pathLength: typeof pathLength === "number" ? pathLength : undefined,
  };
}

function existingOutputs(inputs: Inputs): Inputs {
  const { issuer, chain } = existingIn(inputs);
  return outputsFrom(inputs, issuer.key, chain);
}

function outputsOf(inputs: Inputs, pem: string, key: KeyObject, issuer: Issuer | undefined): Inputs {
  const [certificate] = certificatesIn(pem, "certificate") as [ReadCertificate];
  return outputsFrom(inputs, key, trustChain(certificate, issuer?.chain ?? [], "issuer.trustBundle"));
}

function outputsFrom(inputs: Inputs, key: KeyObject, chain: readonly ReadCertificate[]): Inputs {
  const certificate = chain[0]!;
  return {
    ...declared(inputs),
    ...certificateOutputs(certificate, declarationOf(inputs).renewBefore),
    privateKey: keyPem(key, "PKCS8"),
    trustBundle: joined(chain),
    capathFiles: capathFiles(chain),
  };
}
