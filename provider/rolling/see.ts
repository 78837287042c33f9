import { type MemberFact, type ServerFacts, isRunning, selfOf, valueOf } from "../mysql/facts";
import type { SeenMember } from "../mysql/membership";
import type { Sessions } from "../mysql/sessions";
import type { GroupView, Testimony } from "./group-view";
import type { Handle } from "./handle";
import type { GroupPicture, ScheduledMember } from "./picture";
import { askSeeds } from "./seeds";
import { silenceOf, speakersOf } from "./talk";

/** The group as it is now, and what is still to be done. `done`: members that this deployment has restarted. */
export async function pictureOf(
  view: GroupView,
  done: ReadonlySet<string>,
  sessions: Sessions,
): Promise<GroupPicture> {
  const open = view.all.filter((h) => !h.settled);
  // A connection that broke meanwhile is made anew here.
  await Promise.all(open.filter((h) => h.session.closed).map((h) => h.observe()));
  const told = await view.testimonies();
  const seenOf = (id: string): SeenMember[] => told.flatMap((t) => t.members.filter((m) => m.id === id));
  const facts = [...view.all.map((h) => h.facts), ...view.witnesses.map((w) => w.facts)];
  const waiting = waitingIn(view);
  const known = facts.map((f) => scheduled(f, view.handles.get(f.uuid), seenOf(f.uuid), waiting));
  const others = told.flatMap((t) => t.members).filter((m) => !facts.some((f) => f.uuid === m.id));
  const members = [...known, ...[...new Map(others.map((m) => [m.id, stranger(m)])).values()]].map((m) =>
    done.has(m.id) ? { ...m, done: true } : m,
  );
  const alive = members.some((m) => m.state === "ONLINE");
  return {
    group: view.group,
    singlePrimary: facts.some((f) => valueOf(f, "group_replication_single_primary_mode") !== "OFF"),
    members,
    blocked: told.length > 0 && told.every(isBlocked),
    maxUnavailable: lowest(view.all.flatMap((h) => h.job.rollout.maxUnavailable ?? [])),
    seeds: alive ? undefined : await askSeeds(sessions, view.all),
  };
}

/** Members whose START would fail now, as another one could not talk to them. */
export function waitingIn(view: GroupView): Set<string> {
  const speakers = speakersOf(view);
  return new Set(speakers.filter((s) => silenceOf(s, speakers)).map((s) => s.id));
}

function isBlocked({ members }: Testimony): boolean {
  return members.filter((m) => m.state === "UNREACHABLE").length * 2 >= members.length;
}

function lowest(all: readonly number[]): number | undefined {
  return all.length === 0 ? undefined : Math.min(...all);
}

/** Members of the group that none of these servers is. */
export function strangersTo(seen: readonly ServerFacts[]): MemberFact[] {
  const all = seen.filter(isRunning).flatMap((facts) => facts.members);
  const others = all.filter((m) => !seen.some((facts) => facts.uuid === m.id));
  return [...new Map(others.map((m) => [m.id, m])).values()];
}

/** As the group sees it now; a server in no group is seen by nobody but itself. */
function scheduled(
  facts: ServerFacts,
  h: Handle | undefined,
  seen: readonly SeenMember[],
  waiting: ReadonlySet<string>,
): ScheduledMember {
  const unreachable = seen.some((m) => m.state === "UNREACHABLE");
  return {
    id: facts.uuid,
    address: h?.address ?? facts.address,
    version: facts.version,
    state: unreachable ? "UNREACHABLE" : (selfOf(facts)?.state ?? "OFFLINE"),
    primary: seen.length > 0 ? seen.some((m) => m.role === "PRIMARY") : selfOf(facts)?.role === "PRIMARY",
    ...(h === undefined || h.settled
      ? {}
      : {
          job: {
            action: h.job.leave ? ("leave" as const) : h.plan.action,
            bootstrap: h.job.bootstrap,
            groupRestart: h.job.rollout.groupRestart,
            waits: waiting.has(h.id),
          },
        }),
  };
}

/** A member of the group that this deployment has no login to. */
function stranger({ id, host, port, state, role, version }: SeenMember): ScheduledMember {
  return {
    id,
    address: `${host}:${port}`,
    version,
    state,
    primary: role === "PRIMARY",
  };
}
