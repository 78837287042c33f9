import { spawn } from "node:child_process";

const KEPT_LINES = 15;

export interface RunOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** Told each line that the program writes to stderr. */
  onLine?: (line: string) => void;
}

/** Runs a program to its end and returns its stdout; the error of a failure ends with its last lines of stderr. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const stop = () => child.kill();
    process.once("exit", stop);
    let output = "";
    let partial = "";
    const lines: string[] = [];
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => (output += chunk));
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      const parts = (partial + chunk).split("\n");
      partial = parts.pop() ?? "";
      for (const line of parts) {
        options.onLine?.(line);
        lines.push(line);
        if (lines.length > KEPT_LINES) lines.shift();
      }
    });
    child.on("error", reject);
    child.on("close", (code, signal) => {
      process.off("exit", stop);
      if (code === 0) return resolve(output);
      const tail = [...lines, partial].join("\n").trim();
      reject(
        new Error(
          `${command} ${args[0] ?? ""} ended with ${signal ?? `code ${code}`}${tail && `:\n${tail}`}`,
        ),
      );
    });
  });
}
