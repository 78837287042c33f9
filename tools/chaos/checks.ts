import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { groupCertificate, parseEndpoint } from "../../provider/tls/handshake";
import { type Member, connect, query } from "../sandbox";
import { filesOf } from "./certificates";
import { type Declared, actsAtStart, channelArgs, memberArgs, variablesOf } from "./declaration";
import { lastStartOf } from "./log";
import { isPrimary, lookAtAll } from "./look";
import type { Site } from "./site";

/** What each member was last seen to have in effect. */
export type InEffect = Map<string, { readonly value: string; readonly started: number }>;

/** What is not as it must be when a deployment has succeeded; empty where all is. */
export async function checkGroup(site: Site, declared: Declared, inEffect: InEffect): Promise<string[]> {
  const found = await Promise.all([
    checkView(site),
    ...site.members.map(async (member) => [
      ...(await checkVariables(site, declared, member, inEffect)),
      ...(await checkChannel(site, declared, member)),
      ...(await checkCertificate(site, declared, member)),
      ...(await checkLeftovers(member)),
    ]),
  ]);
  return found.flat();
}

/** All members ONLINE in one view of the group, which has one primary. */
async function checkView({ members }: Site): Promise<string[]> {
  const looks = await lookAtAll(members);
  const views = new Set(
    looks.map(({ view, viewId }) => JSON.stringify([Object.entries(view).sort(), viewId])),
  );
  const online = looks.every(({ view }) => members.every(({ name }) => view[name] === "ONLINE"));
  const primaries = looks.filter(isPrimary).length;
  if (views.size === 1 && online && primaries === 1) return [];
  const told = looks.map(
    ({ member, view, role }) => `${member.name} (${role || "no role"}) sees ${JSON.stringify(view)}`,
  );
  return [`the group is not whole: ${told.join("; ")}`];
}

interface Value {
  readonly live: string;
  readonly persisted: string | undefined;
  /** Seconds since 1970 at which it was last set. */
  readonly set: number;
}

async function checkVariables(
  site: Site,
  declared: Declared,
  member: Member,
  inEffect: InEffect,
): Promise<string[]> {
  const expected = expectedOf(declared, member);
  const values = await valuesOf(member, Object.keys(expected));
  const started = lastStartOf(member);
  const acting = actsAtStart(site.sandbox.stack);
  return Object.entries(expected).flatMap(([name, wanted]) => {
    const { live, persisted, set } = values.get(name) ?? { live: "unknown", persisted: undefined, set: 0 };
    // What was there before anything was declared is in effect, and need not be persisted.
    const lost = persisted !== undefined && plain(persisted) !== plain(wanted);
    if (plain(live) !== plain(wanted) || lost)
      return [`${member.name} has ${name} ${live} (persisted: ${persisted}), not ${wanted}`];
    if (!acting.has(name)) return [];
    const key = `${member.name} ${name}`;
    const before = inEffect.get(key);
    // A change that was taken back sets the old value anew, and no start is needed for it.
    if (set > started && !(before?.value === wanted && before.started === started))
      return [`${member.name} has ${name} ${wanted} set and not in effect: there was no START since`];
    inEffect.set(key, { value: wanted, started });
    return [];
  });
}

/** Where a member does not agree with a declaration, without a look at what is in effect. */
export async function differences(declared: Declared, member: Member): Promise<string[]> {
  const expected = expectedOf(declared, member);
  const values = await valuesOf(member, Object.keys(expected));
  return Object.entries(expected)
    .filter(([name, wanted]) => plain(values.get(name)?.live ?? "") !== plain(wanted))
    .map(([name]) => `${name} ${values.get(name)?.live}`);
}

function expectedOf(declared: Declared, member: Member): Record<string, string> {
  const files = filesOf(member);
  return variablesOf({ ...memberArgs(declared, member.name, files), ...channelArgs(declared, files) });
}

async function valuesOf(member: Member, names: readonly string[]): Promise<Map<string, Value>> {
  const sql = `
    SELECT v.VARIABLE_NAME name, v.VARIABLE_VALUE live, p.VARIABLE_VALUE persisted, UNIX_TIMESTAMP(i.SET_TIME) at
    FROM performance_schema.global_variables v
    JOIN performance_schema.variables_info i USING (VARIABLE_NAME)
    LEFT JOIN performance_schema.persisted_variables p USING (VARIABLE_NAME)
    WHERE v.VARIABLE_NAME IN (?)`;
  const rows = await query(member, sql, [names]);
  return new Map(
    rows.map(({ name, live, persisted, at }) => [
      String(name),
      { live: String(live), persisted: persisted === null ? undefined : String(persisted), set: Number(at) },
    ]),
  );
}

function plain(value: string): string {
  if (value === "1") return "ON";
  return value === "0" ? "OFF" : value.replace(/\s/g, "");
}

/** The recovery channel has the password, and the account takes it. */
async function checkChannel(site: Site, declared: Declared, member: Member): Promise<string[]> {
  const { user } = site.sandbox.recovery!;
  const password = site.passwordOf(declared);
  const sql =
    "SELECT User_name user, User_password password FROM mysql.slave_master_info WHERE Channel_name = 'group_replication_recovery'";
  const [row] = await query(member, sql);
  const isRight = row?.["user"] === user && row["password"] === password;
  const takes = await logsIn({ ...member, user, password });
  return [
    ...(isRight ? [] : [`${member.name}'s recovery channel does not have the declared password`]),
    ...(takes ? [] : [`${member.name} does not take the declared recovery password`]),
  ];
}

async function logsIn(login: Member): Promise<boolean> {
  try {
    (await connect(login, { ssl: { rejectUnauthorized: false } })).destroy();
    return true;
  } catch {
    return false;
  }
}

/** What clients get, and on XCOM what members get. */
async function checkCertificate(site: Site, declared: Declared, member: Member): Promise<string[]> {
  const file = filesOf(member).cert(declared.certificate);
  const sql =
    "SELECT VALUE value FROM performance_schema.tls_channel_status WHERE CHANNEL = 'mysql_main' AND PROPERTY = 'Current_tls_cert'";
  const [row] = await query(member, sql);
  const loaded = String(row?.["value"]);
  const problems = loaded === file ? [] : [`${member.name} shows clients ${loaded}, not ${file}`];
  if (site.sandbox.stack !== "XCOM") return problems;
  const shown = await groupCertificate(parseEndpoint(member.localAddress)!);
  const wanted = new X509Certificate(readFileSync(file)).fingerprint256;
  return shown?.fingerprint256 === wanted
    ? problems
    : [...problems, `${member.name} does not show the other members the certificate in ${file}`];
}

/** Nothing that a deployment uses on its way may stay. */
async function checkLeftovers(member: Member): Promise<string[]> {
  const sql = `
    SELECT @@GLOBAL.group_replication_bootstrap_group bootstrap, @@GLOBAL.offline_mode offline,
      (SELECT GROUP_CONCAT(CHANNEL_NAME) FROM performance_schema.replication_connection_configuration
       WHERE CHANNEL_NAME NOT LIKE 'group_replication_%') channels,
      (SELECT COUNT(*) FROM performance_schema.persisted_variables
       WHERE VARIABLE_NAME = 'group_replication_bootstrap_group' AND VARIABLE_VALUE = 'ON') persisted`;
  const [row] = await query(member, sql);
  return [
    ...(Number(row!["bootstrap"]) === 1 || Number(row!["persisted"]) > 0
      ? [`${member.name} has group_replication_bootstrap_group ON`]
      : []),
    ...(Number(row!["offline"]) === 1 ? [`${member.name} is in offline_mode`] : []),
    ...(row!["channels"] === null ? [] : [`${member.name} has a channel left: ${row!["channels"]}`]),
  ];
}
