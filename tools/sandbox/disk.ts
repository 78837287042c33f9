import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { SandboxError, reason } from "./errors";

/** Mounts a file system of this size, in memory, at `path`. */
export function mountDisk(path: string, megabytes: number): void {
  mkdirSync(path, { recursive: true });
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m,mode=0700`, "mysqlgr-disk", path], {
      stdio: ["ignore", "ignore", "pipe"],
    });
  } catch (error) {
    throw new SandboxError(
      `a disk of limited size cannot be made; it needs root, and Linux: ${reason(error).trim()}`,
    );
  }
}

/** Unmounts every disk below `folder`. */
export function unmountDisks(folder: string): void {
  for (const path of mountsBelow(folder))
    execFileSync("umount", ["--lazy", path], { stdio: ["ignore", "ignore", "inherit"] });
}

function mountsBelow(folder: string): string[] {
  if (process.platform !== "linux") return [];
  return readFileSync("/proc/self/mounts", "utf8")
    .split("\n")
    .map((line) => unescaped(line.split(" ")[1] ?? ""))
    .filter((path) => path.startsWith(`${folder}/`));
}

/** The kernel writes a space in a path as \040. */
function unescaped(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
}
