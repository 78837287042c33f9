import {
  type Change,
  type History,
  type Phase,
  longestStall,
  primaries,
  timesOf,
  writeRates,
} from "../../bench/history";
import { timelineSvg } from "../../bench/timeline-svg";

function member(name: string, ...phases: [at: number, phase: Phase][]): { name: string; changes: Change[] } {
  return { name, changes: phases.map(([at, phase]) => ({ at, phase })) };
}

/** db2 restarts, takes over, and db1 restarts; a row every 10 ms, but none between 4.2 and 4.5 s. */
const history: History = {
  members: [
    member(
      "db1",
      [0, "PRIMARY"],
      [6800, "SECONDARY"],
      [7000, "STOPPING"],
      [10_000, "OFFLINE"],
      [11_500, "RECOVERING"],
      [12_000, "SECONDARY"],
    ),
    member(
      "db2",
      [5, "SECONDARY"],
      [1000, "STOPPING"],
      [4000, "OFFLINE"],
      [5500, "RECOVERING"],
      [6000, "SECONDARY"],
      [6850, "PRIMARY"],
    ),
    member("db3", [3, "SECONDARY"]),
  ],
  writes: Array.from({ length: 326 }, (_, i) => ({ at: i * 40, acknowledged: rowsUntil(i * 40) })),
  end: 13_000,
};

function rowsUntil(at: number): number {
  if (at <= 4200) return at / 10;
  return at < 4500 ? 420 : (at - 300) / 10;
}

describe("what was seen of a rolling change", () => {
  it("lasts from the first STOP to the last ONLINE", () => {
    expect(timesOf(history)).toEqual({
      seconds: 11,
      before: 1,
      switchOvers: 1,
      restarts: [1, 1, 0],
      fewestOnline: 2,
    });
  });

  it("has every primary once, in their order", () => {
    expect(primaries(history)).toEqual([
      { name: "db1", at: 0 },
      { name: "db2", at: 6850 },
    ]);
  });

  it("counts a primary that comes back as two switch-overs", () => {
    const back = member("db1", [0, "PRIMARY"], [5, "SECONDARY"], [30, "PRIMARY"]);
    const between = member("db2", [0, "SECONDARY"], [10, "PRIMARY"], [20, "SECONDARY"]);
    expect(timesOf({ ...history, members: [back, between] }).switchOvers).toBe(2);
  });

  it("has rows a second, with the looks at the writer between the steps", () => {
    const rates = writeRates(history, 100, { from: 4050, to: 4650 }).map(({ at, rate }) => [
      at,
      Math.round(rate),
    ]);
    expect(rates).toEqual([
      [4050, 100],
      [4150, 50],
      [4250, 0],
      [4350, 0],
      [4450, 50],
      [4550, 100],
    ]);
  });

  it("has its longest stall where the count stood still", () => {
    expect(longestStall(history)).toEqual({ from: 4200, to: 4520 });
  });
});

describe("the picture", () => {
  const svg = timelineSvg(history, { title: "Three members & a writer", stall: 302 });
  const texts = [...svg.matchAll(/<text [^>]*>([^<]*)<\/text>/g)].map(([, text]) => text);

  it("names members, phases, the switch-over, the stall and the axes", () => {
    expect(texts).toEqual(
      expect.arrayContaining([
        "Three members &amp; a writer",
        "at least 2 of 3 ONLINE at every moment",
        "db1",
        "db2",
        "db3",
        "ONLINE, primary",
        "ONLINE, secondary",
        "STOPPING",
        "OFFLINE",
        "RECOVERING",
        "3.0 s",
        "1.5 s",
        "switch-over: db1 to db2",
        "longest stall 302 ms",
        "rows acknowledged a second",
        "seconds since the first STOP",
      ]),
    );
    expect(texts).not.toContain("ERROR");
  });

  it("counts seconds from the first STOP on", () => {
    expect(texts.filter((text) => /^-?\d+$/.test(text!)).slice(0, 4)).toEqual(["-1", "0", "1", "2"]);
  });

  it("has a background of its own, and nothing that is no number", () => {
    expect(svg).toContain('fill="#ffffff"/>');
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  });
});
