import fc from "fast-check";
import { type ChannelOption, channelOptions } from "../../../provider/mysql/channel-options";
import { unknownValue } from "../../../provider/plan/wish";
import type { CheckFailure } from "../../../provider/runtime/validation";
import {
  type Resource,
  groupMember,
  recoveryChannel,
  replicationChannel,
  replicationUser,
  resources,
  withUnknowns,
} from "./inputs";

// A resource that is new to the stack shows what it may do.
beforeAll(() => {
  jest.spyOn(console, "log").mockImplementation(() => undefined);
});

const each = resources.map((r) => [r.name, r] as const);
const everyField = resources.flatMap((r) => r.fields.map((f) => [r.name, f.name, r] as const));

/** A failure in words; one of a secret has no property, which the engine would print, and names it in the reason. */
function told({ property, reason }: CheckFailure): string {
  return property === "" ? reason : `${property}: ${reason}`;
}

/** Failures of the resource with everything right but this. */
function failuresWith(resource: Resource, changes: Record<string, unknown>): string[] {
  return resource.failures({ ...resource.full, ...changes }).map(told);
}

describe("check", () => {
  it.each(each)("of %s finds nothing wrong where every property is right", (_, resource) => {
    expect(resource.failures(resource.full)).toEqual([]);
    expect(Object.keys(resource.full).sort()).toEqual(resource.fields.map((f) => f.name).sort());
  });

  it.each(everyField)("of %s takes %s as not declared where it is undefined or null", (_, name, resource) => {
    const missing = resource.fields.find((f) => f.name === name)!.optional ? [] : [`${name}: is required`];
    // An account without a password must show a certificate, which it does here.
    const without = (value: unknown): Record<string, unknown> =>
      Object.fromEntries([name, ...(resource.leaning?.[name] ?? [])].map((property) => [property, value]));
    expect(failuresWith(resource, without(undefined))).toEqual(missing);
    expect(failuresWith(resource, without(null))).toEqual(missing);
  });

  it.each(everyField)(
    "of %s takes a value of %s that is not known yet, at every depth",
    (_, name, resource) => {
      for (const value of withUnknowns(resource.full[name]))
        expect(failuresWith(resource, { [name]: value })).toEqual([]);
    },
  );

  it.each(each)("of %s takes all values not known yet at once", (_, resource) => {
    const all = Object.fromEntries(Object.keys(resource.full).map((key) => [key, unknownValue]));
    expect(resource.failures(all)).toEqual([]);
  });

  it.each(everyField)("of %s names a misspelling of %s", (_, name, resource) => {
    const wrong = `${name}s`;
    expect(failuresWith(resource, { [wrong]: "x" })).toEqual([`${wrong}: is no property of this resource`]);
  });

  it.each(each)("of %s names a misspelling inside a connection by its path", (_, resource) => {
    const [path, changes] =
      resource === replicationUser
        ? ["servers.0", { servers: [{ host: "db1", pasword: "x", tls: { Mode: "REQUIRED" } }] }]
        : ["connection", { connection: { host: "db1", pasword: "x", tls: { Mode: "REQUIRED" } } }];
    expect(failuresWith(resource, changes).sort()).toEqual([
      `${path}.pasword: is no property of this resource`,
      `${path}.tls.Mode: is no property of this resource`,
    ]);
  });

  it.each(each)("of %s does not throw for an object that cannot be made a text", (_, resource) => {
    const throwing = resource.fields
      .map((f) => f.name)
      .filter((name) => {
        try {
          return !resource.failures({ ...resource.full, [name]: { toString: null } });
        } catch {
          return true;
        }
      });
    expect(throwing).toEqual([]);
  });

  const json = fc
    .jsonValue({ maxDepth: 3 })
    .filter((value) => !/"(toString|valueOf)"/.test(JSON.stringify(value)));
  it.each(everyField)("of %s never throws, whatever %s is", (_, name, resource) => {
    fc.assert(
      fc.property(json, (value) => {
        expect(Array.isArray(resource.failures({ ...resource.full, [name]: value }))).toBe(true);
      }),
      { numRuns: 25 },
    );
  });
});

/** Values that are wrong, by property; the property itself or something in it must be named. */
const text: unknown[] = [5, true, {}, ["x"], "a\nb", "a\0b"];
const flag: unknown[] = ["maybe", 2, {}, [true]];
const wrongConnections: unknown[] = [
  5,
  "db1",
  [],
  { host: 5 },
  { host: "" },
  { port: 0 },
  { port: 65536 },
  { port: 33.5 },
  { port: "3306" },
  { user: "" },
  { password: 5 },
  { socketPath: "" },
  { connectTimeout: 0 },
  { connectTimeout: 601 },
  { tls: "REQUIRED" },
  { tls: { mode: "required" } },
  { tls: { ca: "" } },
  { tls: { key: 5 } },
];
const wrongRollouts: unknown[] = [
  5,
  { onlineTimeout: 69 },
  { onlineTimeout: 86401 },
  { onlineTimeout: 70.5 },
  { switchoverTimeout: 0 },
  { switchoverTimeout: 3601 },
  { openTransactions: "kill" },
  { openTransactions: true },
  { maxUnavailable: 0 },
  { maxUnavailable: 5 },
  { maxUnavailable: 1.5 },
  { maxUnavailable: "all" },
  { groupRestart: true },
  { groupRestart: "yes" },
  { maxUnavaliable: 1 },
];
const loginNames: unknown[] = [
  "",
  5,
  0,
  true,
  {},
  [],
  ["x"],
  "x".repeat(33),
  "😀".repeat(32),
  "a\nb",
  "a\rb",
  "a\0b",
];
const accounts: unknown[] = [
  5,
  true,
  {},
  [],
  "",
  "applier",
  "a@b@c",
  "'a'b'@'%'",
  "''@'%'",
  "@%",
  "a\nb@%",
  "a😀b@%",
  "a\0b@%",
  `${"x".repeat(33)}@%`,
  `a@${"x".repeat(256)}`,
];
const ciphers: unknown[] = ["A", [], [""], [5], ["A:B"], ["TLS_AES_256_GCM_SHA384"]];
const suites: unknown[] = [
  "TLS_AES_256_GCM_SHA384",
  [],
  [""],
  ["ECDHE-RSA-AES128-GCM-SHA256"],
  ["TLS_NOSUCH_SHA256"],
];
const protocols: unknown[] = [
  "TLSv1.2",
  [],
  ["TLSv1.4"],
  ["TLSv1.1", "TLSv1.3"],
  ["TLSv1.2", "TLSv1.2"],
  ["TLSv1.2,TLSv1.3"],
  [2],
];

const wrong: [resource: Resource, values: Record<string, unknown[]>][] = [
  [
    groupMember,
    {
      connection: wrongConnections,
      groupName: [
        "",
        "my-group",
        5,
        {},
        "8a94f357-aab4-11e8-9d3f-0242ac12000",
        "8a94f357aab411e89d3f0242ac120002",
      ],
      localAddress: ["", "db1", "db1:0", "db1:65536", "a b:1", "db1:33061,db2:33061", 5, {}, ["db1:33061"]],
      groupSeeds: ["db1:33061", ["db1"], [""], [5], [{}], ["db1:33061", "db2:"], {}],
      bootstrap: flag,
      communicationStack: ["XCom2", "", 5, true, {}, ["XCOM"]],
      sslMode: ["VERIFY", "", "ON", true, {}, ["REQUIRED"]],
      tlsSource: ["main", "", 5, {}],
      sslCa: text,
      sslCapath: text,
      sslCert: text,
      sslKey: text,
      sslCrl: text,
      sslCrlpath: text,
      expectedCertificate: ["", ...text, "ab".repeat(20), "-----BEGIN CERTIFICATE-----"],
      sslCipher: ciphers,
      tlsVersion: protocols,
      tlsCiphersuites: suites,
      requireSecureTransport: flag,
      ipAllowlist: [
        "10.0.0.0/8",
        [""],
        [5],
        ["a;b"],
        ["10.0.0.0/33"],
        ["10.0.0.0/-1"],
        ["2001:db8::/129"],
        ["AUTOMATIC", "10.0.0.0/8"],
      ],
      startOnBoot: flag,
      singlePrimaryMode: flag,
      memberWeight: [-1, 101, 50.5, "heavy", true, {}, [50]],
      exitStateAction: ["STOP", "", 5, {}],
      autorejoinTries: [-1, 2017, 1.5, "three"],
      memberExpelTimeout: [-1, 3601, 1.5],
      unreachableMajorityTimeout: [-1, 31536001, 1.5],
      expectedCa: ["", 5, true, {}, "/ca.pem", "-----BEGIN CERTIFICATE-----"],
      expectedCrl: ["", 5, true, {}, "/crl.pem", "-----BEGIN X509 CRL-----"],
      consistency: ["STRONG", "", true],
      advertiseRecoveryEndpoints: ["DEFAULT", ["db1"], ["db1:0"], [""], [5]],
      variables: [
        5,
        [],
        "x",
        { group_replication_poll_spin_loops: "many" },
        { group_replication_poll_spin_loops: null },
        { group_replication_poll_spin_loops: [1] },
        { group_replication_poll_spin_loops: -1 },
        { group_replication_communication_debug_options: "NONSENSE" },
        { group_replication_view_change_uuid: "not a uuid" },
      ],
      installPlugin: flag,
      rollout: wrongRollouts,
    },
  ],
  [
    recoveryChannel,
    {
      connection: wrongConnections,
      user: loginNames,
      donors: ["db2:3306", ["db2"], [5], [""], ["db2:0"]],
      networkNamespace: [5, {}, "x".repeat(65), "a\nb", "a\0b", "a😀b"],
      privilegeChecksUser: accounts,
      requireTablePrimaryKeyCheck: ["YES", "GENERATE", "", true],
      recoveryUseSsl: flag,
      recoverySslCa: text,
      recoverySslCapath: text,
      recoverySslCert: text,
      recoverySslKey: text,
      recoverySslCrl: text,
      recoverySslCrlpath: text,
      recoverySslCipher: ciphers,
      recoverySslVerifyServerCert: flag,
      recoveryTlsVersion: protocols,
      recoveryTlsCiphersuites: suites,
      recoveryPublicKeyPath: text,
      recoveryGetPublicKey: flag,
      recoveryRetryCount: [-1, 31536001, 1.5, "ten"],
      recoveryReconnectInterval: [-1, 31536001, 1.5],
      rollout: wrongRollouts,
    },
  ],
  [
    replicationUser,
    {
      servers: [5, [], {}, [5], ...wrongConnections.filter((c) => !Array.isArray(c)).map((c) => [c])],
      user: ["", 5, "x".repeat(33), {}, "a\0b", "a😀b"],
      host: ["", 5, {}, "x".repeat(256), "a\0b", "a😀b"],
      authPlugin: ["", 5, {}],
      require: ["TLS", "", 5, { issuer: 5 }, { issuer: "" }, { isuer: "/CN=CA" }],
      grants: ["REPLICATION SLAVE", [5], ["SELECT ON"], ["SELECT ON app"], ["SELECT; DROP TABLE x"]],
      passwordExpire: ["SOON", 0, -1, 65536, 1.5, true],
      accountLocked: flag,
      forceDrop: flag,
    },
  ],
  [
    replicationChannel,
    {
      connection: wrongConnections,
      channelName: [
        5,
        true,
        {},
        [],
        "x".repeat(65),
        "a\nb",
        "a\0b",
        "a😀b",
        "ends with a space ",
        "group_replication_applier",
        "GROUP_REPLICATION_RECOVERY",
        "mysqlgr_probe_1",
      ],
      logFile: ["", 5, {}, [], "a\nb", "a\0b", "a😀b", "x".repeat(512)],
      logPosition: ["4", -1, 0, 3, 4.5, 2 ** 53, {}, []],
      sslMode: ["PREFERRED", "required", "", 5, true, {}, ["REQUIRED"]],
      running: flag,
      source: wrongConnections,
      // Each option by its own row, so that none is forgotten.
      ...Object.fromEntries(channelOptions.map((option) => [option.property, wrongValues(option)])),
      user: loginNames,
    },
  ],
];

/** One of each kind: type, empty, negative, zero, fraction, too large, too long, hostile, unknown. */
function wrongValues(option: ChannelOption): unknown[] {
  const { kind, min = 0, max = 2 ** 53 - 1, longest = 511, separator, words } = option;
  const tooLong = ["x".repeat(longest + 1), "é".repeat(longest)];
  const hostile = ["a\0b", "a\nb", "a\rb", "a😀b"];
  switch (kind) {
    case "boolean":
      return [...flag, "", "yes", 0, 1, -1, 0.5, []];
    case "integer":
      return ["5", "", true, {}, [5], -1, min - 1, min + 0.5, max + 1, Infinity, Number.NaN];
    case "decimal":
      return ["5", "", true, {}, [5], -0.001, 0.0001, max + 1, Infinity, Number.NaN];
    case "text":
      return [5, 0, -1, 0.5, true, {}, [], ["x"], "", ...hostile, ...tooLong];
    case "list":
      return ["x", "", 5, true, {}, [], [""], [5], [["x"]], ["a b"], ["it's"]]
        .concat([[`x${separator}y`], ...[...hostile, ...tooLong].map((item) => [item])])
        .concat(words ? [[words[0], words[0]], [words[0]!.toUpperCase()]] : []);
    case "account":
      return accounts;
    case "word":
      return [5, 0, -1, 0.5, true, {}, [], "", "MAYBE", "it's", ...hostile, ...tooLong];
  }
}

describe("check names the property of a wrong value", () => {
  const table = wrong.flatMap(([resource, values]) =>
    Object.entries(values).map(([name, all]) => [resource.name, name, all, resource] as const),
  );

  it.each(table)("of %s's %s, and no other property", (_, name, values, resource) => {
    const of = new RegExp(`^(: )?${name}([.[][^ ]+)?: .`);
    const undetected = values.filter((value) => {
      const failures = failuresWith(resource, { [name]: value });
      return failures.length === 0 || failures.some((text) => !of.test(text));
    });
    expect(undetected).toEqual([]);
  });

  it.each(table)("of %s's %s once: the engine shows one failure a property", (_, name, values, resource) => {
    const repeated = values.flatMap((value) => {
      const paths = failuresWith(resource, { [name]: value }).map((text) => text.split(": ")[0]);
      return paths.length === new Set(paths).size ? [] : [[value, ...paths]];
    });
    expect(repeated).toEqual([]);
  });

  it("for every property but those that are secret", () => {
    const untried = wrong.flatMap(([resource, values]) =>
      resource.fields.map((f) => f.name).filter((name) => !(name in values)),
    );
    expect(untried).toEqual(["password", "password", "password"]);
  });
});

describe("check never lets the engine print a secret", () => {
  const secrets = [
    [recoveryChannel, { password: 12345678 }],
    [recoveryChannel, { password: { value: "hunter2" } }],
    [recoveryChannel, { password: "hunter2".repeat(5) }],
    [recoveryChannel, { password: "hunter2\n" }],
    [replicationUser, { password: 12345678 }],
    [replicationUser, { password: ["hunter2"] }],
    [replicationChannel, { password: 12345678 }],
    [replicationChannel, { password: "hunter2".repeat(5) }],
    [replicationChannel, { password: "hunter2\n" }],
    [replicationChannel, { password: "hunter2\0" }],
    [replicationChannel, { password: "hunter2😀" }],
    [recoveryChannel, { password: "hunter2\0" }],
    [recoveryChannel, { password: "hunter2😀" }],
  ] as const;
  it.each(secrets.map(([r, changes]) => [r.name, JSON.stringify(changes), r, changes] as const))(
    "%s with %s: the failure has no property, whose value would be shown, and does not quote it",
    (_, _text, resource, changes) => {
      const failures = resource.failures({ ...resource.full, ...changes });
      expect(failures).toHaveLength(1);
      expect(failures[0]!.property).toBe("");
      expect(failures[0]!.reason).toMatch(/^password: /);
      expect(failures[0]!.reason).not.toMatch(/hunter2|12345678/);
    },
  );

  const connections: [string, unknown][] = [
    ["is a text", "admin:12345678@db1"],
    ["has a wrong password", { host: "db1", password: 12345678 }],
    ["has a wrong key", { host: "db1", tls: { key: 12345678 } }],
    ["has a text for its tls", { host: "db1", tls: "12345678" }],
  ];
  it.each(connections)("where a connection %s", (_, connection) => {
    for (const resource of resources) {
      const where = resource === replicationUser ? { servers: [connection] } : { connection };
      const failures = resource.failures({ ...resource.full, ...where });
      expect(failures).toHaveLength(1);
      expect(failures[0]!.property).toBe("");
      expect(failures[0]!.reason).toMatch(resource === replicationUser ? /^servers\.0/ : /^connection/);
      expect(JSON.stringify(failures)).not.toContain("12345678");
    }
    const atSource = failuresWith(replicationChannel, { source: connection });
    expect(atSource).toEqual([expect.stringMatching(/^source/)]);
    expect(JSON.stringify(atSource)).not.toContain("12345678");
    expect(replicationChannel.failures({ ...replicationChannel.full, source: connection })[0]!.property).toBe(
      "",
    );
  });
});

describe("check of GroupMember's variables", () => {
  const failuresOf = (variables: Record<string, unknown>): string[] =>
    failuresWith(groupMember, { variables });

  it.each([
    [
      "group_replication_bootstrap_group",
      "is set for a moment only, by a START or in an emergency, and cannot be declared",
    ],
    [
      "group_replication_force_members",
      "is set for a moment only, by a START or in an emergency, and cannot be declared",
    ],
    ["group_replication_ssl_mode", "has a property of its own: declare sslMode"],
    ["group_replication_member_weight", "has a property of its own: declare memberWeight"],
    ["group_replication_ip_allowlist", "has a property of its own: declare ipAllowlist"],
    ["group_replication_ip_whitelist", "has a property of its own: declare ipAllowlist"],
    ["ssl_ca", "has a property of its own: declare sslCa"],
    ["require_secure_transport", "has a property of its own: declare requireSecureTransport"],
    ["super_read_only", "is no group_replication_* variable"],
    ["binlog_format", "is no group_replication_* variable"],
    ["admin_ssl_ca", "is no group_replication_* variable"],
    ["server_uuid", "can only be set in the server's option file"],
    ["group_replication_recovery_ssl_ca", "belongs on RecoveryChannel"],
    ["group_replication_recovery_zstd_compression_level", "belongs on RecoveryChannel"],
    ["group_replication_member_wait", "is unknown: no server version has such a variable"],
    ["poll_spin_loops", "is unknown; did you mean group_replication_poll_spin_loops?"],
    ["constructor", "is unknown: no server version has such a variable"],
  ])("refuses %s", (name, reason) => {
    expect(failuresOf({ [name]: 1 })).toEqual([`variables.${name}: ${reason}`]);
  });

  it("refuses what has a property of its own for every property", () => {
    const others = ["connection", "variables", "rollout", "installPlugin", "bootstrap"];
    const plain = Object.keys(groupMember.full).filter(
      (p) => !others.includes(p) && !p.startsWith("expected"),
    );
    for (const name of plain) {
      const snake = name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);
      const failures = [
        ...failuresOf({ [snake]: "x" }),
        ...failuresOf({ [`group_replication_${snake}`]: "x" }),
      ];
      expect(
        failures.filter((f) => f.includes(`has a property of its own: declare ${name}`)).length,
      ).toBeGreaterThan(0);
    }
  });

  it.each([
    ["group_replication_poll_spin_loops", 1000],
    ["group_replication_poll_spin_loops", "18446744073709551615"],
    ["group_replication_paxos_single_leader", true],
    ["group_replication_paxos_single_leader", "off"],
    ["group_replication_flow_control_mode", "quota"],
    ["group_replication_view_change_uuid", "AUTOMATIC"],
    ["group_replication_communication_debug_options", "GCS_DEBUG_BASIC,XCOM_DEBUG_BASIC"],
    ["group_replication_resource_manager.memory_used_limit", 90],
  ])("takes %s = %j", (name, value) => {
    expect(failuresOf({ [name]: value })).toEqual([]);
  });

  it("tells each wrong one by its own name", () => {
    expect(
      failuresOf({
        group_replication_poll_spin_loops: "many",
        group_replication_flow_control_period: 61,
        nosuch: 1,
      }),
    ).toEqual([
      'variables.group_replication_poll_spin_loops: must be a whole number, not "many"',
      "variables.group_replication_flow_control_period: must be from 1 to 60 seconds, not 61",
      "variables.nosuch: is unknown: no server version has such a variable",
    ]);
  });
});

describe("check of sslMode beside requireSecureTransport", () => {
  const plain = { sslMode: "DISABLED", requireSecureTransport: true, communicationStack: "MYSQL" };

  it("refuses DISABLED on the MYSQL stack, where members log in to each other", () => {
    expect(failuresWith(groupMember, plain)).toEqual([
      "sslMode: must not be DISABLED with requireSecureTransport on the MYSQL stack: members log in to each other",
    ]);
  });

  it.each([{ communicationStack: "XCOM" }, { requireSecureTransport: false }, { sslMode: "REQUIRED" }])(
    "takes it with %j",
    (other) => {
      expect(failuresWith(groupMember, { ...plain, ...other })).toEqual([]);
    },
  );
});

describe("check tells in words", () => {
  it.each([
    [groupMember, { memberWeight: 101 }, "memberWeight: must be from 0 to 100 percent, not 101"],
    [
      groupMember,
      { sslMode: "VERIFY" },
      'sslMode: must be one of DISABLED, REQUIRED, VERIFY_CA, VERIFY_IDENTITY, not "VERIFY"',
    ],
    [groupMember, { groupSeeds: "db1:33061" }, "groupSeeds: must be an array"],
    [groupMember, { sslCa: ["ca.pem"] }, "sslCa: must not be an array"],
    [groupMember, { localAddress: "db1" }, 'localAddress: "db1" is not host:port'],
    [groupMember, { groupName: "g" }, "groupName: must be a UUID, e.g. 8a94f357-aab4-11e8-9d3f-0242ac120002"],
    [groupMember, { ipAllowlist: ["a;b"] }, 'ipAllowlist: "a;b" is no address, network or host name'],
    [groupMember, { groupSeeds: [""] }, "groupSeeds: must hold only non-empty strings"],
    [
      groupMember,
      { tlsVersion: ["TLSv1.1", "TLSv1.3"] },
      "tlsVersion: must not leave out TLSv1.2 between TLSv1.1 and TLSv1.3: Group Replication needs a list without gaps",
    ],
    [recoveryChannel, { privilegeChecksUser: "applier" }, "privilegeChecksUser: must be 'user'@'host'"],
    [recoveryChannel, { donors: ["db1:3306", "db2"] }, "donors[1]: must be host:port"],
    [replicationUser, { grants: ["x;"] }, 'grants[0]: must be "PRIVILEGE" or "PRIVILEGE ON schema.table"'],
    [replicationUser, { servers: [] }, "servers: must name at least one server"],
    [
      replicationUser,
      { password: undefined, require: "SSL" },
      "require: must be X509, or name an issuer or a subject, for an account without a password",
    ],
    [
      replicationUser,
      { password: "", require: undefined },
      "require: must be X509, or name an issuer or a subject, for an account without a password",
    ],
  ] as const)("%#", (resource, changes, failure) => {
    expect(failuresWith(resource, changes)).toEqual([failure]);
  });

  it("lets an account be without a password only where it must show whose certificate it has", () => {
    const without = (require: unknown): string[] =>
      failuresWith(replicationUser, { password: undefined, require });
    for (const safe of ["X509", { issuer: "/CN=CA" }, { subject: "/CN=db1" }, unknownValue])
      expect(without(safe)).toEqual([]);
    for (const open of ["NONE", "SSL", {}, { cipher: "ECDHE-RSA-AES128-GCM-SHA256" }])
      expect(without(open)).toHaveLength(1);
  });

  it.each([
    "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa",
    "ca94447b-e6fc-11e7-b69d-4485005154dc",
    "8A94F357-AAB4-11E8-9D3F-0242AC120002",
    "00000000-0000-0000-0000-000000000001",
  ])("takes the group name %s, as every server does", (groupName) => {
    expect(failuresWith(groupMember, { groupName })).toEqual([]);
  });

  it.each([
    ["ipAllowlist", ["AUTOMATIC"]],
    ["ipAllowlist", ["10.0.0.0/8", "db-1.example", "::1/128", "localhost/32"]],
    ["tlsVersion", ["TLSv1.3"]],
    ["tlsSource", "MYSQL_ADMIN"],
    ["exitStateAction", "abort_server"],
    ["advertiseRecoveryEndpoints", ["10.0.0.1:3306", "[::1]:3306"]],
    ["groupSeeds", []],
    ["memberWeight", 0],
    ["rollout", {}],
    ["rollout", { onlineTimeout: 70, switchoverTimeout: 3600, openTransactions: "keep" }],
    ["rollout", { maxUnavailable: 1, groupRestart: "refuse" }],
    ["rollout", { maxUnavailable: 4 }],
  ])("takes %s = %j", (name, value) => {
    expect(failuresWith(groupMember, { [name]: value })).toEqual([]);
  });
});
