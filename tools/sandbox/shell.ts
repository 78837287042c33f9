import { execFile } from "node:child_process";
import { SandboxError } from "./errors";

export interface RunOptions {
  /** Milliseconds after which the program is ended. */
  timeout?: number;
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** Finds the error in what was printed, for a program that prints errors to stdout. */
  errors?: (output: string) => string | undefined;
}

/** Runs a program to its end and returns what it printed; its last words become the error. */
export function run(file: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(
      file,
      [...args],
      {
        timeout: options.timeout ?? 120_000,
        maxBuffer: 64 << 20,
        env: options.env ?? process.env,
        cwd: options.cwd,
      },
      (error, stdout, stderr) => {
        if (!error) return resolve(stdout);
        if (error.code === "ENOENT") return reject(new SandboxError(`${file} is not installed`));
        const last =
          options.errors?.(stdout) || stderr.trim().split("\n").slice(-3).join("; ") || error.message;
        const how = error.killed ? "took too long" : `failed (${error.code ?? error.signal})`;
        reject(new SandboxError(`${file} ${how}: ${last}`));
      },
    );
  });
}

/** Calls `work` for every item, at most `limit` at a time, in order of the items. */
export async function each<T>(items: readonly T[], limit: number, work: (item: T) => Promise<void>) {
  const queue = [...items];
  const lane = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: limit }, lane));
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
