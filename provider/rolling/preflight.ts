import { GroupRestartError, NotReadyError, ProofError, QuorumRiskError, StepFailedError } from "../errors";
import { type ServerFacts, isStarting, stackInEffect, valueOf } from "../mysql/facts";
import { missingFrom, until, uptimeOf } from "../mysql/membership";
import { observe } from "../mysql/observe";
import { privilegesFor, probePrivileges, requirePrivileges } from "../mysql/privileges";
import { allSteps, printPlan, stopsMember, undoOf } from "../plan/group-member";
import { printSteps } from "../plan/step";
import { groupCertificate, parseEndpoint } from "../tls/handshake";
import type { Answers, GroupView, Testimony } from "./group-view";
import type { Handle } from "./handle";
import {
  type Peer,
  mayProbe,
  peerOf,
  proveGroupTls,
  proveRecovery,
  refusedByPeer,
  requireRecoveryUser,
  standIn,
} from "./proof";
import { lostQuorum } from "./schedule";
import { proveStart } from "./start-proof";
import { majorityOf, mostAway } from "./waves";

/** What can be known without changing anything: privileges, errant transactions. */
export async function requireAbility(view: GroupView, h: Handle): Promise<void> {
  await requirePrivileges(h.session, h.facts.account, privileges(h));
  if (h.plan.action === "start") await requireNoErrants(view, h);
  if (h.plan.late.length > 0) requireRecoveryUser(h.facts);
}

function privileges(h: Handle): string[] {
  if (h.job.leave) return privilegesFor(["STOP GROUP_REPLICATION", ...printSteps(h.job.leave(h.facts))]);
  const probes = h.plan.action === "none" && h.plan.late.length === 0 ? [] : probePrivileges;
  const transactions = stops(h) ? ["PROCESS"] : [];
  // A change that could not be taken back is not begun.
  const undo = printSteps(undoOf(allSteps(h.plan)));
  return [...privilegesFor([...printPlan(h.plan), ...undo]), ...probes, ...transactions];
}

/** A change that stops a running member. */
export function stops(h: Handle): boolean {
  return stopsMember(h.plan.action);
}

async function requireNoErrants(view: GroupView, h: Handle): Promise<void> {
  const source = view.anyOnline();
  if (!source || h.facts.gtidExecuted === "") return;
  const own = await missingFrom(h.session, h.facts.gtidExecuted, (await observe(source)).gtidExecuted);
  if (own !== "")
    throw new NotReadyError(h.address, `has transactions that group ${view.group} does not have`, {
      why: `errant GTIDs: ${own}`,
      todo: "find out what they are; then rebuild the server from a backup or a clone of the group, or apply them to the primary",
    });
}

/**
 * The primary, where its own files change, tries the new ones at peers that stay as they are before it loads them. Returns whom it
 * reached; a secondary may not open channels before it is stopped.
 */
export async function probeNewFiles(view: GroupView, changing: readonly Handle[]): Promise<readonly Peer[]> {
  const prober = view.prober();
  const own = changing.find((h) => h.id === prober?.facts.uuid && stops(h));
  const facts = own && withDeclared(own);
  if (!prober || !facts) return [];
  const others = new Set(changing.filter((h) => h !== own).map((h) => peerOf(h.facts).address));
  const staying = view.donorsOf(own).filter(({ address }) => !others.has(address));
  return proveGroupTls(prober.session, facts, own.job.sslMode(facts), staying).catch((error: unknown) => {
    // Why peers refuse its certificate its own server may tell in better words, when it is to load it.
    if (error instanceof ProofError && error.errnos.some(refusedByPeer)) return [];
    throw error;
  });
}

const isFile = /^ssl_(ca|capath|cert|key|crl|crlpath)$/;

/**
 * Lists stay as they are: peers that stay take what they took. Undefined where files go back to what they were before: which those are,
 * only the plan's steps say.
 */
function withDeclared({ facts, job }: Handle): ServerFacts | undefined {
  const files = Object.entries(job.declared(facts)).filter(([name]) => isFile.test(name));
  if (files.some(([, value]) => value === "")) return undefined;
  const seen = files.map(([name, value]) => [name, { ...facts.variables[name], value }]);
  return {
    ...facts,
    variables: { ...facts.variables, ...Object.fromEntries(seen) } as ServerFacts["variables"],
  };
}

/**
 * A member that may open channels tries every member that will restart, with the new material and with its own files: those of the
 * others lie on other machines. Each member's own credentials are tried as well. `reached`: peers that have taken its files already.
 */
export async function probeBeforehand(
  view: GroupView,
  restarting: readonly Handle[],
  reached: readonly Peer[],
): Promise<void> {
  const prober = view.prober();
  const [first] = restarting;
  if (!prober || !first) return;
  await Promise.all(restarting.map((h) => requireSameEncryption(h)));
  // One that restarts itself tries its own new certificate at every peer.
  const own = restarting.find((h) => h.id === prober.facts.uuid);
  const tried = new Set(reached.map(({ address }) => address));
  const others = own
    ? view.donorsOf(own).filter(({ address }) => !tried.has(address))
    : restarting.map((h) => peerOf(h.facts));
  await proveGroupTls(prober.session, prober.facts, first.job.sslMode(first.facts), others);
  const logins = new Set<string>();
  for (const { facts } of restarting) {
    const credentials = JSON.stringify([facts.channel?.user, facts.channel?.password]);
    if (logins.has(credentials)) continue;
    logins.add(credentials);
    const of = standIn(prober.facts, facts);
    await proveRecovery(prober.session, prober.facts, [peerOf(prober.facts)], { of });
  }
}

/**
 * Where ssl_mode was set by hand and never acted, only a handshake tells whether the group encrypts: on XCOM a member that does
 * otherwise would be refused after 61 s.
 */
async function requireSameEncryption(h: Handle): Promise<void> {
  const { facts } = h;
  const setAt = facts.variables["group_replication_ssl_mode"]?.setAt ?? 0;
  const local = parseEndpoint(valueOf(facts, "group_replication_local_address"));
  if (stackInEffect(facts) === "MYSQL" || !local || setAt <= (facts.startedAt ?? 0)) return;
  const encrypted = (await groupCertificate(local)) !== undefined;
  const wanted = h.job.sslMode(facts);
  if (encrypted === (wanted !== "DISABLED")) return;
  throw new GroupRestartError(
    h.address,
    `its group ${encrypted ? "encrypts" : "does not encrypt"}, although ssl_mode was set to ${valueOf(facts, "group_replication_ssl_mode")} since: members cannot change to ${wanted} one by one`,
    "on the XCOM stack an encrypted and an unencrypted member cannot talk to each other",
    "stop Group Replication on every member in a maintenance window (the primary last), then pulumi up --refresh starts the group with the new value",
  );
}

/** Two witnesses must see every member ONLINE that was so before, and a majority of all must stay. */
export async function requireQuorum(
  view: GroupView,
  leaving: readonly Handle[],
  patience = settling,
): Promise<void> {
  const { told, silent } = await askUntilAgreed(view, patience);
  if (silent.length > 0)
    throw new QuorumRiskError(
      view.group,
      `${silent.map((s) => s.address).join(", ")} does not answer`,
      "bring it back, then pulumi up --refresh: it goes on here",
    );
  const [first, second] = told;
  if (!first || !second)
    throw new QuorumRiskError(
      view.group,
      `only ${first?.address ?? "nobody"} could be asked; a second witness is needed`,
      "see that the administrator's login works on another member, then pulumi up",
    );
  const out = outOf(told);
  if (out.length > 0)
    throw new QuorumRiskError(
      view.group,
      `${out.map((t) => t.address).join(", ")} was ONLINE and is not any more: it failed, or somebody stopped it`,
      "see its error log; then pulumi up --refresh brings it back and goes on here",
    );
  const different = differences(told);
  if (different.length > 0)
    throw new QuorumRiskError(
      view.group,
      `two members see it differently: ${different.join("; ")}`,
      "see that the network between them is well, wait until the group has settled, then pulumi up",
    );
  const notOnline = first.members
    .filter((m) => m.state !== "ONLINE")
    .map((m) => `${m.host}:${m.port} ${m.state}`);
  const gone = view.expected().filter((m) => !first.members.some((seen) => seen.id === m.id));
  const missing = [...notOnline, ...gone.map((m) => `${m.address} is not in it any more`)];
  if (missing.length > 0)
    throw new QuorumRiskError(
      view.group,
      `not every member is ONLINE: ${missing.join(", ")}`,
      "bring it back, then pulumi up --refresh: it goes on here",
    );
  const size = first.members.length;
  if (leaving.length > mostAway(size, size))
    throw new QuorumRiskError(
      view.group,
      `${leaving.length} of ${size} members were to stop at once, which leaves no majority of ${majorityOf(size)}`,
      "bring the missing members back, then pulumi up",
    );
  const absent = view.goneFrom(first.members);
  if (absent.length > 0 && size - leaving.length < majorityOf(size + absent.length))
    throw new QuorumRiskError(
      view.group,
      `${absent.join(", ")} ran in it when state was written and is not in it now, and without ${absent.length === 1 ? "it" : "them"} ${size - leaving.length} of ${size + absent.length} members would stay`,
      "see its error log; then pulumi up --refresh brings it back and goes on here",
    );
}

/** In seconds. Members hear of a change one after the other: one that has just joined is RECOVERING to some for a moment longer. */
const settling = 10;

/** What all say, once they say the same, or one has failed; else what they say in the end. */
async function askUntilAgreed(view: GroupView, patience: number): Promise<Answers> {
  let answers = await view.ask();
  const isSettled = ({ told, silent }: Answers): boolean =>
    silent.length > 0 || outOf(told).length > 0 || differences(told).length === 0;
  await until(patience, async () => {
    if (isSettled(answers)) return true;
    answers = await view.ask();
    return undefined;
  });
  return answers;
}

/** Those that are not ONLINE by their own word. */
function outOf(told: readonly Testimony[]): Testimony[] {
  return told.filter((t) => t.members.every((m) => m.id !== t.id || m.state !== "ONLINE"));
}

/** What the first says otherwise than another. */
function differences([first, ...others]: readonly Testimony[]): string[] {
  if (!first) return [];
  const all = [first, ...others].flatMap((t) => t.members);
  const members = [...new Map(all.map((m) => [m.id, m])).values()];
  const by = (t: Testimony, id: string): string => t.members.find((m) => m.id === id)?.state ?? "not there";
  return members.flatMap((m) => {
    const other = others.find((t) => by(t, m.id) !== by(first, m.id));
    const name = `${m.host}:${m.port}`;
    return other === undefined
      ? []
      : [`${first.address} sees ${name} ${by(first, m.id)}, ${other.address} sees it ${by(other, m.id)}`];
  });
}

/**
 * Nobody that answers belongs to a majority, so nobody can take a member in: a START would fail after 61 s. One that is cut off from a
 * group that lives on says the same of it, so a single member that sees a majority is enough. Undefined where the group is well.
 */
export function lostMajority(
  view: GroupView,
  h: Handle,
  { told, silent }: Answers,
): QuorumRiskError | undefined {
  const gone = new Set(silent.map((s) => s.id));
  const lostBy = told.map(({ members }) => {
    const others = members.filter((m) => m.id !== h.id);
    const lost = others.filter((m) => m.state === "UNREACHABLE" || gone.has(m.id));
    return lost.length * 2 < others.length ? [] : lost;
  });
  const [lost] = lostBy;
  if (lost === undefined || lostBy.some((each) => each.length === 0)) return undefined;
  const names = lost.map((m) => `${m.host}:${m.port}`).join(", ");
  return new QuorumRiskError(
    view.group,
    `${names} failed while ${h.address} was stopped, and those that are left are no majority: the group takes no writes, and nobody can join it`,
    lostQuorum,
    `${h.address} is stopped and read only; the next pulumi up --refresh starts it`,
  );
}

/** Between STOP and START: the member itself tries its peers, so that a START that would fail after 61 s is never sent. */
export async function proveStopped(
  view: GroupView,
  h: Handle,
  donors: readonly Peer[] = view.donorsOf(h),
): Promise<void> {
  const began = performance.now();
  if (isStarting(await h.observe())) throw startedMeanwhile(h.address);
  await h.send(async (session, again) => {
    if (again && (await uptimeOf(session)) <= (performance.now() - began) / 1000 + 1)
      throw startedMeanwhile(h.address);
    const others = view.all.filter((o) => o !== h).map((o) => o.facts);
    await proveStart(session, h.facts, h.job.sslMode(h.facts), donors, view.pairs, others);
  });
}

/** Its server may be starting Group Replication by itself. */
function startedMeanwhile(address: string): StepFailedError {
  return new StepFailedError(address, "proof of its peers", {
    what: `${address}: its server, or Group Replication on it, was started by somebody else while it was to try its peers`,
    todo: "see in its error log why, then pulumi up --refresh",
  });
}

/** start_on_boot ON needs credentials that log in; for an ONLINE secondary the primary tries them. */
export async function proveInPlace(view: GroupView, h: Handle): Promise<void> {
  if (mayProbe(h.facts)) return void (await proveRecovery(h.session, h.facts, view.donorsOf(h)));
  const prober = view.prober();
  if (!prober)
    throw new NotReadyError(h.address, "cannot have startOnBoot: nobody could try its recovery credentials", {
      todo: "see that the administrator's login works on the group's primary, then pulumi up",
    });
  await proveRecovery(prober.session, prober.facts, [peerOf(prober.facts)], {
    of: standIn(prober.facts, h.facts),
  });
}
