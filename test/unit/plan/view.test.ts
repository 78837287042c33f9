import type { ServerFacts } from "../../../provider/mysql/facts";
import {
  type ServerView,
  channelContext,
  effectOn,
  isTlsMaterial,
  memberContext,
  viewOf as viewWith,
} from "../../../provider/plan/view";
import { type FactsOptions, facts, version, view } from "../builders";

const gr = "group_replication_";
const weight = `${gr}member_weight`;

function viewOf(
  of: ServerFacts,
  names: readonly string[],
  kept: Parameters<typeof viewWith>[3] = {},
): ServerView {
  return viewWith(of, names, memberContext, kept);
}

function running(options: FactsOptions = {}): ServerFacts {
  return facts({ state: "ONLINE", startedAt: 1000, ...options });
}

describe("viewOf", () => {
  it("holds what planners look at, and the variables that are named, and no others", () => {
    const seen = viewOf(facts({ variables: { [weight]: "50", binlog_format: "ROW" } }), [weight]);
    expect(Object.keys(seen.variables)).toContain(weight);
    expect(Object.keys(seen.variables)).toContain(`${gr}ssl_mode`);
    expect(Object.keys(seen.variables)).not.toContain("binlog_format");
  });

  it("holds no more for a recovery channel than that needs", () => {
    expect(Object.keys(viewWith(facts(), [`${gr}recovery_ssl_ca`], channelContext).variables).sort()).toEqual(
      [`${gr}group_name`, `${gr}recovery_ssl_ca`, `${gr}recovery_ssl_capath`],
    );
  });

  it("is plain JSON: state can hold it, and a preview plans from the same", () => {
    const seen = viewOf(running({ variables: { [weight]: { value: null, source: "DYNAMIC", setAt: 5 } } }), [
      weight,
      "ssl_ca",
    ]);
    expect(JSON.parse(JSON.stringify(seen))).toEqual(seen);
  });

  it("holds nothing that changes by itself, nor the channel's password", () => {
    const channel = {
      user: "repl",
      password: "hunter2",
      networkNamespace: "",
      privilegeChecksUser: "",
      requireTablePrimaryKeyCheck: "",
    };
    const before = viewOf(
      running({ channel, now: 1, gtidExecuted: "a:1", applierQueue: 0, role: "PRIMARY" }),
      [weight],
    );
    const later = viewOf(
      running({ channel, now: 9, gtidExecuted: "a:1-9", applierQueue: 7, role: "SECONDARY" }),
      [weight],
    );
    expect(later).toEqual(before);
    expect(JSON.stringify(before)).not.toContain("hunter2");
  });

  it.each([
    ["a compiled default", { value: "50", source: "COMPILED" }, { value: "50" }],
    ["the option file", { value: "70", source: "EXPLICIT" }, { value: "70" }],
    ["SET GLOBAL alone", { value: "70", source: "DYNAMIC" }, { value: "70", fleeting: true }],
    ["SET PERSIST", { value: "70", source: "DYNAMIC", persisted: "70" }, { value: "70", persisted: "70" }],
    [
      "a reboot after SET PERSIST",
      { value: "70", source: "PERSISTED", persisted: "70" },
      { value: "70", persisted: "70" },
    ],
    [
      "SET PERSIST_ONLY",
      { value: "50", source: "COMPILED", persisted: "70" },
      { value: "50", persisted: "70" },
    ],
  ])("knows a value from %s", (_, fact, expected) => {
    expect(viewOf(facts({ variables: { [weight]: fact } }), [weight]).variables[weight]).toEqual(expected);
  });

  it("keeps NULL apart from the empty string", () => {
    const seen = viewOf(facts({ variables: { ssl_crl: null, ssl_crlpath: "" } }), ["ssl_crl", "ssl_crlpath"]);
    expect([seen.variables["ssl_crl"], seen.variables["ssl_crlpath"]]).toEqual([
      { value: null },
      { value: "" },
    ]);
  });

  it("finds a renamed variable under the name that the server has", () => {
    const seen = viewOf(facts({ version: "8.0.21", variables: { [`${gr}ip_allowlist`]: "AUTOMATIC" } }), [
      `${gr}ip_allowlist`,
    ]);
    expect(seen.variables[`${gr}ip_allowlist`]).toEqual({ value: "AUTOMATIC" });
  });

  it.each([
    [
      "set after the START",
      running({ variables: { [weight]: { value: "70", source: "DYNAMIC", setAt: 1001 } } }),
      undefined,
      [weight],
    ],
    [
      "set before the START",
      running({ variables: { [weight]: { value: "70", source: "DYNAMIC", setAt: 999 } } }),
      undefined,
      [],
    ],
    ["never set", running({ variables: { [weight]: "50" } }), undefined, []],
    [
      "set after the START and before a change was taken back",
      running({ variables: { [weight]: { value: "70", source: "DYNAMIC", setAt: 1500 } } }),
      2000,
      [],
    ],
    [
      "set after a change was taken back",
      running({ variables: { [weight]: { value: "70", source: "DYNAMIC", setAt: 2500 } } }),
      2000,
      [weight],
    ],
    [
      "set on 5.7, which does not tell when",
      running({ version: "5.7.22", variables: { [weight]: { value: "70", source: undefined } } }),
      undefined,
      [],
    ],
    [
      "set while nothing runs",
      facts({ startedAt: 1000, variables: { [weight]: { value: "70", source: "DYNAMIC", setAt: 1001 } } }),
      undefined,
      [],
    ],
    [
      "set where the last START is not known",
      facts({ state: "ONLINE", variables: { [weight]: { value: "70", source: "DYNAMIC", setAt: 1001 } } }),
      undefined,
      [],
    ],
  ])("tells whether a variable was %s", (_, seen, settledAt, expected) => {
    expect(viewOf(seen, [weight], { settledAt }).sinceStart).toEqual(expected);
  });

  it("takes nothing for fleeting on 5.7, where only the option file outlasts a restart", () => {
    const on57 = running({ version: "5.7.22", variables: { [weight]: { value: "70", source: undefined } } });
    expect(viewOf(on57, [weight]).variables[weight]).toEqual({ value: "70" });
    const on80 = running({ variables: { [weight]: { value: "70", source: "DYNAMIC" } } });
    expect(viewOf(on80, [weight]).variables[weight]).toEqual({ value: "70", fleeting: true });
  });

  const loaded = {
    Current_tls_ca: "ca.pem",
    Current_tls_version: "TLSv1.2,TLSv1.3",
    Current_tls_crl: "",
    Current_tls_cert: "c.pem",
  };
  it.each([
    ["other than what is loaded", { ssl_ca: "new.pem" }, ["ssl_ca"]],
    ["what is loaded", { ssl_ca: "ca.pem" }, []],
    ["NULL where nothing is loaded", { ssl_crl: null }, []],
    ["loaded in another order", { tls_version: "TLSv1.3,TLSv1.2" }, []],
    ["fewer protocols than are loaded", { tls_version: "TLSv1.3" }, ["tls_version"]],
    ["what the server does not tell about", { ssl_key: "k.pem" }, []],
    ["of the administrative port", { admin_ssl_ca: "other.pem" }, []],
  ])("tells that a TLS variable is %s", (_, variables: Record<string, string | null>, expected) => {
    const own = Object.keys(variables);
    const seen = viewOf(facts({ loadedTls: loaded, variables }), own);
    expect(seen.notLoaded.filter((name) => own.includes(name))).toEqual(expected);
  });

  it("remembers TLS files as they were before they were first declared", () => {
    const first = viewOf(facts({ variables: { ssl_ca: "ca.pem", ssl_cert: null } }), [
      "ssl_ca",
      "ssl_cert",
      weight,
    ]);
    expect(first.baseline).toEqual({ ssl_ca: "ca.pem", ssl_cert: null });
    const later = viewOf(
      facts({ variables: { ssl_ca: "new.pem", ssl_key: "k.pem" } }),
      ["ssl_ca", "ssl_key"],
      {
        baseline: first.baseline,
      },
    );
    expect(later.baseline).toMatchObject({ ssl_ca: "ca.pem", ssl_key: "k.pem" });
  });

  it("tells what the group speaks, not what the variable says by now", () => {
    const variables = { [`${gr}communication_stack`]: "MYSQL" };
    expect(viewOf(running({ stack: "XCom", variables }), [])).toMatchObject({ running: true, stack: "XCOM" });
    expect(viewOf(facts({ variables }), [])).toMatchObject({ running: false, stack: "MYSQL" });
  });

  it.each([
    ["ACTIVE", true],
    ["DISABLED", false],
    [undefined, false],
  ])("takes the plugin with status %s as there: %s", (status, there) => {
    const plugins: Record<string, string> = status === undefined ? {} : { group_replication: status };
    expect(viewOf(facts({ plugins }), []).plugin).toBe(there);
  });
});

describe("effectOn", () => {
  const disabled = { variables: { [`${gr}ssl_mode`]: "DISABLED" } };
  it.each([
    ["ssl_mode on XCOM between encrypted modes", {}, `${gr}ssl_mode`, "VERIFY_CA", "member-restart"],
    ["ssl_mode on XCOM from DISABLED", disabled, `${gr}ssl_mode`, "REQUIRED", "group-restart"],
    ["ssl_mode on XCOM to DISABLED", {}, `${gr}ssl_mode`, "DISABLED", "group-restart"],
    [
      "ssl_mode on the MYSQL stack from DISABLED",
      { ...disabled, stack: "MYSQL" },
      `${gr}ssl_mode`,
      "REQUIRED",
      "member-restart",
    ],
    [
      "ssl_mode where nothing runs",
      { ...disabled, running: false },
      `${gr}ssl_mode`,
      "REQUIRED",
      "next-start",
    ],
    [
      "the stack where nothing runs",
      { running: false },
      `${gr}communication_stack`,
      "REQUIRED",
      "next-start",
    ],
    ["ssl_ca on encrypted XCOM", {}, "ssl_ca", "REQUIRED", "member-restart"],
    ["ssl_ca on XCOM without encryption", disabled, "ssl_ca", "DISABLED", "tls-reload"],
    ["ssl_ca on the MYSQL stack", { stack: "MYSQL" }, "ssl_ca", "REQUIRED", "tls-reload"],
    ["ssl_ca where nothing runs", { running: false }, "ssl_ca", "REQUIRED", "tls-reload"],
    ["tls_version on encrypted XCOM", {}, "tls_version", "REQUIRED", "member-restart"],
    ["tls_ciphersuites on encrypted XCOM", {}, "tls_ciphersuites", "REQUIRED", "member-restart"],
    [
      "ssl_session_cache_mode, which XCOM does not read",
      {},
      "ssl_session_cache_mode",
      "REQUIRED",
      "tls-reload",
    ],
    ["admin_ssl_ca on encrypted XCOM", {}, "admin_ssl_ca", "REQUIRED", "tls-reload"],
    [
      "admin_ssl_ca where XCOM reads the admin variables",
      { variables: { [`${gr}tls_source`]: "MYSQL_ADMIN" } },
      "admin_ssl_ca",
      "REQUIRED",
      "member-restart",
    ],
    [
      "ssl_ca where XCOM reads the admin variables",
      { variables: { [`${gr}tls_source`]: "MYSQL_ADMIN" } },
      "ssl_ca",
      "REQUIRED",
      "tls-reload",
    ],
    ["recovery_ssl_ca on XCOM", {}, `${gr}recovery_ssl_ca`, "REQUIRED", "next-recovery"],
    [
      "recovery_ssl_ca on the MYSQL stack",
      { stack: "MYSQL" },
      `${gr}recovery_ssl_ca`,
      "REQUIRED",
      "member-restart",
    ],
    [
      "recovery_tls_version on the MYSQL stack",
      { stack: "MYSQL" },
      `${gr}recovery_tls_version`,
      "REQUIRED",
      "member-restart",
    ],
    [
      "recovery_use_ssl on the MYSQL stack",
      { stack: "MYSQL" },
      `${gr}recovery_use_ssl`,
      "REQUIRED",
      "member-restart",
    ],
    [
      "recovery_retry_count on the MYSQL stack",
      { stack: "MYSQL" },
      `${gr}recovery_retry_count`,
      "REQUIRED",
      "next-recovery",
    ],
    ["require_secure_transport", {}, "require_secure_transport", "REQUIRED", "immediate"],
    ["start_on_boot", {}, `${gr}start_on_boot`, "REQUIRED", "next-start"],
    ["member_weight where nothing runs", { running: false }, `${gr}member_weight`, "REQUIRED", "immediate"],
  ] as const)("of %s", (_, of, name, sslMode, effect) => {
    expect(effectOn(view(of), name, sslMode)).toBe(effect);
  });
});

describe("isTlsMaterial", () => {
  it.each([
    ["ssl_ca", true],
    ["tls_version", true],
    ["admin_ssl_cert", true],
    ["require_secure_transport", false],
    [`${gr}ssl_mode`, false],
    [`${gr}recovery_ssl_ca`, false],
  ])("of %s: %s", (name, is) => {
    expect(isTlsMaterial(name)).toBe(is);
  });
});

describe("the builder of views", () => {
  it("makes what viewOf makes of the same server", () => {
    const made = viewOf(facts({ version, state: "ONLINE", stack: "XCom" }), [
      `${gr}local_address`,
      `${gr}group_seeds`,
    ]);
    expect(made).toEqual(view());
  });
});
