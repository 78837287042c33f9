import { existsOn, variable, variables } from "./catalogue";
import { channelOption } from "./channel-options";
import { quote } from "./sql";
import { atLeast } from "./versions";

/** Group Replication's first release: what is older has nothing to manage. */
export const oldestManaged = "5.7.17";

/** The first version with each table or column that is looked at. The only place that knows. */
const firstWith = {
  /** JSON_ARRAYAGG and JSON_OBJECTAGG. */
  jsonAggregates: "5.7.22",
  /** MEMBER_ROLE, MEMBER_VERSION, and the length of the applier's queue. */
  memberRole: "8.0.2",
  /** performance_schema.persisted_variables and variables_info with SET_TIME. */
  variablesInfo: "8.0.2",
  /** mysql.user.User_attributes, where a retained password is. */
  userAttributes: "8.0.14",
  /** performance_schema.tls_channel_status. */
  loadedTls: "8.0.21",
  /** performance_schema.error_log. */
  errorLog: "8.0.22",
  memberStack: "8.0.27",
} as const;

/** Can a server of this version be asked for it? */
export function tells(version: string, what: keyof typeof firstWith): boolean {
  return atLeast(version, firstWith[what]);
}

const known = new Map<string, string>();

/** Everything that is read of a server, in one statement; made once a version. */
export function factsQuery(version: string): string {
  const found = known.get(version) ?? makeQuery(version);
  known.set(version, found);
  return found;
}

function makeQuery(version: string): string {
  const { role, version: memberVersion, stack } = memberColumns(version);
  const list = (item: string): string => listOf(version, item);
  const parts: Record<string, string | undefined> = {
    version: "@@version",
    uuid: "@@server_uuid",
    host: "COALESCE(@@report_host, @@hostname)",
    port: "@@port",
    now: "UNIX_TIMESTAMP(NOW(6))",
    account: "CURRENT_USER()",
    gtid: "@@GLOBAL.gtid_executed",
    nulls: `JSON_OBJECT(${nullableOn(version)
      .map((name) => `'${name}', @@GLOBAL.${name} IS NULL`)
      .join(", ")})`,
    plugins: `(SELECT ${list("JSON_ARRAY(PLUGIN_NAME, PLUGIN_STATUS)")} FROM information_schema.PLUGINS
    WHERE PLUGIN_NAME IN ('group_replication', 'clone'))`,
    members: `(SELECT ${list(`JSON_OBJECT('id', MEMBER_ID, 'host', MEMBER_HOST, 'port', MEMBER_PORT, 'state', MEMBER_STATE,
    'role', ${role}, 'version', ${memberVersion}, 'stack', ${stack})`)}
    FROM performance_schema.replication_group_members)`,
    stats: `(SELECT JSON_ARRAY(VIEW_ID, ${queueColumn(version)})
    FROM performance_schema.replication_group_member_stats WHERE MEMBER_ID = @@server_uuid)`,
    startedAt: tells(version, "errorLog")
      ? "(SELECT MAX(UNIX_TIMESTAMP(LOGGED)) FROM performance_schema.error_log WHERE ERROR_CODE = 'MY-014010')"
      : undefined,
    startAge: `(SELECT MAX(PROCESSLIST_TIME) FROM performance_schema.threads
    WHERE NAME = 'thread/group_rpl/THD_certifier_broadcast')`,
    channel: `(SELECT JSON_OBJECT('user', User_name, 'password', User_password, 'namespace', ${namespaceColumn(version)})
    FROM mysql.slave_master_info WHERE Channel_name = 'group_replication_recovery')`,
    applier: applierOf(version),
    tls: tells(version, "loadedTls")
      ? "(SELECT JSON_OBJECTAGG(PROPERTY, VALUE) FROM performance_schema.tls_channel_status WHERE CHANNEL = 'mysql_main')"
      : undefined,
    variables: variablesOf(version),
  };
  const told = Object.entries(parts).filter(([, part]) => part !== undefined);
  return `SELECT JSON_OBJECT(\n${told.map(([name, part]) => `  '${name}', ${part}`).join(",\n")}\n) AS facts`;
}

/** Before there were aggregates of JSON, their text is put together; sessions allow it to be long. */
export function listOf(version: string, item: string): string {
  return tells(version, "jsonAggregates")
    ? `JSON_ARRAYAGG(${item})`
    : `CAST(CONCAT('[', GROUP_CONCAT(${item}), ']') AS JSON)`;
}

/**
 * NULL and '' look alike in global_variables, and differ for TLS settings, so those are asked for by name.
 */
const nullable = [
  "ssl_ca",
  "ssl_capath",
  "ssl_cert",
  "ssl_key",
  "ssl_crl",
  "ssl_crlpath",
  "ssl_cipher",
  "tls_ciphersuites",
];

function nullableOn(version: string): string[] {
  return nullable.filter((name) => existsOn(variable(name), version));
}

/** Columns of performance_schema.replication_group_members, by what they tell; NULL where the version tells it nowhere. */
export function memberColumns(version: string): Readonly<Record<"role" | "version" | "stack", string>> {
  const modern = tells(version, "memberRole");
  return {
    role: modern ? "MEMBER_ROLE" : roleByStatus,
    version: modern ? "MEMBER_VERSION" : "NULL",
    stack: tells(version, "memberStack") ? "MEMBER_COMMUNICATION_STACK" : "NULL",
  };
}

/** 5.7 names the primary in a status variable, which is empty where all members take writes. */
const roleByStatus = `CASE WHEN MEMBER_STATE IN ('OFFLINE', 'ERROR') THEN ''
      WHEN (SELECT VARIABLE_VALUE FROM performance_schema.global_variables
        WHERE VARIABLE_NAME = 'group_replication_single_primary_mode') = 'OFF' THEN 'PRIMARY'
      WHEN MEMBER_ID = (SELECT VARIABLE_VALUE FROM performance_schema.global_status
        WHERE VARIABLE_NAME = 'group_replication_primary_member') THEN 'PRIMARY'
      ELSE 'SECONDARY' END`;

function queueColumn(version: string): string {
  return tells(version, "memberRole") ? "COUNT_TRANSACTIONS_REMOTE_IN_APPLIER_QUEUE" : "NULL";
}

function hasOption(version: string, property: string): boolean {
  return atLeast(version, channelOption(property).since);
}

function namespaceColumn(version: string): string {
  return hasOption(version, "networkNamespace") ? "Network_namespace" : "NULL";
}

function applierOf(version: string): string | undefined {
  const columns = [
    ...(hasOption(version, "privilegeChecksUser") ? ["'checks', PRIVILEGE_CHECKS_USER"] : []),
    ...(hasOption(version, "requireTablePrimaryKeyCheck")
      ? ["'primaryKey', REQUIRE_TABLE_PRIMARY_KEY_CHECK"]
      : []),
  ];
  if (columns.length === 0) return undefined;
  return `(SELECT JSON_OBJECT(${columns.join(", ")})
    FROM performance_schema.replication_applier_configuration WHERE CHANNEL_NAME = 'group_replication_recovery')`;
}

/** Name, live value, persisted value, source, when set. The catalogue's names, also of other versions: only those that exist have a row. */
function variablesOf(version: string): string {
  const names = variables()
    .map((v) => quote(v.name))
    .join(", ");
  const where = `WHERE g.VARIABLE_NAME IN (${names})`;
  if (!tells(version, "variablesInfo"))
    return `(SELECT ${listOf(version, "JSON_ARRAY(g.VARIABLE_NAME, g.VARIABLE_VALUE)")}
    FROM performance_schema.global_variables g
    ${where})`;
  return `(SELECT JSON_ARRAYAGG(JSON_ARRAY(g.VARIABLE_NAME, g.VARIABLE_VALUE, p.VARIABLE_VALUE, i.VARIABLE_SOURCE,
      UNIX_TIMESTAMP(i.SET_TIME)))
    FROM performance_schema.global_variables g
    LEFT JOIN performance_schema.persisted_variables p ON p.VARIABLE_NAME = g.VARIABLE_NAME
    LEFT JOIN performance_schema.variables_info i ON i.VARIABLE_NAME = g.VARIABLE_NAME
    ${where})`;
}
