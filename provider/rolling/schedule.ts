import { GroupRestartError, NotReadyError, QuorumRiskError } from "../errors";
import type { MemberState } from "../mysql/facts";

/** One member as its group sees it, and what the deployment wants of it. */
export interface ScheduledMember {
  readonly id: string;
  readonly address: string;
  /** OFFLINE also for a server that is in no group yet. */
  readonly state: MemberState;
  readonly primary: boolean;
  readonly weight: number;
  /** Restarted earlier in this deployment: it will not have to hand over again. */
  readonly done?: boolean;
  /** What has to be done; undefined for a member that is not part of this deployment. */
  readonly job?: { readonly action: "none" | "start" | "restart" | "leave"; readonly bootstrap: boolean };
}

/** A group in one moment. */
export interface GroupPicture {
  readonly group: string;
  readonly singlePrimary: boolean;
  readonly members: readonly ScheduledMember[];
  /** Seeds outside the deployment: one that answers belongs to a running group; of a silent one nothing is known. */
  readonly seeds?:
    { readonly answering?: string | undefined; readonly silent?: string | undefined } | undefined;
}

/** What happens next; members of one stage may be worked on at once where the stage says so. */
export type Stage =
  | { readonly kind: "change"; readonly members: readonly string[] }
  | { readonly kind: "bootstrap"; readonly member: string }
  | { readonly kind: "join"; readonly members: readonly string[] }
  | { readonly kind: "restart"; readonly members: readonly string[] }
  | { readonly kind: "switch-over"; readonly from: string; readonly candidates: readonly string[] }
  | { readonly kind: "leave"; readonly members: readonly string[] };

/**
 * The order of a change of one group. Pure. Nothing that makes a member stop is in it before everything that makes one start:
 * members that join first make the group safer for what follows.
 */
export function schedule(picture: GroupPicture): Stage[] {
  const { members } = picture;
  refuseWhereUnsafe(picture);
  const jobs = members.filter((m) => m.job !== undefined);
  const to = (action: string): ScheduledMember[] => jobs.filter((m) => m.job?.action === action);
  const stages: Stage[] = [];
  const unchanged = to("none");
  if (unchanged.length > 0) stages.push({ kind: "change", members: unchanged.map((m) => m.id) });
  stages.push(...starts(picture, to("start")));
  stages.push(...restarts(picture, to("restart"), new Set(to("leave").map((m) => m.id))));
  stages.push(...leaves(picture, to("leave")));
  return stages;
}

function refuseWhereUnsafe({ group, members }: GroupPicture): void {
  const disturbed = members.filter((m) => m.state === "UNREACHABLE");
  const restarts = members.filter((m) => m.job?.action === "restart");
  if (restarts.length === 0) return;
  if (disturbed.length > 0)
    throw new QuorumRiskError(
      group,
      `${disturbed.map((m) => m.address).join(", ")} cannot be reached by the others`,
      "bring it back, or let the group expel it, then pulumi up",
    );
  const recovering = members.filter((m) => m.state === "RECOVERING");
  if (recovering.length > 0)
    throw new QuorumRiskError(
      group,
      `${recovering.map((m) => m.address).join(", ")} is still RECOVERING`,
      "wait until it is ONLINE, then pulumi up",
    );
  const online = members.filter((m) => m.state === "ONLINE");
  const [only] = online;
  const joining = members.some((m) => m.job?.action === "start");
  if (online.length === 1 && only?.job?.action === "restart" && !joining) throw nobodyElse(only.address);
}

function nobodyElse(address: string): GroupRestartError {
  return new GroupRestartError(
    address,
    "the only ONLINE member of its group cannot be restarted without stopping the group",
    "no other member could take the writes meanwhile",
    "let another member join first, or stop it yourself in a maintenance window (STOP GROUP_REPLICATION); pulumi up then starts it as declared",
  );
}

function starts(picture: GroupPicture, starting: readonly ScheduledMember[]): Stage[] {
  if (starting.length === 0) return [];
  const alive = picture.members.some((m) => m.state === "ONLINE" || m.state === "RECOVERING");
  if (alive || picture.seeds?.answering !== undefined)
    return [{ kind: "join", members: starting.map((m) => m.id) }];
  const lost = picture.members.filter((m) => m.state === "UNREACHABLE");
  if (lost.length > 0)
    throw new QuorumRiskError(
      picture.group,
      `${lost.map((m) => m.address).join(", ")} cannot be reached by the others, and may still be running the group`,
      "bring it back, or stop Group Replication on it, then pulumi up",
    );
  const makers = starting.filter((m) => m.job?.bootstrap);
  const [maker, second] = makers;
  if (!maker)
    throw new NotReadyError(
      starting[0]!.address,
      `cannot join group ${picture.group}: no member of it is ONLINE, and none of those that came with it may make it`,
      {
        why: "its turn came before that of the member that makes the group, or none does",
        todo: "declare bootstrap: true on the member that has all transactions, or start the group first; with --parallel 1, which takes members in any order, make the group without it once",
      },
    );
  if (second)
    throw new NotReadyError(second.address, `and ${maker.address} both declare bootstrap: true`, {
      why: "two bootstraps make two groups of one name that both take writes",
      todo: "declare it on one member of the group",
    });
  if (picture.seeds?.silent !== undefined)
    throw new QuorumRiskError(
      picture.group,
      `seed ${picture.seeds.silent} does not answer, so a running group behind it cannot be ruled out; making a second one would split the data`,
      "bring the seed's host back, or take the seed out of groupSeeds, then pulumi up",
    );
  const joiners = starting.filter((m) => m !== maker);
  return [
    { kind: "bootstrap", member: maker.id },
    ...(joiners.length === 0 ? [] : [{ kind: "join" as const, members: joiners.map((m) => m.id) }]),
  ];
}

function restarts(
  { singlePrimary, members }: GroupPicture,
  restarting: readonly ScheduledMember[],
  leaving: ReadonlySet<string>,
): Stage[] {
  const primary = singlePrimary ? restarting.find((m) => m.primary) : undefined;
  const others = restarting.filter((m) => m !== primary);
  const stages: Stage[] = others.map((m) => ({ kind: "restart", members: [m.id] }));
  if (!primary) return stages;
  // Members that are done, else those that need nothing; never one that is about to leave.
  const idle = members.filter(
    (m) => m.state === "ONLINE" && m !== primary && !others.includes(m) && !leaving.has(m.id),
  );
  const joined = members.filter((m) => m.job?.action === "start");
  const ready = [...others, ...idle.filter((m) => m.done)];
  const candidates = [ready, idle, joined].find((tier) => tier.length > 0) ?? [];
  if (candidates.length === 0) throw nobodyElse(primary.address);
  return [
    ...stages,
    { kind: "switch-over", from: primary.id, candidates: candidates.map((m) => m.id) },
    { kind: "restart", members: [primary.id] },
  ];
}

function leaves({ singlePrimary, members }: GroupPicture, leaving: readonly ScheduledMember[]): Stage[] {
  const running = leaving.filter((m) => m.state !== "OFFLINE");
  const stopped = leaving.filter((m) => m.state === "OFFLINE");
  const stages: Stage[] = stopped.map((m) => ({ kind: "leave", members: [m.id] }));
  const primary = singlePrimary ? running.find((m) => m.primary) : undefined;
  const secondaries = running.filter((m) => m !== primary);
  const staying = members.filter(
    (m) => !leaving.includes(m) && (m.state === "ONLINE" || m.job?.action === "start"),
  );
  // Where the group lives on, one at a time; where all leave, there is nothing to keep up.
  const turns = staying.length > 0 ? secondaries.map((m) => [m.id]) : [secondaries.map((m) => m.id)];
  stages.push(...turns.filter((t) => t.length > 0).map((t) => ({ kind: "leave" as const, members: t })));
  if (!primary) return stages;
  if (staying.length > 0)
    stages.push({ kind: "switch-over", from: primary.id, candidates: staying.map((m) => m.id) });
  stages.push({ kind: "leave", members: [primary.id] });
  return stages;
}

/** Of those that may take over: the one with most transactions, then the heaviest, then the first named. */
export function chooseSuccessor(
  candidates: readonly { readonly id: string; readonly behind: number; readonly weight: number }[],
): string | undefined {
  return [...candidates].sort((a, b) => a.behind - b.behind || b.weight - a.weight)[0]?.id;
}
