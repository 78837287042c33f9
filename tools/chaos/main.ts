import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { info } from "../report";
import { runKills } from "./kills";
import { type PlanOptions, describePlan, planOf } from "./plan";
import { line, report } from "./report";
import { run } from "./run";
import { type Kept, Results } from "./seeds";

const usage = `npm run chaos -- --seed N | --seeds A-B [--parallel K] [--minutes M] [--members N] [--stack XCOM|MYSQL]
  [--hosts] [--results FOLDER] [--json]; with --hosts links and disks fail as well, which needs root and Linux
npm run chaos -- --print --seed N: what the seed would do
npm run chaos -- --kills N [--seed N]: a rolling change whose deployment is killed, N times`;

/** More rounds than a minute has room for. */
const ROUNDS_A_MINUTE = 12;

interface Options {
  seeds: readonly number[];
  minutes: number;
  parallel: number;
  kills: number;
  forced: Omit<PlanOptions, "rounds">;
  results: Results;
  json: boolean;
  print: boolean;
  /** To be passed on to the run of each seed. */
  passed: readonly string[];
}

async function main(options: Options): Promise<boolean> {
  const { seeds, print, kills, minutes, forced } = options;
  if (print) {
    const rounds = ROUNDS_A_MINUTE * minutes;
    console.log(seeds.map((seed) => describePlan(planOf(seed, { rounds, ...forced }))).join("\n"));
    return true;
  }
  if (kills > 0) return killing(options);
  return seeds.length === 1 ? one(options) : many(options);
}

async function one({ seeds, minutes, forced, results, json }: Options): Promise<boolean> {
  const [seed] = seeds as [number];
  const plan = planOf(seed, { rounds: ROUNDS_A_MINUTE * minutes, ...forced });
  info(describePlan({ ...plan, rounds: [] }));
  try {
    const result = await run(plan, { minutes, evidence: results.evidenceOf(seed), tell: info });
    results.keep({ seed, result });
    console.log(json ? JSON.stringify(result) : report(result));
    return result.broken.length === 0;
  } catch (error) {
    results.keep({ seed, error: (error as Error).message });
    throw error;
  }
}

async function many({ seeds, parallel, results, json, passed }: Options): Promise<boolean> {
  let good = 0;
  await results.runAll(seeds, parallel, passed, (kept) => {
    if ("result" in kept && kept.result.broken.length === 0) good++;
    console.log(json ? JSON.stringify(kept) : lineOf(kept));
  });
  info(`${good} of ${seeds.length} seeds held; results in ${results.folder}, of version ${results.version}`);
  return good === seeds.length;
}

function lineOf(kept: Kept): string {
  return "result" in kept ? line(kept.result) : `seed ${kept.seed}: NOT RUN: ${kept.error}`;
}

async function killing({ seeds, kills, json }: Options): Promise<boolean> {
  const result = await runKills(seeds[0]!, kills, info);
  const { acknowledged, missing, broken } = result;
  if (json) console.log(JSON.stringify(result));
  else {
    console.log(`${kills} deployments killed; ${acknowledged} rows acknowledged, ${missing} of them missing`);
    console.log(broken.length === 0 ? "All of it held." : ["Broken:", ...broken].join("\n- "));
  }
  return broken.length === 0;
}

function optionsOf(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: "string", default: "1" },
      seeds: { type: "string" },
      minutes: { type: "string", default: "1" },
      parallel: { type: "string", default: "1" },
      members: { type: "string" },
      stack: { type: "string" },
      hosts: { type: "boolean", default: false },
      kills: { type: "string", default: "0" },
      results: { type: "string", default: join(tmpdir(), "chaos") },
      json: { type: "boolean", default: false },
      print: { type: "boolean", default: false },
    },
  });
  const [first, last = first] = (values.seeds ?? values.seed).split("-").map((text) => number("seed", text));
  const { members, stack, hosts } = values;
  if (stack !== undefined && stack !== "XCOM" && stack !== "MYSQL") throw new UsageError(`stack ${stack}`);
  const minutes = number("minutes", values.minutes);
  return {
    seeds: Array.from({ length: last! - first! + 1 }, (_, i) => first! + i),
    minutes,
    parallel: number("parallel", values.parallel),
    kills: number("kills", values.kills),
    forced: {
      ...(members === undefined ? {} : { members: number("members", members) }),
      ...(stack === undefined ? {} : { stack }),
      hosts,
    },
    results: new Results(values.results),
    json: values.json,
    print: values.print,
    passed: [
      ...["--minutes", String(minutes)],
      ...(members === undefined ? [] : ["--members", members]),
      ...(stack === undefined ? [] : ["--stack", stack]),
      ...(hosts ? ["--hosts"] : []),
    ],
  };
}

function number(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new UsageError(`${name} ${text}`);
  return value;
}

class UsageError extends Error {
  constructor(what: string) {
    super(`"${what}" makes no sense here.\n${usage}`);
  }
}

async function start(): Promise<void> {
  // What was begun is ended when this process exits, which a signal alone would not let happen.
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)
    process.once(signal, () => process.exit(code));
  const held = await main(optionsOf(process.argv.slice(2)));
  // A socket to a host that is gone would keep this process until TCP gives up.
  process.exit(held ? 0 : 1);
}

start().catch((error: unknown) => {
  const isUsage =
    error instanceof UsageError || (error as { code?: string }).code?.startsWith("ERR_PARSE_ARGS");
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = isUsage ? 2 : 1;
});
