import fc from "fast-check";
import { ProviderError } from "../../../provider/errors";
import { canonicalOption, channelOption, channelOptions } from "../../../provider/mysql/channel-options";
import { planSourceChannel } from "../../../provider/plan/replication-channel";
import { planUser } from "../../../provider/plan/replication-user";
import { channelWish, hostile, replica, userWish } from "./declarations";

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

/** What a declaration may end in, beside a plan. */
function typed(error: unknown): boolean {
  if (!ProviderError.is(error)) throw error;
  return true;
}

describe("any declaration ends in a plan or in an error of this package", () => {
  it("of a channel, made or changed, on every version", () => {
    fc.assert(
      fc.property(
        channelWish,
        channelWish,
        fc.constantFrom(...versions),
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
          for (const view of [replica(version), replica(version, seen)])
            try {
              planSourceChannel(view, wish, Object.keys(before.options));
            } catch (error) {
              typed(error);
            }
        },
      ),
      { numRuns: 5000 },
    );
  });

  it("of an account, on every version", () => {
    fc.assert(
      fc.property(userWish, fc.constantFrom(...versions), fc.boolean(), (wish, version, inGroup) => {
        try {
          planUser({ address: "db1:3306", version, inGroup, stack: "XCOM" }, undefined, wish);
        } catch (error) {
          typed(error);
        }
      }),
      { numRuns: 5000 },
    );
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
