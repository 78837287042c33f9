import { type Sql, sql } from "./sql";
import { atLeast } from "./versions";

/** What differs between versions, by name: callers ask for a thing, never for a version. */
export interface Dialect {
  readonly source: "SOURCE" | "MASTER";
  readonly replica: "REPLICA" | "SLAVE";
  readonly changeSource: (options: readonly Sql[], channel: string) => Sql;
  readonly startReceiver: (channel: string) => Sql;
  readonly stopReceiver: (channel: string) => Sql;
  readonly resetChannel: (channel: string) => Sql;
  readonly setAsPrimary: boolean;
  readonly setAsPrimaryTimeout: boolean;
  readonly retainPassword: boolean;
}

export function dialectOf(version: string): Dialect {
  const source = atLeast(version, "8.0.23") ? "SOURCE" : "MASTER";
  const replica = atLeast(version, "8.0.22") ? "REPLICA" : "SLAVE";
  const change = source === "SOURCE" ? "CHANGE REPLICATION SOURCE TO" : "CHANGE MASTER TO";
  return {
    source,
    replica,
    changeSource: (options, channel) =>
      sql(
        `${change} `,
        ...options.flatMap((option, i) => (i === 0 ? [option] : [", ", option])),
        ` FOR CHANNEL '${channel}'`,
      ),
    startReceiver: (channel) => sql(`START ${replica} IO_THREAD FOR CHANNEL '${channel}'`),
    stopReceiver: (channel) => sql(`STOP ${replica} IO_THREAD FOR CHANNEL '${channel}'`),
    resetChannel: (channel) => sql(`RESET ${replica} ALL FOR CHANNEL '${channel}'`),
    setAsPrimary: atLeast(version, "8.0.13"),
    setAsPrimaryTimeout: atLeast(version, "8.0.29"),
    retainPassword: atLeast(version, "8.0.14"),
  };
}
