import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync, readdirSync, existsSync } from "node:fs";
import { SandboxError } from "./errors";
import { pause } from "./shell";

/** A server that this process has launched; it outlives this process. */
export interface Process {
  pid: number;
  /** Waits until the server has ended. */
  ended(): Promise<void>;
  /** Throws, with the reason from the error log, if the server has ended. */
  throwIfEnded(): void;
  kill(): void;
}

export function launch(command: readonly string[], errorLog: string, folder: string): Process {
  const [file, ...args] = command as [string, ...string[]];
  const output = openSync(errorLog, "a", 0o600);
  let child: ChildProcess;
  try {
    child = spawn(file, args, { cwd: folder, detached: true, stdio: ["ignore", output, output] });
  } finally {
    closeSync(output);
  }
  let how: string | undefined;
  const ended = new Promise<void>((resolve) => {
    child.once("error", (error) => resolve(void (how = error.message)));
    child.once("exit", (code, signal) => resolve(void (how = `it ended with ${signal ?? `code ${code}`}`)));
  });
  child.unref();
  return {
    pid: child.pid ?? 0,
    async ended() {
      // Waiting for it alone must keep this process alive.
      child.ref();
      await ended;
    },
    throwIfEnded() {
      if (how !== undefined)
        throw new SandboxError(`mysqld did not start: ${lastErrors(errorLog) ?? how} (see ${errorLog})`);
    },
    kill: () => void child.kill("SIGKILL"),
  };
}

/** The last errors in a server's error log, on one line; undefined if there is none. */
export function lastErrors(errorLog: string): string | undefined {
  if (!existsSync(errorLog)) return undefined;
  const lines = readFileSync(errorLog, "utf8").trim().split("\n");
  const errors = lines.filter((line) => line.includes("[ERROR]"));
  // Before the log is open, mysqld and the loader print plain lines.
  const shown = (errors.length > 0 ? errors : lines).slice(-3).filter((line) => line !== "");
  return shown.length > 0
    ? shown.map((line) => line.replace(/^\S+ \d+ \[ERROR\] /, "")).join("; ")
    : undefined;
}

/** True while `pid` is the process that was started with this argument (a pid can be used again). */
export function runs(pid: number | undefined, argument: string): boolean {
  return pid !== undefined && pid > 0 && commandLine(pid).includes(argument);
}

function commandLine(pid: number): string[] {
  try {
    // A zombie's is empty, so one that nobody has reaped counts as gone.
    if (process.platform === "linux") return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    return execFileSync("ps", ["-o", "command=", "-p", String(pid)], { encoding: "utf8" })
      .trim()
      .split(" ");
  } catch {
    return [];
  }
}

/** Every process that was started with this argument; on Linux only, elsewhere none. */
export function processesWith(argument: string): number[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => runs(pid, argument));
}

/** Signals the process if it is still ours, and waits until it is gone. */
export async function end(
  pid: number | undefined,
  argument: string,
  signal: NodeJS.Signals,
  seconds = 60,
): Promise<void> {
  if (!runs(pid, argument)) return;
  send(pid as number, signal);
  const deadline = Date.now() + seconds * 1000;
  while (runs(pid, argument)) {
    if (Date.now() > deadline)
      throw new SandboxError(`process ${pid} did not end within ${seconds} s of ${signal}`);
    await pause(20);
  }
}

/** As `end` with SIGKILL, but without giving way to anything else: for handlers of signals. */
export function endNow(pid: number | undefined, argument: string): void {
  if (!runs(pid, argument)) return;
  send(pid as number, "SIGKILL");
  const cell = new Int32Array(new SharedArrayBuffer(4));
  for (let turn = 0; turn < 250 && runs(pid, argument); turn++) Atomics.wait(cell, 0, 0, 20);
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // It ended in the meantime.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
