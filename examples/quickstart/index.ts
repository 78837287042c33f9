import * as pulumi from "@pulumi/pulumi";
import { GroupMember, RecoveryChannel, ReplicationUser } from "pulumi-mysql-group-replication";

/** A MySQL server that runs already. The files lie on its own disk. */
interface Server {
  name: string;
  host: string;
  port: number;
  /** Where this member talks to the other members. */
  localAddress: string;
  tls: { ca: string; cert: string; key: string };
}

// The stack's configuration. The administrator logs in with mysqlgr:user ("root" if left out) and mysqlgr:password.
const config = new pulumi.Config("quickstart");
const servers = config.requireObject<Server[]>("servers");
const sslMode = config.get<"REQUIRED" | "VERIFY_CA" | "VERIFY_IDENTITY">("sslMode") ?? "REQUIRED";

// The account with which a member that joins copies what it lacks from another. It must use TLS.
const recoveryUser = new ReplicationUser("recovery", {
  servers: servers.map(({ host, port }) => ({ host, port })),
  user: "recovery",
  password: config.requireSecret("recoveryPassword"),
  require: "SSL",
});

for (const [index, server] of servers.entries()) {
  const connection = { host: server.host, port: server.port };
  const { ca, cert, key } = server.tls;

  // Each member's own copy of these credentials, and its TLS while it recovers.
  const channel = new RecoveryChannel(server.name, {
    connection,
    // An output of the account, so Pulumi makes that first.
    user: recoveryUser.user,
    password: config.requireSecret("recoveryPassword"),
    recoveryUseSsl: true,
    recoverySslCa: ca,
  });

  // No member depends on another: the order in which they join and restart is found while Pulumi runs.
  new GroupMember(
    server.name,
    {
      connection,
      groupName: config.require("groupName"),
      localAddress: server.localAddress,
      groupSeeds: servers.map(({ localAddress }) => localAddress),
      // May make the group if there is none yet; the others only ever join.
      bootstrap: index === 0,
      sslMode,
      sslCa: ca,
      sslCert: cert,
      sslKey: key,
      memberWeight: 50,
      startOnBoot: true,
    },
    { dependsOn: channel },
  );
}
