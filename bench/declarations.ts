import { variable } from "../provider/mysql/catalogue";
import type { MemberFact, ServerFacts } from "../provider/mysql/facts";
import { memberContext, viewOf } from "../provider/plan/view";
import { memberProperties, wishOf } from "../provider/plan/wish";

type Inputs = Record<string, unknown>;

const version = "9.7.4";

/** A server on which a GroupMember is declared: the first, second, ... of its group of `size`. */
export interface Place {
  readonly group: number;
  readonly member: number;
  readonly size: number;
}

/** Groups of `size`, until there are `count` members. */
export function placesOf(count: number, size: number): Place[] {
  return Array.from({ length: count }, (_, i) => ({
    group: Math.floor(i / size) + 1,
    member: (i % size) + 1,
    size,
  }));
}

/** Two declarations of one GroupMember that differ in every property but the server that it is on. */
export function declaration(place: Place, generation: "before" | "after"): Inputs {
  const after = generation === "after";
  const files = after ? "new" : "old";
  const port = after ? 33062 : 33061;
  const digits = `${after ? 1 : 0}${String(place.group).padStart(11, "0")}`;
  return {
    connection: { host: hostOf(place), user: "admin", password: "secret" },
    groupName: `8a94f357-aab4-11e8-9d3f-${digits}`,
    localAddress: `${hostOf(place)}:${port}`,
    groupSeeds: peersOf(place).map((peer) => `${hostOf(peer)}:${port}`),
    bootstrap: after,
    installPlugin: after,
    communicationStack: after ? "MYSQL" : "XCOM",
    sslMode: after ? "VERIFY_CA" : "DISABLED",
    tlsSource: after ? "mysql_admin" : "mysql_main",
    sslCa: `/etc/mysql/${files}/ca.pem`,
    sslCapath: `/etc/mysql/${files}/cas`,
    sslCert: `/etc/mysql/${files}/cert.pem`,
    sslKey: `/etc/mysql/${files}/key.pem`,
    sslCrl: `/etc/mysql/${files}/crl.pem`,
    sslCrlpath: `/etc/mysql/${files}/crls`,
    expectedCertificate: (after ? "2" : "1").repeat(64),
    sslCipher: [after ? "ECDHE-RSA-AES256-GCM-SHA384" : "ECDHE-RSA-AES128-GCM-SHA256"],
    tlsVersion: after ? ["TLSv1.3"] : ["TLSv1.2", "TLSv1.3"],
    tlsCiphersuites: [after ? "TLS_AES_256_GCM_SHA384" : "TLS_AES_128_GCM_SHA256"],
    requireSecureTransport: after,
    ipAllowlist: [after ? "10.1.0.0/16" : "10.0.0.0/16"],
    startOnBoot: after,
    singlePrimaryMode: !after,
    memberWeight: after ? 70 : 50,
    exitStateAction: after ? "ABORT_SERVER" : "OFFLINE_MODE",
    autorejoinTries: after ? 5 : 3,
    memberExpelTimeout: after ? 10 : 5,
    unreachableMajorityTimeout: after ? 60 : 0,
    consistency: after ? "BEFORE_AND_AFTER" : "EVENTUAL",
    advertiseRecoveryEndpoints: [after ? `${hostOf(place)}:3306` : "DEFAULT"],
    variables: { group_replication_poll_spin_loops: after ? 1000 : 0 },
    rollout: { groupRestart: "allow", onlineTimeout: after ? 300 : 180 },
  };
}

/** The server as it is where it is as declared: one of a group whose first member is the primary. */
export function serverAsDeclared(inputs: Inputs, place: Place): ServerFacts {
  const values = Object.entries(wishOf(inputs, memberProperties));
  return {
    address: `${hostOf(place)}:3306`,
    uuid: idOf(place),
    version,
    reportHost: hostOf(place),
    port: 3306,
    now: 1_800_000_000,
    account: "'admin'@'%'",
    variables: Object.fromEntries([
      ["group_replication_recovery_ssl_ca", { value: "/etc/mysql/ca.pem", source: "PERSISTED" }],
      ...values.map(([name, value]) => [
        variable(name).name,
        { value, persisted: value, source: "PERSISTED" },
      ]),
    ]),
    plugins: { group_replication: "ACTIVE" },
    members: peersOf(place).map(memberFact),
    viewId: "1:1",
    startedAt: 1_799_000_000,
    gtidExecuted: "",
    applierQueue: 0,
    channel: undefined,
    loadedTls: {},
    shown: {
      client: {
        sha256: String(inputs["expectedCertificate"]),
        subject: `CN=${hostOf(place)}`,
        notAfter: "2031-01-01T00:00:00.000Z",
      },
    },
  };
}

/** What state holds of a GroupMember after an update. */
export function stateOf(inputs: Inputs, facts: ServerFacts): Inputs {
  const names = Object.keys(wishOf(inputs, memberProperties));
  return {
    ...inputs,
    address: facts.address,
    serverUuid: facts.uuid,
    serverVersion: facts.version,
    running: true,
    pending: [],
    facts: { view: viewOf(facts, names, memberContext), settledAt: 0 },
  };
}

function memberFact(place: Place): MemberFact {
  return {
    id: idOf(place),
    host: hostOf(place),
    port: 3306,
    state: "ONLINE",
    role: place.member === 1 ? "PRIMARY" : "SECONDARY",
    version,
    stack: "XCom",
  };
}

function peersOf(place: Place): Place[] {
  return Array.from({ length: place.size }, (_, i) => ({ ...place, member: i + 1 }));
}

function hostOf({ group, member }: Place): string {
  return `db${member}.group${group}`;
}

function idOf({ group, member }: Place): string {
  return `11111111-1111-11e8-9d3f-${String(group * 10 + member).padStart(12, "0")}`;
}
