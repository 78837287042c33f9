import { type Sql, quote, sql } from "./sql";
import { atLeast } from "./versions";

/** The first version with each ability. */
const firstWith = {
  /** SET PERSIST, PERSIST_ONLY and RESET PERSIST; before it, only the option file outlasts a restart. */
  persist: "8.0.0",
  /** Privileges with names of their own (GROUP_REPLICATION_ADMIN, BACKUP_ADMIN, ...); before it, SUPER allows all of it. */
  dynamicPrivileges: "8.0.0",
  /** The plugin caching_sha2_password. */
  cachingSha2: "8.0.3",
  /** ALTER INSTANCE RELOAD TLS, and with it TLS files that can be set on a running server. */
  reloadTls: "8.0.16",
  /** ALTER USER ... RETAIN CURRENT PASSWORD, DISCARD OLD PASSWORD. */
  retainPassword: "8.0.14",
  /** START GROUP_REPLICATION USER = ..., PASSWORD = ... */
  startWithCredentials: "8.0.21",
  /** group_replication_set_as_primary(uuid). */
  setAsPrimary: "8.0.13",
  /** Its second argument. */
  setAsPrimaryTimeout: "8.0.29",
  /** Recovery by clone, for which a donor wants BACKUP_ADMIN. */
  clone: "8.0.17",
  /** group_replication_communication_stack = MYSQL, for which the account wants GROUP_REPLICATION_STREAM. */
  mysqlStack: "8.0.27",
} as const;

export type Ability = keyof typeof firstWith;

/** What differs between versions, by name: callers ask for a thing, never for a version. */
export interface Dialect extends Readonly<Record<Ability, boolean>> {
  readonly source: "SOURCE" | "MASTER";
  readonly replica: "REPLICA" | "SLAVE";
  readonly changeSource: (options: readonly Sql[], channel: string) => Sql;
  readonly startReceiver: (channel: string) => Sql;
  readonly stopReceiver: (channel: string) => Sql;
  readonly startThreads: (channel: string, thread: "receiver" | "applier" | "both") => Sql;
  readonly stopThreads: (channel: string, thread: "receiver" | "applier" | "both") => Sql;
  readonly resetChannel: (channel: string) => Sql;
}

const known = new Map<string, Dialect>();

/** Made once a version: planners ask for it at every turn. */
export function dialectOf(version: string): Dialect {
  const found = known.get(version) ?? makeDialect(version);
  known.set(version, found);
  return found;
}

function makeDialect(version: string): Dialect {
  const source = atLeast(version, "8.0.23") ? "SOURCE" : "MASTER";
  const replica = atLeast(version, "8.0.22") ? "REPLICA" : "SLAVE";
  const change = source === "SOURCE" ? "CHANGE REPLICATION SOURCE TO" : "CHANGE MASTER TO";
  const startThreads: Dialect["startThreads"] = (channel, thread) =>
    sql(`START ${replica}${threads[thread]}${forChannel(channel)}`);
  const stopThreads: Dialect["stopThreads"] = (channel, thread) =>
    sql(`STOP ${replica}${threads[thread]}${forChannel(channel)}`);
  return {
    ...abilitiesOf(version),
    source,
    replica,
    changeSource: (options, channel) =>
      sql(
        `${change} `,
        ...options.flatMap((option, i) => (i === 0 ? [option] : [", ", option])),
        forChannel(channel),
      ),
    startThreads,
    stopThreads,
    startReceiver: (channel) => startThreads(channel, "receiver"),
    stopReceiver: (channel) => stopThreads(channel, "receiver"),
    resetChannel: (channel) => sql(`RESET ${replica} ALL${forChannel(channel)}`),
  };
}

const threads = { receiver: " IO_THREAD", applier: " SQL_THREAD", both: "" };

function forChannel(name: string): string {
  return ` FOR CHANNEL ${quote(name)}`;
}

function abilitiesOf(version: string): Record<Ability, boolean> {
  const entries = Object.entries(firstWith).map(([ability, first]) => [ability, atLeast(version, first)]);
  return Object.fromEntries(entries) as Record<Ability, boolean>;
}

/** For whoever has to tell why something cannot be had. */
export function firstVersionWith(ability: Ability): string {
  return firstWith[ability];
}
