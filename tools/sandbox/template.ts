import { randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createConnection, type Connection } from "mysql2/promise";
import { once } from "../cache";
import { SandboxError, reason } from "./errors";
import { cleaningUp } from "./interrupt";
import { launch, lastErrors, type Process } from "./process";
import { pause, run } from "./shell";
import type { ServerParts } from "./tree";

/** A data folder to copy for each new server. */
export interface Template {
  folder: string;
  /** Holds the password of root@localhost and root@%. */
  passwordFile: string;
}

/**
 * Makes the data folder once: initialized, root with a password. It has no binary log, so
 * gtid_executed of a copy is empty; no auto.cnf, so each copy gets its own server_uuid; and no
 * certificates, so each copy generates its own as a fresh installation does.
 */
export async function prepareTemplate(
  parts: ServerParts,
  version: string,
  origin: string,
  update: (text: string) => void,
): Promise<Template> {
  const base = await once(`mysql/data-${version}-${origin}`, async (folder) => {
    update("preparing a data folder");
    // The word at the front makes a leaked password findable in logs and state.
    const password = `Sandbox-root-${randomBytes(12).toString("hex")}`;
    const passwordFile = join(folder, "password");
    writeFileSync(passwordFile, password, { mode: 0o600 });
    chmodSync(passwordFile, 0o600);
    await initialize(parts, join(folder, "data"), password);
  });
  return { folder: join(base, "data"), passwordFile: join(base, "password") };
}

export function rootPassword(template: Template): string {
  return readFileSync(template.passwordFile, "utf8").trim();
}

async function initialize(parts: ServerParts, data: string, password: string): Promise<void> {
  // A socket's path is limited to about 100 characters, so it lies in a short folder.
  const short = mkdtempSync(join(tmpdir(), "mysqlgr-init-"));
  const errorLog = join(short, "error.log");
  const optionFile = join(short, "my.cnf");
  const socket = join(short, "mysqld.sock");
  let server: Process | undefined;
  const cleanUp = () => {
    server?.kill();
    rmSync(short, { recursive: true, force: true });
  };
  try {
    await cleaningUp(cleanUp, async () => {
      const options = { datadir: data, socket, "pid-file": join(short, "pid"), "log-error": errorLog };
      writeOptionFile(optionFile, parts, { ...options, "skip-networking": "ON", "skip-log-bin": "" });
      const [file, ...args] = parts.command as [string, ...string[]];
      await run(file, [...args, `--defaults-file=${optionFile}`, "--initialize-insecure"]).catch((error) => {
        throw new SandboxError(
          `mysqld --initialize-insecure failed: ${lastErrors(errorLog) ?? reason(error)}`,
        );
      });
      server = launch([...parts.command, `--defaults-file=${optionFile}`], errorLog, short);
      const connection = await whenReady(socket, server);
      await connection.query("ALTER USER root@localhost IDENTIFIED BY ?", [password]);
      await connection.query("CREATE USER root@'%' IDENTIFIED BY ?", [password]);
      await connection.query("GRANT ALL ON *.* TO root@'%' WITH GRANT OPTION");
      // A clean end: an unclean one would cost every copy a recovery.
      await connection.query("SHUTDOWN");
      await server.ended();
      await connection.end().catch(() => undefined);
    });
    for (const name of PER_SERVER) rmSync(join(data, name), { force: true });
  } finally {
    cleanUp();
  }
}

const PER_SERVER = [
  "auto.cnf",
  "mysqld-auto.cnf",
  ...["ca", "ca-key", "server-cert", "server-key", "client-cert", "client-key"].map((name) => `${name}.pem`),
  ...["private_key", "public_key"].map((name) => `${name}.pem`),
];

async function whenReady(socketPath: string, server: Process): Promise<Connection> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    try {
      return await createConnection({ socketPath, user: "root", connectTimeout: 5_000 });
    } catch (error) {
      server.throwIfEnded();
      if (Date.now() > deadline) throw error;
      await pause(50);
    }
  }
}

/** Writes an option file: the settings every server of the sandbox has, and `options`. */
export function writeOptionFile(path: string, parts: ServerParts, options: Record<string, string>): void {
  const common: Record<string, string> = {
    ...(parts.pluginDirectory ? { "plugin-dir": parts.pluginDirectory } : {}),
    ...(parts.messagesDirectory ? { "lc-messages-dir": parts.messagesDirectory } : {}),
    ...(process.getuid?.() === 0 ? { user: "root" } : {}),
    "secure-file-priv": "NULL",
    "innodb-buffer-pool-size": "64M",
    "innodb-redo-log-capacity": "32M",
    // Several servers use up the kernel's fs.aio-max-nr, and a further one does not start.
    "innodb-use-native-aio": "OFF",
    mysqlx: "OFF",
  };
  const lines = Object.entries({ ...common, ...parts.settings, ...options })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => (value === "" ? name : `${name}=${value}`));
  writeFileSync(path, ["[mysqld]", ...lines, ""].join("\n"), { mode: 0o600 });
}
