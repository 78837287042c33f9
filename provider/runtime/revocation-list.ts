import { randomUUID } from "node:crypto";
import { type Change, type ListDeclaration, changeOfList } from "../certificates/changes";
import { type Issuer, requireFit, signed } from "../certificates/issuer";
import { oneLine } from "../certificates/names";
import { certificatesIn } from "../certificates/pem";
import { plainSerial } from "../certificates/read";
import type { Reason } from "../certificates/reasons";
import { type Validity, defaultRenewBefore, isDue, validityFrom } from "../certificates/renewal";
import { type Revoked, crlpathFiles, isListOf, issueRevocationList } from "../certificates/revocation";
import { InputError } from "../errors";
import { isUnknown } from "../plan/wish";
import { assumed, issuerIn, numberIn, sayChange } from "./certificate-material";
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
  const inputs = declared(news);
  const shape = shapeFailures("revocation", inputs);
  const failures =
    shape.length > 0 || isUnknown(inputs) ? shape : refusals(() => requireSound(inputs, isNew(olds)));
  return { inputs: { ...inputs, ...providerOf(news) }, failures: firstOfEach(failures) };
}

function requireSound(inputs: Inputs, isFirst: boolean): void {
  const issuer = issuerIn(inputs);
  entriesIn(inputs, [], issuer, Date.now());
  if (isFirst) requireIssuable(inputs, issuer, Date.now());
}

function requireIssuable(inputs: Inputs, issuer: Issuer, now: number): void {
  const { notAfter } = validityFrom(now, declarationOf(inputs).validityDays);
  requireFit(issuer, { kind: "list", now, notAfter }, "issuer");
}

export function diff(_id: string, olds: Inputs, news: Inputs): { changes: boolean } {
  const { inputs, reasons } = assumed(olds, news);
  const now = Date.now();
  const issuer = issuerIn(inputs);
  const change = changeOf(olds, inputs, issuer, now);
  if (change.reasons.length > 0 && reasons.length === 0) requireIssuable(inputs, issuer, now);
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
    if (changeOf(olds, news, issuerIn(news), now).reasons.length > 0)
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

function changeOf(olds: Inputs, news: Inputs, issuer: Issuer, now: number): Change {
  const before = revokedIn(olds);
  return changeOfList(
    { validity: validityIn(olds), entries: before, sameIssuer: isListOf(String(olds["crl"]), issuer) },
    declarationOf(olds),
    { ...declarationOf(news), entries: entriesIn(news, before, issuer, now) },
    now,
  );
}

function newList(inputs: Inputs, olds: Inputs, now: number): Inputs {
  const issuer = issuerIn(inputs);
  const validity = validityFrom(now, declarationOf(inputs).validityDays);
  const entries = entriesIn(inputs, revokedIn(olds), issuer, now);
  // Seconds since 1970: it grows even where the number of the last list is lost.
  const number = Math.max(Math.floor(now / 1000), numberIn(olds, "crlNumber", 0) + 1);
  const crl = issueRevocationList({ revoked: entries, number, validity }, issuer, now);
  return {
    ...declared(inputs),
    crl,
    crlpathFiles: crlpathFiles(issuer, crl),
    entries: entries.map((e): Entry => ({ ...e, revokedAt: e.revokedAt.toISOString() })),
    crlNumber: number,
    mysqlIssuer: oneLine(issuer.certificate.subject),
    thisUpdate: validity.notBefore.toISOString(),
    nextUpdate: validity.notAfter.toISOString(),
    renewalDue: isDue(validity, declarationOf(inputs).renewBefore, now),
  };
}

/** What is declared, in one order; what has been revoked before was revoked then. */
function entriesIn(inputs: Inputs, before: readonly Revoked[], issuer: Issuer, now: number): Revoked[] {
  const all = ((inputs["revoked"] ?? []) as Declared[]).map((entry, i): Revoked => {
    const serialNumber = serialOf(entry, issuer, `revoked[${i}]`);
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

function serialOf({ serialNumber, certificate }: Declared, issuer: Issuer, property: string): string {
  if ((serialNumber === undefined) === (certificate === undefined))
    throw new InputError(property, "must have either serialNumber or certificate");
  if (serialNumber !== undefined) return plainSerial(serialNumber);
  const [read] = certificatesIn(certificate!, `${property}.certificate`);
  if (!signed(issuer.certificate, read!))
    throw new InputError(
      `${property}.certificate`,
      `${oneLine(read!.subject)} was not issued by ${oneLine(issuer.certificate.subject)}`,
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
