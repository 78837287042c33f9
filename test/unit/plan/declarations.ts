import fc from "fast-check";
import { type OptionValue, channelOptions } from "../../../provider/mysql/channel-options";
import type { Variable } from "../../../provider/mysql/catalogue";
import type { MemberWish } from "../../../provider/plan/group-member";
import type { ChannelWish } from "../../../provider/plan/recovery-channel";
import type { ReplicaView, SourceChannelWish } from "../../../provider/plan/replication-channel";
import type { SeenVariable } from "../../../provider/plan/view";
import type { UserWish } from "../../../provider/plan/replication-user";
import { type Wish, channelProperties, variableOf } from "../../../provider/plan/wish";
import type { ViewOptions } from "../builders";
import { declarable, seenFor, valueFor } from "./arbitrary";

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

const hostiles = fc.array(hostile, { minLength: 1, maxLength: 3 });
const account = fc
  .tuple(hostile, hostile)
  .map(([user, host]) => `'${user.replace(/'/g, "")}'@'${host.replace(/'/g, "")}'`);
const protocols = fc.constantFrom(["TLSv1.2"], ["TLSv1.3"], ["TLSv1.2", "TLSv1.3"], ["TLSv1", "TLSv1.1"]);

function valueOf({
  property,
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
      if (property === "tlsVersion") return fc.oneof({ arbitrary: protocols, weight: 20 }, hostiles);
      return words ? fc.uniqueArray(fc.constantFrom(...words), { minLength: 1 }) : hostiles;
    case "account":
      return account;
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

/** Right for the variable, or whatever else fits its type. */
function variableValue(v: Variable): fc.Arbitrary<string> {
  const right = valueFor(v);
  return v.type === "path" || v.type === "string" || (v.type === "list" && !/tls_version$/.test(v.name))
    ? fc.oneof(right, hostile)
    : right;
}

/** A dozen at most: with each one more, it is likelier that something in the declaration is refused. */
function variablesAmong(all: readonly Variable[]): fc.Arbitrary<Wish> {
  return fc
    .subarray([...all], { maxLength: 12 })
    .chain((some) => fc.record(Object.fromEntries(some.map((v) => [v.name, variableValue(v)]))));
}

/** What one version or another has; what a server's lacks is an error that says so. */
const memberVariables = [...new Set([...declarable("5.7.22"), ...declarable("9.7.4")])];
const recoveryVariables = channelProperties.map(variableOf);

export const memberWish: fc.Arbitrary<MemberWish> = fc.record({
  variables: variablesAmong(memberVariables),
  bootstrap: fc.boolean(),
  installPlugin: fc.boolean(),
  groupRestart: fc.boolean(),
});

export const recoveryWish: fc.Arbitrary<ChannelWish> = fc.record(
  {
    user: hostile,
    hasPassword: fc.boolean(),
    networkNamespace: hostile,
    privilegeChecksUser: account,
    requireTablePrimaryKeyCheck: fc.constantFrom("STREAM", "ON", "OFF", "GENERATE"),
    variables: variablesAmong(recoveryVariables),
  },
  { requiredKeys: ["user", "hasPassword", "variables"] },
);

/** A member as it is found: what is live and what is kept has nothing to do with the wish. */
export const foundMember: fc.Arbitrary<ViewOptions> = fc.record({
  running: fc.boolean(),
  plugin: fc.constantFrom(true, true, true, false),
  stack: fc.constantFrom("XCOM", "MYSQL"),
  variables: fc.record(
    Object.fromEntries([...memberVariables, ...recoveryVariables].map((v) => [v.name, seenFor(v)])),
    { requiredKeys: [] },
  ) as fc.Arbitrary<Record<string, SeenVariable>>,
  sinceStart: fc.subarray([...memberVariables, ...recoveryVariables].map((v) => v.name)),
});

export function replica(version: string, channel?: ReplicaView["channel"]): ReplicaView {
  return { address: "db2:3306", version, channel };
}
