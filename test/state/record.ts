// Records what the present code leaves in state, for the tests of later versions:
// node_modules/.bin/node --import tsx test/state/record.ts issue-3
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { down, up, type Sandbox } from "../../tools/sandbox";
import { connectionOf, declarationOf, type Declaration, Deployment } from "../e2e/harness";
import { generalized } from "./sample";

async function main([name]: string[]): Promise<void> {
  if (name === undefined || !/^[\w-]+$/.test(name)) throw new Error("usage: record.ts NAME");
  const sandbox = await up({ members: 4, temporary: true });
  let deployment: Deployment | undefined;
  try {
    // Something of every kind: texts, lists, numbers, flags and variables without a property of their own.
    const group = { ...sandbox, members: sandbox.members.slice(0, 3) };
    const [source, replica] = [sandbox.members[0]!, sandbox.members[3]!];
    const declaration: Declaration = declarationOf(group, {
      user: { grants: ["REPLICATION SLAVE", "BACKUP_ADMIN", "CONNECTION_ADMIN", "GROUP_REPLICATION_STREAM"] },
      channel: { recoveryTlsVersion: ["TLSv1.2", "TLSv1.3"], recoveryRetryCount: 7 },
      member: {
        tlsVersion: ["TLSv1.2", "TLSv1.3"],
        ipAllowlist: ["127.0.0.1/8"],
        memberWeight: 60,
        requireSecureTransport: false,
        variables: { group_replication_poll_spin_loops: 100 },
        rollout: { onlineTimeout: 120 },
      },
    });
    deployment = await Deployment.of(sandbox, declaration);
    // The account that the channel logs in with is a resource of the same stack.
    await deployment.up();
    declaration.sources = [
      {
        name: "channel",
        source: {
          connection: connectionOf(replica),
          channelName: "from_group",
          host: source.host,
          port: source.port,
          user: "recovery",
          sslMode: "VERIFY_CA",
          sslCa: replica.tls.ca,
          tlsVersion: ["TLSv1.2", "TLSv1.3"],
          connectRetry: 10,
          heartbeatPeriod: 2.5,
          getPublicKey: false,
        },
      },
    ];
    Object.assign(declaration, certificates(sandbox));
    await deployment.configure(declaration);
    await deployment.up();
    const state = await deployment.stack.exportStack();
    const sample = await generalized({ declaration, state }, sandbox);
    writeFileSync(join(__dirname, `${name}.json`), `${JSON.stringify(sample, null, 2)}\n`);
  } finally {
    deployment?.dispose();
    await down(sandbox);
  }
}

/** Valid for longer than the package will be tested. */
function certificates({ folder, members }: Sandbox): Partial<Declaration> {
  const ca = { keyBits: 2048, validityDays: 36_500 };
  const subject = { C: "SE", O: "Example", CN: "db1" };
  const of = { subject, dnsNames: ["db1"], ipAddresses: ["127.0.0.1"], validityDays: 36_000 };
  const place = join(folder, "files");
  mkdirSync(place);
  return {
    authorities: [
      { name: "root", authority: { ...ca, subject: { O: "Example", CN: "Root CA" } } },
      {
        name: "middle",
        issuer: "root",
        authority: { ...ca, subject: { CN: "Middle CA" }, validityDays: 36_400, pathLength: 0 },
      },
    ],
    certificates: [{ name: "leaf", issuer: "middle", certificate: of }],
    lists: [
      {
        name: "crl",
        issuer: "root",
        list: { revoked: [{ serialNumber: "01aa", reason: "superseded" }], validityDays: 36_000 },
      },
    ],
    files: [
      {
        name: "files",
        certificate: "leaf",
        issuer: "middle",
        files: {
          folder: place,
          capath: "${authorities.middle.trustBundle}",
          crl: "${lists.crl.crl}",
          servers: [connectionOf(members[0]!)],
        },
      },
    ],
  };
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
