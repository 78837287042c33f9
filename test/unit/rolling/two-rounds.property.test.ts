import fc from "fast-check";
import { ProviderError } from "../../../provider/errors";
import { pairProblem } from "../../../provider/tls/rules";
import { maxUnavailable, pick } from "./arbitrary";
import type { Fault, Running, Server } from "./simulated-group";
import { type Ending, Simulation } from "./simulator";
import { worked } from "./stages";

const old: readonly string[] = ["TLSv1.2"];
const both: readonly string[] = ["TLSv1.2", "TLSv1.3"];
const now: readonly string[] = ["TLSv1.3"];

interface Story {
  readonly servers: readonly Server[];
  readonly singlePrimary: boolean;
  readonly primary: number;
  readonly faults: readonly (readonly (Fault | undefined)[])[];
}

interface Told {
  readonly simulation: Simulation;
  readonly servers: readonly Running[];
  readonly endings: readonly (readonly Ending[])[];
}

const fault: fc.Arbitrary<Fault | undefined> = fc.option(
  fc.record({ kind: fc.constantFrom("crash", "fails", "failover"), during: fc.boolean(), who: pick }),
  { nil: undefined, freq: 2 },
);

/** A group of 2 to 9 that is declared anew; `mixed`: members start from lists, and go to lists, of their own. */
function stories({
  faults = 0,
  mixed = false,
  late = false,
}: {
  faults?: number;
  mixed?: boolean;
  late?: boolean;
}): fc.Arbitrary<Story> {
  const list = fc.constantFrom(old, both, now);
  return fc
    .record({
      members: fc.array(fc.record({ before: list, after: list, late: fc.boolean(), maxUnavailable }), {
        minLength: 2,
        maxLength: 9,
      }),
      forth: fc.boolean(),
      singlePrimary: fc.boolean(),
      primary: pick,
      faults: fc.array(fc.array(fault, { maxLength: 12 }), { minLength: faults, maxLength: faults }),
    })
    .map(({ members, forth, ...rest }) => ({
      ...rest,
      servers: members.map((m, i): Server => {
        const [before, after] = mixed ? [m.before, m.after] : forth ? [old, now] : [now, old];
        const wish = {
          change: before.join() === after.join() ? ("none" as const) : ("restart" as const),
          protocols: after,
          bootstrap: i === 0,
          groupRestart: false,
          maxUnavailable: m.maxUnavailable,
          late: late && m.late,
        };
        return { id: `m${i}`, version: "9.7.4", state: "ONLINE", protocols: before, wish };
      }),
    }))
    .filter(({ servers }) => apart(servers.map((s) => s.protocols!)) === undefined);
}

/** A group whose members cannot talk is none. */
function apart(all: readonly (readonly string[])[]): string | undefined {
  const members = all.map((protocols) => ({ version: "9.7.4", protocols }));
  return members.flatMap((a) => members.flatMap((b) => pairProblem(a, b) ?? [])).at(0);
}

function tell({ servers, singlePrimary, primary, faults }: Story): Told {
  const simulation = new Simulation(servers, singlePrimary, primary);
  const endings = [...faults, [], []].map((each) => {
    const ended = simulation.up(each);
    simulation.group.mend();
    return ended;
  });
  return { simulation, servers: simulation.group.servers, endings };
}

function holds(all: fc.Arbitrary<Story>, claim: (told: Told, story: Story) => void, numRuns = 300): void {
  fc.assert(
    fc.property(all, (story) => claim(tell(story), story)),
    { numRuns },
  );
}

const declared = ({ servers }: Told): boolean =>
  servers.every((s) => s.protocols!.join() === s.wish!.protocols!.join());

// The simulation itself fails where two members that run have nothing in common, at any moment.
describe("a change of protocols with nothing in common", () => {
  it("ends as declared in one deployment, each member restarted twice", () => {
    holds(stories({}), (told) => {
      expect(told.endings[0]).toEqual([{ kind: "finished" }]);
      expect(declared(told)).toBe(true);
      expect(told.servers.map((s) => s.restarts)).toEqual(told.servers.map(() => 2));
      expect(told.endings[1]).toEqual([]);
    });
  });

  it("begins no second round before every member has gone through the first", () => {
    holds(stories({}), ({ simulation, servers }) => {
      const order = simulation.moments.flatMap(({ stage }) =>
        stage.kind === "restart" ? worked(stage) : [],
      );
      expect([...order.slice(0, servers.length)].sort()).toEqual(servers.map((s) => s.id).sort());
    });
  });

  it("switches over twice at most, once in each round, and not at all in multi-primary mode", () => {
    holds(stories({}), ({ simulation, servers }, { singlePrimary }) => {
      const kinds = simulation.moments.map(({ stage }) => stage.kind);
      const switches = kinds.filter((kind) => kind === "switch-over");
      expect(switches).toHaveLength(singlePrimary ? 2 : 0);
      expect(servers.length).toBeGreaterThan(1);
    });
  });

  it("ends as declared whatever fails on the way, and restarts no member that has the lists already", () => {
    holds(stories({ faults: 2 }), (told) => {
      const last = told.endings.at(-1)!;
      if (last.some((e) => e.kind !== "finished")) return;
      expect(declared(told)).toBe(true);
      expect(told.servers.filter((s) => s.restarts > 2)).toEqual([]);
    });
  });

  it("needs another deployment where members come in two batches, and never a third", () => {
    let another = 0;
    holds(stories({ late: true }), (told) => {
      if (told.endings[1]!.length > 0) another += 1;
      expect(declared(told)).toBe(true);
      expect(told.servers.filter((s) => s.restarts > 2)).toEqual([]);
    });
    expect(another).toBeGreaterThan(0);
  });
});

describe("any change of protocols in a group of any lists", () => {
  it("ends as declared, or is refused with everything as before where two would be kept apart", () => {
    const seen = new Set<string>();
    holds(
      stories({ mixed: true }),
      (told, { servers }) => {
        const problem = apart(servers.map((s) => s.wish!.protocols!));
        seen.add(problem === undefined ? "declared" : "refused");
        expect(declared(told)).toBe(problem === undefined);
        if (problem === undefined) return;
        const [ending] = told.endings[0]!;
        expect(ending).toMatchObject({ kind: "refused" });
        const { error } = ending as Extract<Ending, { kind: "refused" }>;
        expect(ProviderError.is(error) && error.code).toBe("GR005");
        expect(told.servers.map((s) => s.restarts)).toEqual(servers.map(() => 0));
      },
      600,
    );
    expect([...seen].sort()).toEqual(["declared", "refused"]);
  });

  it("restarts twice only who could not talk to itself from before", () => {
    holds(stories({ mixed: true }), ({ servers }, story) => {
      servers.forEach((s, i) => {
        const before = { version: s.version, protocols: story.servers[i]!.protocols! };
        const after = { version: s.version, protocols: s.wish!.protocols! };
        expect(s.restarts).toBeLessThanOrEqual(pairProblem(before, after) === undefined ? 1 : 2);
      });
    });
  });
});
