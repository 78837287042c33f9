import { type OptionSection, renderSections, serverSection } from "../mysql/option-file";
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
  return renderSections({ mysqld: serverSection(wish, version), client: clientSection(wish) });
}

function clientSection(wish: Readonly<Record<string, string>>): OptionSection {
  const { ssl_ca: ca, ssl_capath: capath } = wish;
  return {
    ...(ca === undefined ? {} : { "ssl-ca": ca }),
    ...(capath === undefined ? {} : { "ssl-capath": capath }),
  };
}
