import type { Client, SFTPWrapper, Stats } from "ssh2";
import { type Entry, FileError, type FileProblem, type Machine, type OpenFile } from "./machine";

type Callback<T> = (error: Error | null | undefined, value: T) => void;

type Ask = <T = void>(step: (done: Callback<T>) => void) => Promise<T>;

function asked<T>(step: (done: Callback<T>) => void): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    try {
      step((error, value) => (error ? reject(told(error)) : resolve(value)));
    } catch (error) {
      // An extension that the server does not have is refused at once.
      reject(told(error as Error));
    }
  });
}

/** A machine behind an SSH connection that is open. */
export function sftpMachine(name: string, client: Client, sftp: SFTPWrapper): Machine {
  const gone = new Promise<never>((_, reject) => {
    const fail = (): void => reject(new FileError("lost", "the connection broke"));
    client.once("close", fail);
    sftp.once("close", fail);
  });
  gone.catch(() => undefined);
  // A request on a connection that is gone would never be answered.
  const ask: Ask = (step) => Promise.race([asked(step), gone]);
  return {
    name,
    look: (path) => ask<Stats>((done) => sftp.lstat(path, done)).then(entryOf, unlessAbsent),
    real: (path) => ask<string>((done) => sftp.realpath(path, done)),
    list: async (folder) =>
      (await ask<{ filename: string }[]>((done) => sftp.readdir(folder, done)))
        .map(({ filename }) => filename)
        .filter((file) => file !== "." && file !== ".."),
    read: (path) => ask<Buffer>((done) => sftp.readFile(path, done)),
    create: async (path, mode) => {
      const handle = await ask<Buffer>((done) => sftp.open(path, "wx", { mode }, done));
      return opened(ask, sftp, handle, path);
    },
    makeFolder: (path, mode) => ask((done) => sftp.mkdir(path, { mode }, done as never)),
    own: (path, uid, gid) => ask((done) => sftp.chown(path, uid, gid, done as never)),
    setMode: (path, mode) => ask((done) => sftp.chmod(path, mode, done as never)),
    // Without this extension a rename fails where the name is taken.
    rename: (from, to) => ask((done) => sftp.ext_openssh_rename(from, to, done as never)),
    remove: (path) => ask((done) => sftp.unlink(path, done as never)),
    removeFolder: (path) => ask((done) => sftp.rmdir(path, done as never)),
    // SFTP has no request for it.
    syncFolder: () => Promise.resolve(),
    close: () => ended(client),
  };
}

function opened(ask: Ask, sftp: SFTPWrapper, handle: Buffer, path: string): OpenFile {
  return {
    own: (uid, gid) => ask((done) => sftp.fchown(handle, uid, gid, done as never)),
    setMode: (mode) => ask((done) => sftp.fchmod(handle, mode, done as never)),
    write: async (content) => {
      const written = ask((done) => sftp.write(handle, content, 0, content.length, 0, done as never));
      await written.catch(async (error: unknown) => {
        throw await explained(ask, sftp, path, error);
      });
    },
    sync: () => ask((done) => sftp.ext_openssh_fsync(handle, done as never)),
    close: () => ask((done) => sftp.close(handle, done as never)),
  };
}

/** A server says no more than "Failure" where the disk is full. */
async function explained(ask: Ask, sftp: SFTPWrapper, path: string, error: unknown): Promise<unknown> {
  if (!(error instanceof FileError) || error.problem !== "other") return error;
  const room = await ask<{ f_bavail: number }>((done) => sftp.ext_openssh_statvfs(path, done as never)).catch(
    () => undefined,
  );
  return Number(room?.f_bavail) === 0 ? new FileError("full", "no space left on device") : error;
}

function entryOf(found: Stats): Entry {
  const kind = found.isFile() ? "file" : found.isDirectory() ? "folder" : "other";
  return { kind, mode: found.mode & 0o7777, uid: found.uid, gid: found.gid };
}

function unlessAbsent(error: unknown): undefined {
  if (error instanceof FileError && error.problem === "absent") return undefined;
  throw error;
}

function ended(client: Client): Promise<void> {
  return new Promise((done) => {
    client.once("close", () => done());
    client.end();
    // A machine that is gone never answers, and the socket would keep this process alive.
    setTimeout(() => (client.destroy(), done()), 1000).unref();
  });
}

/** Status codes of SFTP, version 3. */
const problems: Record<number, FileProblem> = { 2: "absent", 3: "denied", 6: "lost", 7: "lost" };

function told(error: Error): FileError {
  const { code } = error as { code?: unknown };
  const lost =
    typeof code !== "number" && /No response|Not connected|Channel|ECONN|closed/i.test(error.message);
  const problem = typeof code === "number" ? (problems[code] ?? "other") : lost ? "lost" : "other";
  return new FileError(problem, lost ? "the connection broke" : error.message);
}
