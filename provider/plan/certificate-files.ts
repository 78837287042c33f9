import { createHash, createHmac } from "node:crypto";

/** What a file is for: the server option that takes it, without ssl_. */
export const roles = ["ca", "capath", "cert", "key", "crl", "crlpath"] as const;
export type Role = (typeof roles)[number];

/** Texts of one role: one file, or the files of a hash-named folder by their names there. */
export type Content = { readonly role: Role } & (
  { readonly text: string } | { readonly files: Readonly<Record<string, string>> }
);

/** One file by its path below the folder. */
export interface FileVersion {
  readonly path: string;
  readonly digest: string;
}

/** What a role was, or is, under a name that its content decides. */
export interface Version {
  readonly role: Role;
  readonly name: string;
  readonly files: readonly FileVersion[];
}

/** Who may read a file; without an owner or a group it has those of whoever writes it. */
export interface Access {
  readonly mode: number;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
}

export interface WantedFile extends FileVersion {
  readonly text: string;
}

export interface WantedVersion extends Version {
  readonly files: readonly WantedFile[];
  readonly access: Access;
}

/** A file that is there. What is no plain file has no digest. */
export interface SeenFile extends Required<Access> {
  readonly path: string;
  readonly digest?: string;
}

/** All that is in the folder under names of this resource. */
export interface Snapshot {
  readonly files: readonly SeenFile[];
  /** Hash-named folders, with what is set on them. */
  readonly folders: readonly SeenFile[];
  /** What an interrupted run left under temporary names. */
  readonly leftovers: readonly string[];
}

/** Which servers name a version, by its name; undefined where no servers are declared. */
export type Usage = Readonly<Record<string, readonly string[]>> | undefined;

export interface PlannedFile {
  readonly path: string;
  readonly why: string;
}

export interface FilesPlan {
  readonly leftovers: readonly string[];
  /** Hash-named folders that are to be made or set right. */
  readonly folders: readonly PlannedFile[];
  readonly writes: readonly PlannedFile[];
  /** Files in hash-named folders that nobody declared: what lies there is trusted. */
  readonly strangers: readonly string[];
  /** Old versions that stay, and why. */
  readonly kept: readonly PlannedFile[];
  readonly removals: readonly Version[];
}

/**
 * SHA-256 of what is no secret. Of a private key an HMAC: it is no hash that another tool might list, and nobody can guess a key to
 * compare. Its own key is fixed, since a run that starts anew must come to the same names.
 */
export function digestOf(role: Role, content: string | Buffer): string {
  const hash =
    role === "key"
      ? createHmac("sha256", "pulumi-mysql-group-replication private key")
      : createHash("sha256");
  return hash.update(content).digest("hex");
}

export function isFolder(role: Role): boolean {
  return role === "capath" || role === "crlpath";
}

/** A version under the name that its content gives it, such as server-cert-0123456789abcdef.pem. */
export function wantedVersion(prefix: string, content: Content, access: Access): WantedVersion {
  const { role } = content;
  const named = (digest: string): string => `${prefix}-${role}-${digest.slice(0, 16)}`;
  if ("text" in content) {
    const { text } = content;
    const digest = digestOf(role, text);
    const name = `${named(digest)}.pem`;
    return { role, name, files: [{ path: name, digest, text }], access };
  }
  const files = Object.entries(content.files)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, text]) => ({ name, text, digest: digestOf(role, text) }));
  const name = named(digestOf(role, files.map((file) => `${file.name} ${file.digest}\n`).join("")));
  return {
    role,
    name,
    files: files.map((file) => ({ path: `${name}/${file.name}`, digest: file.digest, text: file.text })),
    access,
  };
}

/** Files of resources with this prefix, their folders, and what was being written under a temporary name. */
export function namesOf(prefix: string): {
  role(name: string): Role | undefined;
  isLeftover(name: string): boolean;
} {
  const own = prefix.replace(/[.]/g, "\\.");
  const final = new RegExp(`^${own}-(?:(ca|cert|key|crl)-[0-9a-f]{16}\\.pem|(capath|crlpath)-[0-9a-f]{16})$`);
  const temporary = new RegExp(`^\\.${own}-(ca|cert|key|crl)-[0-9a-f]{16}\\.pem\\.[0-9a-f]{8}\\.tmp$`);
  return {
    role: (name) => {
      const [, file, folder] = final.exec(name) ?? [];
      return (file ?? folder) as Role | undefined;
    },
    isLeftover: (name) => temporary.test(name) || /^\.[0-9a-f]{8}\.r?\d+\.[0-9a-f]{8}\.tmp$/.test(name),
  };
}

/** The name under which a file is written before it is whole; `random` are eight hexadecimal digits. */
export function temporaryName(name: string, random: string): string {
  return `.${name}.${random}.tmp`;
}

/** A folder that is to be looked into must also be searched. */
export function folderMode(mode: number): number {
  return mode | ((mode & 0o444) >> 2) | 0o300;
}

/**
 * What is to be done in the folder. `before` are the versions that this resource has put there, the oldest first; only these are ever
 * removed, and only while their content is still the same.
 */
export function planFiles(
  wanted: readonly WantedVersion[],
  before: readonly Version[],
  seen: Snapshot,
  usage: Usage,
): FilesPlan {
  const old = outdated(wanted, before, seen);
  const kept = old.flatMap((version) => {
    const why = reasonToKeep(version, old, seen, usage);
    return why === undefined ? [] : [{ path: version.name, why }];
  });
  return {
    leftovers: seen.leftovers,
    folders: wanted.flatMap((version) => plannedFolder(version, seen)),
    writes: wanted.flatMap((version) => version.files.flatMap((file) => planned(file, version.access, seen))),
    strangers: strangersIn(wanted, seen),
    kept,
    removals: old.filter(({ name }) => !kept.some(({ path }) => path === name)),
  };
}

/** Where everything goes: no version is needed any more. */
export function planRemoval(before: readonly Version[], seen: Snapshot): FilesPlan {
  return planFiles([], before, seen, {});
}

/** The versions that there are, the oldest first: what was put back counts as new. */
export function versionsAfter(
  wanted: readonly WantedVersion[],
  before: readonly Version[],
  seen: Snapshot,
): Version[] {
  const stay = outdated(wanted, before, seen);
  const now = wanted.map(({ role, name, files }) => ({
    role,
    name,
    files: files.map(({ path, digest }) => ({ path, digest })),
  }));
  return [...stay, ...now];
}

export function isEmpty({ leftovers, folders, writes, strangers, removals }: FilesPlan): boolean {
  return [leftovers, folders, writes, strangers, removals].every((list) => list.length === 0);
}

/** Lines as preview shows them. Holds names and reasons, never a content. */
export function printFiles(plan: Partial<FilesPlan>): string[] {
  return [
    ...(plan.leftovers ?? []).map((path) => `remove ${path} (an interrupted run left it)`),
    ...(plan.folders ?? []).map(({ path, why }) => `make ${path}/ (${why})`),
    ...(plan.writes ?? []).map(({ path, why }) => `write ${path} (${why})`),
    ...(plan.strangers ?? []).map((path) => `remove ${path} (nobody declared it)`),
    ...(plan.removals ?? []).map(({ name }) => `remove ${name} (an old version)`),
    ...(plan.kept ?? []).map(({ path, why }) => `keep ${path} (${why})`),
  ];
}

/** What is not as declared, a line each. */
export function driftIn({ folders, writes, strangers }: FilesPlan): string[] {
  return [
    ...[...folders, ...writes].map(({ path, why }) => `${path}: ${why}`),
    ...strangers.map((path) => `${path}: nobody declared it`),
  ];
}

const changed = "its content is not what this resource wrote";

/** Versions that are no longer wanted and still there. */
function outdated(wanted: readonly WantedVersion[], before: readonly Version[], seen: Snapshot): Version[] {
  const there = [...seen.files, ...seen.folders].map(({ path }) => path.split("/")[0]);
  return before.filter(
    ({ name }) => there.includes(name) && !wanted.some((version) => version.name === name),
  );
}

function reasonToKeep(
  version: Version,
  old: readonly Version[],
  seen: Snapshot,
  usage: Usage,
): string | undefined {
  if (!isUnchanged(version, seen)) return changed;
  if (usage !== undefined) {
    const servers = usage[version.name] ?? [];
    return servers.length === 0 ? undefined : `named by ${servers.join(", ")}`;
  }
  const last = old.filter(({ role }) => role === version.role).at(-1);
  return last === version ? "the version before; a server may use it" : undefined;
}

/** A file of it that is gone is no change: there is nothing to be careful about. */
function isUnchanged({ name, files }: Version, seen: Snapshot): boolean {
  return seen.files
    .filter(({ path }) => path === name || path.startsWith(`${name}/`))
    .every(({ path, digest }) => files.some((file) => file.path === path && file.digest === digest));
}

function plannedFolder({ role, name, access }: WantedVersion, seen: Snapshot): PlannedFile[] {
  if (!isFolder(role)) return [];
  const there = seen.folders.find(({ path }) => path === name);
  const why = there ? accessProblem({ ...access, mode: folderMode(access.mode) }, there) : "is missing";
  return why === undefined ? [] : [{ path: name, why }];
}

function planned({ path, digest }: WantedFile, access: Access, seen: Snapshot): PlannedFile[] {
  const there = seen.files.find((file) => file.path === path);
  const why =
    there === undefined
      ? "is missing"
      : there.digest !== digest
        ? "its content is another"
        : accessProblem(access, there);
  return why === undefined ? [] : [{ path, why }];
}

function accessProblem({ mode, uid, gid }: Access, there: SeenFile): string | undefined {
  const octal = (bits: number): string => `0${bits.toString(8).padStart(3, "0")}`;
  if (there.mode !== mode) return `its mode is ${octal(there.mode)}, not ${octal(mode)}`;
  if (uid !== undefined && there.uid !== uid) return `its owner is ${there.uid}, not ${uid}`;
  if (gid !== undefined && there.gid !== gid) return `its group is ${there.gid}, not ${gid}`;
  return undefined;
}

function strangersIn(wanted: readonly WantedVersion[], seen: Snapshot): string[] {
  const folders = wanted.filter(({ role }) => isFolder(role));
  return seen.files
    .map(({ path }) => path)
    .filter((path) =>
      folders.some(
        ({ name, files }) => path.startsWith(`${name}/`) && !files.some((file) => file.path === path),
      ),
    );
}
