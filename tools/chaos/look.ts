import { type Member, connect, pidOf } from "../sandbox";

interface Row {
  port: number;
  state: string;
  role: string;
  own: number;
  view: string | null;
}

/** What a server says of itself and its group. */
export interface Look {
  readonly member: Member;
  /** Its process runs. */
  readonly runs: boolean;
  /** It answered; else the rest is unknown. */
  readonly answers: boolean;
  /** Its own; OFFLINE in no group. */
  readonly state: string;
  readonly role: string;
  /** States of all members as it sees them, by their names. */
  readonly view: Readonly<Record<string, string>>;
  readonly viewId: string;
}

const PATIENCE_MS = 3_000;
const SQL = `
  SELECT m.MEMBER_PORT port, m.MEMBER_STATE state, m.MEMBER_ROLE role, m.MEMBER_ID = @@server_uuid own, s.VIEW_ID view
  FROM performance_schema.replication_group_members m
  LEFT JOIN performance_schema.replication_group_member_stats s USING (MEMBER_ID)
  WHERE m.MEMBER_ID <> ''`;

export function lookAtAll(members: readonly Member[]): Promise<Look[]> {
  return Promise.all(members.map((member) => lookAt(member, members)));
}

export async function primaryOf(members: readonly Member[]): Promise<Member | undefined> {
  return (await lookAtAll(members)).find(isPrimary)?.member;
}

export function isPrimary({ state, role, view }: Look): boolean {
  return state === "ONLINE" && role === "PRIMARY" && hasMajority(view);
}

function hasMajority(view: Look["view"]): boolean {
  const states = Object.values(view);
  return states.filter((state) => state !== "UNREACHABLE").length * 2 > states.length;
}

async function lookAt(member: Member, members: readonly Member[]): Promise<Look> {
  const runs = pidOf(member) !== undefined;
  const silent: Look = { member, runs, answers: false, state: "?", role: "", view: {}, viewId: "" };
  const connection = await connect(member, { connectTimeout: PATIENCE_MS }).catch(() => undefined);
  if (!connection) return silent;
  try {
    const [rows] = await connection.query<never>({ sql: SQL, timeout: PATIENCE_MS });
    const seen = rows as readonly Row[];
    const own = seen.find((row) => row.own === 1);
    const nameOf = (port: number): string => members.find((m) => m.port === port)?.name ?? String(port);
    return {
      member,
      runs,
      answers: true,
      state: own?.state ?? "OFFLINE",
      role: own?.role ?? "",
      view: Object.fromEntries(seen.map((row) => [nameOf(row.port), row.state])),
      viewId: own?.view ?? "",
    };
  } catch {
    return silent;
  } finally {
    connection.destroy();
  }
}
