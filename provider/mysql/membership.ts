import { setTimeout as sleep } from "node:timers/promises";
import type { MemberFact, MemberState } from "./facts";
import { dialectOf } from "./dialect";
import { memberColumns, tells } from "./facts-query";
import { ServerError, type Session } from "./session";
import { quote, sql } from "./sql";

/** Longer than the server's own: a refused START takes 61 s, a STOP up to components_stop_timeout (300 s). */
const startTimeout = 150;
const stopTimeout = 330;

export async function stopGroupReplication(session: Session): Promise<void> {
  await inTurn(() => session.write(sql("STOP GROUP_REPLICATION"), {}, stopTimeout));
}

/** `again`: the connection broke during an earlier one, which may have come through. */
export async function startGroupReplication(session: Session, again = false): Promise<void> {
  const start = sql("START GROUP_REPLICATION");
  await inTurn(() => session.write(start, {}, startTimeout)).catch((error: unknown) => {
    if (!again || !(error instanceof ServerError) || error.errno !== alreadyRunning) throw error;
  });
}

const alreadyRunning = 3093;
const anotherRuns = 3663;

/** Another START or STOP runs on the server, sent by us before the connection broke, or by somebody else. */
async function inTurn(send: () => Promise<unknown>): Promise<void> {
  const sent = await until(
    startTimeout,
    async () => {
      try {
        await send();
        return true;
      } catch (error) {
        if (error instanceof ServerError && error.errno === anotherRuns) return undefined;
        throw error;
      }
    },
    500,
  );
  if (!sent) await send();
}

/** Writes stop on this member; what it has acknowledged can then reach the others. */
export async function holdWrites(session: Session, hold: boolean): Promise<void> {
  await session.write(sql(`SET GLOBAL super_read_only = ${hold ? "ON" : "OFF"}`));
}

export async function isWritable(session: Session): Promise<boolean> {
  const [row] = await session.read<{ locked: number }>("SELECT @@GLOBAL.super_read_only AS locked");
  return Number(row?.locked) === 0;
}

/** What exit_state_action OFFLINE_MODE did when the member failed: it is ours to take back once it is ONLINE. */
export async function leaveOfflineMode(session: Session): Promise<void> {
  await session.write(sql("SET GLOBAL offline_mode = OFF"));
}

/** Whatever happens, the flag is OFF again: a START that fails leaves it ON. */
export async function bootstrapGroupReplication(session: Session, again = false): Promise<void> {
  try {
    if (!again) await session.write(sql("SET GLOBAL group_replication_bootstrap_group = ON"));
    await startGroupReplication(session, again);
  } finally {
    await session.write(sql("SET GLOBAL group_replication_bootstrap_group = OFF"));
  }
}

export type SeenMember = Omit<MemberFact, "stack">;

interface MemberRow {
  id: string;
  version: string | null;
  host: string;
  port: number;
  state: string;
  role: string;
}

/** The group as this server sees it. */
export async function seenMembers(session: Session, timeout = 30): Promise<SeenMember[]> {
  const { role, version } = memberColumns(await session.version());
  const rows = await session.read<MemberRow>(
    `SELECT MEMBER_ID AS id, MEMBER_HOST AS host, MEMBER_PORT AS port, MEMBER_STATE AS state, ${role} AS role,
       ${version} AS version
     FROM performance_schema.replication_group_members WHERE MEMBER_ID <> ''`,
    timeout,
  );
  return rows.map((row) => ({
    ...row,
    version: row.version ?? undefined,
    port: Number(row.port),
    state: row.state as MemberState,
    role: row.role === "PRIMARY" || row.role === "SECONDARY" ? row.role : "",
  }));
}

export async function stateOf(session: Session, uuid: string): Promise<MemberState | undefined> {
  return (await seenMembers(session)).find((member) => member.id === uuid)?.state;
}

/** Polls until `done` answers something, or the time is over. */
export async function until<T>(
  seconds: number,
  done: () => Promise<T | undefined>,
  pause = 40,
): Promise<T | undefined> {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    const answer = await done();
    if (answer !== undefined) return answer;
    if (performance.now() > end) return undefined;
    await sleep(pause);
  }
}

/** Waits until the member has everything that `source` had when asked. */
export async function caughtUp(member: Session, source: Session, seconds: number): Promise<boolean> {
  const [row] = await source.read<{ gtids: string }>("SELECT @@GLOBAL.gtid_executed AS gtids");
  const [answer] = await member.read<{ result: number }>(
    `SELECT WAIT_FOR_EXECUTED_GTID_SET(${quote((row?.gtids ?? "").replace(/\s/g, ""))}, ${seconds}) AS result`,
    seconds + 10,
  );
  return Number(answer?.result) === 0;
}

/** Transactions of `a` that `b` does not have. */
export async function missingFrom(session: Session, a: string, b: string): Promise<string> {
  const [row] = await session.read<{ missing: string }>(
    `SELECT GTID_SUBTRACT(${quote(a)}, ${quote(b)}) AS missing`,
  );
  return (row?.missing ?? "").replace(/\s/g, "");
}

/**
 * Without `endAfter` the server waits for the transactions that are open at the call, and clients go on writing meanwhile; that cannot
 * be called off. With it no client gets anything done from the call on, and after so many seconds open transactions are ended.
 */
export async function setAsPrimary(
  session: Session,
  uuid: string,
  { version, limit, endAfter }: { version: string; limit: number; endAfter?: number | undefined },
): Promise<void> {
  const withTimeout = endAfter !== undefined && dialectOf(version).setAsPrimaryTimeout;
  const call = `group_replication_set_as_primary(${quote(uuid)}${withTimeout ? `, ${endAfter}` : ""})`;
  await session.read(`SELECT ${call}`, limit + 15);
}

/** Transactions of clients, as they are in one moment. */
export interface OpenTransaction {
  readonly id: string;
  /** Whole seconds. */
  readonly age: number;
}

export async function openTransactions(session: Session): Promise<OpenTransaction[]> {
  const rows = await session.read<{ id: string; age: number | string }>(
    `SELECT CAST(t.trx_id AS CHAR) AS id, TIMESTAMPDIFF(SECOND, t.trx_started, NOW()) AS age
     FROM information_schema.innodb_trx t
     JOIN performance_schema.threads p ON p.PROCESSLIST_ID = t.trx_mysql_thread_id AND p.TYPE = 'FOREGROUND'
     WHERE t.trx_mysql_thread_id <> CONNECTION_ID()`,
  );
  return rows.map((row) => ({ id: row.id, age: Number(row.age) }));
}

/** A transaction that has written nothing has a number of this size, which the next one of its connection has as well. */
const unwritten = 2n ** 48n;

/** Those that last: two seconds old, or writing and seen in an earlier look already. */
export function lasting(
  now: readonly OpenTransaction[],
  before: readonly OpenTransaction[],
): readonly OpenTransaction[] {
  const known = new Set(before.map((t) => t.id));
  return now.filter((t) => t.age >= 2 || (known.has(t.id) && BigInt(t.id) < unwritten));
}

/** One deployment at a time: the lock lives as long as this login. */
export async function takeLock(session: Session, name: string, seconds: number): Promise<boolean> {
  const [row] = await session.read<{ got: number }>(
    `SELECT GET_LOCK(${quote(name)}, ${seconds}) AS got`,
    seconds + 30,
  );
  return Number(row?.got) === 1;
}

export async function releaseLock(session: Session, name: string): Promise<void> {
  await session.read(`DO RELEASE_LOCK(${quote(name)})`);
}

export async function serverClock(session: Session): Promise<string> {
  const [row] = await session.read<{ now: string }>("SELECT CAST(NOW(6) AS CHAR) AS now");
  return row!.now;
}

/** Whole seconds since the server was started. */
export async function uptimeOf(session: Session): Promise<number> {
  const [row] = await session.read<{ uptime: string }>(
    "SELECT VARIABLE_VALUE AS uptime FROM performance_schema.global_status WHERE VARIABLE_NAME = 'Uptime'",
  );
  return Number(row?.uptime ?? 0);
}

/** Why ALTER INSTANCE RELOAD TLS, which just failed, did so; the error itself says less than the log. */
export async function reloadReason(session: Session): Promise<string | undefined> {
  const rows = await session
    .read<{ text: string }>(
      `SELECT DATA AS text FROM performance_schema.error_log
       WHERE ERROR_CODE = 'MY-015011' AND LOGGED >= NOW(6) - INTERVAL 5 SECOND ORDER BY LOGGED DESC LIMIT 1`,
    )
    .catch(() => []);
  return rows[0]?.text.trim();
}

/* Messages that name the cause, the most telling first; a code alone (MY-011735 is whatever GCS says) does not tell. */
const telling = [
  /MY-011526/,
  /MY-013780|MY-013212|MY-013781/,
  /announce tcp port/i,
  /opening a connection to peer/i,
  /connectivity to the local group communication engine/i,
  /certificate|SSL|TLS/i,
  /MY-011529|MY-011674|MY-011637/,
];
const hollow =
  /leaving a group without being on one|unable to join the group|Error joining the group|Unable to start XCom|Error initializing|has been stopped|left the group/i;

/** The server's own words for a failure: from its error log since `since`, and from the recovery channel. */
export async function reasonSince(session: Session, since: string): Promise<string> {
  const channel = await session.read<{ errno: number; reason: string }>(
    `SELECT LAST_ERROR_NUMBER AS errno, LAST_ERROR_MESSAGE AS reason FROM performance_schema.replication_connection_status
     WHERE CHANNEL_NAME = 'group_replication_recovery' AND LAST_ERROR_NUMBER <> 0`,
  );
  if (channel[0]) return `${channel[0].reason} (${channel[0].errno})`;
  const applier = await session.read<{ errno: number; reason: string }>(
    `SELECT LAST_ERROR_NUMBER AS errno, LAST_ERROR_MESSAGE AS reason
     FROM performance_schema.replication_applier_status_by_worker
     WHERE CHANNEL_NAME LIKE 'group_replication_%' AND LAST_ERROR_NUMBER <> 0
     ORDER BY LAST_ERROR_TIMESTAMP DESC LIMIT 1`,
  );
  if (applier[0]) return `${applier[0].reason} (${applier[0].errno})`;
  if (!tells(await session.version(), "errorLog"))
    return "its error log tells the reason; before 8.0.22 it cannot be read over SQL";
  const rows = await session.read<{ code: string; text: string }>(
    `SELECT ERROR_CODE AS code, DATA AS text FROM performance_schema.error_log
     WHERE LOGGED >= ${quote(since)} AND PRIO = 'Error' AND LOCATE('mysqlgr_probe', DATA) = 0
     ORDER BY LOGGED DESC LIMIT 60`,
  );
  const lines = rows.map((row) => `${row.text.trim()} (${row.code})`).filter((line) => !hollow.test(line));
  const best = telling
    .map((pattern) => lines.find((line) => pattern.test(line)))
    .find((line) => line !== undefined);
  return best ?? lines.at(-1) ?? "its error log holds no reason";
}
