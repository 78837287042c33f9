import { existsSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { coerce, gte } from "semver";
import { cached, once } from "../cache";
import { step } from "../report";
import { unpackDebianServer } from "./debian";
import { SandboxError, reason } from "./errors";
import { unpackImage } from "./image";
import { run } from "./shell";
import { prepareTemplate, type Template } from "./template";
import { partsOf, type ServerParts } from "./tree";

const OLDEST = "8.0.22";

/** A server that can be started: its files, and a data folder to copy. */
export interface ServerFiles extends ServerParts {
  version: string;
  /** Where it comes from, for people. */
  origin: string;
  template: Template;
  /** Its option file must name its certificates, since it takes them when it starts and never again. */
  readsTlsAtStartOnly?: boolean;
  /** For the option files of members, not for the one that makes the template. */
  memberSettings?: Record<string, string>;
}

type Update = (text: string) => void;

interface Way {
  title: string;
  /** In the names of what it keeps in the cache. */
  name: string;
  /** Its key in the cache; a way that is cached is tried before one that downloads. */
  key?: string;
  find(update: Update): Promise<ServerParts>;
}

const WAYS: Way[] = [
  { title: "mysqld on the PATH", name: "path", find: onPath },
  unpacked("Debian's package", "debian", unpackDebianServer),
  unpacked("official image", "image", unpackImage),
];

let found: Promise<ServerFiles> | undefined;

/**
 * Finds a mysqld of 8.0.22 or newer with the group_replication plugin: on the PATH, in the cache,
 * from Debian, or out of the official image, in this order; the first that can make a data folder
 * is taken.
 */
export function findServer(): Promise<ServerFiles> {
  found ??= search().catch((error: unknown) => {
    found = undefined;
    throw error;
  });
  return found;
}

async function search(): Promise<ServerFiles> {
  const inCache = (way: Way) => way.key !== undefined && cached(way.key) !== undefined;
  const [onPathWay, ...others] = WAYS as [Way, ...Way[]];
  const order = [onPathWay, ...others.filter(inCache), ...others.filter((way) => !inCache(way))];
  const failures: string[] = [];
  for (const way of order) {
    const report = way.key && !inCache(way) ? step(`MySQL from ${way.title}`) : undefined;
    try {
      const files = await usable(way, (text) => report?.update(text));
      report?.done(`${files.version}, kept in the cache`);
      return files;
    } catch (error) {
      report?.fail(reason(error));
      failures.push(`  ${way.title}: ${reason(error)}`);
    }
  }
  throw new SandboxError(
    [
      `No MySQL server (${OLDEST} or newer, with the group_replication plugin) could be found or fetched.`,
      ...failures,
      "Install MySQL's server so that mysqld is on the PATH, or Docker or Podman, and try again.",
    ].join("\n"),
  );
}

async function usable(way: Way, update: Update): Promise<ServerFiles> {
  const parts = await way.find(update);
  const version = await versionOf(parts);
  if (!gte(version, OLDEST)) throw new SandboxError(`is ${version}, older than ${OLDEST}`);
  const template = await prepareTemplate(parts, version, way.name, update);
  return { ...parts, version, origin: way.title, template };
}

async function versionOf(parts: ServerParts): Promise<string> {
  const [file, ...args] = parts.command as [string, ...string[]];
  const text = await run(file, [...args, "--no-defaults", "--version"]);
  if (/mariadb/i.test(text)) throw new SandboxError("is MariaDB, which has no Group Replication");
  const version = coerce(/Ver\s+(\S+)/.exec(text)?.[1]);
  if (!version) throw new SandboxError(`says no version: ${text.trim()}`);
  return version.version;
}

async function onPath(): Promise<ServerParts> {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];
  const mysqld = folders.map((folder) => join(folder, "mysqld")).find((file) => existsSync(file));
  if (!mysqld) throw new SandboxError("there is none");
  // root must be named as the user, or mysqld refuses even to print its defaults.
  const user = process.getuid?.() === 0 ? ["--user=root"] : [];
  const defaults = await run(mysqld, ["--no-defaults", ...user, "--verbose", "--help"]);
  const value = (name: string) => new RegExp(`^${name}\\s+(\\S.*)$`, "m").exec(defaults)?.[1]?.trim();
  const named = value("plugin-dir");
  const folder = [named, join(dirname(mysqld), "../lib/plugin"), join(dirname(mysqld), "../lib/mysql/plugin")]
    .filter((candidate) => candidate !== undefined)
    .find((candidate) => existsSync(join(candidate, "group_replication.so")));
  if (!folder) throw new SandboxError(`${mysqld} has no group_replication plugin in its plugin folder`);
  return { command: [mysqld], pluginDirectory: folder };
}

function unpacked(
  title: string,
  name: string,
  unpack: (folder: string, update: Update) => Promise<void>,
): Way {
  const key = `mysql/${name}-${process.arch}`;
  return {
    title,
    name,
    key,
    async find(update) {
      const folder = await once(key, async (fresh) => {
        await unpack(fresh, update);
        partsOf(fresh);
      });
      return partsOf(folder);
    },
  };
}
