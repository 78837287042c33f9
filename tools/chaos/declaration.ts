import type { Stack } from "../sandbox";

export type Args = Readonly<Record<string, unknown>>;

/** A member's certificate: one of several that are good, or one that no peer or server takes. */
export type Certificate = number | OddCertificate;
export const oddCertificates = ["missing", "foreign", "nameless", "mismatched"] as const;
/** missing: no such file; foreign: of another CA; nameless: without the member's host; mismatched: of another key. */
export type OddCertificate = (typeof oddCertificates)[number];
/** How many good certificates each member has. */
export const CERTIFICATES = 4;

/** What the program says about the group, without paths and passwords, which only a run knows. */
export interface Declared {
  /** Of every GroupMember. */
  readonly member: Args;
  /** Of one, before what is said of every one. */
  readonly each: Readonly<Record<string, Args>>;
  /** Of every RecoveryChannel. */
  readonly channel: Args;
  readonly certificate: number;
  /** Members with another one. */
  readonly odd: Readonly<Record<string, OddCertificate>>;
  readonly channelCertificate: Certificate;
  /** Number of the recovery password. */
  readonly password: number;
  /** The channels have another one than the account. */
  readonly otherPassword: boolean;
}

/** What a sandbox's group is when it has been formed. */
export const atFirst: Declared = {
  member: { sslMode: "REQUIRED", startOnBoot: true },
  each: {},
  channel: { recoveryUseSsl: true },
  certificate: 0,
  odd: {},
  channelCertificate: 0,
  password: 0,
  otherPassword: false,
};

/** Where a member's files are. */
export interface Files {
  readonly ca: string;
  readonly cert: (certificate: Certificate) => string;
  readonly key: (certificate: Certificate) => string;
}

export function memberArgs(declared: Declared, name: string, files: Files): Args {
  const certificate = declared.odd[name] ?? declared.certificate;
  return {
    sslCa: files.ca,
    sslCert: files.cert(certificate),
    sslKey: files.key(certificate),
    ...declared.member,
    ...declared.each[name],
  };
}

export function channelArgs(declared: Declared, files: Files): Args {
  return {
    recoverySslCa: files.ca,
    recoverySslCert: files.cert(declared.channelCertificate),
    recoverySslKey: files.key(declared.channelCertificate),
    ...declared.channel,
  };
}

const VARIABLES: Readonly<Record<string, string>> = {
  sslMode: "group_replication_ssl_mode",
  sslCa: "ssl_ca",
  sslCert: "ssl_cert",
  sslKey: "ssl_key",
  sslCipher: "ssl_cipher",
  tlsVersion: "tls_version",
  tlsCiphersuites: "tls_ciphersuites",
  requireSecureTransport: "require_secure_transport",
  ipAllowlist: "group_replication_ip_allowlist",
  startOnBoot: "group_replication_start_on_boot",
  memberWeight: "group_replication_member_weight",
  exitStateAction: "group_replication_exit_state_action",
  autorejoinTries: "group_replication_autorejoin_tries",
  memberExpelTimeout: "group_replication_member_expel_timeout",
  unreachableMajorityTimeout: "group_replication_unreachable_majority_timeout",
  consistency: "group_replication_consistency",
  communicationStack: "group_replication_communication_stack",
  recoveryUseSsl: "group_replication_recovery_use_ssl",
  recoverySslCa: "group_replication_recovery_ssl_ca",
  recoverySslCert: "group_replication_recovery_ssl_cert",
  recoverySslKey: "group_replication_recovery_ssl_key",
  recoveryRetryCount: "group_replication_recovery_retry_count",
  recoveryReconnectInterval: "group_replication_recovery_reconnect_interval",
};

/** The server's variables, as text, where the arguments of a resource are as declared. */
export function variablesOf({ variables = {}, ...args }: Args): Record<string, string> {
  const named = Object.entries(args).flatMap(([property, value]) => {
    const name = VARIABLES[property];
    return name === undefined ? [] : [[name, value] as const];
  });
  const all = [...named, ...Object.entries(variables as Args)];
  return Object.fromEntries(all.map(([name, value]) => [name, textOf(value)]));
}

function textOf(value: unknown): string {
  if (typeof value === "boolean") return value ? "ON" : "OFF";
  return Array.isArray(value) ? value.join(",") : String(value);
}

const EVERYWHERE = [
  "group_replication_ssl_mode",
  "group_replication_poll_spin_loops",
  "group_replication_message_cache_size",
];
const TLS = ["ssl_ca", "ssl_cert", "ssl_key", "ssl_cipher", "tls_version", "tls_ciphersuites"];
const RECOVERY_TLS = ["use_ssl", "ssl_ca", "ssl_cert", "ssl_key"].map(
  (name) => `group_replication_recovery_${name}`,
);

/** Variables that act when Group Replication is started. */
export function actsAtStart(stack: Stack): ReadonlySet<string> {
  return new Set([...EVERYWHERE, ...(stack === "XCOM" ? TLS : RECOVERY_TLS)]);
}

/** Members on which Group Replication has to be restarted when `after` is declared in place of `before`. */
export function mustRestart(
  before: Declared,
  after: Declared,
  stack: Stack,
  names: readonly string[],
): string[] {
  const acting = actsAtStart(stack);
  const values = (declared: Declared, name: string): string => {
    const args = { ...memberArgs(declared, name, anyFiles), ...channelArgs(declared, anyFiles) };
    const all = Object.entries(variablesOf(args)).filter(([variable]) => acting.has(variable));
    const password = stack === "MYSQL" ? [declared.password, declared.otherPassword] : [];
    return JSON.stringify([...all.sort(), ...password]);
  };
  return names.filter((name) => values(before, name) !== values(after, name));
}

const anyFiles: Files = { ca: "ca", cert: (which) => `${which}.pem`, key: (which) => `${which}-key.pem` };
