import { OtherServerError, ProviderError, StepFailedError, withLeft } from "../errors";
import { type OptionValue, canonicalOption, channelOption, channelOptions } from "../mysql/channel-options";
import { until } from "../mysql/membership";
import { privilegesFor, requirePrivileges } from "../mysql/privileges";
import { ServerError, type Session } from "../mysql/session";
import {
  type Encryption,
  type ReplicaFacts,
  awaitThreads,
  encryptionAtSource,
  observeReplica,
} from "../mysql/source-channels";
import { type Sql, print, quote } from "../mysql/sql";
import { type Target, addressOf } from "../mysql/target";
import { type MemberPlan, isEmpty, printPlan, undoOf } from "../plan/group-member";
import { renderChannelOptionFile } from "../plan/option-file";
import {
  type ChannelSslMode,
  type ReplicaView,
  type SourceChannelWish,
  dropChannelSteps,
  planSourceChannel,
  sslModeOf,
  sslOptions,
} from "../plan/replication-channel";
import { type Step, printSteps } from "../plan/step";
import { isUnknown } from "../plan/wish";
import { stepFailure } from "../rolling/handle";
import { type ConnectionInputs, addressFrom, say, sessions, targetOf } from "./context";
import {
  declaredIn,
  isNew,
  keptOptionFile,
  otherPassword,
  pack,
  providerOf,
  same,
  stateIn,
  stubChanged,
} from "./lifecycle";
import { newestVersion, sayCreation, sayPlan } from "./preview";
import { sourceChannelFailures } from "./replication-channel-rules";
import { type CheckFailure, type Inputs, firstOfEach, shapeFailures } from "./validation";

interface ChannelState extends Inputs {
  address: string;
  serverUuid: string;
  facts: { view: ReplicaView };
}

const outputs = ["address", "serverUuid", "serverVersion", "cipher", "protocol", "optionFile", "facts"];
const declared = (all: Inputs): Inputs => declaredIn(all, outputs);

/** The threads have this long, in seconds, to run without an error. */
const startTime = 30;

/** A server that is started again answers within this many seconds, if it does. */
const patience = 30;

export function check(olds: Inputs | undefined, news: Inputs): { inputs: Inputs; failures: CheckFailure[] } {
  const inputs = declared(news);
  const shape = shapeFailures("source", inputs);
  const failures = firstOfEach([...shape, ...(shape.length > 0 ? [] : sourceChannelFailures(inputs))]);
  if (isNew(olds) && failures.length === 0) {
    const address = addressFrom(inputs["connection"]);
    const view: ReplicaView = { address, version: newestVersion };
    sayCreation(title(inputs), address, () => printPlan(planSourceChannel(view, wishOf(inputs))));
  }
  return { inputs: { ...inputs, ...providerOf(news) }, failures };
}

export function diff(
  _id: string,
  olds: Inputs,
  news: Inputs,
): { changes: boolean; replaces?: string[]; deleteBeforeReplace?: boolean } {
  const { view } = stateIn<ChannelState>(olds).facts;
  const passwordKept = isUnknown(news["password"]) || same(olds["password"], news["password"]);
  const seen: ReplicaView = {
    ...view,
    ...(view.channel
      ? {
          channel: { ...view.channel, passwordMatches: view.channel.passwordMatches && passwordKept },
        }
      : {}),
  };
  // To the server capitals are small letters: what was made as new would be removed as old.
  const renamed =
    !isUnknown(news["channelName"]) && nameOf(olds).toLowerCase() !== nameOf(news).toLowerCase();
  if (renamed) return { changes: true, replaces: ["channelName"] };
  const plan = planSourceChannel(seen, wishOf(news), managedBy(olds, news));
  const planned = !isEmpty(plan);
  if (planned) sayPlan(title(news), plan);
  return { changes: planned || !same(declared(olds), declared(news)) || stubChanged(olds, news) };
}

export async function create(inputs: Inputs): Promise<{ id: string; outs: Inputs }> {
  const outs = await converge(inputs, undefined);
  return { id: `${String(outs["serverUuid"])}/${nameOf(inputs)}`, outs };
}

export async function update(_id: string, olds: Inputs, news: Inputs): Promise<{ outs: Inputs }> {
  return { outs: await converge(news, olds) };
}

export async function read(
  id: string,
  props: Inputs,
): Promise<{ id: string; props: Inputs; inputs: Inputs }> {
  const state = stateIn<ChannelState>(props);
  const inputs = declared(props);
  const target = targetIn(inputs);
  const facts = await sessions.use(target, (session) => observeReplica(session, nameOf(inputs)));
  requireSame(facts, state);
  const running = facts.channel?.receiver.state === "ON";
  const encryption = running ? await atSource(inputs, facts) : undefined;
  const live = liveInputs(inputs, facts);
  const outs = outputsOf(inputs, facts, encryption);
  return { id, props: { ...outs, ...keptOptionFile(props, outs), ...live }, inputs: live };
}

export async function remove(_id: string, props: Inputs): Promise<void> {
  const state = stateIn<ChannelState>(props);
  await sessions.use(targetIn(props), async (session) => {
    const facts = await observeReplica(session, nameOf(props));
    requireSame(facts, state);
    const steps = dropChannelSteps(viewOf(facts, props), nameOf(props));
    await requirePrivileges(session, facts.account, privilegesFor(printSteps(steps)));
    for (const step of steps) await run(session, step.sql, {});
  });
}

/** Makes the channel as declared and proves it; what does not work is taken back. */
async function converge(inputs: Inputs, olds: Inputs | undefined): Promise<Inputs> {
  const name = nameOf(inputs);
  const wish = wishOf(inputs);
  const target = targetIn(inputs);
  const seen = await sessions.use(target, async (session) => {
    const facts = await observeReplica(session, name);
    if (olds) requireSame(facts, stateIn<ChannelState>(olds));
    const plan = planSourceChannel(viewOf(facts, inputs), wish, olds ? managedBy(olds, inputs) : []);
    await requirePrivileges(session, facts.account, privilegesFor(printPlan(plan)));
    return { facts, plan };
  });
  const secrets = {
    password: passwordOf(inputs),
    previousPassword: seen.facts.channel?.password ?? "",
  };
  const done: Step[] = [];
  try {
    const encryption = await sessions.use(target, (session) =>
      applyAndProve(session, seen.plan, { inputs, wish, facts: seen.facts, secrets, done }),
    );
    const facts = await sessions.use(target, (session) => observeReplica(session, name));
    return outputsOf(inputs, facts, encryption);
  } catch (error) {
    throw await takenBack(target, done, secrets, error, seen.facts.channel !== undefined);
  }
}

interface Work {
  readonly inputs: Inputs;
  readonly wish: SourceChannelWish;
  readonly facts: ReplicaFacts;
  readonly secrets: Record<string, string>;
  /** What was sent, in order. */
  readonly done: Step[];
}

async function applyAndProve(
  session: Session,
  plan: MemberPlan,
  { inputs, wish, facts, secrets, done }: Work,
): Promise<Encryption | undefined> {
  for (const step of plan.online) {
    // Noted before it is sent: a statement whose outcome is unknown has to be taken back as well.
    done.push(step);
    await run(session, step.sql, secrets);
  }
  if (!wish.running) return undefined;
  const { receiver, applier } = await awaitThreads(session, wish.name, startTime).catch((error: unknown) => {
    throw stepFailure(session.address, "START REPLICA", error);
  });
  const [thread, fact] =
    receiver.state === "ON" ? (["applier", applier] as const) : (["receiver", receiver] as const);
  if (fact.state !== "ON" || fact.errno !== 0)
    throw new StepFailedError(
      session.address,
      "START REPLICA",
      {
        what: `${session.address}: the ${thread} of ${title(inputs)} does not run (${fact.state})`,
        why:
          fact.errno === 0
            ? `nothing was heard from the source within ${startTime} s`
            : `${masked(fact.reason, secrets)} (${fact.errno})`,
        todo: hintFor(fact.errno),
      },
      { errno: fact.errno },
    );
  const encryption = await atSource(inputs, facts);
  if (encryption?.cipher === "" && wish.options["ssl"] === true)
    throw new StepFailedError(session.address, "START REPLICA", {
      what: `${session.address}: ${title(inputs)} runs, and its source says that the connection is not encrypted`,
      why: "Ssl_cipher of the connection is empty at the source",
      todo: "see that nothing between the two servers ends TLS",
    });
  return encryption;
}

async function run(session: Session, statement: Sql, secrets: Record<string, string>): Promise<void> {
  await session.write(statement, secrets).catch((error: unknown) => {
    throw stepFailure(session.address, print(statement), error);
  });
}

/** The former settings, on a login of its own where the first one broke. */
async function takenBack(
  target: Target,
  done: readonly Step[],
  secrets: Record<string, string>,
  error: unknown,
  existed: boolean,
): Promise<unknown> {
  if (done.length === 0) return withLeft(error, "nothing was changed");
  const left = await undone(target, done, secrets);
  if (left !== undefined) return withLeft(error, left);
  return withLeft(
    error,
    existed ? "the channel has its settings from before, and runs as before" : "no channel was left behind",
  );
}

/** What is left, or undefined where all was taken back. */
async function undone(
  target: Target,
  done: readonly Step[],
  secrets: Record<string, string>,
): Promise<string | undefined> {
  const failed = await until(
    patience,
    () => sessions.use(target, (session) => undo(session, done, secrets)).catch(() => undefined),
    500,
  );
  if (!failed) return `what was set is still set: ${printSteps(done).join("; ")}`;
  return failed.length === 0 ? undefined : `it could not be taken back by ${failed.join("; ")}`;
}

/** What could not be taken back; a login that breaks leaves everything to the next one. */
async function undo(
  session: Session,
  done: readonly Step[],
  secrets: Record<string, string>,
): Promise<string[]> {
  const failed: string[] = [];
  for (const step of undoOf(done))
    await session.write(step.sql, secrets).catch((error: unknown) => {
      if (session.closed) throw error;
      if (!(error instanceof ServerError) || error.errno !== noSuchChannel) failed.push(print(step.sql));
    });
  return failed;
}

/** What was to make it never took effect. */
const noSuchChannel = 3074;

/** What the source says, where the administrator's login works there; a source that cannot be asked is no failure. */
async function atSource(inputs: Inputs, facts: ReplicaFacts): Promise<Encryption | undefined> {
  const source = sourceIn(inputs);
  if (!source) return undefined;
  try {
    // The replica tells its name to the source a moment after it has logged in.
    return await sessions.use(source, (session) =>
      until(5, () => encryptionAtSource(session, facts.uuid), 100),
    );
  } catch (error) {
    const why = ProviderError.is(error) ? error.parts.what : "it could not be asked";
    say(`${facts.address}: whether ${title(inputs)} is encrypted was not seen at its source: ${why}`);
    return undefined;
  }
}

function sourceIn(inputs: Inputs): Target | undefined {
  const declaredSource = inputs["source"] as ConnectionInputs | undefined;
  if (declaredSource) return targetOf(declaredSource);
  const { host, port } = inputs as { host?: string; port?: number };
  if (host === undefined) return undefined;
  const { socketPath: _, ...own } = (inputs["connection"] ?? {}) as ConnectionInputs;
  return targetOf({ ...own, host, port: port ?? 3306 });
}

function hintFor(errno: number): string {
  switch (errno) {
    case 1045:
      return "correct user and password, or the account's REQUIRE, on the source; then pulumi up";
    case 3159:
      return "encrypt the connection (sslMode REQUIRED or VERIFY_*): the source takes no other";
    case 2026:
      return "see that the source's certificate is signed by a CA in sslCa, names its host where the mode is VERIFY_IDENTITY, and that both know a common protocol and cipher";
    case 2061:
      return "use TLS, or publicKeyPath or getPublicKey: the account's plugin sends no password in clear";
    case 2003:
    case 2005:
    case 2002:
      return "see that the source runs and that host and port are right";
    default:
      return "correct the declaration or the source, then pulumi up";
  }
}

function masked(text: string, secrets: Record<string, string>): string {
  return Object.values(secrets).reduce(
    (t, value) => (value === "" ? t : t.split(value).join("<secret>")),
    text,
  );
}

function requireSame(facts: ReplicaFacts, state: ChannelState): void {
  if (facts.uuid !== state.serverUuid)
    throw new OtherServerError(facts.address, state.serverUuid, facts.uuid);
}

function title(inputs: Inputs): string {
  return isUnknown(inputs["channelName"]) ? "channel" : `channel ${quote(nameOf(inputs))}`;
}

function nameOf(inputs: Inputs): string {
  return typeof inputs["channelName"] === "string" ? inputs["channelName"] : "";
}

function targetIn(inputs: Inputs): Target {
  return targetOf(inputs["connection"] as ConnectionInputs);
}

function passwordOf(inputs: Inputs): string {
  return typeof inputs["password"] === "string" ? inputs["password"] : "";
}

/** Options that were declared before; one that is not known yet is not removed. */
function managedBy(olds: Inputs, news: Inputs): string[] {
  const unknown = channelOptions.map((o) => o.property).filter((property) => isUnknown(news[property]));
  const mode = isUnknown(news["sslMode"]) ? Object.keys(optionsIn({ sslMode: olds["sslMode"] })) : [];
  return Object.keys(optionsIn(olds)).filter((p) => !unknown.includes(p) && !mode.includes(p));
}

function optionsIn(inputs: Inputs): Record<string, OptionValue> {
  const mode = inputs["sslMode"];
  const own = channelOptions
    .map((o) => o.property)
    .filter(
      (property) =>
        inputs[property] !== undefined && inputs[property] !== null && !isUnknown(inputs[property]),
    )
    .map((property) => [property, inputs[property] as OptionValue] as const);
  return {
    ...(typeof mode === "string" && !isUnknown(mode) ? sslOptions(mode as ChannelSslMode) : {}),
    ...Object.fromEntries(own),
  };
}

function wishOf(inputs: Inputs): SourceChannelWish {
  const options = optionsIn(inputs);
  const file = inputs["logFile"];
  const places = typeof file === "string" && !isUnknown(file);
  return {
    name: nameOf(inputs),
    // Without a place to begin at, there is no other way to begin.
    options: inputs["logFile"] === undefined ? { autoPosition: true, ...options } : options,
    hasPassword: passwordOf(inputs) !== "",
    ...(places ? { start: { file, position: Number(inputs["logPosition"] ?? 4) } } : {}),
    running: inputs["running"] !== false,
  };
}

function viewOf(facts: ReplicaFacts, inputs: Inputs): ReplicaView {
  const { channel } = facts;
  return {
    address: facts.address,
    version: facts.version,
    ...(channel
      ? {
          channel: {
            options: channel.options,
            // Of one that the server keeps in a file nothing is known: what is declared is taken to be so.
            passwordMatches: channel.password === undefined || channel.password === passwordOf(inputs),
            receiver: channel.receiver.state !== "OFF",
            applier: channel.applier.state !== "OFF",
            applied: channel.applied,
          },
        }
      : {}),
  };
}

function outputsOf(inputs: Inputs, facts: ReplicaFacts, encryption: Encryption | undefined): Inputs {
  return {
    ...declared(inputs),
    address: addressOf(targetIn(inputs)),
    serverUuid: facts.uuid,
    serverVersion: facts.version,
    // The engine's protocol has no undefined.
    ...encryption,
    optionFile: renderChannelOptionFile(declared(inputs), facts.version),
    // Where the applier is changes all the time, and is no drift.
    facts: pack({ view: withoutPlace(viewOf(facts, inputs)) } satisfies ChannelState["facts"]),
  };
}

function withoutPlace(view: ReplicaView): ReplicaView {
  return view.channel ? { ...view, channel: { ...view.channel, applied: undefined } } : view;
}

/** The declaration with live values in it: what differs is drift. */
function liveInputs(inputs: Inputs, facts: ReplicaFacts): Inputs {
  const live: Inputs = { ...inputs };
  const { channel } = facts;
  if (!channel) return { ...live, running: false, host: "" };
  const { options } = wishOf(inputs);
  if (inputs["sslMode"] !== undefined && sslModeOf(channel.options) !== inputs["sslMode"])
    live["sslMode"] = sslModeOf(channel.options);
  for (const [property, value] of Object.entries(options)) {
    const now = channel.options[property];
    if (inputs[property] === undefined || now === undefined) continue;
    if (canonicalOption(channelOption(property), value) !== now)
      live[property] = declaredShape(property, now, inputs[property]);
  }
  if (!viewOf(facts, inputs).channel!.passwordMatches && passwordOf(inputs) !== "")
    live["password"] = otherPassword;
  const runs = channel.receiver.state !== "OFF" && channel.applier.state !== "OFF";
  if (wishOf(inputs).running && !runs) live["running"] = false;
  return live;
}

function declaredShape(property: string, now: string, like: unknown): unknown {
  const { separator } = channelOption(property);
  if (Array.isArray(like)) return now === "" ? [] : now.split(separator ?? ",");
  if (typeof like === "boolean") return now === "1";
  return typeof like === "number" ? Number(now) : now;
}
