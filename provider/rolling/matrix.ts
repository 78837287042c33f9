/** Whether a member accepts what another shows; "unknown" where that cannot be told. */
export type Cell = "ok" | "unknown" | { readonly why: string };

const legend = "a row shows its certificate, a column verifies it; ?: not known from here";

/** A table of all members both ways, and below it the reasons by number. */
export function printMatrix(
  names: readonly string[],
  cellAt: (shows: number, verifies: number) => Cell,
): string {
  const cells = names.map((_, i) => names.map((_, j) => cellAt(i, j)));
  const reasons = [...new Set(cells.flat().flatMap((cell) => (typeof cell === "object" ? [cell.why] : [])))];
  const textOf = (cell: Cell): string =>
    typeof cell === "object" ? String(reasons.indexOf(cell.why) + 1) : cell === "unknown" ? "?" : cell;
  const rows = [["", ...names], ...cells.map((row, i) => [names[i]!, ...row.map(textOf)])];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) => row.map((text, column) => text.padEnd(widths[column]!)).join("  "));
  return [
    ...lines.map((line) => `  ${line.trimEnd()}`),
    `  (${legend})`,
    ...reasons.map((why, i) => `  ${i + 1}: ${why}`),
  ].join("\n");
}
