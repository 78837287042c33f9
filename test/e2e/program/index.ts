import * as pulumi from "@pulumi/pulumi";
import {
  Certificate,
  CertificateAuthority,
  CertificateFiles,
  GroupMember,
  RecoveryChannel,
  ReplicationChannel,
  ReplicationUser,
  RevocationList,
  type CertificateArgs,
  type CertificateAuthorityArgs,
  type CertificateFilesArgs,
  type GroupMemberArgs,
  type RecoveryChannelArgs,
  type ReplicationChannelArgs,
  type ReplicationUserArgs,
  type RevocationListArgs,
} from "pulumi-mysql-group-replication";
import { Later } from "./later";

type Args = Record<string, unknown>;

interface Declaration {
  user?: Args;
  members: { name: string; channel?: Args; member?: Args }[];
  /** Asynchronous channels. */
  sources?: { name: string; source: Args }[];
  /** Each may have an issuer among those before it. */
  authorities?: { name: string; issuer?: string; authority?: Args }[];
  certificates?: { name: string; issuer: string; certificate: Args }[];
  lists?: { name: string; issuer: string; list: Args }[];
  /** Of this certificate and its CA; on an SSH host, where its login is among the secrets. */
  files?: { name: string; certificate: string; issuer: string; files: Args }[];
  /** Make everything unknown until the update; another generation makes it unknown once more. */
  unknown?: { depth: "fields" | "leaves"; generation: number };
}

// All of it comes from the stack's configuration: a test changes the declaration, never the program.
const config = new pulumi.Config();
const {
  user,
  members,
  sources = [],
  authorities = [],
  certificates = [],
  lists = [],
  files = [],
  unknown,
} = config.requireObject<Declaration>("declaration");
const password = config.requireSecret("recoveryPassword");
const channelPassword = config.getSecret("channelPassword") ?? password;
/** By member: what its own resources say about the administrator's login; by CA: one that exists. Plain text that nobody marked as secret. */
const logins = pulumi.unsecret(pulumi.output(config.getSecretObject<Record<string, Args>>("logins") ?? {}));

const issuers = new Map<string, CertificateAuthority>();
const leaves = new Map<string, Certificate>();
const revocations = new Map<string, RevocationList>();
const delivered = new Map<string, CertificateFiles>();
const made = { authorities: issuers, certificates: leaves, lists: revocations, files: delivered };

/** A text such as "${files.db1.sslCert}" anywhere in a declaration is that output. */
function referred(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(referred);
  if (typeof value === "object" && value !== null && !pulumi.Output.isInstance(value))
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, referred(inner)]));
  if (typeof value !== "string") return value;
  const [, kind, name = "", output = ""] = /^\$\{(\w+)\.([\w-]+)\.(\w+)\}$/.exec(value) ?? [];
  if (kind === undefined) return value;
  const resource = made[kind as keyof typeof made].get(name) as unknown as Args | undefined;
  if (!resource) throw new Error(`The declaration names ${String(value)}, which is not in it.`);
  return resource[output];
}

function signedBy<T>(issuer: string | undefined, args: Args): T {
  const given = referred(args) as Args;
  return (issuer === undefined ? given : { ...given, issuer: issuers.get(issuer) }) as T;
}

/** A CA that exists, where one of that name is among the secrets. */
function existing(name: string): Args {
  const part = (key: string) => logins.apply((all) => String(all[name]?.[key]));
  const material = {
    certificate: part("certificate"),
    privateKey: part("privateKey"),
    passphrase: part("passphrase"),
  };
  return { existing: material };
}

for (const { name, issuer, authority = existing(name) } of authorities)
  issuers.set(name, new CertificateAuthority(name, signedBy<CertificateAuthorityArgs>(issuer, authority)));

for (const { name, issuer, certificate } of certificates)
  leaves.set(name, new Certificate(name, signedBy<CertificateArgs>(issuer, certificate)));

for (const { name, issuer, list } of lists)
  revocations.set(name, new RevocationList(name, signedBy<RevocationListArgs>(issuer, list)));

for (const { name, certificate, issuer, files: args } of files) {
  const { certificateChain: cert, privateKey: key } = leaves.get(certificate)!;
  const { trustBundle: ca } = issuers.get(issuer)!;
  const ssh = config.get("logins") === undefined ? {} : { ssh: logins.apply((all) => all[name]) };
  const all = { ca, cert, key, ...ssh, ...(referred(args) as Args) };
  delivered.set(name, new CertificateFiles(name, all as unknown as CertificateFilesArgs));
}

function declared<T>(name: string, given: Args): T {
  const args = referred(given) as Args;
  if (!unknown) return args as T;
  const later = new Later(`${name}-${unknown.generation}`, args);
  return (unknown.depth === "fields" ? later.fields(args) : later.leaves(args)) as T;
}

const account =
  user && new ReplicationUser("account", declared<ReplicationUserArgs>("account", { password, ...user }));

function withLogin(name: string, args: Args): Args {
  if (config.get("logins") === undefined) return args;
  const connection = logins.apply((all) => ({ ...(args["connection"] as Args), ...all[name] }));
  return { ...args, connection };
}

for (const { name, channel, member } of members) {
  const credentials =
    channel &&
    new RecoveryChannel(
      name,
      declared<RecoveryChannelArgs>(`channel-${name}`, {
        password: channelPassword,
        ...withLogin(name, channel),
      }),
      { dependsOn: account ?? [] },
    );
  if (member)
    new GroupMember(name, declared<GroupMemberArgs>(`member-${name}`, withLogin(name, member)), {
      dependsOn: credentials ?? [],
    });
}

for (const { name, source } of sources)
  new ReplicationChannel(name, declared<ReplicationChannelArgs>(`source-${name}`, { password, ...source }));
