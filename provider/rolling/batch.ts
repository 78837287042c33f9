import {
  LockedError,
  MemberUnreachableError,
  ProviderError,
  QuorumRiskError,
  StoppedError,
  interruptedError,
  withLeft,
} from "../errors";
import type { MemberFact } from "../mysql/facts";
import { releaseLock, takeLock } from "../mysql/membership";
import { lookFailure, observe, observeSettled } from "../mysql/observe";
import type { Session } from "../mysql/session";
import type { Sessions } from "../mysql/sessions";
import { addressOf } from "../mysql/target";
import { Executor, type ToldByOthers } from "./executor";
import { GroupView, type Witness } from "./group-view";
import { Handle } from "./handle";
import { lookAt, seenFor } from "./look";
import type { Job, JobResult } from "./job";
import type { GroupPicture, Stage } from "./picture";
import { stops } from "./preflight";
import { schedule } from "./schedule";
import { pictureOf, strangersTo } from "./see";
import { ProvenPairs } from "./start-proof";
import { leftLoaded } from "./take-back";
import { type Others, leftBetween } from "./talk";

/** A job that has arrived, and who waits for its end. */
export interface Waiting {
  readonly job: Job;
  readonly resolve: (result: JobResult) => void;
  readonly reject: (error: unknown) => void;
}

/** Jobs of the same deployment that are announced and have not come: the engine runs only so many at once. */
export interface Late extends Others, ToldByOthers {
  /** Members of the deployment that ran in the group when state was written, with or without a job: addresses by server_uuid. */
  readonly ran: ReadonlyMap<string, string>;
  /** How many of them restart their member. */
  readonly restarts: number;
  /** Asked when a member is done: whether any have come by then. */
  readonly arrived: () => Promise<boolean>;
}

/** Another deployment, or one whose engine was killed, has this long, in seconds, to end. */
const lockPatience = 60;

/** One is planned; more only where the group moves its primary by itself in between. */
const mostHandOvers = 3;

/** Runs the jobs of one group that came together: looks, locks, plans, and does what was planned. */
export class BatchRunner {
  private readonly passed = new WeakMap<Job, string>();
  private readonly pairs = new ProvenPairs();

  constructor(
    private readonly sessions: Sessions,
    private readonly say: (line: string) => void,
    private readonly interrupted: () => boolean,
  ) {}

  /** `done` collects the members that were restarted. Returns the jobs that go on together with late ones. */
  async run(batch: readonly Waiting[], done: Set<string>, late: Late): Promise<readonly Waiting[]> {
    if (this.interrupted()) {
      batch.forEach((w) => w.reject(interruptedError(w.job.address)));
      return [];
    }
    try {
      if (!(await this.allCanBegin(batch))) return [];
      return await again(() => this.withSessions(batch, [], (open) => this.inGroup(batch, open, done, late)));
    } catch (error) {
      batch.forEach((w) => w.reject(withLeft(error, "nothing was changed")));
      return [];
    }
  }

  /** Every server answers, is the right one, and can take what is declared; else nothing begins on any of them. */
  private async allCanBegin(batch: readonly Waiting[]): Promise<boolean> {
    const looks = await Promise.allSettled(
      batch.map(({ job }) =>
        again(() =>
          this.sessions.use(job.target, async (session) => {
            const facts = await seenFor(job, await observeSettled(session));
            job.verify(facts);
            if (!job.leave) job.plan(facts);
          }),
        ),
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
  private async withSessions<T>(
    batch: readonly Waiting[],
    open: Session[],
    work: (sessions: Session[]) => Promise<T>,
  ): Promise<T> {
    const next = batch[open.length];
    if (!next) return work(open);
    return this.sessions.use(next.job.target, (s) => this.withSessions(batch, [...open, s], work));
  }

  private async inGroup(
    batch: readonly Waiting[],
    sessions: Session[],
    done: Set<string>,
    late: Late,
  ): Promise<readonly Waiting[]> {
    const { job } = batch[0]!;
    const seen = await Promise.all(sessions.map((session) => observe(session)));
    const strangers = strangersTo(seen);
    const witnesses = await this.openWitnesses(job, strangers);
    const all = [...sessions, ...witnesses.map((w) => w.session)];
    try {
      return await this.withLock(job.group, all, async () => {
        // Looked at once more: another deployment may have held the lock until now.
        const facts = await Promise.all(sessions.map((session, i) => lookAt(session, batch[i]!.job)));
        const handles = facts.map((f, i) => new Handle(batch[i]!.job, sessions[i]!, f));
        try {
          const byId = new Map(handles.map((h) => [h.id, h]));
          const view = new GroupView(
            job.group,
            byId,
            witnesses,
            strangers,
            this.say,
            this.interrupted,
            this.pairs,
            late.ran,
          );
          return await this.work(batch, view, done, late);
        } finally {
          await Promise.all(handles.map((h) => h.close()));
        }
      });
    } finally {
      await Promise.all(witnesses.map((w) => w.release()));
    }
  }

  /** On every server in one order, so that two deployments cannot each hold half. */
  private async withLock<T>(group: string, sessions: readonly Session[], work: () => Promise<T>): Promise<T> {
    const name = `mysqlgr:${group}`;
    const ordered = [...sessions].sort((a, b) => (addressOf(a.target) < addressOf(b.target) ? -1 : 1));
    const held: Session[] = [];
    try {
      for (const session of ordered) {
        if (!(await this.lock(session, name, 0))) {
          this.say(`${session.address}: another deployment changes the group; waiting for it`);
          if (!(await this.lock(session, name, lockPatience))) throw new LockedError(group, session.address);
        }
        held.push(session);
      }
      return await work();
    } finally {
      await Promise.all(
        held.filter((s) => !s.closed).map((session) => releaseLock(session, name).catch(() => undefined)),
      );
    }
  }

  private lock(session: Session, name: string, seconds: number): Promise<boolean> {
    return takeLock(session, name, seconds).catch((error: unknown) => {
      throw lookFailure(error);
    });
  }

  private async work(
    batch: readonly Waiting[],
    view: GroupView,
    done: Set<string>,
    late: Late,
  ): Promise<readonly Waiting[]> {
    const { handles } = view;
    const executor = new Executor(view, this.passed);
    const waitingOf = (h: Handle): Waiting => batch.find((w) => w.job === h.job)!;
    const told = new Set<Handle>();
    const tell = (h: Handle): void =>
      h.failure === undefined ? waitingOf(h).resolve(h.result) : waitingOf(h).reject(h.failure);
    try {
      // What cannot be done is refused before anything is tried.
      schedule(await this.picture(view, done, late));
      await executor.preflight(late);
      for await (const stage of this.stages(view, done, late)) {
        executor.requireGoOn();
        await executor.prepare();
        await executor.stage(stage);
        const before = told.size;
        for (const h of handles.values()) {
          if (!h.settled || told.has(h)) continue;
          told.add(h);
          if (stops(h)) done.add(h.id);
          tell(h);
        }
        const open = [...handles.values()].filter((h) => !told.has(h));
        if (open.length > 0 && told.size > before && (await late.arrived())) return open.map(waitingOf);
      }
      const waiting = [...handles.values()].filter((h) => !told.has(h));
      if (waiting.length > 0 && (await late.arrived())) return waiting.map(waitingOf);
      executor.leaveWaiting();
      waiting.forEach(tell);
      return [];
    } catch (error) {
      const cause = await executor.takeBackAll(goneBefore(lookFailure(error), [...handles.values()], told));
      for (const h of handles.values()) {
        if (told.has(h)) continue;
        if (h.settled) tell(h);
        else
          waitingOf(h).reject(
            dated(
              h.failure ?? (isAbout(cause, h, handles) ? cause : notReached(h.address, cause, leftOf(h))),
              h,
            ),
          );
      }
      return [];
    }
  }

  private async picture(view: GroupView, done: ReadonlySet<string>, late: Late): Promise<GroupPicture> {
    return { ...(await pictureOf(view, done, this.sessions)), coming: late.restarts };
  }

  /** The next stage, each time of the group as it is then: it may have failed over by itself. */
  private async *stages(view: GroupView, done: ReadonlySet<string>, late: Late): AsyncGenerator<Stage> {
    for (let handOvers = 0; ;) {
      const [stage, following] = schedule(await this.picture(view, done, late));
      if (!stage) return;
      if (stage.kind === "switch-over" && (handOvers += 1) > mostHandOvers)
        throw new QuorumRiskError(
          view.group,
          "somebody else makes another member primary again and again",
          "see who does (group_replication_set_as_primary, failing members), then pulumi up: it goes on here",
        );
      yield stage;
      // Nothing shows of an election before the primary stops.
      if (stage.kind === "switch-over" && stage.by === "election" && following) yield following;
    }
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
                facts: await lookAt(session),
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

/** Before anything is changed, a login that breaks is made anew, once. */
async function again<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof MemberUnreachableError && error.dropped) return work();
    throw error;
  }
}

/** The same refusal, where members had been restarted before it came. */
function goneBefore(error: unknown, all: readonly Handle[], whole: ReadonlySet<Handle>): unknown {
  const names = [...whole].filter(stops).map((h) => h.address);
  const done = names.length === 0 ? [] : [`${names.join(", ")} restarted before this and as declared`];
  const left = [...done, ...all.flatMap((h) => leftBetween(h) ?? [])];
  if (!(error instanceof QuorumRiskError) || left.length === 0) return error;
  error.tell({ ...error.parts, left: [...left, "no other was touched"].join("; ") });
  return error;
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

function leftOf(h: Handle): string | undefined {
  const loaded = leftLoaded(h);
  return leftBetween(h) ?? (loaded && `it has its settings from before; ${loaded}`);
}

function notReached(address: string, cause: unknown, left = "it is as before"): StoppedError {
  if (cause instanceof StoppedError)
    return new StoppedError(address, cause.parts.why ?? "", left, cause.parts.todo);
  const because = ProviderError.is(cause)
    ? `${cause.parts.what}${cause.parts.why ? ` (${cause.parts.why})` : ""}`
    : (cause as Error).message;
  return new StoppedError(address, because, left);
}
