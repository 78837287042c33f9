import fc from "fast-check";
import { canonical, findVariable, variable } from "../../../provider/mysql/catalogue";
import {
  channelProperties,
  declaredShape,
  isUnknown,
  itemsOf,
  memberProperties,
  propertyOf,
  removedFrom,
  textOf,
  unknownValue,
  variableOf,
  wishOf,
} from "../../../provider/plan/wish";

const gr = "group_replication_";

describe("itemsOf", () => {
  it.each([
    ["tls_version", " TLSv1.2, TLSv1.3 ,", ["TLSv1.2", "TLSv1.3"]],
    ["tls_ciphersuites", "TLS_A:TLS_B", ["TLS_A", "TLS_B"]],
    ["tls_version", "", []],
    ["tls_ciphersuites", null, []],
    ["tls_version", undefined, []],
  ])("reads %s %j as %j", (name, text, items) => {
    expect(itemsOf(variable(name), text)).toEqual(items);
  });
});

describe("variableOf", () => {
  it.each([
    ["groupName", `${gr}group_name`],
    ["localAddress", `${gr}local_address`],
    ["groupSeeds", `${gr}group_seeds`],
    ["communicationStack", `${gr}communication_stack`],
    ["sslMode", `${gr}ssl_mode`],
    ["tlsSource", `${gr}tls_source`],
    ["sslCa", "ssl_ca"],
    ["sslCapath", "ssl_capath"],
    ["sslCert", "ssl_cert"],
    ["sslKey", "ssl_key"],
    ["sslCrl", "ssl_crl"],
    ["sslCrlpath", "ssl_crlpath"],
    ["sslCipher", "ssl_cipher"],
    ["tlsVersion", "tls_version"],
    ["tlsCiphersuites", "tls_ciphersuites"],
    ["requireSecureTransport", "require_secure_transport"],
    ["ipAllowlist", `${gr}ip_allowlist`],
    ["startOnBoot", `${gr}start_on_boot`],
    ["singlePrimaryMode", `${gr}single_primary_mode`],
    ["memberWeight", `${gr}member_weight`],
    ["exitStateAction", `${gr}exit_state_action`],
    ["autorejoinTries", `${gr}autorejoin_tries`],
    ["memberExpelTimeout", `${gr}member_expel_timeout`],
    ["unreachableMajorityTimeout", `${gr}unreachable_majority_timeout`],
    ["consistency", `${gr}consistency`],
    ["advertiseRecoveryEndpoints", `${gr}advertise_recovery_endpoints`],
  ])("of GroupMember's %s is %s", (property, name) => {
    expect(variableOf(property).name).toBe(name);
  });

  it.each([
    ["recoveryUseSsl", `${gr}recovery_use_ssl`],
    ["recoverySslCa", `${gr}recovery_ssl_ca`],
    ["recoverySslCapath", `${gr}recovery_ssl_capath`],
    ["recoverySslCert", `${gr}recovery_ssl_cert`],
    ["recoverySslKey", `${gr}recovery_ssl_key`],
    ["recoverySslCrl", `${gr}recovery_ssl_crl`],
    ["recoverySslCrlpath", `${gr}recovery_ssl_crlpath`],
    ["recoverySslCipher", `${gr}recovery_ssl_cipher`],
    ["recoverySslVerifyServerCert", `${gr}recovery_ssl_verify_server_cert`],
    ["recoveryTlsVersion", `${gr}recovery_tls_version`],
    ["recoveryTlsCiphersuites", `${gr}recovery_tls_ciphersuites`],
    ["recoveryPublicKeyPath", `${gr}recovery_public_key_path`],
    ["recoveryGetPublicKey", `${gr}recovery_get_public_key`],
    ["recoveryRetryCount", `${gr}recovery_retry_count`],
    ["recoveryReconnectInterval", `${gr}recovery_reconnect_interval`],
  ])("of RecoveryChannel's %s is %s", (property, name) => {
    expect(variableOf(property).name).toBe(name);
  });

  it("is taken back by propertyOf; what has no property of its own stands under variables", () => {
    const properties = [...memberProperties, ...channelProperties];
    expect(properties.map((property) => propertyOf(variableOf(property)))).toEqual(properties);
    expect(propertyOf(variable(`${gr}poll_spin_loops`))).toBe(`variables.${gr}poll_spin_loops`);
  });

  it.each([...memberProperties, ...channelProperties])(
    "of %s is in the catalogue and can be persisted",
    (property) => {
      expect(findVariable(variableOf(property).name)).toMatchObject({ dynamic: true, persistable: true });
    },
  );

  it("is another one for each property, also across resources", () => {
    const names = [...memberProperties, ...channelProperties].map((p) => variableOf(p).name);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe("isUnknown", () => {
  it.each([
    ["the engine's stand-in", unknownValue, true],
    ["a list that holds it", ["a:1", unknownValue], true],
    ["an object that holds it, at any depth", { a: { b: [{ c: unknownValue }] } }, true],
    ["a text that holds it", `${unknownValue}/ca.pem`, false],
    ["a key that is it", { [unknownValue]: 1 }, false],
    ["nothing", undefined, false],
    ["null", null, false],
    ["an empty object", {}, false],
    ["a number", 5, false],
  ])("of %s: %#", (_, value, is) => {
    expect(isUnknown(value)).toBe(is);
  });
});

describe("wishOf", () => {
  it("writes what is declared in the server's own spelling, under the catalogue's names", () => {
    expect(
      wishOf(
        {
          groupName: "8A94F357-AAB4-11E8-9D3F-0242AC120002",
          groupSeeds: ["a:1", "b:2"],
          tlsVersion: ["TLSv1.3", "TLSv1.2"],
          sslCipher: ["A", "B"],
          startOnBoot: true,
          requireSecureTransport: false,
          memberWeight: 0,
          tlsSource: "mysql_main",
          sslCa: "/ca.pem",
          connection: { host: "db1" },
          variables: { group_replication_poll_spin_loops: 1000, group_replication_paxos_single_leader: true },
        },
        memberProperties,
      ),
    ).toEqual({
      [`${gr}group_name`]: "8A94F357-AAB4-11E8-9D3F-0242AC120002",
      [`${gr}group_seeds`]: "a:1,b:2",
      tls_version: "TLSv1.2,TLSv1.3",
      ssl_cipher: "A:B",
      [`${gr}start_on_boot`]: "ON",
      require_secure_transport: "OFF",
      [`${gr}member_weight`]: "0",
      [`${gr}tls_source`]: "MYSQL_MAIN",
      ssl_ca: "/ca.pem",
      [`${gr}poll_spin_loops`]: "1000",
      [`${gr}paxos_single_leader`]: "ON",
    });
  });

  it.each([
    ["is not declared", {}],
    ["is undefined or null", { sslCa: undefined, sslCert: null }],
    ["is not known yet", { sslCa: unknownValue, groupSeeds: ["a:1", unknownValue], variables: unknownValue }],
    ["is not known yet under variables", { variables: { group_replication_poll_spin_loops: unknownValue } }],
    ["no catalogue knows", { variables: { no_such_variable: 1 } }],
  ])("leaves out what %s", (_, inputs) => {
    expect(wishOf(inputs, memberProperties)).toEqual({});
  });

  it("keeps an empty list, which is a declaration", () => {
    expect(wishOf({ groupSeeds: [] }, memberProperties)).toEqual({ [`${gr}group_seeds`]: "" });
  });
});

describe("removedFrom", () => {
  const before = {
    sslCa: "/ca.pem",
    memberWeight: 60,
    variables: { group_replication_poll_spin_loops: 5, group_replication_clone_threshold: 9 },
  };
  const free = [`${gr}poll_spin_loops`, `${gr}clone_threshold`];
  it.each([
    ["nothing where all is declared still, with whatever value", { ...before, sslCa: "/new.pem" }, []],
    ["what is declared no more", { sslCa: "/ca.pem" }, [`${gr}member_weight`, ...free]],
    [
      "what is null or undefined now",
      { ...before, sslCa: null, memberWeight: undefined },
      ["ssl_ca", `${gr}member_weight`],
    ],
    [
      "nothing that is only not known yet",
      { ...before, sslCa: unknownValue, memberWeight: unknownValue },
      [],
    ],
    ["no free variable while none of them is known yet", { ...before, variables: unknownValue }, []],
    [
      "no free variable that is not known yet, and others that are gone",
      { ...before, variables: { group_replication_poll_spin_loops: unknownValue } },
      [`${gr}clone_threshold`],
    ],
    ["all of them where nothing is declared", {}, ["ssl_ca", `${gr}member_weight`, ...free]],
  ])("names %s", (_, now, names) => {
    expect(removedFrom(before, now, memberProperties)).toEqual(names);
  });

  it("names nothing where nothing was declared before", () => {
    expect(removedFrom({}, before, memberProperties)).toEqual([]);
  });
});

describe("declaredShape", () => {
  it.each([
    ["group_replication_group_seeds", "a:1, b:2", ["x:1"], ["a:1", "b:2"]],
    ["group_replication_group_seeds", "", ["x:1"], []],
    ["ssl_cipher", "A:B", ["X"], ["A", "B"]],
    ["ssl_cipher", null, ["X"], []],
    ["require_secure_transport", "ON", false, true],
    ["require_secure_transport", "0", true, false],
    ["group_replication_member_weight", "70", 50, 70],
    ["group_replication_exit_state_action", "READ_ONLY", "OFFLINE_MODE", "READ_ONLY"],
    ["ssl_ca", null, "/ca.pem", ""],
    ["group_replication_poll_spin_loops", "1000", "500", "1000"],
  ])("shows %s = %j where %j was declared as %j", (name, live, like, expected) => {
    expect(declaredShape(variable(name), live, like)).toEqual(expected);
  });

  it("shows no false drift: a declared list comes back as the same value", () => {
    const lists = memberProperties.filter((p) => variableOf(p).type === "list");
    const item = fc.stringMatching(/^[A-Za-z0-9.-]{1,12}$/);
    fc.assert(
      fc.property(fc.constantFrom(...lists), fc.array(item), (property, list) => {
        const v = variableOf(property);
        const live = canonical(v, textOf(v, list));
        expect(canonical(v, textOf(v, declaredShape(v, live, list)))).toBe(live);
      }),
    );
  });
});
