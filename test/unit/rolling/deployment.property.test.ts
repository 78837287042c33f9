import fc from "fast-check";
import { ProviderError } from "../../../provider/errors";
import type { ScheduledMember } from "../../../provider/rolling/picture";
import { type Story, stories } from "./arbitrary";
import type { Running } from "./simulated-group";
import { type Ending, type Moment, Simulation } from "./simulator";
import { bound, worked } from "./stages";

interface Told extends Omit<Story, "servers"> {
  readonly servers: readonly Running[];
  readonly moments: readonly Moment[];
  /** Of each `up`, one after the other, with time to mend in between. */
  readonly endings: readonly (readonly Ending[])[];
}

/** One `up` a list of faults, and two without. */
function tell(story: Story): Told {
  const simulation = new Simulation(story.servers, story.singlePrimary, story.primary);
  const { group, moments } = simulation;
  const endings = [...story.faults, [], []].map((faults) => {
    const ended = simulation.up(faults);
    group.mend();
    return ended;
  });
  return { ...story, servers: group.servers, moments, endings };
}

function holds(all: fc.Arbitrary<Story>, claim: (told: Told) => void, numRuns = 300): void {
  fc.assert(
    fc.property(all, (story) => claim(tell(story))),
    { numRuns },
  );
}

const calm = stories({});
const calmInTwo = stories({ late: true });
const troubled = stories({ faults: 2, late: true });

const online = ({ before }: Moment): ScheduledMember[] => before.members.filter((m) => m.state === "ONLINE");
const restarts = (moments: readonly Moment[]): Moment[] => moments.filter((m) => m.stage.kind === "restart");
const primaryOf = ({ before }: Moment): string | undefined =>
  before.singlePrimary ? before.members.find((m) => m.primary)?.id : undefined;
const ends = (told: Told): Ending[] => told.endings.flat();

describe.each([
  ["whatever fails, at any stage of two deployments", troubled],
  ["where nothing fails", calmInTwo],
])("a deployment to any group, %s,", (_, all) => {
  it("leaves a majority ONLINE, and no fewer than the lowest maxUnavailable lets", () => {
    holds(all, ({ moments, servers }) => {
      for (const moment of restarts(moments)) {
        const size = online(moment).length;
        const away = online(moment).filter((m) => worked(moment.stage).includes(m.id)).length;
        const declared = servers
          .filter((s) => moment.batch.has(s.id))
          .flatMap((s) => s.wish!.maxUnavailable ?? []);
        expect(away).toBeLessThan(Math.max(1, size));
        expect(away).toBeLessThanOrEqual(Math.min(bound(size), ...declared));
      }
    });
  });

  it("restarts no member twice", () => {
    holds(all, ({ servers }) => {
      expect(servers.filter((s) => s.restarts > 1)).toEqual([]);
    });
  });

  it("stops no primary that has not handed over, but one that has just become it by itself", () => {
    holds(all, ({ moments }) => {
      moments.forEach((moment, i) => {
        const primary = primaryOf(moment);
        if (moment.stage.kind !== "restart" || moment.usurped) return;
        if (primary === undefined || !moment.stage.members.includes(primary)) return;
        const before = moments[i - 1];
        expect(before?.plan).toBe(moment.plan);
        expect(before?.stage).toMatchObject({ kind: "switch-over", from: primary, by: "election" });
      });
    });
  });

  it("hands over only to a member that stays, and not to one of the wave that comes next", () => {
    holds(all, ({ moments }) => {
      moments.forEach(({ stage, batch, before }, i) => {
        if (stage.kind !== "switch-over") return;
        const leaving = before.members.filter((m) => m.job?.action === "leave").map((m) => m.id);
        const next = moments[i + 1];
        const away = next?.batch === batch ? worked(next.stage) : [];
        expect(stage.candidates.filter((id) => leaving.includes(id) || away.includes(id))).toEqual([]);
      });
    });
  });

  it("stops the whole group only as a whole, with everybody's consent", () => {
    holds(all, ({ moments, servers }) => {
      for (const { stage, before } of moments) {
        if (stage.kind !== "group-restart") continue;
        expect(worked(stage).toSorted()).toEqual(before.members.map((m) => m.id).sort());
        const consents = worked(stage).map((id) => servers.find((s) => s.id === id)!.wish?.groupRestart);
        expect(consents).toEqual(consents.map(() => true));
      }
    });
  });

  it("ends with everything as declared, with what a fault makes of a stage, or with a refusal that says what to do", () => {
    holds(all, (told) => {
      for (const ending of ends(told)) {
        if (ending.kind !== "refused") continue;
        expect(ProviderError.is(ending.error)).toBe(true);
        expect((ending.error as ProviderError).parts.todo).toMatch(/./);
      }
    });
  });
});

describe("a deployment to any group", () => {
  it("switches over once at most where all jobs come together and nothing fails", () => {
    holds(calm, ({ moments, singlePrimary }) => {
      const switches = moments.flatMap(({ stage }) => (stage.kind === "switch-over" ? [stage.by] : []));
      // Whom a group elects may have to hand over again.
      if (!switches.includes("election")) expect(switches.length).toBeLessThanOrEqual(singlePrimary ? 1 : 0);
    });
  });

  it("restarts the primary in its last wave where all jobs come together and nothing fails", () => {
    holds(calm, ({ moments }) => {
      const waves = restarts(moments);
      const first = moments[0] && primaryOf(moments[0]);
      const at = waves.findIndex(({ stage }) => worked(stage).includes(first ?? ""));
      if (at !== -1) expect(at).toBe(waves.length - 1);
    });
  });

  it("goes on with the waves that it began with where nothing fails", () => {
    holds(calm, ({ moments }) => {
      // A primary that stops alone is a wave of its own.
      const all = restarts(moments).filter(
        ({ stage }, i, waves) => i < waves.length - 1 || worked(stage).length > 1,
      );
      const sizes = all.map(({ stage }) => worked(stage).length);
      if (sizes.length === 0) return;
      const most = Math.min(bound(online(all[0]!).length), all[0]!.before.maxUnavailable ?? 9);
      const count = sizes.reduce((sum, size) => sum + size, 0);
      expect(sizes.length).toBeLessThanOrEqual(Math.ceil(count / most));
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    });
  });

  it("never has to halt where nothing fails", () => {
    holds(calmInTwo, (told) => {
      expect(ends(told).filter((e) => e.kind === "halted")).toEqual([]);
    });
  });

  it("leaves every member as declared where it ends well", () => {
    holds(troubled, ({ servers, endings }) => {
      const last = endings.at(-1)!;
      if (last.some((e) => e.kind !== "finished")) return;
      const open = servers.filter((s) => s.wish && !(s.settled && (s.gone || s.state === "ONLINE")));
      expect(open).toEqual([]);
    });
  });

  it("is refused, once all members can be reached, only where nobody could take over or make the group", () => {
    holds(troubled, ({ endings }) => {
      for (const ending of endings.slice(-2).flat()) {
        if (ending.kind === "finished") continue;
        if (ending.kind === "halted") throw new Error(`halted: ${ending.because}`);
        const { members } = ending.picture;
        const { code } = ending.error as ProviderError;
        const running = members.filter((m) => m.state === "ONLINE");
        const staying = members.filter(
          (m) => m.job?.action === "start" || (m.state === "ONLINE" && m.job?.action !== "leave"),
        );
        const justified: Record<string, boolean> = {
          GR005: running.length === 0,
          GR101: members.some((m) => m.job === undefined || m.job.action === "leave"),
          GR102: staying.length < 2 || members.some((m) => !m.job?.groupRestart),
        };
        expect({ code, justified: justified[code] }).toEqual({ code, justified: true });
      }
    });
  });

  it("is tried with all ends and all kinds of stages, so that none of the above holds for want of examples", () => {
    const seen = new Set<string>();
    for (const story of fc.sample(troubled, { numRuns: 500, seed: 1 })) {
      const told = tell(story);
      for (const { stage } of told.moments) seen.add(stage.kind === "switch-over" ? stage.by : stage.kind);
      for (const ending of ends(told)) seen.add(ending.kind);
      if (told.moments.some((m) => m.usurped)) seen.add("usurped");
    }
    const kinds = ["change", "election", "function", "group-restart", "join", "leave", "restart"];
    expect([...seen].sort()).toEqual([...kinds, "finished", "halted", "refused", "usurped"].sort());
  });
});
