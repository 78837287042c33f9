import { PrivilegeError } from "../errors";
import { dialectOf } from "./dialect";
import type { Session } from "./session";

interface GrantRow {
  [column: string]: string;
}

const withGrantOption = " WITH GRANT OPTION";

/** Privileges of this login on *.*, active roles included; "X WITH GRANT OPTION" asks for the right to hand X on. */
export async function privilegesOf(session: Session): Promise<(privilege: string) => boolean> {
  const rows = await session.read<GrantRow>("SHOW GRANTS");
  const held = new Set(rows.flatMap((row) => Object.values(row)).flatMap(privilegesIn));
  return (needed) => {
    const option = needed.endsWith(withGrantOption) ? withGrantOption : "";
    const privilege = needed.slice(0, needed.length - option.length);
    const [name, object] = privilege.split(" ON ");
    if (object !== undefined) return held.has(name!) || held.has("ALL PRIVILEGES") || held.has(privilege);
    const any = [privilege, "ALL PRIVILEGES", ...(/_ADMIN$/.test(privilege) ? ["SUPER"] : [])];
    return any.some((p) => held.has(p + option));
  };
}

/** "SELECT", and "SELECT ON mysql.user" where it is granted for that table alone. */
function privilegesIn(grant: string): string[] {
  const [, list, object, rest] = /^GRANT (.+?) ON (\S+) TO (.*)$/.exec(grant) ?? [];
  if (list === undefined) return [];
  const on = object === "*.*" ? "" : ` ON ${object!.replace(/`/g, "")}`;
  const names = list.split(",").map((p) => p.trim().toUpperCase() + on);
  return rest?.endsWith(withGrantOption) ? [...names, ...names.map((n) => n + withGrantOption)] : names;
}

/** Refuses, with all that is missing at once, before anything is changed. */
export async function requirePrivileges(
  session: Session,
  account: string,
  needed: readonly string[],
): Promise<void> {
  if (needed.length === 0) return;
  const has = await privilegesOf(session);
  const version = await session.version();
  const missing = [...new Set(needed.map((privilege) => privilegeOn(version, privilege)))].filter(
    (privilege) => !has(privilege),
  );
  if (missing.length > 0) throw new PrivilegeError(session.address, missing, account);
}

/** Before 8.0 there is one privilege for all of it. */
export function privilegeOn(version: string, privilege: string): string {
  return dialectOf(version).dynamicPrivileges ? privilege : privilege.replace(/^\w+_ADMIN\b/, "SUPER");
}

/** What each statement asks of the account that sends it. */
const needs: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^(START|STOP) GROUP_REPLICATION/, ["GROUP_REPLICATION_ADMIN", "SYSTEM_VARIABLES_ADMIN"]],
  [/^SET SESSION SQL_LOG_BIN/, ["SYSTEM_VARIABLES_ADMIN"]],
  [/^SET PERSIST_ONLY/, ["SYSTEM_VARIABLES_ADMIN", "PERSIST_RO_VARIABLES_ADMIN"]],
  [/^SET (PERSIST|GLOBAL)/, ["SYSTEM_VARIABLES_ADMIN"]],
  [/^RESET PERSIST/, ["SYSTEM_VARIABLES_ADMIN", "PERSIST_RO_VARIABLES_ADMIN"]],
  [/^ALTER INSTANCE RELOAD TLS/, ["CONNECTION_ADMIN"]],
  [/^RESET (REPLICA|SLAVE)/, ["REPLICATION_SLAVE_ADMIN", "RELOAD"]],
  [/^(CHANGE|START|STOP) (REPLICA|REPLICATION|MASTER|SLAVE)/, ["REPLICATION_SLAVE_ADMIN"]],
  [/^INSTALL PLUGIN/, ["INSERT ON mysql.plugin", "DELETE ON mysql.plugin"]],
  [/^(CREATE|ALTER|DROP) USER/, ["CREATE USER"]],
];

export function privilegesFor(statements: readonly string[]): string[] {
  return statements.flatMap((text) => [
    ...(needs.find(([pattern]) => pattern.test(text))?.[1] ?? []),
    ...handedOn(text),
  ]);
}

/** Only what one has with GRANT OPTION can be granted or revoked. */
function handedOn(text: string): string[] {
  const privilege = /^(?:GRANT|REVOKE) (.+?) ON \*\.\* /.exec(text)?.[1];
  return privilege === undefined ? [] : [privilege + withGrantOption];
}

/** What a probe needs beside a login: it makes a channel and removes it. */
export const probePrivileges: readonly string[] = ["REPLICATION_SLAVE_ADMIN", "RELOAD"];
