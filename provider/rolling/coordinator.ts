import { setTimeout as sleep } from "node:timers/promises";
import type { Sessions } from "../mysql/sessions";
import { BatchRunner, type Waiting } from "./batch";
import type { Job, JobResult } from "./job";
import type { ToldOf } from "./told";

interface Gathering {
  waiting: Waiting[];
  /** Members whose diff ran in this deployment, and whose job has not begun yet. */
  announced: Map<string, Announced>;
  /** Members whose diff ran in this deployment and found nothing to change. */
  readonly still: Set<string>;
  /** Addresses of members that ran in the group when state was written, by server_uuid. */
  readonly ran: Map<string, string>;
  /** What the program tells of members whose diff ran, by server_uuid. */
  readonly told: Map<string, ToldOf>;
  /** All members that the arrived jobs know of. */
  known: Set<string>;
  timer?: NodeJS.Timeout | undefined;
  since: number;
  /** Members that this deployment has restarted. */
  readonly done: Set<string>;
  busy: boolean;
}

/** What a member's diff tells. */
export interface Announced {
  /** An update is to follow. */
  readonly changes: boolean;
  /** It restarts the member. */
  readonly restarts: boolean;
  /** Its server_uuid, where it ran in the group when state was written. */
  readonly ran?: string | undefined;
}

/** No further job arrived for this long: begin. */
const quiet = 400;
/** An update that was announced is waited for this long at most: one more than --parallel cannot come before another has ended. */
const patience = 1500;

/** Collects the jobs of one deployment by group, and runs them as one schedule. One in a process. */
export class Coordinator {
  private readonly groups = new Map<string, Gathering>();
  private preceding = 0;
  private interrupted = false;

  private readonly runner: BatchRunner;

  constructor(
    sessions: Sessions,
    private readonly say: (line: string) => void,
    /** Nobody waits for this process any more. */
    private readonly abandoned: () => boolean = () => false,
  ) {
    this.runner = new BatchRunner(sessions, say, () => this.isInterrupted());
  }

  /** Told by diff, which runs just before the update that it announces. */
  announce(group: string, address: string, announced: Announced): void {
    const gathering = this.gathering(group);
    gathering.announced.set(address, announced);
    if (announced.ran !== undefined) gathering.ran.set(announced.ran, address);
    if (announced.changes) gathering.still.delete(address);
    else gathering.still.add(address);
  }

  /** Told by diff, also of a member that nothing changes: its peers verify it, and it verifies them. */
  tell(group: string, uuid: string, told: ToldOf): void {
    this.gathering(group).told.set(uuid, told);
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

  /** No member is begun any more; the ones at hand are finished. */
  interrupt(): void {
    if (this.interrupted) return;
    this.interrupted = true;
    if (this.busy) this.say("interrupted: the members at hand are finished, no other is begun");
  }

  get busy(): boolean {
    return [...this.groups.values()].some((g) => g.waiting.length > 0 || g.busy);
  }

  private isInterrupted(): boolean {
    return this.interrupted || this.abandoned();
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
      still: new Set(),
      ran: new Map(),
      told: new Map(),
      known: new Set(),
      since: 0,
      done: new Set(),
      busy: false,
    };
    this.groups.set(group, fresh);
    return fresh;
  }

  private arm(gathering: Gathering): void {
    clearTimeout(gathering.timer);
    gathering.timer = setTimeout(
      () => {
        // What runs looks for late jobs between its stages.
        if (gathering.busy) return;
        if (this.preceding > 0) return this.arm(gathering);
        if (!isComplete(gathering) && isAwaited(gathering) && performance.now() - gathering.since < patience)
          return this.arm(gathering);
        void this.begin(gathering);
      },
      isComplete(gathering) ? 10 : quiet,
    );
  }

  private async begin(gathering: Gathering): Promise<void> {
    clearTimeout(gathering.timer);
    gathering.timer = undefined;
    // Two resources of one server take turns.
    const first = new Map(gathering.waiting.map((w) => [w.job.address, w] as const).reverse());
    const batch = gathering.waiting.filter((w) => first.get(w.job.address) === w);
    gathering.waiting = gathering.waiting.filter((w) => !batch.includes(w));
    batch.forEach((w) => gathering.announced.delete(w.job.address));
    gathering.known.clear();
    gathering.busy = true;
    const left = await this.runner.run(batch, gathering.done, {
      restarts: [...gathering.announced.values()].filter((a) => a.changes && a.restarts).length,
      arrived: () => this.lateJobs(gathering),
      coming: new Set([...gathering.announced].flatMap(([address, a]) => (a.changes ? [address] : []))),
      still: gathering.still,
      ran: gathering.ran,
      told: (uuid) => {
        const { before, after } = gathering.told.get(uuid) ?? { before: {}, after: {} };
        return gathering.done.has(uuid) ? [after] : [before, after];
      },
    });
    gathering.busy = false;
    gathering.waiting.unshift(...left);
    if (left.length > 0) return this.begin(gathering);
    gathering.since = performance.now();
    if (gathering.waiting.length > 0) this.arm(gathering);
  }

  /** A member is done, so that the engine may send the next: those that have come go on together with what is left. */
  private async lateJobs(gathering: Gathering): Promise<boolean> {
    const since = performance.now();
    while (isAwaited(gathering) && performance.now() - since < patience) await sleep(20);
    const arrived = new Set(gathering.waiting.map((w) => w.job.address));
    // Whoever has not come by now may never come.
    for (const address of [...gathering.announced.keys()])
      if (!arrived.has(address)) gathering.announced.delete(address);
    return gathering.waiting.length > 0;
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
  return [...g.announced].some(([address, { changes }]) => changes && !arrived.has(address));
}
