/** One figure, beside what it is held against in the same run. */
export interface Result {
  name: string;
  ours: number;
  unit: string;
  reference?: number;
  /** Highest allowed ratio of ours to the reference. */
  bound?: number;
  /** The one allowed value. */
  exactly?: number;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export function ratioOf(result: Result): number | undefined {
  return result.reference === undefined ? undefined : result.ours / result.reference;
}

export function isOk(result: Result): boolean {
  if (result.exactly !== undefined) return result.ours === result.exactly;
  const ratio = ratioOf(result);
  return ratio === undefined || result.bound === undefined || ratio <= result.bound;
}

export function jsonLine(result: Result): string {
  const { name, ours, reference, bound, exactly } = result;
  return JSON.stringify({
    name,
    ours,
    reference,
    ratio: ratioOf(result),
    bound: bound ?? exactly,
    ok: isOk(result),
  });
}

export function table(results: readonly Result[]): string {
  const rows = results.map((r) => [
    r.name,
    figure(r.ours, r.unit),
    r.reference === undefined ? "" : figure(r.reference, r.unit),
    ratioOf(r)?.toFixed(2) ?? "",
    r.bound === undefined ? `= ${r.exactly}` : `<= ${r.bound}`,
    isOk(r) ? "ok" : "NOT OK",
  ]);
  const all = [["what", "ours", "reference", "ratio", "bound", ""], ...rows];
  const widths = all[0]!.map((_, i) => Math.max(...all.map((row) => row[i]!.length)));
  return all
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function figure(value: number, unit: string): string {
  const digits = unit === "s" ? 1 : 0;
  return `${value.toFixed(digits)}${unit === "" ? "" : ` ${unit}`}`;
}
