import { factsQuery, memberColumns } from "../../../provider/mysql/facts-query";
import { variables } from "../../../provider/mysql/catalogue";

/** The statement without the long list of names, one part a line. */
function parts(version: string): Record<string, string> {
  const lines = factsQuery(version)
    .replace(/IN \('[^()]*'\)(?=\)\n\) AS facts$)/, "IN (<names>)")
    .replace(/\s*\n {3,}/g, " ")
    .split("\n");
  expect([lines[0], lines.at(-1)]).toEqual(["SELECT JSON_OBJECT(", ") AS facts"]);
  return Object.fromEntries(
    lines.slice(1, -1).map((line) => {
      const [, name, text] = /^ {2}'(\w+)', (.*?),?$/.exec(line)!;
      return [name!, text!];
    }),
  );
}

const always = {
  version: "@@version",
  uuid: "@@server_uuid",
  host: "COALESCE(@@report_host, @@hostname)",
  port: "@@port",
  now: "UNIX_TIMESTAMP(NOW(6))",
  account: "CURRENT_USER()",
  gtid: "@@GLOBAL.gtid_executed",
  startAge:
    "(SELECT MAX(PROCESSLIST_TIME) FROM performance_schema.threads WHERE NAME = 'thread/group_rpl/THD_certifier_broadcast')",
};
const nulls = (...more: string[]): string =>
  `JSON_OBJECT(${[
    "ssl_ca",
    "ssl_capath",
    "ssl_cert",
    "ssl_key",
    "ssl_crl",
    "ssl_crlpath",
    "ssl_cipher",
    ...more,
  ]
    .map((name) => `'${name}', @@GLOBAL.${name} IS NULL`)
    .join(", ")})`;
const plugins =
  "(SELECT JSON_ARRAYAGG(JSON_ARRAY(PLUGIN_NAME, PLUGIN_STATUS)) FROM information_schema.PLUGINS WHERE PLUGIN_NAME IN ('group_replication', 'clone'))";
const members = (role: string, version: string, stack: string): string =>
  "(SELECT JSON_ARRAYAGG(JSON_OBJECT('id', MEMBER_ID, 'host', MEMBER_HOST, 'port', MEMBER_PORT, 'state', MEMBER_STATE, " +
  `'role', ${role}, 'version', ${version}, 'stack', ${stack})) FROM performance_schema.replication_group_members)`;
const stats = (queue: string): string =>
  `(SELECT JSON_ARRAY(VIEW_ID, ${queue}) FROM performance_schema.replication_group_member_stats WHERE MEMBER_ID = @@server_uuid)`;
const channel = (namespace: string): string =>
  `(SELECT JSON_OBJECT('user', User_name, 'password', User_password, 'namespace', ${namespace}) FROM mysql.slave_master_info WHERE Channel_name = 'group_replication_recovery')`;
const applier = (columns: string): string =>
  `(SELECT JSON_OBJECT(${columns}) FROM performance_schema.replication_applier_configuration WHERE CHANNEL_NAME = 'group_replication_recovery')`;
const globals =
  "(SELECT JSON_ARRAYAGG(JSON_ARRAY(g.VARIABLE_NAME, g.VARIABLE_VALUE)) FROM performance_schema.global_variables g WHERE g.VARIABLE_NAME IN (<names>))";
const history =
  "(SELECT JSON_ARRAYAGG(JSON_ARRAY(g.VARIABLE_NAME, g.VARIABLE_VALUE, p.VARIABLE_VALUE, i.VARIABLE_SOURCE, UNIX_TIMESTAMP(i.SET_TIME))) " +
  "FROM performance_schema.global_variables g LEFT JOIN performance_schema.persisted_variables p ON p.VARIABLE_NAME = g.VARIABLE_NAME " +
  "LEFT JOIN performance_schema.variables_info i ON i.VARIABLE_NAME = g.VARIABLE_NAME WHERE g.VARIABLE_NAME IN (<names>))";
const queue = "COUNT_TRANSACTIONS_REMOTE_IN_APPLIER_QUEUE";
const roleByStatus =
  "CASE WHEN MEMBER_STATE IN ('OFFLINE', 'ERROR') THEN '' " +
  "WHEN (SELECT VARIABLE_VALUE FROM performance_schema.global_variables WHERE VARIABLE_NAME = 'group_replication_single_primary_mode') = 'OFF' THEN 'PRIMARY' " +
  "WHEN MEMBER_ID = (SELECT VARIABLE_VALUE FROM performance_schema.global_status WHERE VARIABLE_NAME = 'group_replication_primary_member') THEN 'PRIMARY' " +
  "ELSE 'SECONDARY' END";
const errorLog =
  "(SELECT MAX(UNIX_TIMESTAMP(LOGGED)) FROM performance_schema.error_log WHERE ERROR_CODE = 'MY-014010')";
const loadedTls =
  "(SELECT JSON_OBJECTAGG(PROPERTY, VALUE) FROM performance_schema.tls_channel_status WHERE CHANNEL = 'mysql_main')";
const ciphersuites = nulls("tls_ciphersuites");

const oldest = {
  ...always,
  nulls: nulls(),
  plugins,
  members: members(roleByStatus, "NULL", "NULL"),
  stats: stats("NULL"),
  channel: channel("NULL"),
  variables: globals,
};
const first80 = {
  ...oldest,
  members: members("MEMBER_ROLE", "MEMBER_VERSION", "NULL"),
  stats: stats(queue),
  variables: history,
};
const last = {
  ...first80,
  nulls: ciphersuites,
  members: members("MEMBER_ROLE", "MEMBER_VERSION", "MEMBER_COMMUNICATION_STACK"),
  startedAt: errorLog,
  channel: channel("Network_namespace"),
  applier: applier("'checks', PRIVILEGE_CHECKS_USER, 'primaryKey', REQUIRE_TABLE_PRIMARY_KEY_CHECK"),
  tls: loadedTls,
};

describe("the statement that looks at a server", () => {
  it.each<[string, Record<string, string>]>([
    ["5.7.22", oldest],
    ["8.0.11", first80],
    ["8.0.15", first80],
    ["8.0.19", { ...first80, nulls: ciphersuites, applier: applier("'checks', PRIVILEGE_CHECKS_USER") }],
    ["8.0.22", { ...last, members: members("MEMBER_ROLE", "MEMBER_VERSION", "NULL") }],
    ["8.0.27", last],
    ["9.7.4", last],
  ])("asks %s for what it has", (version, expected) => {
    expect(parts(version)).toEqual(expected);
  });

  it("puts lists together as text before 5.7.22, which aggregates no JSON", () => {
    const query = factsQuery("5.7.21");
    expect(query).not.toMatch(/JSON_(ARRAY|OBJECT)AGG/);
    expect(query).toContain(
      "CAST(CONCAT('[', GROUP_CONCAT(JSON_ARRAY(PLUGIN_NAME, PLUGIN_STATUS)), ']') AS JSON)",
    );
    expect(
      query.replace(/CAST\(CONCAT\('\[', GROUP_CONCAT\((.*?)\), '\]'\) AS JSON\)/gs, "JSON_ARRAYAGG($1)"),
    ).toBe(factsQuery("5.7.22"));
  });

  it.each(["5.7.17", "8.0.11", "9.7.4", "27.1.0"])(
    "names every variable of the catalogue on %s",
    (version) => {
      for (const { name } of variables()) expect(factsQuery(version)).toContain(`'${name}'`);
    },
  );

  it("is made once a version", () => {
    expect(factsQuery("9.7.4")).toBe(factsQuery("9.7.4"));
    expect(factsQuery("9.7.4")).toBe(factsQuery("8.0.27"));
  });
});

describe("the columns of a group's members", () => {
  it.each([
    ["5.7.44", { role: roleByStatus, version: "NULL", stack: "NULL" }],
    ["8.0.11", { role: "MEMBER_ROLE", version: "MEMBER_VERSION", stack: "NULL" }],
    ["8.0.26", { role: "MEMBER_ROLE", version: "MEMBER_VERSION", stack: "NULL" }],
    ["8.0.27", { role: "MEMBER_ROLE", version: "MEMBER_VERSION", stack: "MEMBER_COMMUNICATION_STACK" }],
  ])("on %s", (version, expected) => {
    const { role, ...rest } = memberColumns(version);
    expect({ role: role.replace(/\s+/g, " "), ...rest }).toEqual(expected);
  });
});
