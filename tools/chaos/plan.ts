import type { Stack } from "../sandbox";
import { type Change, choose } from "./changes";
import { atFirst, mustRestart } from "./declaration";
import { type Fault, type Moment, chooseFault, chooseMoment, describeFault, describeMoment } from "./faults";
import { Random } from "./random";

export interface Round {
  readonly change: Change;
  readonly fault: Fault;
  readonly moment: Moment;
}

/** All that a seed decides. */
export interface Plan {
  readonly seed: number;
  readonly stack: Stack;
  readonly members: number;
  /** Members have hosts and disks of their own. */
  readonly hosts: boolean;
  readonly rounds: readonly Round[];
}

export interface PlanOptions {
  readonly rounds: number;
  /** Instead of what the seed says. */
  readonly stack?: Stack;
  readonly members?: number;
  /** Also faults of links and disks. @default false */
  readonly hosts?: boolean;
}

/** Pure. A plan with more rounds begins with the same ones. */
export function planOf(seed: number, options: PlanOptions): Plan {
  const random = new Random(seed);
  // Drawn in any case, so that the rounds are the same whoever decides.
  const drawn = {
    stack: random.weighted<Stack>([
      [7, "XCOM"],
      [3, "MYSQL"],
    ]),
    members: random.weighted([
      [8, 3],
      [2, 5],
    ]),
  };
  const { stack, members, hosts = false } = { ...drawn, ...options };
  const names = Array.from({ length: members }, (_, i) => `db${i + 1}`);
  const rounds: Round[] = [];
  let declared = atFirst;
  while (rounds.length < options.rounds) {
    const change = choose({ stack, names, declared }, random);
    const restarts = change.refused ? 0 : mustRestart(declared, change.declared, stack, names).length;
    // What is refused is mostly refused in peace, so that it is seen to change nothing.
    const fault =
      change.refused && random.chance(0.7) ? ({ kind: "none" } as const) : chooseFault(names, hosts, random);
    rounds.push({ change, fault, moment: chooseMoment(restarts, random) });
    if (!change.refused) declared = change.declared;
  }
  return { seed, stack, members, hosts, rounds };
}

export function describePlan({ seed, stack, members, hosts, rounds }: Plan): string {
  const lines = rounds.map(({ change, fault, moment }, i) => {
    const when = fault.kind === "none" ? "" : `, ${describeMoment(moment)}`;
    const refused = change.refused ? " (refused)" : "";
    return `  ${String(i + 1).padStart(2)}  ${change.title}${refused}; ${describeFault(fault)}${when}`;
  });
  return [`seed ${seed}: ${members} members, ${stack}${hosts ? ", hosts of their own" : ""}`, ...lines].join(
    "\n",
  );
}
