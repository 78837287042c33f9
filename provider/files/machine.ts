/** What stands at a path; links are not followed. */
export interface Entry {
  readonly kind: "file" | "folder" | "other";
  /** The twelve bits of rights. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** A file that was made just now and is written once. */
export interface OpenFile {
  own(uid: number, gid: number): Promise<void>;
  setMode(mode: number): Promise<void>;
  write(content: Buffer): Promise<void>;
  /** To the disk. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** Where files are put: this machine, or another over SFTP. Every failure is a FileError. */
export interface Machine {
  /** How messages call it. */
  readonly name: string;
  look(path: string): Promise<Entry | undefined>;
  /** The path without links. */
  real(path: string): Promise<string>;
  list(folder: string): Promise<string[]>;
  read(path: string): Promise<Buffer>;
  /** A new file; fails where the name is taken. */
  create(path: string, mode: number): Promise<OpenFile>;
  makeFolder(path: string, mode: number): Promise<void>;
  own(path: string, uid: number, gid: number): Promise<void>;
  setMode(path: string, mode: number): Promise<void>;
  /** In the place of what has this name, in one step. */
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  removeFolder(path: string): Promise<void>;
  /** Names in it to the disk, where that can be asked for. */
  syncFolder(path: string): Promise<void>;
  close(): Promise<void>;
}

export type FileProblem = "absent" | "denied" | "full" | "lost" | "other";

/** What the machine said to one step. */
export class FileError extends Error {
  constructor(
    readonly problem: FileProblem,
    reason: string,
  ) {
    super(reason);
    this.name = "FileError";
    this.stack = this.message;
  }
}
