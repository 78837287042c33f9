import type { Stack } from "../tools/sandbox";
import { type Benchmark, inTurns } from "./benchmark";
import type { Bound, Result } from "./result";
import { RollingChange, type Sample } from "./rolling-change";
import { median, worst } from "./statistics";

interface Bounds {
  readonly rolling?: Bound;
  readonly whole?: Bound;
  readonly stall?: Bound;
}

const bounds: Readonly<Record<string, Bounds>> = {
  "3/XCOM": { rolling: { ratio: 1.05 }, whole: { ratio: 1.35 }, stall: { ratio: 1.1 } },
  "3/MYSQL": { rolling: { ratio: 1.1 }, whole: { ratio: 1.35 } },
  "5/XCOM": { rolling: { ratio: 0.65 } },
  "9/XCOM": { rolling: { ratio: 0.42 } },
};

/** A rolling change of ssl_mode under a writer, by raw statements in the safe serial order and by `pulumi up`, in turns on one group. */
export const rolling: readonly Benchmark[] = (["XCOM", "MYSQL"] as const).flatMap((stack) =>
  [3, 5, 7, 9].map((members) => ({
    name: `rolling/${members}/${stack}`,
    run: (rounds) => run(members, stack, rounds),
  })),
);

async function run(members: number, stack: Stack, rounds: number): Promise<Result[]> {
  return RollingChange.with(members, stack, async (change) => {
    const raw: Sample[] = [];
    const ours: Sample[] = [];
    const byDefault: Sample[] = [];
    const works = [
      async () => void raw.push(await change.byRawStatements()),
      async () => void ours.push(await change.byPulumi()),
      async () => void byDefault.push(await change.byPulumiDefaults()),
    ];
    // What a preview and the program's type check add is seen on the smallest group.
    await inTurns(rounds, ...(members === 3 ? works : works.slice(0, 2)));
    const title = `rolling change, ${members} members, ${stack}`;
    return results(title, bounds[`${members}/${stack}`] ?? {}, { raw, ours, byDefault });
  });
}

type Figure = "seconds" | "whole" | "stall";

interface Samples {
  readonly raw: readonly Sample[];
  readonly ours: readonly Sample[];
  /** Where they were taken. */
  readonly byDefault: readonly Sample[];
}

function results(title: string, bound: Bounds, { raw, ours, byDefault }: Samples): Result[] {
  const of = (samples: readonly Sample[], figure: Figure): number => median(samples.map((s) => s[figure]));
  const against = (figure: Figure): { reference: number } => ({ reference: of(raw, figure) });
  const held = (by: Bound | undefined): { bound?: Bound } => (by === undefined ? {} : { bound: by });
  const all = [...ours, ...byDefault];
  const figures: Result[] = [
    {
      name: "first STOP to last ONLINE",
      unit: "s",
      ours: of(ours, "seconds"),
      ...against("seconds"),
      ...held(bound.rolling),
    },
    {
      name: "whole pulumi up (--skip-preview, transpile only) against raw first STOP to last ONLINE",
      unit: "s",
      ours: of(ours, "whole"),
      ...against("seconds"),
      ...held(bound.whole),
    },
    ...(byDefault.length === 0
      ? []
      : [
          {
            name: "the same with preview and type check, as by default",
            unit: "s",
            ours: of(byDefault, "whole"),
            ...against("seconds"),
          } as const,
        ]),
    {
      name: "longest write stall",
      unit: "ms",
      ours: of(ours, "stall"),
      ...against("stall"),
      ...held(bound.stall),
    },
    exactly("switch-overs", "switchOvers", 1, all),
    {
      name: "fewest members ONLINE at any moment",
      unit: "",
      ours: Math.min(...all.map((s) => s.fewestOnline)),
    },
    { name: "rows acknowledged", unit: "", ours: Math.min(...all.map((s) => s.acknowledged)) },
    exactly("rows acknowledged and not found on every member", "missing", 0, all),
  ];
  return figures.map((figure) => ({ ...figure, name: `${title}: ${figure.name}` }));
}

function exactly(
  name: string,
  figure: "switchOvers" | "missing",
  expected: number,
  samples: readonly Sample[],
): Result {
  const values = samples.map((s) => s[figure]);
  return { name, unit: "", ours: worst(values, expected), bound: { exactly: expected } };
}
