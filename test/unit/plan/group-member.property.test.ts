import fc from "fast-check";
import { canonical, variable } from "../../../provider/mysql/catalogue";
import { bind, print } from "../../../provider/mysql/sql";
import { GroupRestartError, NotReadyError } from "../../../provider/errors";
import {
  type MemberPlan,
  type MemberWish,
  allSteps,
  isEmpty,
  planMember,
  printPlan,
  undoOf,
} from "../../../provider/plan/group-member";
import { spokenAfter, spokenNow } from "../../../provider/plan/rounds";
import { type ServerView, isTlsMaterial } from "../../../provider/plan/view";
import { pairProblem } from "../../../provider/tls/rules";
import { defaultOf, version, view, viewAsDeclared } from "../builders";
import { declarable, seenFor, valueFor } from "./arbitrary";
import { machineOf, run, viewAfter } from "./interpreter";

const known = declarable(version);

interface Case {
  readonly view: ServerView;
  readonly wish: MemberWish;
  readonly before: readonly string[];
}

/** Any server, any declaration, and any declaration before it. */
const cases: fc.Arbitrary<Case> = fc
  .record({
    seen: fc.tuple(...known.map(seenFor)),
    wanted: fc.tuple(...known.map(valueFor)),
    /** 0 to 2: not declared; 3: declared and so already; 4: declared otherwise; 5: declared before and no more. */
    how: fc.array(fc.integer({ min: 0, max: 5 }), { minLength: known.length, maxLength: known.length }),
    running: fc.boolean(),
    stack: fc.constantFrom("XCOM" as const, "MYSQL" as const),
    plugin: fc.integer({ min: 0, max: 9 }).map((n) => n > 0),
    baselines: fc.boolean(),
    groupRestart: fc.boolean(),
    late: fc.array(fc.nat({ max: known.length - 1 }), { maxLength: 3 }),
    stale: fc.array(fc.nat({ max: known.length - 1 }), { maxLength: 3 }),
  })
  .map(({ seen, wanted, how, running, stack, plugin, baselines, groupRestart, late, stale }): Case => {
    const entries = known.map((v, i) => {
      const groupWide = running && v.effect === "group-restart";
      // Without consent each of these would be refused, and so prove nothing.
      const fixed = !groupRestart && (groupWide || (running && v.name === "group_replication_ssl_mode"));
      const value = v.name === "group_replication_communication_stack" ? stack : seen[i]!.value;
      return {
        v,
        seen: { ...seen[i]!, value },
        wanted: wanted[i]!,
        how: fixed ? Math.min(how[i]!, 3) : how[i]!,
      };
    });
    const declared = entries.filter((e) => e.how === 3 || e.how === 4);
    return {
      view: view({
        running: running && plugin,
        stack,
        plugin,
        baseline: Object.fromEntries(
          baselines
            ? entries.filter((e) => /^ssl_(ca|cert|key)$/.test(e.v.name)).map((e) => [e.v.name, e.wanted])
            : [],
        ),
        variables: {
          group_replication_recovery_ssl_ca: "/ca.pem",
          ...Object.fromEntries(entries.map((e) => [e.v.name, e.seen])),
        },
        sinceStart: running ? [...new Set(late.map((i) => known[i]!.name))] : [],
        notLoaded: [...new Set(stale.map((i) => known[i]!))]
          .filter((v) => isTlsMaterial(v.name))
          .map((v) => v.name),
      }),
      wish: {
        variables: Object.fromEntries(
          declared.map((e) => [
            e.v.name,
            e.how === 3 ? canonical(e.v, e.seen.value) : canonical(e.v, e.wanted),
          ]),
        ),
        bootstrap: false,
        installPlugin: true,
        groupRestart,
      },
      before: entries.filter((e) => e.how >= 3).map((e) => e.v.name),
    };
  });

function attempt(plan: () => MemberPlan): { made?: MemberPlan; error?: unknown } {
  try {
    return { made: plan() };
  } catch (error) {
    return { error };
  }
}

/** For every case that is not refused; a refusal must be one of those that a declaration can meet. */
function holds(claim: (made: MemberPlan, of: Case) => void, numRuns = 200): void {
  let planned = 0;
  fc.assert(
    fc.property(cases, (of) => {
      const { made, error } = attempt(() => planMember(of.view, of.wish, of.before));
      if (made === undefined) {
        if (error instanceof GroupRestartError || error instanceof NotReadyError) return;
        throw error;
      }
      planned += 1;
      claim(made, of);
    }),
    { numRuns },
  );
  expect(planned).toBeGreaterThan(numRuns / 4);
}

const phases = ["install", "material", "online", "stopped", "late"] as const;

interface Placed {
  readonly phase: (typeof phases)[number];
  readonly text: string;
}

/** Statements that set or reset a variable, by its name. */
function placedBy(made: MemberPlan): ReadonlyMap<string, readonly Placed[]> {
  const all = new Map<string, Placed[]>();
  for (const phase of phases)
    for (const { sql } of made[phase]) {
      const text = print(sql);
      const name = /^(?:SET \w+|RESET PERSIST IF EXISTS) (\S+)/.exec(text)?.[1];
      if (name !== undefined) all.set(name, [...(all.get(name) ?? []), { phase, text }]);
    }
  return all;
}

describe("planMember, for any server and any declaration", () => {
  it("wants nothing of a server on which all that is declared is live, persisted and in effect", () => {
    const declarations = fc
      .subarray(known)
      .chain((some) =>
        fc
          .tuple(...some.map(valueFor))
          .map((values) => Object.fromEntries(some.map((v, i) => [v.name, canonical(v, values[i]!)]))),
      );
    fc.assert(
      fc.property(declarations, (variables) => {
        const live = viewAsDeclared(variables, {
          variables: { group_replication_recovery_ssl_ca: "/ca.pem" },
        });
        const made = planMember(
          live,
          { variables, bootstrap: false, installPlugin: false },
          Object.keys(variables),
        );
        expect(printPlan(made)).toEqual([]);
        expect(made).toMatchObject({ cost: "none", action: "none", reasons: [] });
      }),
      { numRuns: 150 },
    );
  });

  it("wants nothing more once its own statements have run", () => {
    holds((made, { view, wish, before }) => {
      const machine = machineOf(view);
      run(machine, allSteps(made), view.version);
      const next = planMember(viewAfter(view, machine), wish, before);
      expect(printPlan(next)).toEqual([]);
      expect(isEmpty(next)).toBe(true);
    });
  });

  it("sets every declared variable that differs once, in the phase that its effect asks for", () => {
    holds((made, { view, wish }) => {
      const placed = placedBy(made);
      for (const [name, value] of Object.entries(wish.variables)) {
        if (canonical(variable(name), view.variables[name]!.value) === value) continue;
        const later = made.second && placedBy(made.second).get(name);
        const steps = later ?? placed.get(name) ?? [];
        expect(steps).toHaveLength(1);
        const { phase, text } = steps[0]!;
        if (later) expect(["tls_version", "tls_ciphersuites"]).toContain(name);
        expect(text.startsWith(`SET PERSIST ${name} = `)).toBe(true);
        if (isTlsMaterial(name)) expect(phase).toBe("material");
        else if (name === "group_replication_start_on_boot" && value === "ON") expect(phase).toBe("late");
        else if (made.action === "none" || variable(name).effect === "immediate")
          expect(phase).toBe(made.action === "start" ? "stopped" : "online");
        else expect(["stopped", "online"]).toContain(phase);
      }
    });
  });

  it("sets between STOP and START what a running member refuses", () => {
    holds((made, { view, wish }) => {
      const placed = placedBy(made);
      for (const name of Object.keys(wish.variables)) {
        if (!view.running || variable(name).settableWhileGroupReplicationRuns !== false) continue;
        for (const { phase, text } of placed.get(name) ?? [])
          if (!text.startsWith("SET PERSIST_ONLY")) expect(phase).toBe("stopped");
      }
    });
  });

  it("touches nothing that is neither declared nor was", () => {
    holds((made, { wish, before }) => {
      const mine = new Set([...Object.keys(wish.variables), ...before]);
      expect([...placedBy(made).keys()].filter((name) => !mine.has(name))).toEqual([]);
    });
  });

  it("leaves a variable that is no longer declared at its default, or as it was before, and not persisted", () => {
    holds((made, { view, wish, before }) => {
      const machine = machineOf(view);
      run(machine, allSteps(made), view.version);
      for (const name of before.filter((n) => !(n in wish.variables))) {
        expect(machine.persisted.has(name)).toBe(false);
        // It has no default that a server takes: the live one stays until the server starts anew.
        if (name === "group_replication_group_name") continue;
        const live = canonical(variable(name), machine.live.get(name) ?? null);
        const allowed = [defaultOf(name), view.baseline[name] ?? null].map((value) =>
          canonical(variable(name), value),
        );
        expect(allowed).toContain(live);
      }
    });
  });

  it("can be taken back after any of its statements: live and persisted values are as before", () => {
    fc.assert(
      fc.property(cases, fc.double({ min: 0, max: 1, noNaN: true }), (of, share) => {
        const { made } = attempt(() => planMember(of.view, of.wish, of.before));
        if (made === undefined) return;
        const steps = allSteps(made);
        const done = steps.slice(0, Math.ceil(share * steps.length));
        const machine = machineOf(of.view);
        run(machine, done, of.view.version);
        run(machine, undoOf(done), of.view.version);
        const was = machineOf(of.view);
        if (!of.view.plugin) return;
        expect(Object.fromEntries(machine.live)).toEqual(Object.fromEntries(was.live));
        expect(Object.fromEntries(machine.persisted)).toEqual(Object.fromEntries(was.persisted));
      }),
      { numRuns: 200 },
    );
  });

  it("holds no secret, is all for one server, and never touches bootstrap_group or force_members", () => {
    holds((made, { view }) => {
      const steps = [...allSteps(made), ...undoOf(allSteps(made))];
      const printed = steps.map((s) => print(s.sql));
      expect(steps.map((s) => bind(s.sql, {}))).toEqual(printed);
      expect(new Set(steps.map((s) => s.server))).toEqual(new Set(steps.length === 0 ? [] : [view.address]));
      expect(printed.join("\n")).not.toMatch(/bootstrap_group|force_members/);
    }, 200);
  });

  it("has the whole group restarted only with consent, and then refuses nothing for want of it", () => {
    fc.assert(
      fc.property(cases, ({ view, wish, before }) => {
        const outcome = attempt(() => planMember(view, wish, before));
        if (wish.groupRestart) expect(outcome.error).not.toBeInstanceOf(GroupRestartError);
        else expect(outcome.made?.action).not.toBe("group-restart");
      }),
      { numRuns: 200 },
    );
  });

  it("restarts only a member that runs, starts only one that does not, and reloads before it stops", () => {
    holds((made, { view }) => {
      expect(made.action === "start").toBe(!view.running);
      if (made.stopped.length > 0) expect(made.action).not.toBe("none");
      expect(made.cost === "member-restart").toBe(made.action === "restart");
      expect(made.cost === "group-restart").toBe(made.action === "group-restart");
      const { second, ...first } = made;
      for (const round of second ? [first, second] : [first]) {
        const printed = printPlan(round);
        const stops = printed.indexOf("STOP GROUP_REPLICATION");
        const reloads = printed.flatMap((text, i) => (text === "ALTER INSTANCE RELOAD TLS" ? [i] : []));
        expect(reloads.length).toBeLessThanOrEqual(1);
        if (stops !== -1) for (const i of reloads) expect(i).toBeLessThan(stops);
        if (round.material.length > 0) expect(reloads).toHaveLength(1);
      }
    });
  });

  it("has rounds after each of which the next plan is what it said would follow", () => {
    let two = 0;
    holds((made, { view, wish, before }) => {
      const { second, ...first } = made;
      if (!second) return;
      two += 1;
      const machine = machineOf(view);
      run(machine, allSteps(first), view.version);
      const between = viewAfter(view, machine);
      const next = planMember(between, wish, before);
      expect(printPlan(next)).toEqual(printPlan(second));
      expect(next.second).toBeUndefined();
      const [old, now] = [spokenNow(view), spokenAfter(view, wish.variables)];
      expect(pairProblem(spokenNow(between)!, now!)).toBeUndefined();
      if (old) expect(pairProblem(old, spokenNow(between)!)).toBeUndefined();
    }, 2000);
    expect(two).toBeGreaterThan(2);
  });

  it("is the same for the same input, and leaves the input as it was", () => {
    holds((made, of) => {
      const text = JSON.stringify(of);
      expect(JSON.stringify(planMember(of.view, of.wish, of.before))).toBe(JSON.stringify(made));
      expect(JSON.stringify(of)).toBe(text);
    }, 100);
  });
});
