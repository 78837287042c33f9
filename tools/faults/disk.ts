import { closeSync, openSync, rmSync, statfsSync, writeSync } from "node:fs";
import { join } from "node:path";
import { SandboxError, type Member } from "../sandbox";

const FILLER = "filler";
const BLOCK = Buffer.alloc(1 << 20);

/** Takes every free byte of the file system that the member's data lie on: a sandbox made with `disk`. */
export function fillDisk(member: Member): void {
  if (member.disk === undefined)
    throw new SandboxError(
      `${member.name}'s data lie on this machine's own disk, which is not filled; make the sandbox with disk: MEGABYTES.`,
    );
  const file = openSync(fillerOf(member), "a", 0o600);
  try {
    for (let size = BLOCK.length; size > 0; size = write(file, size) ? size : size >> 1);
  } finally {
    closeSync(file);
  }
}

export function freeDisk(member: Member): void {
  rmSync(fillerOf(member), { force: true });
}

/** Bytes. */
export function freeSpace(member: Member): number {
  const { bavail, bsize } = statfsSync(member.dataDirectory);
  return bavail * bsize;
}

/** False where there is no room for all of it. */
function write(file: number, size: number): boolean {
  try {
    return writeSync(file, BLOCK, 0, size) === size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOSPC") return false;
    throw error;
  }
}

/** mysqld takes no notice of files of others in its folder, but of folders. */
function fillerOf(member: Member): string {
  return join(member.dataDirectory, FILLER);
}
