import { isIP } from "node:net";
import type { z } from "zod";
import { InputError } from "../errors";
import { type Variable, findVariable, problemWith } from "../mysql/catalogue";
import { isUnknown, textOf, variableOf } from "../plan/wish";
import type * as Schemas from "./schemas";
import { cipherProblem, protocolProblem } from "../tls/rules";

export interface CheckFailure {
  property: string;
  reason: string;
}

export type Inputs = Record<string, unknown>;

/**
 * Failures by property path. Schemas are loaded only where something is checked: they are a third of what loading this package takes
 * (60 of 190 ms), and a refresh needs none.
 */
export function shapeFailures(resource: keyof typeof Schemas.schemas, inputs: Inputs): CheckFailure[] {
  const outcome = schemas().schemas[resource].safeParse(inputs);
  if (outcome.success) return [];
  return outcome.error.issues.flatMap((issue) => failuresOf(issue, inputs));
}

export function schemas(): typeof Schemas {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- import() would make every check wait
  return require("./schemas") as typeof Schemas;
}

function failuresOf(issue: z.core.$ZodIssue, inputs: Inputs): CheckFailure[] {
  const path = issue.path.map(String).join(".");
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((key) => ({
      property: path === "" ? key : `${path}.${key}`,
      reason: "is no property of this resource",
    }));
  if (issue.code === "invalid_union") {
    // The last branch is the real one; the first is the engine's stand-in for unknown values.
    const branch = issue.errors.at(-1) ?? [];
    return branch.flatMap((inner) => failuresOf({ ...inner, path: [...issue.path, ...inner.path] }, inputs));
  }
  return [{ property: path, reason: valueAt(inputs, issue.path) === undefined ? required : issue.message }];
}

/** What a try refuses, as failures of check. */
export function refusals(attempt: () => unknown): CheckFailure[] {
  try {
    attempt();
    return [];
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const { what, todo } = error.parts;
    const reason = [what.slice(error.property.length + 2), ...(todo === undefined ? [] : [todo])].join("; ");
    return [{ property: error.property, reason }];
  }
}

const required = "is required";

function valueAt(inputs: Inputs, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key],
    inputs,
  );
}

/** The engine takes one failure a property, and may print the value of the one that is named: a secret is named in words only. */
export function firstOfEach(failures: readonly CheckFailure[]): CheckFailure[] {
  const first = new Map([...failures].reverse().map((f) => [f.property, f])).values();
  return [...first]
    .reverse()
    .map((f) =>
      f.reason !== required && holdsSecret(f.property)
        ? { property: "", reason: `${f.property}: ${f.reason}` }
        : f,
    );
}

function holdsSecret(property: string): boolean {
  return /^(connection|source|servers|servers\.\d+|usedBy|usedBy\.\d+)(\.tls)?$|(^|\.)(password|key|keyPassphrase|privateKey|passphrase)$|^(issuer|existing)\b|^ssh$/.test(
    property,
  );
}

/** Checks of the properties that are system variables, and of `variables`. */
export function variableFailures(inputs: Inputs, properties: readonly string[]): CheckFailure[] {
  const named = properties
    .filter((property) => inputs[property] !== undefined && inputs[property] !== null)
    .flatMap((property) => failure(property, variableOf(property), inputs[property]));
  return [...named, ...freeFailures(inputs["variables"], properties)];
}

function freeFailures(free: unknown, properties: readonly string[]): CheckFailure[] {
  if (typeof free !== "object" || free === null) return [];
  const taken = new Map(properties.map((property) => [variableOf(property).name, property]));
  return Object.entries(free).flatMap(([name, value]) => {
    const property = `variables.${name}`;
    const v = findVariable(name);
    if (!v) return [{ property, reason: unknownName(name) }];
    const own = taken.get(name) ?? (v.renamedTo === undefined ? undefined : taken.get(v.renamedTo));
    if (own !== undefined) return [{ property, reason: `has a property of its own: declare ${own}` }];
    if (v.neverPersist)
      return [
        {
          property,
          reason: "is set for a moment only, by a START or in an emergency, and cannot be declared",
        },
      ];
    if (v.dynamic === false) return [{ property, reason: "can only be set in the server's option file" }];
    if (v.category !== "group_replication" && !name.startsWith("group_replication"))
      return [{ property, reason: "is no group_replication_* variable" }];
    if (/^group_replication_recovery_/.test(name))
      return [{ property, reason: "belongs on RecoveryChannel" }];
    return failure(property, v, value);
  });
}

function unknownName(name: string): string {
  const guess = name.startsWith("group_replication_") ? undefined : findVariable(`group_replication_${name}`);
  return guess
    ? `is unknown; did you mean ${guess.name}?`
    : "is unknown: no server version has such a variable";
}

function failure(property: string, v: Variable, value: unknown): CheckFailure[] {
  if (isUnknown(value)) return [];
  const expected = v.type === "list" && !property.startsWith("variables.");
  if (expected !== Array.isArray(value))
    return [{ property, reason: expected ? "must be an array" : "must not be an array" }];
  const kinds = property.startsWith("variables.") ? ["string", "number", "boolean"] : [kindOf(v)];
  if (!expected && !kinds.includes(typeof value))
    return [{ property, reason: `must be a ${kinds.join(", a ")}` }];
  if (value === "") return [{ property, reason: "must not be empty; leave it out to have it unmanaged" }];
  if (expected && !(value as unknown[]).every((item) => typeof item === "string" && item.trim() !== ""))
    return [{ property, reason: "must hold only non-empty strings" }];
  const reason =
    problemWith(v, textOf(v, value)) ??
    listProblem(v, value) ??
    endpointProblem(v, value) ??
    wordProblem(v, value);
  return reason === undefined ? [] : [{ property, reason }];
}

function kindOf(v: Variable): string {
  return v.type === "boolean" ? "boolean" : v.type === "integer" ? "number" : "string";
}

function listProblem(v: Variable, value: unknown): string | undefined {
  if (!Array.isArray(value)) return undefined;
  const list = value as string[];
  if (/tls_version$/.test(v.name)) return protocolProblem(list);
  if (/ssl_cipher$/.test(v.name)) return cipherProblem(list, "cipher");
  if (/ciphersuites$/.test(v.name)) return cipherProblem(list, "ciphersuite");
  if (/ip_allowlist$/.test(v.name)) return allowlistProblem(list);
  return undefined;
}

/** SET takes any text for these, and START fails or goes on without a word. */
function allowlistProblem(list: readonly string[]): string | undefined {
  if (list.includes("AUTOMATIC") && list.length > 1) return "AUTOMATIC must stand alone";
  const odd = list.find((item) => {
    const [host, prefix, ...more] = item.split("/");
    const bits = isIP(host ?? "") === 6 ? 128 : 32;
    const network = prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits);
    const looksLikeAddress = /^[\d.]+$/.test(host ?? "") || (host ?? "").includes(":");
    return (
      more.length > 0 ||
      !network ||
      (looksLikeAddress ? isIP(host ?? "") === 0 : !/^[A-Za-z0-9._-]+$/.test(host ?? ""))
    );
  });
  return odd === undefined ? undefined : `${JSON.stringify(odd)} is no address, network or host name`;
}

const debugOptions = /^(GCS_DEBUG_(NONE|BASIC|TRACE|ALL)|XCOM_DEBUG_(BASIC|TRACE))$/i;
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

function wordProblem(v: Variable, value: unknown): string | undefined {
  const text = String(value);
  if (v.name.endsWith("view_change_uuid") && text !== "AUTOMATIC" && !uuid.test(text))
    return "must be AUTOMATIC or a UUID";
  const odd =
    v.name.endsWith("debug_options") && text.split(",").find((word) => !debugOptions.test(word.trim()));
  return typeof odd === "string" ? `${JSON.stringify(odd)} is no debug option` : undefined;
}

const endpointPattern = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):(\d{1,5})$/;

function endpointProblem(v: Variable, value: unknown): string | undefined {
  if (!/(local_address|group_seeds|advertise_recovery_endpoints)$/.test(v.name)) return undefined;
  const items = (Array.isArray(value) ? value : [value]) as string[];
  const odd = items.find((item) => {
    if (item === "DEFAULT" && v.name.endsWith("endpoints")) return false;
    const port = Number(endpointPattern.exec(item)?.[2]);
    return !(port > 0 && port < 65536);
  });
  return odd === undefined ? undefined : `${JSON.stringify(odd)} is not host:port`;
}
