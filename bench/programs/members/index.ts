import * as pulumi from "@pulumi/pulumi";
import { GroupMember, RecoveryChannel, ReplicationUser } from "pulumi-mysql-group-replication";

interface Server {
  name: string;
  host: string;
  port: number;
  localAddress: string;
  tls: { ca: string; cert: string; key: string };
}

const config = new pulumi.Config();
const groupName = config.require("groupName");
const password = config.requireSecret("recoveryPassword");
const servers = config.requireObject<Server[]>("servers");

for (const { name, host, port, localAddress, tls } of servers) {
  const connection = { host, port };
  const { user } = new ReplicationUser(name, {
    servers: [connection],
    user: "recovery",
    password,
    require: "SSL",
  });
  const channel = new RecoveryChannel(name, {
    connection,
    user,
    password,
    recoveryUseSsl: true,
    recoverySslCa: tls.ca,
    recoverySslCert: tls.cert,
    recoverySslKey: tls.key,
  });
  new GroupMember(
    name,
    {
      connection,
      groupName,
      localAddress,
      groupSeeds: servers.map((server) => server.localAddress),
      communicationStack: "XCOM",
      sslMode: "REQUIRED",
      sslCa: tls.ca,
      sslCert: tls.cert,
      sslKey: tls.key,
      startOnBoot: true,
    },
    { dependsOn: channel },
  );
}
