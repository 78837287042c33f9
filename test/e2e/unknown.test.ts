import { down, up, type Sandbox } from "../../tools/sandbox";
import { channelProperties, memberProperties } from "../../provider/plan/wish";
import { connectionOf, declarationOf, Deployment, type Declaration } from "./harness";
import { eventsOf, expectAllOnline, statementsOf, variable, writesOf } from "./servers";

let sandbox: Sandbox;
let deployment: Deployment;

const accountFields = {
  host: "%",
  grants: ["REPLICATION SLAVE", "BACKUP_ADMIN", "CONNECTION_ADMIN", "GROUP_REPLICATION_STREAM"],
  passwordExpire: "NEVER",
  accountLocked: false,
  forceDrop: false,
};
const channelFields = {
  requireTablePrimaryKeyCheck: "STREAM",
  recoverySslVerifyServerCert: false,
  recoveryTlsVersion: ["TLSv1.2", "TLSv1.3"],
  recoveryGetPublicKey: false,
  recoveryRetryCount: 5,
  recoveryReconnectInterval: 30,
  rollout: { onlineTimeout: 120 },
};
const memberFields = {
  tlsSource: "mysql_main",
  tlsVersion: ["TLSv1.2", "TLSv1.3"],
  requireSecureTransport: true,
  ipAllowlist: ["127.0.0.1/8"],
  singlePrimaryMode: true,
  memberWeight: 60,
  exitStateAction: "READ_ONLY",
  autorejoinTries: 4,
  memberExpelTimeout: 6,
  unreachableMajorityTimeout: 100,
  consistency: "EVENTUAL",
  advertiseRecoveryEndpoints: ["DEFAULT"],
  variables: { group_replication_poll_spin_loops: 100 },
  installPlugin: true,
  rollout: { onlineTimeout: 120, switchoverTimeout: 20 },
};

/** What these servers would not take; in a preview in which it is unknown nobody can tell. */
const fictitious = {
  user: {
    authPlugin: "unknown",
    require: { issuer: "/CN=unknown", subject: "/CN=unknown", cipher: "unknown" },
  },
  channel: {
    donors: ["unknown:1"],
    networkNamespace: "unknown",
    privilegeChecksUser: "'unknown'@'%'",
    recoverySslCapath: "unknown",
    recoverySslCrl: "unknown",
    recoverySslCrlpath: "unknown",
    recoverySslCipher: ["unknown"],
    recoveryTlsCiphersuites: ["unknown"],
    recoveryPublicKeyPath: "unknown",
  },
  member: {
    sslCapath: "unknown",
    sslCrl: "unknown",
    sslCrlpath: "unknown",
    sslCipher: ["unknown"],
    tlsCiphersuites: ["unknown"],
  },
};

type Unknown = NonNullable<Declaration["unknown"]>;

/** What can be made. */
function real(unknown: Unknown): Declaration {
  return {
    ...declarationOf(sandbox, { user: accountFields, channel: channelFields, member: memberFields }),
    unknown,
  };
}

/** Every field that there is; for a preview only. */
function everything(unknown: Unknown): Declaration {
  const { user, channel, member } = fictitious;
  const login = {
    password: "unknown",
    socketPath: "unknown",
    connectTimeout: 10,
    tls: { mode: "REQUIRED", ca: "unknown", cert: "unknown", key: "unknown", serverName: "unknown" },
  };
  const declaration = declarationOf(sandbox, {
    user: { ...accountFields, ...user },
    channel: (one) => ({ ...channelFields, ...channel, connection: { ...connectionOf(one), ...login } }),
    member: (one) => ({ ...memberFields, ...member, connection: { ...connectionOf(one), ...login } }),
  });
  return { ...declaration, unknown };
}

beforeAll(async () => {
  sandbox = await up({ temporary: true });
});

afterAll(async () => {
  deployment?.dispose();
  if (sandbox) await down(sandbox);
});

describe("resources whose every field comes from a resource that is not made yet", () => {
  it("are all there is to declare", () => {
    const { user, members } = everything({ depth: "fields", generation: 1 });
    const { channel, member } = members[0]!;
    const properties = [
      ...memberProperties,
      "connection",
      "bootstrap",
      "variables",
      "installPlugin",
      "rollout",
    ];
    expect(Object.keys(member!).sort()).toEqual(properties.sort());
    expect(Object.keys(channel!)).toEqual(expect.arrayContaining([...channelProperties]));
    expect(Object.keys(user!)).toContain("authPlugin");
  });

  it.each(["fields", "leaves"] as const)("are previewed (%s), and nothing is written", async (depth) => {
    deployment ??= await Deployment.of(sandbox);
    await deployment.configure(everything({ depth, generation: 1 }));
    const before = await statementsOf(sandbox);
    // One more for each of them: the resource that its fields come from.
    expect((await deployment.preview()).changes).toEqual({ create: 15 });
    expect(await writesOf(sandbox, before)).toEqual({});
  });

  it("are made by up, which knows them in time", async () => {
    await deployment.configure(real({ depth: "leaves", generation: 1 }));
    expect((await deployment.up()).changes).toEqual({ create: 15 });
    await expectAllOnline(sandbox);
    for (const member of sandbox.members)
      expect((await variable(member, "group_replication_poll_spin_loops")).live).toBe("100");
  });

  it("are the same when nothing is unknown any more", async () => {
    const before = await statementsOf(sandbox);
    expect((await deployment.up()).changes).toEqual({ same: 15 });
    expect(await writesOf(sandbox, before)).toEqual({});
  });
});

describe("resources that exist, and whose every field becomes unknown", () => {
  it.each(["fields", "leaves"] as const)("are previewed (%s) as updates", async (depth) => {
    await deployment.configure(everything({ depth, generation: 2 }));
    const { changes } = await deployment.preview();
    expect(changes).toEqual({ create: 7, delete: 7, same: 1, update: 7 });
  });

  it("stay as they are when the values turn out to be the same: no restart and no write statement", async () => {
    await deployment.configure(real({ depth: "leaves", generation: 2 }));
    const [before, since] = [await statementsOf(sandbox), Date.now()];
    await deployment.up();
    expect(await writesOf(sandbox, before)).toEqual({});
    expect(await eventsOf(sandbox, since)).toEqual([]);
  });
});
