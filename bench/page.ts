import type { Benchmark } from "./benchmark";
import type { Outcome } from "./result";
import { markdownTable } from "./table";

export const page = "docs/benchmarks.md";

/** The part of the page that a benchmark's figures stand in. */
export function sectionOf({ name }: Benchmark): string {
  return name.split("/")[0]!;
}

export interface Measured {
  readonly outcomes: readonly Outcome[];
  readonly rounds: number;
  readonly machine: string;
  readonly day: string;
}

/** The page with one section's figures replaced; where the page has no such section, as it is. */
export function withFigures(text: string, section: string, measured: Measured): string {
  const begin = `<!-- measured: ${section} -->`;
  const end = "<!-- end -->";
  const from = text.indexOf(begin);
  const to = text.indexOf(end, from);
  if (from === -1 || to === -1) return text;
  return text.slice(0, from) + [begin, ...content(measured), end].join("\n") + text.slice(to + end.length);
}

function content({ outcomes, rounds, machine, day }: Measured): string[] {
  return [
    "<!-- prettier-ignore-start -->",
    "",
    markdownTable(outcomes),
    "",
    `Median of ${rounds} rounds on ${day}: ${machine}.`,
    "",
    "<!-- prettier-ignore-end -->",
  ];
}
