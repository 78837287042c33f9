import { LockedError, ProviderError, StoppedError } from "../errors";
import { type MemberFact, type ServerFacts, isRunning, selfOf, valueOf } from "../mysql/facts";
import { releaseLock, takeLock } from "../mysql/membership";
import { observe } from "../mysql/observe";
import type { Session } from "../mysql/session";
import type { Sessions } from "../mysql/sessions";
import { addressOf } from "../mysql/target";
import { Executor } from "./executor";
import { GroupView, type Witness } from "./group-view";
import { Handle } from "./handle";
import type { Job, JobResult } from "./job";
import { askSeeds } from "./seeds";
import { type GroupPicture, type ScheduledMember, schedule } from "./schedule";

interface Waiting {
  readonly job: Job;
  readonly resolve: (result: JobResult) => void;
  readonly reject: (error: unknown) => void;
}

interface Gathering {
  waiting: Waiting[];
  /** Members whose diff ran in this deployment: true where an update is to follow. */
  announced: Map<string, boolean>;
  /** All members that the arrived jobs know of. */
  known: Set<string>;
  timer?: NodeJS.Timeout | undefined;
  since: number;
  /** Members that this deployment has restarted. */
  readonly done: Set<string>;
  running: Promise<void>;
}

/** No further job arrived for this long: begin. */
const quiet = 400;
/** An update that was announced is waited for this long at most: with --parallel 1 it cannot come before this one ends. */
const patience = 1500;

/** Collects the jobs of one deployment by group, and runs them as one schedule. One in a process. */
export class Coordinator {
  private readonly groups = new Map<string, Gathering>();
  private preceding = 0;

  constructor(
    private readonly sessions: Sessions,
    private readonly say: (line: string) => void,
  ) {}

  /** Told by diff, which runs just before the update that it announces. */
  announce(group: string, address: string, changes: boolean): void {
    this.gathering(group).announced.set(address, changes);
  }

  /**
   * Work of other resources after which jobs of members may follow: a member's update comes when its channel's has ended, and those
   * of a group should still be gathered into one change.
   */
  async precede<T>(work: () => Promise<T>): Promise<T> {
    this.preceding += 1;
    try {
      return await work();
    } finally {
      this.preceding -= 1;
      for (const gathering of this.groups.values()) if (gathering.timer) this.arm(gathering);
    }
  }

  submit(job: Job, known: readonly string[]): Promise<JobResult> {
    const gathering = this.gathering(job.group);
    return new Promise((resolve, reject) => {
      if (gathering.waiting.length === 0) gathering.since = performance.now();
      gathering.waiting.push({ job, resolve, reject });
      known.forEach((address) => gathering.known.add(address));
      this.arm(gathering);
    });
  }

  private gathering(group: string): Gathering {
    const found = this.groups.get(group);
    if (found) return found;
    const fresh: Gathering = {
      waiting: [],
      announced: new Map(),
      known: new Set(),
      since: 0,
      done: new Set(),
      running: Promise.resolve(),
    };
    this.groups.set(group, fresh);
    return fresh;
  }

  private arm(gathering: Gathering): void {
    clearTimeout(gathering.timer);
    gathering.timer = setTimeout(
      () => {
        if (this.preceding > 0) return this.arm(gathering);
        if (!isComplete(gathering) && isAwaited(gathering) && performance.now() - gathering.since < patience)
          return this.arm(gathering);
        this.begin(gathering);
      },
      isComplete(gathering) ? 10 : quiet,
    );
  }

  private begin(gathering: Gathering): void {
    // Two resources of one server take turns.
    const first = new Map(gathering.waiting.map((w) => [w.job.address, w] as const).reverse());
    const batch = gathering.waiting.filter((w) => first.get(w.job.address) === w);
    gathering.waiting = gathering.waiting.filter((w) => !batch.includes(w));
    gathering.announced.clear();
    gathering.known.clear();
    gathering.timer = undefined;
    gathering.running = gathering.running.then(() => this.run(batch));
    if (gathering.waiting.length > 0) this.arm(gathering);
  }

  private async run(batch: readonly Waiting[]): Promise<void> {
    try {
      if (await this.allCanBegin(batch))
        await this.withSessions(batch, [], (handles, sessions) => this.inGroup(batch, handles, sessions));
    } catch (error) {
      batch.forEach((w) => w.reject(error));
    }
  }

  /** Every server answers, is the right one, and can take what is declared; else nothing begins on any of them. */
  private async allCanBegin(batch: readonly Waiting[]): Promise<boolean> {
    const looks = await Promise.allSettled(
      batch.map(({ job }) =>
        this.sessions.use(job.target, async (session) => {
          const facts = await observe(session);
          job.verify(facts);
          if (!job.leave) job.plan(facts);
        }),
      ),
    );
    const failed = looks.find((look) => look.status === "rejected");
    if (!failed) return true;
    batch.forEach((w, i) => {
      const look = looks[i]!;
      w.reject(look.status === "rejected" ? look.reason : notReached(w.job.address, failed.reason));
    });
    return false;
  }

  /** Holds one login a server for as long as the batch lasts. */
  private async withSessions(
    batch: readonly Waiting[],
    open: Session[],
    work: (handles: Map<string, Handle>, sessions: Session[]) => Promise<void>,
  ): Promise<void> {
    const next = batch[open.length];
    if (next) return this.sessions.use(next.job.target, (s) => this.withSessions(batch, [...open, s], work));
    const observed = await Promise.all(open.map((session) => observe(session)));
    const handles = observed.map((facts, i) => new Handle(batch[i]!.job, open[i]!, facts));
    return work(new Map(handles.map((h) => [h.id, h])), open);
  }

  private async inGroup(
    batch: readonly Waiting[],
    handles: Map<string, Handle>,
    sessions: Session[],
  ): Promise<void> {
    const { job } = batch[0]!;
    const strangers = membersOf(handles).filter((m) => !handles.has(m.id));
    const witnesses = await this.openWitnesses(job, strangers);
    const all = [...sessions, ...witnesses.map((w) => w.session)];
    try {
      await withLock(`mysqlgr:${job.group}`, job.group, all, () => this.work(batch, handles, witnesses));
    } finally {
      await Promise.all(witnesses.map((w) => w.release()));
    }
  }

  private async work(
    batch: readonly Waiting[],
    handles: Map<string, Handle>,
    witnesses: readonly Witness[],
  ): Promise<void> {
    const { group } = batch[0]!.job;
    const executor = new Executor(new GroupView(group, handles, witnesses), this.say);
    const waitingOf = (h: Handle): Waiting => batch.find((w) => w.job === h.job)!;
    const told = new Set<Handle>();
    try {
      const stages = schedule(await this.picture(group, handles, witnesses));
      await executor.preflight();
      for (const stage of stages) {
        await executor.stage(stage);
        for (const h of handles.values()) {
          if (!h.settled || told.has(h)) continue;
          told.add(h);
          if (h.plan.action === "restart") this.gathering(group).done.add(h.id);
          waitingOf(h).resolve(h.result);
        }
      }
    } catch (error) {
      const cause = await executor.takeBackAll(error);
      for (const h of handles.values()) {
        if (told.has(h)) continue;
        if (h.settled) waitingOf(h).resolve(h.result);
        else
          waitingOf(h).reject(
            dated(h.failure ?? (isAbout(cause, h, handles) ? cause : notReached(h.address, cause)), h),
          );
      }
    }
  }

  private async picture(
    group: string,
    handles: ReadonlyMap<string, Handle>,
    witnesses: readonly Witness[],
  ): Promise<GroupPicture> {
    const { done } = this.gathering(group);
    const facts = [...[...handles.values()].map((h) => h.facts), ...witnesses.map((w) => w.facts)];
    const seen = membersOf(handles).filter((m) => !facts.some((f) => f.uuid === m.id));
    const members = [
      ...facts.map((f) => scheduled(f, handles.get(f.uuid), facts)),
      ...seen.map((m): ScheduledMember => ({
        id: m.id,
        address: `${m.host}:${m.port}`,
        state: m.state,
        primary: m.role === "PRIMARY",
        weight: 50,
      })),
    ].map((m) => (done.has(m.id) ? { ...m, done: true } : m));
    const alive = members.some((m) => m.state === "ONLINE");
    return {
      group,
      singlePrimary: facts.some((f) => valueOf(f, "group_replication_single_primary_mode") !== "OFF"),
      members,
      seeds: alive ? undefined : await askSeeds(this.sessions, [...handles.values()]),
    };
  }

  /** Members that no job concerns, by the same login: best effort, they only testify. */
  private async openWitnesses(
    job: Job,
    strangers: readonly MemberFact[],
  ): Promise<(Witness & { release: () => Promise<void> })[]> {
    const opened = strangers
      .filter((m) => m.state === "ONLINE")
      .map(async (member) => {
        const { socketPath: _, ...target } = { ...job.target, host: member.host, port: member.port };
        let release: () => void = () => undefined;
        const held = new Promise<void>((resolve) => (release = resolve));
        return new Promise<(Witness & { release: () => Promise<void> })[]>((resolve) => {
          const use = this.sessions.use(target, async (session) => {
            resolve([
              {
                session,
                facts: await observe(session),
                release: async () => {
                  release();
                  await use.catch(() => undefined);
                },
              },
            ]);
            await held;
          });
          use.catch(() => resolve([]));
        });
      });
    return (await Promise.all(opened)).flat();
  }
}

/** Every member that the jobs know of has been heard of, and every announced update has arrived. */
function isComplete(g: Gathering): boolean {
  const arrived = new Set(g.waiting.map((w) => w.job.address));
  const heard = [...g.known].every((address) => g.announced.has(address) || arrived.has(address));
  return g.known.size > 0 && heard && !isAwaited(g);
}

function isAwaited(g: Gathering): boolean {
  const arrived = new Set(g.waiting.map((w) => w.job.address));
  return [...g.announced].some(([address, changes]) => changes && !arrived.has(address));
}

function membersOf(handles: ReadonlyMap<string, Handle>): MemberFact[] {
  const online = [...handles.values()].filter((h) => isRunning(h.facts));
  const all = online.flatMap((h) => h.facts.members);
  return [...new Map(all.map((m) => [m.id, m])).values()];
}

function scheduled(facts: ServerFacts, h: Handle | undefined, all: readonly ServerFacts[]): ScheduledMember {
  const self = selfOf(facts);
  const worst = all.flatMap((f) => (isRunning(f) ? f.members : [])).filter((m) => m.id === facts.uuid);
  const unreachable = worst.some((m) => m.state === "UNREACHABLE");
  return {
    id: facts.uuid,
    address: h?.address ?? facts.address,
    state: unreachable ? "UNREACHABLE" : (self?.state ?? "OFFLINE"),
    primary: self?.role === "PRIMARY",
    weight: Number(valueOf(facts, "group_replication_member_weight") || 50),
    ...(h === undefined
      ? {}
      : {
          job: {
            action: h.job.leave ? ("leave" as const) : h.plan.action,
            bootstrap: h.job.bootstrap,
          },
        }),
  };
}

async function withLock(
  name: string,
  group: string,
  sessions: readonly Session[],
  work: () => Promise<void>,
): Promise<void> {
  const ordered = [...sessions].sort((a, b) => (addressOf(a.target) < addressOf(b.target) ? -1 : 1));
  const held: Session[] = [];
  try {
    for (const session of ordered) {
      if (!(await takeLock(session, name))) throw new LockedError(group, session.address);
      held.push(session);
    }
    await work();
  } finally {
    await Promise.all(held.map((session) => releaseLock(session, name).catch(() => undefined)));
  }
}

function dated(error: unknown, h: Handle): unknown {
  if (ProviderError.is(error) && h.takenBackAt !== undefined) error.takenBackAt = h.takenBackAt;
  return error;
}

/** The member that an error names gets the error itself; where it names none, all do. */
function isAbout(cause: unknown, h: Handle, handles: ReadonlyMap<string, Handle>): boolean {
  const named = ProviderError.is(cause) ? cause.facts["server"] : undefined;
  return named === h.address || ![...handles.values()].some((other) => other.address === named);
}

function notReached(address: string, cause: unknown): StoppedError {
  const because = ProviderError.is(cause)
    ? `${cause.parts.what}${cause.parts.why ? ` (${cause.parts.why})` : ""}`
    : (cause as Error).message;
  return new StoppedError(address, because, "it is as before");
}
