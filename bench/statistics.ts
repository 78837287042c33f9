export function median(values: readonly number[]): number {
  if (values.length === 0) throw new Error("There is no median of nothing.");
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Of values that should all be `expected`: the one that is farthest from it. */
export function worst(values: readonly number[], expected: number): number {
  const far = (value: number): number => Math.abs(value - expected);
  return values.reduce((a, b) => (far(b) > far(a) ? b : a), expected);
}
