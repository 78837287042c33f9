import { setTimeout as sleep } from "node:timers/promises";
import { type ChannelOption, canonicalOption, channelOptions } from "./channel-options";
import { lookFailure } from "./observe";
import type { Session } from "./session";
import { textLiteral } from "./sql";

/** An asynchronous channel as its replica has it. The password is in it: never into state. */
export interface SourceChannelFact {
  readonly options: Record<string, string>;
  /** Undefined where the server keeps it in a file (5.7 with master_info_repository=FILE). */
  readonly password: string | undefined;
  readonly receiver: ThreadFact;
  readonly applier: ThreadFact;
  readonly applied: { readonly file: string; readonly position: number } | undefined;
}

export interface ThreadFact {
  /** ON, OFF, or CONNECTING. */
  readonly state: string;
  readonly errno: number;
  readonly reason: string;
}

export interface ReplicaFacts {
  readonly address: string;
  readonly uuid: string;
  readonly version: string;
  readonly account: string;
  readonly channel: SourceChannelFact | undefined;
}

type Row = Record<string, string | number | null>;

/** Every column that the version has: nothing here knows versions. */
export async function observeReplica(session: Session, name: string): Promise<ReplicaFacts> {
  try {
    const [server] = await session.read<{ version: string; uuid: string; account: string }>(
      "SELECT @@version AS version, @@server_uuid AS uuid, CURRENT_USER() AS account",
    );
    return {
      address: session.address,
      uuid: server!.uuid,
      version: session.learnVersion(server!.version),
      account: server!.account.replace(/^(.*)@([^@]*)$/, "'$1'@'$2'"),
      channel: await channelFact(session, name),
    };
  } catch (error) {
    throw lookFailure(error);
  }
}

async function channelFact(session: Session, name: string): Promise<SourceChannelFact | undefined> {
  const of = textLiteral(name);
  const [configuration] = await session.read<Row>(
    `SELECT * FROM performance_schema.replication_connection_configuration WHERE CHANNEL_NAME = ${of}`,
  );
  if (!configuration) return undefined;
  const [applier] = await session.read<Row>(
    `SELECT * FROM performance_schema.replication_applier_configuration WHERE CHANNEL_NAME = ${of}`,
  );
  const [kept] = await session.read<{ password: string | null }>(
    `SELECT User_password AS password FROM mysql.slave_master_info WHERE Channel_name = ${of}`,
  );
  const [applied] = await session.read<{ file: string; position: number | string }>(
    `SELECT Master_log_name AS file, Master_log_pos AS position FROM mysql.slave_relay_log_info WHERE Channel_name = ${of}`,
  );
  const row = { ...applier, ...configuration };
  return {
    options: Object.fromEntries(
      channelOptions
        .filter((option) => row[option.column] !== undefined)
        .map((option) => [option.property, valueIn(row, option)]),
    ),
    password: kept === undefined ? undefined : (kept.password ?? ""),
    ...(await threadsOf(session, name)),
    applied: applied ? { file: applied.file, position: Number(applied.position) } : undefined,
  };
}

function valueIn(row: Row, option: ChannelOption): string {
  const value = row[option.column];
  // UUID is told in a column of its own.
  if (option.property === "assignGtidsToAnonymousTransactions" && value === "UUID")
    return String(row["ASSIGN_GTIDS_TO_ANONYMOUS_TRANSACTIONS_VALUE"]);
  return canonicalOption(option, value === null ? "" : String(value));
}

/** Both threads, with the last error of each. */
export async function threadsOf(
  session: Session,
  name: string,
): Promise<{ receiver: ThreadFact; applier: ThreadFact }> {
  const of = textLiteral(name);
  const rows = await session.read<{ thread: string; state: string; errno: number; reason: string }>(
    `SELECT 'receiver' AS thread, SERVICE_STATE AS state, LAST_ERROR_NUMBER AS errno, LAST_ERROR_MESSAGE AS reason
       FROM performance_schema.replication_connection_status WHERE CHANNEL_NAME = ${of}
     UNION ALL SELECT 'applier', SERVICE_STATE, 0, '' FROM performance_schema.replication_applier_status WHERE CHANNEL_NAME = ${of}
     UNION ALL SELECT 'applier', '', LAST_ERROR_NUMBER, LAST_ERROR_MESSAGE
       FROM performance_schema.replication_applier_status_by_coordinator WHERE CHANNEL_NAME = ${of} AND LAST_ERROR_NUMBER <> 0
     UNION ALL SELECT 'applier', '', LAST_ERROR_NUMBER, LAST_ERROR_MESSAGE
       FROM performance_schema.replication_applier_status_by_worker WHERE CHANNEL_NAME = ${of} AND LAST_ERROR_NUMBER <> 0`,
  );
  const fact = (thread: string): ThreadFact => {
    const own = rows.filter((row) => row.thread === thread);
    const failed = own.find((row) => Number(row.errno) !== 0);
    return {
      state: own.find((row) => row.state !== "")?.state ?? "OFF",
      errno: Number(failed?.errno ?? 0),
      reason: failed?.reason ?? "",
    };
  };
  return { receiver: fact("receiver"), applier: fact("applier") };
}

/** Waits until both threads run, or one says why it does not. Seconds. */
export async function awaitThreads(
  session: Session,
  name: string,
  seconds: number,
): Promise<{ receiver: ThreadFact; applier: ThreadFact }> {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    const threads = await threadsOf(session, name);
    const { receiver, applier } = threads;
    if (receiver.state === "ON" && applier.state === "ON") return threads;
    if (receiver.errno !== 0 || applier.errno !== 0 || performance.now() > end) return threads;
    await sleep(50);
  }
}

/** What the source says of the connection of this replica. */
export interface Encryption {
  /** '' where the connection is not encrypted. */
  readonly cipher: string;
  readonly protocol: string;
}

/** A replica tells its server_uuid in a variable of its own session at the source. */
export async function encryptionAtSource(
  source: Session,
  replicaUuid: string,
): Promise<Encryption | undefined> {
  const rows = await source.read<{ name: string; value: string }>(
    `SELECT s.VARIABLE_NAME AS name, s.VARIABLE_VALUE AS value
       FROM performance_schema.user_variables_by_thread u
       JOIN performance_schema.status_by_thread s ON s.THREAD_ID = u.THREAD_ID
      WHERE u.VARIABLE_NAME = 'slave_uuid' AND CONVERT(u.VARIABLE_VALUE USING utf8mb4) = ${textLiteral(replicaUuid)}
        AND s.VARIABLE_NAME IN ('Ssl_cipher', 'Ssl_version')`,
  );
  const value = (name: string): string | undefined => rows.find((row) => row.name === name)?.value;
  const cipher = value("Ssl_cipher");
  return cipher === undefined ? undefined : { cipher, protocol: value("Ssl_version") ?? "" };
}
