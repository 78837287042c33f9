import { type Member, connect } from "../../tools/sandbox";
import { type Failure, failure } from "./deployment";

/** Everything about a server that a refused change must leave alone. */
export interface Snapshot {
  variables: Record<string, string | null>;
  /** When each variable was last set (those aside that sessions set for themselves): a SET of what is so already shows too. */
  setAt: Record<string, string>;
  persisted: Record<string, string>;
  loadedTls: Record<string, string>;
  plugins: Record<string, string>;
  /** The group as this server sees it. */
  members: string[];
  view: string | null;
  /** When Group Replication was started, by the error log. */
  starts: string[];
  /** Rows as JSON, so that a difference shows in one line. */
  accounts: string[];
  channels: string[];
  locks: string[];
  gtidExecuted: string;
}

const nullable = ["ssl_ca", "ssl_capath", "ssl_cert", "ssl_key", "ssl_crl", "ssl_crlpath", "ssl_cipher"];

export async function snapshot(member: Member): Promise<Snapshot> {
  const connection = await connect(member);
  const rows = async (sql: string): Promise<Record<string, string>[]> =>
    JSON.parse(JSON.stringify((await connection.query(sql))[0])) as Record<string, string>[];
  const record = async (sql: string): Promise<Record<string, string>> =>
    Object.fromEntries((await rows(sql)).map(({ k, v }) => [k!, v!]));
  try {
    const [state] = await rows(
      `SELECT @@GLOBAL.gtid_executed AS gtids,
         (SELECT MAX(VIEW_ID) FROM performance_schema.replication_group_member_stats WHERE MEMBER_ID = @@server_uuid) AS view,
         ${["tls_ciphersuites", ...nullable].map((n) => `@@GLOBAL.${n} IS NULL AS ${n}`).join(", ")}`,
    );
    const variables: Record<string, string | null> = await record(
      `SELECT VARIABLE_NAME k, VARIABLE_VALUE v FROM performance_schema.global_variables
       WHERE VARIABLE_NAME NOT LIKE 'gtid%' ORDER BY k`,
    );
    for (const name of ["tls_ciphersuites", ...nullable])
      if (Number(state![name]) === 1) variables[name] = null;
    return {
      variables,
      setAt: await record(
        `SELECT VARIABLE_NAME k, CAST(SET_TIME AS CHAR) v FROM performance_schema.variables_info
         WHERE SET_TIME IS NOT NULL AND VARIABLE_NAME NOT LIKE 'gtid%'
           AND VARIABLE_NAME NOT IN ('sql_mode', 'lock_wait_timeout', 'sql_log_bin', 'foreign_key_checks') ORDER BY k`,
      ),
      persisted: await record(
        "SELECT VARIABLE_NAME k, VARIABLE_VALUE v FROM performance_schema.persisted_variables ORDER BY k",
      ),
      loadedTls: await record(
        `SELECT PROPERTY k, VALUE v FROM performance_schema.tls_channel_status
         WHERE CHANNEL = 'mysql_main' AND (PROPERTY LIKE 'Current%' OR PROPERTY LIKE '%not_after') ORDER BY k`,
      ),
      plugins: await record(
        "SELECT PLUGIN_NAME k, PLUGIN_STATUS v FROM information_schema.PLUGINS WHERE PLUGIN_LIBRARY IS NOT NULL ORDER BY k",
      ),
      members: (
        await rows(
          `SELECT CONCAT_WS(' ', MEMBER_PORT, MEMBER_STATE, MEMBER_ROLE) v
           FROM performance_schema.replication_group_members WHERE MEMBER_ID <> '' ORDER BY v`,
        )
      ).map(({ v }) => v!),
      view: state!["view"] ?? null,
      starts: (
        await rows(
          "SELECT CAST(LOGGED AS CHAR) v FROM performance_schema.error_log WHERE ERROR_CODE = 'MY-014010' ORDER BY v",
        )
      ).map(({ v }) => v!),
      accounts: [
        ...(await rows("SELECT * FROM mysql.user ORDER BY User, Host")),
        ...(await rows("SELECT * FROM mysql.global_grants ORDER BY USER, HOST, PRIV")),
        ...(await rows("SELECT * FROM mysql.db ORDER BY User, Host, Db")),
      ].map((row) => JSON.stringify(row)),
      channels: [
        ...(await rows(
          `SELECT Channel_name, User_name, User_password, Network_namespace
           FROM mysql.slave_master_info WHERE Channel_name <> 'group_replication_applier' ORDER BY Channel_name`,
        )),
        ...(await rows(
          `SELECT CHANNEL_NAME, PRIVILEGE_CHECKS_USER, REQUIRE_TABLE_PRIMARY_KEY_CHECK
           FROM performance_schema.replication_applier_configuration
           WHERE CHANNEL_NAME <> 'group_replication_applier' ORDER BY CHANNEL_NAME`,
        )),
      ].map((row) => JSON.stringify(row)),
      locks: (
        await rows(
          "SELECT OBJECT_NAME v FROM performance_schema.metadata_locks WHERE OBJECT_TYPE = 'USER LEVEL LOCK' ORDER BY v",
        )
      ).map(({ v }) => v!),
      gtidExecuted: state!["gtids"]!.replace(/\s/g, ""),
    };
  } finally {
    await connection.end();
  }
}

/** Without what differs after a change that was made and taken back: when variables were set. */
function settings({ setAt: _, ...rest }: Snapshot): Partial<Snapshot> {
  return rest;
}

/** Without what a STOP and START, or a switch-over, of any member changes as well. */
function lasting(snapshot: Snapshot): Partial<Snapshot> {
  const { starts: _s, view: _v, members: _m, gtidExecuted: _g, ...rest } = settings(snapshot) as Snapshot;
  const { super_read_only: _sr, read_only: _r, ...variables } = rest.variables;
  return { ...rest, variables };
}

/** `work` is refused, and sent no statement that sets anything to any of the servers. */
export async function refused(members: readonly Member[], work: () => Promise<unknown>): Promise<Failure> {
  const before = await Promise.all(members.map(snapshot));
  const found = await failure(work);
  expect(await Promise.all(members.map(snapshot))).toEqual(before);
  return found;
}

/** The same for several resources of one deployment. */
export async function refusedAll(
  members: readonly Member[],
  work: () => Promise<unknown>[],
): Promise<Failure[]> {
  const before = await Promise.all(members.map(snapshot));
  const found = await Promise.all(work().map(failure));
  expect(await Promise.all(members.map(snapshot))).toEqual(before);
  return found;
}

/** `work` fails before anything is stopped; what it set for the trial is put back (an account in a group by further transactions). */
export async function undone(
  members: readonly Member[],
  work: () => Promise<unknown>,
  { byTransactions = false } = {},
): Promise<Failure> {
  const before = await Promise.all(members.map(snapshot));
  const found = await failure(work);
  const after = await Promise.all(members.map(snapshot));
  const asBefore = (seen: Snapshot): unknown =>
    byTransactions ? { ...settings(seen), gtidExecuted: "" } : settings(seen);
  expect(after.map(asBefore)).toEqual(before.map(asBefore));
  return found;
}

/**
 * `work` fails when some members have been stopped. Every one is back with the settings from before, and those that are not named in
 * `restarted` were never stopped.
 */
export async function takenBack(
  members: readonly Member[],
  restarted: readonly string[],
  work: () => Promise<unknown>,
): Promise<Failure> {
  const before = await Promise.all(members.map(snapshot));
  const found = await failure(work);
  const after = await Promise.all(members.map(snapshot));
  expect(after.map(lasting)).toEqual(before.map(lasting));
  const startedAgain = members.filter((_, i) => String(after[i]!.starts) !== String(before[i]!.starts));
  expect(startedAgain.map(({ name }) => name)).toEqual(restarted);
  return found;
}

/**
 * `work` fails to make the server a member: it is as it was, but for the live group_name, which no server takes back before it is
 * started anew.
 */
export async function notJoined(server: Member, work: () => Promise<unknown>): Promise<Failure> {
  const asBefore = (seen: Snapshot): unknown => {
    const { variables, ...rest } = settings(seen);
    const { group_replication_group_name: _, ...others } = variables!;
    return { ...rest, variables: others, members: "", view: "", starts: "" };
  };
  const before = await snapshot(server);
  const found = await failure(work);
  const after = await snapshot(server);
  expect(asBefore(after)).toEqual(asBefore(before));
  expect(after.members.filter((m) => !m.includes("OFFLINE"))).toEqual([]);
  return found;
}
