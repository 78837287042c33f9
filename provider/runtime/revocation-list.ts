import { randomUUID } from "node:crypto";
import { type Change, type ListDeclaration, changeOfList } from "../certificates/changes";
import { type Issuer, requireFit, signed } from "../certificates/issuer";
import { oneLine } from "../certificates/names";
import { certificatesIn } from "../certificates/pem";
import { plainSerial } from "../certificates/read";
import type { Reason } from "../certificates/reasons";
import { type Validity, defaultRenewBefore, isDue, validityFrom } from "../certificates/renewal";
import { type Revoked, areListsOf, crlpathFiles, issueRevocationList } from "../certificates/revocation";
import { InputError } from "../errors";
import { isUnknown } from "../plan/wish";
import { assumed, issuerIn, numberIn, rotatingIn, sayChange } from "./certificate-material";
import { declaredIn, isNew, providerOf, same, stubChanged } from "./lifecycle";
import { type CheckFailure, type Inputs, firstOfEach, refusals, shapeFailures } from "./validation";

const outputs = [
  "crl",
  "crlpathFiles",
  "entries",
  "crlNumber",
  "mysqlIssuer",
  "thisUpdate",
  "nextUpdate",
  "renewalDue",
];
const declared = (all: Inputs): Inputs => declaredIn(all, outputs);

/** A CertificateAuthority's outputs are empty where no rotation is under way. */
function normalized(inputs: Inputs): Inputs {
  const { issuer } = inputs;
  if (typeof issuer !== "object" || issuer === null) return inputs;
  const given = Object.entries(issuer).filter(
    ([key, value]) => !(key.startsWith("rotating") && value === ""),
  );
  return { ...inputs, issuer: Object.fromEntries(given) };
}

interface Declared {
  serialNumber?: string;
  certificate?: string;
  reason?: Reason;
  revokedAt?: string;
}

/** As it is kept in state. */
interface Entry {
  serialNumber: string;
  reason: Reason;
  revokedAt: string;
}

export function check(olds: Inputs | undefined, news: Inputs): { inputs: Inputs; failures: CheckFailure[] } {
  const inputs = normalized(declared(news));
  const shape = shapeFailures("revocation", inputs);
  const failures =
    shape.length > 0 || isUnknown(inputs) ? shape : refusals(() => requireSound(inputs, isNew(olds)));
  return { inputs: { ...inputs, ...providerOf(news) }, failures: firstOfEach(failures) };
}

function requireSound(inputs: Inputs, isFirst: boolean): void {
  const issuers = issuersIn(inputs, Date.now());
  entriesIn(inputs, [], issuers, Date.now());
  if (isFirst) requireIssuable(inputs, issuers[0], Date.now());
}

/** Whoever signs, and the other CA of a rotation; one that has ended needs no list, nobody takes its certificates. */
function issuersIn(inputs: Inputs, now: number): [Issuer, ...Issuer[]] {
  const other = rotatingIn(inputs);
  const ended = other && other.certificate.notAfter.getTime() < now;
  return [issuerIn(inputs), ...(other && !ended ? [other] : [])];
}

function requireIssuable(inputs: Inputs, issuer: Issuer, now: number): void {
  const { notAfter } = validityFrom(now, declarationOf(inputs).validityDays);
  requireFit(issuer, { kind: "list", now, notAfter }, "issuer");
}

export function diff(_id: string, olds: Inputs, news: Inputs): { changes: boolean } {
  const { inputs, reasons } = assumed(olds, news);
  const now = Date.now();
  const issuers = issuersIn(inputs, now);
  const change = changeOf(olds, inputs, issuers, now);
  if (change.reasons.length > 0 && reasons.length === 0) requireIssuable(inputs, issuers[0], now);
  const what = `revocation list of ${String(olds["mysqlIssuer"])}`;
  if (change.reasons.length > 0) sayChange(what, "a new one", change.reasons);
  else sayChange(what, "perhaps a new one", reasons);
  const changes =
    change.reasons.length > 0 ||
    reasons.length > 0 ||
    !same(declared(olds), declared(news)) ||
    stubChanged(olds, news);
  return { changes };
}

export function create(inputs: Inputs): Promise<{ id: string; outs: Inputs }> {
  return Promise.resolve().then(() => ({ id: randomUUID(), outs: newList(inputs, {}, Date.now()) }));
}

export function update(_id: string, olds: Inputs, news: Inputs): Promise<{ outs: Inputs }> {
  return Promise.resolve().then(() => {
    const now = Date.now();
    if (changeOf(olds, news, issuersIn(news, now), now).reasons.length > 0)
      return { outs: newList(news, olds, now) };
    const kept = Object.fromEntries(outputs.map((output) => [output, olds[output]]));
    return { outs: { ...declared(news), ...kept, renewalDue: dueIn(olds, declarationOf(news), now) } };
  });
}

export function read(id: string, props: Inputs): Promise<{ id: string; props: Inputs; inputs: Inputs }> {
  const inputs = declared(props);
  const renewalDue = dueIn(props, declarationOf(inputs), Date.now());
  return Promise.resolve({ id, props: { ...props, renewalDue }, inputs });
}

/** Nothing but state knows of it. */
export function remove(): Promise<void> {
  return Promise.resolve();
}

function changeOf(olds: Inputs, news: Inputs, issuers: readonly Issuer[], now: number): Change {
  const before = revokedIn(olds);
  return changeOfList(
    {
      validity: validityIn(olds),
      entries: before,
      sameIssuer: areListsOf(String(olds["crl"]), issuers),
    },
    declarationOf(olds),
    { ...declarationOf(news), entries: entriesIn(news, before, issuers, now) },
    now,
  );
}

/** Serial numbers are random, so that one list of both CAs' entries does for each. */
function newList(inputs: Inputs, olds: Inputs, now: number): Inputs {
  const issuers = issuersIn(inputs, now);
  const validity = validityFrom(now, declarationOf(inputs).validityDays);
  const entries = entriesIn(inputs, revokedIn(olds), issuers, now);
  // Seconds since 1970: it grows even where the number of the last list is lost.
  const number = Math.max(Math.floor(now / 1000), numberIn(olds, "crlNumber", 0) + 1);
  const lists = issuers.map((issuer) =>
    issueRevocationList({ revoked: entries, number, validity }, issuer, now),
  );
  return {
    ...declared(inputs),
    crl: lists.join(""),
    crlpathFiles: crlpathFiles(issuers[0], ...lists),
    entries: entries.map((e): Entry => ({ ...e, revokedAt: e.revokedAt.toISOString() })),
    crlNumber: number,
    mysqlIssuer: oneLine(issuers[0].certificate.subject),
    thisUpdate: validity.notBefore.toISOString(),
    nextUpdate: validity.notAfter.toISOString(),
    renewalDue: isDue(validity, declarationOf(inputs).renewBefore, now),
  };
}

/** What is declared, in one order; what has been revoked before was revoked then. */
function entriesIn(
  inputs: Inputs,
  before: readonly Revoked[],
  issuers: readonly Issuer[],
  now: number,
): Revoked[] {
  const all = ((inputs["revoked"] ?? []) as Declared[]).map((entry, i): Revoked => {
    const serialNumber = serialOf(entry, issuers, `revoked[${i}]`);
    const earlier = before.find((other) => other.serialNumber === serialNumber)?.revokedAt;
    const revokedAt = entry.revokedAt === undefined ? earlier : new Date(entry.revokedAt);
    return {
      serialNumber,
      reason: entry.reason ?? "unspecified",
      revokedAt: wholeSecond(revokedAt ?? new Date(now)),
    };
  });
  requireOnce(all.map(({ serialNumber }) => serialNumber));
  return all.sort((a, b) => (a.serialNumber < b.serialNumber ? -1 : 1));
}

function serialOf(
  { serialNumber, certificate }: Declared,
  issuers: readonly Issuer[],
  property: string,
): string {
  if ((serialNumber === undefined) === (certificate === undefined))
    throw new InputError(property, "must have either serialNumber or certificate");
  if (serialNumber !== undefined) return plainSerial(serialNumber);
  const [read] = certificatesIn(certificate!, `${property}.certificate`);
  if (!issuers.some((issuer) => signed(issuer.certificate, read!)))
    throw new InputError(
      `${property}.certificate`,
      `${oneLine(read!.subject)} was not issued by ${oneLine(issuers[0]!.certificate.subject)}`,
    );
  return read!.serialNumber;
}

function requireOnce(serials: readonly string[]): void {
  const twice = serials.find((serial, i) => serials.indexOf(serial) !== i);
  if (twice !== undefined) throw new InputError("revoked", `holds ${twice} twice`);
}

const wholeSecond = (date: Date): Date => new Date(Math.floor(date.getTime() / 1000) * 1000);

function revokedIn(state: Inputs): Revoked[] {
  return ((state["entries"] ?? []) as Entry[]).map(({ serialNumber, reason, revokedAt }) => ({
    serialNumber,
    reason,
    revokedAt: new Date(revokedAt),
  }));
}

function validityIn(state: Inputs): Validity {
  return {
    notBefore: new Date(String(state["thisUpdate"])),
    notAfter: new Date(String(state["nextUpdate"])),
  };
}

function dueIn(state: Inputs, { renewBefore }: ListDeclaration, now: number): boolean {
  return isDue(validityIn(state), renewBefore, now);
}

function declarationOf(inputs: Inputs): ListDeclaration {
  return {
    validityDays: numberIn(inputs, "validityDays", 365),
    renewBefore: numberIn(inputs, "renewBefore", defaultRenewBefore),
  };
}
