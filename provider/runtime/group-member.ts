import { NotReadyError, OtherServerError } from "../errors";
import { canonical, variable } from "../mysql/catalogue";
import { dialectOf } from "../mysql/dialect";
import { type CertificateFact, type ServerFacts, isRunning, selfOf, valueOf } from "../mysql/facts";
import { observe, observeForRefresh } from "../mysql/observe";
import { addressOf } from "../mysql/target";
import {
  type MemberPlan,
  type MemberWish,
  isEmpty,
  planMember,
  printPlan,
  reloadTls,
} from "../plan/group-member";
import { renderOptionFile } from "../plan/option-file";
import { requirePrerequisites } from "../plan/prerequisites";
import { defaultOn, resetSteps } from "../plan/settings";
import { spokenAfter } from "../plan/rounds";
import { type Step, step } from "../plan/step";
import { type ServerView, groupShowsOwn, isTlsMaterial, memberContext, viewOf } from "../plan/view";
import {
  type Wish,
  declaredShape,
  isUnknown,
  memberProperties,
  removedFrom,
  variableOf,
  wishOf,
} from "../plan/wish";
import type { Job, JobResult } from "../rolling/job";
import { withShown } from "../rolling/look";
import type { ToldOf } from "../rolling/told";
import { certificateFacts } from "../tls/certificate";
import { clientCertificate, parseEndpoint } from "../tls/handshake";
import { type ConnectionInputs, addressFrom, coordinator, sessions, targetOf } from "./context";
import { expectedFailures, expectedIn, liveExpected, withFingerprint } from "./expected-certificate";
import {
  declaredIn,
  failureOf,
  isNew,
  keptOptionFile,
  pack,
  providerOf,
  same,
  stateIn,
  stubChanged,
} from "./lifecycle";
import { rolloutOf } from "./rollout";
import { toldFailures, toldIn, withoutStrayTexts } from "./told";
import { heard, sayCreation, sayPlan, unseenServer } from "./preview";
import { type CheckFailure, type Inputs, firstOfEach, shapeFailures, variableFailures } from "./validation";

/** Kept in state beside the inputs: what the next preview plans from. */
interface MemberState extends Inputs {
  address: string;
  serverUuid: string;
  serverVersion: string;
  running: boolean;
  pending: string[];
  loadedCertificate?: CertificateFact;
  facts: {
    view: ServerView;
    settledAt: number;
    /** It has made the first of two rounds, and waits for other members with the second. */
    between?: true | undefined;
  };
}

const outputs = [
  "address",
  "serverUuid",
  "serverVersion",
  "running",
  "pending",
  "loadedCertificate",
  "groupCertificate",
  "optionFile",
  "facts",
];
const declared = (all: Inputs): Inputs => declaredIn(all, outputs);

export function check(olds: Inputs | undefined, news: Inputs): { inputs: Inputs; failures: CheckFailure[] } {
  const inputs = declared(news);
  const failures = firstOfEach([
    ...shapeFailures("member", inputs),
    ...variableFailures(inputs, memberProperties),
    ...plainFailures(inputs),
    ...expectedFailures(olds, inputs),
    ...toldFailures(inputs),
  ]);
  if (isNew(olds) && failures.length === 0) {
    const address = addressFrom(inputs["connection"]);
    sayCreation("member", address, () =>
      printPlan(planMember(unseenServer(address), wishOfInputs(inputs), [])),
    );
  }
  return { inputs: { ...inputs, ...providerOf(news) }, failures };
}

/** The MYSQL stack talks through the server's own port, which would refuse its peers and itself (3159). */
function plainFailures(inputs: Inputs): CheckFailure[] {
  const refuses = inputs["requireSecureTransport"] === true && inputs["communicationStack"] === "MYSQL";
  if (!refuses || inputs["sslMode"] !== "DISABLED") return [];
  const reason =
    "must not be DISABLED with requireSecureTransport on the MYSQL stack: members log in to each other";
  return [{ property: "sslMode", reason }];
}

export function diff(id: string, olds: Inputs, news: Inputs): { changes: boolean } {
  const state = stateIn<MemberState>(olds);
  const before = removedFrom(olds, news, memberProperties);
  const view = seenBefore(state);
  const { wish, unseen } = seenPart(wishOfInputs(news), view);
  const plan = planMember(view, wish, before);
  const planned = !isEmpty(plan);
  const changes =
    planned ||
    !same(withFingerprint(declared(olds)), withFingerprint(declared(news))) ||
    stubChanged(olds, news);
  const address = isUnknown(news["connection"]) ? state.address : addressFrom(news["connection"]);
  const group = String(isUnknown(news["groupName"]) ? olds["groupName"] : news["groupName"]).toLowerCase();
  const ran = view.running ? id : undefined;
  coordinator.announce(group, address, { changes, restarts: plan.action === "restart", ran });
  coordinator.tell(group, id, toldBy(news, olds));
  const notes = [
    ...unseen.map((name) => `    ${name}: its live value is not in state; pulumi preview --refresh knows`),
    ...unheardNotes(state, wish),
  ];
  if (planned || notes.length > 0) sayPlan("member", plan, notes);
  const { maxUnavailable } = rolloutOf(news);
  const elects = !dialectOf(view.version).setAsPrimary;
  const lists = spokenAfter(view, { ...defaultsOn(view.version, before), ...wish.variables });
  heard(group, address, plan, { total: Math.max(1, seedsOf(news).length), maxUnavailable, elects, lists });
  return { changes };
}

export async function create(inputs: Inputs): Promise<{ id: string; outs: Inputs }> {
  const job = { ...jobOf(inputs, undefined, []), told: toldBy(inputs, {}) };
  const result = await coordinator.submit(job, knownMembers(inputs));
  return { id: result.facts.uuid, outs: await outputsOf(inputs, result, undefined) };
}

export async function update(id: string, olds: Inputs, news: Inputs): Promise<{ outs: Inputs }> {
  const state = stateIn<MemberState>(olds);
  const target = targetOf(news["connection"] as ConnectionInputs);
  const seen = await sessions.use(target, (session) => observe(session));
  const others = seen.members.map((m) => `${m.host}:${m.port}`);
  const result = await coordinator
    .submit({ ...jobOf(news, state, managedBy(olds)), told: toldBy(news, olds) }, others)
    .catch((error: unknown) => {
      throw failureOf(id, olds, error);
    });
  return { outs: await outputsOf(news, result, state) };
}

export async function read(
  id: string,
  props: Inputs,
): Promise<{ id: string; props: Inputs; inputs: Inputs }> {
  const state = stateIn<MemberState>(props);
  const target = targetOf(props["connection"] as ConnectionInputs);
  const { seen, login } = await sessions.use(target, async (session) => ({
    seen: await observeForRefresh(session),
    login: session.certificate,
  }));
  requireSame(seen, state.serverUuid);
  const facts = expectedIn(props) === undefined ? seen : await withShown(seen, login);
  const waits = state.facts.between;
  const result = { before: facts, facts, changed: false, waits };
  const outs = await outputsOf(declared(props), result, state, login && certificateFacts(login));
  const live = { ...liveInputs(declared(props), facts), ...liveExpected(props, facts) };
  const kept = withoutStrayTexts(declared(props), { ...outs, ...keptOptionFile(props, outs), ...live });
  return { id, props: kept, inputs: withoutStrayTexts(declared(props), live) };
}

export async function remove(_id: string, props: Inputs): Promise<void> {
  const state = stateIn<MemberState>(props);
  // What a member shows that leaves does not matter.
  const { expectedCertificate: _, ...declared } = props;
  await coordinator.submit(
    { ...jobOf(declared, state, []), leave: (facts) => leaveSteps(facts, props, state), bootstrap: false },
    [],
  );
}

function wishOfInputs(inputs: Inputs): MemberWish {
  return {
    variables: wishOf(inputs, memberProperties),
    bootstrap: inputs["bootstrap"] === true,
    installPlugin: inputs["installPlugin"] === true,
    groupRestart: rolloutOf(inputs).groupRestart,
    expectedCertificate: expectedIn(inputs),
  };
}

function managedBy(state: Inputs): string[] {
  return Object.keys(wishOf(state, memberProperties));
}

/** A variable under `variables` that was not declared before is not in state's view: it may be so already. */
function seenPart(wish: MemberWish, view: ServerView): { wish: MemberWish; unseen: string[] } {
  const unseen = Object.keys(wish.variables).filter(
    (name) => view.plugin && view.variables[name] === undefined,
  );
  const variables = Object.fromEntries(
    Object.entries(wish.variables).filter(([name]) => !unseen.includes(name)),
  );
  return { wish: { ...wish, variables }, unseen };
}

/** What clients get is in state also where no certificate was declared. */
function seenBefore({ facts: { view }, loadedCertificate }: MemberState): ServerView {
  return { ...view, shown: view.shown ?? { client: loadedCertificate } };
}

function unheardNotes({ facts: { view } }: MemberState, { expectedCertificate }: MemberWish): string[] {
  if (expectedCertificate === undefined || view.shown !== undefined || !groupShowsOwn(view)) return [];
  return [
    "    expectedCertificate: what group communication shows is not in state yet; pulumi up looks at it, and restarts this member where it is another",
  ];
}

function seedsOf(inputs: Inputs): string[] {
  const seeds = inputs["groupSeeds"];
  return Array.isArray(seeds) ? (seeds as string[]) : [];
}

function knownMembers(inputs: Inputs): string[] {
  // Before the group exists only the seeds tell how many are to come; as addresses they name nobody that diff announces.
  return seedsOf(inputs).length > 1 ? seedsOf(inputs) : [];
}

function jobOf(inputs: Inputs, state: MemberState | undefined, before: readonly string[]): Job {
  const wish = wishOfInputs(inputs);
  const names = [...Object.keys(wish.variables), ...before];
  const target = targetOf(inputs["connection"] as ConnectionInputs);
  const kept = { settledAt: state?.facts.settledAt, baseline: state?.facts.view.baseline };
  const sslMode = wish.variables["group_replication_ssl_mode"];
  return {
    target,
    address: addressOf(target),
    group: String(inputs["groupName"]).toLowerCase(),
    secrets: {},
    plan: (facts: ServerFacts): MemberPlan => {
      if (!isRunning(facts)) requirePrerequisites(facts, wish.installPlugin);
      return planMember(viewOf(facts, names, memberContext, kept), wish, before);
    },
    bootstrap: wish.bootstrap,
    declared: (facts) => ({ ...defaultsOn(facts.version, before), ...wish.variables }),
    expectedCertificate: wish.expectedCertificate,
    settledAt: state?.facts.settledAt,
    between: state?.facts.between,
    sslMode: (facts) => sslMode ?? valueOf(facts, "group_replication_ssl_mode"),
    seeds: seedsOf(inputs),
    localAddress: String(inputs["localAddress"]),
    stack: inputs["communicationStack"] === "MYSQL" ? "MYSQL" : "XCOM",
    rollout: rolloutOf(inputs),
    verify: (facts) => {
      if (state) requireSame(facts, state.serverUuid);
      else requireFree(facts, String(inputs["groupName"]));
      if (wish.expectedCertificate !== undefined) requireShown(facts);
    },
  };
}

/** What is declared no more goes back to these. */
function defaultsOn(version: string, names: readonly string[]): Wish {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = defaultOn(variable(name), version);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

function requireSame(facts: ServerFacts, uuid: string): void {
  if (facts.uuid !== uuid) throw new OtherServerError(facts.address, uuid, facts.uuid);
}

/** Nothing is begun for a certificate that could not be seen in the end. */
function requireShown({ address, shown }: ServerFacts): void {
  if (shown?.client !== undefined) return;
  throw new NotReadyError(address, "cannot be asked which certificate it shows", {
    why: "expectedCertificate is compared with what a TLS handshake at its SQL port shows, and there was none",
    todo: "let its connection be by host and port instead of socketPath, and see that it offers TLS there; or leave out expectedCertificate",
  });
}

/** A server that runs in another group is not taken over. */
function requireFree(facts: ServerFacts, group: string): void {
  const now = valueOf(facts, "group_replication_group_name");
  if (selfOf(facts)?.state === undefined || selfOf(facts)?.state === "OFFLINE") return;
  if (now.toLowerCase() === group.toLowerCase()) return;
  throw new NotReadyError(facts.address, `is running in another group, ${now}`, {
    todo: `declare groupName: "${now}", or let it leave that group first (STOP GROUP_REPLICATION)`,
  });
}

async function outputsOf(
  inputs: Inputs,
  { before, facts, changed, waits }: JobResult,
  state: MemberState | undefined,
  login?: CertificateFact,
): Promise<Inputs> {
  const wish = wishOfInputs(inputs);
  const names = Object.keys(wish.variables);
  const settledAt = changed ? facts.now : (state?.facts.settledAt ?? 0);
  const { baseline } = viewOf(before, names, memberContext, { baseline: state?.facts.view.baseline });
  const view = viewOf(facts, names, memberContext, { settledAt, baseline });
  const loaded = facts.shown ? facts.shown.client : (login ?? (await shownAt(facts.address)));
  return {
    ...declared(inputs),
    address: facts.address,
    serverUuid: facts.uuid,
    serverVersion: facts.version,
    running: view.running,
    pending: [...pendingOf(view, wish), ...(waits ? listsToCome(view, wish) : [])],
    // The engine's protocol has no undefined.
    ...(loaded ? { loadedCertificate: loaded } : {}),
    ...(facts.shown?.group ? { groupCertificate: facts.shown.group } : {}),
    optionFile: renderOptionFile(declared(inputs), facts.version),
    facts: pack({ view, settledAt, ...(waits ? { between: true } : {}) } satisfies MemberState["facts"]),
  };
}

async function shownAt(address: string): Promise<CertificateFact | undefined> {
  const endpoint = parseEndpoint(address);
  const certificate = endpoint && (await clientCertificate(endpoint));
  return certificate && certificateFacts(certificate);
}

/** Declared variables that are set and not in effect, as the planner finds them. A refresh looks at what is live: nothing is refused. */
function pendingOf(view: ServerView, wish: MemberWish): string[] {
  if (!view.plugin) return [];
  const restarts = (name: string): boolean => {
    const asLive = {
      ...wish,
      variables: { [name]: view.variables[name]?.value ?? "" },
      expectedCertificate: undefined,
    };
    return planMember({ ...view, notLoaded: [], sinceStart: [name] }, asLive, []).action === "restart";
  };
  return Object.keys(wish.variables).filter(
    (name) => view.notLoaded.includes(name) || (view.sinceStart.includes(name) && restarts(name)),
  );
}

/** Lists that are not as declared before the second round. */
function listsToCome(view: ServerView, { variables }: MemberWish): string[] {
  return ["tls_version", "tls_ciphersuites"].filter(
    (name) =>
      name in variables && canonical(variable(name), view.variables[name]?.value ?? null) !== variables[name],
  );
}

function toldBy(news: Inputs, olds: Inputs): ToldOf {
  return { before: toldIn(olds), after: toldIn(news) };
}

/** The declaration with live values in it: what differs is drift. */
function liveInputs(inputs: Inputs, facts: ServerFacts): Inputs {
  const wish = wishOfInputs(inputs).variables;
  const view = viewOf(facts, Object.keys(wish), []);
  const live = { ...inputs };
  const differs = (name: string): boolean => {
    const seen = view.variables[name];
    return (
      seen !== undefined && canonical(variable(name), seen.value) !== canonical(variable(name), wish[name]!)
    );
  };
  for (const property of memberProperties) {
    const v = variableOf(property);
    if (v.name in wish && differs(v.name))
      live[property] = declaredShape(v, view.variables[v.name]!.value, inputs[property]);
  }
  const free = inputs["variables"];
  if (typeof free === "object" && free !== null)
    live["variables"] = Object.fromEntries(
      Object.entries(free).map(([name, value]) => [
        name,
        name in wish && differs(name)
          ? declaredShape(variable(name), view.variables[name]!.value, value)
          : value,
      ]),
    );
  return live;
}

/** What is reset after the member has left; super_read_only stays ON, as STOP left it. */
function leaveSteps(facts: ServerFacts, props: Inputs, state: MemberState): Step[] {
  const names = managedBy(props);
  const view = {
    ...viewOf(facts, names, memberContext, { baseline: state.facts.view.baseline }),
    running: false,
  };
  const steps = names.flatMap((name) => resetSteps(view, name));
  const reload = names.some((name) => isTlsMaterial(name) && resetSteps(view, name).length > 0);
  return reload ? [...steps, step(facts.address, reloadTls)] : steps;
}
