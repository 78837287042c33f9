import fc from "fast-check";
import { ProviderError } from "../../../provider/errors";
import { canonicalOption, channelOption, channelOptions } from "../../../provider/mysql/channel-options";
import { planMember, printPlan } from "../../../provider/plan/group-member";
import { planChannel, recoveryOptions } from "../../../provider/plan/recovery-channel";
import { planSourceChannel } from "../../../provider/plan/replication-channel";
import { planUser } from "../../../provider/plan/replication-user";
import { view } from "../builders";
import {
  channelWish,
  foundMember,
  hostile,
  memberWish,
  recoveryWish,
  replica,
  userWish,
} from "./declarations";

const versions = [
  "5.7.22",
  "8.0.11",
  "8.0.15",
  "8.0.19",
  "8.0.22",
  "8.0.23",
  "8.0.27",
  "8.0.36",
  "8.4.0",
  "9.0.0",
  "9.7.4",
];

/** Of each of the four: 10,000 in all. */
const numRuns = 2500;

/** A plan, or an error of this package; anything else fails the test. Counts the plans: not everything may be refused. */
function counted(): { plan(work: () => unknown): void; plans: number } {
  const count = {
    plans: 0,
    plan(work: () => unknown): void {
      try {
        work();
        count.plans += 1;
      } catch (error) {
        if (!ProviderError.is(error)) throw error;
      }
    },
  };
  return count;
}

const anyVersion = fc.constantFrom(...versions);

describe("any declaration ends in a plan or in an error of this package", () => {
  it("of a member, found in any state, on every version", () => {
    const count = counted();
    const each = fc.property(
      memberWish,
      memberWish,
      foundMember,
      anyVersion,
      (wish, before, found, version) =>
        count.plan(() =>
          printPlan(planMember(view({ ...found, version }), wish, Object.keys(before.variables))),
        ),
    );
    fc.assert(each, { numRuns });
    expect(count.plans).toBeGreaterThan(numRuns / 4);
  });

  it("of a recovery channel, made or changed, on every version", () => {
    const count = counted();
    const each = fc.property(
      recoveryWish,
      recoveryWish,
      foundMember,
      anyVersion,
      fc.boolean(),
      (wish, before, found, version, passwordMatches) => {
        const seen = {
          user: before.user,
          passwordMatches,
          networkNamespace: before.networkNamespace ?? "",
          privilegeChecksUser: before.privilegeChecksUser ?? "",
          requireTablePrimaryKeyCheck: before.requireTablePrimaryKeyCheck ?? "",
        };
        const of = view({ ...found, version });
        for (const channel of [undefined, seen])
          count.plan(() =>
            printPlan(planChannel(of, channel, wish, Object.keys(before.variables), recoveryOptions)),
          );
      },
    );
    fc.assert(each, { numRuns });
    expect(count.plans).toBeGreaterThan(numRuns / 4);
  });

  it("of an asynchronous channel, made or changed, on every version", () => {
    const count = counted();
    const each = fc.property(
      channelWish,
      channelWish,
      anyVersion,
      fc.boolean(),
      (wish, before, version, runs) => {
        const seen = {
          options: Object.fromEntries(
            channelOptions.map((o) => [
              o.property,
              canonicalOption(o, before.options[o.property] ?? o.unset),
            ]),
          ),
          passwordMatches: before.hasPassword,
          receiver: runs,
          applier: before.running,
          applied: before.start,
        };
        for (const found of [replica(version), replica(version, seen)])
          count.plan(() => printPlan(planSourceChannel(found, wish, Object.keys(before.options))));
      },
    );
    fc.assert(each, { numRuns });
    expect(count.plans).toBeGreaterThan(numRuns / 4);
  });

  it("of an account, on every version", () => {
    const count = counted();
    const each = fc.property(userWish, anyVersion, fc.boolean(), (wish, version, inGroup) =>
      count.plan(() => planUser({ address: "db1:3306", version, inGroup, stack: "XCOM" }, undefined, wish)),
    );
    fc.assert(each, { numRuns });
    expect(count.plans).toBeGreaterThan(numRuns / 4);
  });

  it("and a value is the same to the planner however it is spelled", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const once = canonicalOption(channelOption("bind"), text);
        expect(canonicalOption(channelOption("bind"), once)).toBe(once);
      }),
    );
  });
});
