import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import {
  addMember,
  connect,
  down,
  kill,
  OLD_VERSIONS,
  query,
  start,
  status,
  stop,
  up,
  type Member,
  type OldVersion,
  type Sandbox,
} from "../../tools/sandbox";

const CLI = ["--import", "tsx", resolve("tools/sandbox/cli.ts")];
const made: Sandbox[] = [];

async function temporary(version: OldVersion, members: number): Promise<Sandbox> {
  const sandbox = await up({ version, members, temporary: true });
  made.push(sandbox);
  return sandbox;
}

function cli(args: string[], env: NodeJS.ProcessEnv = {}): string {
  return execFileSync(process.execPath, [...CLI, ...args], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
}

async function until(what: string, seconds: number, holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`Not within ${seconds} s: ${what}`);
    await new Promise((done) => setTimeout(done, 100));
  }
}

afterEach(async () => {
  for (const sandbox of made.splice(0)) if (existsSync(sandbox.folder)) await down(sandbox);
});

describe.each([
  { version: "5.7.22", says: "5.7.22-log", protocols: "TLSv1,TLSv1.1", logins: "mysql_native_password" },
  { version: "8.0.15", says: "8.0.15", protocols: "TLSv1,TLSv1.1,TLSv1.2", logins: "caching_sha2_password" },
] as const)("a server of $version", ({ version, says, protocols, logins }) => {
  it("starts with TLS files and a binary log of its own, and without a transaction or the plugin", async () => {
    const sandbox = await temporary(version, 2);
    expect(sandbox.version).toBe(version);
    const uuids = new Set<string>();
    for (const member of sandbox.members) {
      const [row] = await query(
        member,
        `SELECT @@version version, @@port port, @@server_id serverId, @@server_uuid uuid, @@gtid_executed gtids,
           @@gtid_mode gtidMode, @@log_bin logBin, @@log_slave_updates logReplicaUpdates,
           @@master_info_repository channels, @@secure_file_priv files,
           @@have_ssl haveSsl, @@tls_version protocols, @@ssl_ca ca, @@ssl_cert cert, @@ssl_key tlsKey`,
      );
      expect(row).toEqual({
        version: says,
        port: member.port,
        serverId: member.serverId,
        uuid: expect.any(String),
        gtids: "",
        gtidMode: "ON",
        logBin: 1,
        logReplicaUpdates: 1,
        channels: "TABLE",
        files: "",
        haveSsl: "YES",
        protocols,
        ca: member.tls.ca,
        cert: member.tls.cert,
        tlsKey: member.tls.key,
      });
      uuids.add(String(row?.uuid));
      const plugins = "SELECT 1 FROM information_schema.plugins WHERE plugin_name = 'group_replication'";
      expect(await query(member, plugins)).toEqual([]);
    }
    expect(uuids.size).toBe(2);
  });

  it("lets its administrator log in over TCP and over the socket, and grant what it may do", async () => {
    const { members } = await temporary(version, 1);
    const [member] = members as [Member];
    await query(member, "CREATE USER app IDENTIFIED BY 'of the app'");
    await query(member, "GRANT SELECT ON *.* TO app");
    const users = "SELECT user, plugin FROM mysql.user WHERE user IN ('app', 'root') ORDER BY user, host";
    expect(await query(member, users)).toEqual(
      ["app", "root", "root"].map((user) => ({ user, plugin: logins })),
    );
    const app = { ...member, user: "app", password: "of the app" };
    expect(await query(app, "SELECT 1 one")).toEqual([{ one: 1 }]);
    await expect(query({ ...member, password: "wrong" }, "SELECT 1")).rejects.toThrow("Access denied");
    const connection = await connect(member, { socketPath: member.socket });
    const [rows] = await connection.query("SELECT CURRENT_USER() user");
    await connection.end();
    expect(rows).toEqual([{ user: "root@localhost" }]);
  });

  it("keeps what was written through a crash and through a shutdown", async () => {
    const sandbox = await temporary(version, 1);
    const [member] = sandbox.members as [Member];
    await query(member, "CREATE DATABASE kept");
    await query(member, "CREATE TABLE kept.numbers (id INT PRIMARY KEY)");
    await query(member, "INSERT INTO kept.numbers VALUES (1)");
    await kill(member);
    expect((await status(sandbox)).members[0]?.state).toBe("stopped");
    await start(member);
    await query(member, "INSERT INTO kept.numbers VALUES (2)");
    await stop(member);
    await start(member);
    expect(await query(member, "SELECT id FROM kept.numbers ORDER BY id")).toEqual([{ id: 1 }, { id: 2 }]);
    expect((await status(sandbox)).members[0]).toMatchObject({ state: "running", pid: member.pid });
  });
});

describe("a sandbox of an old release", () => {
  it("gets a further member of the same release", async () => {
    const sandbox = await temporary("8.0.15", 1);
    const added = await addMember(sandbox);
    expect(await query(added, "SELECT @@version version, @@ssl_cert cert")).toEqual([
      { version: "8.0.15", cert: added.tls.cert },
    ]);
  });

  it.each(OLD_VERSIONS)("refuses a group of %s, since there is no plugin for it", async (version) => {
    await expect(up({ version, group: true, temporary: true })).rejects.toThrow(
      `MySQL ${version} has no group_replication plugin here: its servers form no group.`,
    );
  });

  it("is managed from the command line, which refuses releases that it cannot have", () => {
    const name = `old-${process.pid}`;
    expect(() => cli(["up", "--version", "5.6.51", "--name", name])).toThrow(
      '--version is 5.7.22 or 8.0.15, not "5.6.51"; a newer one needs none.',
    );
    cli(["up", "--version", "8.0.15", "--members", "1", "--name", name]);
    try {
      made.push(JSON.parse(cli(["status", "--json", "--name", name])) as Sandbox);
      cli(["kill", "db1", "--name", name]);
      cli(["start", "db1", "--name", name]);
      expect(cli(["sql", "db1", "SELECT @@version version", "--name", name])).toBe("version\n8.0.15\n");
    } finally {
      cli(["down", "--name", name]);
    }
    expect(existsSync((made.at(-1) as Sandbox).folder)).toBe(false);
  });

  it("says what to install where there is no Maven, and leaves nothing", () => {
    const folder = mkdtempSync(join(tmpdir(), "mysqlgr-no-maven-"));
    try {
      const env = { MYSQLGR_CACHE: folder, PATH: folder };
      expect(() => cli(["up", "--version", "5.7.22"], env)).toThrow(
        "MySQL 5.7.22 could not be fetched: mvn is not installed; install Maven",
      );
      expect(cli(["down", "--all"], env)).toBe("There is no sandbox.\n");
      expect(existsSync(join(folder, `mysql/5.7.22-maven-${process.arch}`))).toBe(false);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe.each([
  // yaSSL knows no alternative names, so it cannot verify an address.
  { version: "5.7.22", verifies: 0 },
  { version: "8.0.15", verifies: 1 },
] as const)("an asynchronous channel between two servers of $version", ({ version, verifies }) => {
  it("replicates a row over TLS, with an account that must have a certificate", async () => {
    const sandbox = await temporary(version, 2);
    const [source, replica] = sandbox.members as [Member, Member];
    await query(source, "CREATE USER replica IDENTIFIED BY 'of the replica' REQUIRE X509");
    await query(source, "GRANT REPLICATION SLAVE ON *.* TO replica");
    await query(
      replica,
      `CHANGE MASTER TO MASTER_HOST = ?, MASTER_PORT = ?, MASTER_USER = 'replica',
         MASTER_PASSWORD = 'of the replica', MASTER_AUTO_POSITION = 1, MASTER_SSL = 1, MASTER_SSL_CA = ?,
         MASTER_SSL_CERT = ?, MASTER_SSL_KEY = ?, MASTER_SSL_VERIFY_SERVER_CERT = ${verifies}`,
      [source.host, source.port, replica.tls.ca, replica.tls.cert, replica.tls.key],
    );
    await query(replica, "START SLAVE");
    await query(source, "CREATE DATABASE sent");
    await query(source, "CREATE TABLE sent.numbers (id INT PRIMARY KEY)");
    await query(source, "INSERT INTO sent.numbers VALUES (42)");
    const received = () => query(replica, "SELECT id FROM sent.numbers").catch(() => []);
    await until("the row is at the replica", 30, async () => (await received()).length > 0).catch(
      async (error: unknown) => {
        const [channel] = await query(replica, "SHOW SLAVE STATUS");
        throw new Error(`${String(error)}: ${channel?.Last_IO_Error} ${channel?.Last_SQL_Error}`);
      },
    );
    expect(await received()).toEqual([{ id: 42 }]);

    const ciphers = `SELECT variable_value cipher FROM performance_schema.status_by_thread
      JOIN performance_schema.threads USING (thread_id)
      WHERE variable_name = 'Ssl_cipher' AND processlist_user = 'replica'`;
    expect(await query(source, ciphers)).toEqual([{ cipher: expect.stringMatching(/^\S+$/) }]);
  });
});
