import { NotReadyError, ProofError, ProviderError, QuorumRiskError, StepFailedError } from "../errors";
import { hasFailed, isOnline, isRunning, type ServerFacts, valueOf } from "../mysql/facts";
import {
  bootstrapGroupReplication,
  caughtUp,
  leaveOfflineMode,
  missingFrom,
  oldestTransaction,
  reasonSince,
  seenMembers,
  serverClock,
  setAsPrimary,
  startGroupReplication,
  stateOf,
  stopGroupReplication,
  until,
} from "../mysql/membership";
import { observe } from "../mysql/observe";
import { printSteps } from "../plan/step";
import { privilegesFor, probePrivileges, requirePrivileges } from "../mysql/privileges";
import type { Session } from "../mysql/session";
import { printPlan } from "../plan/group-member";
import { unmetPrerequisites } from "../plan/prerequisites";
import { type Handle, stepFailure } from "./handle";
import {
  type Peer,
  mayProbe,
  peerOf,
  proveGroupLogin,
  proveGroupTls,
  proveOwnCertificate,
  proveRecovery,
  requireRecoveryUser,
} from "./proof";
import { type Stage, chooseSuccessor } from "./schedule";

/** A member of the group that no job of this batch concerns: it only testifies. */
export interface Witness {
  readonly session: Session;
  readonly facts: ServerFacts;
}

/** Runs the stages of one batch. Each method leaves every member either as declared or as it was. */
export class Executor {
  private turn: Promise<void> = Promise.resolve();

  constructor(
    private readonly group: string,
    private readonly handles: ReadonlyMap<string, Handle>,
    private readonly witnesses: readonly Witness[],
    private readonly say: (line: string) => void,
  ) {}

  /** Everything that can be found out before anything is stopped; what it set for that is taken back on failure. */
  async preflight(): Promise<void> {
    const leaving = [...this.handles.values()].filter((h) => h.job.leave !== undefined);
    await inParallel(leaving, (h) =>
      requirePrivileges(
        h.session,
        h.facts.account,
        privilegesFor(["STOP GROUP_REPLICATION", ...printSteps(h.job.leave!(h.facts))]),
      ),
    );
    const working = [...this.handles.values()].filter((h) => h.job.leave === undefined);
    await inParallel(working, async (h) => {
      await requirePrivileges(h.session, h.facts.account, this.privileges(h));
      if (h.plan.action === "start") await this.requireReady(h);
      if (h.plan.late.length > 0) requireRecoveryUser(h.facts);
    });
    const before = working.filter((h) => isRunning(h.facts) && h.plan.material.length > 0);
    await inParallel(before, (h) => this.material(h));
    await this.primaryProbes(working.filter((h) => h.plan.action === "restart"));
  }

  async stage(stage: Stage): Promise<void> {
    switch (stage.kind) {
      case "change":
        return inParallel(this.pick(stage.members), (h) => this.change(h));
      case "bootstrap":
        return inParallel(this.pick([stage.member]), (h) => this.start(h, true));
      case "join":
        return inParallel(this.pick(stage.members), (h) => this.start(h, false));
      case "restart":
        return inParallel(this.pick(stage.members), (h) => this.restart(h));
      case "switch-over":
        return this.switchOver(stage.from, stage.candidates);
      case "leave":
        return inParallel(this.pick(stage.members), (h) => this.leave(h));
    }
  }

  private privileges(h: Handle): string[] {
    const probes = h.plan.action === "none" ? [] : probePrivileges;
    const transactions = h.plan.action === "restart" ? ["PROCESS"] : [];
    return [...privilegesFor(printPlan(h.plan)), ...probes, ...transactions];
  }

  private async requireReady(h: Handle): Promise<void> {
    const unmet = unmetPrerequisites(h.facts);
    if (unmet.length > 0)
      throw new NotReadyError(h.address, "is not ready for Group Replication", {
        why: unmet.map((u) => u.problem).join("; "),
        todo: `add to its option file and restart the server:\n[mysqld]\n${unmet.map((u) => u.line).join("\n")}`,
      });
    const source = this.anyOnline();
    if (!source || h.facts.gtidExecuted === "") return;
    const own = await missingFrom(h.session, h.facts.gtidExecuted, (await observe(source)).gtidExecuted);
    if (own !== "")
      throw new NotReadyError(h.address, `has transactions that group ${this.group} does not have`, {
        why: `errant GTIDs: ${own}`,
        todo: "find out what they are; then rebuild the server from a backup or a clone of the group, or apply them to the primary",
      });
  }

  /** TLS files: set, loaded, and looked at from outside. */
  private async material(h: Handle): Promise<void> {
    await h.apply(h.plan.material);
    await h.observe();
    await proveOwnCertificate(h.facts, h.job.sslMode(h.facts));
  }

  /** The primary, which may open channels, tries every member that will restart, with the new material. */
  private async primaryProbes(restarting: readonly Handle[]): Promise<void> {
    if (restarting.length === 0) return;
    const prober = [...this.handles.values()].find((h) => isOnline(h.facts) && mayProbe(h.facts));
    const session = prober ?? this.witnesses.find((w) => isOnline(w.facts) && mayProbe(w.facts));
    if (!session) return;
    const others = restarting.filter((h) => h !== prober);
    const sslMode = restarting[0]!.job.sslMode(restarting[0]!.facts);
    await proveGroupTls(
      session.session,
      session.facts,
      sslMode,
      others.map((h) => peerOf(h.facts)),
    );
    // A donor that every member has in common: the prober itself tells whether the credentials still log in.
    await Promise.all(
      restarting
        .slice(0, 1)
        .map((h) => proveRecovery(session.session, session.facts, [peerOf(session.facts)], { of: h.facts })),
    );
  }

  private async change(h: Handle): Promise<void> {
    try {
      await h.apply([...h.plan.install, ...h.plan.online]);
      if (h.plan.late.length > 0) {
        if (mayProbe(h.facts)) await proveRecovery(h.session, h.facts, this.donorsOf(h));
        await h.apply(h.plan.late);
      }
      await h.observe();
      h.settle();
    } catch (error) {
      throw await this.takeBack(h, error, false);
    }
  }

  private async restart(h: Handle): Promise<void> {
    await this.requireQuorum(h);
    this.say(`${h.address}: restarting Group Replication (${h.plan.reasons.join("; ")})`);
    let stopped = false;
    let since = "";
    try {
      await h.apply(h.plan.online);
      since = await serverClock(h.session);
      stopped = true;
      await stopGroupReplication(h.session).catch((e: unknown) => {
        throw stepFailure(h.address, "STOP GROUP_REPLICATION", e);
      });
      await h.apply(h.plan.stopped);
      await this.proveStopped(h);
      await startGroupReplication(h.session).catch((e: unknown) => {
        throw stepFailure(h.address, "START GROUP_REPLICATION", e);
      });
      h.changed = true;
      await this.awaitOnline(h);
      await h.apply(h.plan.late);
      await h.observe();
      h.settle();
      this.say(`${h.address}: ONLINE`);
    } catch (error) {
      throw await this.takeBack(h, await this.withReason(h, error, since), stopped);
    }
  }

  private async start(h: Handle, bootstrap: boolean): Promise<void> {
    this.say(`${h.address}: ${bootstrap ? "making the group" : "joining the group"}`);
    let since = "";
    const failed = hasFailed(h.facts);
    try {
      if (failed) await stopGroupReplication(h.session);
      await h.apply([...h.plan.install, ...h.plan.online, ...h.plan.material]);
      since = await serverClock(h.session);
      await h.apply(h.plan.stopped);
      await h.observe();
      await proveOwnCertificate(h.facts, h.job.sslMode(h.facts));
      await this.proveStopped(h);
      await this.inTurn(h, bootstrap ? bootstrapGroupReplication : startGroupReplication);
      await this.awaitOnline(h);
      if (failed && isOfflineByExit(h.before)) await leaveOfflineMode(h.session);
      await h.apply(h.plan.late);
      await h.observe();
      h.settle();
      this.say(`${h.address}: ONLINE`);
    } catch (error) {
      throw await this.takeBack(h, await this.withReason(h, error, since), false);
    }
  }

  /**
   * Two STARTs at once hinder each other (8 s and more, against 3 s one after the other on 9.7.4), and a long recovery must not keep
   * others waiting: the next begins when this member is ONLINE, or five seconds after its START.
   */
  private async inTurn(h: Handle, start: (session: Session) => Promise<void>): Promise<void> {
    const before = this.turn;
    let next: () => void = () => undefined;
    this.turn = new Promise((resolve) => (next = resolve));
    await before;
    try {
      h.changed = true;
      await start(h.session).catch((e: unknown) => {
        throw stepFailure(h.address, "START GROUP_REPLICATION", e);
      });
      await until(5, async () => ((await stateOf(h.session, h.id)) === "ONLINE" ? true : undefined));
    } finally {
      next();
    }
  }

  /** Between STOP and START: the member itself tries its peers, so that a START that would fail after 61 s is never sent. */
  private async proveStopped(h: Handle): Promise<void> {
    await h.observe();
    const donors = this.donorsOf(h);
    await proveGroupLogin(h.session, h.facts, h.job.sslMode(h.facts), donors);
    await proveRecovery(h.session, h.facts, donors.length > 0 ? donors : [peerOf(h.facts)]);
  }

  private async awaitOnline(h: Handle): Promise<void> {
    const limit = h.job.onlineTimeout;
    const others = this.sessionsOnline(h);
    const end = performance.now() + limit * 1000;
    const state = await until(limit, async () => {
      const own = await stateOf(h.session, h.id);
      return own === "ONLINE" || own === "ERROR" || own === "OFFLINE" ? own : undefined;
    });
    if (state !== "ONLINE")
      throw new StepFailedError(h.address, "START GROUP_REPLICATION", {
        what: `${h.address} did not come ONLINE within ${limit} s: it is ${state ?? "still RECOVERING"}`,
      });
    const [witness] = others;
    if (witness) {
      const seen = await until(30, async () =>
        (await stateOf(witness, h.id)) === "ONLINE" ? true : undefined,
      );
      if (!seen)
        throw new StepFailedError(h.address, "START GROUP_REPLICATION", {
          what: `${h.address} calls itself ONLINE, and ${witness.address} does not see it so`,
        });
      const left = Math.max(5, Math.ceil((end - performance.now()) / 1000));
      const source = (await this.primarySession()) ?? witness;
      if (source !== h.session && !(await caughtUp(h.session, source, left)))
        throw new StepFailedError(h.address, "START GROUP_REPLICATION", {
          what: `${h.address} is ONLINE and had not caught up with ${source.address} after ${left} s`,
        });
    }
  }

  private async switchOver(from: string, candidates: readonly string[]): Promise<void> {
    const old = this.sessionOf(from)!;
    const options = (
      await Promise.all(
        candidates.map(async (id) => {
          const session = this.sessionOf(id);
          if (!session || (await stateOf(session, id).catch(() => undefined)) !== "ONLINE") return [];
          const facts = await observe(session);
          return [
            {
              id,
              session,
              behind: facts.applierQueue,
              weight: Number(valueOf(facts, "group_replication_member_weight")),
            },
          ];
        }),
      )
    ).flat();
    const successor = chooseSuccessor(options);
    const chosen = options.find((o) => o.id === successor);
    if (!chosen)
      throw new QuorumRiskError(
        this.group,
        "no member that is reached by this deployment could take over as primary",
        "see that the administrator's login works on the other members, then pulumi up",
      );
    const job = [...this.handles.values()][0]!.job;
    await this.awaitTransactions(old, job.switchoverTimeout);
    this.say(`switch-over: ${old.address} hands the group to ${chosen.session.address}`);
    await setAsPrimary(old, chosen.id, this.versionOf(chosen.id), job.switchoverTimeout).catch(
      (e: unknown) => {
        throw stepFailure(old.address, "group_replication_set_as_primary", e);
      },
    );
    const done = await until(30, async () =>
      (await seenMembers(chosen.session)).some((m) => m.id === chosen.id && m.role === "PRIMARY")
        ? true
        : undefined,
    );
    if (!done)
      throw new StepFailedError(old.address, "group_replication_set_as_primary", {
        what: `${chosen.session.address} was not primary 30 s after the switch-over`,
        left: "no further member was touched",
        todo: "look at performance_schema.replication_group_members, then pulumi up",
      });
  }

  private async awaitTransactions(session: Session, seconds: number): Promise<void> {
    const quiet = await until(
      seconds,
      async () => (((await oldestTransaction(session)) ?? 0) < 2 ? true : undefined),
      250,
    );
    if (quiet) return;
    throw new StepFailedError(session.address, "switch-over", {
      what: `${session.address} was not switched over: transactions stayed open for ${seconds} s`,
      why: `a switch-over would end them by force; the oldest has been open for ${await oldestTransaction(session)} s`,
      left: `${session.address} is still primary, with its settings as before; members that were restarted are as declared`,
      todo: "end those transactions (information_schema.innodb_trx), or raise rollout.switchoverTimeout, then pulumi up: it goes on here",
    });
  }

  private async leave(h: Handle): Promise<void> {
    this.say(`${h.address}: leaving the group`);
    h.changed = true;
    await stopGroupReplication(h.session).catch((e: unknown) => {
      throw stepFailure(h.address, "STOP GROUP_REPLICATION", e);
    });
    await h.apply(h.job.leave!(h.facts)).catch((error: unknown) => {
      // A deletion goes forward only: what is reset stays so, and the next destroy does the rest.
      h.forget();
      throw withLeft(error, `${h.address} has left the group; some of its settings are reset already`);
    });
    h.settle();
  }

  /** Two witnesses must see every member ONLINE that was so before, and a majority left without this one. */
  private async requireQuorum(h: Handle): Promise<void> {
    const sessions = [...this.sessionsOnline(h)].slice(0, 2);
    const views = await Promise.all([...sessions, h.session].slice(0, 2).map((s) => seenMembers(s)));
    if (views.length < 2)
      throw new QuorumRiskError(
        this.group,
        `only ${h.address} itself could be asked; a second witness is needed`,
        "see that the administrator's login works on another member, then pulumi up",
      );
    const pictures = views.map((view) => view.map((m) => `${m.host}:${m.port} ${m.state}`).sort());
    if (JSON.stringify(pictures[0]) !== JSON.stringify(pictures[1]))
      throw new QuorumRiskError(
        this.group,
        `two members see it differently: ${pictures[0]!.join(", ")} against ${pictures[1]!.join(", ")}`,
        "wait until the group has settled, then pulumi up",
      );
    const notOnline = pictures[0]!.filter((m) => !m.endsWith(" ONLINE"));
    if (notOnline.length > 0)
      throw new QuorumRiskError(
        this.group,
        `not every member is ONLINE: ${notOnline.join(", ")}`,
        "bring it back, then pulumi up: it goes on here",
      );
  }

  /** Undoes what was done on every member that is not whole yet, after a failure before anything was stopped. */
  async takeBackAll(error: unknown): Promise<unknown> {
    const open = [...this.handles.values()].filter((h) => !h.settled && h.touched);
    let told = error;
    for (const h of open) {
      const outcome = await this.takeBack(h, h.failure ?? error, false);
      if (h.failure === error) told = outcome;
      if (h.failure !== undefined) h.failure = outcome;
    }
    return told;
  }

  /** Undoes what was done on the member, starts it again with its old settings, and says how that went. */
  private async takeBack(h: Handle, error: unknown, restart: boolean): Promise<unknown> {
    const left: string[] = [];
    try {
      const touched = h.touched;
      await h.undo();
      if (touched) left.push(`${h.address} has its settings from before`);
      if (restart && (await stateOf(h.session, h.id)) !== "ONLINE") {
        await stopGroupReplication(h.session);
        await startGroupReplication(h.session);
        await this.awaitOnline(h);
        left.push("it is ONLINE again");
      }
      if (left.length === 0) left.push("nothing was changed on it");
      h.changed = false;
      // What was pending before this change is pending still.
      if (!h.plan.reasons.some((reason) => reason.includes("not in effect")))
        h.takenBackAt = (await h.observe()).now;
    } catch (second) {
      left.push(
        `putting ${h.address} back failed: ${ProviderError.is(second) ? second.parts.what : (second as Error).message}`,
      );
    }
    return withLeft(error, left.join("; "));
  }

  private async withReason(h: Handle, error: unknown, since: string): Promise<unknown> {
    if (!(error instanceof StepFailedError) || since === "" || !/START/.test(error.step)) return error;
    const reason = await reasonSince(h.session, since).catch(() => undefined);
    const first = error.parts.why === undefined ? "" : ` [${error.parts.why}]`;
    return new StepFailedError(h.address, error.step, {
      ...error.parts,
      why: reason === undefined ? error.parts.why : `${reason}${first}`,
      todo: "mend the cause, then pulumi up",
    });
  }

  private donorsOf(h: Handle): Peer[] {
    const handles = [...this.handles.values()].filter(
      (o) => o !== h && isOnline(o.facts) && o.job.leave === undefined,
    );
    const witnesses = this.witnesses.filter((w) => isOnline(w.facts));
    return [...handles.map((o) => peerOf(o.facts)), ...witnesses.map((w) => peerOf(w.facts))];
  }

  private sessionsOnline(except: Handle): Session[] {
    const handles = [...this.handles.values()].filter((o) => o !== except && isOnline(o.facts));
    return [
      ...handles.map((o) => o.session),
      ...this.witnesses.filter((w) => isOnline(w.facts)).map((w) => w.session),
    ];
  }

  private anyOnline(): Session | undefined {
    const handle = [...this.handles.values()].find((h) => isOnline(h.facts));
    return handle?.session ?? this.witnesses.find((w) => isOnline(w.facts))?.session;
  }

  private async primarySession(): Promise<Session | undefined> {
    const any = this.anyOnline();
    if (!any) return undefined;
    const primary = (await seenMembers(any)).find((m) => m.role === "PRIMARY");
    return primary && this.sessionOf(primary.id);
  }

  private sessionOf(id: string): Session | undefined {
    return this.handles.get(id)?.session ?? this.witnesses.find((w) => w.facts.uuid === id)?.session;
  }

  private versionOf(id: string): string {
    return (this.handles.get(id) ?? this.witnesses.find((w) => w.facts.uuid === id))!.facts.version;
  }

  private pick(ids: readonly string[]): Handle[] {
    return ids.map((id) => this.handles.get(id)!);
  }
}

function isOfflineByExit(facts: ServerFacts): boolean {
  return (
    valueOf(facts, "offline_mode") === "ON" &&
    valueOf(facts, "group_replication_exit_state_action") === "OFFLINE_MODE"
  );
}

/** All of them are awaited, so that none is still at work when the first failure is told. */
async function inParallel(handles: readonly Handle[], work: (h: Handle) => Promise<void>): Promise<void> {
  const outcomes = await Promise.allSettled(
    handles.map((h) =>
      work(h).catch((error: unknown) => {
        h.failure = error;
        throw error;
      }),
    ),
  );
  const failed = outcomes.find((o) => o.status === "rejected");
  if (failed) throw failed.reason;
}

function withLeft(error: unknown, left: string): unknown {
  if (error instanceof StepFailedError)
    return new StepFailedError(error.server, error.step, { ...error.parts, left: error.parts.left ?? left });
  if (error instanceof ProofError)
    return new ProofError(error.facts["server"] as string, error.parts.what.replace(/^[^ ]+: /, ""), {
      ...error.parts,
      left,
    });
  return error;
}
