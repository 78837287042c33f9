const day = 24 * 3_600_000;

/** Clocks differ: what is made now is valid since a little earlier. */
const skew = 15 * 60_000;

/** A third of its life is left: four months of a year's certificate. */
export const defaultRenewBefore = 1 / 3;

export interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** From a little before `now` for so many days from now; X.509 knows no fractions of a second. */
export function validityFrom(now: number, days: number): Validity {
  const second = Math.floor(now / 1000) * 1000;
  return { notBefore: new Date(second - skew), notAfter: new Date(second + days * day) };
}

/** When so much of its life is left as is to be kept in reserve. */
export function renewalTime({ notBefore, notAfter }: Validity, renewBefore: number): Date {
  const life = notAfter.getTime() - notBefore.getTime();
  return new Date(notAfter.getTime() - life * renewBefore);
}

export function isDue(validity: Validity, renewBefore: number, now: number): boolean {
  return now >= renewalTime(validity, renewBefore).getTime();
}
