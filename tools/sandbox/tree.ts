import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { SandboxError } from "./errors";

/** Where the parts of a server lie; `command` starts its mysqld. */
export interface ServerParts {
  command: string[];
  /** undefined where the server has no plugins. */
  pluginDirectory?: string;
  /** The folder with english/errmsg.sys; undefined where the server finds it by itself. */
  messagesDirectory?: string;
  /** For each of its option files; undefined leaves out what other servers have there. */
  settings?: Record<string, string | undefined>;
}

/**
 * The parts of a server in an unpacked system tree, of Debian's layout or of Oracle Linux's
 * (the official image). It runs through the tree's own loader, so this machine's C library
 * may be older or of another kind.
 */
export function partsOf(root: string): ServerParts {
  const mysqld = first(root, ["usr/sbin/mysqld"]);
  const plugins = first(root, ["usr/lib/mysql/plugin", "usr/lib64/mysql/plugin"]);
  const share = join(root, "usr/share");
  const messages = readdirSync(share)
    .filter((name) => name === "mysql" || name.startsWith("mysql-"))
    .map((name) => join(share, name))
    .find((folder) => existsSync(join(folder, "english/errmsg.sys")));
  if (!existsSync(join(plugins, "group_replication.so")))
    throw new SandboxError("the server has no group_replication plugin");
  if (!messages) throw new SandboxError("the server has no message files");

  return {
    command: throughOwnLoader(root, mysqld),
    pluginDirectory: plugins,
    messagesDirectory: messages,
  };
}

/** The command for a program: with the tree's own loader and libraries, and those in `further` folders. */
export function throughOwnLoader(root: string, program: string, further: readonly string[] = []): string[] {
  const libraries = [...librariesOf(root), ...further];
  const loader = libraries
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
    .find((file) => /\/ld-linux-[a-z0-9_-]+\.so\.\d$/.test(file));
  if (!loader) throw new SandboxError("the unpacked tree has no loader (ld-linux)");
  return [loader, "--library-path", libraries.join(":"), program];
}

/** The tree's folders with libraries. */
export function librariesOf(root: string): string[] {
  return ["usr/lib64", "usr/lib64/mysql/private", ...multiarch(root)]
    .map((folder) => join(root, folder))
    .filter(existsSync);
}

function first(root: string, candidates: string[]): string {
  const found = candidates.map((path) => join(root, path)).find(existsSync);
  if (!found) throw new SandboxError(`the server's tree has no ${candidates[0]}`);
  return found;
}

function multiarch(root: string): string[] {
  const lib = join(root, "usr/lib");
  if (!existsSync(lib)) return [];
  return readdirSync(lib)
    .filter((name) => name.endsWith("-linux-gnu"))
    .map((name) => join("usr/lib", name));
}
