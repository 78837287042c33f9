import { spawn, type ChildProcess } from "node:child_process";
import { resolve } from "node:path";

const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const;
type Signal = keyof typeof SIGNALS;

const CHECKOUT = resolve(__dirname, "../..");

let current: ChildProcess | undefined;
let interrupted: Signal | undefined;

/** Runs a program at the checkout's root and on this terminal, to its end; returns its exit code. */
export async function runChild(
  command: string,
  args: readonly string[],
  more: NodeJS.ProcessEnv = {},
): Promise<number> {
  const code = await new Promise<number>((done, reject) => {
    current = spawn(command, args, { cwd: CHECKOUT, stdio: "inherit", env: { ...process.env, ...more } });
    current.on("error", reject);
    current.on("close", (exitCode) => done(exitCode ?? 1));
  });
  current = undefined;
  if (interrupted) process.exit(SIGNALS[interrupted]);
  return code;
}

/** Lets the program that runs end by itself first, so that it can stop the servers it started. */
export function passSignalsOn(): void {
  for (const signal of Object.keys(SIGNALS) as Signal[]) {
    process.on(signal, () => {
      if (current === undefined) process.exit(SIGNALS[signal]);
      interrupted = signal;
      // A terminal sends Ctrl-C to the child as well.
      if (signal !== "SIGINT" || !process.stdin.isTTY) current.kill(signal);
    });
  }
}
