import {
  type NamedFile,
  type Phase,
  type Rotation,
  type RotationWish,
  type SeenUser,
  decide,
  heldAfter,
  stepOf,
} from "../../../provider/certificates/rotation";

const rotation = (phase: Phase, given: Partial<Rotation> = {}): Rotation => ({
  count: 3,
  phase,
  named: {},
  ...given,
});
const wish = (count = 3, ...vouched: string[]): RotationWish => ({ count, vouched });
const user = (given: Partial<SeenUser> = {}): SeenUser => ({
  server: "db1:3306",
  obstacles: [],
  files: [],
  ...given,
});
const trusted = (path: string): NamedFile => ({ user: "channel 'x'", kind: "trusted", path });
const shown = (path: string): NamedFile => ({ user: "channel 'x'", kind: "shown", path });

describe("what a declaration asks of a rotation", () => {
  it.each<[string, Phase, number, string]>([
    ["the same, with none under way", 0, 3, "none"],
    ["one more, with none under way", 0, 4, "begin"],
    ["the same in phase 1", 1, 3, "go on"],
    ["the same in phase 2", 2, 3, "go on"],
    ["one less in phase 1", 1, 2, "give up"],
  ])("is, with %s", (_, phase, count, step) => {
    expect(stepOf(rotation(phase), wish(count))).toBe(step);
  });

  it.each<[string, Phase, number, string]>([
    [
      "one more in phase 1",
      1,
      4,
      "[GR001] rotation: cannot be raised while a rotation is under way, in phase 1 of 3\nLeft: nothing was changed\nDo: leave it at 3 until rotationPhase is 0",
    ],
    [
      "one more in phase 2",
      2,
      4,
      "[GR001] rotation: cannot be raised while a rotation is under way, in phase 2 of 3\nLeft: nothing was changed\nDo: leave it at 3 until rotationPhase is 0",
    ],
    [
      "two more",
      0,
      5,
      "[GR001] rotation: can be raised by one at a time\nLeft: nothing was changed\nDo: it was 3: 4 is next",
    ],
    [
      "one less when it has ended",
      0,
      2,
      "[GR001] rotation: can only grow\nLeft: nothing was changed\nDo: it was 3",
    ],
    ["two less in phase 1", 1, 1, "[GR001] rotation: can only grow\nLeft: nothing was changed\nDo: it was 3"],
    [
      "one less in phase 2",
      2,
      2,
      "[GR001] rotation: cannot go back in phase 2 of 3: servers show certificates of the new CA already\nLeft: nothing was changed\nDo: leave it at 3; once rotationPhase is 0, 4 rotates again",
    ],
  ])("is refused with %s", (_, phase, count, message) => {
    expect(() => stepOf(rotation(phase), wish(count))).toThrow(new Error(message));
  });
});

describe("the next phase", () => {
  it("begins whoever answers, and what servers name then is kept", () => {
    const seen = [user({ files: [trusted("/a")] }), user({ server: "db2:3306", files: undefined })];
    expect(decide(rotation(0), wish(4), seen)).toEqual({
      next: { count: 4, phase: 1, named: { "db1:3306": [trusted("/a")] } },
      waitsFor: [],
    });
  });

  it.each<[Phase, Phase]>([
    [1, 2],
    [2, 0],
  ])("after %s is %s when nobody holds it back", (before, after) => {
    const { next, waitsFor } = decide(rotation(before), wish(), [user()]);
    expect(next.phase).toBe(after);
    expect(waitsFor).toEqual([]);
  });

  it("stays away while one server is not ready, and all that hold it back are told", () => {
    const now = rotation(1);
    const seen = [
      user(),
      user({ server: "db2:3306", obstacles: ["db2:3306 does not trust the new CA yet"] }),
      user({ server: "db3:3306", obstacles: ["db3:3306 cannot be reached"], files: undefined }),
    ];
    const { next, waitsFor } = decide(now, wish(), seen);
    expect(next).toBe(now);
    expect(waitsFor).toEqual(["db2:3306 does not trust the new CA yet", "db3:3306 cannot be reached"]);
  });

  it.each<[string, Phase, NamedFile, string]>([
    ["a CA file in phase 1", 1, trusted("/ca.pem"), "before both CAs were given out"],
    ["a certificate in phase 2", 2, shown("/cert.pem"), "before the new CA signed"],
  ])("waits while a channel names %s as when the phase began", (_, phase, file, when) => {
    const now = rotation(phase, { named: { "db1:3306": [file] } });
    const { waitsFor } = decide(now, wish(), [user({ files: [file] })]);
    expect(waitsFor).toEqual([`db1:3306: channel 'x' still uses ${file.path}, which was in use ${when}`]);
  });

  it.each<[string, Phase, NamedFile]>([
    ["a certificate in phase 1", 1, shown("/cert.pem")],
    ["a CA file in phase 2", 2, trusted("/ca.pem")],
  ])("does not wait for a channel that names %s as before", (_, phase, file) => {
    const now = rotation(phase, { named: { "db1:3306": [file] } });
    expect(decide(now, wish(), [user({ files: [file] })]).waitsFor).toEqual([]);
  });

  it("does not wait for a file that another channel named before", () => {
    const now = rotation(2, { named: { "db1:3306": [{ ...shown("/cert.pem"), user: "channel 'y'" }] } });
    expect(decide(now, wish(), [user({ files: [shown("/cert.pem")] })]).waitsFor).toEqual([]);
  });

  it("does not wait for a file that the operator vouches for", () => {
    const now = rotation(2, { named: { "db1:3306": [shown("/cert.pem")] } });
    expect(decide(now, wish(3, "/cert.pem"), [user({ files: [shown("/cert.pem")] })]).waitsFor).toEqual([]);
  });

  it("waits for every file of a server that was not seen when the phase began, unless it is vouched for", () => {
    const seen = [user({ files: [shown("/cert.pem")] })];
    expect(decide(rotation(2), wish(), seen).waitsFor).toEqual([
      "db1:3306: channel 'x' uses /cert.pem, and the server was not seen before the new CA signed",
    ]);
    expect(decide(rotation(2), wish(3, "/cert.pem"), seen).waitsFor).toEqual([]);
  });

  it("given up in phase 1 is none, and asks nobody", () => {
    const seen = [user({ obstacles: ["db1:3306 cannot be reached"] })];
    expect(decide(rotation(1, { named: { "db1:3306": [] } }), wish(2), seen)).toEqual({
      next: { count: 2, phase: 0, named: {} },
      waitsFor: [],
    });
  });
});

it("the CAs change places when the new one signs, and the old one goes last", () => {
  const begun = heldAfter({ signs: "old" }, 0, 1, "new");
  expect(begun).toEqual({ signs: "old", other: "new" });
  expect(heldAfter(begun, 1, 1)).toBe(begun);
  expect(heldAfter(begun, 1, 0)).toEqual({ signs: "old" });
  const turned = heldAfter(begun, 1, 2);
  expect(turned).toEqual({ signs: "new", other: "old" });
  expect(heldAfter(turned, 2, 0)).toEqual({ signs: "new" });
});
