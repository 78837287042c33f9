import fc from "fast-check";
import { ProviderError } from "../../../provider/errors";
import type { MemberState } from "../../../provider/mysql/facts";
import type { GroupPicture, ScheduledMember, Stage } from "../../../provider/rolling/picture";
import { schedule } from "../../../provider/rolling/schedule";
import { groups } from "./arbitrary";
import { bound, only, worked } from "./stages";

type Outcome = { stages: readonly Stage[]; error?: undefined } | { stages?: undefined; error: unknown };

function outcome(group: GroupPicture): Outcome {
  try {
    return { stages: schedule(group) };
  } catch (error) {
    return { error };
  }
}

/** Thousands of groups; those that are refused prove nothing about stages. */
function holds(claim: (stages: readonly Stage[], group: GroupPicture) => void, numRuns = 1000): void {
  fc.assert(
    fc.property(groups, (group) => {
      const { stages } = outcome(group);
      if (stages) claim(stages, group);
    }),
    { numRuns },
  );
}

const find = (group: GroupPicture, id: string): ScheduledMember => group.members.find((m) => m.id === id)!;
const doing = (group: GroupPicture, action: string): ScheduledMember[] =>
  group.members.filter((m) => m.job?.action === action);
/** Those that are in the group when restarts begin. */
const present = (group: GroupPicture): ScheduledMember[] =>
  group.members.filter((m) => m.state === "ONLINE" || m.job?.action === "start");

describe("every schedule of every group", () => {
  it("is made, or refused by a typed error that says what to do", () => {
    fc.assert(
      fc.property(groups, (group) => {
        const { error } = outcome(group);
        if (error === undefined) return;
        expect(ProviderError.is(error) && ["GR005", "GR101", "GR102"].includes(error.code)).toBe(true);
        expect((error as ProviderError).parts.todo).toMatch(/./);
      }),
      { numRuns: 2000 },
    );
  });

  it("is the same for the same group, and leaves the group as it was", () => {
    fc.assert(
      fc.property(groups, (group) => {
        const before = JSON.stringify(group);
        expect(JSON.stringify(outcome(group))).toBe(JSON.stringify(outcome(group)));
        expect(JSON.stringify(group)).toBe(before);
      }),
      { numRuns: 500 },
    );
  });

  it("works on every member that has a job, once, and in a stage of the job's kind", () => {
    const kinds: Record<string, Stage["kind"][]> = {
      none: ["change", "group-restart"],
      start: ["bootstrap", "join", "group-restart"],
      restart: ["restart", "group-restart"],
      "group-restart": ["group-restart"],
      leave: ["leave"],
    };
    holds((stages, group) => {
      for (const m of group.members.filter((k) => k.job)) {
        const own = stages.flatMap((s) =>
          worked(s)
            .filter((id) => id === m.id)
            .map(() => s.kind),
        );
        if (own.length !== 1 || !kinds[m.job!.action]!.includes(own[0]!))
          throw new Error(`${m.id}, which is to ${m.job!.action}, is in ${own.join(", ") || "no stage"}`);
      }
    }, 1500);
  });

  it("works on no member that has no job", () => {
    holds((stages, group) => {
      expect(stages.flatMap(worked).filter((id) => find(group, id).job === undefined)).toEqual([]);
    });
  });

  it("restarts in waves that are even, and as few as leave a majority and keep to the lowest number declared", () => {
    holds((stages, group) => {
      const sizes = only(stages, "restart").map((s) => s.members.length);
      if (sizes.length === 0) return;
      const size = present(group).length;
      const most = Math.min(bound(size), group.maxUnavailable ?? bound(size));
      expect(Math.max(...sizes)).toBeLessThanOrEqual(most);
      // A primary that hands over to nobody but those that restart before, or to whom the group elects, stops alone.
      const last = only(stages, "restart").at(-1)!;
      const alone = group.singlePrimary && last.members.length === 1 && find(group, last.members[0]!).primary;
      const even = alone ? sizes.slice(0, -1) : sizes;
      const count = even.reduce((sum, n) => sum + n, 0);
      expect(even).toHaveLength(Math.ceil(count / most));
      expect(Math.max(0, ...even) - Math.min(most, ...even)).toBeLessThanOrEqual(1);
    }, 1500);
  });

  it("restarts the primary of a single-primary group in the last wave, right after the switch-over from it", () => {
    holds((stages, group) => {
      const restarts = only(stages, "restart");
      const at = restarts.findIndex((s) => s.members.some((id) => find(group, id).primary));
      if (!group.singlePrimary || at === -1) return;
      expect(at).toBe(restarts.length - 1);
      const [from] = doing(group, "restart").filter((m) => m.primary);
      expect(stages[stages.indexOf(restarts[at]!) - 1]).toMatchObject({
        kind: "switch-over",
        from: from!.id,
      });
    });
  });

  it("switches over once at most, from the primary to somebody else who is there, stays, and is not in the next wave", () => {
    holds((stages, group) => {
      const switches = only(stages, "switch-over");
      expect(switches.length).toBeLessThanOrEqual(group.singlePrimary ? 1 : 0);
      for (const stage of switches) {
        const { from, candidates } = stage;
        const at = stages.indexOf(stage);
        expect(candidates).not.toEqual([]);
        expect(find(group, from).primary).toBe(true);
        const joined = stages.slice(0, at).flatMap(worked);
        const unfit = candidates.filter((id) => {
          const m = find(group, id);
          const there = m.state === "ONLINE" || joined.includes(id);
          return !there || m.job?.action === "leave" || worked(stages[at + 1]!).includes(id);
        });
        expect(unfit).toEqual([]);
      }
    }, 1500);
  });

  it("names the heir only where every server can be told, and only one of the lowest version", () => {
    const rank = (version: string | undefined): number =>
      version!.split(".").reduce((sum, part) => sum * 1000 + Number(part), 0);
    holds((stages, group) => {
      for (const { by, candidates } of only(stages, "switch-over")) {
        const ranks = present(group).map((m) => rank(m.version));
        const lowest = Math.min(...ranks);
        if (lowest < rank("8.0.13")) expect(by).toBe("election");
        if (by !== "function") continue;
        expect(candidates.map((id) => rank(find(group, id).version))).toEqual(candidates.map(() => lowest));
      }
    }, 1500);
  });

  it("lets the primary stop alone where the group elects, with every member that stays among the heirs", () => {
    holds((stages, group) => {
      const [elected] = only(stages, "switch-over").filter((s) => s.by === "election");
      const next = elected && stages[stages.indexOf(elected) + 1];
      if (!elected || !next) return;
      expect(worked(next)).toEqual([elected.from]);
      const staying = present(group).filter((m) => m.id !== elected.from && m.job?.action !== "leave");
      expect(elected.candidates.toSorted()).toEqual(staying.map((m) => m.id).sort());
    }, 1500);
  });

  it("hands over to members that have restarted, where there are any of the lowest version", () => {
    holds((stages, group) => {
      const at = stages.findIndex((s) => s.kind === "switch-over");
      const next = stages[at + 1];
      if (at === -1 || next?.kind !== "restart") return;
      const { candidates, by } = stages[at] as Extract<Stage, { kind: "switch-over" }>;
      if (by === "election") return;
      const restarted = only(stages.slice(0, at), "restart").flatMap((s) => s.members);
      const version = find(group, candidates[0]!).version;
      const ready = group.members.filter(
        (m) =>
          m.version === version &&
          (restarted.includes(m.id) || (m.done && m.job?.action !== "leave" && m.state === "ONLINE")) &&
          !next.members.includes(m.id),
      );
      if (ready.length > 0) expect([...candidates].sort()).toEqual(ready.map((m) => m.id).sort());
    });
  });

  it("makes a group at most once, on a member that may", () => {
    holds((stages, group) => {
      const made = only(stages, "bootstrap");
      expect(made.length).toBeLessThanOrEqual(1);
      for (const { member } of made)
        expect(doing(group, "start").filter((m) => m.job!.bootstrap)).toEqual([find(group, member)]);
    });
  });

  const makes = (stage: Stage): boolean =>
    stage.kind === "bootstrap" || (stage.kind === "group-restart" && stage.running.length === 0);

  it.each<MemberState>(["ONLINE", "RECOVERING", "UNREACHABLE"])(
    "never makes a group of stopped members where any member is %s",
    (state) => {
      holds((stages, group) => {
        if (group.members.some((m) => m.state === state)) expect(stages.filter(makes)).toEqual([]);
      });
    },
  );

  it("makes a group anew that nobody was chosen to make only where no seed is outside the deployment", () => {
    holds((stages, group) => {
      const anew = only(stages, "group-restart").some((s) => s.running.length === 0);
      if (anew) expect(group.seeds?.all ?? []).toEqual([]);
    });
  });

  it("never makes a group of stopped members where a seed answers or is silent", () => {
    holds((stages, group) => {
      if (group.seeds?.answering ?? group.seeds?.silent) expect(stages.filter(makes)).toEqual([]);
    });
  });

  it("stops the whole group only where every member of it is part of the deployment and consents", () => {
    holds((stages, group) => {
      const [whole, ...more] = only(stages, "group-restart");
      if (!whole) return;
      expect(more).toEqual([]);
      expect(stages[0]).toBe(whole);
      expect(group.members.filter((m) => m.job?.groupRestart !== true).map((m) => m.id)).toEqual([]);
      expect(worked(whole).toSorted()).toEqual(group.members.map((m) => m.id).sort());
      expect(whole.running.every((id) => find(group, id).state === "ONLINE")).toBe(true);
      expect(whole.joining.every((id) => find(group, id).state !== "ONLINE")).toBe(true);
    }, 1500);
  });

  it("keeps a member ONLINE while others restart, also after others have left", () => {
    holds((stages, group) => {
      const online = new Set(group.members.filter((m) => m.state === "ONLINE").map((m) => m.id));
      for (const stage of stages) {
        if (stage.kind === "restart")
          expect([...online].some((id) => !stage.members.includes(id))).toBe(true);
        for (const id of worked(stage))
          if (stage.kind === "leave") online.delete(id);
          else if (stage.kind !== "change") online.add(id);
      }
    });
  });

  it("hands over before the primary leaves wherever an ONLINE member stays", () => {
    holds((stages, group) => {
      const primary = doing(group, "leave").find((m) => m.primary);
      const stays = group.members.some((m) => m.state === "ONLINE" && m.job?.action !== "leave");
      if (group.singlePrimary && primary && stays) expect(only(stages, "switch-over")).toHaveLength(1);
    });
  });

  it("starts before it restarts, and restarts before it lets leave", () => {
    const order: Stage["kind"][] = ["change", "bootstrap", "group-restart", "join", "restart", "leave"];
    holds((stages) => {
      const ranks = stages.filter((s) => s.kind !== "switch-over").map((s) => order.indexOf(s.kind));
      expect(ranks).toEqual([...ranks].sort((a, b) => a - b));
    });
  });

  it("refuses no rolling restart of a group that is ONLINE as a whole and has a member that can take over", () => {
    fc.assert(
      fc.property(groups, (group) => {
        const { members } = group;
        const staying = members.filter((m) => m.job?.action !== "leave");
        if (!members.every((m) => m.state === "ONLINE") || staying.length < 2) return;
        if (doing(group, "group-restart").length === 0) expect(outcome(group).error).toBeUndefined();
      }),
      { numRuns: 2000 },
    );
  });

  it("is tried with all kinds of stages and refusals, so that none of the above holds for want of examples", () => {
    const seen = new Set<string>();
    for (const group of fc.sample(groups, { numRuns: 3000, seed: 1 })) {
      const { stages, error } = outcome(group);
      stages?.forEach((s) => seen.add(s.kind === "switch-over" ? s.by : s.kind));
      if (only(stages ?? [], "restart").some((s) => s.members.length > 2)) seen.add("waves");
      if (error !== undefined) seen.add((error as ProviderError).code);
    }
    const kinds = ["bootstrap", "change", "group-restart", "join", "leave", "restart"];
    expect([...seen].sort()).toEqual(
      ["GR005", "GR101", "GR102", "election", "function", "waves", ...kinds].sort(),
    );
  });
});
