import { posix } from "node:path";
import { z } from "zod";
import { reasons } from "../certificates/reasons";
import { nameTypes } from "../certificates/name-parts";
import { type ChannelOption, channelOptions, textProblem } from "../mysql/channel-options";
import { parseAccount } from "../mysql/sql";
import { channelProperties, memberProperties, unknownValue } from "../plan/wish";

/** A value that is not known before the update passes every check; it is checked again when it is known. */
const unknown = z.literal(unknownValue);

function known<T extends z.ZodType>(schema: T): z.ZodUnion<[z.ZodLiteral<typeof unknownValue>, T]> {
  return z.union([unknown, schema]);
}

const text = known(z.string().min(1));

const leaveOut = "must not be empty; leave it out to have it unmanaged";

export const tlsSchema = z.strictObject({
  mode: known(z.enum(["DISABLED", "PREFERRED", "REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY"])).optional(),
  ca: text.optional(),
  cert: text.optional(),
  key: text.optional(),
  serverName: text.optional(),
});

const connectionSchema = known(
  z.strictObject({
    host: text.optional(),
    port: known(z.number().int().min(1).max(65535)).optional(),
    user: text.optional(),
    password: known(z.string()).optional(),
    socketPath: text.optional(),
    connectTimeout: known(z.number().min(1).max(600)).optional(),
    tls: known(tlsSchema).optional(),
  }),
);

const rolloutSchema = known(
  z.strictObject({
    onlineTimeout: known(z.number().int().min(70).max(86400)).optional(),
    switchoverTimeout: known(z.number().int().min(1).max(3600)).optional(),
    openTransactions: known(z.enum(["keep", "end"])).optional(),
    maxUnavailable: known(z.number().int().min(1).max(4)).optional(),
    groupRestart: known(z.enum(["refuse", "allow"])).optional(),
  }),
);

const member = z.strictObject({
  connection: connectionSchema,
  groupName: known(z.guid({ error: "must be a UUID, e.g. 8a94f357-aab4-11e8-9d3f-0242ac120002" })),
  localAddress: known(z.string()),
  bootstrap: known(z.boolean()).optional(),
  installPlugin: known(z.boolean()).optional(),
  rollout: rolloutSchema.optional(),
  expectedCertificate: text.optional(),
  expectedCa: text.optional(),
  expectedCrl: text.optional(),
  variables: known(z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]))).optional(),
  // Typed by the catalogue.
  ...Object.fromEntries(
    memberProperties
      .filter((p) => p !== "groupName" && p !== "localAddress")
      .map((p) => [p, z.any().optional()]),
  ),
});

/** A text that a server keeps as it is. */
function kept(longest?: number): z.ZodString {
  return z.string().superRefine((text, context) => {
    const problem = textProblem(text, longest);
    if (problem !== undefined) context.addIssue({ code: "custom", message: problem });
  });
}

/** Of an account that a channel logs in with. */
const loginName = kept(96).min(1).max(32);

const account = kept()
  .refine((text) => parseAccount(text) !== undefined, "must be 'user'@'host'")
  .refine((text) => parseAccount(text)?.user !== "", "must name a user (3925)")
  .refine((text) => (parseAccount(text)?.user.length ?? 0) <= 32, "must have a user of 32 characters at most")
  .refine(
    (text) => (parseAccount(text)?.host.length ?? 0) <= 255,
    "must have a host of 255 characters at most",
  );

const channel = z.strictObject({
  connection: connectionSchema,
  user: known(loginName),
  password: known(z.string()).optional(),
  donors: known(z.array(known(z.string()))).optional(),
  networkNamespace: known(kept(64)).optional(),
  privilegeChecksUser: known(account).optional(),
  // A channel of Group Replication does not take GENERATE (4155).
  requireTablePrimaryKeyCheck: known(z.enum(["STREAM", "ON", "OFF"])).optional(),
  rollout: rolloutSchema.optional(),
  // Typed by the catalogue.
  ...Object.fromEntries(channelProperties.map((p) => [p, z.any().optional()])),
});

/** Part of an account's name: it may hold a line end, as no channel's may. */
const accountName = z
  .string()
  .min(1)
  .refine(
    (text) => !/[\0\u{10000}-\u{10FFFF}]/u.test(text),
    "must not contain NUL or a character beyond U+FFFF",
  );

const requirement = known(
  z.union([
    z.enum(["NONE", "SSL", "X509"]),
    z.strictObject({ issuer: text.optional(), subject: text.optional(), cipher: text.optional() }),
  ]),
);

const user = z.strictObject({
  servers: known(z.array(connectionSchema).min(1, "must name at least one server")),
  user: known(accountName.max(32)),
  host: known(accountName.max(255)).optional(),
  password: known(z.string()).optional(),
  authPlugin: text.optional(),
  require: requirement.optional(),
  grants: known(z.array(known(z.string()))).optional(),
  passwordExpire: known(
    z.union([z.enum(["DEFAULT", "NEVER"]), z.number().int().min(1).max(65535)]),
  ).optional(),
  accountLocked: known(z.boolean()).optional(),
  forceDrop: known(z.boolean()).optional(),
});

const source = z.strictObject({
  connection: connectionSchema,
  channelName: known(z.string()).optional(),
  host: text,
  user: known(loginName),
  password: known(z.string()).optional(),
  sslMode: known(z.enum(["DISABLED", "REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY"])).optional(),
  logFile: text.optional(),
  logPosition: known(z.number().int().min(4)).optional(),
  running: known(z.boolean()).optional(),
  source: connectionSchema.optional(),
  ...Object.fromEntries(
    channelOptions
      .filter((o) => o.property !== "host" && o.property !== "user")
      .map((o) => [o.property, known(optionSchema(o)).optional()]),
  ),
});

function optionSchema(option: ChannelOption): z.ZodType {
  const { kind, min = 0, max = Number.MAX_SAFE_INTEGER, words } = option;
  switch (kind) {
    case "boolean":
      return z.boolean();
    case "integer":
      return z.number().int().min(min).max(max);
    case "decimal":
      return z.number().min(min).max(max).refine(isInThousandths, "must be in steps of 0.001");
    case "list":
      return z.array(known(words ? z.enum(words) : z.string().min(1))).min(1, leaveOut);
    case "account":
      return account;
    case "word":
      return words ? z.enum(words) : z.string().min(1, leaveOut);
    case "text":
      return z.string().min(1, leaveOut);
  }
}

function isInThousandths(value: number): boolean {
  return Number(value.toFixed(3)) === value;
}

const ofIssuer = {
  certificate: text,
  privateKey: text,
  passphrase: known(z.string()).optional(),
  trustBundle: text.optional(),
};
const issuer = known(z.strictObject(ofIssuer));

const subject = known(
  z.array(known(z.strictObject({ type: known(z.enum(nameTypes)), value: known(z.string()) }))),
);
const keyBits = known(z.number().refine((n) => [2048, 3072, 4096].includes(n), "must be 2048, 3072 or 4096"));
const validityDays = known(z.number().int().min(1).max(36500));
const renewBefore = known(z.number().min(0).max(0.9));

const authority = z.strictObject({
  subject: subject.optional(),
  keyBits: keyBits.optional(),
  validityDays: validityDays.optional(),
  pathLength: known(z.number().int().min(0).max(9)).optional(),
  renewBefore: renewBefore.optional(),
  issuer: issuer.optional(),
  existing: issuer.optional(),
  rotation: known(z.number().int().min(0)).optional(),
  usedBy: known(z.array(connectionSchema)).optional(),
  renewedFiles: known(z.array(text)).optional(),
});

const certificate = z.strictObject({
  issuer,
  subject,
  usage: known(z.enum(["server", "client", "both"])).optional(),
  dnsNames: known(z.array(known(z.string()))).optional(),
  ipAddresses: known(z.array(known(z.string()))).optional(),
  validityDays: validityDays.optional(),
  renewBefore: renewBefore.optional(),
  keyBits: keyBits.optional(),
  keepKey: known(z.boolean()).optional(),
  privateKeyFormat: known(z.enum(["PKCS8", "PKCS1"])).optional(),
});

const revocation = z.strictObject({
  issuer: known(
    z
      .strictObject({
        ...ofIssuer,
        rotatingCertificate: text.optional(),
        rotatingPrivateKey: text.optional(),
      })
      .refine(
        (i) => (i.rotatingCertificate === undefined) === (i.rotatingPrivateKey === undefined),
        "must have rotatingCertificate and rotatingPrivateKey together",
      ),
  ),
  revoked: known(
    z.array(
      known(
        z.strictObject({
          serialNumber: known(
            z.string().regex(/^(0x)?[0-9a-f][0-9a-f:]{0,63}$/i, "must be hexadecimal"),
          ).optional(),
          certificate: text.optional(),
          reason: known(z.enum(Object.keys(reasons))).optional(),
          revokedAt: known(z.string().refine(isTime, "must be a time as ISO 8601")).optional(),
        }),
      ),
    ),
  ).optional(),
  validityDays: validityDays.optional(),
  renewBefore: renewBefore.optional(),
});

const ssh = known(
  z
    .strictObject({
      host: text,
      port: known(z.number().int().min(1).max(65535)).optional(),
      user: text,
      privateKey: text.optional(),
      passphrase: known(z.string()).optional(),
      agent: text.optional(),
      knownHosts: text.optional(),
      hostKey: text.optional(),
      connectTimeout: known(z.number().min(1).max(600)).optional(),
    })
    .refine(
      (s) => s.privateKey === undefined || s.agent === undefined,
      "must have either privateKey or agent",
    )
    .refine(
      (s) => s.knownHosts === undefined || s.hostKey === undefined,
      "must have either knownHosts or hostKey",
    ),
);

const fileOwner = known(z.string().regex(/^(\d+|[a-z_][a-z0-9_.-]*\$?)$/i, "must be a name or a number"));

const files = z.strictObject({
  folder: known(
    z
      .string()
      .refine(
        (path) => path.length > 1 && path === posix.normalize(path) && /^\/.*[^/]$/.test(path),
        "must be an absolute path, without . and .. and without a / at its end",
      ),
  ),
  prefix: known(
    z
      .string()
      .regex(
        /^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/,
        "must be of letters, digits, dot, hyphen and underscore, 40 at most, and begin with a letter or digit",
      ),
  ).optional(),
  ssh: ssh.optional(),
  ca: text.optional(),
  capath: text.optional(),
  cert: text.optional(),
  key: text.optional(),
  keyPassphrase: known(z.string()).optional(),
  crl: text.optional(),
  crlpath: text.optional(),
  owner: fileOwner.optional(),
  group: fileOwner.optional(),
  keyMode: known(
    z
      .string()
      .regex(/^0?(4[04]0|6[04]0)$/, 'must be "0400", "0440", "0600" or "0640": others may not read a key'),
  ).optional(),
  mode: known(
    z.string().regex(/^0?[46][04][04]$/, 'must be octal, such as "0644": nobody but the owner may write'),
  ).optional(),
  servers: known(z.array(connectionSchema)).optional(),
});

function isTime(text: string): boolean {
  return /^\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d))?$/.test(text) && !Number.isNaN(Date.parse(text));
}

export const schemas = { member, channel, user, source, authority, certificate, revocation, files };
