import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";
import { withLock } from "./lock.cjs";
import { step, type Step } from "./report";

const KEY = /^[\w.+-]+(\/[\w.+-]+)*$/;

/** Where things that are slow to get are kept between runs: outside the checkout, so that all checkouts share it. */
export function cacheFolder(): string {
  const named = process.env["MYSQLGR_CACHE"];
  if (named) return named;
  return join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "pulumi-mysql-group-replication");
}

/** The folder that `once` made for this key, if it did. */
export function cached(key: string): string | undefined {
  const folder = folderOf(key);
  return existsSync(folder) ? folder : undefined;
}

/**
 * The cache's folder for `key` (parts separated by "/"), filled by `make` if it does not exist yet: by one process,
 * while others wait, and wholly or not at all. `make` fills a folder that gets its final name afterwards, so it must
 * not write that path into files.
 */
export async function once(key: string, make: (folder: string) => Promise<void>): Promise<string> {
  const folder = folderOf(key);
  if (existsSync(folder)) return folder;
  let waiting: Step | undefined;
  const makeUnlessDone = async () => {
    waiting?.done();
    if (!existsSync(folder)) await makeBeside(folder, make);
  };
  try {
    await withLock(`${folder}.lock`, makeUnlessDone, (pid) => {
      waiting = step(`Waiting for process ${pid}, which is making ${key}`);
    });
  } finally {
    waiting?.done();
  }
  return folder;
}

async function makeBeside(folder: string, make: (folder: string) => Promise<void>): Promise<void> {
  await mkdir(dirname(folder), { recursive: true });
  await removeAbandoned(folder);
  const temporary = await mkdtemp(makingPrefix(folder));
  try {
    await make(temporary);
    // mkdtemp made it for its owner alone.
    await chmod(temporary, 0o755);
    await rename(temporary, folder);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
}

/** Whoever holds the lock is the only one making, so what is there belongs to a process that was killed. */
async function removeAbandoned(folder: string): Promise<void> {
  const prefix = basename(makingPrefix(folder));
  const parent = dirname(folder);
  for (const name of await readdir(parent)) {
    if (name.startsWith(prefix)) await rm(join(parent, name), { recursive: true, force: true });
  }
}

function makingPrefix(folder: string): string {
  return `${folder}.making-`;
}

function folderOf(key: string): string {
  if (!KEY.test(key) || key.split("/").some((part) => /^\.+$/.test(part))) {
    throw new Error(
      `"${key}" is no key for the cache: parts of letters, digits and . + - _, separated by "/".`,
    );
  }
  return join(cacheFolder(), key);
}
