import { MemberUnreachableError, NotReadyError, PrivilegeError } from "../errors";
import { variables } from "./catalogue";
import {
  type ChannelFact,
  type MemberFact,
  type MemberState,
  type ServerFacts,
  type VariableFact,
  isStarting,
} from "./facts";
import { until } from "./membership";
import { ServerError, type Session, sameMoment } from "./session";
import { quote } from "./sql";
import { parseVersion } from "./versions";

const names = variables()
  .map((v) => quote(v.name))
  .join(", ");

/*
 * One statement for everything. NULL and '' look alike in global_variables, and differ for TLS settings,
 * so those are asked for by name.
 */
const nullable = [
  "ssl_ca",
  "ssl_capath",
  "ssl_cert",
  "ssl_key",
  "ssl_crl",
  "ssl_crlpath",
  "ssl_cipher",
  "tls_ciphersuites",
];

const serverQuery = `
SELECT JSON_OBJECT(
  'version', @@version, 'uuid', @@server_uuid, 'host', COALESCE(@@report_host, @@hostname), 'port', @@port,
  'now', UNIX_TIMESTAMP(NOW(6)), 'account', CURRENT_USER(), 'gtid', @@GLOBAL.gtid_executed,
  'nulls', JSON_OBJECT(${nullable.map((n) => `'${n}', @@GLOBAL.${n} IS NULL`).join(", ")}),
  'plugins', (SELECT JSON_OBJECTAGG(PLUGIN_NAME, PLUGIN_STATUS) FROM information_schema.PLUGINS
    WHERE PLUGIN_NAME IN ('group_replication', 'clone')),
  'members', (SELECT JSON_ARRAYAGG(JSON_OBJECT('id', MEMBER_ID, 'host', MEMBER_HOST, 'port', MEMBER_PORT, 'state', MEMBER_STATE,
    'role', MEMBER_ROLE, 'version', MEMBER_VERSION, 'stack', MEMBER_COMMUNICATION_STACK))
    FROM performance_schema.replication_group_members),
  'stats', (SELECT JSON_ARRAY(VIEW_ID, COUNT_TRANSACTIONS_REMOTE_IN_APPLIER_QUEUE)
    FROM performance_schema.replication_group_member_stats WHERE MEMBER_ID = @@server_uuid),
  'startedAt', (SELECT MAX(UNIX_TIMESTAMP(LOGGED)) FROM performance_schema.error_log WHERE ERROR_CODE = 'MY-014010'),
  'startAge', (SELECT MAX(PROCESSLIST_TIME) FROM performance_schema.threads
    WHERE NAME = 'thread/group_rpl/THD_certifier_broadcast'),
  'channel', (SELECT JSON_OBJECT('user', User_name, 'password', User_password, 'namespace', Network_namespace)
    FROM mysql.slave_master_info WHERE Channel_name = 'group_replication_recovery'),
  'applier', (SELECT JSON_OBJECT('checks', PRIVILEGE_CHECKS_USER, 'primaryKey', REQUIRE_TABLE_PRIMARY_KEY_CHECK)
    FROM performance_schema.replication_applier_configuration WHERE CHANNEL_NAME = 'group_replication_recovery'),
  'tls', (SELECT JSON_OBJECTAGG(PROPERTY, VALUE) FROM performance_schema.tls_channel_status WHERE CHANNEL = 'mysql_main'),
  'variables', (SELECT JSON_ARRAYAGG(JSON_ARRAY(g.VARIABLE_NAME, g.VARIABLE_VALUE, p.VARIABLE_VALUE, i.VARIABLE_SOURCE,
      UNIX_TIMESTAMP(i.SET_TIME)))
    FROM performance_schema.global_variables g
    LEFT JOIN performance_schema.persisted_variables p ON p.VARIABLE_NAME = g.VARIABLE_NAME
    LEFT JOIN performance_schema.variables_info i ON i.VARIABLE_NAME = g.VARIABLE_NAME
    WHERE g.VARIABLE_NAME IN (${names}))
) AS facts`;

/** Name, live value, persisted value, source, when set. */
type VariableRow = [string, string | null, string | null, string | null, number | string | null];

interface ServerRow {
  version: string;
  uuid: string;
  host: string;
  port: number;
  now: number | string;
  account: string;
  gtid: string;
  nulls: Record<string, number | boolean>;
  plugins: Record<string, string> | null;
  members:
    (Omit<MemberFact, "state" | "role" | "port"> & { state: string; role: string; port: number })[] | null;
  stats: [string, number | string] | null;
  startedAt: number | string | null;
  startAge: number | string | null;
  channel: { user: string | null; password: string | null; namespace: string | null } | null;
  applier: { checks: string | null; primaryKey: string | null } | null;
  tls: Record<string, string> | null;
  variables: VariableRow[];
}

export async function observe(session: Session): Promise<ServerFacts> {
  const [row] = await session
    .read<{ facts: ServerRow | string }>(serverQuery)
    .catch(async (error: unknown) => explain(session, error));
  const raw = row!.facts;
  return facts(session.address, typeof raw === "string" ? (JSON.parse(raw) as ServerRow) : raw);
}

const recent = new WeakMap<Session, { facts: Promise<ServerFacts>; at: number; writes: number }>();

/** Longer than a START that is refused takes. */
const startingSeconds = 90;

/** As `observe`, but a START that the server makes by itself is waited for. */
export async function observeSettled(session: Session): Promise<ServerFacts> {
  let facts = await observe(session);
  await until(
    startingSeconds,
    async () => {
      if (!isStarting(facts)) return true;
      facts = await observe(session);
      return undefined;
    },
    500,
  );
  return facts;
}

/** As `observe`, but what another resource has just read will do, where nothing was written since. For refreshes only. */
export function observeForRefresh(session: Session): Promise<ServerFacts> {
  const found = recent.get(session);
  const now = performance.now();
  if (found && found.writes === session.writes && now - found.at < sameMoment) return found.facts;
  const facts = observe(session);
  recent.set(session, { facts, at: now, writes: session.writes });
  return facts;
}

function facts(address: string, row: ServerRow): ServerFacts {
  const now = Number(row.now);
  return {
    address,
    uuid: row.uuid,
    version: parseVersion(row.version),
    reportHost: row.host,
    port: Number(row.port),
    now,
    account: quotedAccount(row.account),
    variables: Object.fromEntries(row.variables.map((v) => [v[0], variableFact(v, row.nulls)])),
    plugins: row.plugins ?? {},
    members: (row.members ?? []).filter((m) => m.id !== "").map(memberFact),
    viewId: row.stats?.[0],
    startedAt: lastStart(row, now),
    gtidExecuted: row.gtid.replace(/\s/g, ""),
    applierQueue: Number(row.stats?.[1] ?? 0),
    channel: row.channel ? channelFact(row) : undefined,
    loadedTls: row.tls ?? {},
  };
}

function variableFact(
  [name, value, persisted, source, setAt]: VariableRow,
  nulls: ServerRow["nulls"],
): VariableFact {
  return {
    value: Number(nulls[name] ?? 0) === 1 ? null : value,
    source: source ?? "COMPILED",
    ...(persisted === null ? {} : { persisted }),
    ...(setAt === null || Number(setAt) === 0 ? {} : { setAt: Number(setAt) }),
  };
}

function memberFact(m: NonNullable<ServerRow["members"]>[number]): MemberFact {
  return {
    ...m,
    port: Number(m.port),
    state: m.state as MemberState,
    role: m.role === "PRIMARY" || m.role === "SECONDARY" ? m.role : "",
  };
}

function channelFact({ channel, applier }: ServerRow): ChannelFact {
  return {
    user: channel?.user ?? "",
    password: channel?.password ?? "",
    networkNamespace: channel?.namespace ?? "",
    privilegeChecksUser: applier?.checks ?? "",
    requireTablePrimaryKeyCheck: applier?.primaryKey ?? "",
  };
}

/** The error log is exact, and may have been rotated away; the thread's age is rounded to seconds. */
function lastStart(row: ServerRow, now: number): number | undefined {
  if (row.startAge === null) return undefined;
  const byThread = now - Number(row.startAge);
  const byLog = row.startedAt === null ? 0 : Number(row.startedAt);
  return Math.abs(byLog - byThread) < 120 ? byLog : byThread;
}

/** A login that broke, where nothing had been changed through it. */
function unreachable(error: ServerError): MemberUnreachableError {
  return new MemberUnreachableError(
    error.server,
    `the connection was lost: ${error.reason}`,
    undefined,
    error.code !== "TIMEOUT",
  );
}

/** A statement that only looked, and failed: never passed on as it came. */
export function lookFailure(error: unknown): unknown {
  if (!(error instanceof ServerError)) return error;
  if (error.lost) return unreachable(error);
  return new NotReadyError(error.server, "could not be asked", {
    why: error.message,
    todo: "see its error log, then pulumi up --refresh",
  });
}

async function explain(session: Session, error: unknown): Promise<never> {
  if (error instanceof ServerError && [1054, 1146, 1193, 1305].includes(error.errno)) {
    const [row] = await session.read<{ version: string }>("SELECT @@version AS version");
    throw new NotReadyError(session.address, `runs ${row?.version}, which this release cannot read`, {
      why: error.message,
      todo: "this release manages servers from 8.0.27 on",
    });
  }
  if (error instanceof ServerError && [1142, 1143, 1227, 1044].includes(error.errno)) {
    const table = /for table '([^']+)'/.exec(error.reason)?.[1];
    throw new PrivilegeError(
      session.address,
      [table === "slave_master_info" ? "SELECT ON mysql.*" : "SELECT ON performance_schema.*"],
      await currentAccount(session),
    );
  }
  if (error instanceof ServerError && error.lost) throw unreachable(error);
  if (!(error instanceof ServerError)) throw error;
  throw new NotReadyError(session.address, "could not be read", {
    why: error.message,
    // 1114 and 1021: even reading needs a temporary table.
    todo: [1021, 1114].includes(error.errno)
      ? "see that its data directory has free space, then pulumi up --refresh"
      : "see its error log, then pulumi up --refresh",
  });
}

/** 'user'@'host' of the login, as GRANT wants it. */
export async function currentAccount(session: Session): Promise<string> {
  const [row] = await session.read<{ account: string }>("SELECT CURRENT_USER() AS account");
  return quotedAccount(row?.account ?? session.target.user);
}

function quotedAccount(text: string): string {
  return text.replace(/^(.*)@([^@]*)$/, "'$1'@'$2'");
}
