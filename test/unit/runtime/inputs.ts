import { unknownValue } from "../../../provider/plan/wish";
import * as channel from "../../../provider/runtime/recovery-channel";
import * as member from "../../../provider/runtime/group-member";
import * as source from "../../../provider/runtime/replication-channel";
import * as user from "../../../provider/runtime/replication-user";
import type { CheckFailure, Inputs } from "../../../provider/runtime/validation";
import { issueRevocationList } from "../../../provider/certificates/revocation";
import { validityFrom } from "../../../provider/certificates/renewal";
import { authority, now } from "../certificates/builders";
import { type Field, fieldsOf } from "../resources/source";

const ca = authority();
const expectedCrl = issueRevocationList({ revoked: [], number: 1, validity: validityFrom(now, 9) }, ca, now);

export interface Resource {
  readonly name: string;
  readonly fields: readonly Field[];
  /** Every property, with a value that is right. */
  readonly full: Inputs;
  /** Properties that cannot be declared without this one. */
  readonly leaning?: Readonly<Record<string, readonly string[]>>;
  failures(inputs: Inputs): CheckFailure[];
}

const connection = {
  host: "db1",
  port: 3306,
  user: "admin",
  password: "hunter2",
  socketPath: "/run/mysqld/mysqld.sock",
  connectTimeout: 10,
  tls: { mode: "VERIFY_IDENTITY", ca: "/ca.pem", cert: "/cert.pem", key: "/key.pem", serverName: "db1" },
};
const rollout = {
  onlineTimeout: 180,
  switchoverTimeout: 30,
  openTransactions: "end",
  maxUnavailable: 2,
  groupRestart: "allow",
};

export const groupMember: Resource = {
  name: "GroupMember",
  fields: fieldsOf("group-member.ts", "GroupMemberArgs"),
  full: {
    connection,
    groupName: "8a94f357-aab4-11e8-9d3f-0242ac120002",
    localAddress: "db1:33061",
    groupSeeds: ["db1:33061", "[::1]:33062", "10.0.0.3:33063"],
    bootstrap: true,
    communicationStack: "XCOM",
    sslMode: "VERIFY_CA",
    tlsSource: "mysql_main",
    sslCa: "/etc/mysql/ca.pem",
    sslCapath: "/etc/mysql/cas",
    sslCert: "/etc/mysql/cert.pem",
    sslKey: "/etc/mysql/key.pem",
    sslCrl: "/etc/mysql/crl.pem",
    sslCrlpath: "/etc/mysql/crls",
    sslCipher: ["ECDHE-RSA-AES128-GCM-SHA256"],
    tlsVersion: ["TLSv1.2", "TLSv1.3"],
    tlsCiphersuites: ["TLS_AES_256_GCM_SHA384"],
    requireSecureTransport: true,
    ipAllowlist: ["10.0.0.0/8", "db2", "2001:db8::/32"],
    startOnBoot: true,
    singlePrimaryMode: true,
    memberWeight: 70,
    exitStateAction: "OFFLINE_MODE",
    autorejoinTries: 3,
    memberExpelTimeout: 5,
    unreachableMajorityTimeout: 0,
    expectedCertificate: "0123456789abcdef".repeat(4),
    expectedCa: ca.certificate.pem,
    expectedCrl,
    consistency: "BEFORE_ON_PRIMARY_FAILOVER",
    advertiseRecoveryEndpoints: ["DEFAULT"],
    variables: { group_replication_poll_spin_loops: 1000, group_replication_paxos_single_leader: true },
    installPlugin: true,
    rollout,
  },
  failures: (inputs) => member.check({}, inputs).failures,
};

export const recoveryChannel: Resource = {
  name: "RecoveryChannel",
  fields: fieldsOf("recovery-channel.ts", "RecoveryChannelArgs"),
  full: {
    connection,
    user: "repl",
    password: "hunter2",
    donors: ["db2:3306"],
    networkNamespace: "blue",
    privilegeChecksUser: "'applier'@'%'",
    requireTablePrimaryKeyCheck: "ON",
    recoveryUseSsl: true,
    recoverySslCa: "/ca.pem",
    recoverySslCapath: "/cas",
    recoverySslCert: "/cert.pem",
    recoverySslKey: "/key.pem",
    recoverySslCrl: "/crl.pem",
    recoverySslCrlpath: "/crls",
    recoverySslCipher: ["ECDHE-RSA-AES128-GCM-SHA256"],
    recoverySslVerifyServerCert: true,
    recoveryTlsVersion: ["TLSv1.2", "TLSv1.3"],
    recoveryTlsCiphersuites: ["TLS_AES_256_GCM_SHA384"],
    recoveryPublicKeyPath: "/public.pem",
    recoveryGetPublicKey: false,
    recoveryRetryCount: 10,
    recoveryReconnectInterval: 60,
    rollout,
  },
  failures: (inputs) => channel.check({}, inputs).failures,
};

export const replicationUser: Resource = {
  name: "ReplicationUser",
  fields: fieldsOf("replication-user.ts", "ReplicationUserArgs"),
  full: {
    servers: [connection, { host: "db2" }],
    user: "repl",
    host: "10.0.0.%",
    password: "hunter2",
    authPlugin: "caching_sha2_password",
    require: { issuer: "/CN=CA", subject: "/CN=db1", cipher: "ECDHE-RSA-AES128-GCM-SHA256" },
    grants: ["REPLICATION SLAVE", "SELECT ON app.*"],
    passwordExpire: 90,
    accountLocked: false,
    forceDrop: true,
  },
  failures: (inputs) => user.check({}, inputs).failures,
};

export const replicationChannel: Resource = {
  name: "ReplicationChannel",
  fields: fieldsOf("replication-channel.ts", "ReplicationChannelArgs"),
  full: {
    connection,
    channelName: "from_db2",
    host: "db2",
    port: 3306,
    user: "repl",
    password: "hunter2",
    bind: "10.0.0.1",
    connectRetry: 10,
    retryCount: 100,
    delay: 0,
    heartbeatPeriod: 2.5,
    autoPosition: false,
    logFile: "binlog.000001",
    logPosition: 4,
    sslMode: "VERIFY_IDENTITY",
    ssl: true,
    sslCa: "/ca.pem",
    sslCapath: "/cas",
    sslCert: "/cert.pem",
    sslKey: "/key.pem",
    sslCrl: "/crl.pem",
    sslCrlpath: "/crls",
    sslCipher: ["ECDHE-RSA-AES128-GCM-SHA256"],
    sslVerifyServerCert: true,
    tlsVersion: ["TLSv1.2", "TLSv1.3"],
    tlsCiphersuites: ["TLS_AES_256_GCM_SHA384"],
    publicKeyPath: "/public.pem",
    getPublicKey: false,
    compressionAlgorithms: ["zstd", "uncompressed"],
    zstdCompressionLevel: 7,
    networkNamespace: "blue",
    privilegeChecksUser: "'applier'@'%'",
    requireRowFormat: true,
    requireTablePrimaryKeyCheck: "ON",
    connectionAutoFailover: false,
    assignGtidsToAnonymousTransactions: "OFF",
    gtidOnly: false,
    running: true,
    source: connection,
  },
  leaning: { logFile: ["logPosition", "autoPosition"] },
  failures: (inputs) => source.check({}, inputs).failures,
};

export const resources = [groupMember, recoveryChannel, replicationUser, replicationChannel];

/** The value with the engine's stand-in at each of its places in turn, and at all of them. */
export function withUnknowns(value: unknown): unknown[] {
  if (Array.isArray(value))
    return [unknownValue, ...value.flatMap((item, i) => withUnknowns(item).map((u) => value.with(i, u)))];
  if (typeof value === "object" && value !== null)
    return [
      unknownValue,
      ...Object.entries(value).flatMap(([key, item]) =>
        withUnknowns(item).map((u) => ({ ...value, [key]: u })),
      ),
    ];
  return [unknownValue];
}
