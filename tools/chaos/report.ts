import { table } from "../sandbox/table";
import type { RoundResult } from "./round";
import type { SeedResult } from "./run";

const headings = ["", "change", "fault", "at", "deployment", "seconds", "tries", "afterwards"];

/** What happened with one seed, for a person. */
export function report(result: SeedResult): string {
  const { seed, members, stack, rounds, seconds, writer, missing, broken, evidence } = result;
  return [
    `seed ${seed}: ${members} members, ${stack}, ${rounds.length} rounds in ${seconds} s`,
    "",
    table(
      headings,
      rounds.map((round, i) => [String(i + 1), ...cells(round)]),
      true,
    ),
    "",
    `rows acknowledged      ${writer.acknowledged} in ${writer.seconds} s (of ${writer.unknown} more the outcome was not learned)`,
    `of these missing       ${missing}`,
    `longest write pause    ${writer.longestPauseMs} ms`,
    `switch-overs           ${writer.switches}`,
    `fewest members ONLINE  ${result.fewestOnline}`,
    "",
    ...(broken.length === 0 ? ["All of it held."] : ["Broken:", ...broken.map((what) => `- ${what}`)]),
    ...(evidence === undefined ? [] : [`Evidence: ${evidence}`]),
  ].join("\n");
}

function cells({ change, fault, at, outcome, seconds, tries, did }: RoundResult): string[] {
  return [change, fault, at, outcome, seconds.toFixed(1), String(tries), did.join("; ")];
}

/** The same in a line. */
export function line({
  seed,
  members,
  stack,
  rounds,
  writer,
  missing,
  broken,
  evidence,
}: SeedResult): string {
  const verdict = broken.length === 0 ? "held" : `BROKEN: ${broken[0]!.split("\n")[0]} (${evidence})`;
  const rows = `${writer.acknowledged} rows, ${missing} missing, ${writer.unknown} unknown`;
  const pause = `pause ${(writer.longestPauseMs / 1000).toFixed(1)} s, ${writer.switches} switch-overs`;
  return `seed ${seed}: ${members} ${stack}, ${rounds.length} rounds, ${rows}, ${pause}: ${verdict}`;
}
