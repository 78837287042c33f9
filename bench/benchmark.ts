import type { Result } from "./result";

export interface Benchmark {
  /** Parts from the general to the particular: "rolling/3/XCOM" is also meant by "rolling". */
  readonly name: string;
  /** Only where it is asked for by its name. */
  readonly onRequest?: true;
  run(rounds: number): Promise<Result[]>;
}

/** All that a name means; without names, all that need not be asked for. */
export function select(all: readonly Benchmark[], names: readonly string[]): Benchmark[] {
  if (names.length === 0) return all.filter((benchmark) => !benchmark.onRequest);
  const means = (name: string, benchmark: Benchmark): boolean =>
    `${benchmark.name}/`.toLowerCase().startsWith(`${name.replace(/\/$/, "")}/`.toLowerCase());
  const unknown = names.find((name) => !all.some((benchmark) => means(name, benchmark)));
  if (unknown !== undefined) throw new UnknownBenchmarkError(unknown, all);
  return all.filter((benchmark) => names.some((name) => means(name, benchmark)));
}

export class UnknownBenchmarkError extends Error {
  constructor(name: string, all: readonly Benchmark[]) {
    super(`There is no benchmark "${name}". There are: ${all.map((one) => one.name).join(", ")}`);
  }
}

/** Lets several kinds of work take turns; each goes first in a round of its own. */
export async function inTurns(rounds: number, ...works: readonly (() => Promise<void>)[]): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    const first = round % works.length;
    for (const work of [...works.slice(first), ...works.slice(0, first)]) await work();
  }
}

export async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}
