import fc from "fast-check";
import { InputError, NotReadyError } from "../../../provider/errors";
import { channelOption } from "../../../provider/mysql/channel-options";
import { bind, print } from "../../../provider/mysql/sql";
import { type MemberPlan, allSteps, isEmpty, printPlan, undoOf } from "../../../provider/plan/group-member";
import {
  type ChannelWish,
  type SeenChannel,
  clearChannelSteps,
  pendingOf,
  planChannel,
  recoveryOptions,
  seenChannel,
} from "../../../provider/plan/recovery-channel";
import { parseAccount } from "../../../provider/mysql/sql";
import { printSteps } from "../../../provider/plan/step";
import type { Wish } from "../../../provider/plan/wish";
import { type ViewOptions, thrownBy, view } from "../builders";

const gr = "group_replication_";
const channel = " FOR CHANNEL 'group_replication_recovery'";

function seen(options: Partial<SeenChannel> = {}): SeenChannel {
  return {
    user: "repl",
    passwordMatches: true,
    networkNamespace: "",
    privilegeChecksUser: "",
    requireTablePrimaryKeyCheck: "STREAM",
    ...options,
  };
}

function wish(options: Partial<ChannelWish> = {}): ChannelWish {
  return { user: "repl", hasPassword: true, variables: {}, ...options };
}

function plan(
  of: ViewOptions,
  has: SeenChannel | undefined,
  wants: Partial<ChannelWish> = {},
  before: readonly string[] = [],
  options: readonly string[] = [],
): MemberPlan {
  return planChannel(view(of), has, wish(wants), before, options);
}

describe("planChannel", () => {
  it("wants nothing where everything is as declared", () => {
    const variables: Wish = { [`${gr}recovery_ssl_ca`]: "/ca.pem", [`${gr}recovery_use_ssl`]: "ON" };
    const live = {
      [`${gr}recovery_ssl_ca`]: "/ca.pem",
      [`${gr}recovery_use_ssl`]: { value: "ON", persisted: "ON" },
    };
    for (const stack of ["XCOM", "MYSQL"] as const)
      expect(isEmpty(plan({ stack, variables: live }, seen(), { variables }, Object.keys(variables)))).toBe(
        true,
      );
  });

  it.each([
    ["5.7.22", "CHANGE MASTER TO MASTER_USER = 'repl', MASTER_PASSWORD = <password>"],
    ["8.0.15", "CHANGE MASTER TO MASTER_USER = 'repl', MASTER_PASSWORD = <password>"],
    ["8.0.22", "CHANGE MASTER TO MASTER_USER = 'repl', MASTER_PASSWORD = <password>"],
    ["8.0.23", "CHANGE REPLICATION SOURCE TO SOURCE_USER = 'repl', SOURCE_PASSWORD = <password>"],
    ["9.7.4", "CHANGE REPLICATION SOURCE TO SOURCE_USER = 'repl', SOURCE_PASSWORD = <password>"],
  ])("gives %s its first credentials, and takes them back whole", (version, statement) => {
    const made = plan({ version }, undefined);
    expect(printPlan(made)).toEqual([statement + channel]);
    const reset = version < "8.0.22" ? "RESET SLAVE ALL" : "RESET REPLICA ALL";
    expect(printSteps(undoOf(made.online))).toEqual([reset + channel]);
    expect(made).toMatchObject({ cost: "none", action: "none" });
  });

  it.each([
    ["another user", seen({ user: "old" }), "old"],
    ["another password", seen({ passwordMatches: false }), "repl"],
  ])("corrects %s, and takes that back with the password from before", (_, has, user) => {
    const made = plan({}, has);
    expect(printPlan(made)).toEqual([
      `CHANGE REPLICATION SOURCE TO SOURCE_USER = 'repl', SOURCE_PASSWORD = <password>${channel}`,
    ]);
    expect(printSteps(undoOf(made.online))).toEqual([
      `CHANGE REPLICATION SOURCE TO SOURCE_USER = '${user}', SOURCE_PASSWORD = <previousPassword>${channel}`,
    ]);
  });

  it("sets an empty password for an account without one", () => {
    expect(printPlan(plan({}, undefined, { hasPassword: false }))).toEqual([
      `CHANGE REPLICATION SOURCE TO SOURCE_USER = 'repl', SOURCE_PASSWORD = ''${channel}`,
    ]);
  });

  const options: [
    title: string,
    has: Partial<SeenChannel>,
    wants: Partial<ChannelWish>,
    before: string[],
    to: string,
    back: string,
  ][] = [
    [
      "a namespace",
      {},
      { networkNamespace: "ns'1" },
      [],
      "NETWORK_NAMESPACE = 'ns\\'1'",
      "NETWORK_NAMESPACE = ''",
    ],
    [
      "an account for privilege checks",
      {},
      { privilegeChecksUser: "applier@%" },
      [],
      "PRIVILEGE_CHECKS_USER = 'applier'@'%'",
      "PRIVILEGE_CHECKS_USER = NULL",
    ],
    [
      "the check of primary keys",
      {},
      { requireTablePrimaryKeyCheck: "ON" },
      [],
      "REQUIRE_TABLE_PRIMARY_KEY_CHECK = ON",
      "REQUIRE_TABLE_PRIMARY_KEY_CHECK = STREAM",
    ],
    [
      "an account for privilege checks that is declared no more",
      { privilegeChecksUser: "'applier'@'%'" },
      {},
      ["privilegeChecksUser"],
      "PRIVILEGE_CHECKS_USER = NULL",
      "PRIVILEGE_CHECKS_USER = 'applier'@'%'",
    ],
    [
      "the check of primary keys that is declared no more",
      { requireTablePrimaryKeyCheck: "ON" },
      {},
      ["requireTablePrimaryKeyCheck"],
      "REQUIRE_TABLE_PRIMARY_KEY_CHECK = STREAM",
      "REQUIRE_TABLE_PRIMARY_KEY_CHECK = ON",
    ],
  ];
  it.each(options)("changes %s alone, and takes it back", (_, has, wants, before, to, back) => {
    const made = plan({}, seen(has), wants, [], before);
    expect(printPlan(made)).toEqual([`CHANGE REPLICATION SOURCE TO ${to}${channel}`]);
    expect(printSteps(undoOf(made.online))).toEqual([`CHANGE REPLICATION SOURCE TO ${back}${channel}`]);
  });

  it.each([
    [
      "an account in another spelling",
      { privilegeChecksUser: "'applier'@'%'" },
      { privilegeChecksUser: "applier@%" },
    ],
    ["a check in another case", { requireTablePrimaryKeyCheck: "ON" }, { requireTablePrimaryKeyCheck: "on" }],
    [
      "a default that is not set",
      { requireTablePrimaryKeyCheck: "" },
      { requireTablePrimaryKeyCheck: "STREAM" },
    ],
    ["what is not declared", { networkNamespace: "ns", privilegeChecksUser: "'a'@'%'" }, {}],
  ])("leaves alone %s", (_, has, wants) => {
    expect(isEmpty(plan({}, seen(has), wants))).toBe(true);
  });

  it("sets the variables of recovery at no cost on XCOM", () => {
    const made = plan({}, seen(), {
      variables: { [`${gr}recovery_ssl_ca`]: "/new.pem", [`${gr}recovery_use_ssl`]: "ON" },
    });
    expect(printPlan(made)).toEqual([
      "SET PERSIST group_replication_recovery_ssl_ca = '/new.pem'",
      "SET PERSIST group_replication_recovery_use_ssl = ON",
    ]);
    expect(made).toMatchObject({ cost: "none", action: "none", reasons: [] });
  });

  it("restarts for the TLS of recovery on the MYSQL stack, where it carries the group", () => {
    const made = plan({ stack: "MYSQL" }, seen(), {
      variables: { [`${gr}recovery_ssl_ca`]: "/new.pem", [`${gr}recovery_retry_count`]: "3" },
    });
    expect(printPlan(made)).toEqual([
      "SET PERSIST group_replication_recovery_retry_count = 3",
      "STOP GROUP_REPLICATION",
      "SET PERSIST group_replication_recovery_ssl_ca = '/new.pem'",
      "START GROUP_REPLICATION",
    ]);
    expect(made).toMatchObject({
      cost: "member-restart",
      reasons: ["group_replication_recovery_ssl_ca acts at START on the MYSQL stack"],
    });
  });

  it("restarts for what is set and not in effect on the MYSQL stack", () => {
    const name = `${gr}recovery_ssl_ca`;
    const of = { variables: { [name]: { value: "/ca.pem", persisted: "/ca.pem" } }, sinceStart: [name] };
    const made = plan({ stack: "MYSQL", ...of }, seen(), { variables: { [name]: "/ca.pem" } });
    expect(made).toMatchObject({ action: "restart", reasons: [`${name} is set and not in effect`] });
    expect(isEmpty(plan(of, seen(), { variables: { [name]: "/ca.pem" } }))).toBe(true);
  });

  it("restarts for credentials on a running member of the MYSQL stack only", () => {
    expect(plan({ stack: "MYSQL" }, seen({ user: "old" }))).toMatchObject({
      action: "restart",
      reasons: ["the MYSQL stack reads the channel's credentials at START"],
    });
    expect(plan({ stack: "MYSQL", running: false }, seen({ user: "old" }))).toMatchObject({
      action: "none",
      cost: "none",
    });
    expect(plan({}, seen({ user: "old" }))).toMatchObject({ action: "none", cost: "none" });
  });

  it("never starts a server that does not run: that is its GroupMember's", () => {
    const made = plan({ running: false, stack: "MYSQL" }, undefined, {
      variables: { [`${gr}recovery_ssl_ca`]: "/ca.pem" },
    });
    expect(made).toMatchObject({ action: "none", cost: "none" });
    expect(printPlan(made)).not.toContain("START GROUP_REPLICATION");
  });

  it("keeps over a reboot what is live alone", () => {
    const name = `${gr}recovery_retry_count`;
    const made = plan({ variables: { [name]: { value: "3", fleeting: true } } }, seen(), {
      variables: { [name]: "3" },
    });
    expect(printPlan(made)).toEqual([`SET PERSIST_ONLY ${name} = 3`]);
  });

  it("takes a variable back to its default when it is declared no more", () => {
    const name = `${gr}recovery_retry_count`;
    const of = { variables: { [name]: { value: "3", persisted: "3" } } };
    expect(printPlan(plan(of, seen(), {}, [name]))).toEqual([
      `RESET PERSIST IF EXISTS ${name}`,
      `SET GLOBAL ${name} = DEFAULT`,
    ]);
  });

  it("does not restart the MYSQL stack to forget a persisted value where the live one is the default", () => {
    const name = `${gr}recovery_ssl_verify_server_cert`;
    const made = plan(
      { stack: "MYSQL", variables: { [name]: { value: "OFF", persisted: "OFF" } } },
      seen(),
      {},
      [name],
    );
    expect(printPlan(made)).toEqual([`RESET PERSIST IF EXISTS ${name}`]);
    expect(made).toMatchObject({ cost: "none", action: "none" });
  });

  it("sets no variable twice, and takes all of them back", () => {
    const name = `${gr}recovery_tls_ciphersuites`;
    const made = plan({ variables: { [name]: null } }, seen(), {
      variables: { [name]: "TLS_AES_256_GCM_SHA384" },
    });
    expect(printSteps(undoOf(allSteps(made)))).toEqual([
      `RESET PERSIST IF EXISTS ${name}`,
      `SET GLOBAL ${name} = NULL`,
    ]);
  });

  it("refuses a server without the plugin", () => {
    const error = thrownBy(() => plan({ plugin: false }, undefined)) as NotReadyError;
    expect(error).toBeInstanceOf(NotReadyError);
    expect(error.message).toBe(
      `[GR005] db1:3306 does not have the group_replication plugin
Left: nothing was changed
Do: let its GroupMember install it (installPlugin: true), or start the server with plugin-load-add=group_replication.so`,
    );
  });
});

describe("planChannel refuses", () => {
  const name = `${gr}recovery_tls_version`;
  const refusal = (value: string, version: string): InputError =>
    thrownBy(() => plan({ version }, seen(), { variables: { [name]: value } })) as InputError;

  it("protocols that the version does not know: the server would take them, and recovery fail", () => {
    const error = refusal("TLSv1.1,TLSv1.2", "8.0.36");
    expect(error).toBeInstanceOf(InputError);
    expect(error.message).toBe(
      `[GR001] recoveryTlsVersion: db1:3306 runs 8.0.36, which does not take TLSv1.1 (gone from 8.0.28) for recovery; it takes TLSv1.2, TLSv1.3
Left: nothing was changed`,
    );
  });

  it("a list of protocols before 8.0.19, which has none for recovery", () => {
    expect(refusal("TLSv1.2", "8.0.18").message).toBe(
      `[GR001] recoveryTlsVersion: db1:3306 runs 8.0.18, which does not have it; it came with 8.0.19
Left: nothing was changed`,
    );
  });

  it.each(recoveryOptions)("%s one version before its first, and takes it there", (property) => {
    const { since, name: option } = channelOption(property);
    const wants = { [property]: property === "requireTablePrimaryKeyCheck" ? "ON" : "a@b" };
    const before = since.replace(/\d+$/, (patch) => String(Number(patch) - 1));
    expect((thrownBy(() => plan({ version: before }, seen(), wants)) as InputError).message).toBe(
      `[GR001] ${property}: db1:3306 runs ${before}, whose channels do not have ${option}; it came with ${since}
Left: nothing was changed`,
    );
    expect(printPlan(plan({ version: since }, seen(), wants))).toHaveLength(1);
  });

  it.each([
    ["8.0.19", "TLSv1,TLSv1.1,TLSv1.2,TLSv1.3"],
    ["8.0.27", "TLSv1.1,TLSv1.2"],
    ["8.0.28", "TLSv1.2,TLSv1.3"],
    ["9.7.4", "TLSv1.3"],
  ])("nothing that %s takes: %s", (version, value) => {
    expect(printPlan(plan({ version }, seen(), { variables: { [name]: value } }))).toEqual([
      `SET PERSIST ${name} = '${value}'`,
    ]);
  });
});

describe("pendingOf", () => {
  const name = `${gr}recovery_tls_version`;
  const declared = { [name]: "TLSv1.1,TLSv1.2", [`${gr}recovery_retry_count`]: "3" };
  const sinceStart = Object.keys(declared);

  it("tells what the MYSQL stack has not read yet, and nothing on XCOM", () => {
    expect(pendingOf(view({ stack: "MYSQL", sinceStart }), declared)).toEqual([name]);
    expect(pendingOf(view({ sinceStart }), declared)).toEqual([]);
  });

  it("shows what a plan would refuse: a server that was upgraded, or lost its plugin", () => {
    const upgraded = view({ version: "8.0.36", stack: "MYSQL", sinceStart, plugin: false });
    expect(pendingOf(upgraded, declared)).toEqual([name]);
    expect(() => plan({ version: "8.0.36" }, seen(), { variables: declared })).toThrow("TLSv1.1");
  });
});

describe("planChannel, for any channel and any declaration", () => {
  const text = fc.constantFrom("repl", "it's", "back\\slash", "naïve");
  const account = fc.constantFrom("", "'applier'@'%'", "'other'@'10.0.0.1'");
  const check = fc.constantFrom("STREAM", "ON", "OFF", "GENERATE");
  const channels = fc.record({
    user: text,
    passwordMatches: fc.boolean(),
    networkNamespace: fc.constantFrom("", "ns1", "ns2"),
    privilegeChecksUser: account,
    requireTablePrimaryKeyCheck: check,
  });
  const wishes = fc.record(
    {
      user: text,
      hasPassword: fc.boolean(),
      variables: fc.constant({}),
      networkNamespace: fc.constantFrom("", "ns1", "ns2"),
      privilegeChecksUser: fc.constantFrom("applier@%", "other@10.0.0.1"),
      requireTablePrimaryKeyCheck: check,
    },
    { requiredKeys: ["user", "hasPassword", "variables"] },
  );
  const before = fc.subarray(["networkNamespace", "privilegeChecksUser", "requireTablePrimaryKeyCheck"]);

  /** Options by name, as literals. */
  function options(statement: string): Map<string, string> {
    const list = /^CHANGE REPLICATION SOURCE TO (.*) FOR CHANNEL 'group_replication_recovery'$/s.exec(
      statement,
    )![1]!;
    return new Map(list.split(", ").map((o) => o.split(" = ", 2) as [string, string]));
  }

  it("takes back exactly the options that it changes", () => {
    fc.assert(
      fc.property(channels, wishes, before, (has, wants, managed) => {
        const steps = planChannel(view(), has, wants, [], managed).online;
        for (const s of steps) {
          const to = options(print(s.sql));
          const back = options(print(s.undo[0]!));
          expect([...back.keys()]).toEqual([...to.keys()]);
          for (const [name, literal] of to)
            if (!/USER$|PASSWORD/.test(name)) expect(back.get(name)).not.toBe(literal);
        }
        expect(steps.length).toBeLessThanOrEqual(1);
      }),
      { numRuns: 500 },
    );
  });

  it("prints no password, and is sent with the one that the statement names", () => {
    const secrets = { password: "hunter2", previousPassword: "hunter1" };
    fc.assert(
      fc.property(channels, wishes, before, (has, wants, managed) => {
        for (const s of planChannel(view(), has, wants, [], managed).online) {
          expect(print(s.sql) + printSteps(undoOf([s])).join()).not.toContain("hunter");
          if (print(s.sql).includes("<password>")) expect(bind(s.sql, secrets)).toContain("'hunter2'");
          if (print(s.undo[0]!).includes("<previousPassword>"))
            expect(bind(s.undo[0]!, secrets)).toContain("'hunter1'");
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe("seenChannel", () => {
  const fact = {
    user: "repl",
    password: "hunter2",
    networkNamespace: "",
    privilegeChecksUser: "",
    requireTablePrimaryKeyCheck: "",
  };

  it("keeps of the password only whether it is the declared one", () => {
    expect(seenChannel(fact, "hunter2")).toMatchObject({ user: "repl", passwordMatches: true });
    expect(seenChannel(fact, "other")).toMatchObject({ user: "repl", passwordMatches: false });
    expect(JSON.stringify(seenChannel(fact, "hunter2"))).not.toContain("hunter2");
  });

  it.each([
    ["there is no channel", undefined],
    ["a channel has no credentials", { ...fact, user: "", password: "" }],
  ])("is nothing where %s", (_, of) => {
    expect(seenChannel(of, "")).toBeUndefined();
  });
});

describe("parseAccount", () => {
  it.each([
    ["'repl'@'%'", { user: "repl", host: "%" }],
    ["`repl`@`10.0.0.1`", { user: "repl", host: "10.0.0.1" }],
    ["repl@%", { user: "repl", host: "%" }],
    [" 'repl'@localhost ", { user: "repl", host: "localhost" }],
    ["'a@b'@'%'", { user: "a@b", host: "%" }],
    ["repl", undefined],
    ["a@b@c", undefined],
    ["'repl'", undefined],
    ["'repl'@'%'; DROP USER x", undefined],
  ])("reads %s", (text, expected) => {
    expect(parseAccount(text)).toEqual(expected);
  });
});

describe("clearChannelSteps", () => {
  it.each([
    ["8.0.21", "RESET SLAVE ALL"],
    ["9.7.4", "RESET REPLICA ALL"],
  ])("erases the credentials and gives declared variables back on %s", (version, reset) => {
    const name = `${gr}recovery_retry_count`;
    const of = view({ version, variables: { [name]: { value: "3", persisted: "3" } } });
    expect(printSteps(clearChannelSteps(of, [name]))).toEqual([
      reset + channel,
      `RESET PERSIST IF EXISTS ${name}`,
      `SET GLOBAL ${name} = DEFAULT`,
    ]);
  });
});
