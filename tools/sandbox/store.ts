import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { cacheFolder } from "../cache";
import { withLock } from "../lock.cjs";
import { SandboxError } from "./errors";
import type { Member, Sandbox } from "./types";
import { endWatcher, isOrphan, own } from "./watch";

const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$/;
const RECORD = "sandbox.json";

/**
 * Makes the folder of a new sandbox and binds the name to it, for all processes of this user.
 * `discard` removes one whose owner is gone. The folder is owned by this process until `release`.
 */
export async function claim(
  name: string,
  wanted: string | undefined,
  discard: (name: string, folder: string) => Promise<void>,
): Promise<string> {
  checkName(name);
  mkdirSync(register(), { recursive: true });
  return withLock(join(register(), ".lock"), async () => {
    const old = folderOf(name);
    if (old !== undefined && existsSync(old)) {
      if (!isAbandoned(old))
        throw new SandboxError(`A sandbox named ${name} exists already; end it, or choose another name.`);
      await discard(name, old);
    }
    rmSync(link(name), { force: true });
    const folder = makeFolder(name, wanted);
    own(name, folder);
    symlinkSync(folder, link(name));
    return folder;
  });
}

/** Removes the folder and the name. */
export function forget(name: string, folder: string): void {
  endWatcher(folder);
  // A server that has just ended may still have had a file to write.
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  if (folderOf(name) === folder) rmSync(link(name), { force: true });
}

export function save(sandbox: Sandbox): void {
  const file = join(sandbox.folder, RECORD);
  // It holds a password; and it appears whole or not at all.
  writeFileSync(`${file}.new`, JSON.stringify(sandbox, null, 2) + "\n", { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

export function load(name: string): Sandbox {
  checkName(name);
  const folder = folderOf(name);
  if (folder === undefined || !existsSync(folder)) {
    const others = names();
    const known = others.length > 0 ? `there are: ${others.join(", ")}` : "there is none at all";
    throw new SandboxError(`There is no sandbox named ${name}; ${known}.`);
  }
  const sandbox = read(folder);
  if (!sandbox) throw new SandboxError(`The sandbox ${name} is still being made.`);
  return sandbox;
}

/** The record in a sandbox's folder, if it has one already. */
export function read(folder: string): Sandbox | undefined {
  const file = join(folder, RECORD);
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Sandbox) : undefined;
}

/** Writes a new pid down, so that other processes find the server. */
export function recordStart(member: Member): void {
  const sandbox = read(join(member.optionFile, "../.."));
  const recorded = sandbox?.members.find(({ name }) => name === member.name);
  if (!sandbox || !recorded) return;
  recorded.pid = member.pid;
  save(sandbox);
}

/** All sandboxes of this user. */
export function names(): string[] {
  if (!existsSync(register())) return [];
  return readdirSync(register()).filter((name) => NAME.test(name) && existsSync(join(register(), name)));
}

/** The folder that the name is bound to; it may be gone. */
export function folderOf(name: string): string | undefined {
  return lstatSync(link(name), { throwIfNoEntry: false })?.isSymbolicLink()
    ? readlinkSync(link(name))
    : undefined;
}

function makeFolder(name: string, wanted: string | undefined): string {
  if (wanted === undefined) return mkdtempSync(join(tmpdir(), `mysqlgr-${name}-`));
  const folder = resolve(wanted);
  if (existsSync(folder)) throw new SandboxError(`${folder} exists already; name a folder that does not.`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}

function isAbandoned(folder: string): boolean {
  return isOrphan(folder) || readdirSync(folder).length === 0;
}

function checkName(name: string): void {
  if (!NAME.test(name))
    throw new SandboxError(
      `"${name}" is no name for a sandbox: letters, digits, "-" and "_", at most 40, the first a letter or digit.`,
    );
}

function register(): string {
  return join(cacheFolder(), "sandboxes");
}

function link(name: string): string {
  return join(register(), basename(name));
}
