import { NotReadyError } from "../errors";
import { isRunning } from "../mysql/facts";
import { spokenAfter, spokenNow, tlsViewOf } from "../plan/rounds";
import { type TlsMember, pairProblem } from "../tls/rules";
import type { GroupView } from "./group-view";
import type { Handle } from "./handle";

/** One member, as to what group communication over XCom takes from the others. Nothing where it does not encrypt. */
export interface Speaker {
  readonly id: string;
  readonly address: string;
  /** What it takes now; undefined also where it does not run, and where it is not known. */
  readonly now?: TlsMember | undefined;
  /** What it takes after each of its next STARTs. */
  readonly next: readonly TlsMember[];
  readonly hasJob: boolean;
  readonly leaves?: boolean;
  /** It can talk to everybody as it is, and may be left so for now: it is between its two rounds, or will be. */
  readonly patient?: boolean;
}

export interface Silence {
  /** The address of the other. */
  readonly other: string;
  readonly problem: string;
}

/** Whom a member could not talk to after its next START, as the others are now. */
export function silenceOf(speaker: Speaker, all: readonly Speaker[]): Silence | undefined {
  const [next] = speaker.next;
  for (const other of next ? all : []) {
    const problem = other !== speaker && other.now && pairProblem(next!, other.now);
    if (problem) return { other: other.address, problem };
  }
  return undefined;
}

/** Members without a job, by address: what the deployment has told of them. */
export interface Others {
  /** They are to change as well, and have not come yet. */
  readonly coming: ReadonlySet<string>;
  /** They stay as they are. */
  readonly still: ReadonlySet<string>;
}

const nobody: Others = { coming: new Set(), still: new Set() };

function mayChange(address: string, { patient = false }: Speaker, { coming, still }: Others): boolean {
  return coming.has(address) || (patient && !still.has(address));
}

/**
 * Refuses, before anything is changed, what would leave two members with nothing in common. Each member starts anew only when it can
 * talk to all that are there, so this tries whether everybody gets a turn.
 */
export function requireTalk(speakers: readonly Speaker[], others: Others = nobody): void {
  let all = speakers;
  for (;;) {
    const free = all.find((s) => s.next.length > 0 && !silenceOf(s, all));
    const leaver = free ? undefined : all.find((s) => s.leaves);
    if (!free && !leaver) break;
    const [now, ...next] = free?.next ?? [];
    all = all.flatMap((s) => (s === leaver ? [] : s === free ? [{ ...s, now, next }] : [s]));
  }
  for (const speaker of all) {
    const silence = silenceOf(speaker, all);
    const other = all.find((s) => s.address === silence?.other);
    if (!silence || !other) continue;
    if (!other.hasJob && mayChange(other.address, speaker, others)) continue;
    throw new NotReadyError(speaker.address, `and ${other.address} could not talk to each other any more`, {
      why: silence.problem,
      todo: other.hasJob
        ? "declare tlsVersion and tlsCiphersuites of the two so that they have something in common"
        : `this deployment does not change ${other.address}: declare tlsVersion and tlsCiphersuites there as well, and let both change in one pulumi up (without --target, without --parallel 1); or declare here what it can talk to`,
    });
  }
}

export function speakersOf(view: GroupView): Speaker[] {
  // Where the whole group stops, nobody is left to talk to in between.
  const all = view.all.some((h) => h.plan.action === "group-restart");
  return [
    ...view.all.map((h) => speakerOf(h, all)),
    ...view.witnesses.map(({ facts }) => ({
      id: facts.uuid,
      address: facts.address,
      now: spokenNow(tlsViewOf(facts)),
      next: [],
      hasJob: false,
    })),
  ];
}

function speakerOf(h: Handle, allStop: boolean): Speaker {
  const { plan, job, facts } = h;
  const starts = !h.settled && !job.leave && plan.action !== "none";
  const after = (declared: boolean): TlsMember | undefined =>
    spokenAfter(tlsViewOf(facts, job), { ...job.declared(facts), ...(declared ? {} : plan.between) });
  const next = starts ? [...(plan.second ? [after(false)] : []), after(true)] : [];
  return {
    id: h.id,
    address: h.address,
    now: isRunning(facts) && !allStop ? h.spoken : undefined,
    next: next.flatMap((lists) => lists ?? []),
    hasJob: true,
    leaves: job.leave !== undefined,
    patient: plan.second !== undefined || h.between !== undefined || job.between === true,
  };
}

/** Where a change stops between the two rounds, what is left of the first one. */
export function leftBetween(h: Handle): string | undefined {
  if (h.between === undefined || h.settled) return undefined;
  return `${h.address} has made the first of its two rounds, and takes ${h.between}`;
}
