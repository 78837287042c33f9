import { randomBytes } from "node:crypto";
import { posix } from "node:path";
import { NotReadyError } from "../errors";
import {
  type Access,
  type Role,
  type SeenFile,
  type Snapshot,
  digestOf,
  isFolder,
  namesOf,
  temporaryName,
} from "../plan/certificate-files";
import { FileError, type Machine } from "./machine";

/** One folder on a machine, and what this package does in it. */
export class Folder {
  constructor(
    readonly machine: Machine,
    readonly path: string,
    private readonly prefix: string,
  ) {}

  /** Throws where it is none, or where what lies in it could be replaced by anybody. */
  async requireUsable(): Promise<void> {
    const real = await this.machine.real(this.path).catch((error: unknown) => this.unusable(error));
    if (real !== this.path)
      throw this.notReady(`${this.path} leads to ${real}`, `declare folder: ${JSON.stringify(real)}`);
    const entry = await this.machine.look(this.path);
    // SFTP tells a real path also of what is not there.
    if (!entry) return this.unusable(new FileError("absent", ""));
    if (entry.kind !== "folder")
      throw this.notReady(`${this.path} is no folder`, "make it, and let the server's account search it");
    const open = (entry.mode & 0o002) !== 0 && (entry.mode & 0o1000) === 0;
    if (open)
      throw this.notReady(
        `anybody may replace files in ${this.path}`,
        `chmod o-w ${this.path}, or another folder`,
      );
  }

  /** All that is there under names of this resource. */
  async observe(): Promise<Snapshot> {
    const named = namesOf(this.prefix);
    const names = await this.machine.list(this.path).catch((error: unknown) => {
      unlessGone(error);
      return [];
    });
    const ours = names.flatMap((name) => {
      const of = named.role(name);
      return of === undefined ? [] : [{ name, of }];
    });
    const seen: { files: SeenFile[]; folders: SeenFile[]; leftovers: string[] } = {
      files: [],
      folders: [],
      leftovers: names.filter((name) => named.isLeftover(name)).sort(),
    };
    for (const { name, of } of ours.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const there = await this.see(name, of);
      if (!there) continue;
      if (!isFolder(of) || !there.isFolder) seen.files.push(there.file);
      else {
        seen.folders.push(there.file);
        for (const inner of (await this.machine.list(this.at(name))).sort()) {
          const path = `${name}/${inner}`;
          if (named.isLeftover(inner)) seen.leftovers.push(path);
          else seen.files.push(...[await this.see(path, of)].flatMap((one) => (one ? [one.file] : [])));
        }
      }
    }
    return seen;
  }

  private async see(path: string, role: Role): Promise<{ file: SeenFile; isFolder: boolean } | undefined> {
    const entry = await this.machine.look(this.at(path));
    if (!entry) return undefined;
    const { kind, mode, uid, gid } = entry;
    const digest = kind === "file" ? digestOf(role, await this.machine.read(this.at(path))) : undefined;
    return {
      file: { path, mode, uid, gid, ...(digest === undefined ? {} : { digest }) },
      isFolder: kind === "folder",
    };
  }

  async makeFolder(path: string, { mode, uid, gid }: Access): Promise<void> {
    const at = this.at(path);
    if ((await this.machine.look(at))?.kind !== "folder") await this.machine.makeFolder(at, 0o700);
    if (uid !== undefined || gid !== undefined) {
      const now = (await this.machine.look(at))!;
      await this.machine.own(at, uid ?? now.uid, gid ?? now.gid);
    }
    await this.machine.setMode(at, mode);
  }

  /**
   * Under a temporary name it is nobody else's until owner and mode are right, and only then it gets its content. It gets its own name
   * when all of it is on the disk.
   */
  async write(path: string, text: string, access: Access): Promise<void> {
    const { dir, base } = posix.parse(path);
    const temporary = this.at(posix.join(dir, temporaryName(base, randomBytes(4).toString("hex"))));
    const file = await this.machine.create(temporary, 0o600);
    try {
      try {
        await this.own(file, temporary, access);
        await file.setMode(access.mode);
        await file.write(Buffer.from(text));
        await file.sync();
      } finally {
        await file.close();
      }
      await this.machine.rename(temporary, this.at(path));
    } catch (error) {
      await this.machine.remove(temporary).catch(() => undefined);
      throw error;
    }
    await this.machine.syncFolder(posix.dirname(this.at(path)));
  }

  private async own(
    file: { own(uid: number, gid: number): Promise<void> },
    path: string,
    { uid, gid }: Access,
  ): Promise<void> {
    if (uid === undefined && gid === undefined) return;
    const now = (await this.machine.look(path))!;
    const [to, group] = [uid ?? now.uid, gid ?? now.gid];
    if (to === now.uid && group === now.gid) return;
    await file.own(to, group).catch((error: unknown) => {
      if (!(error instanceof FileError) || error.problem !== "denied") throw error;
      throw new FileError("denied", `it may not be given to owner ${to}, group ${group}: that needs root`);
    });
  }

  async remove(path: string): Promise<void> {
    await this.machine.remove(this.at(path)).catch(unlessGone);
  }

  async removeFolder(path: string): Promise<void> {
    await this.machine.removeFolder(this.at(path)).catch(unlessGone);
  }

  at(path: string): string {
    return posix.join(this.path, path);
  }

  private unusable(error: unknown): never {
    if (!(error instanceof FileError)) throw error;
    if (error.problem === "lost") throw error;
    throw this.notReady(
      error.problem === "absent"
        ? `has no folder ${this.path}`
        : `${this.path} cannot be used: ${error.message}`,
      "make it, and let the user search it",
    );
  }

  private notReady(what: string, todo: string): NotReadyError {
    return new NotReadyError(
      this.machine.name,
      what.startsWith("has") ? what : `cannot take files: ${what}`,
      {
        todo,
      },
    );
  }
}

function unlessGone(error: unknown): void {
  if (!(error instanceof FileError) || error.problem !== "absent") throw error;
}
