import {
  authorityOf,
  connect,
  down,
  makeLeaf,
  query,
  up,
  writePem,
  type Member,
  type Sandbox,
} from "../../tools/sandbox";
import { atLocalAddress, atSqlPort, fingerprintOf } from "./handshake";
import { declarationOf, Deployment, RECOVERY_PASSWORD, type Args, type Outcome } from "./harness";
import {
  accountOn,
  channelOn,
  electionsOf,
  expectAllOnline,
  memberOf,
  primaryOf,
  startsOf,
  statementsOf,
  stopsOf,
  variable,
  viewOf,
  writesOf,
} from "./servers";

let sandbox: Sandbox;
let deployment: Deployment;

const declared: Args = {
  sslMode: "VERIFY_CA",
  memberWeight: 60,
  memberExpelTimeout: 11,
  exitStateAction: "READ_ONLY",
};
const grants = ["REPLICATION SLAVE", "BACKUP_ADMIN", "CONNECTION_ADMIN", "GROUP_REPLICATION_STREAM"];

/** The group is as declared: the next test need not make it anew. */
let whole = false;

beforeEach(async () => {
  if (!whole) {
    await remove();
    sandbox = await up({ temporary: true });
    const declaration = declarationOf(sandbox, { user: { grants }, member: declared });
    deployment = await Deployment.of(sandbox, declaration);
    await deployment.up();
  }
  whole = false;
});

afterAll(remove);

async function remove(): Promise<void> {
  deployment?.dispose();
  if (sandbox) await down(sandbox);
}

const db2 = () => memberOf(sandbox, "db2");
const db3 = () => memberOf(sandbox, "db3");

/** Runs a statement and waits until every member has it. */
async function onPrimary(statement: string): Promise<void> {
  const primary = await primaryOf(sandbox);
  await query(primary, statement);
  const [row] = await query(primary, "SELECT @@GLOBAL.gtid_executed gtids");
  await Promise.all(
    sandbox.members.map((member) => query(member, "SELECT WAIT_FOR_EXECUTED_GTID_SET(?, 30)", [row!.gtids])),
  );
}

/** What the preview with refresh says; it writes nothing. */
async function seen(): Promise<Outcome> {
  const before = await statementsOf(sandbox);
  const outcome = await deployment.preview({ refresh: true });
  expect(await writesOf(sandbox, before)).toEqual({});
  expect(outcome.changes.update).toBeGreaterThan(0);
  return outcome;
}

/** Runs up with refresh, and returns the members that were restarted. What it left would be seen by the next test. */
async function mended(): Promise<string[]> {
  const since = Date.now();
  await deployment.up({ refresh: true });
  await expectAllOnline(sandbox);
  expect(await electionsOf(sandbox, since)).toEqual([]);
  whole = true;
  return startsOf(sandbox, since);
}

describe("drift of a member", () => {
  it("shows a variable that was changed with SET PERSIST, and sets it back", async () => {
    await query(db2(), "SET PERSIST group_replication_member_weight = 10");
    const { output, changes } = await seen();
    expect(changes).toEqual({ same: 7, update: 1 });
    expect(output).toMatch(/~ memberWeight\s*: 10 => 60/);

    expect(await mended()).toEqual([]);
    expect(await variable(db2(), "group_replication_member_weight")).toEqual({ live: "60", persisted: "60" });
  });

  it("shows a persisted value that is not the live one, or is gone, and persists the declared one", async () => {
    await query(db2(), "RESET PERSIST group_replication_member_expel_timeout");
    await query(db3(), "SET PERSIST_ONLY group_replication_member_expel_timeout = 99");
    const { output, changes } = await seen();
    expect(changes).toEqual({ same: 6, update: 2 });
    expect(output).toContain("SET PERSIST_ONLY group_replication_member_expel_timeout = 11");

    expect(await mended()).toEqual([]);
    for (const member of [db2(), db3()])
      expect(await variable(member, "group_replication_member_expel_timeout")).toEqual({
        live: "11",
        persisted: "11",
      });
  });

  it("shows an ssl_mode that is set and not in effect, and restarts only that member", async () => {
    // db2 runs with REQUIRED, although its variable says what is declared.
    const server = await connect(db2());
    await server.query("STOP GROUP_REPLICATION");
    await server.query("SET PERSIST group_replication_ssl_mode = 'REQUIRED'");
    await server.query("START GROUP_REPLICATION");
    await server.query("SET PERSIST group_replication_ssl_mode = 'VERIFY_CA'");
    await server.end();
    const { output, changes } = await seen();
    expect(changes).toEqual({ same: 7, update: 1 });
    expect(output).toContain("group_replication_ssl_mode is set and not in effect");
    expect(output).toContain(`member ${db2().host}:${db2().port}: member-restart`);

    expect(await mended()).toEqual(["db2"]);
  });

  it("shows that Group Replication was stopped, and starts it again", async () => {
    await query(db3(), "STOP GROUP_REPLICATION");
    const { output, changes } = await seen();
    expect(changes).toEqual({ same: 7, update: 1 });
    expect(output).toContain("Group Replication does not run");
    expect(output).toContain(`${db3().host}:${db3().port} will be started`);

    const since = Date.now();
    expect(await mended()).toEqual(["db3"]);
    expect(await stopsOf(sandbox, since)).toEqual([]);
    expect(await viewOf(db3())).toHaveLength(3);
  });

  it("shows certificate files that are set and not loaded, and others that are loaded, and mends both", async () => {
    const other = await otherLeaf(db2());
    await setCertificate(db2(), other, { load: true });
    await setCertificate(db2(), db2().tls, { load: false });
    await setCertificate(db3(), await otherLeaf(db3()), { load: true });
    expect((await atSqlPort(db2(), sandbox))?.fingerprint).toBe(fingerprintOf(other.cert));
    const { output, changes } = await seen();
    expect(changes).toEqual({ same: 6, update: 2 });
    expect(output).toMatch(/ssl_cert is set and not in effect/);
    expect(output).toMatch(/~ sslCert\s*: ".*cert\.pem\.other" => ".*cert\.pem"/);

    const restarted = await mended();
    expect(restarted).not.toContain("db1");
    for (const member of [db2(), db3()]) {
      const fingerprint = fingerprintOf(member.tls.cert);
      expect((await atSqlPort(member, sandbox))?.fingerprint).toBe(fingerprint);
      expect((await atLocalAddress(member, sandbox))?.fingerprint).toBe(fingerprint);
      expect((await variable(member, "ssl_cert")).persisted).toBe(member.tls.cert);
    }
  });
});

describe("drift of the recovery channels", () => {
  it("shows a password and a TLS setting that were changed, and mends both", async () => {
    await query(
      db2(),
      "CHANGE REPLICATION SOURCE TO SOURCE_PASSWORD = 'by-hand' FOR CHANNEL 'group_replication_recovery'",
    );
    await query(db3(), "SET PERSIST group_replication_recovery_use_ssl = OFF");
    const { output, changes } = await seen();
    expect(changes).toEqual({ same: 6, update: 2 });
    expect(output).toMatch(/~ passwordMatches\s*: true => false/);
    expect(output).toContain("SOURCE_PASSWORD = <password>");
    expect(output).not.toContain("by-hand");
    expect(output).toMatch(/~ recoveryUseSsl\s*: false => true/);

    expect(await mended()).toEqual([]);
    expect(await channelOn(db2())).toEqual({ user: "recovery", password: RECOVERY_PASSWORD });
    expect((await variable(db3(), "group_replication_recovery_use_ssl")).live).toBe("1");
  });
});

describe("drift of the account", () => {
  it("shows a looser requirement, a revoked grant and an added one, and mends all three", async () => {
    await onPrimary("ALTER USER recovery@'%' REQUIRE NONE");
    await onPrimary("REVOKE BACKUP_ADMIN ON *.* FROM recovery@'%'");
    await onPrimary("GRANT PROCESS ON *.* TO recovery@'%'");
    const { output, changes } = await seen();
    expect(changes).toEqual({ same: 7, update: 1 });
    expect(output).toMatch(/~ require\s*: "NONE" => "SSL"/);
    expect(output).toMatch(/~ grants/);
    expect(output).toContain("GRANT BACKUP_ADMIN ON *.*");
    expect(output).toContain("REVOKE PROCESS ON *.*");

    expect(await mended()).toEqual([]);
    for (const member of sandbox.members) {
      const account = await accountOn(member);
      expect(account?.require).toBe("ANY");
      expect(account?.grants).toContain("BACKUP_ADMIN");
      expect(account?.grants).not.toContain("PROCESS");
    }
  });

  it("shows a password that was changed, and sets the declared one", async () => {
    await onPrimary("ALTER USER recovery@'%' IDENTIFIED BY 'by-hand'");
    const { output, changes } = await seen();
    expect(changes).toEqual({ same: 7, update: 1 });
    expect(output).toMatch(/~ passwordMatches\s*: true => false/);
    expect(output).toContain("IDENTIFIED BY <password>");
    expect(output).not.toContain("by-hand");

    expect(await mended()).toEqual([]);
    await acceptsDeclaredPassword();
  });

  it("shows that the account was dropped, and makes it anew on every member", async () => {
    await onPrimary("DROP USER recovery@'%'");
    const { output, changes } = await seen();
    expect(changes).toEqual({ same: 7, update: 1 });
    expect(output).toContain("CREATE USER IF NOT EXISTS 'recovery'@'%'");

    expect(await mended()).toEqual([]);
    for (const member of sandbox.members) expect((await accountOn(member))?.grants).toContain("BACKUP_ADMIN");
    await acceptsDeclaredPassword();
  });
});

describe("a property that is declared no more", () => {
  it("goes back to the server's default on every member, without a restart", async () => {
    const { memberWeight: _, ...rest } = declared;
    await deployment.configure(declarationOf(sandbox, { user: { grants }, member: rest }));
    const { output, changes } = await seen();
    expect(changes).toEqual({ same: 5, update: 3 });
    expect(output).toContain("RESET PERSIST IF EXISTS group_replication_member_weight");

    expect(await mended()).toEqual([]);
    for (const member of sandbox.members)
      expect(await variable(member, "group_replication_member_weight")).toEqual({ live: "50" });
    expect((await deployment.preview({ refresh: true })).changes).toEqual({ same: 8 });
  });
});

type Files = Pick<Member["tls"], "cert" | "key">;

/** Another certificate for the member, of the same authority. */
async function otherLeaf({ name, host, tls }: Member): Promise<Files> {
  const leaf = await makeLeaf(authorityOf(sandbox), { commonName: name, ip: [host] });
  return {
    cert: writePem(`${tls.cert}.other`, leaf.cert),
    key: writePem(`${tls.key}.other`, leaf.key),
  };
}

async function setCertificate(member: Member, files: Files, { load }: { load: boolean }): Promise<void> {
  await query(member, "SET PERSIST ssl_cert = ?, PERSIST ssl_key = ?", [files.cert, files.key]);
  if (load) await query(member, "ALTER INSTANCE RELOAD TLS");
}

async function acceptsDeclaredPassword(): Promise<void> {
  for (const { host, port } of sandbox.members) {
    const login = { host, port, user: "recovery", password: RECOVERY_PASSWORD };
    await (await connect(login, { ssl: { rejectUnauthorized: false } })).end();
  }
}
