import { type Sql, quote, sql } from "./sql";
import { atLeast } from "./versions";

/** What differs between versions, by name: callers ask for a thing, never for a version. */
export interface Dialect {
  readonly source: "SOURCE" | "MASTER";
  readonly replica: "REPLICA" | "SLAVE";
  readonly changeSource: (options: readonly Sql[], channel: string) => Sql;
  readonly startReceiver: (channel: string) => Sql;
  readonly stopReceiver: (channel: string) => Sql;
  readonly startThreads: (channel: string, thread: "receiver" | "applier" | "both") => Sql;
  readonly stopThreads: (channel: string, thread: "receiver" | "applier" | "both") => Sql;
  readonly resetChannel: (channel: string) => Sql;
  readonly setAsPrimary: boolean;
  readonly setAsPrimaryTimeout: boolean;
  readonly retainPassword: boolean;
}

export function dialectOf(version: string): Dialect {
  const source = atLeast(version, "8.0.23") ? "SOURCE" : "MASTER";
  const replica = atLeast(version, "8.0.22") ? "REPLICA" : "SLAVE";
  const change = source === "SOURCE" ? "CHANGE REPLICATION SOURCE TO" : "CHANGE MASTER TO";
  const startThreads: Dialect["startThreads"] = (channel, thread) =>
    sql(`START ${replica}${threads[thread]}${forChannel(channel)}`);
  const stopThreads: Dialect["stopThreads"] = (channel, thread) =>
    sql(`STOP ${replica}${threads[thread]}${forChannel(channel)}`);
  return {
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
    setAsPrimary: atLeast(version, "8.0.13"),
    setAsPrimaryTimeout: atLeast(version, "8.0.29"),
    retainPassword: atLeast(version, "8.0.14"),
  };
}

const threads = { receiver: " IO_THREAD", applier: " SQL_THREAD", both: "" };

function forChannel(name: string): string {
  return ` FOR CHANNEL ${quote(name)}`;
}
