import { isIP } from "node:net";
import * as pulumi from "@pulumi/pulumi";
import {
  Certificate,
  CertificateAuthority,
  CertificateFiles,
  GroupMember,
  RecoveryChannel,
  ReplicationUser,
  type SshArgs,
} from "pulumi-mysql-group-replication";

/** A MySQL server that runs already. */
interface Server {
  name: string;
  host: string;
  port: number;
  /** Where this member talks to the other members. */
  localAddress: string;
  /** A folder on its own machine, for its certificates. */
  folder: string;
}

// The stack's configuration. The administrator logs in with mysqlgr:user ("root" if left out) and mysqlgr:password.
const config = new pulumi.Config();
const servers = config.requireObject<Server[]>("servers");
const password = config.requireSecret("recoveryPassword");
// The login on the servers' machines; without it the folders are on the machine that runs Pulumi.
const ssh = config.getObject<Omit<SshArgs, "host">>("ssh");
// Who may read the keys there: the account that mysqld runs as.
const owner = config.get("owner");
const validityDays = config.getNumber("validityDays") ?? 365;

const connections = servers.map(({ host, port }) => ({ host, port }));

// Raised by one, `rotation` asks for another key. Each of the next three `pulumi up` then goes one phase on: the servers trust both, then
// all show certificates of the new one, then the old one goes.
const ca = new CertificateAuthority("ca", {
  subject: { O: "Example", CN: "Example CA" },
  rotation: config.getNumber("rotation") ?? 0,
  usedBy: connections,
});

// What members show as clients of each other's SQL port when they recover: nobody else has it.
const client = new Certificate("recovery", {
  issuer: ca,
  subject: { O: "Example", CN: "recovery" },
  usage: "client",
  validityDays,
});

// A password alone is not enough for this account.
const account = new ReplicationUser("recovery", {
  servers: connections,
  user: "recovery",
  password,
  require: { issuer: client.mysqlIssuer, subject: client.mysqlSubject },
});

for (const [index, server] of servers.entries()) {
  const { name, host, port, localAddress, folder } = server;
  const connection = { host, port };
  const place = {
    folder,
    // A server that still names an old file keeps it there.
    servers: [connection],
    ...(ssh === undefined ? {} : { ssh: { ...ssh, host } }),
    ...(owner === undefined ? {} : { owner }),
  };

  // Members know each other by these hosts, and VERIFY_IDENTITY compares them.
  const certificate = new Certificate(name, {
    issuer: ca,
    subject: { O: "Example", CN: name },
    ...(isIP(host) ? { ipAddresses: [host] } : { dnsNames: [host] }),
    validityDays,
  });

  const files = new CertificateFiles(name, {
    ...place,
    ca: ca.trustBundle,
    cert: certificate.certificateChain,
    key: certificate.privateKey,
  });

  const clientFiles = new CertificateFiles(`${name}-recovery`, {
    ...place,
    prefix: "recovery",
    cert: client.certificateChain,
    key: client.privateKey,
  });

  const channel = new RecoveryChannel(name, {
    connection,
    user: account.user,
    password,
    recoveryUseSsl: true,
    recoverySslCa: files.sslCa,
    recoverySslCert: clientFiles.sslCert,
    recoverySslKey: clientFiles.sslKey,
    recoverySslVerifyServerCert: true,
  });

  new GroupMember(
    name,
    {
      connection,
      groupName: config.require("groupName"),
      localAddress,
      groupSeeds: servers.map((each) => each.localAddress),
      // May make the group if there is none yet; the others only ever join.
      bootstrap: index === 0,
      sslMode: "VERIFY_IDENTITY",
      sslCa: files.sslCa,
      sslCert: files.sslCert,
      sslKey: files.sslKey,
      // What it shows is compared with this: a file that somebody replaced, or that was never loaded, is seen.
      expectedCertificate: certificate.certificate,
      // And every member's certificate with what the others will trust, before anything is changed.
      expectedCa: ca.trustBundle,
      startOnBoot: true,
    },
    { dependsOn: channel },
  );
}

export const expiry = client.notAfter;
