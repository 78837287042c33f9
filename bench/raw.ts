import { setTimeout as sleep } from "node:timers/promises";
import type { Connection, RowDataPacket } from "mysql2/promise";
import { type Member, connect } from "../tools/sandbox";

/**
 * The floor: the statements of the plan in the safe serial order, sent by a script that checks nothing beyond what it must to go on.
 */
export async function rawRollingChange(members: readonly Member[], sslMode: string): Promise<void> {
  const connections = await Promise.all(members.map((member) => connect(member)));
  try {
    const primary = await primaryOf(connections[0]!);
    const ids = await Promise.all(connections.map(idOf));
    const secondaries = connections.filter((_, i) => ids[i] !== primary);
    await Promise.all(connections.map((connection) => connection.query("ALTER INSTANCE RELOAD TLS")));
    for (const connection of secondaries) await restart(connection, sslMode);
    const old = connections[ids.indexOf(primary)]!;
    await old.query("SELECT group_replication_set_as_primary(?)", [ids.find((id) => id !== primary)]);
    await restart(old, sslMode);
  } finally {
    await Promise.all(connections.map((connection) => connection.end()));
  }
}

async function restart(connection: Connection, sslMode: string): Promise<void> {
  await connection.query("STOP GROUP_REPLICATION");
  await connection.query("SET PERSIST group_replication_ssl_mode = ?", [sslMode]);
  await connection.query("START GROUP_REPLICATION");
  while ((await stateOf(connection)) !== "ONLINE") await sleep(20);
}

async function idOf(connection: Connection): Promise<string> {
  const [rows] = await connection.query<RowDataPacket[]>("SELECT @@server_uuid AS id");
  return String(rows[0]!["id"]);
}

async function primaryOf(connection: Connection): Promise<string> {
  const [rows] = await connection.query<RowDataPacket[]>(
    "SELECT MEMBER_ID AS id FROM performance_schema.replication_group_members WHERE MEMBER_ROLE = 'PRIMARY'",
  );
  return String(rows[0]!["id"]);
}

async function stateOf(connection: Connection): Promise<string> {
  const [rows] = await connection.query<RowDataPacket[]>(
    "SELECT MEMBER_STATE AS state FROM performance_schema.replication_group_members WHERE MEMBER_ID = @@server_uuid",
  );
  return String(rows[0]?.["state"]);
}
