import { NotReadyError, ProviderError, StepFailedError, withLeft } from "../errors";
import { type ServerFacts, hasFailed, isRunning, valueOf } from "../mysql/facts";
import {
  bootstrapGroupReplication,
  caughtUp,
  leaveOfflineMode,
  missingFrom,
  reasonSince,
  serverClock,
  startGroupReplication,
  stateOf,
  stopGroupReplication,
  until,
} from "../mysql/membership";
import type { Session } from "../mysql/session";
import type { GroupView } from "./group-view";
import { type Handle, stepFailure } from "./handle";
import { probeBeforehand, requireAbility, requireQuorum } from "./preflight";
import { mayProbe, peerOf, proveGroupLogin, proveOwnCertificate, proveRecovery, standIn } from "./proof";
import type { Stage } from "./schedule";
import { switchOver } from "./switch-over";

/** Runs the stages of one batch. Each method leaves every member either as declared or as it was. */
export class Executor {
  private turn: Promise<void> = Promise.resolve();

  constructor(
    private readonly view: GroupView,
    private readonly say: (line: string) => void,
  ) {}

  /** Everything that can be found out before anything is stopped; what it set for that is taken back on failure. */
  async preflight(): Promise<void> {
    await inParallel(this.view.all, (h) => requireAbility(this.view, h));
    const working = this.view.all.filter((h) => h.job.leave === undefined);
    const running = working.filter((h) => isRunning(h.facts) && h.plan.material.length > 0);
    await inParallel(running, (h) => this.material(h));
    await probeBeforehand(
      this.view,
      working.filter((h) => h.plan.action === "restart"),
    );
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
        return switchOver(this.view, stage.from, stage.candidates, this.switchoverTimeout, this.say);
      case "leave":
        return inParallel(this.pick(stage.members), (h) => this.leave(h));
    }
  }

  /** TLS files: set, loaded, and looked at from outside. */
  private async material(h: Handle): Promise<void> {
    await h.apply(h.plan.material);
    await h.observe();
    await proveOwnCertificate(h.facts, h.job.sslMode(h.facts));
  }

  private async change(h: Handle): Promise<void> {
    try {
      await h.apply([...h.plan.install, ...h.plan.online]);
      if (h.plan.late.length > 0) {
        await this.proveInPlace(h);
        await h.apply(h.plan.late);
      }
      await h.observe();
      h.settle();
    } catch (error) {
      throw await this.takeBack(h, error, false);
    }
  }

  /** start_on_boot ON needs credentials that log in; for an ONLINE secondary the primary tries them. */
  private async proveInPlace(h: Handle): Promise<void> {
    if (mayProbe(h.facts)) return proveRecovery(h.session, h.facts, this.view.donorsOf(h));
    const prober = this.view.prober();
    if (!prober)
      throw new NotReadyError(
        h.address,
        "cannot have startOnBoot: nobody could try its recovery credentials",
        {
          todo: "see that the administrator's login works on the group's primary, then pulumi up",
        },
      );
    await proveRecovery(prober.session, prober.facts, [peerOf(prober.facts)], {
      of: standIn(prober.facts, h.facts),
    });
  }

  private async restart(h: Handle): Promise<void> {
    await requireQuorum(this.view, h);
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
      if (bootstrap) await this.requireAllTransactions(h);
      await h.apply(h.plan.install);
      // Where settings from an earlier life are persisted, the plugin starts Group Replication as it is installed.
      if (h.plan.install.length > 0) await stopGroupReplication(h.session);
      await h.apply([...h.plan.online, ...h.plan.material]);
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

  /** A group is made from the member that has every transaction of the others, or theirs would be lost to it. */
  private async requireAllTransactions(h: Handle): Promise<void> {
    for (const other of this.view.all) {
      if (other === h || other.job.leave) continue;
      const more = await missingFrom(h.session, other.facts.gtidExecuted, h.facts.gtidExecuted);
      if (more === "") continue;
      throw new NotReadyError(
        h.address,
        `may not make the group: ${other.address} has transactions that it lacks`,
        {
          why: `GTIDs ${more}`,
          todo: `declare bootstrap: true on ${other.address} instead, if it has all transactions of the group`,
        },
      );
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
    const donors = this.view.donorsOf(h);
    await proveGroupLogin(h.session, h.facts, h.job.sslMode(h.facts), donors);
    await proveRecovery(h.session, h.facts, donors.length > 0 ? donors : [peerOf(h.facts)]);
  }

  private async awaitOnline(h: Handle): Promise<void> {
    const limit = h.job.onlineTimeout;
    const others = this.view.sessionsOnline(h);
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
      const source = (await this.view.primarySession()) ?? witness;
      if (source !== h.session && !(await caughtUp(h.session, source, left)))
        throw new StepFailedError(h.address, "START GROUP_REPLICATION", {
          what: `${h.address} is ONLINE and had not caught up with ${source.address} after ${left} s`,
        });
    }
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

  /** Undoes what was done on every member that is not whole yet, after a failure before anything was stopped. */
  async takeBackAll(error: unknown): Promise<unknown> {
    const open = this.view.all.filter((h) => !h.settled && h.touched);
    const isOwn = open.some((h) => h.failure === error);
    let told = error;
    for (const h of open) {
      const outcome = await this.takeBack(h, h.failure ?? error, false);
      if (h.failure === error) told = outcome;
      if (h.failure !== undefined) h.failure = outcome;
    }
    const names = open.map((h) => h.address).join(", ");
    return isOwn ? told : withLeft(error, open.length === 0 ? "nothing was changed" : `${names} as before`);
  }

  /** Undoes what was done on the member, starts it again with its old settings, and says how that went. */
  private async takeBack(h: Handle, error: unknown, restart: boolean): Promise<unknown> {
    const left: string[] = [];
    try {
      const touched = h.touched;
      // Some settings cannot be put back while it runs, and what it runs with now is not what it had.
      const stop = restart || (!isRunning(h.before) && (await stateOf(h.session, h.id)) !== "OFFLINE");
      if (stop) await stopGroupReplication(h.session);
      await h.undo();
      if (touched) left.push(`${h.address} has its settings from before`);
      if (restart) {
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
      if (h.session.closed)
        left.push(
          `${h.address} may be stopped or down, and what was set on it is still set; no other member was touched after it`,
        );
      else
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

  private get switchoverTimeout(): number {
    return Math.max(...this.view.all.map((h) => h.job.switchoverTimeout));
  }

  private pick(ids: readonly string[]): Handle[] {
    return ids.map((id) => this.view.handles.get(id)!);
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
