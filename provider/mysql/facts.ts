/** What is read of a server, as plain values. Nothing in here can be asked again: plans are made of it. */
export interface ServerFacts {
  readonly address: string;
  readonly uuid: string;
  readonly version: string;
  readonly reportHost: string;
  readonly port: number;
  /** Seconds since the epoch, by the server's clock. */
  readonly now: number;
  /** 'user'@'host' of the login. */
  readonly account: string;
  readonly variables: Readonly<Record<string, VariableFact>>;
  /** Status of the plugins that matter; absent where not installed. */
  readonly plugins: Readonly<Record<string, string>>;
  /** Empty where Group Replication never ran. */
  readonly members: readonly MemberFact[];
  readonly viewId: string | undefined;
  /** Seconds since the epoch of the last START that came through; before 8.0.22 to the second. */
  readonly startedAt: number | undefined;
  readonly gtidExecuted: string;
  /** Undefined on 5.7, which does not tell it. */
  readonly applierQueue: number | undefined;
  readonly channel: ChannelFact | undefined;
  /** Paths and dates that the server has loaded for clients (performance_schema.tls_channel_status); empty before 8.0.21. */
  readonly loadedTls: Readonly<Record<string, string>>;
  /** Protocols that group communication takes, by handshakes; asked only where tls_version was set after the START. */
  readonly spoken?: readonly string[] | undefined;
  /** What it shows to whoever connects, by handshakes; asked only where a certificate is declared. */
  readonly shown?: ShownFact | undefined;
}

/** The certificates that a server has in memory. What is undefined is not known. */
export interface ShownFact {
  /** At the SQL port, as of the last reload; null: the server offers no TLS. */
  readonly client?: CertificateFact | null | undefined;
  /** At local_address, as of the last START. XCOM stack only. */
  readonly group?: CertificateFact | undefined;
}

export interface CertificateFact {
  /** Lower-case hex. */
  readonly sha256: string;
  readonly subject: string;
  /** ISO 8601. */
  readonly notAfter: string;
}

export interface VariableFact {
  /** null: NULL, which is not the empty string. */
  readonly value: string | null;
  readonly persisted?: string | undefined;
  /** COMPILED, EXPLICIT, SERVER, GLOBAL, PERSISTED, DYNAMIC, ...; undefined on 5.7, which does not tell it. */
  readonly source: string | undefined;
  /** Seconds since the epoch; absent where it was not set since the start, and on 5.7. */
  readonly setAt?: number | undefined;
}

export type MemberState = "ONLINE" | "RECOVERING" | "OFFLINE" | "ERROR" | "UNREACHABLE";

export interface MemberFact {
  readonly id: string;
  readonly host: string;
  readonly port: number;
  readonly state: MemberState;
  readonly role: "PRIMARY" | "SECONDARY" | "";
  /** Undefined on 5.7, which knows nothing of the others. */
  readonly version: string | undefined;
  /** Undefined before 8.0.27, where there is XCom alone. */
  readonly stack: string | undefined;
}

/** The channel group_replication_recovery. */
export interface ChannelFact {
  readonly user: string;
  /** For comparison in memory only: never printed, never stored. */
  readonly password: string;
  readonly networkNamespace: string;
  readonly privilegeChecksUser: string;
  readonly requireTablePrimaryKeyCheck: string;
}

/** An account as one server holds it. `hash` is for comparison in memory only. */
export interface AccountFact {
  readonly plugin: string;
  readonly hash: Buffer;
  readonly require: AccountRequirement;
  /** Days; null: the server's default; 0: never. */
  readonly passwordLifetime: number | null;
  readonly locked: boolean;
  /** The password before the last one still logs in. */
  readonly oldPassword: boolean;
  /** "PRIVILEGE ON *.*", "PRIVILEGE ON schema.table". */
  readonly grants: readonly string[];
}

export interface AccountRequirement {
  readonly type: "NONE" | "SSL" | "X509" | "SPECIFIED";
  readonly issuer: string;
  readonly subject: string;
  readonly cipher: string;
}

export function selfOf(facts: ServerFacts): MemberFact | undefined {
  return facts.members.find((member) => member.id === facts.uuid);
}

/** Group Replication has been started and has not been stopped. A member in ERROR has left its group, and has to be started anew. */
export function isRunning(facts: ServerFacts): boolean {
  const state = selfOf(facts)?.state;
  return state !== undefined && state !== "OFFLINE" && state !== "ERROR";
}

/** START, by a person or by the server itself, has begun, and nothing came of it yet: a channel that is made now makes 9.7.4 hang. */
export function isStarting(facts: ServerFacts): boolean {
  const state = selfOf(facts)?.state ?? "OFFLINE";
  return state === "OFFLINE" && facts.startedAt !== undefined;
}

export function hasFailed(facts: ServerFacts): boolean {
  return selfOf(facts)?.state === "ERROR";
}

export function isOnline(facts: ServerFacts): boolean {
  return selfOf(facts)?.state === "ONLINE";
}

export function valueOf(facts: ServerFacts, name: string): string {
  return facts.variables[name]?.value ?? "";
}

/** The stack that group communication really uses; the variable may already say another. */
export function stackInEffect(facts: ServerFacts): "XCOM" | "MYSQL" {
  const spoken = selfOf(facts)?.stack;
  const text = isRunning(facts) && spoken ? spoken : valueOf(facts, "group_replication_communication_stack");
  return text.toUpperCase() === "MYSQL" ? "MYSQL" : "XCOM";
}
