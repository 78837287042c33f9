/** What a member does, in its own view. */
export type Phase = "PRIMARY" | "SECONDARY" | "STOPPING" | "OFFLINE" | "RECOVERING" | "ERROR";

/** From this moment (milliseconds since the recording began) the member is in this phase. */
export interface Change {
  readonly at: number;
  readonly phase: Phase;
}

/** What was seen of a group during a change of it. */
export interface History {
  readonly members: readonly { readonly name: string; readonly changes: readonly Change[] }[];
  /** Rows acknowledged until each moment. */
  readonly writes: readonly { readonly at: number; readonly acknowledged: number }[];
  /** Milliseconds. */
  readonly end: number;
}

export interface RollingTimes {
  /** From the first STOP to the moment when all were ONLINE again. */
  seconds: number;
  /** Until the first STOP. */
  before: number;
  switchOvers: number;
  /** Of each member. */
  restarts: number[];
  /** Members ONLINE, in the worst moment. */
  fewestOnline: number;
}

export function isOnline(phase: Phase): boolean {
  return phase === "PRIMARY" || phase === "SECONDARY";
}

export function timesOf(history: History): RollingTimes {
  const stops = history.members.map(({ changes }) => changes.filter(({ phase }) => phase === "STOPPING"));
  const returns = history.members.map(({ changes }) =>
    changes.filter(({ phase }, i) => i > 0 && isOnline(phase) && !isOnline(changes[i - 1]!.phase)),
  );
  const first = Math.min(...stops.flat().map(({ at }) => at));
  const last = Math.max(...returns.flat().map(({ at }) => at));
  return {
    seconds: (last - first) / 1000,
    before: first / 1000,
    switchOvers: Math.max(0, primaries(history).length - 1),
    restarts: returns.map((all) => all.length),
    fewestOnline: fewestOnline(history),
  };
}

function fewestOnline({ members }: History): number {
  const moments = members.flatMap(({ changes }) => changes.map(({ at }) => at));
  const begun = Math.max(...members.map(({ changes }) => changes[0]?.at ?? 0));
  const onlineAt = (moment: number): number =>
    members.filter(({ changes }) => isOnline(changes.findLast(({ at }) => at <= moment)!.phase)).length;
  return Math.min(...moments.filter((at) => at >= begun).map(onlineAt));
}

/** The primaries, one after the other, and since when each was it. */
export function primaries(history: History): { name: string; at: number }[] {
  return history.members
    .flatMap(({ name, changes }) =>
      changes.filter(({ phase }) => phase === "PRIMARY").map(({ at }) => ({ name, at })),
    )
    .sort((a, b) => a.at - b.at)
    .filter(({ name }, i, all) => name !== all[i - 1]?.name);
}

/** Rows acknowledged a second, in steps of `step` milliseconds from `from` on. */
export function writeRates(
  history: History,
  step: number,
  { from, to }: { from: number; to: number },
): { at: number; rate: number }[] {
  const steps = Math.floor((to - from) / step);
  return Array.from({ length: steps }, (_, i) => {
    const at = from + i * step;
    const rows = acknowledgedAt(history, at + step) - acknowledgedAt(history, at);
    return { at, rate: (rows * 1000) / step };
  });
}

/** Between two looks the writer is taken to have gone on evenly. */
function acknowledgedAt({ writes }: History, moment: number): number {
  const after = writes.findIndex(({ at }) => at > moment);
  const next = writes[after];
  const last = after === -1 ? writes.at(-1) : writes[after - 1];
  if (!last || !next) return last?.acknowledged ?? next?.acknowledged ?? 0;
  const share = (moment - last.at) / (next.at - last.at);
  return last.acknowledged + share * (next.acknowledged - last.acknowledged);
}

/** The longest time in which the count of rows stood still, as far as the looks at it can tell. */
export function longestStall({ writes }: History): { from: number; to: number } {
  const moves = writes.filter(
    ({ acknowledged }, i) => i === 0 || acknowledged !== writes[i - 1]!.acknowledged,
  );
  const gaps = moves.slice(1).map(({ at }, i) => ({ from: moves[i]!.at, to: at }));
  return gaps.reduce((a, b) => (b.to - b.from > a.to - a.from ? b : a), { from: 0, to: 0 });
}
