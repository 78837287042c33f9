import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { configure, groupMember } from "../../provider/runtime";
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
import { type Deployed, type Failure, type Inputs, create } from "./deployment";

export * from "./deployment";
export * from "./network";
export * from "./snapshot";

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

/** The GroupMembers of a group that runs; adopting changes nothing. */
export async function adoptMembers(sandbox: Sandbox, more: Inputs = {}): Promise<Deployed[]> {
  return Promise.all(
    sandbox.members.map((member) => create(groupMember, memberInputs(sandbox, member, more))),
  );
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

/** Of these versions, those that this run is to use: `npm test -- --without-old-servers` leaves the old ones out, and says so. */
export function versionsAtHand<const Version extends string>(versions: readonly Version[]): Version[] {
  const without = process.env["MYSQLGR_WITHOUT_OLD_SERVERS"] === "1";
  return versions.filter((version) => !without || version === "9.7.4");
}
