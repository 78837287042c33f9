import { type Sql, print, sql } from "../mysql/sql";

/** What a change costs, in rising order. */
export const costs = [
  "none",
  "tls-reload",
  "channel-restart",
  "member-restart",
  "group-restart",
  "server-restart",
] as const;
export type Cost = (typeof costs)[number];

export function highest(all: readonly Cost[]): Cost {
  return all.reduce((a, b) => (costs.indexOf(b) > costs.indexOf(a) ? b : a), "none" as Cost);
}

/** One statement on one server, and the statements that take it back. It can be printed: secrets are names. */
export interface Step {
  readonly server: string;
  readonly sql: Sql;
  readonly undo: readonly Sql[];
}

export function step(server: string, statement: Sql | string, undo: readonly Sql[] = []): Step {
  return { server, sql: typeof statement === "string" ? sql(statement) : statement, undo };
}

export function printSteps(steps: readonly Step[]): string[] {
  return steps.map((s) => print(s.sql));
}
