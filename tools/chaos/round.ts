import { setTimeout as pause } from "node:timers/promises";
import { join } from "node:path";
import { type InEffect, checkGroup, differences } from "./checks";
import type { Declared } from "./declaration";
import type { Ended, Running } from "./deployment";
import { type Fault, type Moment, describeFault, describeMoment } from "./faults";
import { type Aftermath, type Injected, inject } from "./injection";
import { startsOf } from "./log";
import { complaints, messagesIn } from "./messages";
import { tidyUp } from "./operator";
import type { Round } from "./plan";
import type { Site } from "./site";
import type { StopWatch } from "./stop-watch";

const TRIES = 3;
/** An interruption takes its way through the engine. */
const GRACE_MS = 1_000;
/** After these, members differ from what state knows, or are not in the group, through no deployment's doing. */
const DRIFT: ReadonlySet<Fault["kind"]> = new Set([
  "kill a server",
  "freeze a server",
  "slow a server",
  "somebody stops a member",
  "somebody sets a variable",
  "cut a member off",
  "cut a link",
  "fill a disk",
]);

export interface RoundResult {
  readonly change: string;
  readonly fault: string;
  readonly at: string;
  /** What was injected, and to whom. */
  readonly happened: string;
  /** How the deployment ended that the fault was for. */
  readonly outcome: Ended["how"];
  readonly seconds: number;
  /** Deployments until all was as declared. */
  readonly tries: number;
  /** What a person did after the first deployment. */
  readonly did: readonly string[];
  /** How often Group Replication was started on each member. */
  readonly starts: Readonly<Record<string, number>>;
  readonly messages: readonly string[];
  /** What should not have been. */
  readonly broken: readonly string[];
}

/** One round being played. */
export class Play {
  readonly commands: Ended[] = [];
  private readonly broken: string[] = [];
  private readonly did: string[] = [];

  constructor(
    private readonly site: Site,
    private readonly stops: StopWatch,
    private readonly inEffect: InEffect,
    private readonly round: Round,
    private readonly before: Declared,
  ) {}

  /** What is declared when the round is over. */
  get after(): Declared {
    return this.round.change.refused ? this.before : this.round.change.declared;
  }

  async run(): Promise<RoundResult> {
    const { change, fault, moment } = this.round;
    const startsBefore = this.site.members.map((member) => startsOf(member).length);
    await this.site.declare(change.declared);
    const { first, happened } = await this.underFault();
    await this.tidy();
    await this.judgeFirst(first);
    if (change.refused) await this.site.declare(this.before);
    await this.bringToDeclared(first);
    const starts = this.site.members.map(({ name }, i) => [
      name,
      startsOf(this.site.members[i]!).length - startsBefore[i]!,
    ]);
    return {
      change: change.title,
      fault: describeFault(fault),
      at: fault.kind === "none" ? "" : describeMoment(moment),
      happened,
      outcome: first.how,
      seconds: first.seconds,
      tries: this.commands.filter(({ command }) => command.startsWith("pulumi up")).length,
      did: this.did,
      starts: Object.fromEntries(starts) as Record<string, number>,
      messages: this.commands.flatMap(({ output }) => messagesIn(output).map(({ text }) => text)),
      broken: this.broken,
    };
  }

  /** The deployment of the change, and what happens to it. */
  private async underFault(): Promise<{ first: Ended; happened: string }> {
    const { fault, moment } = this.round;
    const isDouble = fault.kind === "a second deployment";
    const copy = isDouble ? this.site.deployment.copyTo(join(this.site.sandbox.folder, "copy")) : undefined;
    const began = performance.now();
    const running = this.site.begin();
    let interrupted: number | undefined;
    const injecting = this.reach(moment, began, running).then(async (reached) => {
      if (!reached) return { what: "the deployment had ended before" };
      const atHand = this.stops.since(began).at(-1)?.member;
      if (fault.kind === "interrupt the deployment") interrupted = performance.now();
      const injected = await inject(fault, { site: this.site, running, copy, atHand });
      return { ...injected, over: injected.over.catch((error: unknown) => this.blame(error)) };
    });
    const first = await running.ended;
    this.commands.push(first);
    if (interrupted !== undefined) this.judgeInterrupt(interrupted);
    const injected: Partial<Injected> = await injecting.catch((error: unknown) => this.blame(error));
    const aftermath = await injected.over;
    this.broken.push(...(aftermath?.broken ?? []));
    if (injected.other) this.judgeOther(await injected.other);
    return { first, happened: `${injected.what}${aftermath?.told ?? ""}` };
  }

  /** The members at hand are finished, and no other is begun. */
  private judgeInterrupt(at: number): void {
    const late = this.stops.since(at + GRACE_MS).filter(({ wasOnline }) => wasOnline);
    this.broken.push(
      ...late.map(({ member }) => `${member} was stopped after the deployment was interrupted`),
    );
  }

  /** The runner itself could not do or undo what the plan says: then the round shows nothing. */
  private blame(error: unknown): Aftermath & { what: string } {
    const what = `the fault went wrong: ${(error as Error).message}`;
    this.broken.push(what);
    return { what };
  }

  /** False where the deployment ended before. */
  private async reach(moment: Moment, began: number, { ended }: Running): Promise<boolean> {
    let over = false;
    void ended.then(() => (over = true));
    const due = (): boolean => {
      const from = moment.after === "begin" ? began : this.stops.since(began)[moment.number - 1]?.at;
      return from !== undefined && performance.now() >= from + moment.seconds * 1000;
    };
    while (!due()) {
      if (over) return false;
      await pause(20);
    }
    return !over;
  }

  private judgeOther(other: Ended): void {
    this.commands.push({ ...other, command: `${other.command} (the second one)` });
    if (other.how === "failed") this.complain(other);
  }

  private async judgeFirst(first: Ended): Promise<void> {
    const { change, fault } = this.round;
    const inPeace = fault.kind === "none";
    if (first.how === "stuck") this.broken.push(`${first.command} did not end within ${first.seconds} s`);
    if (first.how === "succeeded" && change.refused) this.broken.push(`${change.title} was not refused`);
    if (first.how !== "failed") return;
    this.complain(first);
    if (inPeace && !change.refused) this.broken.push(`${first.command} failed although nothing went wrong`);
    if (inPeace && change.refused) {
      const changed = await checkGroup(this.site, this.before, this.inEffect);
      this.broken.push(...changed.map((what) => `after a change that was refused: ${what}`));
    }
    await this.judgeHalves(first);
  }

  /** Every member is as before or as declared, or a message says that it is not. */
  private async judgeHalves({ output }: Ended): Promise<void> {
    // What somebody else sets is neither.
    if (this.round.fault.kind === "somebody sets a variable") return;
    for (const member of this.site.members) {
      const old = await differences(this.before, member);
      const fresh = await differences(this.round.change.declared, member);
      const isTold = messagesIn(output).some(({ text }) => text.includes(`${member.host}:${member.port}`));
      if (old.length > 0 && fresh.length > 0 && !isTold)
        this.broken.push(
          `${member.name} is neither as before (${old.join(", ")}) nor as declared (${fresh.join(", ")}), and no message names it`,
        );
    }
  }

  private complain({ output }: Ended): void {
    const { members, groupName } = this.site.sandbox;
    const names = [groupName, ...members.map(({ host, port }) => `${host}:${port}`)];
    this.broken.push(...complaints(output, names));
  }

  private async tidy(): Promise<void> {
    this.did.push(...(await tidyUp(this.site.members)));
  }

  /** As a person does it: again, until it succeeds and all is as declared. */
  private async bringToDeclared(first: Ended): Promise<void> {
    const { change, fault } = this.round;
    const drifts = DRIFT.has(fault.kind);
    let refresh = false;
    let last: Ended = change.refused ? { ...first, how: "failed" } : first;
    for (let tries = 0; ; tries++) {
      if (last.how === "succeeded") {
        const problems = await checkGroup(this.site, this.after, this.inEffect);
        if (problems.length > 0 && (refresh || !drifts))
          this.broken.push(...problems.map((what) => `after ${last.command}: ${what}`));
        if (problems.length === 0 || refresh || !drifts) return;
      } else if (tries === TRIES) {
        this.broken.push(`${TRIES} further deployments did not bring the group to what is declared`);
        return;
      }
      if (first.how === "killed" && tries === 0) await this.cancel();
      refresh ||= drifts || /pulumi up --refresh/.test(last.output);
      last = await this.again(refresh);
    }
  }

  private async cancel(): Promise<void> {
    this.did.push("pulumi cancel");
    this.commands.push(await this.site.deployment.cancel());
  }

  private async again(refresh: boolean): Promise<Ended> {
    const ended = await this.site.begin(refresh).ended;
    this.commands.push(ended);
    this.did.push(ended.command);
    if (ended.how === "stuck") this.broken.push(`${ended.command} did not end within ${ended.seconds} s`);
    if (ended.how === "failed") this.complain(ended);
    await this.tidy();
    return ended;
  }
}
