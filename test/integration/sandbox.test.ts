import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { connect as tlsConnect } from "node:tls";
import {
  addMember,
  authorityOf,
  down,
  kill,
  makeAuthority,
  makeLeaf,
  query,
  start,
  startWriter,
  status,
  stop,
  up,
  writePem,
  type Member,
  type Sandbox,
  type UpOptions,
} from "../../tools/sandbox";

const CLI = ["--import", "tsx", resolve("tools/sandbox/cli.ts")];
const made: Sandbox[] = [];

async function temporary(options: UpOptions = {}): Promise<Sandbox> {
  const sandbox = await up({ ...options, temporary: true });
  made.push(sandbox);
  return sandbox;
}

function cli(...args: string[]): string {
  return execFileSync(process.execPath, [...CLI, ...args], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** Command lines of all processes that have something to do with this folder. */
function processesIn(folder: string): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8");
      } catch {
        return "";
      }
    })
    .filter((line) => line.includes(folder));
}

async function until(what: string, seconds: number, holds: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`Not within ${seconds} s: ${what}`);
    await new Promise((done) => setTimeout(done, 100));
  }
}

async function states(sandbox: Sandbox): Promise<(string | undefined)[]> {
  return (await status(sandbox)).members.map((member) => member.memberState);
}

afterEach(async () => {
  for (const sandbox of made.splice(0)) if (existsSync(sandbox.folder)) await down(sandbox);
});

describe("a plain sandbox", () => {
  it("has three servers that answer, with the plugins, and without a transaction or a named certificate", async () => {
    const sandbox = await temporary();
    expect(sandbox.members.map(({ name }) => name)).toEqual(["db1", "db2", "db3"]);
    const uuids = new Set<string>();
    for (const member of sandbox.members) {
      const [row] = await query(
        member,
        `SELECT @@port port, @@server_id serverId, @@server_uuid uuid, @@report_host host, @@report_port reportPort,
           @@gtid_executed gtids, @@gtid_mode gtidMode, @@ssl_ca ca, @@socket socket, @@datadir data`,
      );
      expect(row).toEqual({
        port: member.port,
        serverId: member.serverId,
        uuid: expect.any(String),
        host: "127.0.0.1",
        reportPort: member.port,
        gtids: "",
        gtidMode: "ON",
        ca: "ca.pem",
        socket: member.socket,
        data: `${member.dataDirectory}/`,
      });
      uuids.add(String(row?.uuid));
      const plugins = await query(
        member,
        "SELECT plugin_name name FROM information_schema.plugins WHERE plugin_status = 'ACTIVE' AND plugin_name IN (?)",
        [["group_replication", "clone", "mysqlx"]],
      );
      expect(plugins.map(({ name }) => String(name)).sort()).toEqual(["clone", "group_replication"]);
    }
    expect(uuids.size).toBe(3);
  });

  it("leaves no process and no file when it is taken down", async () => {
    const sandbox = await temporary({ members: 2 });
    expect(processesIn(sandbox.folder)).not.toEqual([]);
    await down(sandbox);
    await until("no process is left", 2, () => processesIn(sandbox.folder).length === 0);
    expect(existsSync(sandbox.folder)).toBe(false);
    await expect(status(sandbox)).rejects.toThrow(`There is no sandbox named ${sandbox.name}`);
  });

  it("keeps what was written through a crash and through a shutdown", async () => {
    const sandbox = await temporary({ members: 1 });
    const member = sandbox.members[0] as Member;
    await query(member, "CREATE DATABASE kept");
    await kill(member);
    expect((await status(sandbox)).members[0]?.state).toBe("stopped");
    await start(member);
    await stop(member);
    await start(member);
    expect(await query(member, "SHOW DATABASES LIKE 'kept'")).toHaveLength(1);
    expect((await status(sandbox)).members[0]).toMatchObject({ state: "running", pid: member.pid });
  });

  it("gets a further member with files, ports and certificates of its own", async () => {
    const sandbox = await temporary({ members: 1 });
    const added = await addMember(sandbox);
    expect(added.name).toBe("db2");
    expect(await query(added, "SELECT @@gtid_executed gtids")).toEqual([{ gtids: "" }]);
    expect((await status(sandbox)).members).toMatchObject(
      sandbox.members.map(({ name, port }) => ({ name, port })),
    );
    expect(readFileSync(added.tls.ca, "utf8")).toBe(authorityOf(sandbox).cert);
  });
});

describe("several sandboxes", () => {
  it("run side by side without sharing a port, and one name exists once", async () => {
    const [first, second] = await Promise.all([temporary({ members: 2 }), temporary({ members: 2 })]);
    const ports = [first, second].flatMap((sandbox) =>
      sandbox.members.flatMap(({ port, localAddress }) => [`127.0.0.1:${port}`, localAddress]),
    );
    expect(new Set(ports).size).toBe(8);
    await down(first);
    expect((await status(second)).state).toBe("running");
    await expect(up({ name: second.name })).rejects.toThrow(`A sandbox named ${second.name} exists already`);
  });

  it("leave nothing, and their name free, when they cannot be completed", async () => {
    const name = `failing-${process.pid}`;
    const folder = join(tmpdir(), `mysqlgr-${"long".repeat(30)}`);
    await expect(up({ name, folder })).rejects.toThrow("the path of a socket would be too long");
    expect(existsSync(folder)).toBe(false);
    expect((await temporary({ name, members: 1 })).name).toBe(name);
  });

  it.each(["SIGINT", "SIGTERM", "SIGKILL"] as const)(
    "leave nothing when their making ends with %s",
    async (signal) => {
      const name = `cut-${signal}-${process.pid}`;
      const maker = spawn(process.execPath, [...CLI, "up", "--group", "--name", name], { stdio: "ignore" });
      const ended = new Promise((done) => maker.once("exit", (_code, by) => done(by)));
      await until("a server runs", 20, () =>
        processesIn(`mysqlgr-${name}-`).some((line) => line.includes("my.cnf")),
      );
      maker.kill(signal);
      expect(await ended).toBe(signal);
      // After SIGKILL it is the watcher that removes it.
      await until("all is gone", 15, () => processesIn(`mysqlgr-${name}-`).length === 0);
      expect(readdirSync(tmpdir()).filter((each) => each.startsWith(`mysqlgr-${name}-`))).toEqual([]);
    },
  );

  it("end by themselves when the process that they belong to is killed", async () => {
    const name = `orphan-${process.pid}`;
    const program = `
      const { up } = require(${JSON.stringify(resolve("tools/sandbox/index.ts"))});
      up({ name: "${name}", members: 1, temporary: true }).then((sandbox) => console.log(sandbox.folder));`;
    const owner = spawn(process.execPath, ["--import", "tsx", "-e", program], {
      stdio: ["pipe", "pipe", "ignore"],
    });
    const folder = String(await new Promise<Buffer>((done) => owner.stdout.once("data", done))).trim();
    expect(processesIn(folder)).not.toEqual([]);
    owner.kill("SIGKILL");
    await until("the sandbox is gone", 15, () => !existsSync(folder) && processesIn(folder).length === 0);
  });
});

describe.each(["XCOM", "MYSQL"] as const)("a group on the %s stack", (stack) => {
  it("is online over TLS, and a member that crashed rejoins when it is started", async () => {
    const sandbox = await temporary({ stack, group: true });
    const [db1, db2, db3] = sandbox.members as [Member, Member, Member];
    expect(await states(sandbox)).toEqual(["ONLINE", "ONLINE", "ONLINE"]);
    const [settings] = await query(
      db3,
      `SELECT @@group_replication_ssl_mode mode, @@group_replication_group_name name, @@ssl_cert cert,
         @@group_replication_recovery_use_ssl recovery, @@group_replication_communication_stack stack`,
    );
    const expected = { mode: "REQUIRED", name: sandbox.groupName, cert: db3.tls.cert, recovery: 1, stack };
    expect(settings).toEqual(expected);
    expect(await servedAt(db2.host, db2.port)).toBe(fingerprint(db2.tls.cert));

    await kill(db2);
    await until("db2 is expelled", 60, async () => (await query(db1, MEMBERS)).length === 2);
    await start(db2);
    await until("db2 is back", 90, async () => (await states(sandbox))[1] === "ONLINE");
    await until("db1 sees it, too", 30, async () => {
      const seen = (await query(db1, MEMBERS)).map((row) => String(row.state));
      return seen.length === 3 && seen.every((state) => state === "ONLINE");
    });
  });
});

const MEMBERS = "SELECT MEMBER_STATE state FROM performance_schema.replication_group_members";

describe("a writer", () => {
  it("follows the primary when that is killed, and no acknowledged row is lost", async () => {
    const sandbox = await temporary({ group: true });
    const writer = await startWriter(sandbox.members);
    const primary = sandbox.members.find(({ name }) => name === writer.through) as Member;
    await until("100 rows", 20, () => writer.acknowledged > 100);
    await kill(primary);
    const before = writer.acknowledged;
    await until("a new primary takes rows", 60, () => writer.acknowledged > before + 100);
    const report = await writer.stop();
    expect(report.switches).toBe(1);
    expect(report.unknown).toBeLessThanOrEqual(1);
    expect(report.longestPauseMs).toBeGreaterThan(100);

    await start(primary);
    await until("the old primary is back", 90, async () =>
      (await states(sandbox)).every((state) => state === "ONLINE"),
    );
    expect(await writer.verify(sandbox.members)).toEqual(
      ["db1", "db2", "db3"].map((member) => ({ member, found: report.acknowledged, missing: 0 })),
    );
  });

  it("notices a row that is missing", async () => {
    const sandbox = await temporary({ members: 1 });
    const writer = await startWriter(sandbox.members, { database: "other", table: "numbers" });
    await until("ten rows", 10, () => writer.acknowledged > 10);
    const { acknowledged, switches } = await writer.stop();
    const [member] = sandbox.members as [Member];
    await query(member, "DELETE FROM other.numbers WHERE id = 3");
    expect(switches).toBe(0);
    expect(await writer.verify(sandbox.members, { seconds: 0 })).toEqual([
      { member: "db1", found: acknowledged - 1, missing: 1 },
    ]);
  });
});

describe("the command line", () => {
  it("manages a sandbox from one process to the next", () => {
    const name = `cli-${process.pid}`;
    cli("up", "--name", name, "--members", "1");
    try {
      const sandbox = JSON.parse(cli("status", "--json", "--name", name)) as Sandbox;
      made.push(sandbox);
      expect(sandbox).toMatchObject({ name, state: "running", members: [{ name: "db1", state: "running" }] });
      expect(cli("sql", "db1", "SELECT 1 one, NULL two; SELECT 'a\\tb' three", "--name", name)).toBe(
        "one\ttwo\n1\tNULL\nthree\na\\tb\n",
      );
      cli("kill", "db1", "--name", name);
      expect(cli("status", "--name", name)).toMatch(/db1 .* stopped/);
      cli("start", "db1", "--name", name);
      expect(cli("status", "--name", name)).toMatch(/db1 .* pid \d+/);
    } finally {
      cli("down", "--name", name);
    }
    expect(existsSync((made.at(-1) as Sandbox).folder)).toBe(false);
  });

  it.each([
    [["status", "--name", "never-made"], "There is no sandbox named never-made"],
    [["up", "--members", "ten"], '--members takes a number, not "ten".'],
    [["up", "--members", "10"], "A sandbox has 1 to 9 members"],
    [["up", "--stack", "IPX"], '--stack is XCOM or MYSQL, not "IPX".'],
    [["up", "--name", "../x"], '"../x" is no name for a sandbox'],
    [["sql", "db1"], '"sql" takes MEMBER and SQL.'],
    [["kill", "db1", "--json"], '"kill" takes no --json.'],
    [["dwon"], 'There is no command "dwon".'],
  ])("refuses %j", (args, message) => {
    expect(() => cli(...args)).toThrow(message);
  });
});

describe("certificates", () => {
  const folder = mkdtempSync(join(tmpdir(), "mysqlgr-certificates-"));
  const file = (name: string) => join(folder, name);
  const verify = (ca: string, leaf: string, ...args: string[]) =>
    execFileSync("openssl", ["verify", "-x509_strict", "-CAfile", ca, ...args, leaf], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });

  afterAll(() => rmSync(folder, { recursive: true }));

  it("pass a strict check for servers and clients, with names, and with keys for their owner alone", async () => {
    const sandbox = await temporary({ members: 1 });
    const { tls } = sandbox.members[0] as Member;
    for (const purpose of ["sslserver", "sslclient"]) {
      verify(tls.ca, tls.cert, "-purpose", purpose);
      verify(sandbox.tls.ca, sandbox.tls.clientCert, "-purpose", purpose);
    }
    for (const name of ["localhost", "db1"]) verify(tls.ca, tls.cert, "-verify_hostname", name);
    verify(tls.ca, tls.cert, "-verify_ip", "127.0.0.1");
    expect(() => verify(tls.ca, tls.cert, "-verify_hostname", "db2")).toThrow("hostname mismatch");
    for (const key of [tls.key, sandbox.tls.caKey, sandbox.tls.clientKey]) {
      expect(statSync(key).mode & 0o777).toBe(0o600);
      expect(readFileSync(key, "utf8")).toMatch(/^-----BEGIN RSA PRIVATE KEY-----/);
    }
  });

  it("can be made expired, for later, without names, and by a foreign authority", async () => {
    const [authority, foreign] = await Promise.all([makeAuthority("Home"), makeAuthority("Home")]);
    const day = 86_400_000;
    const at = (days: number) => new Date(Date.now() + days * day);
    const ca = writePem(file("ca.pem"), authority.cert);
    const leaf = async (name: string, signer: typeof authority, more = {}) =>
      writePem(file(`${name}.pem`), (await makeLeaf(signer, { commonName: name, ...more })).cert);

    const expired = await leaf("expired", authority, { notBefore: at(-2), notAfter: at(-1) });
    expect(() => verify(ca, expired)).toThrow("certificate has expired");
    const early = await leaf("early", authority, { notBefore: at(1), notAfter: at(2) });
    expect(() => verify(ca, early)).toThrow("certificate is not yet valid");
    const nameless = await leaf("nameless", authority);
    expect(() => verify(ca, nameless, "-verify_ip", "127.0.0.1")).toThrow("IP address mismatch");
    const stranger = await leaf("stranger", foreign, { ip: ["127.0.0.1"] });
    expect(() => verify(ca, stranger)).toThrow(/signature failure|unable to get/);
    const both = writePem(file("both.pem"), authority.cert, foreign.cert);
    expect(verify(both, stranger)).toContain("OK");
  });
});

function fingerprint(path: string): string {
  const line = execFileSync("openssl", ["x509", "-in", path, "-noout", "-fingerprint", "-sha256"], {
    encoding: "utf8",
  });
  return line.trim().split("=")[1] as string;
}

/** The certificate that a server presents at its SQL port. */
async function servedAt(host: string, port: number): Promise<string> {
  const { createConnection } = await import("node:net");
  const socket = createConnection({ host, port });
  await new Promise((done) => socket.once("data", done));
  // The SSLRequest packet: CLIENT_SSL | CLIENT_PROTOCOL_41 | CLIENT_SECURE_CONNECTION, then zeros.
  const request = Buffer.alloc(36);
  request.set([32, 0, 0, 1]);
  request.writeUInt32LE(0x8a00, 4);
  socket.write(request);
  const secure = tlsConnect({ socket, rejectUnauthorized: false });
  await new Promise((done) => secure.once("secureConnect", done));
  const { fingerprint256 } = secure.getPeerCertificate();
  secure.destroy();
  return fingerprint256;
}
