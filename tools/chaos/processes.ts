import { execFileSync } from "node:child_process";

interface Row {
  pid: number;
  parent: number;
}

/** SIGKILL to a process and all that it has begun, whatever groups they are in; none can begin another meanwhile. */
export function killTree(root: number): void {
  const stopped = new Set<number>();
  for (;;) {
    const fresh = treeOf(root).filter((pid) => !stopped.has(pid));
    if (fresh.length === 0) break;
    for (const pid of fresh) {
      signal(pid, "SIGSTOP");
      stopped.add(pid);
    }
  }
  for (const pid of stopped) signal(pid, "SIGKILL");
}

/** The process and its descendants, as far as they run. */
export function treeOf(root: number): number[] {
  const rows = listing();
  const tree = rows.filter(({ pid }) => pid === root).map(({ pid }) => pid);
  for (const pid of tree) tree.push(...rows.filter(({ parent }) => parent === pid).map((row) => row.pid));
  return tree;
}

function listing(): Row[] {
  return execFileSync("ps", ["-A", "-o", "pid=,ppid=,stat="], { encoding: "utf8" })
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , state]) => !state?.startsWith("Z"))
    .map(([pid, parent]) => ({ pid: Number(pid), parent: Number(parent) }));
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    // It ended by itself.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
