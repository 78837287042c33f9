import { secret, sql } from "../../../provider/mysql/sql";
import { costs, highest, printSteps, step } from "../../../provider/plan/step";

describe("highest", () => {
  it.each([
    [[], "none"],
    [["none", "tls-reload"], "tls-reload"],
    [["member-restart", "tls-reload"], "member-restart"],
    [["group-restart", "member-restart", "none"], "group-restart"],
    [["server-restart", "group-restart"], "server-restart"],
  ] as const)("of %j is %s", (all, cost) => {
    expect(highest(all)).toBe(cost);
  });

  it("follows the order in which a change disturbs more", () => {
    expect(costs).toEqual([
      "none",
      "tls-reload",
      "channel-restart",
      "member-restart",
      "group-restart",
      "server-restart",
    ]);
  });
});

describe("printSteps", () => {
  it("prints names in place of secrets", () => {
    expect(
      printSteps([
        step("db1:3306", sql("SET PASSWORD = ", secret("password"))),
        step("db1:3306", "SELECT 1"),
      ]),
    ).toEqual(["SET PASSWORD = <password>", "SELECT 1"]);
  });
});
