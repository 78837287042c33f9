import {
  type OptionValue,
  canonicalOption,
  channelOptions,
  unsetOn,
} from "../../../provider/mysql/channel-options";
import { atLeast } from "../../../provider/mysql/versions";
import {
  type ReplicaView,
  type SeenSourceChannel,
  type SourceChannelWish,
  planSourceChannel,
} from "../../../provider/plan/replication-channel";
import type { Step } from "../../../provider/plan/step";

type Options = Readonly<Record<string, OptionValue>>;
export type Plan = (version: string) => readonly Step[];

export const replica = (version: string, channel?: SeenSourceChannel): ReplicaView => ({
  address: "db2:3306",
  version,
  channel,
});

/** A channel that runs, with what its version gives to every option that nobody set. */
export function seen(
  version: string,
  set: Readonly<Record<string, string>> = {},
  rest: Partial<SeenSourceChannel> = {},
): SeenSourceChannel {
  const unset = channelOptions
    .filter((o) => atLeast(version, o.since))
    .map((o) => [o.property, canonicalOption(o, unsetOn(o, version))]);
  return {
    options: { ...Object.fromEntries(unset), host: "db1", user: "repl", autoPosition: "1", ...set },
    passwordMatches: true,
    receiver: true,
    applier: true,
    ...rest,
  };
}

export function wish(options: Options = {}, rest: Partial<SourceChannelWish> = {}): SourceChannelWish {
  const all = { host: "db1", user: "repl", autoPosition: true, ...options };
  return { name: "c", options: all, hasPassword: true, running: true, ...rest };
}

/** What is sent to a channel that runs as its version makes it. */
export function change(options: Options, set?: Readonly<Record<string, string>>): Plan {
  return (version) => planSourceChannel(replica(version, seen(version, set)), wish(options)).online;
}
