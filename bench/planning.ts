import { selfOf } from "../provider/mysql/facts";
import { planMember } from "../provider/plan/group-member";
import { memberContext, viewOf } from "../provider/plan/view";
import { memberProperties, wishOf } from "../provider/plan/wish";
import type { GroupPicture } from "../provider/rolling/picture";
import { schedule } from "../provider/rolling/schedule";
import { configure, groupMember } from "../provider/runtime";
import { type Benchmark, secondsOf } from "./benchmark";
import { declaration, placesOf, serverAsDeclared, stateOf } from "./declarations";
import type { Result } from "./result";
import { median } from "./statistics";

const members = 9;
const resources = 200;
/** Milliseconds are short beside what else a machine does: so many runs a round. */
const runs = 50;

/** Pure work, in this process. */
export const planning: Benchmark = {
  name: "planning",
  async run(rounds) {
    return [await planAndSchedule(rounds * runs), await checkAndDiff(rounds * runs)];
  },
};

async function planAndSchedule(times: number): Promise<Result> {
  const places = placesOf(members, members);
  const views = places.map((place) => {
    const before = declaration(place, "before");
    const names = Object.keys(wishOf(before, memberProperties));
    return { place, names, facts: serverAsDeclared(before, place) };
  });
  const work = (): Promise<void> => {
    const picture = views.map(({ place, names, facts }): GroupPicture["members"][number] => {
      const wish = wishOf(declaration(place, "after"), memberProperties);
      const plan = planMember(
        viewOf(facts, names, memberContext),
        { variables: wish, bootstrap: false, installPlugin: false, groupRestart: true },
        names,
      );
      return {
        id: facts.uuid,
        address: facts.address,
        version: facts.version,
        state: "ONLINE",
        primary: selfOf(facts)?.role === "PRIMARY",
        job: { action: plan.action, bootstrap: false, groupRestart: true },
      };
    });
    schedule({ group: "group", singlePrimary: true, members: picture });
    return Promise.resolve();
  };
  return {
    name: `plan and schedule, ${members} members, every property changed`,
    unit: "ms",
    ours: await medianTime(times, work),
    bound: { atMost: 5 },
  };
}

async function checkAndDiff(times: number): Promise<Result> {
  const known = placesOf(resources, 8).map((place) => {
    const before = declaration(place, "before");
    const state = stateOf(before, serverAsDeclared(before, place));
    return { state, after: declaration(place, "after") };
  });
  const work = async (): Promise<void> => {
    // As at the beginning of each deployment: what was said before is said again.
    await configure({ config: { get: () => undefined } });
    for (const { state, after } of known) {
      const { inputs, failures } = await groupMember.check(state, after);
      if (failures.length > 0) throw new Error(JSON.stringify(failures));
      await groupMember.diff("", state, inputs);
    }
  };
  return {
    name: `check plus diff, ${resources} GroupMembers, every property changed`,
    unit: "ms",
    ours: await quietly(() => medianTime(times, work)),
    bound: { atMost: 100 },
  };
}

async function medianTime(times: number, work: () => Promise<void>): Promise<number> {
  const taken: number[] = [];
  for (let run = 0; run < times; run++) taken.push((await secondsOf(work)) * 1000);
  return median(taken);
}

/** diff prints its plans for Pulumi, and stdout is for results. */
async function quietly<T>(work: () => Promise<T>): Promise<T> {
  const { log } = console;
  console.log = () => undefined;
  try {
    return await work();
  } finally {
    console.log = log;
  }
}
