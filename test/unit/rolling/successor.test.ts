import fc from "fast-check";
import { chooseSuccessor } from "../../../provider/rolling/schedule";

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
