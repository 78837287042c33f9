import { randomBytes } from "node:crypto";
import type { Connection, RowDataPacket } from "mysql2/promise";
import { gte } from "semver";
import { connect } from "./client";
import { SandboxError, reason } from "./errors";
import { lastErrors } from "./process";
import { pause } from "./shell";
import type { Member, Sandbox } from "./types";

const ONLINE_SECONDS = 90;

/**
 * Forms a group with TLS as an administrator does by hand: ssl_mode REQUIRED, the members' own
 * certificates, a recovery account that requires TLS, everything persisted and with start_on_boot,
 * so that a member that crashed rejoins when it is started again.
 */
export async function formGroup(sandbox: Sandbox): Promise<void> {
  // The word at the front makes a leaked password findable; 32 bytes is the most a channel takes.
  const recovery = { user: "recovery", host: "%", password: `recovery-${randomBytes(8).toString("hex")}` };
  sandbox.recovery = recovery;
  const connections = await Promise.all(sandbox.members.map((member) => connect(member)));
  try {
    const prepared = sandbox.members.map((member, index) =>
      prepare(connections[index] as Connection, sandbox, member, recovery),
    );
    await Promise.all(prepared);
    const joins: Promise<void>[] = [];
    for (const [index, member] of sandbox.members.entries()) {
      const db = connections[index] as Connection;
      const joined = index === 0 ? bootstrap(db, member) : join(db, member);
      joins.push(joined);
      // START returns a second after the member is ONLINE, so the next begins meanwhile. Two that join
      // at the same moment can get in each other's way, which costs them 4 s on XCOM and 10 s on MYSQL.
      const online = seesOnline(member, index + 1);
      // Only a START that fails ends this early.
      await Promise.race([online, joined.then(() => online)]);
    }
    await Promise.all(joins);
    await Promise.all(sandbox.members.map((member) => seesOnline(member, sandbox.members.length)));
  } finally {
    // Not end(), which would wait for a START that is failing.
    connections.forEach((connection) => connection.destroy());
  }
}

async function prepare(
  db: Connection,
  sandbox: Sandbox,
  member: Member,
  { user, host, password }: NonNullable<Sandbox["recovery"]>,
): Promise<void> {
  // Not into the binary log: each member has the account by itself, and no errant transaction.
  await db.query("SET SESSION sql_log_bin = 0");
  await db.query("CREATE USER ?@? IDENTIFIED BY ? REQUIRE SSL", [user, host, password]);
  await db.query(`GRANT ${privileges(sandbox).join(", ")} ON *.* TO ?@?`, [user, host]);
  await db.query("SET SESSION sql_log_bin = 1");
  for (const [name, value] of Object.entries(settings(sandbox, member)))
    await db.query(`SET PERSIST ${name} = ?`, [value]);
  await db.query("ALTER INSTANCE RELOAD TLS");
  await db.query(channelStatement(sandbox.version), [user, password]);
}

function privileges({ stack, version }: Sandbox): string[] {
  return [
    "REPLICATION SLAVE",
    "BACKUP_ADMIN",
    ...(stack === "MYSQL" || gte(version, "8.0.27") ? ["GROUP_REPLICATION_STREAM", "CONNECTION_ADMIN"] : []),
  ];
}

function settings(sandbox: Sandbox, member: Member): Record<string, string | number> {
  const { ca, cert, key } = member.tls;
  return {
    ssl_ca: ca,
    ssl_cert: cert,
    ssl_key: key,
    group_replication_group_name: sandbox.groupName,
    group_replication_local_address: member.localAddress,
    group_replication_group_seeds: sandbox.members.map(({ localAddress }) => localAddress).join(","),
    ...(gte(sandbox.version, "8.0.27") ? { group_replication_communication_stack: sandbox.stack } : {}),
    group_replication_ssl_mode: "REQUIRED",
    group_replication_recovery_use_ssl: 1,
    group_replication_recovery_ssl_ca: ca,
    group_replication_recovery_ssl_cert: cert,
    group_replication_recovery_ssl_key: key,
    group_replication_start_on_boot: 1,
  };
}

function channelStatement(version: string): string {
  return gte(version, "8.0.23")
    ? "CHANGE REPLICATION SOURCE TO SOURCE_USER = ?, SOURCE_PASSWORD = ? FOR CHANNEL 'group_replication_recovery'"
    : "CHANGE MASTER TO MASTER_USER = ?, MASTER_PASSWORD = ? FOR CHANNEL 'group_replication_recovery'";
}

async function bootstrap(db: Connection, member: Member): Promise<void> {
  await db.query("SET GLOBAL group_replication_bootstrap_group = ON");
  try {
    await join(db, member);
  } finally {
    // It stays ON after a START that failed, too.
    await db.query("SET GLOBAL group_replication_bootstrap_group = OFF");
  }
}

async function join(db: Connection, member: Member): Promise<void> {
  await db.query("START GROUP_REPLICATION").catch((error: unknown) => {
    const why = lastErrors(member.errorLog) ?? reason(error);
    throw new SandboxError(`${member.name} did not join the group: ${why}`);
  });
}

/** Waits until the member's own view has at least `count` members, all ONLINE. */
async function seesOnline(member: Member, count: number): Promise<void> {
  const deadline = Date.now() + ONLINE_SECONDS * 1000;
  const db = await connect(member);
  try {
    for (;;) {
      const [rows] = await db.query<RowDataPacket[]>(
        "SELECT MEMBER_STATE state FROM performance_schema.replication_group_members",
      );
      const states = rows.map((row) => String(row.state));
      if (states.length >= count && states.every((state) => state === "ONLINE")) return;
      if (Date.now() > deadline)
        throw new SandboxError(
          `${member.name} sees members ${states.join(", ")} after ${ONLINE_SECONDS} s: ${lastErrors(member.errorLog)}`,
        );
      await pause(50);
    }
  } finally {
    await db.end().catch(() => undefined);
  }
}
