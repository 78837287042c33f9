import type { MemberState } from "../../../provider/mysql/facts";
import { atLeast } from "../../../provider/mysql/versions";
import type { ScheduledJob } from "../../../provider/rolling/picture";

/** What the deployment wants of a server that runs. */
export interface Wish extends Omit<ScheduledJob, "action"> {
  readonly change: "none" | "restart" | "group-restart" | "leave";
  readonly maxUnavailable: number | undefined;
  /** Protocols as declared, on the XCOM stack with encryption. */
  readonly protocols?: readonly string[];
  /** Comes after the first batch has begun. */
  readonly late: boolean;
}

export interface Server {
  readonly id: string;
  readonly version: string;
  readonly state: MemberState;
  /** Protocols that it takes; undefined where nothing is encrypted. */
  readonly protocols?: readonly string[];
  /** Undefined for a server that is not part of the deployment. */
  readonly wish?: Wish;
}

/**
 * crash: the member is gone and its server answers; lost: nobody reaches it; rejoining: it was expelled and is RECOVERING; failover:
 * another one becomes primary; fails: the stage ends badly, and what it did to one member is taken back.
 */
export interface Fault {
  readonly kind: "crash" | "lost" | "rejoining" | "failover" | "fails";
  /** While members are away, else between the plan and the stage. */
  readonly during: boolean;
  readonly who: number;
}

export interface Running extends Server {
  state: MemberState;
  protocols?: readonly string[];
  /** As declared. */
  settled: boolean;
  /** Has left for good. */
  gone: boolean;
  restarts: number;
}

export function pickFrom<T>(all: readonly T[], n: number): T | undefined {
  return all[n % (all.length || 1)];
}

/** In the group's view. */
export function runs({ state }: { readonly state: MemberState }): boolean {
  return state === "ONLINE" || state === "RECOVERING" || state === "UNREACHABLE";
}

/** Servers as a group: who sees whom, and who is primary. */
export class SimulatedGroup {
  readonly servers: Running[];
  primary: string | undefined;
  /** The primary became so by itself, since this was last set to false. */
  usurped = false;

  constructor(servers: readonly Server[], first: number) {
    this.servers = servers.map((s) => ({ ...s, settled: false, gone: false, restarts: 0 }));
    this.elect(first);
  }

  find(id: string): Running {
    return this.servers.find((s) => s.id === id)!;
  }

  /** Half of the view or more does not answer: the rest can decide nothing. */
  isStuck(): boolean {
    const view = this.servers.filter(runs);
    const lost = view.filter((s) => s.state === "UNREACHABLE");
    return lost.length * 2 >= view.length && lost.length > 0;
  }

  /** Where there is no primary any more: one of the lowest version. */
  elect(who: number): void {
    const online = this.servers.filter((s) => s.state === "ONLINE");
    if (online.some((s) => s.id === this.primary)) return;
    const lowest = online.filter((s) => online.every((o) => atLeast(o.version, s.version)));
    this.primary = pickFrom(lowest, who)?.id;
  }

  strike({ kind, who }: Fault): void {
    const victim = pickFrom(
      this.servers.filter((s) => s.state === "ONLINE"),
      who,
    );
    if (!victim) return;
    const before = this.primary;
    if (kind === "failover") this.primary = victim.id;
    if (kind === "lost" || kind === "crash") victim.state = "UNREACHABLE";
    if (kind === "crash" && !this.isStuck()) victim.state = "OFFLINE";
    if (kind === "rejoining") victim.state = "RECOVERING";
    if (!this.isStuck()) this.elect(who);
    this.usurped ||= this.primary !== before;
  }

  /** What time or an operator mends between two deployments. */
  mend(): void {
    const stuck = this.isStuck();
    for (const s of this.servers) {
      if (s.state === "RECOVERING") s.state = "ONLINE";
      if (s.state === "UNREACHABLE") s.state = stuck ? "ONLINE" : "OFFLINE";
    }
    this.elect(0);
  }
}
