import { unknownValue } from "../../../provider/plan/wish";
import { rolloutOf } from "../../../provider/runtime/rollout";

const defaults = {
  onlineTimeout: 180,
  switchoverTimeout: 30,
  openTransactions: "keep",
  maxUnavailable: undefined,
  groupRestart: false,
};

describe("rolloutOf", () => {
  it.each([
    ["nothing is declared", undefined],
    ["it is empty", {}],
    ["it is null", null],
    ["it is not known yet", unknownValue],
    [
      "each of its properties is not known yet",
      {
        onlineTimeout: unknownValue,
        switchoverTimeout: unknownValue,
        openTransactions: unknownValue,
        maxUnavailable: unknownValue,
      },
    ],
    [
      "the defaults are declared",
      { onlineTimeout: 180, switchoverTimeout: 30, openTransactions: "keep", groupRestart: "refuse" },
    ],
  ])("is as the defaults say where %s", (_, rollout) => {
    expect(rolloutOf({ rollout })).toEqual(defaults);
  });

  it("is what is declared", () => {
    const rollout = {
      onlineTimeout: 300,
      switchoverTimeout: 5,
      openTransactions: "end",
      maxUnavailable: 2,
      groupRestart: "allow",
    };
    expect(rolloutOf({ rollout })).toEqual({ ...rollout, groupRestart: true });
  });

  it("lets a preview show a group restart whose consent is not known yet", () => {
    expect(rolloutOf({ rollout: { groupRestart: unknownValue } })).toEqual({
      ...defaults,
      groupRestart: true,
    });
  });

  it("takes what is known beside what is not", () => {
    expect(rolloutOf({ rollout: { onlineTimeout: unknownValue, maxUnavailable: 1 } })).toEqual({
      ...defaults,
      maxUnavailable: 1,
    });
  });
});
