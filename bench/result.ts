/** What must hold of a figure. */
export type Bound =
  /** Ours against the reference. */
  { readonly ratio: number } | { readonly atMost: number } | { readonly exactly: number };

export type Unit = "s" | "ms" | "";

/** One figure, beside what it is held against in the same run. */
export interface Result {
  readonly name: string;
  readonly unit: Unit;
  readonly ours: number;
  readonly reference?: number;
  readonly bound?: Bound;
}

/** A benchmark that could not be run. */
export interface Failure {
  readonly name: string;
  readonly error: string;
}

export type Outcome = Result | Failure;

export function isFailure(outcome: Outcome): outcome is Failure {
  return "error" in outcome;
}

export function ratioOf({ ours, reference }: Result): number | undefined {
  return reference === undefined ? undefined : ours / reference;
}

/** A figure without a bound is always right. */
export function isOk(outcome: Outcome): boolean {
  if (isFailure(outcome)) return false;
  const { ours, bound } = outcome;
  if (bound === undefined) return true;
  if ("exactly" in bound) return ours === bound.exactly;
  if ("atMost" in bound) return ours <= bound.atMost;
  const ratio = ratioOf(outcome);
  return ratio !== undefined && ratio <= bound.ratio;
}

/** Every line has the same keys; null where there is nothing to say. */
export function jsonLine(outcome: Outcome): string {
  if (isFailure(outcome)) return JSON.stringify({ ...empty, ...outcome, ok: false });
  const { name, unit, ours, reference, bound } = outcome;
  return JSON.stringify({
    name,
    unit,
    ours: rounded(ours),
    reference: reference === undefined ? null : rounded(reference),
    ratio: rounded(ratioOf(outcome) ?? NaN),
    bound: bound === undefined ? null : Object.values(bound)[0],
    ok: isOk(outcome),
  });
}

const empty = { name: "", unit: "", ours: null, reference: null, ratio: null, bound: null };

/** JSON has no NaN: it becomes null. */
function rounded(value: number): number {
  return Number(value.toFixed(4));
}
