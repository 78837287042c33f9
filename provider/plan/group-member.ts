import { GroupRestartError, NotReadyError } from "../errors";
import { canonical, nameOn, variable } from "../mysql/catalogue";
import { dialectOf } from "../mysql/dialect";
import { type Cost, type Step, highest, printSteps, step } from "./step";
import { bridging, named, viewBetween } from "./rounds";
import { type Mending, mending, requireReload } from "./shown";
import { changesLive, defaultOn, persistSteps, requireProtocols, resetSteps, setStep } from "./settings";
import { type ServerView, bootstrapFlag, effectOn, isTlsMaterial } from "./view";
import type { Wish } from "./wish";

/** What has to happen on one server to make it as declared, in the order of the fields. */
export interface MemberPlan {
  readonly server: string;
  readonly cost: Cost;
  /** Why the member has to be started or restarted; empty where it has not. */
  readonly reasons: readonly string[];
  readonly action: "none" | "start" | "restart" | "group-restart";
  /** Installs the plugin. */
  readonly install: readonly Step[];
  /** TLS files and the reload: proven by handshakes before anything is stopped. */
  readonly material: readonly Step[];
  /** What acts at once, or at the next start. */
  readonly online: readonly Step[];
  /** Between STOP and START. */
  readonly stopped: readonly Step[];
  /** After the member is ONLINE. */
  readonly late: readonly Step[];
  /**
   * All of the above is only the first of two rounds, with lists that every other member can talk to; this is the second, when all of
   * them have gone through the first.
   */
  readonly second?: MemberPlan;
  /** What the first round sets otherwise than declared. */
  readonly between?: Wish;
}

export interface MemberWish {
  readonly variables: Wish;
  readonly bootstrap: boolean;
  readonly installPlugin: boolean;
  /** The user lets the whole group be stopped for what cannot be had otherwise. */
  readonly groupRestart?: boolean;
  /** SHA-256 of the certificate that is to be in memory, lower-case hex. */
  readonly expectedCertificate?: string | undefined;
}

const sslModeName = "group_replication_ssl_mode";
const startOnBoot = "group_replication_start_on_boot";
export const reloadTls = "ALTER INSTANCE RELOAD TLS";

/**
 * Pure: from what a server is, what it should be, and which variables the last update had declared, to the steps.
 * Preview prints this plan and update runs it.
 */
export function planMember(view: ServerView, wish: MemberWish, managedBefore: readonly string[]): MemberPlan {
  const only = planRound(view, wish, managedBefore);
  const between = only.action === "restart" ? bridging(view, wish.variables) : undefined;
  if (!between) return only;
  const first = { ...wish, variables: { ...wish.variables, ...between.wish } };
  const second = planRound(viewBetween(view, first.variables), wish, []);
  const why = `in two rounds, since members with ${between.before} and members with ${between.after} could not talk to each other`;
  const plan = planRound(view, first, managedBefore);
  return {
    ...plan,
    reasons: [...plan.reasons, `${why}: the first with ${named(between.wish)}`],
    between: between.wish,
    second: { ...second, reasons: [...second.reasons, `the second round, with ${between.after}`] },
  };
}

function planRound(view: ServerView, wish: MemberWish, managedBefore: readonly string[]): MemberPlan {
  const sslMode = sslModeAfter(view, wish.variables, managedBefore);
  const install =
    view.plugin || !wish.installPlugin
      ? []
      : [
          step(view.address, "INSTALL PLUGIN group_replication SONAME 'group_replication.so'", [
            { parts: ["UNINSTALL PLUGIN group_replication"] },
          ]),
        ];
  if (!view.plugin && install.length === 0)
    throw new NotReadyError(view.address, "does not have the group_replication plugin", {
      todo: "declare installPlugin: true, or start the server with plugin-load-add=group_replication.so",
    });
  requireCa(view, wish.variables, managedBefore, sslMode);
  const changes = changesOf(view, wish.variables, managedBefore, sslMode);
  if (!wish.groupRestart) refuseGroupRestart(view, wish.variables, changes);
  requireGroupProtocols(view, wish.variables, sslMode);
  const mend = mending(view, wish.expectedCertificate);
  requireReload(view, mend);
  return arrange(view, wish, install, changes, mend, sslMode);
}

function sslModeAfter(view: ServerView, wish: Wish, managedBefore: readonly string[]): string {
  const declared = wish[sslModeName];
  if (declared !== undefined) return declared;
  const removed = managedBefore.includes(sslModeName);
  const fallback = removed ? defaultOn(variable(sslModeName), view.version) : undefined;
  return fallback ?? view.variables[sslModeName]?.value ?? "";
}

interface Change {
  readonly name: string;
  readonly cost: Cost;
  readonly steps: readonly Step[];
  /** Set already, and not in effect. */
  readonly pending: boolean;
}

function changesOf(
  view: ServerView,
  wish: Wish,
  managedBefore: readonly string[],
  sslMode: string,
): readonly Change[] {
  const changed = Object.entries(wish).flatMap(([name, value]) => changeOf(view, name, value, sslMode));
  const removed = managedBefore
    .filter((name) => !(name in wish))
    .flatMap((name) => {
      const steps = resetSteps(view, name);
      const cost = changesLive(steps) ? costOf(view, name, sslMode) : "none";
      return steps.length === 0 ? [] : [{ name, cost, steps, pending: false }];
    });
  return [...changed, ...removed];
}

function changeOf(view: ServerView, name: string, value: string, sslMode: string): Change[] {
  const v = variable(name);
  const seen = view.variables[name];
  const cost = costOf(view, name, sslMode);
  const same = seen !== undefined && canonical(v, seen.value) === canonical(v, value);
  if (!same) return [{ name, cost, steps: [setStep(view, name, value)], pending: false }];
  const stale = seen.persisted !== undefined && canonical(v, seen.persisted) !== canonical(v, value);
  const steps =
    (stale || seen.fleeting) && v.persistable !== false && !v.neverPersist
      ? persistSteps(view, name, value)
      : [];
  const unread = cost === "member-restart" && view.sinceStart.includes(name);
  const unloaded = view.notLoaded.includes(name);
  if (!unread && !unloaded && steps.length === 0) return [];
  return [
    { name, cost: unread ? cost : unloaded ? "tls-reload" : "none", steps, pending: unread || unloaded },
  ];
}

function costOf(view: ServerView, name: string, sslMode: string): Cost {
  const effect = effectOn(view, name, sslMode);
  return effect === "immediate" || effect === "next-start" || effect === "next-recovery" ? "none" : effect;
}

function arrange(
  view: ServerView,
  wish: MemberWish,
  install: readonly Step[],
  changes: readonly Change[],
  mend: Mending,
  sslMode: string,
): MemberPlan {
  const material = changes.filter((c) => isTlsMaterial(c.name));
  const others = changes.filter((c) => !isTlsMaterial(c.name));
  const lateOn = others.filter((c) => c.name === startOnBoot && wish.variables[startOnBoot] === "ON");
  const waiting = others.filter((c) => !lateOn.includes(c) && (c.cost !== "none" || !view.running));
  const online = others.filter((c) => !lateOn.includes(c) && !waiting.includes(c));
  const needs = (cost: Cost): boolean => view.running && changes.some((c) => c.cost === cost);
  const action = !view.running
    ? "start"
    : needs("group-restart")
      ? "group-restart"
      : needs("member-restart") || mend.restart
        ? "restart"
        : "none";
  // Where the group encrypts, a START loads the files as they are: a reload beforehand shows whether they can be, and which they are.
  const shows = stopsMember(action) || (action === "start" && wish.expectedCertificate !== undefined);
  const reload =
    dialectOf(view.version).reloadTls &&
    (material.length > 0 || mend.reload || (shows && sslMode !== "DISABLED"));
  return {
    server: view.address,
    cost: highest([...changes.map((c) => c.cost), costOfMending(mend)]),
    reasons: [...reasonsOf(view, changes, action), ...mend.reasons],
    action,
    install,
    material: [...material.flatMap((c) => c.steps), ...(reload ? [step(view.address, reloadTls)] : [])],
    online: [...strayBootstrap(view), ...online.flatMap((c) => c.steps)],
    stopped: inServerOrder(waiting, wish.variables).flatMap((c) => c.steps),
    late: lateOn.flatMap((c) => c.steps),
  };
}

function costOfMending({ reload, restart }: Mending): Cost {
  return restart ? "member-restart" : reload ? "tls-reload" : "none";
}

function strayBootstrap(view: ServerView): Step[] {
  const isOn = view.variables[bootstrapFlag]?.value === "ON";
  return isOn ? [step(view.address, `SET GLOBAL ${bootstrapFlag} = OFF`)] : [];
}

/** single_primary_mode ON and enforce_update_everywhere_checks ON exclude each other at every moment. */
function inServerOrder(changes: readonly Change[], wish: Wish): readonly Change[] {
  const checks = changes.filter((c) => c.name === "group_replication_enforce_update_everywhere_checks");
  const others = changes.filter((c) => !checks.includes(c));
  return wish["group_replication_single_primary_mode"] === "OFF"
    ? [...others, ...checks]
    : [...checks, ...others];
}

function reasonsOf(view: ServerView, changes: readonly Change[], action: MemberPlan["action"]): string[] {
  if (action === "start") return ["Group Replication does not run"];
  return changes
    .filter((c) => c.cost === "member-restart" || c.cost === "group-restart")
    .map((c) => {
      const name = nameOn(variable(c.name), view.version);
      if (c.pending) return `${name} is set and not in effect`;
      return c.cost === "group-restart" ? `${name} must be the same on all` : `${name} acts at START`;
    });
}

export function nothingToDo(server: string): MemberPlan {
  return {
    server,
    cost: "none",
    reasons: [],
    action: "none",
    install: [],
    material: [],
    online: [],
    stopped: [],
    late: [],
  };
}

export function isEmpty(plan: MemberPlan): boolean {
  return plan.action === "none" && allSteps(plan).length === 0;
}

/** A running member is stopped and started again, alone or with its whole group. */
export function stopsMember(action: string | undefined): boolean {
  return action === "restart" || action === "group-restart";
}

/** Every statement of the plan, in order, with STOP and START where they come. */
export function allSteps(plan: MemberPlan): Step[] {
  const stop = stopsMember(plan.action) ? [step(plan.server, "STOP GROUP_REPLICATION")] : [];
  const start = plan.action === "none" ? [] : [step(plan.server, "START GROUP_REPLICATION")];
  return [
    ...plan.install,
    ...plan.online,
    ...plan.material,
    ...stop,
    ...plan.stopped,
    ...start,
    ...plan.late,
    ...(plan.second ? allSteps(plan.second) : []),
  ];
}

export function printPlan(plan: MemberPlan): string[] {
  return printSteps(allSteps(plan));
}

/** What takes the statements back, last first. */
export function undoOf(steps: readonly Step[]): Step[] {
  return [...steps]
    .reverse()
    .flatMap((s) => s.undo.map((statement) => ({ server: s.server, sql: statement, undo: [] })));
}

/** Group communication verifies against ssl_ca on XCOM, and against recovery_ssl_ca on the MYSQL stack. */
function requireCa(view: ServerView, wish: Wish, managedBefore: readonly string[], sslMode: string): void {
  if (!sslMode.startsWith("VERIFY_")) return;
  const stack = wish["group_replication_communication_stack"] ?? view.stack;
  const prefix = stack === "MYSQL" ? "group_replication_recovery_ssl" : "ssl";
  const after = (name: string): string | null | undefined =>
    wish[name] ?? (managedBefore.includes(name) ? view.baseline[name] : view.variables[name]?.value);
  const has = (name: string): boolean => (after(name) ?? "") !== "";
  if (has(`${prefix}_ca`) || has(`${prefix}_capath`)) return;
  throw new NotReadyError(
    view.address,
    `would verify its peers (ssl_mode ${sslMode}) without a CA to trust`,
    {
      why: `neither ${prefix}_ca nor ${prefix}_capath is set`,
      todo:
        stack === "MYSQL"
          ? "declare recoverySslCa on this member's RecoveryChannel"
          : "declare sslCa on this GroupMember",
    },
  );
}

/** Group communication takes the server's list of protocols on XCOM. */
function requireGroupProtocols(view: ServerView, wish: Wish, sslMode: string): void {
  const v = variable("tls_version");
  const declared = wish[v.name];
  if (declared === undefined) return;
  const stack = wish["group_replication_communication_stack"] ?? view.stack;
  if (stack === "XCOM" && sslMode !== "DISABLED") requireProtocols(view, v, declared, "group");
}

function refuseGroupRestart(view: ServerView, wish: Wish, changes: readonly Change[]): void {
  const change = changes.find((c) => c.cost === "group-restart");
  if (!change) return;
  const from = view.variables[change.name]?.value ?? "";
  const to = wish[change.name] ?? "the default";
  const why =
    change.name === sslModeName
      ? "on the XCOM stack an encrypted and an unencrypted member cannot talk to each other, so members cannot change one by one: the first would be refused by the others (3092 after 61 s)"
      : "every member of a group must have the same value, so members cannot change one by one";
  throw new GroupRestartError(
    view.address,
    `${change.name} cannot go from ${from || "''"} to ${to} while the group runs`,
    why,
    change.name === "group_replication_single_primary_mode"
      ? `SELECT group_replication_switch_to_${to === "ON" ? "single" : "multi"}_primary_mode() on any member changes it on all without a restart; then pulumi up --refresh adopts it`
      : 'declare rollout: { groupRestart: "allow" } on every member for a time when writes may pause for some seconds; or leave the value as it is',
  );
}
