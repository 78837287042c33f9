/** A table in Markdown, without columns that are empty throughout. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const kept = headings.map((_, i) => i).filter((i) => rows.some((row) => row[i] !== ""));
  const line = (cells: readonly string[]): string => `| ${kept.map((i) => cells[i] ?? "").join(" | ")} |`;
  return [line(headings), `|${kept.map(() => " --- |").join("")}`, ...rows.map((row) => line(row))].join(
    "\n",
  );
}

export function code(text: string): string {
  return `\`${text.replace(/\|/g, "\\|")}\``;
}

/** Prose in a cell: names of MySQL as code, nothing that Markdown takes for a mark. */
export function cell(text: string): string {
  return text
    .split(/(`[^`]+`)/)
    .map((part) => (part.startsWith("`") ? code(part.slice(1, -1)) : named(part)))
    .join("");
}

function named(text: string): string {
  return text
    .replace(/\b[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9*]+)+/g, (name) => `\`${name}\``)
    .split(/(`[^`]+`)/)
    .map((part) => (part.startsWith("`") ? part : part.replace(/[|*<]/g, "\\$&")))
    .join("");
}
