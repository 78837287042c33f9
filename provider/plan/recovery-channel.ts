import { canonical, variable } from "../mysql/catalogue";
import { canonicalOption, channelOption, optionLiteral, optionProblemOn } from "../mysql/channel-options";
import { dialectOf } from "../mysql/dialect";
import type { ChannelFact } from "../mysql/facts";
import { type Sql, quote, secret, sql } from "../mysql/sql";
import { InputError, NotReadyError } from "../errors";
import type { MemberPlan } from "./group-member";
import { changesLive, persistSteps, resetSteps, setStep } from "./settings";
import { type Cost, type Step, step } from "./step";
import { type ServerView, effectOn } from "./view";
import type { Wish } from "./wish";

export const recoveryChannel = "group_replication_recovery";

/** The channel as a planner sees it: the password only as a comparison made elsewhere. */
export interface SeenChannel {
  readonly user: string;
  readonly passwordMatches: boolean;
  readonly networkNamespace: string;
  readonly privilegeChecksUser: string;
  readonly requireTablePrimaryKeyCheck: string;
}

export interface ChannelWish {
  readonly user: string;
  readonly hasPassword: boolean;
  readonly networkNamespace?: string | undefined;
  readonly privilegeChecksUser?: string | undefined;
  readonly requireTablePrimaryKeyCheck?: string | undefined;
  readonly variables: Wish;
}

export function seenChannel(fact: ChannelFact | undefined, password: string): SeenChannel | undefined {
  if (!fact || (fact.user === "" && fact.password === "")) return undefined;
  const { password: live, ...rest } = fact;
  return { ...rest, passwordMatches: live === password };
}

/** Pure: the steps that give a server these credentials and this TLS for recovery. */
export function planChannel(
  view: ServerView,
  seen: SeenChannel | undefined,
  wish: ChannelWish,
  managedBefore: readonly string[],
  optionsBefore: readonly string[] = [],
): MemberPlan {
  // Credentials can be there before the plugin; variables come with it.
  if (!view.plugin && Object.keys(wish.variables).length > 0)
    throw new NotReadyError(view.address, "does not have the group_replication plugin", {
      todo: "let its GroupMember install it (installPlugin: true), or start the server with plugin-load-add=group_replication.so",
    });
  const carriesGroup = view.running && view.stack === "MYSQL";
  const credentials = credentialSteps(view, seen, wish, optionsBefore);
  const changes = variableChanges(view, wish.variables, managedBefore);
  const restarting = changes.filter((c) => c.cost === "member-restart");
  const restart = restarting.length > 0 || (carriesGroup && credentials.length > 0);
  const reasons = [
    ...(carriesGroup && credentials.length > 0
      ? ["the MYSQL stack reads the channel's credentials at START"]
      : []),
    ...restarting.map(
      (c) => `${c.name} ${c.pending ? "is set and not in effect" : "acts at START on the MYSQL stack"}`,
    ),
  ];
  return {
    server: view.address,
    cost: restart ? "member-restart" : "none",
    reasons,
    action: restart ? "restart" : "none",
    install: [],
    material: [],
    online: [...credentials, ...changes.filter((c) => c.cost === "none").flatMap((c) => c.steps)],
    stopped: restarting.flatMap((c) => c.steps),
    late: [],
  };
}

function variableChanges(
  view: ServerView,
  wish: Wish,
  managedBefore: readonly string[],
): { name: string; cost: Cost; steps: readonly Step[]; pending: boolean }[] {
  const costOf = (name: string): Cost =>
    effectOn(view, name, "") === "member-restart" ? "member-restart" : "none";
  const changed = Object.entries(wish).flatMap(([name, value]) => {
    const seen = view.variables[name];
    const cost = costOf(name);
    if (seen === undefined || canonical(variable(name), seen.value) !== value)
      return [{ name, cost, steps: [setStep(view, name, value)], pending: false }];
    const pending = cost === "member-restart" && view.sinceStart.includes(name);
    const stale = seen.persisted !== undefined && canonical(variable(name), seen.persisted) !== value;
    const steps = stale || seen.fleeting ? persistSteps(view, name, value) : [];
    return pending || steps.length > 0
      ? [{ name, cost: pending ? cost : ("none" as const), steps, pending }]
      : [];
  });
  const removed = managedBefore
    .filter((name) => !(name in wish))
    .map((name) => ({ name, steps: resetSteps(view, name), pending: false }))
    .filter((c) => c.steps.length > 0)
    .map((c) => ({ ...c, cost: changesLive(c.steps) ? costOf(c.name) : ("none" as const) }));
  return [...changed, ...removed];
}

/** Declared variables that are set and not in effect; nothing is refused, as a refresh shows what is. */
export function pendingOf(view: ServerView, wish: Wish): string[] {
  return Object.keys(wish).filter(
    (name) => effectOn(view, name, "") === "member-restart" && view.sinceStart.includes(name),
  );
}

function credentialSteps(
  view: ServerView,
  seen: SeenChannel | undefined,
  wish: ChannelWish,
  optionsBefore: readonly string[],
): Step[] {
  const { source, changeSource, resetChannel } = dialectOf(view.version);
  const to: Sql[] = [];
  const back: Sql[] = [];
  if (!seen || seen.user !== wish.user || !seen.passwordMatches) {
    to.push(
      sql(`${source}_USER = ${quote(wish.user)}`),
      wish.hasPassword ? sql(`${source}_PASSWORD = `, secret("password")) : sql(`${source}_PASSWORD = ''`),
    );
    back.push(
      sql(`${source}_USER = ${quote(seen?.user ?? "")}`),
      sql(`${source}_PASSWORD = `, secret("previousPassword")),
    );
  }
  for (const property of recoveryOptions) {
    const option = channelOption(property);
    const was = (seen?.[property] ?? "") || option.unset;
    const is = wish[property] ?? (optionsBefore.includes(property) ? option.unset : undefined);
    if (is === undefined || canonicalOption(option, is) === canonicalOption(option, was)) continue;
    const problem = optionProblemOn(option, is, view.version);
    if (problem !== undefined)
      throw new InputError(property, `${view.address} runs ${view.version}, ${problem}`);
    to.push(sql(`${option.name} = ${optionLiteral(option, is)}`));
    back.push(sql(`${option.name} = ${optionLiteral(option, was)}`));
  }
  if (to.length === 0) return [];
  return [
    step(view.address, changeSource(to, recoveryChannel), [
      seen ? changeSource(back, recoveryChannel) : resetChannel(recoveryChannel),
    ]),
  ];
}

/** The options that this channel takes beside user and password; any other is error 3139. */
export const recoveryOptions = [
  "networkNamespace",
  "privilegeChecksUser",
  "requireTablePrimaryKeyCheck",
] as const;

/** What deletion does: the credentials are cleared, declared settings go back to the server's defaults. */
export function clearChannelSteps(view: ServerView, managed: readonly string[]): Step[] {
  return [
    step(view.address, dialectOf(view.version).resetChannel(recoveryChannel)),
    ...managed.flatMap((name) => resetSteps(view, name)),
  ];
}
