import { spawn } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { endNow } from "./process";

/** In the folder as long as its sandbox depends on a process; holds that process's pid. */
const OWNER = "owner";
const WATCHER = "watcher.pid";

/**
 * Lets the sandbox end with this process, even if that is killed, until `release`. A signal handler
 * would not do: jest keeps signals from tests, and SIGKILL has none.
 */
export function own(name: string, folder: string): void {
  const owner = join(folder, OWNER);
  writeFileSync(owner, String(process.pid));
  const remove = [process.execPath, "--import", pathToFileURL(require.resolve("tsx")).href, discarder()];
  // A shell, since a second Node for each sandbox would cost more than it is worth.
  const script = `
    while [ -e "$1" ]; do
      if ! kill -0 "$2" 2>/dev/null; then shift 2; exec "$@"; fi
      sleep 0.5
    done`;
  const args = ["-c", script, "mysqlgr-watcher", owner, String(process.pid), ...remove, name, folder];
  const watcher = spawn("sh", args, { cwd: "/", detached: true, stdio: "ignore" });
  watcher.on("error", () => undefined);
  watcher.unref();
  writeFileSync(join(folder, WATCHER), String(watcher.pid ?? 0));
}

/** Lets the sandbox outlive this process. */
export function release(folder: string): void {
  rmSync(join(folder, OWNER), { force: true });
  endWatcher(folder);
}

export function endWatcher(folder: string): void {
  endNow(numberIn(join(folder, WATCHER)), join(folder, OWNER));
  rmSync(join(folder, WATCHER), { force: true });
}

/** True if the sandbox depends on a process that is gone. */
export function isOrphan(folder: string): boolean {
  const owner = numberIn(join(folder, OWNER));
  if (owner === undefined) return false;
  try {
    process.kill(owner, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}

function discarder(): string {
  return join(__dirname, "discard.ts");
}

function numberIn(file: string): number | undefined {
  try {
    return Number(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}
