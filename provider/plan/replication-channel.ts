import { InputError, NotReadyError } from "../errors";
import {
  type ChannelOption,
  type OptionValue,
  type Thread,
  canonicalOption,
  channelOption,
  channelOptions,
  optionLiteral,
  optionName,
  optionProblemOn,
  unsetOn,
} from "../mysql/channel-options";
import { dialectOf } from "../mysql/dialect";
import { type Sql, print, quote, secret, sql } from "../mysql/sql";
import { protocolProblemOn } from "../tls/rules";
import { type MemberPlan, nothingToDo } from "./group-member";
import { type Step, step } from "./step";

/** A replica as a planner sees it. */
export interface ReplicaView {
  readonly address: string;
  readonly version: string;
  /** Undefined where there is no channel of that name. */
  readonly channel?: SeenSourceChannel | undefined;
}

export interface SeenSourceChannel {
  /** By property, in one spelling; an option that the version lacks is not there. */
  readonly options: Readonly<Record<string, string>>;
  readonly passwordMatches: boolean;
  /** The thread runs, or tries to. */
  readonly receiver: boolean;
  readonly applier: boolean;
  /** What the applier has done, as a place in the source's binary log. */
  readonly applied?: { readonly file: string; readonly position: number } | undefined;
}

export interface SourceChannelWish {
  /** FOR CHANNEL; '' is the default channel. */
  readonly name: string;
  /** By property. */
  readonly options: Readonly<Record<string, OptionValue>>;
  readonly hasPassword: boolean;
  /** Where a channel that does not use auto-position begins. */
  readonly start?: { readonly file: string; readonly position: number } | undefined;
  /** Both threads are kept running. */
  readonly running: boolean;
}

/** The manual's five meanings of TLS, less PREFERRED, which a channel does not have. */
export type ChannelSslMode = "DISABLED" | "REQUIRED" | "VERIFY_CA" | "VERIFY_IDENTITY";

/** What a mode says of single options: a CA alone makes a channel verify, so that REQUIRED has none. */
export function sslOptions(mode: ChannelSslMode): Record<string, OptionValue> {
  switch (mode) {
    case "DISABLED":
      return { ssl: false, sslVerifyServerCert: false };
    case "REQUIRED":
      return { ssl: true, sslCa: "", sslCapath: "", sslVerifyServerCert: false };
    case "VERIFY_CA":
      return { ssl: true, sslVerifyServerCert: false };
    case "VERIFY_IDENTITY":
      return { ssl: true, sslVerifyServerCert: true };
  }
}

/** The mode that the options amount to. */
export function sslModeOf(options: Readonly<Record<string, string>>): ChannelSslMode {
  if (options["ssl"] !== "1") return "DISABLED";
  if (options["sslVerifyServerCert"] === "1") return "VERIFY_IDENTITY";
  return (options["sslCa"] ?? "") !== "" || (options["sslCapath"] ?? "") !== "" ? "VERIFY_CA" : "REQUIRED";
}

/** Pure: the statements that make the channel as declared; a thread is stopped only where an option wants that. */
export function planSourceChannel(
  view: ReplicaView,
  wish: SourceChannelWish,
  managedBefore: readonly string[] = [],
): MemberPlan {
  requireOptions(view, wish);
  const steps = view.channel
    ? changeSteps(view, view.channel, wish, managedBefore)
    : [makeStep(view, wish), ...(wish.running ? [startStep(view, wish.name, "both")] : [])];
  const stops = view.channel && steps.some((s) => print(s.sql).startsWith("STOP"));
  return {
    ...nothingToDo(view.address),
    cost: stops ? "channel-restart" : "none",
    reasons: stops ? reasonsOf(view, wish, managedBefore) : [],
    online: steps,
  };
}

/** What the server would refuse half-way, or take without a word and fail with when it connects. */
function requireOptions(view: ReplicaView, wish: SourceChannelWish): void {
  for (const [property, value] of Object.entries(wish.options)) {
    const problem =
      optionProblemOn(channelOption(property), value, view.version) ??
      protocolsProblem(view, property, value);
    if (problem !== undefined)
      throw new InputError(property, `${view.address} runs ${view.version}, ${problem}`);
  }
}

function protocolsProblem(
  { version }: ReplicaView,
  property: string,
  value: OptionValue,
): string | undefined {
  if (property !== "tlsVersion") return undefined;
  const problem = protocolProblemOn(value as string[], version, "server");
  return problem === undefined ? undefined : `which ${problem}`;
}

interface Change {
  readonly option: ChannelOption;
  readonly to: OptionValue;
}

function changesOf(
  view: ReplicaView,
  seen: SeenSourceChannel,
  wish: SourceChannelWish,
  managedBefore: readonly string[],
): Change[] {
  const removed = managedBefore.filter((property) => !(property in wish.options));
  const changes = channelOptions
    .filter((option) => option.property in seen.options)
    .flatMap((option) => {
      const back = removed.includes(option.property) ? unsetOn(option, view.version) : undefined;
      const to = wish.options[option.property] ?? back;
      return to === undefined || canonicalOption(option, to) === seen.options[option.property]
        ? []
        : [{ option, to }];
    });
  const heartbeat = channelOption(lostByMove);
  const keeps = !changes.some(({ option }) => option === heartbeat);
  return moves(changes) && keeps
    ? [...changes, { option: heartbeat, to: wish.options[lostByMove] ?? seen.options[lostByMove]! }]
    : changes;
}

/** Another host or port is another source to the server, which forgets this option then (seen on 9.7.4). */
const lostByMove = "heartbeatPeriod";

function moves(changes: readonly Change[]): boolean {
  return changes.some(({ option }) => ["host", "port"].includes(option.property));
}

function reasonsOf(view: ReplicaView, wish: SourceChannelWish, managedBefore: readonly string[]): string[] {
  const changes = changesOf(view, view.channel!, wish, managedBefore);
  const names = changes.map(({ option }) => optionName(option, view.version));
  return [...names, ...(passwordChanges(view.channel!, wish) ? ["its password"] : [])].map(
    (name) => `${name} can be changed on a stopped channel only`,
  );
}

function passwordChanges(seen: SeenSourceChannel, wish: SourceChannelWish): boolean {
  return !seen.passwordMatches && (wish.hasPassword || seen.options["user"] !== wish.options["user"]);
}

function changeSteps(
  view: ReplicaView,
  seen: SeenSourceChannel,
  wish: SourceChannelWish,
  managedBefore: readonly string[],
): Step[] {
  const changes = changesOf(view, seen, wish, managedBefore);
  const password = passwordChanges(seen, wish);
  const positions = moves(changes) && !automatic(wish, seen);
  if (positions && !wish.start)
    throw new NotReadyError(view.address, `would begin at the first event of another source's binary log`, {
      why: "another host or port is another source, and the channel does not use auto-position",
      todo: "declare autoPosition: true, or logFile and logPosition of the new source",
    });
  const threads = [
    ...changes.map(({ option }) => option.thread),
    ...(password ? (["receiver"] as const) : []),
    ...(positions ? (["both"] as const) : []),
  ];
  const stopped = toStop(seen, threads);
  const change: Step[] =
    changes.length > 0 || password
      ? [changeStep(view, seen, wish, { changes, password, positions, stopped })]
      : [];
  const start = toStart(seen, stopped, wish.running);
  return [
    ...(stopped ? [stopStep(view, wish.name, stopped)] : []),
    ...change,
    ...(start ? [startStep(view, wish.name, start)] : []),
  ];
}

function automatic(wish: SourceChannelWish, seen?: SeenSourceChannel): boolean {
  const declared = wish.options["autoPosition"];
  return declared === undefined ? seen?.options["autoPosition"] === "1" : declared === true;
}

/** Of the threads that an option wants stopped, those that run. */
function toStop(seen: SeenSourceChannel, threads: readonly Thread[]): Thread | undefined {
  const wants = (thread: Thread): boolean => threads.includes(thread) || threads.includes("both");
  return joined(wants("receiver") && seen.receiver, wants("applier") && seen.applier);
}

/** What was stopped for the change, and what should have been running before it. */
function toStart(seen: SeenSourceChannel, stopped: Thread | undefined, running: boolean): Thread | undefined {
  const was = (thread: Thread): boolean => stopped === thread || stopped === "both";
  return joined(was("receiver") || (running && !seen.receiver), was("applier") || (running && !seen.applier));
}

function joined(receiver: boolean, applier: boolean): Thread | undefined {
  if (receiver && applier) return "both";
  if (receiver) return "receiver";
  return applier ? "applier" : undefined;
}

interface ChangeOptions {
  readonly changes: readonly Change[];
  readonly password: boolean;
  readonly positions: boolean;
  readonly stopped: Thread | undefined;
}

function changeStep(
  view: ReplicaView,
  seen: SeenSourceChannel,
  wish: SourceChannelWish,
  { changes, password, positions, stopped }: ChangeOptions,
): Step {
  const { changeSource, stopThreads } = dialectOf(view.version);
  const literal = ({ option, to }: Change): Sql => assignment(view, option, to);
  const before = ({ option }: Change): Sql => assignment(view, option, seen.options[option.property]!);
  const to = [
    ...changes.map(literal),
    ...(password ? [passwordOption(view, wish.hasPassword ? "password" : undefined)] : []),
    ...(positions ? positionOptions(view, wish.start!) : []),
  ];
  const back = [
    ...changes.map(before),
    ...(password ? [passwordOption(view, "previousPassword")] : []),
    ...(positions && seen.applied ? positionOptions(view, seen.applied) : []),
  ];
  // A server that was started anew meanwhile has started its channels as well.
  const halt = stopped === undefined ? [] : [stopThreads(wish.name, stopped)];
  return step(view.address, changeSource(to, wish.name), [...halt, changeSource(back, wish.name)]);
}

function makeStep(view: ReplicaView, wish: SourceChannelWish): Step {
  const { changeSource, stopThreads, resetChannel } = dialectOf(view.version);
  const options = channelOptions
    .filter((option) => wish.options[option.property] !== undefined)
    .map((option) => assignment(view, option, wish.options[option.property]!));
  const all = [
    ...options,
    ...(wish.hasPassword ? [passwordOption(view, "password")] : []),
    ...(wish.start && !automatic(wish) ? positionOptions(view, wish.start) : []),
  ];
  return step(view.address, changeSource(all, wish.name), [
    stopThreads(wish.name, "both"),
    resetChannel(wish.name),
  ]);
}

function assignment(view: ReplicaView, option: ChannelOption, value: OptionValue): Sql {
  return sql(`${optionName(option, view.version)} = ${optionLiteral(option, value)}`);
}

function passwordOption(view: ReplicaView, name: string | undefined): Sql {
  const option = `${dialectOf(view.version).source}_PASSWORD = `;
  return name === undefined ? sql(`${option}''`) : sql(option, secret(name));
}

function positionOptions(view: ReplicaView, { file, position }: { file: string; position: number }): Sql[] {
  const { source } = dialectOf(view.version);
  return [sql(`${source}_LOG_FILE = ${quote(file)}`), sql(`${source}_LOG_POS = ${position}`)];
}

function startStep(view: ReplicaView, name: string, thread: Thread): Step {
  const { startThreads, stopThreads } = dialectOf(view.version);
  return step(view.address, startThreads(name, thread), [stopThreads(name, thread)]);
}

function stopStep(view: ReplicaView, name: string, thread: Thread): Step {
  const { startThreads, stopThreads } = dialectOf(view.version);
  return step(view.address, stopThreads(name, thread), [startThreads(name, thread)]);
}

/** What deletion does: this channel, and no other. */
export function dropChannelSteps(view: ReplicaView, name: string): Step[] {
  if (!view.channel) return [];
  const { stopThreads, resetChannel } = dialectOf(view.version);
  const runs = joined(view.channel.receiver, view.channel.applier);
  return [
    ...(runs ? [step(view.address, stopThreads(name, runs))] : []),
    step(view.address, resetChannel(name)),
  ];
}
