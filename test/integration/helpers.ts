import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, type Socket, connect as tcpConnect, createServer } from "node:net";
import { dirname, join } from "node:path";
import { ProviderError } from "../../provider/errors";
import { type ResourceRuntime, configure, groupMember } from "../../provider/runtime";
import {
  type LeafOptions,
  type Member,
  type Sandbox,
  type UpOptions,
  addMember,
  authorityOf,
  connect,
  down,
  kill,
  makeLeaf,
  query,
  start,
  up,
  writePem,
} from "../../tools/sandbox";

export type Inputs = Record<string, unknown>;

/** What the provider said to the user since the test began. */
export const said: string[] = [];

/** The stack's configuration of this file's deployments, and what is said kept out of the test report. */
export function useRuntime(configuration: Record<string, string> = {}): void {
  let console: jest.SpyInstance;
  beforeAll(async () => {
    console = jest
      .spyOn(globalThis.console, "log")
      .mockImplementation((line: unknown) => void said.push(String(line)));
    await configure({ config: { get: (key) => configuration[key] } });
  });
  beforeEach(() => void said.splice(0));
  afterAll(() => console.mockRestore());
}

/** A sandbox for all tests of the file, or of the describe block. */
export function useSandbox(options: UpOptions): { readonly it: Sandbox; readonly db: (n: number) => Member } {
  let sandbox: Sandbox;
  beforeAll(async () => void (sandbox = await up({ ...options, temporary: true })));
  afterAll(() => down(sandbox));
  return {
    get it() {
      return sandbox;
    },
    db: (n) => sandbox.members.find(({ name }) => name === `db${n}`)!,
  };
}

/** One more plain server for the time of `work`: nothing that it leaves on it matters. */
export async function withServer<T>(sandbox: Sandbox, work: (member: Member) => Promise<T>): Promise<T> {
  const member = await addMember(sandbox);
  try {
    return await work(member);
  } finally {
    await kill(member);
    sandbox.members.splice(sandbox.members.indexOf(member), 1);
    rmSync(dirname(member.optionFile), { recursive: true });
  }
}

export function addressOf({ host, port }: { host: string; port: number }): string {
  return `${host}:${port}`;
}

/** The administrator's login, as a program declares it. */
export function login({ host, port, user, password }: Member): Inputs {
  return { host, port, user, password };
}

/** A member's declaration that says what a group made by the sandbox has. */
export function memberInputs(sandbox: Sandbox, member: Member, more: Inputs = {}): Inputs {
  return {
    connection: login(member),
    groupName: sandbox.groupName,
    localAddress: member.localAddress,
    groupSeeds: sandbox.members.slice(0, 3).map(({ localAddress }) => localAddress),
    communicationStack: sandbox.stack,
    sslMode: "REQUIRED",
    sslCa: member.tls.ca,
    sslCert: member.tls.cert,
    sslKey: member.tls.key,
    ...more,
  };
}

export function channelInputs(sandbox: Sandbox, member: Member, more: Inputs = {}): Inputs {
  return {
    connection: login(member),
    user: sandbox.recovery?.user ?? "recovery",
    ...(sandbox.recovery ? { password: sandbox.recovery.password } : {}),
    recoveryUseSsl: true,
    recoverySslCa: member.tls.ca,
    recoverySslCert: member.tls.cert,
    recoverySslKey: member.tls.key,
    ...more,
  };
}

/** A resource in state: what the engine keeps between two deployments. */
export interface Deployed {
  readonly runtime: ResourceRuntime;
  readonly id: string;
  readonly inputs: Inputs;
  readonly outs: Inputs;
}

/** As the engine makes a resource: check, then create. */
export async function create(runtime: ResourceRuntime, news: Inputs): Promise<Deployed> {
  const inputs = await checked(runtime, {}, news);
  const { id, outs } = await runtime.create(inputs);
  return { runtime, id, inputs, outs };
}

/** As the engine changes one: check, diff, then update where there is a difference. */
export async function update(old: Deployed, edit: Inputs): Promise<Deployed> {
  const inputs = await checked(old.runtime, old.inputs, { ...old.inputs, ...edit });
  const { changes } = await old.runtime.diff(old.id, old.outs, inputs);
  if (!changes) return { ...old, inputs };
  const { outs } = await old.runtime.update(old.id, old.outs, inputs);
  return { ...old, inputs, outs };
}

async function checked(runtime: ResourceRuntime, olds: Inputs, news: Inputs): Promise<Inputs> {
  const { inputs, failures } = await runtime.check(olds, news);
  if (failures.length > 0) throw new Error(`check: ${JSON.stringify(failures)}`);
  return inputs;
}

/** The GroupMembers of a group that runs; adopting changes nothing. */
export async function adoptMembers(sandbox: Sandbox, more: Inputs = {}): Promise<Deployed[]> {
  return Promise.all(
    sandbox.members.map((member) => create(groupMember, memberInputs(sandbox, member, more))),
  );
}

/** One deployment that changes several resources at once: what became of each, and state afterwards. */
export async function updateAll(
  olds: readonly Deployed[],
  edit: Inputs | ((index: number) => Inputs),
): Promise<{ failures: (Failure | undefined)[]; after: Deployed[] }> {
  const outcomes = await Promise.all(
    olds.map(async (old, i) => {
      try {
        return { after: await update(old, typeof edit === "function" ? edit(i) : edit) };
      } catch (error) {
        const failure = failureOf(error);
        return { after: failure.outs ? { ...old, outs: failure.outs } : old, failure };
      }
    }),
  );
  return { failures: outcomes.map((o) => o.failure), after: outcomes.map((o) => o.after) };
}

/** A refusal, taken apart. */
export interface Failure {
  code: string;
  /** Of the class; PartialFailure where state keeps what happened. */
  name: string;
  what: string;
  why: string;
  left: string;
  todo: string;
  message: string;
  /** State after a failure that changed it. */
  outs?: Inputs;
}

/** What `work` failed with; it must fail with an error of this package, or with one that wraps it. */
export async function failure(work: Promise<unknown> | (() => Promise<unknown>)): Promise<Failure> {
  try {
    await (typeof work === "function" ? work() : work);
  } catch (error) {
    return failureOf(error);
  }
  throw new Error("it was not refused");
}

export function failureOf(error: unknown): Failure {
  const { name, message } = error as Error;
  const [, code, text] = /^\[(GR\d{3})\] (.*)$/s.exec(message) ?? [];
  if (code === undefined || text === undefined) throw error;
  if (ProviderError.is(error)) expect(error.code).toBe(code);
  const [what, ...parts] = text.split(/\n(?=(?:Why|Left|Do): )/);
  const part = (title: string): string =>
    parts.find((p) => p.startsWith(`${title}: `))?.slice(title.length + 2) ?? "";
  const outs = (error as { properties?: Inputs }).properties;
  return {
    code,
    name: name === "Error" ? (error as object).constructor.name : name,
    what: what!,
    why: part("Why"),
    left: part("Left"),
    todo: part("Do"),
    message,
    ...(outs === undefined ? {} : { outs }),
  };
}

/** Everything about a server that a refused change must leave alone. */
export interface Snapshot {
  variables: Record<string, string | null>;
  /** When each variable was last set (those aside that sessions set for themselves): a SET of what is so already shows too. */
  setAt: Record<string, string>;
  persisted: Record<string, string>;
  loadedTls: Record<string, string>;
  plugins: Record<string, string>;
  /** The group as this server sees it. */
  members: string[];
  view: string | null;
  /** When Group Replication was started, by the error log. */
  starts: string[];
  /** Rows as JSON, so that a difference shows in one line. */
  accounts: string[];
  channels: string[];
  locks: string[];
  gtidExecuted: string;
}

const nullable = ["ssl_ca", "ssl_capath", "ssl_cert", "ssl_key", "ssl_crl", "ssl_crlpath", "ssl_cipher"];

export async function snapshot(member: Member): Promise<Snapshot> {
  const connection = await connect(member);
  const rows = async (sql: string): Promise<Record<string, string>[]> =>
    JSON.parse(JSON.stringify((await connection.query(sql))[0])) as Record<string, string>[];
  const record = async (sql: string): Promise<Record<string, string>> =>
    Object.fromEntries((await rows(sql)).map(({ k, v }) => [k!, v!]));
  try {
    const [state] = await rows(
      `SELECT @@GLOBAL.gtid_executed AS gtids,
         (SELECT MAX(VIEW_ID) FROM performance_schema.replication_group_member_stats WHERE MEMBER_ID = @@server_uuid) AS view,
         ${["tls_ciphersuites", ...nullable].map((n) => `@@GLOBAL.${n} IS NULL AS ${n}`).join(", ")}`,
    );
    const variables: Record<string, string | null> = await record(
      `SELECT VARIABLE_NAME k, VARIABLE_VALUE v FROM performance_schema.global_variables
       WHERE VARIABLE_NAME NOT LIKE 'gtid%' ORDER BY k`,
    );
    for (const name of ["tls_ciphersuites", ...nullable])
      if (Number(state![name]) === 1) variables[name] = null;
    return {
      variables,
      setAt: await record(
        `SELECT VARIABLE_NAME k, CAST(SET_TIME AS CHAR) v FROM performance_schema.variables_info
         WHERE SET_TIME IS NOT NULL AND VARIABLE_NAME NOT LIKE 'gtid%'
           AND VARIABLE_NAME NOT IN ('sql_mode', 'lock_wait_timeout', 'sql_log_bin', 'foreign_key_checks') ORDER BY k`,
      ),
      persisted: await record(
        "SELECT VARIABLE_NAME k, VARIABLE_VALUE v FROM performance_schema.persisted_variables ORDER BY k",
      ),
      loadedTls: await record(
        `SELECT PROPERTY k, VALUE v FROM performance_schema.tls_channel_status
         WHERE CHANNEL = 'mysql_main' AND (PROPERTY LIKE 'Current%' OR PROPERTY LIKE '%not_after') ORDER BY k`,
      ),
      plugins: await record(
        "SELECT PLUGIN_NAME k, PLUGIN_STATUS v FROM information_schema.PLUGINS WHERE PLUGIN_LIBRARY IS NOT NULL ORDER BY k",
      ),
      members: (
        await rows(
          `SELECT CONCAT_WS(' ', MEMBER_PORT, MEMBER_STATE, MEMBER_ROLE) v
           FROM performance_schema.replication_group_members WHERE MEMBER_ID <> '' ORDER BY v`,
        )
      ).map(({ v }) => v!),
      view: state!["view"] ?? null,
      starts: (
        await rows(
          "SELECT CAST(LOGGED AS CHAR) v FROM performance_schema.error_log WHERE ERROR_CODE = 'MY-014010' ORDER BY v",
        )
      ).map(({ v }) => v!),
      accounts: [
        ...(await rows("SELECT * FROM mysql.user ORDER BY User, Host")),
        ...(await rows("SELECT * FROM mysql.global_grants ORDER BY USER, HOST, PRIV")),
        ...(await rows("SELECT * FROM mysql.db ORDER BY User, Host, Db")),
      ].map((row) => JSON.stringify(row)),
      channels: [
        ...(await rows(
          `SELECT Channel_name, User_name, User_password, Network_namespace
           FROM mysql.slave_master_info WHERE Channel_name <> 'group_replication_applier' ORDER BY Channel_name`,
        )),
        ...(await rows(
          `SELECT CHANNEL_NAME, PRIVILEGE_CHECKS_USER, REQUIRE_TABLE_PRIMARY_KEY_CHECK
           FROM performance_schema.replication_applier_configuration
           WHERE CHANNEL_NAME <> 'group_replication_applier' ORDER BY CHANNEL_NAME`,
        )),
      ].map((row) => JSON.stringify(row)),
      locks: (
        await rows(
          "SELECT OBJECT_NAME v FROM performance_schema.metadata_locks WHERE OBJECT_TYPE = 'USER LEVEL LOCK' ORDER BY v",
        )
      ).map(({ v }) => v!),
      gtidExecuted: state!["gtids"]!.replace(/\s/g, ""),
    };
  } finally {
    await connection.end();
  }
}

/** Without what differs after a change that was made and taken back: when variables were set. */
function settings({ setAt: _, ...rest }: Snapshot): Partial<Snapshot> {
  return rest;
}

/** Without what a STOP and START, or a switch-over, of any member changes as well. */
function lasting(snapshot: Snapshot): Partial<Snapshot> {
  const { starts: _s, view: _v, members: _m, gtidExecuted: _g, ...rest } = settings(snapshot) as Snapshot;
  const { super_read_only: _sr, read_only: _r, ...variables } = rest.variables;
  return { ...rest, variables };
}

/** `work` is refused, and sent no statement that sets anything to any of the servers. */
export async function refused(members: readonly Member[], work: () => Promise<unknown>): Promise<Failure> {
  const before = await Promise.all(members.map(snapshot));
  const found = await failure(work);
  expect(await Promise.all(members.map(snapshot))).toEqual(before);
  return found;
}

/** The same for several resources of one deployment. */
export async function refusedAll(
  members: readonly Member[],
  work: () => Promise<unknown>[],
): Promise<Failure[]> {
  const before = await Promise.all(members.map(snapshot));
  const found = await Promise.all(work().map(failure));
  expect(await Promise.all(members.map(snapshot))).toEqual(before);
  return found;
}

/** `work` fails before anything is stopped; what it set for the trial is put back (an account in a group by further transactions). */
export async function undone(
  members: readonly Member[],
  work: () => Promise<unknown>,
  { byTransactions = false } = {},
): Promise<Failure> {
  const before = await Promise.all(members.map(snapshot));
  const found = await failure(work);
  const after = await Promise.all(members.map(snapshot));
  const asBefore = (seen: Snapshot): unknown =>
    byTransactions ? { ...settings(seen), gtidExecuted: "" } : settings(seen);
  expect(after.map(asBefore)).toEqual(before.map(asBefore));
  return found;
}

/**
 * `work` fails when some members have been stopped. Every one is back with the settings from before, and those that are not named in
 * `restarted` were never stopped.
 */
export async function takenBack(
  members: readonly Member[],
  restarted: readonly string[],
  work: () => Promise<unknown>,
): Promise<Failure> {
  const before = await Promise.all(members.map(snapshot));
  const found = await failure(work);
  const after = await Promise.all(members.map(snapshot));
  expect(after.map(lasting)).toEqual(before.map(lasting));
  const startedAgain = members.filter((_, i) => String(after[i]!.starts) !== String(before[i]!.starts));
  expect(startedAgain.map(({ name }) => name)).toEqual(restarted);
  return found;
}

/**
 * `work` fails to make the server a member: it is as it was, but for the live group_name, which no server takes back before it is
 * started anew.
 */
export async function notJoined(server: Member, work: () => Promise<unknown>): Promise<Failure> {
  const asBefore = (seen: Snapshot): unknown => {
    const { variables, ...rest } = settings(seen);
    const { group_replication_group_name: _, ...others } = variables!;
    return { ...rest, variables: others, members: "", view: "", starts: "" };
  };
  const before = await snapshot(server);
  const found = await failure(work);
  const after = await snapshot(server);
  expect(asBefore(after)).toEqual(asBefore(before));
  expect(after.members.filter((m) => !m.includes("OFFLINE"))).toEqual([]);
  return found;
}

/** All ONLINE in everybody's view, one primary (or all) that takes writes, secondaries that do not, no errant transaction. */
export async function expectHealthy(members: readonly Member[]): Promise<void> {
  const ports = members.map(({ port }) => port).sort();
  const primary = await primaryOf(members);
  for (const member of members) {
    const rows = await query(
      member,
      "SELECT MEMBER_PORT port, MEMBER_STATE state FROM performance_schema.replication_group_members ORDER BY port",
    );
    expect({ of: member.name, seen: rows.map((r) => `${r.port} ${r.state}`) }).toEqual({
      of: member.name,
      seen: ports.map((port) => `${port} ONLINE`),
    });
    const [row] = await query(
      member,
      "SELECT @@super_read_only locked, @@offline_mode offline, @@group_replication_bootstrap_group bootstrap",
    );
    expect({ of: member.name, ...row }).toEqual({
      of: member.name,
      locked: member === primary ? 0 : 1,
      offline: 0,
      bootstrap: 0,
    });
  }
  await query(primary, "CREATE DATABASE IF NOT EXISTS health");
  await query(primary, "CREATE TABLE IF NOT EXISTS health.beats (id INT PRIMARY KEY AUTO_INCREMENT)");
  await query(primary, "INSERT INTO health.beats VALUES ()");
  const [executed] = await query(primary, "SELECT @@gtid_executed all_of_it");
  for (const member of members) {
    const [row] = await query(
      member,
      "SELECT WAIT_FOR_EXECUTED_GTID_SET(?, 20) late, GTID_SUBTRACT(@@gtid_executed, ?) errant",
      [executed!.all_of_it, executed!.all_of_it],
    );
    expect({ of: member.name, ...row }).toEqual({ of: member.name, late: 0, errant: "" });
  }
}

export async function primaryOf(members: readonly Member[]): Promise<Member> {
  for (const member of members) {
    const [row] = await query(
      member,
      "SELECT MEMBER_PORT port FROM performance_schema.replication_group_members WHERE MEMBER_ROLE = 'PRIMARY'",
    ).catch(() => []);
    const found = members.find(({ port }) => port === row?.port);
    if (found) return found;
  }
  throw new Error("no member knows a primary");
}

export async function stateOf(member: Member, of: Member = member): Promise<string> {
  const [row] = await query(
    member,
    "SELECT MEMBER_STATE state FROM performance_schema.replication_group_members WHERE MEMBER_PORT = ?",
    [of.port],
  );
  return row === undefined ? "" : String(row.state);
}

export async function value(member: Member, expression: string): Promise<string | null> {
  const [row] = await query(member, `SELECT ${expression} AS v`);
  return row!.v === null ? null : String(row!.v);
}

/** Several statements of one session. */
export async function run(member: Member, ...statements: string[]): Promise<void> {
  const connection = await connect(member);
  try {
    for (const statement of statements) await connection.query(statement);
  } finally {
    await connection.end();
  }
}

/** Statements whose effect stays on this one server, a secondary included, and out of its transactions. */
export async function runLocally(member: Member, ...statements: string[]): Promise<void> {
  const locked = (await value(member, "@@super_read_only")) === "1";
  await run(
    member,
    "SET SESSION sql_log_bin = 0",
    ...(locked ? ["SET GLOBAL super_read_only = OFF"] : []),
    ...statements,
    ...(locked ? ["SET GLOBAL super_read_only = ON"] : []),
  );
}

/** Another administrator, who holds these privileges and no others. */
export async function limitedAdmin(member: Member, user: string, ...grants: string[]): Promise<Inputs> {
  const password = `${user}-password`;
  await runLocally(
    member,
    `DROP USER IF EXISTS '${user}'@'%'`,
    `CREATE USER '${user}'@'%' IDENTIFIED BY '${password}'`,
    ...grants.map((grant) => `GRANT ${grant} TO '${user}'@'%'`),
  );
  return { host: member.host, port: member.port, user, password };
}

/** Does what "Do:" says, and ends the account's logins: a new global privilege holds from the next one on. */
export async function grantAsTold(member: Member, { todo }: Failure, user: string): Promise<void> {
  await runLocally(member, ...todo.slice(todo.indexOf("GRANT")).split("; "));
  const logins = await query(member, "SELECT ID id FROM performance_schema.processlist WHERE USER = ?", [
    user,
  ]);
  for (const { id } of logins) await query(member, `KILL ${id}`).catch(() => undefined);
  await new Promise((done) => setTimeout(done, 50));
}

export async function until(
  what: string,
  seconds: number,
  holds: () => Promise<boolean> | boolean,
): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`Not within ${seconds} s: ${what}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

/** Edits the option file, as an administrator does, and starts the server anew. */
export async function restartWith(member: Member, edit: (text: string) => string): Promise<void> {
  // Quicker than an orderly shutdown.
  await kill(member);
  writeFileSync(member.optionFile, edit(readFileSync(member.optionFile, "utf8")), { mode: 0o600 });
  await start(member);
}

/** Lines of [mysqld]; one that is there already is replaced, one that is `undefined` is taken out. */
export function withOptions(options: Record<string, string | undefined>): (text: string) => string {
  return (text) =>
    [
      ...text
        .trimEnd()
        .split("\n")
        .filter((line) => !(line.split("=")[0]! in options)),
      ...Object.entries(options).flatMap(([name, v]) => (v === undefined ? [] : [`${name}=${v}`])),
      "",
    ].join("\n");
}

/** A certificate of the sandbox's authority, or of another, beside the member's own. */
export async function leafFiles(
  sandbox: Sandbox,
  member: Member,
  name: string,
  { authority = authorityOf(sandbox), ...options }: Partial<LeafOptions> & { authority?: Authority } = {},
): Promise<{ sslCert: string; sslKey: string }> {
  const leaf = await makeLeaf(authority, {
    commonName: member.name,
    dns: ["localhost", member.name],
    ip: [member.host],
    ...options,
  });
  const file = (suffix: string): string => join(member.tls.cert, "..", `${name}-${suffix}.pem`);
  return { sslCert: writePem(file("cert"), leaf.cert), sslKey: writePem(file("key"), leaf.key) };
}

type Authority = Parameters<typeof makeLeaf>[0];

export function daysFromNow(days: number): Date {
  return new Date(Date.now() + days * 86_400_000);
}

/** A port that leads to one server, to another, or to a silence: how an address changes what stands behind it. */
export interface Gate {
  readonly host: string;
  readonly port: number;
  /** From now on, connections lead there; undefined: they are accepted and nothing is ever said. */
  lead(to: Member | undefined): Promise<void>;
  /** Breaks every connection in which the client sends this text (without TLS). */
  breakOn(text: string): void;
  close(): Promise<void>;
}

export async function gate(to?: Member): Promise<Gate> {
  let behind = to;
  let last: string | undefined;
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    const keep = (s: Socket): void => {
      open.add(s);
      s.on("error", () => s.destroy());
      s.on("close", () => open.delete(s));
    };
    keep(socket);
    if (behind === undefined) return;
    const target = tcpConnect(behind.port, behind.host);
    keep(target);
    socket.on("data", (chunk) => last !== undefined && chunk.includes(last) && target.destroy());
    socket.pipe(target).pipe(socket);
    socket.on("close", () => target.destroy());
    target.on("close", () => socket.destroy());
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    host: "127.0.0.1",
    port: (server.address() as AddressInfo).port,
    lead: async (next) => {
      behind = next;
      for (const socket of open) socket.destroy();
      // Until the other side has noticed.
      await new Promise((done) => setTimeout(done, 50));
    },
    breakOn: (text) => void (last = text),
    close: async () => {
      for (const socket of open) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
}

/** A port at which nobody listens. */
export async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

/**
 * An address from which nothing comes back, as from a host that is down: a stopped listener whose queue is full, so that the kernel
 * drops every further connection.
 */
export async function deadAddress(): Promise<{ address: string; close: () => Promise<void> }> {
  const program =
    "require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, function () { console.log(this.address().port); })";
  const child = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "ignore"] });
  const port = Number(String((await once(child.stdout, "data"))[0] as Buffer));
  child.kill("SIGSTOP");
  const fill = Array.from({ length: 4 }, () => tcpConnect(port, "127.0.0.1"));
  fill.forEach((socket) => socket.on("error", () => undefined));
  await new Promise((done) => setTimeout(done, 100));
  return {
    address: `127.0.0.1:${port}`,
    close: async () => {
      fill.forEach((socket) => socket.destroy());
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** Holds a name with GET_LOCK from another session, as another deployment does. */
export async function holdLock(member: Member, name: string): Promise<() => Promise<void>> {
  const connection = await connect(member);
  await connection.query("SELECT GET_LOCK(?, 0)", [name]);
  return () => connection.end();
}

/** The first of the servers that runs a statement that begins so dies in the middle of it. */
export async function killFirstDuring(members: readonly Member[], statement: string): Promise<Member> {
  const sql = "SELECT 1 FROM performance_schema.threads WHERE PROCESSLIST_INFO LIKE ?";
  const connections = await Promise.all(members.map((member) => connect(member)));
  let victim: Member | undefined;
  try {
    await until(`a server runs ${statement}`, 60, async () => {
      const found = await Promise.all(connections.map((c) => c.query(sql, [`${statement}%`])));
      victim = members[found.findIndex(([rows]) => (rows as unknown[]).length > 0)];
      return victim !== undefined;
    });
    await kill(victim!);
    return victim!;
  } finally {
    connections.forEach((connection) => connection.destroy());
  }
}
