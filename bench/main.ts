import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { info } from "../tools/report";
import { type Benchmark, UnknownBenchmarkError, select } from "./benchmark";
import { benchmarks } from "./benchmarks";
import { machine } from "./machine";
import { page, sectionOf, withFigures } from "./page";
import { type Outcome, isFailure, isOk, jsonLine } from "./result";
import { textTable } from "./table";

interface Options {
  names: string[];
  json: boolean;
  rounds: number;
  /** Also put the figures into the page. */
  docs: boolean;
}

async function main(args: readonly string[]): Promise<void> {
  const { names, json, rounds, docs } = options(args);
  const chosen = select(benchmarks, names);
  const outcomes = new Map<Benchmark, Outcome[]>();
  for (const benchmark of chosen) {
    const found = await outcomesOf(benchmark, rounds);
    outcomes.set(benchmark, found);
    // Each as soon as it is known: all of them take an hour.
    if (json) found.forEach((outcome) => console.log(jsonLine(outcome)));
  }
  const all = [...outcomes.values()].flat();
  if (!json) console.log(textTable(all));
  if (docs) await writePage(outcomes, rounds);
  process.exitCode = all.every(isOk) ? 0 : 1;
}

async function outcomesOf(benchmark: Benchmark, rounds: number): Promise<Outcome[]> {
  info(`Benchmark ${benchmark.name}`);
  try {
    return await benchmark.run(rounds);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    info(reason);
    return [{ name: benchmark.name, error: reason.split("\n")[0]! }];
  }
}

/** A table is of one machine on one day: it holds what was run now. */
async function writePage(outcomes: ReadonlyMap<Benchmark, Outcome[]>, rounds: number): Promise<void> {
  const file = resolve(__dirname, "..", page);
  const about = { rounds, machine: await machine(), day: new Date().toISOString().slice(0, 10) };
  for (const section of new Set([...outcomes.keys()].map(sectionOf))) {
    const found = [...outcomes]
      .filter(([benchmark]) => sectionOf(benchmark) === section)
      .flatMap(([, one]) => one);
    if (found.some(isFailure)) info(`${page}: not all of ${section} was measured, so its table stays.`);
    else writeFileSync(file, withFigures(readFileSync(file, "utf8"), section, { ...about, outcomes: found }));
  }
}

function options(args: readonly string[]): Options {
  const { values, positionals: names } = parsed(args);
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new UsageError(`--rounds takes a whole number from 1 on, not ${values.rounds}.`);
  return { names, json: values.json, docs: values.docs, rounds };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        json: { type: "boolean", default: false },
        rounds: { type: "string", default: "3" },
        docs: { type: "boolean", default: false },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

class UsageError extends Error {
  constructor(what: string) {
    super(`${what}\nUsage: npm run bench -- [NAME...] [--json] [--rounds N] [--docs]`);
  }
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = error instanceof UnknownBenchmarkError || error instanceof UsageError ? 2 : 1;
});
