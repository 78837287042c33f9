import { type Benchmark, inTurns, select } from "../../bench/benchmark";
import { withFigures } from "../../bench/page";
import { type Outcome, type Result, isOk, jsonLine } from "../../bench/result";
import { median, worst } from "../../bench/statistics";
import { markdownTable, textTable } from "../../bench/table";

const compared: Result = {
  name: "a change",
  unit: "s",
  ours: 16.1234567,
  reference: 16,
  bound: { ratio: 1.05 },
};
const counted: Result = { name: "logins", unit: "", ours: 2, bound: { exactly: 1 } };
const limited: Result = { name: "planning", unit: "ms", ours: 2.5, bound: { atMost: 5 } };
const unbound: Result = { name: "rows", unit: "", ours: 5324 };
const failed: Outcome = { name: "ansible", error: "no Python" };

describe("a result", () => {
  it.each<[boolean, Outcome]>([
    [true, compared],
    [false, { ...compared, ours: 16.9 }],
    [false, { name: "without a reference", unit: "s", ours: 1, bound: { ratio: 2 } }],
    [false, counted],
    [false, { ...counted, ours: 0 }],
    [true, { ...counted, ours: 1 }],
    [true, limited],
    [false, { ...limited, ours: 5.1 }],
    [true, unbound],
    [false, failed],
  ])("holds its bound: %s for %j", (ok, outcome) => {
    expect(isOk(outcome)).toBe(ok);
  });

  it("is one JSON object with the same keys always", () => {
    expect([compared, counted, limited, unbound].map((one) => JSON.parse(jsonLine(one)))).toEqual([
      { name: "a change", unit: "s", ours: 16.1235, reference: 16, ratio: 1.0077, bound: 1.05, ok: true },
      { name: "logins", unit: "", ours: 2, reference: null, ratio: null, bound: 1, ok: false },
      { name: "planning", unit: "ms", ours: 2.5, reference: null, ratio: null, bound: 5, ok: true },
      { name: "rows", unit: "", ours: 5324, reference: null, ratio: null, bound: null, ok: true },
    ]);
    expect(JSON.parse(jsonLine(failed))).toEqual({
      name: "ansible",
      unit: "",
      ours: null,
      reference: null,
      ratio: null,
      bound: null,
      ok: false,
      error: "no Python",
    });
  });

  it("is a line of a table", () => {
    expect(textTable([compared, counted, limited, unbound, failed])).toBe(
      [
        "what      ours     reference  ratio  bound",
        "a change  16.1 s   16.0 s     1.01   ratio 1.05       ok",
        "logins    2                          exactly 1        NOT OK",
        "planning  2.50 ms                    at most 5.00 ms  ok",
        "rows      5324",
        "ansible                                               NOT MEASURED: no Python",
      ].join("\n"),
    );
    expect(markdownTable([counted])).toBe(
      [
        "| what | ours | reference | ratio | bound |  |",
        "| --- | --- | --- | --- | --- | --- |",
        "| logins | 2 |  |  | exactly 1 | NOT OK |",
      ].join("\n"),
    );
  });
});

describe("statistics", () => {
  it.each([
    [[3, 1, 2], 2],
    [[4, 1, 2, 3], 2.5],
    [[7], 7],
  ])("has the median of %j", (values, expected) => {
    expect(median(values)).toBe(expected);
  });

  it("has no median of nothing", () => {
    expect(() => median([])).toThrow("There is no median of nothing.");
  });

  it("tells the value that is farthest from the expected one", () => {
    expect([worst([1, 1], 1), worst([1, 3, 0], 1), worst([1, 0, 1], 1)]).toEqual([1, 3, 0]);
  });
});

describe("the choice of benchmarks", () => {
  const run = (): Promise<Result[]> => Promise.resolve([]);
  const all: Benchmark[] = [
    { name: "rolling/3/XCOM", run },
    { name: "rolling/3/MYSQL", run },
    { name: "rolling/5/XCOM", run },
    { name: "planning", run },
    { name: "ansible", onRequest: true, run },
  ];
  const chosen = (...names: string[]): string[] => select(all, names).map(({ name }) => name);

  it("is everything that need not be asked for by name", () => {
    expect(chosen()).toEqual(["rolling/3/XCOM", "rolling/3/MYSQL", "rolling/5/XCOM", "planning"]);
  });

  it("takes a name or the beginning of one, in any case", () => {
    expect(chosen("ansible", "rolling/3")).toEqual(["rolling/3/XCOM", "rolling/3/MYSQL", "ansible"]);
    expect(chosen("Rolling/5/xcom/")).toEqual(["rolling/5/XCOM"]);
  });

  it("refuses a name that means nothing, and tells what there is", () => {
    expect(() => chosen("planning", "roll")).toThrow(
      'There is no benchmark "roll". There are: rolling/3/XCOM, rolling/3/MYSQL, rolling/5/XCOM, planning, ansible',
    );
  });
});

it("lets each side go first in a round of its own", async () => {
  const order: string[] = [];
  const side = (name: string) => () => Promise.resolve(void order.push(name));
  await inTurns(3, side("a"), side("b"));
  expect(order).toEqual(["a", "b", "b", "a", "a", "b"]);
});

describe("the page", () => {
  const text =
    "before\n<!-- measured: no-op -->\nold\n<!-- end -->\nbetween\n<!-- measured: ansible -->\n<!-- end -->\n";
  const measured = { outcomes: [unbound], rounds: 3, machine: "2 cores", day: "2027-01-31" };

  it("gets the figures of one section, and where and when they were measured", () => {
    expect(withFigures(text, "no-op", measured)).toBe(
      `before
<!-- measured: no-op -->
<!-- prettier-ignore-start -->

${markdownTable([unbound])}

Median of 3 rounds on 2027-01-31: 2 cores.

<!-- prettier-ignore-end -->
<!-- end -->
between
<!-- measured: ansible -->
<!-- end -->
`,
    );
  });

  it("is the same after a second time", () => {
    const once = withFigures(text, "no-op", measured);
    expect(withFigures(once, "no-op", measured)).toBe(once);
  });

  it("stays as it is where it has no such section", () => {
    expect(withFigures(text, "timeline", measured)).toBe(text);
  });
});
