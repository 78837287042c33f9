import * as pulumi from "@pulumi/pulumi";
import { GroupMember, RecoveryChannel, ReplicationUser } from "pulumi-mysql-group-replication";
import { DatabaseMachine, type MachineArgs } from "./machines";

// ---- The program as it was: machines, and what the rest of the company reads from this stack. ----

const config = new pulumi.Config();
const machines = config
  .requireObject<MachineArgs[]>("machines")
  .map((args) => new DatabaseMachine(args.name, args));

export const endpoints = machines.map(({ host, port }) => pulumi.interpolate`mysql://${host}:${port}`);

// ---- Added: the group that was made by hand on these machines, as it is. ----
//
// The first `pulumi up` adopts it: nothing is set, no member restarts. From then on it is hardened by configuration,
// for example `pulumi config set sslMode VERIFY_IDENTITY`, which `pulumi preview` explains and `pulumi up` does.

const sslMode = config.get<"REQUIRED" | "VERIFY_CA" | "VERIFY_IDENTITY">("sslMode") ?? "REQUIRED";
const requireSecureTransport = config.getBoolean("requireSecureTransport");
const tlsVersion = config.getObject<string[]>("tlsVersion");

const account = new ReplicationUser("recovery", {
  servers: machines.map(({ host, port }) => ({ host, port })),
  user: "recovery",
  password: config.requireSecret("recoveryPassword"),
  require: config.get<"SSL" | "X509">("recoveryRequire") ?? "SSL",
});

for (const machine of machines) {
  const connection = { host: machine.host, port: machine.port };

  const channel = new RecoveryChannel(
    machine.name,
    {
      connection,
      user: account.user,
      password: config.requireSecret("recoveryPassword"),
      recoveryUseSsl: true,
      recoverySslCa: machine.tls.ca,
      recoverySslCert: machine.tls.cert,
      recoverySslKey: machine.tls.key,
    },
    { parent: machine },
  );

  // No `bootstrap` on any of them: this program may never make a second group beside the one that runs.
  new GroupMember(
    machine.name,
    {
      connection,
      groupName: config.require("groupName"),
      localAddress: machine.localAddress,
      groupSeeds: machines.map(({ localAddress }) => localAddress),
      sslMode,
      sslCa: machine.tls.ca,
      sslCert: machine.tls.cert,
      sslKey: machine.tls.key,
      startOnBoot: true,
      // What is left out is not managed: the server keeps what it has.
      ...(requireSecureTransport === undefined ? {} : { requireSecureTransport }),
      ...(tlsVersion === undefined ? {} : { tlsVersion }),
    },
    { parent: machine, dependsOn: channel },
  );
}
