/** Rows as text: columns side by side for people, tabs for programs. */
export function table(
  headings: readonly string[],
  rows: readonly (readonly unknown[])[],
  aligned: boolean,
): string {
  const cells = [headings, ...rows].map((row) => row.map(cell));
  if (!aligned) return cells.map((row) => row.map(escape).join("\t")).join("\n");
  const widths = headings.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? "").length)));
  return cells
    .map((row) =>
      row
        .map((text, column) => text.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return "NULL";
  if (Buffer.isBuffer(value)) return `0x${value.toString("hex")}`;
  return typeof value === "string" ? value : JSON.stringify(value);
}

// As mysql --batch does, so that one row stays one line.
function escape(text: string): string {
  return text.replace(/[\\\t\n]/g, (found) => ({ "\\": "\\\\", "\t": "\\t", "\n": "\\n" })[found] ?? found);
}
