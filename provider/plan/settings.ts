import { type Variable, canonical, nameOn, sinceOn, variable } from "../mysql/catalogue";
import { dialectOf } from "../mysql/dialect";
import { atLeast } from "../mysql/versions";
import { InputError, NotReadyError } from "../errors";
import { type Sql, print, quote, sql } from "../mysql/sql";
import { type Step, step } from "./step";
import type { SeenVariable, ServerView } from "./view";
import { itemsOf, propertyOf } from "./wish";
import { type TlsUse, protocolProblemOn } from "../tls/rules";

/** Where NULL means "not set" and '' means "nothing is allowed". */
const nullable = /^(admin_)?ssl_(?!session)|ciphersuites$/;

function literal(v: Variable, value: string | null): string {
  if (value === null || (value === "" && nullable.test(v.name))) return "NULL";
  if (v.type === "integer" || v.type === "boolean")
    return /^(-?\d+|ON|OFF)$/.test(value) ? value : quote(value);
  return quote(value);
}

function liveName(view: ServerView, v: Variable): string {
  const name = nameOn(v, view.version);
  if (name !== undefined) return name;
  const until = v.until && atLeast(view.version, v.until) ? `it is gone from ${v.until}` : undefined;
  throw new InputError(
    propertyOf(v),
    `${view.address} runs ${view.version}, which does not have it; ${until ?? `it came with ${sinceOn(v, view.version)}`}`,
  );
}

/** What a SET would refuse, or for recovery would swallow, and a later START or RELOAD would fail on. */
export function requireProtocols(view: ServerView, v: Variable, value: string, use: TlsUse): void {
  const problem = protocolProblemOn(itemsOf(v, value), view.version, use);
  if (problem !== undefined)
    throw new InputError(propertyOf(v), `${view.address} runs ${view.version}, which ${problem}`);
}

/** Statements that put a variable back as it was seen. */
function undoSetting(view: ServerView, name: string, v: Variable, seen: SeenVariable | undefined): Sql[] {
  const forget = dialectOf(view.version).persist ? [sql(`RESET PERSIST IF EXISTS ${name}`)] : [];
  // Not there before: it came with the plugin.
  if (!seen) return forget;
  // A group name that was empty cannot be emptied again while the server runs.
  if (v.setToDefault === false && (seen.value ?? "") === "") return forget;
  const live = sql(`SET GLOBAL ${name} = ${literal(v, seen.value)}`);
  return seen.persisted === undefined
    ? [...forget, live]
    : [
        sql(`SET PERSIST ${name} = ${literal(v, seen.persisted)}`),
        ...(seen.persisted === seen.value ? [] : [live]),
      ];
}

export function setStep(view: ServerView, variableName: string, value: string): Step {
  const v = variable(variableName);
  const name = liveName(view, v);
  if (/tls_version$/.test(name))
    requireProtocols(view, v, value, name.includes("recovery") ? "recovery" : "server");
  if (!isDynamic(view, name))
    throw new NotReadyError(
      view.address,
      `runs ${view.version}, which takes ${name} from its option file only`,
      {
        todo: `add to its option file and restart the server:\n[mysqld]\n${name}=${value}`,
      },
    );
  // Before 8.0 nothing that is set outlasts a restart of the server, but in its option file.
  const scope = v.neverPersist || !dialectOf(view.version).persist ? "GLOBAL" : "PERSIST";
  return step(
    view.address,
    `SET ${scope} ${name} = ${literal(v, value)}`,
    undoSetting(view, name, v, view.variables[variableName]),
  );
}

function isDynamic(view: ServerView, name: string): boolean {
  const { dynamicSince } = variable(name);
  return dynamicSince === undefined || atLeast(view.version, dynamicSince);
}

/** Keeps over a restart what is live already, where the version can; nothing that runs is touched. */
export function persistSteps(view: ServerView, variableName: string, value: string): Step[] {
  if (!dialectOf(view.version).persist) return [];
  const v = variable(variableName);
  const name = liveName(view, v);
  const before = view.variables[variableName]?.persisted;
  return [
    step(view.address, `SET PERSIST_ONLY ${name} = ${literal(v, value)}`, [
      before === undefined
        ? sql(`RESET PERSIST IF EXISTS ${name}`)
        : sql(`SET PERSIST_ONLY ${name} = ${literal(v, before)}`),
    ]),
  ];
}

/** Back to the server's default: what a property that is no longer declared means. */
export function resetSteps(view: ServerView, variableName: string): Step[] {
  const v = variable(variableName);
  const name = nameOn(v, view.version);
  const seen = view.variables[variableName];
  // What only the option file can set, no update has set.
  if (name === undefined || seen === undefined || !isDynamic(view, name)) return [];
  const steps: Step[] = [];
  // Under the name of an older version it has a row and defaults of its own.
  const fallback = defaultOn(variable(name), view.version);
  const isDefault = fallback !== undefined && canonical(v, seen.value) === canonical(v, fallback);
  if (seen.persisted !== undefined)
    steps.push(
      step(view.address, `RESET PERSIST IF EXISTS ${name}`, [
        sql(`SET PERSIST_ONLY ${name} = ${literal(v, seen.persisted)}`),
      ]),
    );
  const before = view.baseline[variableName];
  const isBaseline = before !== undefined && before === seen.value;
  // A group name has no default that the server would take: the live one stays until the server starts anew.
  const resettable = before !== undefined || !(v.setToDefault === false && (fallback ?? "") === "");
  if (!isDefault && !isBaseline && resettable)
    steps.push(
      step(view.address, `SET GLOBAL ${name} = ${resetLiteral(v, fallback, before)}`, [
        sql(`SET GLOBAL ${name} = ${literal(v, seen.value)}`),
      ]),
    );
  return steps;
}

/** RESET PERSIST alone changes nothing that runs. */
export function changesLive(steps: readonly Step[]): boolean {
  return steps.some((s) => print(s.sql).startsWith("SET GLOBAL"));
}

function resetLiteral(v: Variable, fallback: string | undefined, before: string | null | undefined): string {
  if (before !== undefined) return literal(v, before);
  // Some variables refuse DEFAULT (1231) and want the value itself.
  return v.setToDefault === false && fallback !== undefined ? literal(v, fallback) : "DEFAULT";
}

/** The compiled default as far as the catalogue knows it. */
export function defaultOn(v: Variable, version: string): string | undefined {
  const entry = v.defaults.filter((d) => atLeast(version, d.from)).at(-1);
  if (!entry) return undefined;
  return canonical(v, entry.value as string | number | boolean | null);
}
