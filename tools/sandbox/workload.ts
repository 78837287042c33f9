import type { Connection, RowDataPacket } from "mysql2/promise";
import { connect, query } from "./client";
import { SandboxError, reason } from "./errors";
import { pause } from "./shell";
import type { Member } from "./types";

export interface WriterOptions {
  /** @default "writer" */
  database?: string;
  /** @default "rows" */
  table?: string;
  /** Milliseconds between an acknowledgement and the next row. @default 2 */
  every?: number;
  /** Milliseconds after which an unanswered row is given up as unknown. @default 10000 */
  timeout?: number;
}

export interface WriterReport {
  /** Rows whose commit a server confirmed. */
  acknowledged: number;
  /** Rows whose connection was lost before the answer: they may be there or not. */
  unknown: number;
  /** Longest time without an acknowledgement, up to the moment of `stop`. */
  longestPauseMs: number;
  seconds: number;
  rowsPerSecond: number;
  /** How often the writer went on through another member than before. */
  switches: number;
}

export interface MemberCheck {
  member: string;
  /** Acknowledged rows that are there. */
  found: number;
  /** Acknowledged rows that are not. */
  missing: number;
  /** Why the member could not be asked. */
  error?: string;
}

export interface Writer {
  /** Rows acknowledged until now. */
  readonly acknowledged: number;
  /** Name of the member it writes through now. */
  readonly through: string | undefined;
  /** The report until now. */
  report(): WriterReport;
  /** Ends the writer; it can be called again. */
  stop(): Promise<WriterReport>;
  /** Waits, 30 s at most unless told otherwise, until every acknowledged row is on every member. */
  verify(members: readonly Member[], options?: { seconds?: number }): Promise<MemberCheck[]>;
}

// The server's word that nothing was written: lock wait, deadlock, read only, offline, rolled back
// at commit, blocked by a switch-over. Of any other failure the outcome is unknown.
const REFUSALS = new Set([1205, 1213, 1290, 1792, 1836, 3032, 3101, 4094]);
const CATCH_UP_SECONDS = 30;
const FIRST_ROW_SECONDS = 60;

/**
 * Starts a client that inserts numbered rows, one transaction each, through whichever member is
 * writable. It follows the primary, and remembers which rows were acknowledged and when. Outside a
 * group it writes to the first member. Returns after the first acknowledgement.
 */
export async function startWriter(members: readonly Member[], options: WriterOptions = {}): Promise<Writer> {
  const writer = new Client(members, options);
  const started = performance.now();
  writer.begin();
  while (writer.acknowledged === 0) {
    if (performance.now() - started > FIRST_ROW_SECONDS * 1000 || writer.failure) {
      await writer.stop();
      const why = writer.failure ?? writer.lastProblem ?? "no member is writable";
      throw new SandboxError(`The writer wrote no row within ${FIRST_ROW_SECONDS} s: ${why}`);
    }
    await pause(10);
  }
  return writer;
}

class Client implements Writer {
  failure: string | undefined;
  lastProblem: string | undefined;
  through: string | undefined;
  private readonly database: string;
  private readonly table: string;
  private readonly every: number;
  private readonly timeout: number;
  private readonly ids: number[] = [];
  private readonly times: number[] = [];
  private nextId = 1;
  private unknown = 0;
  private switches = 0;
  private inGroup = false;
  private created = false;
  private stopped: number | undefined;
  private finished: Promise<void> = Promise.resolve();

  constructor(
    private readonly members: readonly Member[],
    options: WriterOptions,
  ) {
    const { database = "writer", table = "rows", every = 2, timeout = 10_000 } = options;
    this.database = `\`${database}\``;
    this.table = `${this.database}.\`${table}\``;
    this.every = every;
    this.timeout = timeout;
  }

  get acknowledged(): number {
    return this.ids.length;
  }

  begin(): void {
    this.finished = this.write().catch((error: unknown) => void (this.failure = reason(error)));
  }

  report(): WriterReport {
    const end = this.stopped ?? performance.now();
    const moments = [...this.times, end];
    const gaps = moments.slice(1).map((time, index) => time - (moments[index] as number));
    const seconds = (end - (moments[0] as number)) / 1000;
    return {
      acknowledged: this.ids.length,
      unknown: this.unknown,
      longestPauseMs: Math.round(gaps.reduce((longest, gap) => Math.max(longest, gap), 0)),
      seconds: Math.round(seconds * 1000) / 1000,
      rowsPerSecond: seconds > 0 ? Math.round(this.ids.length / seconds) : 0,
      switches: this.switches,
    };
  }

  async stop(): Promise<WriterReport> {
    this.stopped ??= performance.now();
    await this.finished;
    return this.report();
  }

  verify(members: readonly Member[], { seconds = CATCH_UP_SECONDS } = {}): Promise<MemberCheck[]> {
    const ids = [...this.ids];
    const deadline = Date.now() + seconds * 1000;
    return Promise.all(members.map((member) => this.check(member, ids, deadline)));
  }

  private async write(): Promise<void> {
    let connection: Connection | undefined;
    try {
      while (this.stopped === undefined) {
        connection ??= await this.findWritable();
        if (!connection) {
          await pause(20);
        } else if (await this.insert(connection)) {
          await pause(this.every);
        } else {
          connection.destroy();
          connection = undefined;
        }
      }
    } finally {
      connection?.destroy();
    }
  }

  /** False if the row was not acknowledged, so that another connection must be found. */
  private async insert(connection: Connection): Promise<boolean> {
    const id = this.nextId++;
    try {
      const sql = `INSERT INTO ${this.table} (id, through) VALUES (?, ?)`;
      await connection.query({ sql, values: [id, this.through], timeout: this.timeout });
    } catch (error) {
      this.lastProblem = reason(error);
      if (!isRefusal(error)) this.unknown++;
      return false;
    }
    this.times.push(performance.now());
    this.ids.push(id);
    return true;
  }

  /** A connection to the member that takes writes now: the last one first, then whom the others name. */
  private async findWritable(): Promise<Connection | undefined> {
    const last = this.members.find(({ name }) => name === this.through);
    const candidates = last ? [last, ...this.members.filter((member) => member !== last)] : [...this.members];
    let answered: Member | undefined;
    for (const member of candidates) {
      const connection = await this.open(member);
      if (!connection) continue;
      answered ??= member;
      const primary = await this.primaryAccordingTo(connection);
      if (primary === member) return this.use(member, connection);
      connection.destroy();
      if (!primary) continue;
      const other = await this.open(primary);
      if (!other) continue;
      if ((await this.primaryAccordingTo(other)) === primary) return this.use(primary, other);
      other.destroy();
    }
    // A member that has left its group may be writable, and a row there would be lost: once there has
    // been a group, only its primary is written to.
    const first = this.members[0];
    if (this.inGroup || !first || answered !== first) return undefined;
    const connection = await this.open(first);
    return connection && this.use(first, connection);
  }

  private async open(member: Member): Promise<Connection | undefined> {
    if (this.stopped !== undefined) return undefined;
    try {
      return await connect(member, { connectTimeout: 1_000 });
    } catch (error) {
      this.lastProblem = reason(error);
      return undefined;
    }
  }

  private async primaryAccordingTo(connection: Connection): Promise<Member | undefined> {
    const sql =
      "SELECT MEMBER_PORT port, MEMBER_STATE state, MEMBER_ROLE role, MEMBER_ID = @@server_uuid self" +
      " FROM performance_schema.replication_group_members ORDER BY self DESC";
    try {
      const [rows] = await connection.query<RowDataPacket[]>({ sql, timeout: 2_000 });
      if (rows.some((row) => row.state === "ONLINE")) this.inGroup = true;
      const primary = rows.find((row) => row.state === "ONLINE" && row.role === "PRIMARY");
      return primary && this.members.find(({ port }) => port === primary.port);
    } catch (error) {
      this.lastProblem = reason(error);
      return undefined;
    }
  }

  private async use(member: Member, connection: Connection): Promise<Connection | undefined> {
    try {
      if (!this.created) await this.createTable(connection);
    } catch (error) {
      this.lastProblem = reason(error);
      connection.destroy();
      return undefined;
    }
    if (this.through !== undefined && this.through !== member.name) this.switches++;
    this.through = member.name;
    return connection;
  }

  private async createTable(connection: Connection): Promise<void> {
    await connection.query(`CREATE DATABASE IF NOT EXISTS ${this.database}`);
    await connection.query(
      `CREATE TABLE IF NOT EXISTS ${this.table} (id BIGINT PRIMARY KEY, through VARCHAR(20) NOT NULL)`,
    );
    // Rows of an earlier writer keep their numbers.
    const [[row]] = await connection.query<RowDataPacket[]>(`SELECT MAX(id) last FROM ${this.table}`);
    this.nextId = Number(row?.last ?? 0) + 1;
    this.created = true;
  }

  private async check(member: Member, ids: readonly number[], deadline: number): Promise<MemberCheck> {
    for (;;) {
      const check = await this.compare(member, ids);
      if ((check.missing === 0 && !check.error) || Date.now() > deadline) return check;
      await pause(200);
    }
  }

  private async compare(member: Member, ids: readonly number[]): Promise<MemberCheck> {
    try {
      const rows = await query(member, `SELECT id FROM ${this.table}`);
      const there = new Set(rows.map((row) => Number(row.id)));
      const found = ids.filter((id) => there.has(id)).length;
      return { member: member.name, found, missing: ids.length - found };
    } catch (error) {
      return { member: member.name, found: 0, missing: ids.length, error: reason(error) };
    }
  }
}

function isRefusal(error: unknown): boolean {
  const { errno = 0, message = "" } = error as { errno?: number; message?: string };
  // 3100 names the hook that refused.
  return REFUSALS.has(errno) || (errno === 3100 && message.includes("before_commit"));
}
