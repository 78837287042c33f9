import {
  type FileHandle,
  chmod,
  chown,
  constants,
  lstat,
  mkdir,
  open,
  readdir,
  realpath,
} from "node:fs/promises";
import { rename, rmdir, unlink } from "node:fs/promises";
import { type Entry, FileError, type FileProblem, type Machine, type OpenFile } from "./machine";

/** A folder of the machine that runs Pulumi. */
export function localMachine(): Machine {
  return {
    name: "this machine",
    look: (path) => told(() => lookAt(path)),
    real: (path) => told(() => realpath(path)),
    list: (folder) => told(() => readdir(folder)),
    read: (path) => told(() => readPlain(path)),
    create: (path, mode) => told(async () => opened(await open(path, "wx", mode))),
    makeFolder: (path, mode) => told(() => mkdir(path, { mode }).then(() => undefined)),
    own: (path, uid, gid) => told(() => chown(path, uid, gid)),
    setMode: (path, mode) => told(() => chmod(path, mode)),
    rename: (from, to) => told(() => rename(from, to)),
    remove: (path) => told(() => unlink(path)),
    removeFolder: (path) => told(() => rmdir(path)),
    syncFolder: (path) => told(() => syncFolder(path)),
    close: () => Promise.resolve(),
  };
}

async function lookAt(path: string): Promise<Entry | undefined> {
  const found = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (!found) return undefined;
  const kind = found.isFile() ? "file" : found.isDirectory() ? "folder" : "other";
  return { kind, mode: found.mode & 0o7777, uid: found.uid, gid: found.gid };
}

async function readPlain(path: string): Promise<Buffer> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    return await file.readFile();
  } finally {
    await file.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function opened(file: FileHandle): OpenFile {
  return {
    own: (uid, gid) => told(() => file.chown(uid, gid)),
    setMode: (mode) => told(() => file.chmod(mode)),
    write: (content) => told(() => file.writeFile(content)),
    sync: () => told(() => file.sync()),
    close: () => told(() => file.close()),
  };
}

const problems: Record<string, FileProblem> = {
  ENOENT: "absent",
  ENOTDIR: "absent",
  EACCES: "denied",
  EPERM: "denied",
  EROFS: "denied",
  ENOSPC: "full",
  EDQUOT: "full",
};

async function told<T>(step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    const { code = "", message } = error as NodeJS.ErrnoException;
    // "ENOSPC: no space left on device, write"
    throw new FileError(problems[code] ?? "other", /^[A-Z0-9]+: (.*?),/.exec(message)?.[1] ?? message);
  }
}
