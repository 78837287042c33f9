import fc from "fast-check";
import { ProviderError } from "../../../provider/errors";
import type { MemberState } from "../../../provider/mysql/facts";
import {
  type GroupPicture,
  type ScheduledMember,
  type Stage,
  chooseSuccessor,
  schedule,
} from "../../../provider/rolling/schedule";
import { job, picture, scheduled, thrownBy } from "../builders";

/** Short forms: "restart a", "switch-over a to b|c". */
function told(stages: readonly Stage[]): string[] {
  return stages.map((stage) => {
    switch (stage.kind) {
      case "bootstrap":
        return `bootstrap ${stage.member}`;
      case "switch-over":
        return `switch-over ${stage.from} to ${stage.candidates.join("|")}`;
      case "change":
      case "join":
      case "restart":
      case "leave":
        return `${stage.kind} ${stage.members.join(" ")}`;
    }
  });
}

describe("schedule", () => {
  const cases: [title: string, group: GroupPicture, stages: string[]][] = [
    [
      "does nothing where no member has a job",
      picture([scheduled("a", { primary: true }), scheduled("b")]),
      [],
    ],
    [
      "changes all members at once where none has to restart",
      picture([job("a", "none", { primary: true }), job("b", "none"), scheduled("c")]),
      ["change a b"],
    ],
    [
      "restarts secondaries one by one, then switches over, then restarts the primary",
      picture([job("a", "restart", { primary: true }), job("b", "restart"), job("c", "restart")]),
      ["restart b", "restart c", "switch-over a to b|c", "restart a"],
    ],
    [
      "does not switch over where the primary need not restart",
      picture([job("a", "none", { primary: true }), job("b", "restart"), job("c", "restart")]),
      ["change a", "restart b", "restart c"],
    ],
    [
      "does not switch over where the primary is not part of the deployment",
      picture([scheduled("a", { primary: true }), job("b", "restart")]),
      ["restart b"],
    ],
    [
      "hands over to a member outside the deployment where only the primary restarts",
      picture([job("a", "restart", { primary: true }), scheduled("b"), scheduled("c")]),
      ["switch-over a to b|c", "restart a"],
    ],
    [
      "never switches over in multi-primary mode",
      picture([job("a", "restart", { primary: true }), job("b", "restart", { primary: true })], {
        singlePrimary: false,
      }),
      ["restart a", "restart b"],
    ],
    [
      "makes the group on the one member that may, and lets the others join at once",
      picture([job("a", "start"), job("b", "start", { bootstrap: true }), job("c", "start")]),
      ["bootstrap b", "join a c"],
    ],
    [
      "joins, and makes no second group, where a seed outside the deployment answers",
      picture([job("a", "start", { bootstrap: true }), job("b", "start")], {
        seeds: { answering: "db9:33061" },
      }),
      ["join a b"],
    ],
    [
      "joins, and makes no second group, where a member outside the deployment is ONLINE",
      picture([job("a", "start", { bootstrap: true }), scheduled("b", { primary: true })]),
      ["join a"],
    ],
    [
      "joins a group of which only a RECOVERING member is seen",
      picture([job("a", "start", { bootstrap: true }), scheduled("b", { state: "RECOVERING" })]),
      ["join a"],
    ],
    [
      "lets members join before any restarts, so that the group is safer when it does",
      picture([job("a", "restart", { primary: true }), job("b", "restart"), job("c", "start")]),
      ["join c", "restart b", "switch-over a to b", "restart a"],
    ],
    [
      "hands over to a member that has just joined where the only other one leaves",
      picture([job("a", "restart", { primary: true }), job("b", "leave"), job("c", "start")]),
      ["join c", "switch-over a to c", "restart a", "leave b"],
    ],
    [
      "hands over to members that have restarted rather than to those that have not",
      picture([job("a", "restart", { primary: true }), job("b", "restart"), scheduled("c")]),
      ["restart b", "switch-over a to b", "restart a"],
    ],
    [
      "hands over to a member that restarted earlier in this deployment",
      picture([job("a", "restart", { primary: true }), scheduled("b", { done: true }), scheduled("c")]),
      ["switch-over a to b", "restart a"],
    ],
    [
      "lets secondaries leave one by one, and the primary last after a switch-over, where the group lives on",
      picture([job("a", "leave", { primary: true }), job("b", "leave"), job("c", "leave"), scheduled("d")]),
      ["leave b", "leave c", "switch-over a to d", "leave a"],
    ],
    [
      "lets secondaries leave at once, and the primary last, where nobody stays",
      picture([job("a", "leave", { primary: true }), job("b", "leave"), job("c", "leave")]),
      ["leave b c", "leave a"],
    ],
    [
      "lets a stopped member leave first",
      picture([job("a", "leave", { primary: true }), job("b", "leave", { state: "OFFLINE" })]),
      ["leave b", "leave a"],
    ],
    [
      "hands over before the primary leaves to a member that joins in the same batch",
      picture([job("a", "leave", { primary: true }), job("b", "start")]),
      ["join b", "switch-over a to b", "leave a"],
    ],
    [
      "restarts a member in ERROR beside two that are ONLINE",
      picture([scheduled("a", { primary: true }), scheduled("b"), job("c", "restart", { state: "ERROR" })]),
      ["restart c"],
    ],
  ];
  it.each(cases)("%s", (_, group, stages) => {
    expect(told(schedule(group))).toEqual(stages);
  });

  const refusals: [title: string, group: GroupPicture, code: string, message: string][] = [
    [
      "while a member is UNREACHABLE",
      picture([
        job("a", "restart", { primary: true }),
        job("b", "restart"),
        scheduled("c", { state: "UNREACHABLE" }),
      ]),
      "GR101",
      `[GR101] group g is not in a state to be changed
Why: c:3306 cannot be reached by the others
Left: nothing was restarted
Do: bring it back, or let the group expel it, then pulumi up`,
    ],
    [
      "while a member is RECOVERING",
      picture([
        job("a", "restart", { primary: true }),
        scheduled("b"),
        scheduled("c", { state: "RECOVERING" }),
      ]),
      "GR101",
      `[GR101] group g is not in a state to be changed
Why: c:3306 is still RECOVERING
Left: nothing was restarted
Do: wait until it is ONLINE, then pulumi up`,
    ],
    [
      "of the only ONLINE member",
      picture([job("a", "restart", { primary: true }), scheduled("b", { state: "ERROR" })]),
      "GR102",
      `[GR102] a:3306: the only ONLINE member of its group cannot be restarted without stopping the group
Why: no other member could take the writes meanwhile
Left: nothing was changed
Do: let another member join first, or stop it yourself in a maintenance window (STOP GROUP_REPLICATION); pulumi up then starts it as declared`,
    ],
    [
      "where no member may make the group and none is there to join",
      picture([job("a", "start"), job("b", "start")]),
      "GR005",
      `[GR005] a:3306 cannot join group g: no member of it is ONLINE, and none of those that came with it may make it
Why: its turn came before that of the member that makes the group, or none does
Left: nothing was changed
Do: declare bootstrap: true on the member that has all transactions, or start the group first; with --parallel 1, which takes members in any order, make the group without it once`,
    ],
    [
      "where two members may make the group",
      picture([job("a", "start", { bootstrap: true }), job("b", "start", { bootstrap: true })]),
      "GR005",
      `[GR005] b:3306 and a:3306 both declare bootstrap: true
Why: two bootstraps make two groups of one name that both take writes
Left: nothing was changed
Do: declare it on one member of the group`,
    ],
    [
      "where a silent seed may hide a running group",
      picture([job("a", "start", { bootstrap: true })], { seeds: { silent: "db9:33061" } }),
      "GR101",
      `[GR101] group g is not in a state to be changed
Why: seed db9:33061 does not answer, so a running group behind it cannot be ruled out; making a second one would split the data
Left: nothing was restarted
Do: bring the seed's host back, or take the seed out of groupSeeds, then pulumi up`,
    ],
  ];
  it.each(refusals)("refuses a change %s", (_, group, code, message) => {
    const error = thrownBy(() => schedule(group)) as ProviderError;
    expect(error.message).toBe(message);
    expect(error.code).toBe(code);
  });

  it("never makes a second group beside members that have only lost sight of each other", () => {
    const split = picture([
      scheduled("a", { state: "UNREACHABLE", primary: true }),
      scheduled("b", { state: "UNREACHABLE" }),
      job("c", "start", { bootstrap: true }),
    ]);
    expect(thrownBy(() => schedule(split))).toBeInstanceOf(ProviderError);
  });

  it("refuses beforehand to restart the primary where the only other member leaves", () => {
    const group = picture([job("a", "restart", { primary: true }), job("b", "leave")]);
    expect(thrownBy(() => schedule(group))).toBeInstanceOf(ProviderError);
  });
});

describe("every schedule of every group", () => {
  const states: MemberState[] = [
    "ONLINE",
    "ONLINE",
    "ONLINE",
    "ONLINE",
    "RECOVERING",
    "OFFLINE",
    "OFFLINE",
    "ERROR",
    "UNREACHABLE",
  ];

  /** As the coordinator makes them: start only what does not run, restart only what does. */
  const members = fc
    .array(
      fc.record({
        state: fc.constantFrom(...states),
        part: fc.integer({ min: 0, max: 3 }),
        action: fc.constantFrom("none", "restart", "restart", "leave"),
        bootstrap: fc.integer({ min: 0, max: 3 }).map((n) => n === 0),
        weight: fc.integer({ min: 0, max: 100 }),
        done: fc.boolean(),
      }),
      { minLength: 1, maxLength: 9 },
    )
    .map((all) =>
      all.map(({ state, part, action, bootstrap, weight, done }, i): ScheduledMember => {
        const id = `m${i}`;
        const before = state === "ONLINE" && done && action === "none" ? { done } : {};
        if (part === 0) return scheduled(id, { state, weight, ...before });
        const suited = state === "OFFLINE" && action !== "leave" ? "start" : action;
        return job(id, suited, { state, weight, bootstrap, ...before });
      }),
    );
  const seeds = fc.constantFrom(
    undefined,
    {},
    { answering: "db9:33061" },
    { silent: "db9:33061" },
    { answering: "db8:33061", silent: "db9:33061" },
  );
  const groups = fc
    .record({ members, singlePrimary: fc.boolean(), first: fc.nat(), seeds })
    .map(({ members, singlePrimary, first, seeds }) => {
      const running = members.filter((m) => m.state === "ONLINE" || m.state === "UNREACHABLE");
      const chosen = running[first % (running.length || 1)];
      return picture(
        members.map((m) => ({ ...m, primary: singlePrimary ? m === chosen : running.includes(m) })),
        { singlePrimary, seeds },
      );
    });

  type Outcome = { stages: readonly Stage[]; error?: undefined } | { stages?: undefined; error: unknown };
  function outcome(group: GroupPicture): Outcome {
    try {
      return { stages: schedule(group) };
    } catch (error) {
      return { error };
    }
  }

  /** Thousands of groups; those that are refused prove nothing about stages. */
  function holds(claim: (stages: readonly Stage[], group: GroupPicture) => void, numRuns = 2000): void {
    fc.assert(
      fc.property(groups, (group) => {
        const { stages } = outcome(group);
        if (stages) claim(stages, group);
      }),
      { numRuns },
    );
  }

  const of = <K extends Stage["kind"]>(stages: readonly Stage[], kind: K): Extract<Stage, { kind: K }>[] =>
    stages.filter((s): s is Extract<Stage, { kind: K }> => s.kind === kind);
  const find = (group: GroupPicture, id: string): ScheduledMember => group.members.find((m) => m.id === id)!;
  const worked = (stage: Stage): readonly string[] =>
    stage.kind === "bootstrap" ? [stage.member] : stage.kind === "switch-over" ? [] : stage.members;

  it("throws a typed error, or nothing", () => {
    fc.assert(
      fc.property(groups, (group) => {
        const { error } = outcome(group);
        if (error !== undefined) expect(["GR005", "GR101", "GR102"]).toContain((error as ProviderError).code);
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
      none: ["change"],
      start: ["bootstrap", "join"],
      restart: ["restart"],
      leave: ["leave"],
    };
    holds((stages, group) => {
      for (const m of group.members.filter((k) => k.job)) {
        const own = stages.filter((s) => worked(s).includes(m.id)).map((s) => s.kind);
        if (own.length !== 1 || !kinds[m.job!.action]!.includes(own[0]!))
          throw new Error(`${m.id}, which is to ${m.job!.action}, is in ${own.join(", ") || "no stage"}`);
      }
    });
  });

  it("works on no member that has no job", () => {
    holds((stages, group) => {
      expect(stages.flatMap(worked).filter((id) => find(group, id).job === undefined)).toEqual([]);
    });
  });

  it("restarts one member at a time, and none twice", () => {
    holds((stages) => {
      const restarted = of(stages, "restart").flatMap((s) => s.members);
      expect(of(stages, "restart").every((s) => s.members.length === 1)).toBe(true);
      expect(new Set(restarted).size).toBe(restarted.length);
    });
  });

  it("restarts the primary of a single-primary group last, right after the switch-over from it", () => {
    holds((stages, group) => {
      const restarts = of(stages, "restart");
      const at = restarts.findIndex((s) => find(group, s.members[0]!).primary);
      if (!group.singlePrimary || at === -1) return;
      expect(at).toBe(restarts.length - 1);
      expect(stages[stages.indexOf(restarts[at]!) - 1]).toMatchObject({
        kind: "switch-over",
        from: restarts[at]!.members[0],
      });
    });
  });

  it("switches over once at most, from the primary to somebody else who is there and stays", () => {
    holds((stages, group) => {
      const switches = of(stages, "switch-over");
      expect(switches.length).toBeLessThanOrEqual(group.singlePrimary ? 1 : 0);
      for (const { from, candidates } of switches) {
        expect(find(group, from).primary).toBe(true);
        expect(candidates).not.toContain(from);
        const before = stages.slice(0, stages.indexOf(switches[0]!)).flatMap(worked);
        const gone = candidates.map((id) => find(group, id)).filter((m) => m.job?.action === "leave");
        const absent = candidates.filter((id) => find(group, id).state !== "ONLINE" && !before.includes(id));
        expect([...gone, ...absent]).toEqual([]);
      }
    });
  });

  it("switches over only where there is somebody to take over", () => {
    holds((stages) => {
      for (const { candidates } of of(stages, "switch-over")) expect(candidates).not.toEqual([]);
    });
  });

  it("hands over to members that have restarted, where there are any", () => {
    holds((stages, group) => {
      const at = stages.findIndex((s) => s.kind === "switch-over");
      const next = stages[at + 1];
      if (at === -1 || next?.kind !== "restart") return;
      const restarted = of(stages.slice(0, at), "restart").flatMap((s) => s.members);
      const ready = group.members.filter(
        (m) =>
          restarted.includes(m.id) || (m.done && m.job?.action !== "leave" && !next.members.includes(m.id)),
      );
      const { candidates } = stages[at] as Extract<Stage, { kind: "switch-over" }>;
      if (ready.length > 0) expect([...candidates].sort()).toEqual(ready.map((m) => m.id).sort());
    });
  });

  it("makes a group at most once, on a member that may", () => {
    holds((stages, group) => {
      const made = of(stages, "bootstrap");
      expect(made.length).toBeLessThanOrEqual(1);
      for (const { member } of made)
        expect(find(group, member).job).toMatchObject({ action: "start", bootstrap: true });
    });
  });

  it.each<MemberState>(["ONLINE", "RECOVERING", "UNREACHABLE"])(
    "never makes a group where any member is %s",
    (state) => {
      holds((stages, group) => {
        if (group.members.some((m) => m.state === state)) expect(of(stages, "bootstrap")).toEqual([]);
      }, 3000);
    },
  );

  it("never makes a group where a seed answers or is silent", () => {
    holds((stages, group) => {
      if (group.seeds?.answering ?? group.seeds?.silent) expect(of(stages, "bootstrap")).toEqual([]);
    });
  });

  it("never restarts the sole ONLINE member, not even after others have left", () => {
    holds((stages, group) => {
      const online = new Set(group.members.filter((m) => m.state === "ONLINE").map((m) => m.id));
      for (const stage of stages) {
        if (stage.kind === "restart" && online.has(stage.members[0]!)) expect(online.size).toBeGreaterThan(1);
        for (const id of worked(stage))
          if (stage.kind === "leave") online.delete(id);
          else if (stage.kind !== "change") online.add(id);
      }
    });
  });

  it("hands over before the primary leaves wherever an ONLINE member stays", () => {
    holds((stages, group) => {
      const primary = group.members.find((m) => m.primary && m.job?.action === "leave");
      const stays = group.members.some((m) => m.state === "ONLINE" && m.job?.action !== "leave");
      if (group.singlePrimary && primary && stays) expect(of(stages, "switch-over")).toHaveLength(1);
    });
  });

  it("starts before it restarts, and restarts before it lets leave", () => {
    const rank: Record<Stage["kind"], number> = {
      change: 0,
      bootstrap: 1,
      join: 2,
      restart: 3,
      leave: 4,
      "switch-over": 3,
    };
    holds((stages) => {
      const ranks = stages.filter((s) => s.kind !== "switch-over").map((s) => rank[s.kind]);
      expect(ranks).toEqual([...ranks].sort((a, b) => a - b));
    });
  });

  it("is tried with all kinds of stages and refusals, so that none of the above holds for want of examples", () => {
    const seen = new Set<string>();
    for (const group of fc.sample(groups, { numRuns: 3000, seed: 1 })) {
      const { stages, error } = outcome(group);
      stages?.forEach((s) => seen.add(s.kind));
      if (error !== undefined) seen.add((error as ProviderError).code);
    }
    expect([...seen].sort()).toEqual(
      ["GR005", "GR101", "GR102", "bootstrap", "change", "join", "leave", "restart", "switch-over"].sort(),
    );
  });
});

describe("chooseSuccessor", () => {
  it.each([
    ["nobody where there is nobody", [], undefined],
    [
      "the member that lags least, whatever the weights",
      [
        { id: "a", behind: 9, weight: 100 },
        { id: "b", behind: 2, weight: 0 },
      ],
      "b",
    ],
    [
      "the heavier of two that lag alike",
      [
        { id: "a", behind: 0, weight: 50 },
        { id: "b", behind: 0, weight: 60 },
      ],
      "b",
    ],
    [
      "the first named of two that are alike",
      [
        { id: "a", behind: 0, weight: 50 },
        { id: "b", behind: 0, weight: 50 },
      ],
      "a",
    ],
  ])("takes %s", (_, candidates, chosen) => {
    expect(chooseSuccessor(candidates)).toBe(chosen);
  });

  it("takes nobody that lags more than another, and leaves the list as it was", () => {
    const candidate = fc.record({ id: fc.uuid(), behind: fc.nat(1000), weight: fc.nat(100) });
    fc.assert(
      fc.property(fc.array(candidate, { minLength: 1 }), (candidates) => {
        const before = JSON.stringify(candidates);
        const chosen = candidates.find((c) => c.id === chooseSuccessor(candidates))!;
        expect(chosen.behind).toBe(Math.min(...candidates.map((c) => c.behind)));
        expect(JSON.stringify(candidates)).toBe(before);
      }),
    );
  });
});
