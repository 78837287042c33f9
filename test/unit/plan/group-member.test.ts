import type { ProviderError } from "../../../provider/errors";
import { GroupRestartError, InputError, NotReadyError } from "../../../provider/errors";
import {
  type MemberPlan,
  type MemberWish,
  allSteps,
  isEmpty,
  planMember,
  printPlan,
  undoOf,
} from "../../../provider/plan/group-member";
import { printSteps } from "../../../provider/plan/step";
import { type Wish, wishOf } from "../../../provider/plan/wish";
import { type ViewOptions, thrownBy, view } from "../builders";
import { machineOf, run } from "./interpreter";

function wish(variables: Wish, rest: Partial<MemberWish> = {}): MemberWish {
  return { variables, bootstrap: false, installPlugin: false, ...rest };
}

function plan(variables: Wish, of: ViewOptions = {}, before: readonly string[] = []): MemberPlan {
  return planMember(view(of), wish(variables), before);
}

const gr = "group_replication_";
const reload = "ALTER INSTANCE RELOAD TLS";
const stop = "STOP GROUP_REPLICATION";
const start = "START GROUP_REPLICATION";

describe("planMember on a running member", () => {
  const cases: [
    title: string,
    of: ViewOptions,
    variables: Wish,
    cost: MemberPlan["cost"],
    statements: string[],
  ][] = [
    ["wants nothing where nothing is declared", {}, {}, "none", []],
    [
      "sets what acts at once without a restart",
      {},
      { [`${gr}member_weight`]: "70" },
      "none",
      ["SET PERSIST group_replication_member_weight = 70"],
    ],
    [
      "sets a boolean as a word",
      {},
      { require_secure_transport: "ON" },
      "none",
      ["SET PERSIST require_secure_transport = ON"],
    ],
    [
      "sets start_on_boot OFF at once",
      { variables: { [`${gr}start_on_boot`]: "ON" } },
      { [`${gr}start_on_boot`]: "OFF" },
      "none",
      ["SET PERSIST group_replication_start_on_boot = OFF"],
    ],
    [
      "restarts for ssl_mode REQUIRED to VERIFY_CA on XCOM, with a reload before",
      {},
      { [`${gr}ssl_mode`]: "VERIFY_CA" },
      "member-restart",
      [reload, stop, "SET PERSIST group_replication_ssl_mode = 'VERIFY_CA'", start],
    ],
    [
      "restarts for ssl_mode DISABLED to REQUIRED on the MYSQL stack",
      { stack: "MYSQL", variables: { [`${gr}ssl_mode`]: "DISABLED" } },
      { [`${gr}ssl_mode`]: "REQUIRED" },
      "member-restart",
      [reload, stop, "SET PERSIST group_replication_ssl_mode = 'REQUIRED'", start],
    ],
    [
      "reloads before it stops for ssl_ca on encrypted XCOM",
      {},
      { ssl_ca: "new.pem" },
      "member-restart",
      ["SET PERSIST ssl_ca = 'new.pem'", reload, stop, start],
    ],
    [
      "only reloads for ssl_ca on XCOM without encryption",
      { variables: { [`${gr}ssl_mode`]: "DISABLED" } },
      { ssl_ca: "new.pem" },
      "tls-reload",
      ["SET PERSIST ssl_ca = 'new.pem'", reload],
    ],
    [
      "only reloads for ssl_ca on the MYSQL stack",
      { stack: "MYSQL" },
      { ssl_ca: "new.pem" },
      "tls-reload",
      ["SET PERSIST ssl_ca = 'new.pem'", reload],
    ],
    [
      "only reloads for ssl_ca where XCOM takes its TLS from the admin variables",
      { variables: { [`${gr}tls_source`]: "MYSQL_ADMIN" } },
      { ssl_ca: "new.pem" },
      "tls-reload",
      ["SET PERSIST ssl_ca = 'new.pem'", reload],
    ],
    [
      "reloads once for several TLS files",
      { stack: "MYSQL" },
      { ssl_ca: "ca2.pem", ssl_cert: "cert2.pem", ssl_key: "key2.pem" },
      "tls-reload",
      [
        "SET PERSIST ssl_ca = 'ca2.pem'",
        "SET PERSIST ssl_cert = 'cert2.pem'",
        "SET PERSIST ssl_key = 'key2.pem'",
        reload,
      ],
    ],
    [
      "sets what is refused while it runs between STOP and START",
      {},
      { [`${gr}compression_threshold`]: "2000000" },
      "member-restart",
      [reload, stop, "SET PERSIST group_replication_compression_threshold = 2000000", start],
    ],
    [
      "turns start_on_boot ON last, after the restart",
      {},
      { [`${gr}start_on_boot`]: "ON", [`${gr}member_weight`]: "70", [`${gr}local_address`]: "db1:33062" },
      "member-restart",
      [
        "SET PERSIST group_replication_member_weight = 70",
        reload,
        stop,
        "SET PERSIST group_replication_local_address = 'db1:33062'",
        start,
        "SET PERSIST group_replication_start_on_boot = ON",
      ],
    ],
    [
      "sets an empty TLS file to NULL, because '' would fail the reload",
      { stack: "MYSQL", variables: { ssl_crl: "crl.pem" } },
      { ssl_crl: "" },
      "tls-reload",
      ["SET PERSIST ssl_crl = NULL", reload],
    ],
    [
      "keeps over a reboot what is live already, and touches nothing that runs",
      { variables: { [`${gr}ssl_mode`]: { value: "REQUIRED", fleeting: true } } },
      { [`${gr}ssl_mode`]: "REQUIRED" },
      "none",
      ["SET PERSIST_ONLY group_replication_ssl_mode = 'REQUIRED'"],
    ],
    [
      "corrects a persisted value that differs from the live one",
      { variables: { [`${gr}member_weight`]: { value: "70", persisted: "60" } } },
      { [`${gr}member_weight`]: "70" },
      "none",
      ["SET PERSIST_ONLY group_replication_member_weight = 70"],
    ],
    [
      "leaves alone a value that comes from the option file",
      { variables: { [`${gr}member_weight`]: "70" } },
      { [`${gr}member_weight`]: "70" },
      "none",
      [],
    ],
    [
      "takes another spelling of the same value for the same",
      { variables: { [`${gr}exit_state_action`]: "offline_mode", tls_version: "tlsv1.3,TLSv1.2" } },
      { [`${gr}exit_state_action`]: "OFFLINE_MODE", tls_version: "TLSv1.2,TLSv1.3" },
      "none",
      [],
    ],
    [
      "restarts for what was set by hand after the START and is not in effect",
      {
        sinceStart: [`${gr}ssl_mode`],
        variables: { [`${gr}ssl_mode`]: { value: "VERIFY_CA", persisted: "VERIFY_CA" } },
      },
      { [`${gr}ssl_mode`]: "VERIFY_CA" },
      "member-restart",
      [reload, stop, start],
    ],
    [
      "does not restart for what was set after the START and acted at once",
      {
        sinceStart: [`${gr}member_weight`],
        variables: { [`${gr}member_weight`]: { value: "70", persisted: "70" } },
      },
      { [`${gr}member_weight`]: "70" },
      "none",
      [],
    ],
    [
      "reloads for a TLS file that is set and not loaded on the MYSQL stack",
      { stack: "MYSQL", notLoaded: ["ssl_ca"] },
      { ssl_ca: "ca.pem" },
      "tls-reload",
      [reload],
    ],
    [
      "reloads and restarts for a TLS file that was set after the START and is not loaded on encrypted XCOM",
      { notLoaded: ["ssl_ca"], sinceStart: ["ssl_ca"] },
      { ssl_ca: "ca.pem" },
      "member-restart",
      [reload, stop, start],
    ],
    [
      "only reloads for a TLS file that was set before the START, which XCOM has therefore read, and is not loaded",
      { notLoaded: ["ssl_ca"] },
      { ssl_ca: "ca.pem" },
      "tls-reload",
      [reload],
    ],
    [
      "restarts without a reload where the group does not encrypt: a server without a certificate refuses to reload",
      { variables: { [`${gr}ssl_mode`]: "DISABLED", ssl_ca: null } },
      { [`${gr}poll_spin_loops`]: "100" },
      "member-restart",
      [stop, "SET PERSIST group_replication_poll_spin_loops = 100", start],
    ],
    [
      "restarts for ip_allowlist before 8.0.24, which refuses it while it runs",
      { version: "8.0.23", variables: { [`${gr}ip_allowlist`]: "AUTOMATIC" } },
      { [`${gr}ip_allowlist`]: "10.0.0.0/8" },
      "member-restart",
      [reload, stop, "SET PERSIST group_replication_ip_allowlist = '10.0.0.0/8'", start],
    ],
    [
      "sets ip_allowlist at once from 8.0.24 on",
      { version: "8.0.24", variables: { [`${gr}ip_allowlist`]: "AUTOMATIC" } },
      { [`${gr}ip_allowlist`]: "10.0.0.0/8" },
      "none",
      ["SET PERSIST group_replication_ip_allowlist = '10.0.0.0/8'"],
    ],
    [
      "names ip_allowlist as the server does before 8.0.22, where it is refused while it runs",
      { version: "8.0.21", variables: { [`${gr}ip_allowlist`]: "AUTOMATIC" } },
      { [`${gr}ip_allowlist`]: "10.0.0.0/8" },
      "member-restart",
      [reload, stop, "SET PERSIST group_replication_ip_whitelist = '10.0.0.0/8'", start],
    ],
  ];
  it.each(cases)("%s", (_, of, variables, cost, statements) => {
    const made = plan(variables, of);
    expect(printPlan(made)).toEqual(statements);
    expect(made.cost).toBe(cost);
    expect(isEmpty(made)).toBe(statements.length === 0);
  });

  it("sends a special word in the spelling that the server knows: it takes no other (1231)", () => {
    const stopped = view({
      running: false,
      variables: { [`${gr}view_change_uuid`]: "8a94f357-aab4-11e8-9d3f-0242ac120003" },
    });
    const variables = wishOf({ variables: { [`${gr}view_change_uuid`]: "AUTOMATIC" } }, []);
    expect(printPlan(planMember(stopped, wish(variables), []))).toContain(
      "SET PERSIST group_replication_view_change_uuid = 'AUTOMATIC'",
    );
  });

  it("says why it restarts", () => {
    expect(
      plan({ [`${gr}ssl_mode`]: "VERIFY_CA", ssl_ca: "new.pem", [`${gr}member_weight`]: "70" }).reasons,
    ).toEqual(["group_replication_ssl_mode acts at START", "ssl_ca acts at START"]);
    expect(plan({ [`${gr}ssl_mode`]: "REQUIRED" }, { sinceStart: [`${gr}ssl_mode`] }).reasons).toEqual([
      "group_replication_ssl_mode is set and not in effect",
    ]);
  });

  it("gives no reason where nothing restarts", () => {
    expect(plan({ [`${gr}member_weight`]: "70" }).reasons).toEqual([]);
  });
});

describe("planMember on a member that does not run", () => {
  const stopped: ViewOptions = { running: false };

  it("starts it even where everything is as declared", () => {
    const made = plan({ [`${gr}ssl_mode`]: "REQUIRED" }, stopped);
    expect(printPlan(made)).toEqual([start]);
    expect(made).toMatchObject({
      action: "start",
      cost: "none",
      reasons: ["Group Replication does not run"],
    });
    expect(isEmpty(made)).toBe(false);
  });

  it.each([
    ["ssl_mode from DISABLED on XCOM", { [`${gr}ssl_mode`]: "REQUIRED" }, { [`${gr}ssl_mode`]: "DISABLED" }],
    ["the communication stack", { [`${gr}communication_stack`]: "MYSQL" }, {}],
    ["the group's name", { [`${gr}group_name`]: "8a94f357-aab4-11e8-9d3f-0242ac120009" }, {}],
    ["single_primary_mode", { [`${gr}single_primary_mode`]: "OFF" }, { [`${gr}single_primary_mode`]: "ON" }],
  ])("sets %s before the START, at no further cost", (_, variables, live) => {
    const made = plan(variables, { ...stopped, variables: live });
    expect(made).toMatchObject({ action: "start", cost: "none" });
    const [name, value] = Object.entries(variables)[0]!;
    const text = /^(ON|OFF)$/.test(value) ? value : `'${value}'`;
    expect(printPlan(made)).toEqual([`SET PERSIST ${name} = ${text}`, start]);
  });

  it("sets what would act at once only then, too, and start_on_boot ON after the START", () => {
    const made = plan(
      { [`${gr}start_on_boot`]: "ON", [`${gr}member_weight`]: "70", ssl_ca: "new.pem" },
      stopped,
    );
    expect(printPlan(made)).toEqual([
      "SET PERSIST ssl_ca = 'new.pem'",
      reload,
      "SET PERSIST group_replication_member_weight = 70",
      start,
      "SET PERSIST group_replication_start_on_boot = ON",
    ]);
    expect(made.cost).toBe("tls-reload");
  });

  it("turns enforce_update_everywhere_checks OFF before single_primary_mode ON: the server refuses the other order", () => {
    const made = plan(
      { [`${gr}single_primary_mode`]: "ON", [`${gr}enforce_update_everywhere_checks`]: "OFF" },
      {
        ...stopped,
        variables: { [`${gr}single_primary_mode`]: "OFF", [`${gr}enforce_update_everywhere_checks`]: "ON" },
      },
    );
    expect(printPlan(made)).toEqual([
      "SET PERSIST group_replication_enforce_update_everywhere_checks = OFF",
      "SET PERSIST group_replication_single_primary_mode = ON",
      start,
    ]);
  });

  it("installs the plugin first where that is declared", () => {
    const bare = view({ running: false, plugin: false });
    const made = planMember(bare, wish({ [`${gr}member_weight`]: "70" }, { installPlugin: true }), []);
    expect(printPlan(made)).toEqual([
      "INSTALL PLUGIN group_replication SONAME 'group_replication.so'",
      "SET PERSIST group_replication_member_weight = 70",
      start,
    ]);
    expect(printSteps(undoOf(made.install))).toEqual(["UNINSTALL PLUGIN group_replication"]);
  });

  it("does not install the plugin where it is there", () => {
    expect(planMember(view({ running: false }), wish({}, { installPlugin: true }), []).install).toEqual([]);
  });
});

describe("planMember refuses", () => {
  function refusal(variables: Wish, of: ViewOptions = {}, before: readonly string[] = []): ProviderError {
    return thrownBy(() => plan(variables, of, before)) as ProviderError;
  }

  it("ssl_mode from DISABLED on a running XCOM group", () => {
    const error = refusal(
      { [`${gr}ssl_mode`]: "REQUIRED" },
      { variables: { [`${gr}ssl_mode`]: "DISABLED" } },
    );
    expect(error).toBeInstanceOf(GroupRestartError);
    expect(error.message).toBe(
      `[GR102] db1:3306: group_replication_ssl_mode cannot go from DISABLED to REQUIRED while the group runs
Why: on the XCOM stack an encrypted and an unencrypted member cannot talk to each other, so members cannot change one by one: the first would be refused by the others (3092 after 61 s)
Left: nothing was changed
Do: declare rollout: { groupRestart: "allow" } on every member for a time when writes may pause for some seconds; or leave the value as it is`,
    );
  });

  it("single_primary_mode on a running group, and names the function that can do it", () => {
    const error = refusal(
      { [`${gr}single_primary_mode`]: "OFF" },
      { variables: { [`${gr}single_primary_mode`]: "ON" } },
    );
    expect(error.message).toBe(
      `[GR102] db1:3306: group_replication_single_primary_mode cannot go from ON to OFF while the group runs
Why: every member of a group must have the same value, so members cannot change one by one
Left: nothing was changed
Do: SELECT group_replication_switch_to_multi_primary_mode() on any member changes it on all without a restart; then pulumi up --refresh adopts it`,
    );
  });

  it.each([
    [`${gr}ssl_mode`, "DISABLED"],
    [`${gr}group_name`, "8a94f357-aab4-11e8-9d3f-0242ac120009"],
    [`${gr}communication_stack`, "MYSQL"],
    [`${gr}gtid_assignment_block_size`, "7"],
    [`${gr}view_change_uuid`, "8a94f357-aab4-11e8-9d3f-0242ac120009"],
    [`${gr}paxos_single_leader`, "ON"],
    [`${gr}preemptive_garbage_collection`, "ON"],
    [`${gr}enforce_update_everywhere_checks`, "ON"],
  ])("%s on a running XCOM group", (name, value) => {
    expect(refusal({ [name]: value })).toBeInstanceOf(GroupRestartError);
  });

  it("communication_stack on a running group of the MYSQL stack", () => {
    expect(refusal({ [`${gr}communication_stack`]: "XCOM" }, { stack: "MYSQL" })).toBeInstanceOf(
      GroupRestartError,
    );
  });

  it("a server without the plugin", () => {
    const error = refusal({}, { plugin: false, running: false });
    expect(error).toBeInstanceOf(NotReadyError);
    expect(error.message).toBe(
      `[GR005] db1:3306 does not have the group_replication plugin
Left: nothing was changed
Do: declare installPlugin: true, or start the server with plugin-load-add=group_replication.so`,
    );
  });

  it("VERIFY_CA without ssl_ca on XCOM", () => {
    const error = refusal({ [`${gr}ssl_mode`]: "VERIFY_CA" }, { variables: { ssl_ca: null } });
    expect(error.message).toBe(
      `[GR005] db1:3306 would verify its peers (ssl_mode VERIFY_CA) without a CA to trust
Why: neither ssl_ca nor ssl_capath is set
Left: nothing was changed
Do: declare sslCa on this GroupMember`,
    );
  });

  it("VERIFY_IDENTITY without recovery_ssl_ca on the MYSQL stack, although ssl_ca is set", () => {
    const error = refusal({ [`${gr}ssl_mode`]: "VERIFY_IDENTITY" }, { stack: "MYSQL" });
    expect(error.message).toBe(
      `[GR005] db1:3306 would verify its peers (ssl_mode VERIFY_IDENTITY) without a CA to trust
Why: neither group_replication_recovery_ssl_ca nor group_replication_recovery_ssl_capath is set
Left: nothing was changed
Do: declare recoverySslCa on this member's RecoveryChannel`,
    );
  });

  it("to take away the CA that VERIFY_CA needs", () => {
    const verifies = {
      variables: { [`${gr}ssl_mode`]: "VERIFY_CA", ssl_ca: { value: "ca.pem", persisted: "ca.pem" } },
    };
    expect(refusal({ [`${gr}ssl_mode`]: "VERIFY_CA" }, verifies, ["ssl_ca"])).toBeInstanceOf(NotReadyError);
  });

  it("a variable that the version does not have yet", () => {
    const error = refusal(
      { [`${gr}preemptive_garbage_collection_rows_threshold`]: "20000" },
      { version: "8.0.36" },
    );
    expect(error).toBeInstanceOf(InputError);
    expect(error.message).toBe(
      `[GR001] variables.group_replication_preemptive_garbage_collection_rows_threshold: db1:3306 runs 8.0.36, which does not have it; it came with 8.4.0
Left: nothing was changed`,
    );
  });

  it("a variable that the version has no more", () => {
    const error = refusal({ [`${gr}recovery_complete_at`]: "TRANSACTIONS_APPLIED" }, { version: "8.4.3" });
    expect(error.message).toBe(
      `[GR001] variables.group_replication_recovery_complete_at: db1:3306 runs 8.4.3, which does not have it; it is gone from 8.4.0
Left: nothing was changed`,
    );
  });

  it.each(["ssl_ca", "tls_version"])("%s before 8.0.16, where only the option file can set it", (name) => {
    expect(
      refusal({ [name]: name === "ssl_ca" ? "new.pem" : "TLSv1.2" }, { version: "8.0.15" }).message,
    ).toMatch(/option file/);
  });

  it.each([
    ["TLSv1.1", "8.0.36", "TLSv1.1 (gone from 8.0.28); it takes TLSv1.2, TLSv1.3"],
    ["TLSv1.3", "5.7.22", "TLSv1.3 (it came with 8.0.16); it takes TLSv1, TLSv1.1, TLSv1.2"],
    [
      "TLSv1.3",
      "8.0.17",
      "TLSv1.3 (it came with 8.0.18) for group communication; it takes TLSv1, TLSv1.1, TLSv1.2",
    ],
  ])("%s on a server of %s, which does not know it", (protocol, version, told) => {
    for (const running of [true, false]) {
      const error = refusal({ tls_version: protocol }, { version, running });
      expect(error).toBeInstanceOf(InputError);
      expect(error.message).toBe(
        `[GR001] tlsVersion: db1:3306 runs ${version}, which does not take ${told}\nLeft: nothing was changed`,
      );
    }
  });

  it("TLSv1.3 alone on 8.0.17 only where group communication would use it", () => {
    const of = { version: "8.0.17", running: false };
    const variables = { tls_version: "TLSv1.3" };
    const unencrypted = { ...of, variables: { [`${gr}ssl_mode`]: "DISABLED" } };
    expect(plan(variables, unencrypted).action).toBe("start");
    expect(plan({ tls_version: "TLSv1.2,TLSv1.3" }, of).action).toBe("start");
  });

  it.each([
    ["DISABLED on a version where DISABLED is the default", "8.0.36", "REQUIRED"],
    ["REQUIRED on a version where REQUIRED is the default", "9.7.4", "DISABLED"],
  ])("to take ssl_mode back to %s from a running XCOM group", (_, version, live) => {
    const of = { version, variables: { [`${gr}ssl_mode`]: { value: live, persisted: live } } };
    expect(refusal({}, of, [`${gr}ssl_mode`])).toBeInstanceOf(GroupRestartError);
  });
});

describe("planMember for lists with nothing in common", () => {
  const spoken = { tls_version: "TLSv1.2" };
  const both = "SET PERSIST tls_version = 'TLSv1.2,TLSv1.3'";
  const declared = "SET PERSIST tls_version = 'TLSv1.3'";

  it("makes two rounds: the first with both, and all else that is declared; the second with the declared list", () => {
    const variables = { tls_version: "TLSv1.3", [`${gr}member_weight`]: "70", [`${gr}poll_spin_loops`]: "5" };
    const made = plan(variables, { variables: spoken });
    const { second, ...first } = made;
    expect(printPlan(first)).toEqual([
      "SET PERSIST group_replication_member_weight = 70",
      both,
      reload,
      stop,
      "SET PERSIST group_replication_poll_spin_loops = 5",
      start,
    ]);
    expect(printPlan(second!)).toEqual([declared, reload, stop, start]);
    expect(printPlan(made)).toEqual([...printPlan(first), ...printPlan(second!)]);
    expect(made).toMatchObject({ action: "restart", cost: "member-restart" });
    expect(made.reasons).toEqual([
      "tls_version acts at START",
      "group_replication_poll_spin_loops acts at START",
      "in two rounds, since members with TLSv1.2 and members with TLSv1.3 could not talk to each other: the first with TLSv1.2, TLSv1.3",
    ]);
    expect(second!.reasons).toEqual(["tls_version acts at START", "the second round, with TLSv1.3"]);
  });

  it("goes back the same way", () => {
    const made = plan({ tls_version: "TLSv1.2" }, { variables: { tls_version: "TLSv1.3" } });
    expect(printPlan(made)).toEqual([
      both,
      reload,
      stop,
      start,
      "SET PERSIST tls_version = 'TLSv1.2'",
      reload,
      stop,
      start,
    ]);
  });

  it("lets the first round have what lies in between as well", () => {
    const of = { version: "8.0.20", variables: { tls_version: "TLSv1.1" } };
    expect(printPlan(plan({ tls_version: "TLSv1.3" }, of))).toContain(
      "SET PERSIST tls_version = 'TLSv1.1,TLSv1.2,TLSv1.3'",
    );
  });

  it("takes ciphersuites of both lists first, where TLSv1.3 is what both would speak", () => {
    const [old, now] = ["TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256"];
    const of = { variables: { tls_version: "TLSv1.2,TLSv1.3", tls_ciphersuites: old } };
    const made = plan({ tls_ciphersuites: now }, of);
    expect(printPlan(made)).toEqual([
      `SET PERSIST tls_ciphersuites = '${now}:${old}'`,
      reload,
      stop,
      start,
      `SET PERSIST tls_ciphersuites = '${now}'`,
      reload,
      stop,
      start,
    ]);
    expect(made.reasons.at(-1)).toBe(
      `in two rounds, since members with ${old} and members with ${now} could not talk to each other: the first with ${now}, ${old}`,
    );
  });

  it("goes on with the second round alone where the first is in effect", () => {
    const made = plan({ tls_version: "TLSv1.3" }, { variables: { tls_version: "TLSv1.2,TLSv1.3" } });
    expect(printPlan(made)).toEqual([declared, reload, stop, start]);
    expect(made.second).toBeUndefined();
  });

  const pending = { sinceStart: ["tls_version"], variables: { tls_version: "TLSv1.2,TLSv1.3" } };

  it.each([
    ["is known to speak the old list", { ...pending, spoken: ["TLSv1.2"] }],
    ["speaks what nobody knows", pending],
  ])("only restarts for the first round where that is set, and group communication %s", (_, of) => {
    expect(printPlan(plan({ tls_version: "TLSv1.3" }, of))).toEqual([
      reload,
      stop,
      start,
      declared,
      reload,
      stop,
      start,
    ]);
  });

  it("makes one round where what was set by hand never acted, and group communication speaks both", () => {
    const of = { sinceStart: ["tls_version"], spoken: ["TLSv1.2", "TLSv1.3"], variables: spoken };
    expect(printPlan(plan({ tls_version: "TLSv1.3" }, of))).toEqual([declared, reload, stop, start]);
  });

  it.each<[string, ViewOptions, Wish, MemberPlan["action"], boolean?]>([
    ["on a member that does not run", { running: false, variables: spoken }, {}, "start"],
    [
      "on the MYSQL stack, where peers have a list of their own",
      { stack: "MYSQL", variables: spoken },
      {},
      "none",
    ],
    [
      "where the group does not encrypt",
      { variables: { ...spoken, [`${gr}ssl_mode`]: "DISABLED" } },
      {},
      "none",
    ],
    [
      "where XCom takes its TLS from the admin variables",
      { variables: { ...spoken, [`${gr}tls_source`]: "MYSQL_ADMIN" } },
      {},
      "none",
    ],
    [
      "where the whole group stops anyway",
      { variables: spoken },
      { [`${gr}communication_stack`]: "MYSQL" },
      "group-restart",
      true,
    ],
    ["where both have a protocol", { variables: { tls_version: "TLSv1.2,TLSv1.3" } }, {}, "restart"],
    [
      "where both have a ciphersuite",
      { variables: { tls_version: "TLSv1.3", tls_ciphersuites: "TLS_A:TLS_B" } },
      { tls_ciphersuites: "TLS_B" },
      "restart",
    ],
  ])("makes one round %s", (_, of, more, action, groupRestart = false) => {
    const made = planMember(view(of), wish({ tls_version: "TLSv1.3", ...more }, { groupRestart }), []);
    expect(made.action).toBe(action);
    expect(made.second).toBeUndefined();
  });

  it("never sets a list that is not declared", () => {
    const of = { ...pending, variables: spoken };
    expect(printPlan(plan({ [`${gr}poll_spin_loops`]: "5" }, of)).join()).not.toContain("tls_version");
  });
});

describe("planMember for a property that is no longer declared", () => {
  const cases: [title: string, of: ViewOptions, name: string, statements: string[]][] = [
    [
      "goes back to the server's default",
      { variables: { [`${gr}member_weight`]: { value: "70", persisted: "70" } } },
      `${gr}member_weight`,
      [
        "RESET PERSIST IF EXISTS group_replication_member_weight",
        "SET GLOBAL group_replication_member_weight = DEFAULT",
      ],
    ],
    [
      "sets the default itself where the server refuses DEFAULT (1231)",
      { variables: { [`${gr}ip_allowlist`]: { value: "10.0.0.0/8", persisted: "10.0.0.0/8" } } },
      `${gr}ip_allowlist`,
      [
        "RESET PERSIST IF EXISTS group_replication_ip_allowlist",
        "SET GLOBAL group_replication_ip_allowlist = 'AUTOMATIC'",
      ],
    ],
    [
      "uses the name that the version has",
      { version: "8.0.21", variables: { [`${gr}member_expel_timeout`]: { value: "9", persisted: "9" } } },
      `${gr}member_expel_timeout`,
      [
        "RESET PERSIST IF EXISTS group_replication_member_expel_timeout",
        "SET GLOBAL group_replication_member_expel_timeout = DEFAULT",
      ],
    ],
    [
      "only forgets the persisted value where the live one is the default",
      { variables: { [`${gr}member_weight`]: { value: "50", persisted: "70" } } },
      `${gr}member_weight`,
      ["RESET PERSIST IF EXISTS group_replication_member_weight"],
    ],
    [
      "does nothing where nothing is left of it",
      { variables: { [`${gr}member_weight`]: "50" } },
      `${gr}member_weight`,
      [],
    ],
    [
      "gives a TLS file back as it was before it was first declared",
      {
        stack: "MYSQL",
        baseline: { ssl_cert: "server-cert.pem" },
        variables: { ssl_cert: { value: "new.pem", persisted: "new.pem" } },
      },
      "ssl_cert",
      ["RESET PERSIST IF EXISTS ssl_cert", "SET GLOBAL ssl_cert = 'server-cert.pem'", reload],
    ],
    [
      "gives a TLS file back that was NULL before it was first declared",
      {
        stack: "MYSQL",
        baseline: { ssl_ca: null },
        variables: { ssl_ca: { value: "new.pem", persisted: "new.pem" } },
      },
      "ssl_ca",
      ["RESET PERSIST IF EXISTS ssl_ca", "SET GLOBAL ssl_ca = NULL", reload],
    ],
    [
      "restarts for what acts at START",
      { variables: { [`${gr}poll_spin_loops`]: { value: "100", persisted: "100" } } },
      `${gr}poll_spin_loops`,
      [
        reload,
        stop,
        "RESET PERSIST IF EXISTS group_replication_poll_spin_loops",
        "SET GLOBAL group_replication_poll_spin_loops = DEFAULT",
        start,
      ],
    ],
  ];
  it.each(cases)("%s", (_, of, name, statements) => {
    expect(printPlan(plan({}, of, [name]))).toEqual(statements);
  });

  it.each([
    ["ssl_mode", `${gr}ssl_mode`, "REQUIRED"],
    ["the communication stack", `${gr}communication_stack`, "XCOM"],
    ["single_primary_mode", `${gr}single_primary_mode`, "ON"],
    ["poll_spin_loops", `${gr}poll_spin_loops`, "0"],
  ])("costs nothing where %s has the default already", (_, name, value) => {
    const made = plan({}, { variables: { [name]: { value, persisted: value } } }, [name]);
    expect(printPlan(made)).toEqual([`RESET PERSIST IF EXISTS ${name}`]);
    expect(made).toMatchObject({ cost: "none", action: "none" });
  });

  it("forgets the persisted group name, and leaves the live one: no server takes an empty one", () => {
    const made = plan(
      {},
      { running: false, variables: { [`${gr}group_name`]: { value: "x", persisted: "x" } } },
      [`${gr}group_name`],
    );
    expect(printPlan(made)).toEqual(["RESET PERSIST IF EXISTS group_replication_group_name", start]);
  });

  it("is not touched where it is still declared", () => {
    expect(
      isEmpty(
        plan({ [`${gr}member_weight`]: "70" }, { variables: { [`${gr}member_weight`]: "70" } }, [
          `${gr}member_weight`,
        ]),
      ),
    ).toBe(true);
  });
});

describe("a plan", () => {
  it("takes back last first", () => {
    const made = plan(
      { [`${gr}member_weight`]: "70", [`${gr}autorejoin_tries`]: "5" },
      {
        variables: {
          [`${gr}member_weight`]: "50",
          [`${gr}autorejoin_tries`]: { value: "3", persisted: "3" },
        },
      },
    );
    expect(printSteps(undoOf(allSteps(made)))).toEqual([
      "SET PERSIST group_replication_autorejoin_tries = 3",
      "RESET PERSIST IF EXISTS group_replication_member_weight",
      "SET GLOBAL group_replication_member_weight = 50",
    ]);
  });

  it("brings back both the live and the persisted value of a property that was removed, where they differ", () => {
    const of = view({ variables: { [`${gr}member_weight`]: { value: "70", persisted: "60" } } });
    const machine = machineOf(of);
    const steps = allSteps(planMember(of, wish({}), [`${gr}member_weight`]));
    run(machine, steps, of.version);
    run(machine, undoOf(steps), of.version);
    expect(machine.live.get(`${gr}member_weight`)).toBe("70");
    expect(machine.persisted.get(`${gr}member_weight`)).toBe("60");
  });

  it("takes back what was persisted for a plugin that it installed", () => {
    const bare = view({ running: false, plugin: false });
    const { [`${gr}member_weight`]: _, ...others } = bare.variables;
    const made = planMember(
      { ...bare, variables: others },
      wish({ [`${gr}member_weight`]: "70" }, { installPlugin: true }),
      [],
    );
    expect(printSteps(undoOf(allSteps(made)))).toContain(
      "RESET PERSIST IF EXISTS group_replication_member_weight",
    );
  });
});
