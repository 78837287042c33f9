import { type Effect, canonical, effectIn, findVariable, nameOn, variable } from "../mysql/catalogue";
import { channelProperties, memberProperties, variableOf } from "./wish";
import { type ServerFacts, type ShownFact, isRunning, stackInEffect, valueOf } from "../mysql/facts";

/** One variable as a planner sees it. */
export interface SeenVariable {
  readonly value: string | null;
  readonly persisted?: string | undefined;
  /** Live by SET GLOBAL alone: a restart of the server would lose it. */
  readonly fleeting?: true | undefined;
}

/**
 * A server as a planner sees it. Plain JSON and free of what changes by itself, so that state can hold it and
 * preview plans from the same value as update does.
 */
export interface ServerView {
  readonly address: string;
  readonly version: string;
  readonly running: boolean;
  readonly stack: "XCOM" | "MYSQL";
  readonly plugin: boolean;
  readonly variables: Readonly<Record<string, SeenVariable>>;
  /** Set after the last START, so not what group communication uses. */
  readonly sinceStart: readonly string[];
  /** Protocols that group communication has been heard to take, where `sinceStart` keeps the variable from telling. */
  readonly spoken?: readonly string[] | undefined;
  /** Set and not yet loaded by ALTER INSTANCE RELOAD TLS. */
  readonly notLoaded: readonly string[];
  /** Certificates in memory, where one is declared. */
  readonly shown?: ShownFact | undefined;
  /** TLS files as they were before this resource first set them: a server without a certificate refuses to reload. */
  readonly baseline: Readonly<Record<string, string | null>>;
}

/** ON only during a START that makes a group; left ON by a deployment that was killed, the next START would make a second one. */
export const bootstrapFlag = "group_replication_bootstrap_group";

/** Variables that GroupMember's planner looks at even where nobody declares them yet. */
export const memberContext = [
  ...memberProperties.map((property) => variableOf(property).name),
  bootstrapFlag,
  "group_replication_recovery_ssl_ca",
  "group_replication_recovery_ssl_capath",
];

/** RecoveryChannel's. */
export const channelContext = [
  "group_replication_group_name",
  ...channelProperties.map((property) => variableOf(property).name),
];

/**
 * `settledAt`: server time up to which values are known to be in effect although they were set after the START,
 * because a change was taken back.
 */
export function viewOf(
  facts: ServerFacts,
  names: readonly string[],
  context: readonly string[],
  kept: {
    settledAt?: number | undefined;
    baseline?: Readonly<Record<string, string | null>> | undefined;
  } = {},
): ServerView {
  const seen = [...new Set([...context, ...names])].flatMap((name) => {
    const live = findVariable(name) && nameOn(variable(name), facts.version);
    return live && facts.variables[live] ? [{ name, fact: facts.variables[live] }] : [];
  });
  const from = Math.max(facts.startedAt ?? 0, kept.settledAt ?? 0);
  const running = isRunning(facts);
  return {
    address: facts.address,
    version: facts.version,
    running,
    stack: stackInEffect(facts),
    plugin: facts.plugins["group_replication"] === "ACTIVE",
    variables: Object.fromEntries(
      seen.map(({ name, fact }) => [
        name,
        {
          value: fact.value,
          ...(fact.persisted === undefined ? {} : { persisted: fact.persisted }),
          ...(fact.source === "DYNAMIC" && fact.persisted === undefined ? { fleeting: true as const } : {}),
        },
      ]),
    ),
    sinceStart:
      running && from > 0 ? seen.filter(({ fact }) => (fact.setAt ?? 0) > from).map((k) => k.name) : [],
    ...(facts.spoken === undefined ? {} : { spoken: facts.spoken }),
    notLoaded: seen.filter(({ name }) => differsFromLoaded(facts, name)).map((k) => k.name),
    ...(facts.shown === undefined ? {} : { shown: facts.shown }),
    baseline: baselineOf(facts, names, kept.baseline ?? {}),
  };
}

function baselineOf(
  facts: ServerFacts,
  names: readonly string[],
  before: Readonly<Record<string, string | null>>,
): Record<string, string | null> {
  const files = names.filter((name) => /^(admin_)?ssl_(ca|cert|key)$/.test(name) && facts.variables[name]);
  return Object.fromEntries(
    files.map((name) => [name, name in before ? before[name]! : facts.variables[name]!.value]),
  );
}

/** tls_channel_status names what is loaded Current_tls_ca for ssl_ca, Current_tls_version for tls_version. */
function differsFromLoaded(facts: ServerFacts, name: string): boolean {
  const v = variable(name);
  if (v.effect !== "tls-reload" || !/^(ssl|tls)_/.test(name)) return false;
  const loaded = facts.loadedTls[`Current_${name.replace(/^ssl_/, "tls_")}`];
  return loaded !== undefined && canonical(v, loaded) !== canonical(v, valueOf(facts, name));
}

/** Does XCom read this variable at START? ssl_* and tls_*, or the admin_* ones where tls_source says so. */
function isXcomMaterial(view: ServerView, name: string): boolean {
  const value = (of: string): string | null | undefined => view.variables[`group_replication_${of}`]?.value;
  const admin = /^admin_(ssl|tls)_/.test(name);
  return (
    view.stack === "XCOM" &&
    (value("ssl_mode") ?? "") !== "DISABLED" &&
    (admin || /^(ssl_(?!session)|tls_(version|ciphersuites))/.test(name)) &&
    admin === /admin/i.test(value("tls_source") ?? "mysql_main")
  );
}

/** Group communication shows the certificate that clients get, as of its own last START. */
export function groupShowsOwn(view: ServerView): boolean {
  return view.running && isXcomMaterial(view, "ssl_cert");
}

/** When a change of the variable acts on this server as it stands. */
export function effectOn(view: ServerView, name: string, sslMode: string): Effect {
  const effect = effectIn(variable(nameOn(variable(name), view.version) ?? name), view.version);
  if (!view.running) return effect === "member-restart" || effect === "group-restart" ? "next-start" : effect;
  const now = view.variables["group_replication_ssl_mode"]?.value ?? "";
  if (name === "group_replication_ssl_mode" && view.stack === "XCOM")
    return (now === "DISABLED") !== (sslMode === "DISABLED") ? "group-restart" : "member-restart";
  if (isXcomMaterial(view, name)) return "member-restart";
  if (view.stack === "MYSQL" && /^group_replication_recovery_(ssl|tls|use_ssl)/.test(name))
    return "member-restart";
  return effect;
}

export function isTlsMaterial(name: string): boolean {
  return variable(name).effect === "tls-reload";
}
