import { type Bound, type Outcome, type Unit, isFailure, isOk, ratioOf } from "./result";

const headings = ["what", "ours", "reference", "ratio", "bound", ""];

/** For a terminal. */
export function textTable(outcomes: readonly Outcome[]): string {
  const all = [headings, ...outcomes.map(cells)];
  const widths = headings.map((_, i) => Math.max(...all.map((row) => row[i]!.length)));
  return all
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** For a page. */
export function markdownTable(outcomes: readonly Outcome[]): string {
  const line = (row: readonly string[]): string => `| ${row.join(" | ")} |`;
  return [line(headings), line(headings.map(() => "---")), ...outcomes.map((o) => line(cells(o)))].join("\n");
}

function cells(outcome: Outcome): string[] {
  if (isFailure(outcome)) return [outcome.name, "", "", "", "", `NOT MEASURED: ${outcome.error}`];
  const { name, unit, ours, reference, bound } = outcome;
  return [
    name,
    figure(ours, unit),
    reference === undefined ? "" : figure(reference, unit),
    ratioOf(outcome)?.toFixed(2) ?? "",
    bound === undefined ? "" : boundText(bound, unit),
    bound === undefined ? "" : isOk(outcome) ? "ok" : "NOT OK",
  ];
}

function boundText(bound: Bound, unit: Unit): string {
  if ("exactly" in bound) return `exactly ${bound.exactly}`;
  return "atMost" in bound ? `at most ${figure(bound.atMost, unit)}` : `ratio ${bound.ratio}`;
}

function figure(value: number, unit: Unit): string {
  // Seconds and small milliseconds with two digits that mean something; counts as they are.
  const digits = unit === "" || value >= 100 ? 0 : unit === "s" && value >= 10 ? 1 : 2;
  return `${value.toFixed(digits)}${unit === "" ? "" : ` ${unit}`}`;
}
