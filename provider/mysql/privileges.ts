import { PrivilegeError } from "../errors";
import type { Session } from "./session";

interface GrantRow {
  [column: string]: string;
}

/** Privileges of this login, active roles included. */
export async function privilegesOf(session: Session): Promise<(privilege: string) => boolean> {
  const rows = await session.read<GrantRow>("SHOW GRANTS");
  const global = rows
    .flatMap((row) => Object.values(row))
    .map((text) => /^GRANT (.+?) ON \*\.\* TO /.exec(text)?.[1])
    .filter((list) => list !== undefined)
    .flatMap((list) => list.split(",").map((p) => p.trim().toUpperCase()));
  const held = new Set(global);
  return (privilege) =>
    held.has("ALL PRIVILEGES") || held.has(privilege) || (held.has("SUPER") && /_ADMIN$/.test(privilege));
}

/** Refuses, with all that is missing at once, before anything is changed. */
export async function requirePrivileges(
  session: Session,
  account: string,
  needed: readonly string[],
): Promise<void> {
  if (needed.length === 0) return;
  const has = await privilegesOf(session);
  const missing = [...new Set(needed)].filter((privilege) => !has(privilege));
  if (missing.length > 0) throw new PrivilegeError(session.address, missing, account);
}

/** What each statement asks of the account that sends it. */
const needs: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^(START|STOP) GROUP_REPLICATION/, ["GROUP_REPLICATION_ADMIN", "SYSTEM_VARIABLES_ADMIN"]],
  [/^SET PERSIST_ONLY/, ["SYSTEM_VARIABLES_ADMIN", "PERSIST_RO_VARIABLES_ADMIN"]],
  [/^SET (PERSIST|GLOBAL)/, ["SYSTEM_VARIABLES_ADMIN"]],
  [/^RESET PERSIST/, ["SYSTEM_VARIABLES_ADMIN", "PERSIST_RO_VARIABLES_ADMIN"]],
  [/^ALTER INSTANCE RELOAD TLS/, ["CONNECTION_ADMIN"]],
  [/^(CHANGE|START|STOP|RESET) (REPLICA|REPLICATION|MASTER|SLAVE)/, ["REPLICATION_SLAVE_ADMIN"]],
  [/^(CREATE|ALTER|DROP) USER/, ["CREATE USER"]],
];

export function privilegesFor(statements: readonly string[]): string[] {
  return statements.flatMap((text) => needs.find(([pattern]) => pattern.test(text))?.[1] ?? []);
}
