import { interruptedError, withLeft } from "../errors";
import { isRunning } from "../mysql/facts";
import { clearLeftProbes } from "../mysql/probe";
import { reloadTls } from "../plan/group-member";
import { printSteps } from "../plan/step";
import { restartGroup } from "./group-restart";
import type { GroupView } from "./group-view";
import type { Handle } from "./handle";
import type { Job } from "./job";
import { Joining } from "./join";
import { inParallel } from "./parallel";
import type { Stage } from "./picture";
import { probeBeforehand, probeNewFiles, proveInPlace, requireAbility, stops } from "./preflight";
import { proveOwnCertificate, requireExpected } from "./proof";
import { partiesOf, requireRecovery } from "./recovery-talk";
import { restartWave, stop } from "./restart";
import { waitingIn } from "./see";
import { switchOver } from "./switch-over";
import { takeBack } from "./take-back";
import { type Others, leftBetween, requireTalk, silenceOf, speakersOf } from "./talk";
import { type Told, bothOf, isTold } from "./told";
import type * as TrustParties from "./trust-parties";

/** Runs the stages of one batch. Each method leaves every member either as declared or as it was. */
export class Executor {
  private readonly joining: Joining;

  /** `passed`: what was tried of a job, also before late ones came; it is not tried again. */
  constructor(
    private readonly view: GroupView,
    private readonly passed: WeakMap<Job, string>,
  ) {
    this.joining = new Joining(view);
  }

  /** Everything that can be found out before anything is stopped; what it set for that is taken back on failure. */
  async preflight(others: Others & ToldByOthers): Promise<void> {
    await this.keepOut(others);
    requireTalk(speakersOf(this.view), others);
    requireRecovery(partiesOf(this.view));
    const open = this.view.all.filter((h) => !h.settled);
    await inParallel(open, async (h) => {
      await h.send(() => requireAbility(this.view, h));
      await h.send((session) => clearLeftProbes(session, h.facts.version));
    });
    await this.prepare();
  }

  /** A member that is to join, and that the others would not accept or it not them, fails alone: nothing is done with it. */
  private async keepOut({ told }: ToldByOthers): Promise<void> {
    const { all, witnesses } = this.view;
    const texts = [
      ...all.flatMap(({ job }) => bothOf(job.told)),
      ...witnesses.flatMap(({ facts }) => told(facts.uuid)),
    ];
    if (!texts.some(isTold)) return;
    const refused = await trustParties().requireDeclaredTrust(this.view, told);
    for (const h of all.filter(({ address }) => refused.has(address))) {
      h.failure = refused.get(h.address);
      h.settled = true;
    }
  }

  /** TLS files of all whose turn it can be: those of a second round when the first is over. */
  async prepare(): Promise<void> {
    const waiting = waitingIn(this.view);
    const working = this.view.all.filter(
      (h) => h.job.leave === undefined && !h.settled && !h.prepared && !waiting.has(h.id),
    );
    const isNew = (h: Handle): boolean => this.passed.get(h.job) !== triedOn(h);
    const running = working.filter(
      (h) => isRunning(h.facts) && (isNew(h) ? h.plan.material : toSet(h)).length > 0,
    );
    const untried = working.filter((h) => stops(h) && isNew(h));
    const reached = await probeNewFiles(
      this.view,
      running.filter((h) => untried.includes(h)),
    );
    for (const h of working) h.prepared = true;
    await inParallel(running, (h) => this.material(h));
    await probeBeforehand(this.view, untried, reached);
    for (const h of untried) this.passed.set(h.job, triedOn(h));
  }

  async stage(stage: Stage): Promise<void> {
    const { view } = this;
    switch (stage.kind) {
      case "change":
        return inParallel(view.pick(stage.members), (h) => this.change(h));
      case "bootstrap":
        return inParallel(view.pick([stage.member]), (h) => this.joining.start(h, { bootstrap: true }));
      case "join":
        return inParallel(view.pick(stage.members), (h) => this.joining.start(h, { bootstrap: false }));
      case "restart":
        return restartWave(view, view.pick(stage.members));
      case "switch-over":
        return switchOver(view, stage);
      case "group-restart":
        return restartGroup(view, this.joining, stage);
      case "leave":
        return inParallel(view.pick(stage.members), (h) => this.leave(h));
    }
  }

  /** TLS files: set, loaded, and looked at from outside. */
  private async material(h: Handle): Promise<void> {
    await h.apply(h.plan.material);
    await h.observe();
    requireExpected(h.facts, h.job.expectedCertificate);
    await proveOwnCertificate(h.facts, h.job.sslMode(h.facts));
  }

  private async change(h: Handle): Promise<void> {
    try {
      await h.apply([...h.plan.install, ...h.plan.online]);
      if (h.plan.late.length > 0) {
        await proveInPlace(this.view, h);
        await h.apply(h.plan.late);
      }
      await h.observe();
      h.settle();
    } catch (error) {
      throw await takeBack(this.view, h, error, false);
    }
  }

  private async leave(h: Handle): Promise<void> {
    this.view.say(`${h.address}: leaving the group`);
    h.changed = true;
    await stop(h);
    await h.observe();
    await h.apply(h.job.leave!(h.facts)).catch((error: unknown) => {
      // A deletion goes forward only: what is reset stays so, and the next destroy does the rest.
      h.forget();
      throw withLeft(error, `${h.address} has left the group; some of its settings are reset already`);
    });
    h.settle();
  }

  /** Undoes what was done on every member that is not whole yet, after a failure before anything was stopped. */
  async takeBackAll(error: unknown): Promise<unknown> {
    // Whose failure it is comes first: what is left is told of that member.
    const open = this.view.all
      .filter((h) => !h.settled && h.touched)
      .sort((a, b) => Number(b.failure === error) - Number(a.failure === error));
    const isOwn = open.some((h) => h.failure === error);
    let told = error;
    for (const h of open) {
      const outcome = await takeBack(this.view, h, h.failure ?? error, false);
      if (h.failure === error) told = outcome;
      if (h.failure !== undefined) h.failure = outcome;
    }
    const left = [
      ...(open.length === 0 ? [] : [`${open.map((h) => h.address).join(", ")} as before`]),
      ...this.view.all.flatMap((h) => leftBetween(h) ?? []),
    ];
    return isOwn ? told : withLeft(error, left.length === 0 ? "nothing was changed" : left.join("; "));
  }

  /** Those whose second round cannot be made now stay as they are, and say so. */
  leaveWaiting(): void {
    const speakers = speakersOf(this.view);
    for (const h of this.view.all.filter((h) => !h.settled)) {
      const silence = silenceOf(
        speakers.find((s) => s.id === h.id)!,
        speakers,
      );
      this.view.say(
        `${h.address}: waits for ${silence?.other ?? "others"} (${silence?.problem}); pulumi up again, with all members, goes on here`,
      );
      h.waits = true;
      h.settled = true;
    }
  }

  /** Between two stages; the one at hand is always finished. */
  requireGoOn(): void {
    if (!this.view.interrupted()) return;
    const [next] = this.view.all.filter((h) => !h.settled);
    if (next) throw interruptedError(next.address, leftBetween(next));
  }
}

/** TLS files that are to be set; what is set and was loaded in this deployment needs no second RELOAD. */
function toSet({ plan }: Handle): string[] {
  return printSteps(plan.material).filter((statement) => statement !== reloadTls);
}

/** What the program tells of members without a job, by server_uuid: what is in effect first. */
export interface ToldByOthers {
  readonly told: (uuid: string) => readonly Told[];
}

/** It reads certificates with forge, which a program that tells of none has no need of. */
function trustParties(): typeof TrustParties {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- import() would make every change wait
  return require("./trust-parties") as typeof TrustParties;
}

/** What a preflight depends on; TLS files and lists it has loaded itself, so that a new look finds them done. */
function triedOn({ plan }: Handle): string {
  return [plan.second ? "first" : "last", ...printSteps(plan.stopped)].join("; ");
}
