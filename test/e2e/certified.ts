import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Member, Sandbox } from "../../tools/sandbox";
import { type Args, type Declaration, type Deployment, connectionOf, declarationOf } from "./harness";

export interface Certified {
  sslMode: "VERIFY_CA" | "VERIFY_IDENTITY";
  authority?: Args;
  /** Of every certificate. */
  leaf?: Args;
  member?: Args;
  /** Clients beside the group, each with a certificate and a folder. */
  clients?: string[];
  /** Servers have a list of revoked certificates; undefined: they have none. */
  revoked?: Args[];
}

const O = "Example";

/** A group, all of whose certificates are made, delivered and loaded by one program. */
export function certified(sandbox: Sandbox, given: Certified): Declaration {
  const { members } = sandbox;
  const { sslMode, authority, leaf, clients = [], revoked } = given;
  const client = (name: string): Declaration["certificates"] => [
    {
      name,
      issuer: "ca",
      certificate: { subject: { O, CN: name }, usage: "client", ...leaf },
    },
  ];
  return {
    ...declarationOf(sandbox, {
      user: {
        require: {
          issuer: "${certificates.recovery.mysqlIssuer}",
          subject: "${certificates.recovery.mysqlSubject}",
        },
      },
      channel: ({ name }) => ({
        recoverySslCa: `\${files.${name}.sslCa}`,
        recoverySslCert: `\${files.${name}-recovery.sslCert}`,
        recoverySslKey: `\${files.${name}-recovery.sslKey}`,
        recoverySslVerifyServerCert: sslMode === "VERIFY_IDENTITY",
      }),
      member: ({ name }) => ({
        sslMode,
        sslCa: `\${files.${name}.sslCa}`,
        sslCert: `\${files.${name}.sslCert}`,
        sslKey: `\${files.${name}.sslKey}`,
        expectedCertificate: `\${certificates.${name}.certificateChain}`,
        expectedCa: "${authorities.ca.trustBundle}",
        ...(revoked ? { sslCrl: `\${files.${name}.sslCrl}`, expectedCrl: "${lists.crl.crl}" } : {}),
        ...given.member,
      }),
    }),
    authorities: [
      { name: "ca", authority: { subject: { O, CN: "Example CA" }, keyBits: 2048, ...authority } },
    ],
    certificates: [
      ...members.map(({ name, host }) => ({
        name,
        issuer: "ca",
        certificate: { subject: { O, CN: name }, ipAddresses: [host], ...leaf },
      })),
      ...["recovery", ...clients].flatMap((name) => client(name)!),
    ],
    lists: revoked ? [{ name: "crl", issuer: "ca", list: { revoked } }] : [],
    files: [
      ...members.flatMap((member) => {
        const place = { folder: made(folderOf(member)), servers: [connectionOf(member)] };
        const crl = revoked ? { crl: "${lists.crl.crl}" } : {};
        const [of, ofRecovery] = [member.name, `${member.name}-recovery`];
        return [
          { name: of, certificate: of, issuer: "ca", files: { ...place, ...crl } },
          {
            name: ofRecovery,
            certificate: "recovery",
            issuer: "ca",
            files: { ...place, prefix: "recovery" },
          },
        ];
      }),
      ...clients.map((name) => ({
        name,
        certificate: name,
        issuer: "ca",
        files: { folder: made(join(sandbox.folder, name)) },
      })),
    ],
  };
}

/** Where a member's files are put. */
export function folderOf({ optionFile }: Member): string {
  return join(dirname(optionFile), "certificates");
}

function made(folder: string): string {
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  return folder;
}

/** The outputs of a resource of this type and name, as state holds them. */
export function outputsOf(deployment: Deployment, type: string, name: string): Args {
  const found = deployment
    .resources()
    .find((one) => one.type.endsWith(`:${type}`) && one.urn.endsWith(`::${name}`));
  if (!found) throw new Error(`There is no ${type} ${name} in state.`);
  return found.outputs;
}
