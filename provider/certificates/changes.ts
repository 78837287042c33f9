import type { AuthorityWish } from "./authority";
import type { CertificateWish } from "./certificate";
import { type Validity, isDue, renewalTime } from "./renewal";
import type { Revoked } from "./revocation";

/** What an update makes anew, and why; without reasons nothing. */
export interface Change {
  readonly newKey: boolean;
  readonly reasons: readonly string[];
}

/** All that is declared of a certificate, defaults applied. */
export interface CertificateDeclaration extends CertificateWish {
  readonly renewBefore: number;
  readonly keyBits: number;
  readonly keepKey: boolean;
}

export interface AuthorityDeclaration extends AuthorityWish {
  readonly renewBefore: number;
  readonly keyBits: number;
}

/** What there is. */
export interface Present {
  readonly validity: Validity;
  /** Whether the CA that is declared now has signed it; also while that CA is not known yet. */
  readonly sameIssuer: boolean;
}

export function changeOfCertificate(
  present: Present,
  before: CertificateDeclaration,
  after: CertificateDeclaration,
  now: number,
): Change {
  const otherSize = before.keyBits !== after.keyBits;
  const reasons = [
    ...when(!sameList(before.subject, after.subject), "its subject is another"),
    ...when(before.usage !== after.usage, "its usage is another"),
    ...when(
      !sameSet(before.dnsNames, after.dnsNames) || !sameSet(before.ipAddresses, after.ipAddresses),
      "its names are others",
    ),
    ...when(before.validityDays !== after.validityDays, "its validity is another"),
    ...when(otherSize, "its key has another size"),
    ...presentReasons(present, after.renewBefore, now),
  ];
  return { newKey: reasons.length > 0 && (otherSize || !after.keepKey), reasons };
}

/** Why a CA is signed anew with its own key. */
export function changeOfAuthority(
  present: Present,
  before: AuthorityDeclaration,
  after: AuthorityDeclaration,
  now: number,
): Change {
  const reasons = [
    ...when(before.validityDays !== after.validityDays, "its validity is another"),
    ...when(before.pathLength !== after.pathLength, "its path length is another"),
    ...presentReasons(present, after.renewBefore, now),
  ];
  return { newKey: false, reasons };
}

/** The same for a CA that is on its way out: what is declared is of the one that follows it. */
export function changeOfOutgoing(present: Present, renewBefore: number, now: number): Change {
  return { newKey: false, reasons: presentReasons(present, renewBefore, now) };
}

/** Properties that make it another CA. */
export function replacementsOfAuthority(before: AuthorityDeclaration, after: AuthorityDeclaration): string[] {
  return [
    ...when(!sameList(before.subject, after.subject), "subject"),
    ...when(before.keyBits !== after.keyBits, "keyBits"),
  ];
}

export interface ListDeclaration {
  readonly validityDays: number;
  readonly renewBefore: number;
}

export function changeOfList(
  present: Present & { entries: readonly Revoked[] },
  before: ListDeclaration,
  after: ListDeclaration & { entries: readonly Revoked[] },
  now: number,
): Change {
  const reasons = [
    ...when(!sameList(present.entries, after.entries), "what it revokes is another"),
    ...when(before.validityDays !== after.validityDays, "its validity is another"),
    ...presentReasons(present, after.renewBefore, now),
  ];
  return { newKey: false, reasons };
}

function presentReasons({ validity, sameIssuer }: Present, renewBefore: number, now: number): string[] {
  const due = renewalTime(validity, renewBefore).toISOString();
  const end = validity.notAfter.toISOString();
  return [
    ...when(!sameIssuer, "another CA signs it"),
    ...when(isDue(validity, renewBefore, now), `it ends on ${end} and is due since ${due}`),
  ];
}

function when(condition: boolean, reason: string): string[] {
  return condition ? [reason] : [];
}

function sameList(a: readonly unknown[], b: readonly unknown[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** A verifier does not heed the order of names. */
function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return sameList([...a].sort(), [...b].sort());
}
