import { majorityOf, mostAway, waveSizes } from "../../../provider/rolling/waves";

const rows = [
  { members: 1, majority: 1, away: 1, declared: [1, 1, 1, 1], waves: [1] },
  { members: 2, majority: 2, away: 1, declared: [1, 1, 1, 1], waves: [1, 1] },
  { members: 3, majority: 2, away: 1, declared: [1, 1, 1, 1], waves: [1, 1, 1] },
  { members: 4, majority: 3, away: 1, declared: [1, 1, 1, 1], waves: [1, 1, 1, 1] },
  { members: 5, majority: 3, away: 2, declared: [1, 2, 2, 2], waves: [2, 2, 1] },
  { members: 6, majority: 4, away: 2, declared: [1, 2, 2, 2], waves: [2, 2, 2] },
  { members: 7, majority: 4, away: 3, declared: [1, 2, 3, 3], waves: [3, 2, 2] },
  { members: 8, majority: 5, away: 3, declared: [1, 2, 3, 3], waves: [3, 3, 2] },
  { members: 9, majority: 5, away: 4, declared: [1, 2, 3, 4], waves: [3, 3, 3] },
];

describe("a group in which all members restart", () => {
  it.each(rows)("of $members has a majority of $majority", ({ members, majority }) => {
    expect(majorityOf(members)).toBe(majority);
  });

  it.each(rows)("of $members lets $away be away where nothing is declared", ({ members, away }) => {
    expect(mostAway(members)).toBe(away);
  });

  it.each(rows)(
    "of $members lets as many be away as is declared, up to $away and never past a majority: $declared",
    ({ members, declared }) => {
      expect([1, 2, 3, 4].map((most) => mostAway(members, most))).toEqual(declared);
    },
  );

  it.each(rows)("of $members goes in waves of $waves", ({ members, away, waves }) => {
    expect(waveSizes(members, away)).toEqual(waves);
  });
});

describe("waveSizes", () => {
  it.each([
    ["no wave where nothing restarts", 0, 1, []],
    ["one wave where all may be away at once", 2, 4, [2]],
    ["waves of one where one may be away", 3, 1, [1, 1, 1]],
    ["even waves rather than full ones and a rest", 8, 4, [4, 4]],
    ["even waves rather than full ones and a rest of one", 9, 4, [3, 3, 3]],
    ["larger waves first", 7, 4, [4, 3]],
    ["waves of two where two are declared", 9, 2, [2, 2, 2, 2, 1]],
  ])("makes %s", (_, restarts, atOnce, sizes) => {
    expect(waveSizes(restarts, atOnce)).toEqual(sizes);
  });

  it("makes as few waves as the bound allows, all alike but for one member, and leaves nobody out", () => {
    for (let restarts = 1; restarts <= 9; restarts += 1)
      for (let atOnce = 1; atOnce <= 4; atOnce += 1) {
        const sizes = waveSizes(restarts, atOnce);
        expect(sizes).toHaveLength(Math.ceil(restarts / atOnce));
        expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(restarts);
        expect(Math.max(...sizes)).toBeLessThanOrEqual(atOnce);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }
  });

  it("goes on with the same waves when it is asked again after each of them", () => {
    for (let restarts = 1; restarts <= 9; restarts += 1)
      for (let atOnce = 1; atOnce <= 4; atOnce += 1) {
        const [first, ...later] = waveSizes(restarts, atOnce);
        expect(waveSizes(restarts - first!, atOnce)).toEqual(later);
      }
  });
});
