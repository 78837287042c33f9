import { setTimeout as pause } from "node:timers/promises";
import { query, type Member, type Sandbox } from "../../tools/sandbox";

/** Statements by their text without literals, and how often the server has run each since it was started. */
export type Statements = ReadonlyMap<string, number>;

/** A session's own settings, locks and questions change nothing that another session could see. */
const READS = /^(SELECT|SHOW|DO RELEASE_LOCK|SET SESSION|SET NAMES)\b/;
const WRITING_FUNCTIONS = /`?group_replication_(set_|switch_)\w+/;

/**
 * From events_statements_summary_by_digest, which counts every statement of every session with nothing to switch on,
 * and unlike the history tables never forgets one.
 */
export async function statementsOn(member: Member): Promise<Statements> {
  const rows = await query(
    member,
    "SELECT DIGEST_TEXT text, SUM(COUNT_STAR) times FROM performance_schema.events_statements_summary_by_digest" +
      " WHERE DIGEST_TEXT IS NOT NULL GROUP BY DIGEST_TEXT",
  );
  return new Map(rows.map(({ text, times }) => [String(text), Number(times)]));
}

export async function statementsOf(sandbox: Sandbox): Promise<Statements[]> {
  return Promise.all(sandbox.members.map(statementsOn));
}

/** The statements that have changed something on this server `since` then. */
export async function writesOn(member: Member, since: Statements): Promise<string[]> {
  const now = await statementsOn(member);
  return [...now]
    .filter(([text, times]) => times > (since.get(text) ?? 0))
    .map(([text]) => text.replace(/`/g, ""))
    .filter((text) => !READS.test(text) || WRITING_FUNCTIONS.test(text));
}

/** The same of all servers, by their names; those without a write are left out. */
export async function writesOf(
  sandbox: Sandbox,
  since: readonly Statements[],
): Promise<Record<string, string[]>> {
  const writes = await Promise.all(
    sandbox.members.map(
      async (member, index) => [member.name, await writesOn(member, since[index]!)] as const,
    ),
  );
  return Object.fromEntries(writes.filter(([, texts]) => texts.length > 0));
}

export interface SeenMember {
  port: number;
  state: string;
  role: string;
}

export async function viewOf(member: Member): Promise<SeenMember[]> {
  const rows = await query(
    member,
    "SELECT MEMBER_PORT port, MEMBER_STATE state, MEMBER_ROLE role" +
      " FROM performance_schema.replication_group_members WHERE MEMBER_ID <> '' ORDER BY MEMBER_PORT",
  );
  return rows.map(({ port, state, role }) => ({
    port: Number(port),
    state: String(state),
    role: String(role),
  }));
}

/** Throws unless every member sees every member ONLINE. */
export async function expectAllOnline({ members }: Sandbox): Promise<void> {
  const expected = members.map(({ port }) => ({ port, state: "ONLINE" })).sort((a, b) => a.port - b.port);
  for (const member of members) {
    const seen = (await viewOf(member)).map(({ port, state }) => ({ port, state }));
    expect({ by: member.name, seen }).toEqual({ by: member.name, seen: expected });
  }
}

export async function primariesOf({ members }: Sandbox): Promise<string[]> {
  const view = (await Promise.all(members.map(viewOf))).find((seen) => seen.length > 0) ?? [];
  const ports = view.filter(({ role }) => role === "PRIMARY").map(({ port }) => port);
  return members.filter(({ port }) => ports.includes(port)).map(({ name }) => name);
}

export async function primaryOf(sandbox: Sandbox): Promise<Member> {
  const [name] = await primariesOf(sandbox);
  return memberOf(sandbox, name ?? "(no primary)");
}

export function memberOf({ members }: Sandbox, name: string): Member {
  const member = members.find((one) => one.name === name);
  if (!member) throw new Error(`The sandbox has no member ${name}.`);
  return member;
}

const EVENTS = { "MY-014010": "started", "MY-011651": "stopped", "MY-011507": "elected" } as const;

export interface GroupEvent {
  /** Whose error log tells it. */
  member: string;
  what: (typeof EVENTS)[keyof typeof EVENTS];
  /** Seconds since 1970. */
  at: number;
  /** Port of the member that was elected. */
  port?: number;
}

/** What Group Replication did on these servers after `since` (milliseconds), by their error logs; the earliest first. */
export async function eventsOf({ members }: Sandbox, since: number): Promise<GroupEvent[]> {
  const logs = await Promise.all(
    members.map(async (member) => {
      const rows = await query(
        member,
        "SELECT ERROR_CODE code, UNIX_TIMESTAMP(LOGGED) at, DATA text FROM performance_schema.error_log" +
          " WHERE ERROR_CODE IN (?) AND UNIX_TIMESTAMP(LOGGED) > ?",
        [Object.keys(EVENTS), since / 1000],
      );
      return rows.map(({ code, at, text }): GroupEvent => {
        const port = /address \S+:(\d+) was elected/.exec(String(text))?.[1];
        return {
          member: member.name,
          what: EVENTS[code as keyof typeof EVENTS],
          at: Number(at),
          ...(port === undefined ? {} : { port: Number(port) }),
        };
      });
    }),
  );
  return logs.flat().sort((a, b) => a.at - b.at);
}

/** Members in the order in which START GROUP_REPLICATION succeeded on them. */
export async function startsOf(sandbox: Sandbox, since: number): Promise<string[]> {
  const events = await eventsOf(sandbox, since);
  return events.filter(({ what }) => what === "started").map(({ member }) => member);
}

export async function stopsOf(sandbox: Sandbox, since: number): Promise<string[]> {
  const events = await eventsOf(sandbox, since);
  return events.filter(({ what }) => what === "stopped").map(({ member }) => member);
}

/** Every change of the primary since then: whom the group elected. Each election is told by several members. */
export async function electionsOf(sandbox: Sandbox, since: number): Promise<string[]> {
  const elected = (await eventsOf(sandbox, since)).flatMap(({ port }) => (port === undefined ? [] : [port]));
  return elected
    .filter((port, index) => port !== elected[index - 1])
    .map((port) => sandbox.members.find((member) => member.port === port)?.name ?? String(port));
}

/** Live and persisted; undefined where it is not persisted. */
export async function variable(
  member: Member,
  name: string,
): Promise<{ live: string | null; persisted?: string }> {
  const [row] = await query(
    member,
    `SELECT @@GLOBAL.${name} live,` +
      " (SELECT VARIABLE_VALUE FROM performance_schema.persisted_variables WHERE VARIABLE_NAME = ?) persisted",
    [name],
  );
  const text = (value: string | number | null) => (value === null ? null : String(value));
  return {
    live: text(row!.live),
    ...(row!.persisted === null ? {} : { persisted: String(row!.persisted) }),
  };
}

export async function persistedOn(member: Member): Promise<string[]> {
  const rows = await query(
    member,
    "SELECT VARIABLE_NAME name FROM performance_schema.persisted_variables ORDER BY 1",
  );
  return rows.map(({ name }) => String(name));
}

/** The credentials of the recovery channel as the server keeps them. */
export async function channelOn(member: Member): Promise<{ user: string; password: string } | undefined> {
  const [row] = await query(
    member,
    "SELECT User_name user, User_password password FROM mysql.slave_master_info" +
      " WHERE Channel_name = 'group_replication_recovery'",
  );
  return row && { user: String(row.user), password: String(row.password) };
}

export async function accountOn(
  member: Member,
  user = "recovery",
): Promise<{ require: string; grants: string } | undefined> {
  const [row] = await query(member, "SELECT ssl_type type FROM mysql.user WHERE User = ? AND Host = '%'", [
    user,
  ]);
  if (!row) return undefined;
  const grants = await query(member, "SHOW GRANTS FOR ?@'%'", [user]);
  return {
    require: String(row.type),
    grants: grants.map((grant) => Object.values(grant).join()).join("; "),
  };
}

export async function until(
  what: string,
  seconds: number,
  holds: () => Promise<boolean> | boolean,
): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`Not within ${seconds} s: ${what}`);
    await pause(100);
  }
}
