import fc from "fast-check";
import type { MemberState } from "../../../provider/mysql/facts";
import type { GroupPicture, ScheduledJob, ScheduledMember } from "../../../provider/rolling/picture";
import { job, picture, scheduled } from "../builders";
import { type Fault, type Server, type Wish, pickFrom } from "./simulated-group";

/** Most groups are well: what is refused shows nothing of the order of things. */
const states: MemberState[] = [
  ...Array<MemberState>(10).fill("ONLINE"),
  "OFFLINE",
  "OFFLINE",
  "ERROR",
  "RECOVERING",
  "UNREACHABLE",
];

/** All alike, in the middle of an upgrade, and around the first version that can be told who takes over. */
export const versions: fc.Arbitrary<readonly string[]> = fc.oneof(
  { weight: 4, arbitrary: fc.constant(["9.7.4"]) },
  { weight: 2, arbitrary: fc.constant(["8.0.36", "8.4.3"]) },
  { weight: 1, arbitrary: fc.constant(["8.0.12"]) },
  { weight: 1, arbitrary: fc.constant(["8.0.12", "8.0.36"]) },
);

/** rollout.maxUnavailable; mostly not declared. */
export const maxUnavailable: fc.Arbitrary<number | undefined> = fc
  .integer({ min: -8, max: 4 })
  .map((n) => (n < 1 ? undefined : n));

export const pick = fc.nat({ max: 1000 });

type Action = ScheduledJob["action"];

/** As planners make them: start only what does not run, restart only what does. */
function member(
  id: string,
  version: string,
  of: { state: MemberState; part: number; action: Action; done: boolean } & Omit<ScheduledJob, "action">,
): ScheduledMember {
  const { state, part, action, done, ...rest } = of;
  const before = state === "ONLINE" && done ? { done } : {};
  if (part === 0) return scheduled(id, { state, version, ...before });
  const runs = state !== "OFFLINE" && state !== "ERROR";
  const suited = runs || action === "leave" ? action : "start";
  // Without consent the planner refuses what takes a restart of the whole group.
  const groupRestart = rest.groupRestart === true || suited === "group-restart";
  return job(id, suited, { ...rest, groupRestart, state, version, ...(suited === "none" ? before : {}) });
}

const seeds = fc.constantFrom<GroupPicture["seeds"][]>(
  undefined,
  { all: [] },
  { all: ["db7:33061"] },
  { all: ["db8:33061"], answering: "db8:33061" },
  { all: ["db9:33061"], silent: "db9:33061" },
  { all: ["db8:33061", "db9:33061"], answering: "db8:33061", silent: "db9:33061" },
);

/** What members do where the group is restarted member by member, made smaller, or restarted as a whole. */
const actions: Record<string, Action[]> = {
  rolling: ["restart", "restart", "restart", "none", "leave"],
  shrinking: ["leave", "leave", "leave", "restart"],
  restart: ["restart"],
  whole: ["group-restart", "restart", "none"],
};

/** Any group of 1 to 9 members in any moment, and any deployment that meets it. */
export const groups: fc.Arbitrary<GroupPicture> = fc
  .record({
    members: fc.array(
      fc.record({
        state: fc.constantFrom(...states),
        part: fc.nat({ max: 7 }),
        action: pick,
        done: fc.boolean(),
        version: pick,
        bootstrap: fc.integer({ min: 0, max: 3 }).map((n) => n === 0),
        refuses: fc.nat({ max: 9 }),
      }),
      { minLength: 1, maxLength: 9 },
    ),
    kind: fc.constantFrom("rolling", "rolling", "rolling", "shrinking", "whole"),
    consent: fc.boolean(),
    well: fc.boolean(),
    singlePrimary: fc.integer({ min: 0, max: 3 }).map((n) => n > 0),
    primary: pick,
    versions,
    maxUnavailable,
    seeds,
  })
  .map(({ members, kind, consent, well, singlePrimary, primary, versions, ...rest }) => {
    const all = members.map(({ action, version, refuses, state, ...rest }, i) =>
      member(`m${i}`, pickFrom(versions, version)!, {
        ...rest,
        state: well ? "ONLINE" : state,
        action: pickFrom(actions[kind]!, action)!,
        groupRestart: (consent || kind === "whole") && refuses > 0,
      }),
    );
    const running = all.filter((m) => m.state === "ONLINE" || m.state === "UNREACHABLE");
    const chosen = pickFrom(running, primary);
    return picture(
      all.map((m) => ({ ...m, primary: singlePrimary ? m === chosen : running.includes(m) })),
      { singlePrimary, ...rest },
    );
  });

/** A group that runs, a deployment that changes it, and faults for each stage of one `up` after the other. */
export interface Story {
  readonly servers: readonly Server[];
  readonly singlePrimary: boolean;
  readonly primary: number;
  readonly faults: readonly (readonly (Fault | undefined)[])[];
}

const wish = fc.record({
  change: pick,
  stranger: fc.nat({ max: 7 }),
  state: fc.nat({ max: 11 }),
  version: pick,
  bootstrap: fc.integer({ min: 0, max: 8 }).map((n) => n === 0),
  late: fc.boolean(),
  maxUnavailable,
});

const fault: fc.Arbitrary<Fault | undefined> = fc.option(
  fc.record({
    kind: fc.constantFrom<Fault["kind"][]>("crash", "lost", "rejoining", "failover", "fails"),
    during: fc.boolean(),
    who: pick,
  }),
  { nil: undefined, freq: 2 },
);

export function stories({
  faults = 0,
  late = false,
}: {
  faults?: number;
  late?: boolean;
}): fc.Arbitrary<Story> {
  return fc
    .record({
      wishes: fc.array(wish, { minLength: 1, maxLength: 9 }),
      kind: fc.constantFrom("rolling", "rolling", "restart", "restart", "shrinking", "whole"),
      consent: fc.boolean(),
      singlePrimary: fc.integer({ min: 0, max: 3 }).map((n) => n > 0),
      primary: pick,
      versions,
      faults: fc.array(fc.array(fault, { minLength: faults > 0 ? 1 : 0, maxLength: 8 }), {
        minLength: faults,
        maxLength: faults,
      }),
    })
    .map(({ wishes, kind, consent, versions, ...rest }) => ({
      ...rest,
      servers: wishes.map(({ change, stranger, state, version, ...w }, i): Server => {
        const own = pickFrom(actions[kind]!, change) as Wish["change"];
        const groupRestart = consent || kind === "whole";
        return {
          id: `m${i}`,
          version: pickFrom(versions, version)!,
          state: stranger > 0 && state === 0 ? "OFFLINE" : "ONLINE",
          ...(stranger > 0 ? { wish: { ...w, change: own, groupRestart, late: late && w.late } } : {}),
        };
      }),
    }));
}
