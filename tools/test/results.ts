import type { Suite } from "./arguments";

/** What one suite did; a suite that could not run counts as one failure. */
export interface Result {
  suite: Suite;
  passed: number;
  failed: number;
  skipped: number;
  seconds: number;
  note?: string;
}

/** A table of the suites, and last the line "N passed, N failed". */
export function summarize(results: readonly Result[]): string {
  const rows = [
    ["suite", "passed", "failed", "skipped", "seconds"],
    ...results.map(({ suite, passed, failed, skipped, seconds }) => [
      suite,
      ...[passed, failed, skipped].map(String),
      seconds.toFixed(1),
    ]),
  ];
  const notes = ["", ...results.map((result) => result.note ?? "")];
  const lines = rows.map((row, index) => {
    const cells = row.map((cell, column) => (column === 0 ? cell.padEnd(12) : cell.padStart(8)));
    return `${cells.join("")}  ${notes[index]}`.trimEnd();
  });
  return ["", ...lines, "", `${total(results, "passed")} passed, ${total(results, "failed")} failed`].join(
    "\n",
  );
}

export function total(results: readonly Result[], field: "passed" | "failed"): number {
  return results.reduce((sum, result) => sum + result[field], 0);
}
