import { GroupRestartError, NotReadyError, QuorumRiskError } from "../errors";
import { dialectOf } from "../mysql/dialect";
import { atLeast } from "../mysql/versions";
import { stopsMember } from "../plan/group-member";
import {
  type GroupPicture,
  type ScheduledJob,
  type ScheduledMember,
  type Stage,
  type SwitchOver,
  idsOf,
} from "./picture";
import { mostAway, waveSizes } from "./waves";

/**
 * The order of a change of one group. Pure. Nothing that makes a member stop is in it before everything that makes one start:
 * members that join first make the group safer for what follows. Members that wait for others are in the next one.
 */
export function schedule(picture: GroupPicture): Stage[] {
  const { members } = picture;
  refuseWhereUnsafe(picture);
  const to = (action: ScheduledJob["action"]): ScheduledMember[] =>
    members.filter((m) => m.job?.action === action && !m.job.waits);
  if (to("group-restart").length > 0 || isAlone(picture)) return groupRestart(picture);
  const unchanged = to("none");
  return [
    ...(unchanged.length > 0 ? [{ kind: "change" as const, members: idsOf(unchanged) }] : []),
    ...starts(picture, to("start")),
    ...restarts(picture, to("restart"), new Set(idsOf(to("leave")))),
    ...leaves(picture, to("leave")),
  ];
}

function named(members: readonly ScheduledMember[]): string {
  return members.map((m) => m.address).join(", ");
}

/** What an operator does then is not ours to do: a wrong list of members makes a second group. */
export const lostQuorum =
  'bring the missing members back; if the group does not go on by itself then, see "Handling a Network Partition and Loss of Quorum" in the manual before anything is forced; then pulumi up --refresh';

function refuseWhereUnsafe({ group, members, blocked }: GroupPicture): void {
  const works = (m: ScheduledMember): boolean => m.job?.action === "start" || stopsMember(m.job?.action);
  if (blocked && members.some(works))
    throw new QuorumRiskError(
      group,
      `it has lost its majority: ${named(members.filter((m) => m.state === "UNREACHABLE"))} cannot be reached, so it takes no writes, and nobody can join or leave it`,
      lostQuorum,
    );
  if (!members.some((m) => stopsMember(m.job?.action))) return;
  const disturbed = members.filter((m) => m.state === "UNREACHABLE");
  if (disturbed.length > 0)
    throw new QuorumRiskError(
      group,
      `${named(disturbed)} cannot be reached by every other member`,
      "bring it back, or let the group expel it, then pulumi up",
    );
  const recovering = members.filter((m) => m.state === "RECOVERING");
  if (recovering.length > 0)
    throw new QuorumRiskError(
      group,
      `${named(recovering)} is still RECOVERING`,
      "wait until it is ONLINE, then pulumi up",
    );
}

/** One member is the whole group: to restart it is to restart the group. */
function isAlone({ members }: GroupPicture): boolean {
  const [only, ...others] = members.filter((m) => m.state === "ONLINE");
  if (only?.job?.action !== "restart" || only.job.waits) return false;
  if (others.length > 0 || present(members).length > 1) return false;
  if (only.job.groupRestart) return true;
  throw nobodyElse(only.address);
}

function nobodyElse(address: string): GroupRestartError {
  return new GroupRestartError(
    address,
    "the only member that stays in its group cannot be restarted without stopping the group",
    "no other member could take the writes meanwhile",
    'let another member join first; if others leave in the same deployment, restart this one before; or, where it is alone, declare rollout: { groupRestart: "allow" } for a time when writes may pause',
  );
}

function starts(picture: GroupPicture, starting: readonly ScheduledMember[]): Stage[] {
  if (starting.length === 0) return [];
  const alive = picture.members.some((m) => m.state === "ONLINE" || m.state === "RECOVERING");
  if (alive || picture.seeds?.answering !== undefined) return [{ kind: "join", members: idsOf(starting) }];
  const lost = picture.members.filter((m) => m.state === "UNREACHABLE");
  if (lost.length > 0)
    throw new QuorumRiskError(
      picture.group,
      `${named(lost)} cannot be reached by the others, and may still be running the group`,
      "bring it back, or stop Group Replication on it, then pulumi up",
    );
  const anew = mayBeMadeAnew(picture, starting);
  const makers = starting.filter((m) => m.job?.bootstrap);
  const [maker, second] = makers;
  if (!maker && !anew)
    throw new NotReadyError(
      starting[0]!.address,
      `cannot join group ${picture.group}: no member of it is ONLINE, and none of those that came with it may make it`,
      {
        why: "its turn came before that of the member that makes the group, or none does",
        todo: 'declare bootstrap: true on the member that has all transactions, or start the group first; or, where every member and seed of the group is in this deployment, rollout: { groupRestart: "allow" } on all; with --parallel 1, which takes members in any order, make the group without it once',
      },
    );
  if (second)
    throw new NotReadyError(second.address, `and ${maker!.address} both declare bootstrap: true`, {
      why: "two bootstraps make two groups of one name that both take writes",
      todo: "declare it on one member of the group",
    });
  if (picture.seeds?.silent !== undefined)
    throw new QuorumRiskError(
      picture.group,
      `seed ${picture.seeds.silent} does not answer, so a running group behind it cannot be ruled out; making a second one would split the data`,
      "bring the seed's host back, or take the seed out of groupSeeds, then pulumi up",
    );
  // A group that was stopped as a whole, by us or by a power cut, comes back from whoever has everything.
  if (anew) return [{ kind: "group-restart", running: [], joining: idsOf(starting) }];
  const joiners = starting.filter((m) => m !== maker);
  return [
    { kind: "bootstrap", member: maker!.id },
    ...(joiners.length === 0 ? [] : [{ kind: "join" as const, members: idsOf(joiners) }]),
  ];
}

/** Nobody has said who makes the group, so whoever may have a transaction of it must be here to be compared. */
function mayBeMadeAnew({ members, seeds }: GroupPicture, starting: readonly ScheduledMember[]): boolean {
  const consent = starting.every((m) => m.job?.groupRestart);
  return consent && starting.length === members.length && (seeds?.all ?? []).length === 0;
}

function groupRestart({ group, members }: GroupPicture): Stage[] {
  const outside = members.filter((m) => m.job === undefined || m.job.action === "leave");
  if (outside.length > 0)
    throw new QuorumRiskError(
      group,
      `${named(outside)} is a member that this deployment does not change, and all must stop for this change`,
      "declare a GroupMember for every member and change them in one pulumi up, without --target",
    );
  const unasked = members.find((m) => !m.job?.groupRestart);
  if (unasked)
    throw new GroupRestartError(
      unasked.address,
      "it may not be stopped for a restart of the whole group",
      "other members of the group consent to one, and this one does not",
      'declare rollout: { groupRestart: "allow" } on every member',
    );
  const running = members.filter((m) => m.state === "ONLINE");
  const joining = members.filter((m) => !running.includes(m));
  return [{ kind: "group-restart", running: idsOf(running), joining: idsOf(joining) }];
}

/** Waves of secondaries, and the primary in the last one, after it has handed over to a member that need not stop any more. */
function restarts(
  picture: GroupPicture,
  restarting: readonly ScheduledMember[],
  leaving: ReadonlySet<string>,
): Stage[] {
  const { members, coming = 0 } = picture;
  const size = mostAway(present(members).length, picture.maxUnavailable);
  const primary = picture.singlePrimary ? restarting.find((m) => m.primary) : undefined;
  if (!primary) return inWaves(restarting, size, coming).map(asRestart);
  const secondaries = restarting.filter((m) => m !== primary);
  const shared = inWaves([...secondaries, primary], size, coming);
  // Where nobody else could take over meanwhile, and where the group elects whom it likes, the primary stops alone.
  const alone = [...inWaves(secondaries, size, coming), [primary]];
  const stage = [shared, alone]
    .map((waves) => ({ waves, stage: handOver(picture, primary, waves.at(-1)!, leaving) }))
    .find((way) => way.stage && (way.stage.by === "function" || way.waves === alone));
  if (!stage?.stage) throw nobodyElse(primary.address);
  return [...stage.waves.slice(0, -1).map(asRestart), stage.stage, asRestart(stage.waves.at(-1)!)];
}

function asRestart(wave: readonly ScheduledMember[]): Stage {
  return { kind: "restart", members: idsOf(wave) };
}

/** Before the wave with the primary: to members that are done, else to those that need nothing, never to one that is about to leave. */
function handOver(
  { members }: GroupPicture,
  primary: ScheduledMember,
  wave: readonly ScheduledMember[],
  leaving: ReadonlySet<string>,
): SwitchOver | undefined {
  const staying = members.filter((m) => !wave.includes(m) && !leaving.has(m.id));
  const online = staying.filter((m) => m.state === "ONLINE");
  const ready = online.filter((m) => m.done || m.job?.action === "restart");
  const joined = staying.filter(joins);
  return switchOver(primary, [ready, online, joined], members);
}

function present(members: readonly ScheduledMember[]): readonly ScheduledMember[] {
  return members.filter((m) => m.state === "ONLINE" || joins(m));
}

function joins({ job }: ScheduledMember): boolean {
  return job?.action === "start" && !job.waits;
}

/** As evenly as with those who are still to come: they fill up the later waves. */
function inWaves<T>(all: readonly T[], size: number, coming: number): T[][] {
  let from = 0;
  const waves = waveSizes(all.length + coming, size).map((count) => all.slice(from, (from += count)));
  return waves.filter((wave) => wave.length > 0);
}

/** To the first group of candidates that has one whom the server would take; undefined where there is no candidate at all. */
function switchOver(
  primary: ScheduledMember,
  tiers: readonly (readonly ScheduledMember[])[],
  members: readonly ScheduledMember[],
): SwitchOver | undefined {
  const all = present(members);
  const told = all.every((m) => m.version !== undefined && dialectOf(m.version).setAsPrimary);
  // Only a member of the lowest version may be primary.
  const electable = tiers
    .map((tier) => tier.filter((c) => all.every((m) => isAtLeast(m, c))))
    .find((tier) => tier.length > 0);
  if (told && electable)
    return { kind: "switch-over", from: primary.id, candidates: idsOf(electable), by: "function" };
  // Any of them may be elected.
  const any = [...new Set(tiers.flat())];
  return any.length === 0
    ? undefined
    : { kind: "switch-over", from: primary.id, candidates: idsOf(any), by: "election" };
}

/** A version that is not known rules nobody out. */
function isAtLeast(a: ScheduledMember, b: ScheduledMember): boolean {
  return a.version === undefined || b.version === undefined || atLeast(a.version, b.version);
}

function leaves({ singlePrimary, members }: GroupPicture, leaving: readonly ScheduledMember[]): Stage[] {
  const running = leaving.filter((m) => m.state !== "OFFLINE");
  const stopped = leaving.filter((m) => m.state === "OFFLINE");
  const stages: Stage[] = stopped.map((m) => ({ kind: "leave", members: [m.id] }));
  const primary = singlePrimary ? running.find((m) => m.primary) : undefined;
  const secondaries = running.filter((m) => m !== primary);
  const staying = present(members).filter((m) => !leaving.includes(m));
  // Where the group lives on, one at a time; where all leave, there is nothing to keep up.
  const turns = staying.length > 0 ? secondaries.map((m) => [m.id]) : [idsOf(secondaries)];
  stages.push(...turns.filter((t) => t.length > 0).map((t) => ({ kind: "leave" as const, members: t })));
  if (!primary) return stages;
  const stage = switchOver(primary, [staying], members);
  if (stage) stages.push(stage);
  stages.push({ kind: "leave", members: [primary.id] });
  return stages;
}

/** Of those that may take over: the one with most transactions, then the heaviest, then the first named. */
export function chooseSuccessor(
  candidates: readonly { readonly id: string; readonly behind: number; readonly weight: number }[],
): string | undefined {
  return [...candidates].sort((a, b) => a.behind - b.behind || b.weight - a.weight)[0]?.id;
}
