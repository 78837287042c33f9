import { type OptionValue, canonicalOption, channelOptions } from "../mysql/channel-options";
import { variable } from "../mysql/catalogue";
import { type OptionSection, renderSections, serverSection } from "../mysql/option-file";
import { atLeast } from "../mysql/versions";
import { defaultOn } from "./settings";
import { channelProperties, memberProperties, wishOf } from "./wish";

/** Properties of a GroupMember, of a RecoveryChannel, or of both on one server; others are passed over. */
export type Declared = Readonly<Record<string, unknown>>;

/**
 * The option file that keeps a declared state over a restart of the server, where SET PERSIST does not exist (before 8.0) or a value
 * is read at start-up only: what is declared of GroupMember and RecoveryChannel for [mysqld], and for [client] the CA by which to
 * verify that server. A password never is in it: channel and account keep theirs in the server's tables.
 */
export function renderOptionFile(declared: Declared, version: string): string {
  const wish = wishOf(declared, [...memberProperties, ...channelProperties]);
  const channel = declared["user"] === undefined ? {} : channelTables(version);
  return renderSections({
    mysqld: { ...channel, ...serverSection(wish, version) },
    client: clientSection(wish),
  });
}

function clientSection(wish: Readonly<Record<string, string>>): OptionSection {
  const { ssl_ca: ca, ssl_capath: capath } = wish;
  return {
    ...(ca === undefined ? {} : { "ssl-ca": ca }),
    ...(capath === undefined ? {} : { "ssl-capath": capath }),
  };
}

/**
 * The same for a ReplicationChannel: for [mysqld] what lets the server know its channels again, and for [client] the TLS with which
 * any client on the replica can log in at the source as the channel does. What else is declared, the server keeps with the channel.
 */
export function renderChannelOptionFile(declared: Declared, version: string): string {
  const stays = declared["running"] === false ? { [skipStart(version)]: "ON" } : {};
  return renderSections({
    mysqld: { ...channelTables(version), ...stays },
    client: channelClient(declared, version),
  });
}

/** Where the server would keep its channels in files: there it knows no channel that has a name (3077). */
function channelTables(version: string): OptionSection {
  const inFiles = ["master_info_repository", "relay_log_info_repository"].filter(
    (name) => defaultOn(variable(name), version) === "FILE",
  );
  return serverSection(Object.fromEntries(inFiles.map((name) => [name, "TABLE"])), version);
}

function skipStart(version: string): string {
  return atLeast(version, "8.0.26") ? "skip_replica_start" : "skip_slave_start";
}

function channelClient(declared: Declared, version: string): OptionSection {
  const lines = channelOptions
    .filter(({ name, since }) => /^(SSL_(?!VERIFY)|TLS_)/.test(name) && atLeast(version, since))
    .flatMap((option) => {
      const value = declared[option.property] as OptionValue | undefined;
      const line = [option.name.toLowerCase().replace(/_/g, "-"), canonicalOption(option, value ?? "")];
      return value === undefined || line[1] === "" ? [] : [line];
    });
  return Object.fromEntries(lines) as OptionSection;
}
