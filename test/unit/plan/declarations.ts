import fc from "fast-check";
import { type OptionValue, channelOptions } from "../../../provider/mysql/channel-options";
import type { ReplicaView, SourceChannelWish } from "../../../provider/plan/replication-channel";
import type { UserWish } from "../../../provider/plan/replication-user";

/** Whatever somebody may write: quotes, backslashes, NUL, line ends, emoji, comments. */
export const hostile = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.constantFrom(
    "'",
    '"',
    "`",
    "\\",
    "\\'",
    "'; DROP USER root; --",
    "/*",
    "*/",
    "\0",
    "\n",
    "😀",
    "a'b\\c",
    "%",
    "_",
    "--",
    "#",
  ),
);

function valueOf({
  kind,
  min = 0,
  max = 2 ** 31,
  words,
}: (typeof channelOptions)[number]): fc.Arbitrary<OptionValue> {
  switch (kind) {
    case "boolean":
      return fc.boolean();
    case "integer":
      return fc.integer({ min, max: Math.min(max, 2 ** 31 - 1) });
    case "decimal":
      return fc.integer({ min: min * 1000, max: 1_000_000 }).map((n) => n / 1000);
    case "list":
      return words
        ? fc.uniqueArray(fc.constantFrom(...words), { minLength: 1 })
        : fc.array(hostile, { minLength: 1, maxLength: 3 });
    case "account":
      return fc
        .tuple(hostile, hostile)
        .map(([user, host]) => `'${user.replace(/'/g, "")}'@'${host.replace(/'/g, "")}'`);
    case "word":
      return words
        ? fc.constantFrom(...words)
        : fc.constantFrom("OFF", "LOCAL", "8a94f357-aab4-11e8-9d3f-0242ac120002");
    case "text":
      return hostile;
  }
}

const options = fc.record(
  Object.fromEntries(channelOptions.map((option) => [option.property, valueOf(option)])),
  { requiredKeys: ["host", "user"] },
) as fc.Arbitrary<Record<string, OptionValue>>;

export const channelWish: fc.Arbitrary<SourceChannelWish> = fc.record({
  name: fc.oneof(fc.constant(""), hostile),
  options,
  hasPassword: fc.boolean(),
  start: fc.option(fc.record({ file: hostile, position: fc.integer({ min: 4, max: 2 ** 31 }) }), {
    nil: undefined,
  }),
  running: fc.boolean(),
});

export const userWish: fc.Arbitrary<UserWish> = fc.record({
  user: hostile,
  host: hostile,
  hasPassword: fc.boolean(),
  authPlugin: fc.constantFrom(undefined, "caching_sha2_password"),
  require: fc.oneof(
    fc.constantFrom("NONE" as const, "SSL" as const, "X509" as const),
    fc
      .record({ issuer: hostile, subject: hostile }, { requiredKeys: [] })
      .filter((r) => Object.keys(r).length > 0),
  ),
  grants: fc.constantFrom(undefined, ["REPLICATION SLAVE"], ["SELECT ON app.*", "BACKUP_ADMIN"]),
  passwordExpire: fc.constantFrom(undefined, "DEFAULT" as const, "NEVER" as const, 30),
  accountLocked: fc.constantFrom(undefined, true, false),
});

export function replica(version: string, channel?: ReplicaView["channel"]): ReplicaView {
  return { address: "db2:3306", version, channel };
}
