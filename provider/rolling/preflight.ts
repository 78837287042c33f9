import { GroupRestartError, NotReadyError, QuorumRiskError } from "../errors";
import { stackInEffect, valueOf } from "../mysql/facts";
import { missingFrom, seenMembers } from "../mysql/membership";
import { observe } from "../mysql/observe";
import { privilegesFor, probePrivileges, requirePrivileges } from "../mysql/privileges";
import { allSteps, printPlan, undoOf } from "../plan/group-member";
import { printSteps } from "../plan/step";
import { groupCertificate, parseEndpoint } from "../tls/handshake";
import type { GroupView } from "./group-view";
import type { Handle } from "./handle";
import { peerOf, proveGroupTls, proveRecovery, requireRecoveryUser, standIn } from "./proof";

/** What can be known without changing anything: privileges, errant transactions. */
export async function requireAbility(view: GroupView, h: Handle): Promise<void> {
  await requirePrivileges(h.session, h.facts.account, privileges(h));
  if (h.plan.action === "start") await requireNoErrants(view, h);
  if (h.plan.late.length > 0) requireRecoveryUser(h.facts);
}

function privileges(h: Handle): string[] {
  if (h.job.leave) return privilegesFor(["STOP GROUP_REPLICATION", ...printSteps(h.job.leave(h.facts))]);
  const probes = h.plan.action === "none" && h.plan.late.length === 0 ? [] : probePrivileges;
  const transactions = h.plan.action === "restart" ? ["PROCESS"] : [];
  // A change that could not be taken back is not begun.
  const undo = printSteps(undoOf(allSteps(h.plan)));
  return [...privilegesFor([...printPlan(h.plan), ...undo]), ...probes, ...transactions];
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
 * A member that may open channels tries every member that will restart, with the new material and with its own files: those of the
 * others lie on other machines. Each member's own credentials are tried as well.
 */
export async function probeBeforehand(view: GroupView, restarting: readonly Handle[]): Promise<void> {
  const prober = view.prober();
  const [first] = restarting;
  if (!prober || !first) return;
  await Promise.all(restarting.map((h) => requireSameEncryption(h)));
  // One that restarts itself tries its own new certificate at every peer.
  const own = restarting.find((h) => h.id === prober.facts.uuid);
  const others = own ? view.donorsOf(own) : restarting.map((h) => peerOf(h.facts));
  await proveGroupTls(prober.session, prober.facts, first.job.sslMode(first.facts), others);
  const tried = new Set<string>();
  for (const { facts } of restarting) {
    const credentials = JSON.stringify([facts.channel?.user, facts.channel?.password]);
    if (tried.has(credentials)) continue;
    tried.add(credentials);
    const of = standIn(prober.facts, facts);
    await proveRecovery(prober.session, prober.facts, [peerOf(prober.facts)], { of });
  }
}

/** Two witnesses must see every member ONLINE that was so before, and a majority left without this one. */
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

export async function requireQuorum(view: GroupView, h: Handle): Promise<void> {
  const sessions = [...view.sessionsOnline(h)].slice(0, 2);
  const views = await Promise.all([...sessions, h.session].slice(0, 2).map((s) => seenMembers(s)));
  if (views.length < 2)
    throw new QuorumRiskError(
      view.group,
      `only ${h.address} itself could be asked; a second witness is needed`,
      "see that the administrator's login works on another member, then pulumi up",
    );
  const pictures = views.map((view) => view.map((m) => `${m.host}:${m.port} ${m.state}`).sort());
  if (JSON.stringify(pictures[0]) !== JSON.stringify(pictures[1]))
    throw new QuorumRiskError(
      view.group,
      `two members see it differently: ${pictures[0]!.join(", ")} against ${pictures[1]!.join(", ")}`,
      "wait until the group has settled, then pulumi up",
    );
  const notOnline = pictures[0]!.filter((m) => !m.endsWith(" ONLINE"));
  if (notOnline.length > 0)
    throw new QuorumRiskError(
      view.group,
      `not every member is ONLINE: ${notOnline.join(", ")}`,
      "bring it back, then pulumi up: it goes on here",
    );
}
