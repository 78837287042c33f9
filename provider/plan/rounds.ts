import { variable } from "../mysql/catalogue";
import type { ServerFacts } from "../mysql/facts";
import { type TlsMember, bridgeBetween, has, protocolsOn } from "../tls/rules";
import { defaultOn } from "./settings";
import { type ServerView, bootstrapFlag, memberContext, viewOf } from "./view";
import { type Wish, itemsOf } from "./wish";

/** Of the server's own lists; with tls_source MYSQL_ADMIN group communication takes those of the admin interface. */
const lists = ["tls_version", "tls_ciphersuites"] as const;

/** What tells what members can talk about, beside GroupMember's own variables. */
const tlsContext = [
  ...lists.flatMap((name) => [`admin_${name}`, `group_replication_recovery_${name}`]),
  "group_replication_recovery_use_ssl",
];

/** Of any member of a group, also one that nobody declares. */
export function tlsViewOf(facts: ServerFacts, kept: { settledAt?: number | undefined } = {}): ServerView {
  return viewOf(facts, tlsContext, memberContext, kept);
}

/** A pair of lists by the prefix of its variables; undefined where no protocols are known. */
export function listsOf(view: ServerView, prefix: string, after: Wish): TlsMember | undefined {
  const [protocols, ciphersuites] = lists.map((name) => {
    const v = variable(`${prefix}${name}`);
    return itemsOf(v, after[v.name] ?? view.variables[v.name]?.value);
  }) as [string[], string[]];
  if (protocols.length === 0) return undefined;
  return { version: view.version, protocols, ...(ciphersuites.length > 0 ? { ciphersuites } : {}) };
}

/** What group communication over XCom takes after its next START; undefined where it does not encrypt. */
export function spokenAfter(view: ServerView, after: Wish = {}): TlsMember | undefined {
  const value = (name: string): string =>
    after[name] ?? view.variables[name]?.value ?? defaultOn(variable(name), view.version) ?? "";
  const stack = after["group_replication_communication_stack"] ?? view.stack;
  if (stack !== "XCOM" || value("group_replication_ssl_mode") === "DISABLED") return undefined;
  return listsOf(view, sourceOf(value("group_replication_tls_source")), after);
}

function sourceOf(tlsSource: string): string {
  return /admin/i.test(tlsSource) ? "admin_" : "";
}

/** What it takes now; undefined where it does not run, does not encrypt, or where it cannot be known. */
export function spokenNow(view: ServerView): TlsMember | undefined {
  const live = view.running ? spokenAfter(view) : undefined;
  const isNewer = (name: string): boolean => view.sinceStart.includes(name);
  if (!live || isNewer("group_replication_tls_source")) return undefined;
  const prefix = sourceOf(view.variables["group_replication_tls_source"]?.value ?? "");
  const protocols = isNewer(`${prefix}tls_version`) ? view.spoken : live.protocols;
  if (!protocols) return undefined;
  const ciphersuites = isNewer(`${prefix}tls_ciphersuites`) ? undefined : live.ciphersuites;
  return { version: live.version, protocols, ...(ciphersuites ? { ciphersuites } : {}) };
}

export interface Bridging {
  /** The variables that the first round sets otherwise than declared. */
  readonly wish: Wish;
  readonly before: string;
  readonly after: string;
}

/**
 * While members restart one by one, those that have and those that have not must talk. Where the lists from before and the declared ones
 * cannot, the first of two rounds is made with lists that can talk to both; undefined where one round does.
 */
export function bridging(view: ServerView, wish: Wish): Bridging | undefined {
  const after = spokenAfter(view, wish);
  const before = spokenNow(view);
  const between = after && (before ? bridgeBetween(before, after) : fromAnything(after));
  if (!between) return undefined;
  const entries = [
    ["tls_version", ",", before?.protocols, after.protocols, between.protocols],
    ["tls_ciphersuites", ":", before?.ciphersuites, after.ciphersuites, between.ciphersuites],
  ] as const;
  const differing = entries.filter(([name, , , declared, now]) => name in wish && declared !== now);
  const [first] = differing;
  if (!first) return undefined;
  return {
    wish: Object.fromEntries(differing.map(([name, separator, , , now]) => [name, now!.join(separator)])),
    before: first[2]?.join(", ") ?? "what is in effect now",
    after: first[3]!.join(", "),
  };
}

/** What was set since the START, the group does not speak, and what it does speak is not known: all protocols there are. */
function fromAnything(after: TlsMember): TlsMember | undefined {
  const all = protocolsOn(after.version, "group");
  return all.every((protocol) => has(after.protocols, protocol)) ? undefined : { ...after, protocols: all };
}

/** The lists of a round, as a person reads them. */
export function named(wish: Wish): string {
  return Object.values(wish)
    .map((list) => list.split(/[,:]/).join(", "))
    .join("; ");
}

/** The server when all of this is declared and in effect. */
export function viewBetween(view: ServerView, wish: Wish): ServerView {
  const { spoken: _, shown: _shown, ...rest } = view;
  const settled = Object.entries(wish).map(([name, value]) => [name, { value, persisted: value }] as const);
  return {
    ...rest,
    sinceStart: [],
    notLoaded: [],
    variables: { ...view.variables, [bootstrapFlag]: { value: "OFF" }, ...Object.fromEntries(settled) },
  };
}
