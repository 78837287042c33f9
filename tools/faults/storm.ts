import type { Connection } from "mysql2/promise";
import { type Member, type MemberCheck, type WriterReport, connect, query, startWriter } from "../sandbox";

export interface StormOptions {
  /** Clients that write small rows. @default 3 */
  writers?: number;
  /** Clients that hold transactions open. @default 2 */
  holders?: number;
  /** How long each of those transactions stays open, in seconds. @default 5 */
  seconds?: number;
  /** Change the table of the first writer all the time. @default true */
  ddl?: boolean;
}

export interface StormReport {
  /** Rows of small and of long transactions whose commit a server confirmed. */
  acknowledged: number;
  /** Long transactions among them. */
  long: number;
  /** ALTER TABLE statements that a server confirmed. */
  altered: number;
  writers: WriterReport[];
}

export interface Storm {
  /** Ends it; transactions that are open are committed. */
  stop(): Promise<StormReport>;
  /** Looks for every acknowledged row, as a writer does; for use after `stop`. */
  verify(members: readonly Member[]): Promise<MemberCheck[]>;
}

const DATABASE = "storm";
const HELD = `${DATABASE}.held`;

/** Clients that make a switch-over hard: small writes, transactions that stay open, and ALTER TABLE on what is written to. */
export async function storm(members: readonly Member[], options: StormOptions = {}): Promise<Storm> {
  const { writers: many = 3, holders = 2, seconds = 5, ddl = true } = options;
  const writers = await Promise.all(
    Array.from({ length: many }, (_, i) =>
      startWriter(members, { database: DATABASE, table: `rows_${i}`, every: 5 }),
    ),
  );
  const primary = await primaryOf(members);
  if (!primary) throw new Error("no member says that it is primary");
  await query(primary, `CREATE TABLE IF NOT EXISTS ${HELD} (id BIGINT PRIMARY KEY)`);
  const clients = new Clients(members, seconds, await nextId(primary));
  for (let i = 0; i < holders; i++) clients.hold();
  if (ddl) clients.alter(`${DATABASE}.rows_0`);
  return {
    async stop() {
      await clients.stop();
      const reports = await Promise.all(writers.map((writer) => writer.stop()));
      const small = reports.reduce((sum, { acknowledged }) => sum + acknowledged, 0);
      const long = clients.held.length;
      return { acknowledged: small + long, long, altered: clients.altered, writers: reports };
    },
    async verify(where) {
      const each = await Promise.all(writers.map((writer) => writer.verify(where)));
      const held = await Promise.all(where.map((member) => clients.find(member)));
      return where.map((member, i) => sum(member, [...each.map((checks) => checks[i]), held[i]]));
    },
  };
}

class Clients {
  readonly held: number[] = [];
  altered = 0;
  private stopped = false;
  private readonly working: Promise<void>[] = [];

  constructor(
    private readonly members: readonly Member[],
    private readonly seconds: number,
    private id: number,
  ) {}

  /** One transaction after the other, each open for a while. */
  hold(): void {
    this.repeat(async (connection) => {
      const id = this.id++;
      await connection.query("BEGIN");
      await connection.query(`INSERT INTO ${HELD} VALUES (?)`, [id]);
      await this.pause(this.seconds * 1000);
      await connection.query("COMMIT");
      this.held.push(id);
    });
  }

  alter(table: string): void {
    this.repeat(async (connection) => {
      await connection.query(`ALTER TABLE ${table} ADD COLUMN passing INT, ALGORITHM = INPLACE`);
      this.altered++;
      await connection.query(`ALTER TABLE ${table} DROP COLUMN passing, ALGORITHM = INPLACE`);
      this.altered++;
      await this.pause(200);
    });
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.working);
  }

  async find(member: Member): Promise<MemberCheck> {
    const rows = await query(member, `SELECT id FROM ${HELD}`);
    const there = new Set(rows.map(({ id }) => Number(id)));
    const found = this.held.filter((id) => there.has(id)).length;
    return { member: member.name, found, missing: this.held.length - found };
  }

  /** What fails is begun again, on the member that is primary then. */
  private repeat(work: (connection: Connection) => Promise<void>): void {
    const loop = async (): Promise<void> => {
      let connection: Connection | undefined;
      while (!this.stopped) {
        try {
          connection ??= await connectToPrimary(this.members);
          await work(connection);
        } catch {
          connection?.destroy();
          connection = undefined;
          await this.pause(100);
        }
      }
      connection?.destroy();
    };
    this.working.push(loop());
  }

  private async pause(milliseconds: number): Promise<void> {
    const end = performance.now() + milliseconds;
    while (!this.stopped && performance.now() < end) await new Promise((done) => setTimeout(done, 20));
  }
}

async function connectToPrimary(members: readonly Member[]): Promise<Connection> {
  const primary = await primaryOf(members);
  if (!primary) throw new Error("no primary");
  const connection = await connect(primary, { connectTimeout: 2_000 });
  await connection.query("SET SESSION lock_wait_timeout = 5");
  return connection;
}

async function primaryOf(members: readonly Member[]): Promise<Member | undefined> {
  const own =
    "SELECT 1 FROM performance_schema.replication_group_members WHERE MEMBER_ID = @@server_uuid" +
    " AND MEMBER_STATE = 'ONLINE' AND MEMBER_ROLE = 'PRIMARY' AND NOT @@GLOBAL.super_read_only";
  for (const member of members) {
    const rows = await query(member, own).catch(() => []);
    if (rows.length > 0) return member;
  }
  return undefined;
}

/** Rows of an earlier storm keep their numbers. */
async function nextId(primary: Member): Promise<number> {
  const [row] = await query(primary, `SELECT MAX(id) last FROM ${HELD}`);
  return Number(row?.last ?? 0) + 1;
}

function sum({ name }: Member, checks: readonly (MemberCheck | undefined)[]): MemberCheck {
  const known = checks.filter((check) => check !== undefined);
  const error = known.find((check) => check.error)?.error;
  return {
    member: name,
    found: known.reduce((n, { found }) => n + found, 0),
    missing: known.reduce((n, { missing }) => n + missing, 0),
    ...(error === undefined ? {} : { error }),
  };
}
