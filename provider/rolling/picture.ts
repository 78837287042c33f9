import type { MemberState } from "../mysql/facts";

/** What a member has to do. */
export interface ScheduledJob {
  readonly action: "none" | "start" | "restart" | "group-restart" | "leave";
  readonly bootstrap: boolean;
  /** The group may be stopped as a whole and made anew. */
  readonly groupRestart?: boolean;
  /** Its START would fail, as a member that is there could not talk to it yet. */
  readonly waits?: boolean;
}

/** One member as its group sees it, and what the deployment wants of it. */
export interface ScheduledMember {
  readonly id: string;
  readonly address: string;
  /** Undefined where only a server of 5.7 has told of it. */
  readonly version: string | undefined;
  /** OFFLINE also for a server that is in no group yet. */
  readonly state: MemberState;
  readonly primary: boolean;
  /** Restarted earlier in this deployment: it will not have to hand over again. */
  readonly done?: boolean;
  /** Undefined for a member that is not part of this deployment. */
  readonly job?: ScheduledJob;
}

/** A group in one moment. */
export interface GroupPicture {
  readonly group: string;
  readonly singlePrimary: boolean;
  readonly members: readonly ScheduledMember[];
  /** No member that answers belongs to a majority: the group takes no writes and nobody in. */
  readonly blocked?: boolean | undefined;
  /** rollout.maxUnavailable, where it is declared; the lowest of all members of the deployment. */
  readonly maxUnavailable?: number | undefined;
  readonly seeds?: OutsideSeeds | undefined;
  /** Members of this deployment that are to restart, too, and whose jobs have not come yet. */
  readonly coming?: number | undefined;
}

/** Seeds that no job concerns: one that answers belongs to a running group; of a silent one nothing is known. */
export interface OutsideSeeds {
  readonly answering?: string | undefined;
  readonly silent?: string | undefined;
  readonly all: readonly string[];
}

/** What happens next. Members of one stage are worked on at once. */
export type Stage =
  | { readonly kind: "change"; readonly members: readonly string[] }
  | { readonly kind: "bootstrap"; readonly member: string }
  | { readonly kind: "join"; readonly members: readonly string[] }
  | { readonly kind: "restart"; readonly members: readonly string[] }
  | SwitchOver
  | GroupRestart
  | { readonly kind: "leave"; readonly members: readonly string[] };

export interface SwitchOver {
  readonly kind: "switch-over";
  readonly from: string;
  readonly candidates: readonly string[];
  /** election: the server cannot be told whom to choose, so the group elects when the primary stops. */
  readonly by: "function" | "election";
}

/** The whole group stops, and is made anew from a member that has all transactions. */
export interface GroupRestart {
  readonly kind: "group-restart";
  readonly running: readonly string[];
  /** These do not run yet; they join at the end. */
  readonly joining: readonly string[];
}

export function idsOf(members: readonly ScheduledMember[]): string[] {
  return members.map((m) => m.id);
}
