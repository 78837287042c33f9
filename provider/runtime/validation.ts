import { z } from "zod";
import { type Variable, findVariable, problemWith } from "../mysql/catalogue";
import { isUnknown, textOf, unknownValue, variableOf } from "../plan/wish";
import { cipherProblem, protocolProblem } from "../tls/rules";

export interface CheckFailure {
  property: string;
  reason: string;
}

export type Inputs = Record<string, unknown>;

/** A value that is not known before the update passes every check; it is checked again when it is known. */
const unknown = z.literal(unknownValue);

export function known<T extends z.ZodType>(schema: T): z.ZodUnion<[z.ZodLiteral<typeof unknownValue>, T]> {
  return z.union([unknown, schema]);
}

const text = known(z.string().min(1));

export const connectionSchema = known(
  z.strictObject({
    host: text.optional(),
    port: known(z.number().int().min(1).max(65535)).optional(),
    user: text.optional(),
    password: known(z.string()).optional(),
    socketPath: text.optional(),
    connectTimeout: known(z.number().min(1).max(600)).optional(),
    tls: known(
      z.strictObject({
        mode: known(z.enum(["DISABLED", "PREFERRED", "REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY"])).optional(),
        ca: text.optional(),
        cert: text.optional(),
        key: text.optional(),
        serverName: text.optional(),
      }),
    ).optional(),
  }),
);

export const rolloutSchema = known(
  z.strictObject({
    onlineTimeout: known(z.number().int().min(70).max(86400)).optional(),
    switchoverTimeout: known(z.number().int().min(1).max(3600)).optional(),
  }),
);

/** Failures by property path. A value is never quoted where it could be a secret. */
export function shapeFailures(schema: z.ZodType, inputs: Inputs): CheckFailure[] {
  const outcome = schema.safeParse(inputs);
  if (outcome.success) return [];
  return outcome.error.issues.flatMap((issue) => failuresOf(issue));
}

function failuresOf(issue: z.core.$ZodIssue): CheckFailure[] {
  const path = issue.path.map(String).join(".");
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((key) => ({
      property: path === "" ? key : `${path}.${key}`,
      reason: "is no property of this resource",
    }));
  if (issue.code === "invalid_union") {
    // The last branch is the real one; the first is the engine's stand-in for unknown values.
    const branch = issue.errors.at(-1) ?? [];
    return branch.flatMap((inner) => failuresOf({ ...inner, path: [...issue.path, ...inner.path] }));
  }
  return [{ property: path, reason: missing(issue) ? "is required" : issue.message }];
}

function missing(issue: z.core.$ZodIssue): boolean {
  return issue.code === "invalid_type" && / received undefined/.test(issue.message);
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
  const reason = problemWith(v, textOf(v, value)) ?? listProblem(v, value) ?? endpointProblem(v, value);
  return reason === undefined ? [] : [{ property, reason }];
}

function listProblem(v: Variable, value: unknown): string | undefined {
  if (!Array.isArray(value)) return undefined;
  const list = value as string[];
  if (list.some((item) => typeof item !== "string" || item.trim() === ""))
    return "must hold only non-empty strings";
  if (/tls_version$/.test(v.name)) return protocolProblem(list);
  if (/ssl_cipher$/.test(v.name)) return cipherProblem(list, "cipher");
  if (/ciphersuites$/.test(v.name)) return cipherProblem(list, "ciphersuite");
  if (/ip_allowlist$/.test(v.name)) return list.map(allowlistProblem).find((p) => p !== undefined);
  return undefined;
}

/** SET takes any text for these, and START fails or goes on without a word. */
function allowlistProblem(item: string): string | undefined {
  return item === "AUTOMATIC" || /^[A-Za-z0-9.:_-]+(\/\d{1,3})?$/.test(item)
    ? undefined
    : `${JSON.stringify(item)} is no address, network or host name`;
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
