import rows from "./variables.json";
import { atLeast, seriesOf } from "./versions";

/** When a change of a variable acts. */
export type Effect =
  | "immediate"
  | "next-start"
  | "next-recovery"
  | "tls-reload"
  | "member-restart"
  | "group-restart"
  | "server-restart";

/** One system variable: the only place that knows its versions, type and cost. */
export interface Variable {
  name: string;
  category: string;
  since: string;
  sinceBySeries?: Record<string, string>;
  until?: string;
  renamedFrom?: string;
  renamedTo?: string;
  type: "boolean" | "integer" | "enum" | "list" | "path" | "string";
  values?: string[];
  valuesSince?: Record<string, string>;
  valuesUntil?: Record<string, string>;
  min?: number | string;
  max?: number | string;
  unit?: string;
  defaults: { from: string; value: unknown; exact?: boolean; note?: string }[];
  dynamic?: boolean;
  dynamicSince?: string;
  settableWhileGroupReplicationRuns?: boolean | "unknown" | null;
  persistable?: boolean | "persist_only";
  setToDefault?: boolean | null;
  sameOnAllMembers?: boolean;
  neverPersist?: boolean;
  required?: string;
  /** What Group Replication wanted up to that version, and does not any more. */
  requiredBefore?: { until: string; value: string };
  effect: Effect;
  /** Before it, a member that runs refuses the change (3093). */
  liveSince?: string;
  pointsToSecret?: boolean;
  note?: string;
}

const all = rows as unknown as Variable[];
const byName = new Map(all.map((v) => [v.name, v]));

export function variables(): readonly Variable[] {
  return all;
}

export function findVariable(name: string): Variable | undefined {
  return byName.get(name);
}

export function variable(name: string): Variable {
  const found = byName.get(name);
  if (!found) throw new Error(`${name} is not in the catalogue`);
  return found;
}

/** First version that has the variable, in the server's own series where it came later there. */
export function sinceOn(v: Variable, version: string): string {
  return v.sinceBySeries?.[seriesOf(version)] ?? v.since;
}

export function existsOn(v: Variable, version: string): boolean {
  return atLeast(version, sinceOn(v, version)) && !(v.until && atLeast(version, v.until));
}

/** The value without which Group Replication does not start on this version. */
export function requiredOn(v: Variable, version: string): string | undefined {
  if (v.required !== undefined && /^\S+$/.test(v.required)) return v.required;
  return v.requiredBefore && atLeast(v.requiredBefore.until, version) ? v.requiredBefore.value : undefined;
}

/** The name that this version knows the variable by (ip_allowlist is ip_whitelist before 8.0.22). */
export function nameOn(v: Variable, version: string): string | undefined {
  if (existsOn(v, version)) return v.name;
  const other = v.renamedFrom ?? v.renamedTo;
  const alias = other === undefined ? undefined : byName.get(other);
  return alias && existsOn(alias, version) ? alias.name : undefined;
}

/** When a change acts on a member of this version that runs. */
export function effectIn(v: Variable, version: string): Effect {
  return v.liveSince === undefined || atLeast(version, v.liveSince) ? v.effect : "member-restart";
}

/** MySQL compares these without regard to case, and takes several spellings for one value. */
export function canonical(v: Variable, value: string | number | boolean | null): string {
  if (value === null) return "";
  const text = String(value).trim();
  switch (v.type) {
    case "boolean":
      return /^(1|on|true|yes)$/i.test(text) ? "ON" : /^(0|off|false|no)$/i.test(text) ? "OFF" : text;
    case "integer":
      return /^[+-]?\d+$/.test(text) ? String(BigInt(text)) : text;
    case "enum":
      return v.values?.find((known) => known.toLowerCase() === text.toLowerCase()) ?? text;
    case "list":
      return canonicalList(v, text);
    case "path":
      return String(value);
    case "string":
      return uuid.test(text) ? text.toLowerCase() : text;
  }
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

function canonicalList(v: Variable, text: string): string {
  if (text === "") return "";
  const separator = separatorOf(v);
  const items = text
    .split(separator)
    .map((item) => item.trim())
    .filter((item) => item !== "");
  // The order of protocols means nothing to the server; that of ciphers and of seeds does.
  return /tls_version$/.test(v.name)
    ? items.map(canonicalProtocol).sort().join(separator)
    : items.join(separator);
}

function canonicalProtocol(text: string): string {
  const match = /^tlsv(1(?:\.\d)?)$/i.exec(text);
  return match ? `TLSv${match[1]}` : text;
}

/** What stands between the items of a list variable. */
export function separatorOf(v: Variable): string {
  return /ssl_cipher$|ciphersuites$/.test(v.name) ? ":" : ",";
}

/** Why the value cannot be sent to any server, or undefined. What the server would swallow silently is caught here. */
export function problemWith(v: Variable, value: string | number | boolean): string | undefined {
  const text = canonical(v, value);
  switch (v.type) {
    case "boolean":
      return text === "ON" || text === "OFF"
        ? undefined
        : `must be true or false, not ${JSON.stringify(value)}`;
    case "integer":
      return integerProblem(v, text);
    case "enum":
      return v.values === undefined || v.values.includes(text)
        ? undefined
        : `must be one of ${v.values.join(", ")}, not ${JSON.stringify(value)}`;
    case "path":
    case "string":
    case "list":
      return text.includes("\0") || text.includes("\n") ? "must not contain NUL or a line end" : undefined;
  }
}

function integerProblem(v: Variable, text: string): string | undefined {
  if (!/^-?\d+$/.test(text)) return `must be a whole number, not ${JSON.stringify(text)}`;
  const number = BigInt(text);
  const low = v.min === undefined ? undefined : BigInt(v.min);
  const high = v.max === undefined ? undefined : BigInt(v.max);
  if ((low !== undefined && number < low) || (high !== undefined && number > high))
    return `must be from ${v.min} to ${v.max}${v.unit ? ` ${v.unit}` : ""}, not ${text}`;
  return undefined;
}
