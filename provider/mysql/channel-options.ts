import { dialectOf } from "./dialect";
import { accountLiteral, quote } from "./sql";
import { atLeast } from "./versions";

/** Which thread of a channel must not run while an option is changed (tried on 9.7.4: 3021, 3085, 3081 otherwise). */
export type Thread = "receiver" | "applier" | "both";

export type OptionValue = string | number | boolean | readonly string[];

/** One option of CHANGE REPLICATION SOURCE TO: the only place that knows its names, versions and shape. */
export interface ChannelOption {
  readonly property: string;
  /** Less the prefix SOURCE_ or MASTER_, where it has one. */
  readonly name: string;
  /** "prefix": MASTER_HOST, SOURCE_HOST. "infix": GET_MASTER_PUBLIC_KEY. "none": the same in both dialects. "source": never MASTER_. */
  readonly naming: "prefix" | "infix" | "none" | "source";
  readonly since: string;
  readonly thread: Thread;
  readonly kind: "text" | "integer" | "decimal" | "boolean" | "list" | "account" | "word";
  readonly min?: number;
  readonly max?: number;
  readonly unit?: string;
  /** Longest text, in bytes; the servers cut off the rest without a word. */
  readonly longest?: number;
  /** Before this version they cut it off at 60 bytes. */
  readonly shortUntil?: string;
  readonly words?: readonly string[];
  /** Words that came later than the option itself. */
  readonly wordsSince?: Readonly<Record<string, string>>;
  /** What stands between the items of a list. */
  readonly separator?: "," | ":";
  /** What the option is without anybody's doing; what is no longer declared goes back to it. */
  readonly unset: OptionValue;
  /** '' allows nothing, NULL is the server's default. */
  readonly nullable?: boolean;
  /** Column of performance_schema.replication_connection_configuration or replication_applier_configuration. */
  readonly column: string;
}

const text = (
  property: string,
  name: string,
  column: string,
  more: Partial<ChannelOption> = {},
): ChannelOption => ({
  property,
  name,
  column,
  naming: "prefix",
  since: "5.7.17",
  thread: "receiver",
  kind: "text",
  unset: "",
  longest: 511,
  ...more,
});

export const channelOptions: readonly ChannelOption[] = [
  text("host", "HOST", "HOST", { longest: 255, shortUntil: "8.0.17" }),
  text("port", "PORT", "PORT", { kind: "integer", min: 1, max: 65535, unset: 3306 }),
  text("user", "USER", "USER", { longest: 96 }),
  // From 8.0.17 on 255, of which its column shows 60.
  text("bind", "BIND", "NETWORK_INTERFACE", { longest: 60 }),
  text("connectRetry", "CONNECT_RETRY", "CONNECTION_RETRY_INTERVAL", {
    kind: "integer",
    min: 1,
    max: 31536000,
    unit: "s",
    unset: 60,
  }),
  text("retryCount", "RETRY_COUNT", "CONNECTION_RETRY_COUNT", {
    kind: "integer",
    min: 0,
    max: 31536000,
    unset: 86400,
  }),
  text("heartbeatPeriod", "HEARTBEAT_PERIOD", "HEARTBEAT_INTERVAL", {
    kind: "decimal",
    min: 0,
    max: 4294967,
    unit: "s",
    unset: 30,
  }),
  text("ssl", "SSL", "SSL_ALLOWED", { kind: "boolean", unset: false }),
  text("sslCa", "SSL_CA", "SSL_CA_FILE"),
  text("sslCapath", "SSL_CAPATH", "SSL_CA_PATH"),
  text("sslCert", "SSL_CERT", "SSL_CERTIFICATE"),
  text("sslKey", "SSL_KEY", "SSL_KEY"),
  // Their columns show no more of the 511 that are kept.
  text("sslCrl", "SSL_CRL", "SSL_CRL_FILE", { longest: 255 }),
  text("sslCrlpath", "SSL_CRLPATH", "SSL_CRL_PATH", { longest: 255 }),
  text("sslCipher", "SSL_CIPHER", "SSL_CIPHER", { kind: "list", separator: ":", unset: [] }),
  text("sslVerifyServerCert", "SSL_VERIFY_SERVER_CERT", "SSL_VERIFY_SERVER_CERTIFICATE", {
    kind: "boolean",
    unset: false,
  }),
  text("tlsVersion", "TLS_VERSION", "TLS_VERSION", { kind: "list", separator: ",", unset: [] }),
  text("tlsCiphersuites", "TLS_CIPHERSUITES", "TLS_CIPHERSUITES", {
    since: "8.0.19",
    kind: "list",
    separator: ":",
    unset: [],
    nullable: true,
  }),
  text("publicKeyPath", "PUBLIC_KEY_PATH", "PUBLIC_KEY_PATH", { since: "8.0.4" }),
  text("getPublicKey", "PUBLIC_KEY", "GET_PUBLIC_KEY", {
    naming: "infix",
    since: "8.0.4",
    kind: "boolean",
    unset: false,
  }),
  text("compressionAlgorithms", "COMPRESSION_ALGORITHMS", "COMPRESSION_ALGORITHM", {
    since: "8.0.18",
    kind: "list",
    separator: ",",
    words: ["zlib", "zstd", "uncompressed"],
    unset: ["uncompressed"],
  }),
  text("zstdCompressionLevel", "ZSTD_COMPRESSION_LEVEL", "ZSTD_COMPRESSION_LEVEL", {
    since: "8.0.18",
    kind: "integer",
    min: 1,
    max: 22,
    unset: 3,
  }),
  text("networkNamespace", "NETWORK_NAMESPACE", "NETWORK_NAMESPACE", {
    naming: "none",
    since: "8.0.22",
    longest: 64,
  }),
  text("autoPosition", "AUTO_POSITION", "AUTO_POSITION", { thread: "both", kind: "boolean", unset: false }),
  text("connectionAutoFailover", "SOURCE_CONNECTION_AUTO_FAILOVER", "SOURCE_CONNECTION_AUTO_FAILOVER", {
    naming: "source",
    since: "8.0.22",
    thread: "both",
    kind: "boolean",
    unset: false,
  }),
  text("delay", "DELAY", "DESIRED_DELAY", {
    thread: "applier",
    kind: "integer",
    min: 0,
    max: 2147483647,
    unit: "s",
    unset: 0,
  }),
  text("privilegeChecksUser", "PRIVILEGE_CHECKS_USER", "PRIVILEGE_CHECKS_USER", {
    naming: "none",
    since: "8.0.18",
    thread: "applier",
    kind: "account",
    nullable: true,
  }),
  text("requireRowFormat", "REQUIRE_ROW_FORMAT", "REQUIRE_ROW_FORMAT", {
    naming: "none",
    since: "8.0.19",
    thread: "both",
    kind: "boolean",
    unset: false,
  }),
  text("requireTablePrimaryKeyCheck", "REQUIRE_TABLE_PRIMARY_KEY_CHECK", "REQUIRE_TABLE_PRIMARY_KEY_CHECK", {
    naming: "none",
    since: "8.0.20",
    thread: "applier",
    kind: "word",
    words: ["STREAM", "ON", "OFF", "GENERATE"],
    wordsSince: { GENERATE: "8.0.32" },
    unset: "STREAM",
  }),
  text(
    "assignGtidsToAnonymousTransactions",
    "ASSIGN_GTIDS_TO_ANONYMOUS_TRANSACTIONS",
    "ASSIGN_GTIDS_TO_ANONYMOUS_TRANSACTIONS_TYPE",
    { naming: "none", since: "8.0.23", thread: "both", kind: "word", unset: "OFF" },
  ),
  text("gtidOnly", "GTID_ONLY", "GTID_ONLY", {
    naming: "none",
    since: "8.0.27",
    thread: "both",
    kind: "boolean",
    unset: false,
  }),
];

const byProperty = new Map(channelOptions.map((o) => [o.property, o]));

export function channelOption(property: string): ChannelOption {
  return byProperty.get(property)!;
}

/** As the version's dialect names it: MASTER_HOST, SOURCE_HOST, GET_SOURCE_PUBLIC_KEY, GTID_ONLY. */
export function optionName(option: Pick<ChannelOption, "name" | "naming">, version: string): string {
  const { source } = dialectOf(version);
  switch (option.naming) {
    case "prefix":
      return `${source}_${option.name}`;
    case "infix":
      return `GET_${source}_${option.name}`;
    case "none":
    case "source":
      return option.name;
  }
}

/** Why a version does not take the option with this value, or undefined. */
export function optionProblemOn(
  option: ChannelOption,
  value: OptionValue,
  version: string,
): string | undefined {
  if (!atLeast(version, option.since))
    return `whose channels do not have ${optionName(option, version)}; it came with ${option.since}`;
  if (isCutOff(option, value, version))
    return `whose channels take ${shortLength} bytes of it at most; it came to ${option.longest} with ${option.shortUntil}`;
  const since = option.wordsSince?.[canonicalOption(option, value)];
  return since === undefined || atLeast(version, since)
    ? undefined
    : `whose channels do not take ${String(value)}; it came with ${since}`;
}

const shortLength = 60;

function isCutOff({ shortUntil }: ChannelOption, value: OptionValue, version: string): boolean {
  const isShort = shortUntil !== undefined && !atLeast(version, shortUntil);
  return isShort && Buffer.byteLength(String(value)) > shortLength;
}

/** Why no channel keeps the text as it is, or undefined (tried on 5.7.22, 8.0.15 and 9.7.4). */
export function textProblem(text: string, longest = 511): string | undefined {
  if (/[\0\n\r]/.test(text)) return "must not contain NUL or a line end";
  if (/[\u{10000}-\u{10FFFF}]/u.test(text))
    return "must not contain a character beyond U+FFFF, as emoji are: the server would keep ? in its place";
  return Buffer.byteLength(text) > longest ? `must have ${longest} bytes at most` : undefined;
}

/** What the option is without anybody's doing: some defaults moved. */
export function unsetOn(option: ChannelOption, version: string): OptionValue {
  if (!atLeast(version, "8.4.0")) return option.unset;
  return { retryCount: 10, ssl: true }[option.property] ?? option.unset;
}

/** One spelling for one value, so that what is declared can be compared with what is live. */
export function canonicalOption(option: ChannelOption, value: OptionValue): string {
  switch (option.kind) {
    case "boolean":
      return value === true || /^(1|yes|on|true)$/i.test(String(value)) ? "1" : "0";
    case "integer":
    case "decimal":
      return String(Number(value));
    case "list":
      return canonicalItems(option, Array.isArray(value) ? value : String(value).split(option.separator!));
    case "account":
      return value === "" ? "" : accountLiteral(String(value));
    case "word":
      return option.words ? String(value).toUpperCase() : String(value);
    case "text":
      return String(value);
  }
}

function canonicalItems(option: ChannelOption, items: readonly string[]): string {
  const trimmed = items.map((item) => item.trim()).filter((item) => item !== "");
  // The order of protocols means nothing; that of ciphers and of compression algorithms does.
  return (option.property === "tlsVersion" ? [...trimmed].sort() : trimmed).join(option.separator);
}

/** As it stands in the statement. */
export function optionLiteral(option: ChannelOption, value: OptionValue): string {
  const is = canonicalOption(option, value);
  if (is === "" && option.nullable) return "NULL";
  switch (option.kind) {
    case "boolean":
    case "integer":
    case "decimal":
    case "account":
      return is;
    case "word":
      return /^[A-Z]+$/.test(is) ? is : quote(is);
    case "list":
    case "text":
      return quote(is);
  }
}
