import { ProviderError } from "../../../provider/errors";
import type {
  GroupPicture,
  ScheduledJob,
  ScheduledMember,
  Stage,
  SwitchOver,
} from "../../../provider/rolling/picture";
import { schedule } from "../../../provider/rolling/schedule";
import { type Speaker, requireTalk, silenceOf } from "../../../provider/rolling/talk";
import { type TlsMember, bridgeBetween, pairProblem } from "../../../provider/tls/rules";
import {
  type Fault,
  type Running,
  type Server,
  SimulatedGroup,
  type Wish,
  pickFrom,
  runs,
} from "./simulated-group";
import { worked } from "./stages";

/** A stage, as it met the group. */
export interface Moment {
  readonly stage: Stage;
  /** Counted over the whole story. */
  readonly plan: number;
  readonly before: GroupPicture;
  /** Those whose jobs came together. */
  readonly batch: ReadonlySet<string>;
  /** The primary became so after the plan was made, by itself. */
  readonly usurped: boolean;
}

/** How a batch ended: halted is what the executor tells of a fault, refused what schedule does. */
export type Ending =
  | { readonly kind: "finished" }
  | { readonly kind: "halted"; readonly because: string }
  | { readonly kind: "refused"; readonly error: unknown; readonly picture: GroupPicture };

class Halt extends Error {}

interface Batch {
  readonly members: ReadonlySet<string>;
  readonly open: Map<string, ScheduledJob>;
  readonly done: Set<string>;
}

/** A group, and deployments that meet it as the coordinator carries them out. */
export class Simulation {
  readonly moments: Moment[] = [];
  readonly group: SimulatedGroup;
  /** Between their two rounds. */
  private readonly between = new Set<string>();
  private faults: (Fault | undefined)[] = [];
  private plans = 0;

  constructor(
    servers: readonly Server[],
    private readonly singlePrimary: boolean,
    first: number,
  ) {
    this.group = new SimulatedGroup(servers, first);
  }

  /** One `up`: its members come together, or in two batches. At each stage one of the faults may strike. */
  up(faults: readonly (Fault | undefined)[] = []): Ending[] {
    this.faults = [...faults];
    const done = new Set<string>();
    const wanted = this.group.servers.filter((s) => !s.gone && s.wish && !(s.settled && runs(s)));
    return [false, true].flatMap((late) => {
      const batch = wanted.filter((s) => s.wish!.late === late && !s.gone);
      if (batch.length === 0) return [];
      const open = new Map(batch.map((s) => [s.id, jobOf(s, s.wish!)]));
      return [this.run({ members: new Set(open.keys()), open, done })];
    });
  }

  private run(batch: Batch): Ending {
    let picture = this.picture(batch);
    try {
      schedule(picture);
      requireTalk(this.speakers(batch));
      for (let handOvers = 0; ;) {
        picture = this.picture(batch);
        const [stage, following] = this.plan(picture);
        if (!stage) return { kind: "finished" };
        if (stage.kind === "switch-over" && (handOvers += 1) > 3)
          throw new Halt("handed over again and again");
        this.carryOut(stage, batch, picture);
        // Nothing shows of an election before the primary stops.
        if (stage.kind === "switch-over" && stage.by === "election")
          this.carryOut(following!, batch, picture);
      }
    } catch (error) {
      if (error instanceof Halt) return { kind: "halted", because: error.message };
      if (!ProviderError.is(error)) throw error;
      return { kind: "refused", error, picture };
    }
  }

  private plan(picture: GroupPicture): Stage[] {
    this.plans += 1;
    this.group.usurped = false;
    return schedule(picture);
  }

  private carryOut(stage: Stage, batch: Batch, planned: GroupPicture): void {
    const fault = this.faults.shift();
    if (fault && !fault.during) this.group.strike(fault);
    if (stops(stage)) this.requireQuorum(planned);
    const before = this.picture(batch);
    this.moments.push({ stage, plan: this.plans, before, batch: batch.members, usurped: this.group.usurped });
    this.perform(stage, batch, fault?.during || fault?.kind === "fails" ? fault : undefined);
  }

  /** Servers in no group see nobody, and ask the seeds that are outside of the batch. */
  private picture({ members, open, done }: Batch): GroupPicture {
    const present = this.group.servers.filter((s) => !s.gone);
    const own = present.filter((s) => members.has(s.id));
    const outside = present.filter((s) => !members.has(s.id));
    const seen = own.some(runs) ? [...own, ...outside.filter(runs)] : own;
    const declared = this.group.servers.flatMap((s) =>
      members.has(s.id) ? (s.wish?.maxUnavailable ?? []) : [],
    );
    const speakers = this.speakers({ members, open, done });
    const waiting = speakers.filter((s) => silenceOf(s, speakers)).map((s) => s.id);
    return {
      group: "g",
      singlePrimary: this.singlePrimary,
      maxUnavailable: declared.length === 0 ? undefined : Math.min(...declared),
      seeds: seen.some((s) => s.state === "ONLINE")
        ? undefined
        : {
            all: outside.map((s) => s.id),
            answering: outside.find((s) => runs(s) && s.state !== "UNREACHABLE")?.id,
            silent: outside.find((s) => s.state === "UNREACHABLE")?.id,
          },
      members: seen.map(({ id, version, state }): ScheduledMember => {
        const job = open.get(id);
        return {
          id,
          address: `${id}:3306`,
          version,
          state,
          primary: this.singlePrimary ? id === this.group.primary : state === "ONLINE",
          ...(done.has(id) ? { done: true } : {}),
          ...(job ? { job: { ...job, waits: waiting.includes(id) } } : {}),
        };
      }),
    };
  }

  /** As what members take now, and what they will after their next STARTs. */
  private speakers({ members, open }: Batch): Speaker[] {
    const allStop = [...open.values()].some((job) => job.action === "group-restart");
    return this.group.servers
      .filter((s) => !s.gone && (members.has(s.id) || runs(s)))
      .map((s) => {
        const action = open.get(s.id)?.action;
        const starts = action !== undefined && action !== "none" && action !== "leave";
        const next = starts ? roundsOf(s) : [];
        return {
          id: s.id,
          address: `${s.id}:3306`,
          now: runs(s) && !allStop ? takes(s, s.protocols) : undefined,
          next,
          hasJob: members.has(s.id),
          leaves: action === "leave",
          patient: next.length > 1 || this.between.has(s.id),
        };
      });
  }

  /** As the witnesses do: whoever was there when it was planned is there still, and well. */
  private requireQuorum(planned: GroupPicture): void {
    const missing = planned.members.some(
      (m) => m.state === "ONLINE" && this.group.find(m.id).state !== "ONLINE",
    );
    const unwell = this.group.servers.some((s) => runs(s) && s.state !== "ONLINE");
    if (missing || unwell) throw new Halt("not every member is ONLINE");
  }

  private perform(stage: Stage, batch: Batch, fault: Fault | undefined): void {
    const members = worked(stage).map((id) => this.group.find(id));
    if (stage.kind === "restart" || stage.kind === "group-restart")
      return this.restart(members, batch, fault);
    if (fault?.kind === "fails") throw new Halt(`${stage.kind} failed`);
    if (fault) this.group.strike(fault);
    if (stage.kind === "switch-over") return this.switchOver(stage, fault?.who ?? 0);
    if (stage.kind === "join") this.requireGroup();
    for (const s of members) {
      if (stage.kind === "leave") s.gone = true;
      if (stage.kind !== "change") s.state = stage.kind === "leave" ? "OFFLINE" : "ONLINE";
      this.settle(s, batch);
    }
    this.group.elect(0);
  }

  private restart(members: readonly Running[], batch: Batch, fault: Fault | undefined): void {
    const before = new Map(members.map((s) => [s, s.state]));
    for (const s of members) s.state = "OFFLINE";
    this.group.elect(fault?.who ?? 0);
    if (fault && fault.kind !== "fails") this.group.strike(fault);
    const others = this.group.servers.filter((s) => !s.gone && !members.includes(s));
    if (others.some(runs)) this.requireGroup();
    const failing = fault?.kind === "fails" ? pickFrom(members, fault.who) : undefined;
    for (const s of members) {
      // A third of those that are taken back cannot be started again.
      s.state = s !== failing ? "ONLINE" : fault!.who % 3 === 0 ? "OFFLINE" : before.get(s)!;
      if (s !== failing) this.settle(s, batch);
    }
    this.requireCommonProtocol();
    this.group.elect(fault?.who ?? 0);
    if (failing) throw new Halt(`${failing.id} did not come back`);
  }

  private switchOver({ from, candidates, by }: SwitchOver, who: number): void {
    const heirs = candidates.filter((id) => this.group.find(id).state === "ONLINE");
    if (heirs.length === 0 || this.group.find(from).state !== "ONLINE")
      throw new Halt("nobody could take over");
    // An election is when the primary stops.
    if (by === "function") this.group.primary = pickFrom(heirs, who);
  }

  /** A START into a group with which it has nothing in common fails after 61 s. */
  private requireCommonProtocol(): void {
    const all = this.group.servers.filter((s) => runs(s) && s.protocols);
    for (const a of all)
      for (const b of all) {
        const problem = pairProblem(takes(a, a.protocols)!, takes(b, b.protocols)!);
        if (problem) throw new Error(`${a.id} and ${b.id} have ${problem}`);
      }
  }

  private settle(s: Running, { open, done }: Batch): void {
    const action = open.get(s.id)?.action;
    const stops = action === "restart" || action === "group-restart";
    if (stops) s.restarts += 1;
    const [now, ...more] = stops || action === "start" ? roundsOf(s) : [];
    if (now) s.protocols = now.protocols;
    if (more.length > 0) return void this.between.add(s.id);
    this.between.delete(s.id);
    if (stops) done.add(s.id);
    open.delete(s.id);
    s.settled = true;
  }

  private requireGroup(): void {
    const reached = this.group.servers.some((s) => s.state === "ONLINE" || s.state === "RECOVERING");
    if (this.group.isStuck() || !reached) throw new Halt("no group to join");
  }
}

function stops(stage: Stage): boolean {
  return stage.kind === "restart" || (stage.kind === "group-restart" && stage.running.length > 1);
}

function takes({ version }: Server, protocols: readonly string[] | undefined): TlsMember | undefined {
  return protocols && { version, protocols };
}

/** What it takes after each of its next STARTs. */
function roundsOf(s: Running): TlsMember[] {
  const declared = takes(s, s.wish?.protocols);
  const now = runs(s) ? takes(s, s.protocols) : undefined;
  const between = now && declared && bridgeBetween(now, declared);
  return [between, declared].flatMap((lists) => lists ?? []);
}

function jobOf(s: Running, { change, late: _, maxUnavailable: __, ...rest }: Wish): ScheduledJob {
  const action = change === "leave" ? change : !runs(s) ? "start" : s.settled ? "none" : change;
  return { ...rest, action };
}
