import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { each } from "../sandbox/shell";
import type { SeedResult } from "./run";

const CHECKOUT = resolve(__dirname, "../..");
/** What a result depends on. */
const SOURCES = ["provider", "tools/chaos"];

/** A seed's result, or why there is none. */
type Outcome =
  { readonly seed: number; readonly result: SeedResult } | { readonly seed: number; readonly error: string };

/** Beside the code that it was a result of. */
export type Kept = Outcome & { readonly version: string };

/** The results of many seeds, each run in a process of its own and kept in a file. */
export class Results {
  readonly version = versionOf(SOURCES);

  constructor(readonly folder: string) {
    mkdirSync(folder, { recursive: true });
  }

  /** Undefined where there is none of this version of the code. */
  of(seed: number): Kept | undefined {
    const file = this.fileOf(seed);
    if (!existsSync(file)) return undefined;
    const kept = JSON.parse(readFileSync(file, "utf8")) as Kept;
    return kept.version === this.version ? kept : undefined;
  }

  evidenceOf(seed: number): string {
    return join(this.folder, String(seed));
  }

  keep(outcome: Outcome): void {
    const kept: Kept = { version: this.version, ...outcome };
    writeFileSync(this.fileOf(kept.seed), `${JSON.stringify(kept, undefined, 2)}\n`);
  }

  /** Runs those of which there is no result yet. `args` go to each run. */
  async runAll(
    seeds: readonly number[],
    parallel: number,
    args: readonly string[],
    tell: (kept: Kept) => void,
  ): Promise<void> {
    await each(seeds, parallel, async (seed) => {
      if (this.of(seed) === undefined) await this.runOne(seed, args);
      tell(this.of(seed) ?? { version: this.version, seed, error: "the runner left no result" });
    });
  }

  /** It keeps its result itself. */
  private runOne(seed: number, args: readonly string[]): Promise<void> {
    const own = [...process.execArgv, process.argv[1]!, "--seed", String(seed), "--results", this.folder];
    const child = spawn(process.execPath, [...own, ...args], { stdio: "ignore" });
    const stop = (): void => void child.kill();
    process.once("exit", stop);
    return new Promise((done, fail) => {
      child.once("error", fail);
      child.once("close", () => {
        process.off("exit", stop);
        done();
      });
    });
  }

  private fileOf(seed: number): string {
    return join(this.folder, `${seed}.json`);
  }
}

function versionOf(folders: readonly string[]): string {
  const hash = createHash("sha256");
  for (const folder of folders) {
    const entries = readdirSync(join(CHECKOUT, folder), { recursive: true, withFileTypes: true });
    const files = entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    for (const file of files.sort()) hash.update(relative(CHECKOUT, file)).update(readFileSync(file));
  }
  return hash.digest("hex").slice(0, 12);
}
