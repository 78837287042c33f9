import { MemberUnreachableError, NotReadyError, PrivilegeError } from "../errors";
import { factsQuery, oldestManaged } from "./facts-query";
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
import { atLeast, parseVersion } from "./versions";

/** Name, live value, persisted value, source, when set; the last three only where the version tells them. */
type VariableRow = [string, string | null, (string | null)?, (string | null)?, (number | string | null)?];

/** What is undefined, the version does not tell. */
interface ServerRow {
  version: string;
  uuid: string;
  host: string;
  port: number;
  now: number | string;
  account: string;
  gtid: string;
  nulls: Record<string, number | boolean>;
  plugins: [string, string][] | null;
  members: MemberRow[] | null;
  stats: [string, number | string | null] | null;
  startedAt?: number | string | null;
  startAge: number | string | null;
  channel: { user: string | null; password: string | null; namespace: string | null } | null;
  applier?: { checks?: string | null; primaryKey?: string | null } | null;
  tls?: Record<string, string> | null;
  variables: VariableRow[];
}

interface MemberRow {
  id: string;
  host: string;
  port: number;
  state: string;
  role: string;
  version: string | null;
  stack: string | null;
}

export async function observe(session: Session): Promise<ServerFacts> {
  const version = await managedVersion(session);
  const [row] = await session
    .read<{ facts: ServerRow | string }>(factsQuery(version))
    .catch(async (error: unknown) => explain(session, version, error));
  if (!row) return observe(session);
  const raw = typeof row.facts === "string" ? (JSON.parse(row.facts) as ServerRow) : row.facts;
  const real = session.learnVersion(raw.version);
  return factsQuery(real) === factsQuery(version) ? facts(session.address, raw) : observe(session);
}

/** As the greeting tells it, which costs no statement; what stands between, as a proxy, may greet with another. */
async function managedVersion(session: Session): Promise<string> {
  const greeted = await session.version();
  if (atLeast(greeted, oldestManaged)) return greeted;
  const version = await session.askVersion();
  if (atLeast(version, oldestManaged)) return version;
  throw new NotReadyError(session.address, `runs ${version}, which has no Group Replication`, {
    todo: `upgrade it: MySQL is managed from ${oldestManaged} on`,
  });
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
    plugins: Object.fromEntries(row.plugins ?? []),
    members: (row.members ?? []).filter((m) => m.id !== "").map(memberFact),
    viewId: row.stats?.[0],
    startedAt: lastStart(row, now),
    gtidExecuted: row.gtid.replace(/\s/g, ""),
    applierQueue: applierQueue(row.stats),
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
    source: source === undefined ? undefined : (source ?? "COMPILED"),
    ...(persisted === null || persisted === undefined ? {} : { persisted }),
    ...(Number(setAt ?? 0) === 0 ? {} : { setAt: Number(setAt) }),
  };
}

function memberFact(m: MemberRow): MemberFact {
  return {
    ...m,
    version: m.version ?? undefined,
    stack: m.stack ?? undefined,
    port: Number(m.port),
    state: m.state as MemberState,
    role: m.role === "PRIMARY" || m.role === "SECONDARY" ? m.role : "",
  };
}

function applierQueue(stats: ServerRow["stats"]): number | undefined {
  if (stats === null) return 0;
  return stats[1] === null ? undefined : Number(stats[1]);
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
function lastStart({ startAge, startedAt }: ServerRow, now: number): number | undefined {
  if (startAge === null) return undefined;
  const byThread = now - Number(startAge);
  // Before 8.0.22 there is the age alone: what was set in the second before the START must not look as if it came after.
  if (startedAt === undefined) return byThread + 1;
  const byLog = startedAt === null ? 0 : Number(startedAt);
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

/** Nothing where the server turns out to be of another version than it was asked as. */
async function explain(session: Session, version: string, error: unknown): Promise<never[]> {
  if (error instanceof ServerError && [1054, 1146, 1193, 1305].includes(error.errno)) {
    const real = await session.askVersion();
    if (real !== version) return [];
    throw new NotReadyError(session.address, `runs ${real}, which this release cannot read`, {
      why: error.message,
      todo: `MySQL is managed from ${oldestManaged} on, and no other server that speaks its protocol`,
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
