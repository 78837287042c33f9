import { type ResourceRuntime, groupMember, recoveryChannel, replicationUser } from "../../provider/runtime";
import { unknownValue } from "../../provider/plan/wish";
import {
  type Inputs,
  channelInputs,
  create,
  login,
  memberInputs,
  said,
  useRuntime,
  useSandbox,
  value,
  withServer,
} from "./helpers";

useRuntime();
const plain = useSandbox({ members: 1 });

const connection = { host: "127.0.0.1", port: 3306 };
const member: Inputs = {
  connection,
  groupName: "8a94f357-aab4-11e8-9d3f-0242ac120002",
  localAddress: "127.0.0.1:33061",
};
const channel: Inputs = { connection, user: "recovery", password: "secret" };
const user: Inputs = { servers: [connection], user: "recovery", password: "secret" };

/** What is declared beside a valid declaration, the property that is named, and why it is refused. */
const wrong: [ResourceRuntime, Inputs, Inputs, string, string | RegExp][] = [
  // Names
  [groupMember, member, { sslmode: "REQUIRED" }, "sslmode", "is no property of this resource"],
  [
    groupMember,
    member,
    { connection: { ...connection, hots: "db1" } },
    "connection.hots",
    "is no property of this resource",
  ],
  [
    groupMember,
    member,
    { variables: { group_replication_speed: 1 } },
    "variables.group_replication_speed",
    "is unknown: no server version has such a variable",
  ],
  [
    groupMember,
    member,
    { variables: { flow_control_mode: "QUOTA" } },
    "variables.flow_control_mode",
    "is unknown; did you mean group_replication_flow_control_mode?",
  ],
  [
    groupMember,
    member,
    { variables: { group_replication_ssl_mode: "REQUIRED" } },
    "variables.group_replication_ssl_mode",
    "has a property of its own: declare sslMode",
  ],
  [
    groupMember,
    member,
    { variables: { group_replication_bootstrap_group: true } },
    "variables.group_replication_bootstrap_group",
    /cannot be declared/,
  ],
  [
    groupMember,
    member,
    { variables: { max_connections: 10 } },
    "variables.max_connections",
    /is unknown|is no group_replication/,
  ],
  [
    groupMember,
    member,
    { variables: { group_replication_recovery_retry_count: 3 } },
    "variables.group_replication_recovery_retry_count",
    "belongs on RecoveryChannel",
  ],
  // Required
  [groupMember, { connection, localAddress: "db1:33061" }, {}, "groupName", "is required"],
  [groupMember, { ...member, localAddress: undefined }, {}, "localAddress", "is required"],
  [recoveryChannel, { connection }, {}, "user", "is required"],
  [
    replicationUser,
    { user: "recovery", password: "x", servers: [] },
    {},
    "",
    "servers: must name at least one server",
  ],
  // Kinds of values
  [groupMember, member, { groupName: "my-group" }, "groupName", /must be a UUID/],
  [
    groupMember,
    member,
    { sslMode: "ON" },
    "sslMode",
    'must be one of DISABLED, REQUIRED, VERIFY_CA, VERIFY_IDENTITY, not "ON"',
  ],
  [groupMember, member, { memberWeight: 101 }, "memberWeight", "must be from 0 to 100 percent, not 101"],
  [groupMember, member, { memberWeight: 1.5 }, "memberWeight", /must be a whole number/],
  [groupMember, member, { memberWeight: "heavy" }, "memberWeight", /must be a/],
  [
    groupMember,
    member,
    { requireSecureTransport: "maybe" },
    "requireSecureTransport",
    /must be (true or false|a boolean)/,
  ],
  [groupMember, member, { startOnBoot: 2 }, "startOnBoot", /must be (true or false|a boolean)/],
  [groupMember, member, { groupSeeds: "db1:33061" }, "groupSeeds", "must be an array"],
  [groupMember, member, { groupSeeds: ["db1"] }, "groupSeeds", '"db1" is not host:port'],
  [groupMember, member, { groupSeeds: ["db1:0"] }, "groupSeeds", '"db1:0" is not host:port'],
  [groupMember, member, { localAddress: "db1" }, "localAddress", '"db1" is not host:port'],
  [groupMember, member, { localAddress: "db1:70000" }, "localAddress", '"db1:70000" is not host:port'],
  [
    groupMember,
    member,
    { ipAllowlist: ["10.0.0.0/8", "a;b"] },
    "ipAllowlist",
    '"a;b" is no address, network or host name',
  ],
  [groupMember, member, { sslCa: ["ca.pem"] }, "sslCa", "must not be an array"],
  [groupMember, member, { sslCa: "ca\0.pem" }, "sslCa", "must not contain NUL or a line end"],
  [
    groupMember,
    member,
    { exitStateAction: "PANIC" },
    "exitStateAction",
    /must be one of READ_ONLY, OFFLINE_MODE, ABORT_SERVER/,
  ],
  [
    groupMember,
    member,
    { variables: { group_replication_flow_control_hold_percent: 101 } },
    "variables.group_replication_flow_control_hold_percent",
    /must be from 0 to 100/,
  ],
  [
    groupMember,
    member,
    { rollout: { onlineTimeout: 60 } },
    "rollout.onlineTimeout",
    /Too small|must be|>=\s?70/i,
  ],
  [
    groupMember,
    member,
    { connection: { ...connection, port: 70000 } },
    "connection.port",
    /Too big|must be|<=\s?65535/i,
  ],
  // TLS lists
  [
    groupMember,
    member,
    { tlsVersion: ["TLSv1.1", "TLSv1.3"] },
    "tlsVersion",
    "must not leave out TLSv1.2 between TLSv1.1 and TLSv1.3: Group Replication needs a list without gaps",
  ],
  [
    groupMember,
    member,
    { tlsVersion: ["TLSv1.2", "TLSv1.4"] },
    "tlsVersion",
    '"TLSv1.4" is no TLS protocol; known are TLSv1, TLSv1.1, TLSv1.2, TLSv1.3',
  ],
  [groupMember, member, { tlsVersion: [] }, "tlsVersion", "must name at least one protocol"],
  [groupMember, member, { tlsVersion: ["TLSv1.2", "TLSv1.2"] }, "tlsVersion", "names a protocol twice"],
  [
    groupMember,
    member,
    { tlsCiphersuites: ["ECDHE-RSA-AES128-GCM-SHA256"] },
    "tlsCiphersuites",
    "ECDHE-RSA-AES128-GCM-SHA256 is no TLSv1.3 ciphersuite; ciphers up to TLSv1.2 go under *Cipher",
  ],
  [
    groupMember,
    member,
    { sslCipher: ["TLS_AES_256_GCM_SHA384"] },
    "sslCipher",
    "TLS_AES_256_GCM_SHA384 is a TLSv1.3 ciphersuite; those go under *Ciphersuites",
  ],
  [groupMember, member, { sslCipher: [] }, "sslCipher", /must name at least one/],
  [recoveryChannel, channel, { recoveryTlsVersion: ["TLSv1", "TLSv1.2"] }, "recoveryTlsVersion", /TLSv1\.1/],
  [recoveryChannel, channel, { recoveryTlsVersion: ["SSLv3"] }, "recoveryTlsVersion", /no TLS protocol/],
  [
    recoveryChannel,
    channel,
    { recoveryTlsCiphersuites: [""] },
    "recoveryTlsCiphersuites",
    "must hold only non-empty strings",
  ],
  // RecoveryChannel
  [
    recoveryChannel,
    channel,
    { password: "123456789012345678901234567890123" },
    "",
    "password: must not be longer than 32 bytes, a channel takes no more (3056)",
  ],
  [recoveryChannel, channel, { password: "one\ntwo" }, "", "password: must not contain NUL or a line end"],
  [recoveryChannel, channel, { donors: ["db1:3306", "db2"] }, "donors[1]", "must be host:port"],
  [
    recoveryChannel,
    channel,
    { privilegeChecksUser: "applier" },
    "privilegeChecksUser",
    "must be 'user'@'host'",
  ],
  [recoveryChannel, channel, { requireTablePrimaryKeyCheck: "YES" }, "requireTablePrimaryKeyCheck", /STREAM/],
  // ReplicationUser
  [
    replicationUser,
    { servers: [connection], user: "recovery" },
    {},
    "require",
    "must be X509, or name an issuer or a subject, for an account without a password",
  ],
  [
    replicationUser,
    { servers: [connection], user: "recovery" },
    { require: { cipher: "AES256-SHA" } },
    "require",
    /must be X509, or name an issuer or a subject/,
  ],
  [
    replicationUser,
    { servers: [connection], user: "recovery" },
    { require: {} },
    "require",
    /must be X509, or name an issuer or a subject/,
  ],
  [
    replicationUser,
    user,
    { grants: ["SELECT ON mysql.user; DROP"] },
    "grants[0]",
    'must be "PRIVILEGE" or "PRIVILEGE ON schema.table"',
  ],
  [replicationUser, user, { require: "TLS" }, "require", /./],
  [replicationUser, user, { passwordExpire: 0 }, "passwordExpire", /./],
  [replicationUser, user, { user: "a".repeat(33) }, "user", /./],
];

const named = wrong.map(([runtime, valid, more, property, reason]) => ({
  title: `${property || "a secret property"}, declared with ${JSON.stringify(more)}`,
  runtime,
  inputs: { ...valid, ...more },
  property,
  reason,
}));

it.each(named)("check refuses $title", async ({ runtime, inputs, property, reason }) => {
  const { failures } = await runtime.check({}, inputs);
  expect(failures).toEqual([
    { property, reason: typeof reason === "string" ? reason : expect.stringMatching(reason) },
  ]);
});

it("check tells of everything that is wrong at once, and never quotes a password", async () => {
  const { failures } = await recoveryChannel.check(
    {},
    {
      connection: { ...connection, password: 7, tls: { mode: "SOMETIMES" } },
      user: "",
      password: "a-password-that-is-longer-than-32-bytes",
      recoveryTlsVersion: ["TLSv9"],
    },
  );
  expect(failures.map((f) => f.property).sort()).toEqual([
    "",
    "",
    "connection.tls.mode",
    "recoveryTlsVersion",
    "user",
  ]);
  expect(JSON.stringify(failures)).not.toContain("a-password");
});

it.each<[string, ResourceRuntime, Inputs]>([
  [
    "GroupMember",
    groupMember,
    { ...member, sslMode: "REQUIRED", groupSeeds: ["db1:33061"], memberWeight: 50 },
  ],
  ["RecoveryChannel", recoveryChannel, { ...channel, recoveryTlsVersion: ["TLSv1.2"], donors: ["db1:3306"] }],
  ["ReplicationUser", replicationUser, { ...user, require: "X509", grants: ["BACKUP_ADMIN"], host: "%" }],
])("check takes an unknown value in every field of %s", async (_name, runtime, inputs) => {
  for (const key of Object.keys(inputs))
    expect(await runtime.check({}, { ...inputs, [key]: unknownValue })).toMatchObject({ failures: [] });
  for (const [key, list] of Object.entries(inputs))
    if (Array.isArray(list))
      expect(await runtime.check({}, { ...inputs, [key]: [unknownValue] })).toMatchObject({ failures: [] });
});

it("diff takes an unknown value in every field of what exists", async () => {
  await withServer(plain.it, async (server) => {
    const user = await create(replicationUser, {
      servers: [login(server)],
      user: "recovery",
      password: "secret",
      require: "SSL",
      grants: ["REPLICATION SLAVE"],
      passwordExpire: "NEVER",
      accountLocked: false,
    });
    const made = [
      user,
      await create(
        recoveryChannel,
        channelInputs(plain.it, server, { user: "recovery", password: "secret", recoveryRetryCount: 3 }),
      ),
      await create(
        groupMember,
        memberInputs(plain.it, server, {
          groupSeeds: [server.localAddress],
          bootstrap: true,
          tlsVersion: ["TLSv1.2", "TLSv1.3"],
          variables: { group_replication_poll_spin_loops: 0 },
        }),
      ),
    ];
    for (const { runtime, id, inputs, outs } of made)
      for (const [key, declared] of Object.entries(inputs)) {
        const within = Array.isArray(declared)
          ? [[unknownValue]]
          : typeof declared === "object" && declared !== null
            ? Object.keys(declared).map((k) => ({ ...declared, [k]: unknownValue }))
            : [];
        for (const value of [unknownValue, ...within])
          expect({ key, ...(await runtime.diff(id, outs, { ...inputs, [key]: value })) }).toMatchObject({
            key,
            changes: true,
          });
      }
    expect(said.join("\n")).not.toMatch(/secret(?!>)|04da6b54/);
  });
});

it("every spelling that check takes ends as the server's own", async () => {
  const server = plain.db(1);
  const made = await create(
    groupMember,
    memberInputs(plain.it, server, {
      groupSeeds: [server.localAddress],
      bootstrap: true,
      groupName: plain.it.groupName.toUpperCase(),
      sslMode: "required",
      tlsVersion: ["tlsv1.3", "TLSv1.2"],
      consistency: "eventual",
      exitStateAction: "read_only",
    }),
  );
  expect(await value(server, "LOWER(@@group_replication_group_name)")).toBe(plain.it.groupName);
  expect(await value(server, "@@group_replication_consistency")).toBe("EVENTUAL");
  const { inputs } = await groupMember.read(made.id, made.outs);
  expect(inputs).toEqual(made.inputs);
  expect(await groupMember.diff(made.id, made.outs, made.inputs)).toEqual({ changes: false });
});
