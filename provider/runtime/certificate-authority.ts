import { randomUUID } from "node:crypto";
import { capathFiles, issueAuthority, joined, trustChain } from "../certificates/authority";
import {
  type AuthorityDeclaration,
  type Change,
  changeOfAuthority,
  changeOfOutgoing,
  replacementsOfAuthority,
} from "../certificates/changes";
import { type Issuer, requireFit, requireValid, signed } from "../certificates/issuer";
import { certificatesIn, keyPem } from "../certificates/pem";
import { type ReadCertificate, isSelfIssued, sameAuthority } from "../certificates/read";
import { defaultRenewBefore, isDue, validityFrom } from "../certificates/renewal";
import { type Decision, type Held, type Step, heldAfter, stepOf } from "../certificates/rotation";
import { newKey } from "../certificates/signing";
import { InputError } from "../errors";
import { isUnknown } from "../plan/wish";
import {
  type Made,
  atRest,
  decisionOn,
  heldIn,
  rotationIn,
  rotationOutputs,
  rotationOutputsOf,
  sayRotation,
  wishIn,
} from "./authority-rotation";
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
  ...rotationOutputs,
];
const declared = (all: Inputs): Inputs => declaredIn(all, outputs);

/** What has no meaning for a CA that somebody else made. */
const ofOwnAuthority = [
  "subject",
  "keyBits",
  "validityDays",
  "pathLength",
  "issuer",
  "rotation",
  "usedBy",
  "renewedFiles",
];

interface Difference {
  changes: boolean;
  replaces?: string[];
}

export function check(olds: Inputs | undefined, news: Inputs): { inputs: Inputs; failures: CheckFailure[] } {
  const inputs = declared(news);
  const shape = shapeFailures("authority", inputs);
  const failures =
    shape.length > 0
      ? shape
      : "existing" in inputs
        ? existingFailures(inputs, isNew(olds))
        : [...ownFailures(inputs, isNew(olds)), ...rotationFailures(olds, inputs)];
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

/** What is under way only state knows: the rest is refused by diff. */
function rotationFailures(olds: Inputs | undefined, inputs: Inputs): CheckFailure[] {
  const raised = !isNew(olds) && wishIn(inputs).count > wishIn(olds!).count;
  return raised && !("usedBy" in inputs)
    ? [{ property: "rotation", reason: "needs usedBy: the servers that are asked before each phase" }]
    : [];
}

function requireIssuable({ validityDays }: AuthorityDeclaration, issuer: Issuer, now: number): void {
  requireFit(
    issuer,
    { kind: "authority", now, notAfter: validityFrom(now, validityDays).notAfter },
    "issuer",
  );
}

export function diff(_id: string, olds: Inputs, news: Inputs): Difference | Promise<Difference> {
  const { inputs, reasons } = assumed(olds, news);
  const what = `certificate authority ${String(olds["mysqlSubject"])}`;
  const changes =
    reasons.length > 0 ||
    !same(declared(olds), declared(news)) ||
    stubChanged(olds, news) ||
    // State of earlier releases: in a preview an output that is missing counts as unknown.
    !("rotationPhase" in olds);
  if (requireStep(olds, inputs) !== "none")
    return rotationDiff(what, olds, inputs).then((moves) => ({ changes: moves || changes }));
  const replaces = replacements(olds, inputs);
  if (replaces.length > 0) {
    sayChange(what, "another CA, which signs anew all that this one has signed,", [
      `${replaces.join(" and ")} ${replaces.length === 1 ? "is" : "are"} another`,
    ]);
    return { changes: true, replaces };
  }
  const renewed = renewalOf(olds, inputs, Date.now()).signs;
  if (renewed.length > 0) sayRenewal(what, renewed);
  else sayChange(what, "perhaps a new certificate", reasons);
  return { changes: changes || renewed.length > 0 };
}

/** The servers are asked in a preview too: what it says is what an update would find. */
async function rotationDiff(what: string, olds: Inputs, inputs: Inputs): Promise<boolean> {
  const before = rotationIn(olds);
  const decision = await decisionOn(olds, inputs);
  sayRotation(what, before, decision);
  const { signs, other } = renewalOf(olds, inputs, Date.now(), decision);
  sayRenewal(what, signs);
  sayRenewal(`${what}, the other one of the rotation`, other);
  const asBefore = same(decision.next, before) && same(decision.waitsFor, olds["rotationWaitsFor"]);
  return !asBefore || signs.length + other.length > 0;
}

function sayRenewal(what: string, reasons: readonly string[]): void {
  sayChange(what, "a new certificate with the same key", reasons);
}

/** What a declaration asks of the rotation; refused is what does not go together with one. */
function requireStep(olds: Inputs, inputs: Inputs): Step {
  const now = rotationIn(olds);
  if ("existing" in inputs) {
    if (now.phase !== 0) throw underWay("existing");
    return "none";
  }
  if ("existing" in declared(olds)) return "none";
  const step = stepOf(now, wishIn(inputs));
  if (step === "none") return step;
  const others = replacementsOfAuthority(declarationOf(olds), declarationOf(inputs));
  if (others.includes("subject"))
    throw new InputError(
      "subject",
      "cannot change with a rotation: accounts with REQUIRE ISSUER compare it",
      "leave it as it was until rotationPhase is 0",
    );
  if (step === "give up") requireSize(declarationOf(inputs).keyBits, heldIn(olds).signs);
  else if (!("usedBy" in inputs))
    throw new InputError(
      "usedBy",
      "is needed for a rotation",
      "the servers that are asked before each phase",
    );
  if (step === "go on" && others.length > 0) throw underWay(others[0]!);
  if (step === "begin" && "issuer" in inputs)
    requireIssuable(declarationOf(inputs), issuerIn(inputs), Date.now());
  return step;
}

function underWay(property: string): InputError {
  return new InputError(
    property,
    "cannot change while a rotation is under way",
    "leave it as it was until rotationPhase is 0",
  );
}

function requireSize(keyBits: number, { key }: Made): void {
  const size = key.asymmetricKeyDetails?.modulusLength;
  if (size !== keyBits)
    throw new InputError(
      "keyBits",
      `is ${keyBits}, and the CA that stays has ${size}`,
      `keyBits: ${size}, as before the rotation`,
    );
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
  const issuer = issuerOf(inputs);
  const signs = await newAuthority(inputs, issuer);
  return { id, outs: outputsOf(inputs, { signs }, issuer, atRest(wishIn(inputs).count)) };
}

export async function update(_id: string, olds: Inputs, news: Inputs): Promise<{ outs: Inputs }> {
  const step = requireStep(olds, news);
  if ("existing" in news) return { outs: existingOutputs(news) };
  const before = rotationIn(olds);
  const decision = await decisionOn(olds, news);
  if (step !== "none") sayRotation(`certificate authority ${String(olds["mysqlSubject"])}`, before, decision);
  const issuer = issuerOf(news);
  const due = renewalOf(olds, news, Date.now(), decision);
  const made = step === "begin" ? await newAuthority(news, issuer) : undefined;
  const held = heldAfter(heldIn(olds), before.phase, decision.next.phase, made);
  const renewed = (one: Made, reasons: readonly string[]): Made =>
    reasons.length === 0
      ? one
      : { ...one, pem: issueAuthority(declarationOf(news), issuer, one.key, Date.now()) };
  const now: Held<Made> = {
    signs: renewed(held.signs, due.signs),
    ...(held.other ? { other: renewed(held.other, due.other) } : {}),
  };
  return { outs: outputsOf(news, now, issuer, decision) };
}

async function newAuthority(inputs: Inputs, issuer: Issuer | undefined): Promise<Made> {
  const declaration = declarationOf(inputs);
  const key = await newKey(declaration.keyBits);
  return { pem: issueAuthority(declaration, issuer, key, Date.now()), key };
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

/** Why each CA that is there, and stays, gets a new certificate for its key; without reasons none. */
function renewalOf(
  olds: Inputs,
  news: Inputs,
  now: number,
  { next }: Decision = atRest(0),
): { signs: readonly string[]; other: readonly string[] } {
  // A CA that somebody else made is renewed by them.
  if ("existing" in news) return { signs: [], other: [] };
  const before = rotationIn(olds).phase;
  const { signs, other } = heldAfter<Made | undefined>(heldIn(olds), before, next.phase);
  const isNewest = (one: "signs" | "other"): boolean => (next.phase === 1) === (one === "other");
  const reasonsFor = (made: Made | undefined, newest: boolean): readonly string[] =>
    made ? changeOf(made, newest, olds, news, now).reasons : [];
  return {
    signs: reasonsFor(signs, isNewest("signs")),
    other: reasonsFor(other, isNewest("other")),
  };
}

/** What is declared is of the newest CA. */
function changeOf({ pem }: Made, newest: boolean, olds: Inputs, news: Inputs, now: number): Change {
  const [validity] = certificatesIn(pem, "certificate") as [ReadCertificate];
  const issuer = issuerOf(news);
  const sameIssuer = issuer ? signed(issuer.certificate, validity) : isSelfIssued(validity);
  const present = { validity, sameIssuer };
  return newest
    ? changeOfAuthority(present, declarationOf(olds), declarationOf(news), now)
    : changeOfOutgoing(present, declarationOf(news).renewBefore, now);
}

function issuerOf(inputs: Inputs): Issuer | undefined {
  return "issuer" in inputs ? issuerIn(inputs) : undefined;
}

function existingIn(inputs: Inputs): { issuer: Issuer; chain: ReadCertificate[] } {
  const issuer = issuerIn(inputs, "existing");
  const chain = trustChain(issuer.certificate, issuer.chain, "existing.trustBundle");
  return { issuer, chain: [...chain, ...issuer.namesakes] };
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
  const held = { signs: { pem: issuer.certificate.pem, key: issuer.key } };
  return outputsFrom(inputs, held, chain, atRest(0));
}

function outputsOf(inputs: Inputs, held: Held<Made>, issuer: Issuer | undefined, decision: Decision): Inputs {
  const above = issuer?.chain ?? [];
  const chains = [held.signs, held.other].flatMap((made) => {
    if (!made) return [];
    const [certificate] = certificatesIn(made.pem, "certificate") as [ReadCertificate];
    return trustChain(certificate, above, "issuer.trustBundle");
  });
  return outputsFrom(inputs, held, [...chains, ...(issuer?.namesakes ?? [])], decision);
}

/** Of several in the bundle that are the same, as of a root above two CAs, one stands there; roots come last. */
function outputsFrom(
  inputs: Inputs,
  held: Held<Made>,
  trusted: readonly ReadCertificate[],
  decision: Decision,
): Inputs {
  const once = trusted.filter((one, i) => trusted.findIndex(({ pem }) => pem === one.pem) === i);
  const bundle = [...once.filter((one) => !isSelfIssued(one)), ...once.filter(isSelfIssued)];
  return {
    ...declared(inputs),
    ...certificateOutputs(trusted[0]!, declarationOf(inputs).renewBefore),
    privateKey: keyPem(held.signs.key, "PKCS8"),
    trustBundle: joined(bundle),
    capathFiles: capathFiles(bundle),
    ...rotationOutputsOf(decision, held),
  };
}
