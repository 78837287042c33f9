import { OtherServerError, withLeft } from "../errors";
import { canonical, variable } from "../mysql/catalogue";
import { canonicalOption, channelOption, textProblem } from "../mysql/channel-options";
import { type ServerFacts, type VariableFact, valueOf } from "../mysql/facts";
import { observe, observeForRefresh } from "../mysql/observe";
import { privilegesFor, probePrivileges, requirePrivileges } from "../mysql/privileges";
import type { Session } from "../mysql/session";
import type { Secrets } from "../mysql/sql";
import { addressOf } from "../mysql/target";
import { type MemberPlan, isEmpty, printPlan } from "../plan/group-member";
import { renderOptionFile } from "../plan/option-file";
import {
  type ChannelWish,
  type SeenChannel,
  clearChannelSteps,
  pendingOf,
  planChannel,
  recoveryOptions,
  seenChannel,
} from "../plan/recovery-channel";
import { printSteps } from "../plan/step";
import { type ServerView, channelContext, viewOf } from "../plan/view";
import { channelProperties, declaredShape, isUnknown, removedFrom, variableOf, wishOf } from "../plan/wish";
import { Handle } from "../rolling/handle";
import type { Job } from "../rolling/job";
import { parseEndpoint } from "../tls/handshake";
import { type ConnectionInputs, addressFrom, coordinator, sessions, targetOf } from "./context";
import {
  declaredIn,
  failureOf,
  isNew,
  keptOptionFile,
  otherPassword,
  pack,
  providerOf,
  same,
  stateIn,
  stubChanged,
} from "./lifecycle";
import { discardOldPasswords } from "./old-password";
import { proveChannel } from "./recovery-proof";
import { sayCreation, sayPlan, unseenServer } from "./preview";
import { rolloutOf } from "./rollout";
import { inTurn } from "./turns";
import { type CheckFailure, type Inputs, firstOfEach, shapeFailures, variableFailures } from "./validation";

interface ChannelState extends Inputs {
  address: string;
  serverUuid: string;
  facts: { view: ServerView; channel?: SeenChannel | undefined; settledAt: number };
}

const outputs = ["address", "serverUuid", "serverVersion", "pending", "optionFile", "facts"];
const declared = (all: Inputs): Inputs => declaredIn(all, outputs);

export function check(olds: Inputs | undefined, news: Inputs): { inputs: Inputs; failures: CheckFailure[] } {
  const inputs = declared(news);
  const failures = firstOfEach([
    ...shapeFailures("channel", inputs),
    ...variableFailures(inputs, channelProperties),
    ...passwordFailures(inputs["password"]),
    ...donorFailures(inputs["donors"]),
  ]);
  if (isNew(olds) && failures.length === 0) {
    const address = addressFrom(inputs["connection"]);
    sayCreation("recovery channel", address, () =>
      printPlan(planChannel(unseenServer(address), undefined, wishOfInputs(inputs), [])),
    );
  }
  return { inputs: { ...inputs, ...providerOf(news) }, failures };
}

function passwordFailures(password: unknown): CheckFailure[] {
  if (typeof password !== "string" || isUnknown(password)) return [];
  if (Buffer.byteLength(password) > 32)
    return [
      { property: "password", reason: "must not be longer than 32 bytes, a channel takes no more (3056)" },
    ];
  const reason = textProblem(password);
  return reason === undefined ? [] : [{ property: "password", reason }];
}

function donorFailures(donors: unknown): CheckFailure[] {
  if (!Array.isArray(donors)) return [];
  return donors.flatMap((donor, i) =>
    typeof donor === "string" && !isUnknown(donor) && !parseEndpoint(donor)
      ? [{ property: `donors[${i}]`, reason: "must be host:port" }]
      : [],
  );
}

export function diff(_id: string, olds: Inputs, news: Inputs): { changes: boolean } {
  const state = stateIn<ChannelState>(olds);
  const { view, channel } = state.facts;
  const seen = channel && {
    ...channel,
    passwordMatches:
      channel.passwordMatches && (isUnknown(news["password"]) || olds["password"] === news["password"]),
  };
  const wish = wishOfInputs(news);
  const plan = planChannel(
    view,
    seen,
    // Whether a user that is not known yet is another one, only the update can tell.
    isUnknown(news["user"]) && seen ? { ...wish, user: seen.user } : wish,
    removedFrom(olds, news, channelProperties),
    optionsBy(olds).filter((property) => !isUnknown(news[property])),
  );
  const planned = !isEmpty(plan);
  const changes = planned || !same(declared(olds), declared(news)) || stubChanged(olds, news);
  const group = view.variables["group_replication_group_name"]?.value ?? "";
  const address = isUnknown(news["connection"]) ? state.address : addressFrom(news["connection"]);
  if (plan.action === "restart")
    coordinator.announce(group.toLowerCase(), address, { changes, restarts: true });
  const note =
    "    (if this member has joined a group on the MYSQL stack since: member-restart; pulumi preview --refresh knows)";
  if (planned) sayPlan("recovery channel", plan, view.running ? [] : [note]);
  return { changes };
}

export async function create(inputs: Inputs): Promise<{ id: string; outs: Inputs }> {
  const facts = await converge(inputs, undefined);
  return { id: facts.uuid, outs: outputsOf(inputs, facts, undefined) };
}

export async function update(id: string, olds: Inputs, news: Inputs): Promise<{ outs: Inputs }> {
  const state = stateIn<ChannelState>(olds);
  const facts = await converge(news, state).catch((error: unknown) => {
    throw failureOf(id, olds, error);
  });
  return { outs: outputsOf(news, facts, state) };
}

export async function read(
  id: string,
  props: Inputs,
): Promise<{ id: string; props: Inputs; inputs: Inputs }> {
  const state = stateIn<ChannelState>(props);
  const facts = await sessions.use(targetOf(props["connection"] as ConnectionInputs), (s) =>
    observeForRefresh(s),
  );
  requireSame(facts, state);
  const outs = outputsOf(declared(props), facts, state);
  const inputs = liveInputs(declared(props), facts);
  return { id, props: { ...outs, ...keptOptionFile(props, outs), ...inputs }, inputs };
}

export async function remove(_id: string, props: Inputs): Promise<void> {
  const state = stateIn<ChannelState>(props);
  await sessions.use(targetOf(props["connection"] as ConnectionInputs), async (session) => {
    const facts = await observe(session);
    requireSame(facts, state);
    const names = managedBy(props);
    const steps = clearChannelSteps(viewOf(facts, names, channelContext), names);
    await requirePrivileges(session, facts.account, privilegesFor(printSteps(steps)));
    const handle = new Handle(jobOf(props, state, {}), session, facts);
    await handle.apply(facts.channel ? steps : steps.slice(1)).finally(() => handle.close());
  });
}

/** Makes the server as declared, and proves it; what is refused is taken back. */
async function converge(inputs: Inputs, state: ChannelState | undefined): Promise<ServerFacts> {
  const target = targetOf(inputs["connection"] as ConnectionInputs);
  const restarting = await coordinator.precede(() =>
    sessions.use(target, async (session) => {
      const facts = await observe(session);
      if (state) requireSame(facts, state);
      const job = jobOf(inputs, state, { previousPassword: facts.channel?.password ?? "" });
      const handle = new Handle(job, session, facts);
      const probes = isEmpty(handle.plan) ? [] : probePrivileges;
      await requirePrivileges(session, facts.account, [...privilegesFor(printPlan(handle.plan)), ...probes]);
      const group = valueOf(facts, "group_replication_group_name").toLowerCase();
      if (handle.plan.action === "restart") {
        await proveWish(session, facts, inputs);
        return { job: { ...job, group }, facts };
      }
      await applyAndProve(handle, inputs).finally(() => handle.close());
      await discardOldPasswords(session, handle.facts, job.target, String(inputs["user"]));
      return { facts: handle.facts };
    }),
  );
  if (!restarting.job) return restarting.facts;
  const others = restarting.facts.members.map((m) => `${m.host}:${m.port}`);
  const { facts } = await coordinator.submit(restarting.job, others);
  await sessions.use(target, (session) =>
    discardOldPasswords(session, facts, target, String(inputs["user"])),
  );
  return facts;
}

async function applyAndProve(handle: Handle, inputs: Inputs): Promise<void> {
  if (isEmpty(handle.plan)) return;
  try {
    await inTurn(handle.id, () => handle.apply(handle.plan.online));
    await handle.observe();
    await proveChannel(handle.session, handle.facts, donorsIn(inputs));
    handle.settle();
  } catch (error) {
    await inTurn(handle.id, () => handle.undo());
    throw withLeft(error, `${handle.address} has its settings from before`);
  }
}

/** On the MYSQL stack the new settings act at START only: they are tried before anything is stopped. */
async function proveWish(session: Session, facts: ServerFacts, inputs: Inputs): Promise<void> {
  const { user, variables: wished } = wishOfInputs(inputs);
  const overlay: Record<string, VariableFact> = {};
  for (const [name, value] of Object.entries(wished))
    overlay[name] = { source: facts.variables[name]?.source, value };
  const asWished: ServerFacts = {
    ...facts,
    variables: { ...facts.variables, ...overlay },
    channel: { ...(facts.channel ?? noChannel), user, password: passwordOf(inputs) },
  };
  await proveChannel(session, asWished, donorsIn(inputs)).catch((error: unknown) => {
    throw withLeft(error, "nothing was changed");
  });
}

const noChannel = {
  user: "",
  password: "",
  networkNamespace: "",
  privilegeChecksUser: "",
  requireTablePrimaryKeyCheck: "",
};

function jobOf(inputs: Inputs, state: ChannelState | undefined, more: Secrets): Job {
  const wish = wishOfInputs(inputs);
  const before = state === undefined ? [] : managedBy(state);
  const options = state === undefined ? [] : optionsBy(state);
  const names = [...Object.keys(wish.variables), ...before];
  const target = targetOf(inputs["connection"] as ConnectionInputs);
  const password = passwordOf(inputs);
  const view = (facts: ServerFacts): ServerView =>
    viewOf(facts, names, channelContext, { settledAt: state?.facts.settledAt });
  return {
    target,
    address: addressOf(target),
    group: "",
    secrets: { password, ...more },
    plan: (facts): MemberPlan =>
      planChannel(view(facts), seenChannel(facts.channel, password), wish, before, options),
    bootstrap: false,
    declared: () => wish.variables,
    settledAt: state?.facts.settledAt,
    sslMode: (facts) => valueOf(facts, "group_replication_ssl_mode"),
    seeds: [],
    localAddress: "",
    stack: "MYSQL",
    rollout: rolloutOf(inputs),
    verify: (facts) => state && requireSame(facts, state),
  };
}

function donorsIn(inputs: Inputs): string[] | undefined {
  return inputs["donors"] as string[] | undefined;
}

function passwordOf(inputs: Inputs): string {
  return typeof inputs["password"] === "string" ? inputs["password"] : "";
}

function wishOfInputs(inputs: Inputs): ChannelWish {
  const text = (key: string): string | undefined =>
    typeof inputs[key] === "string" && !isUnknown(inputs[key]) ? inputs[key] : undefined;
  return {
    user: isUnknown(inputs["user"]) ? "(not known yet)" : String(inputs["user"]),
    hasPassword: passwordOf(inputs) !== "",
    networkNamespace: text("networkNamespace"),
    privilegeChecksUser: text("privilegeChecksUser"),
    requireTablePrimaryKeyCheck: text("requireTablePrimaryKeyCheck"),
    variables: wishOf(inputs, channelProperties),
  };
}

function managedBy(inputs: Inputs): string[] {
  return Object.keys(wishOf(inputs, channelProperties));
}

function optionsBy(inputs: Inputs): string[] {
  return recoveryOptions.filter((property) => inputs[property] !== undefined);
}

function requireSame(facts: ServerFacts, state: ChannelState): void {
  if (facts.uuid !== state.serverUuid)
    throw new OtherServerError(facts.address, state.serverUuid, facts.uuid);
}

function outputsOf(inputs: Inputs, facts: ServerFacts, state: ChannelState | undefined): Inputs {
  const wish = wishOf(inputs, channelProperties);
  const settledAt = state?.facts.settledAt ?? 0;
  const view = viewOf(facts, Object.keys(wish), channelContext, { settledAt });
  const seen = seenChannel(facts.channel, passwordOf(inputs));
  return {
    ...declared(inputs),
    address: facts.address,
    serverUuid: facts.uuid,
    serverVersion: facts.version,
    pending: pendingOf(view, wish),
    optionFile: renderOptionFile(declared(inputs), facts.version),
    facts: pack({ view, settledAt, channel: seen } satisfies ChannelState["facts"]),
  };
}

/** The declaration with live values in it: what differs is drift. */
function liveInputs(inputs: Inputs, facts: ServerFacts): Inputs {
  const wish = wishOfInputs(inputs);
  const seen = seenChannel(facts.channel, passwordOf(inputs));
  const live: Inputs = { ...inputs, user: seen?.user ?? "" };
  if (!(seen?.passwordMatches ?? false) && passwordOf(inputs) !== "") live["password"] = otherPassword;
  for (const property of recoveryOptions) {
    const option = channelOption(property);
    const [is, declaredIs] = [seen?.[property] ?? option.unset, wish[property]];
    if (declaredIs !== undefined && canonicalOption(option, is) !== canonicalOption(option, declaredIs))
      live[property] = is;
  }
  for (const property of channelProperties) {
    const v = variableOf(property);
    const fact = facts.variables[v.name];
    if (
      v.name in wish.variables &&
      fact &&
      canonical(variable(v.name), fact.value) !== wish.variables[v.name]
    )
      live[property] = declaredShape(v, fact.value, inputs[property]);
  }
  return live;
}
