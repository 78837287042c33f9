import type { Connection, RowDataPacket } from "mysql2/promise";
import { type Member, connect, query } from "../sandbox";
import { type Beat, type Findings, type Sample, isWritable, judge } from "./judgement";

const LOOK_EVERY_MS = 40;
const BEAT_EVERY_MS = 150;
const PATIENCE_MS = 2_000;
const BEATS = "watching.beats";

/** What a server says of itself and of its group. */
const LOOK = `
  SELECT @@GLOBAL.super_read_only locked, @@server_uuid = m.MEMBER_ID own, m.MEMBER_PORT port, m.MEMBER_STATE state,
    m.MEMBER_ROLE role
  FROM (SELECT 1) one LEFT JOIN performance_schema.replication_group_members m ON m.MEMBER_ID <> ''`;

export interface Watching {
  /** What was seen until now. */
  findings(): Findings;
  /** Ends it. */
  stop(): Promise<Findings>;
}

/**
 * Looks at every server all the time, and writes a small row to each that says it is primary, all over
 * connections of its own; judges afterwards what the group went through.
 */
export async function steadily(members: readonly Member[]): Promise<Watching> {
  const watch = new Watch(members);
  await watch.begin();
  return watch;
}

class Watch implements Watching {
  private readonly samples: Sample[] = [];
  private readonly beats: Beat[] = [];
  private readonly latest = new Map<string, Sample>();
  private ended = false;
  private loops: Promise<void>[] = [];

  constructor(private readonly members: readonly Member[]) {}

  async begin(): Promise<void> {
    this.loops = this.members.map((member) =>
      this.repeat(member, LOOK_EVERY_MS, (c) => this.look(member, c)),
    );
    // From here on nothing is missed.
    while (this.latest.size < this.members.length) await pause(5);
    const primary = this.members.find((member) => this.saysPrimary(member));
    if (!primary) return;
    await query(primary, "CREATE DATABASE IF NOT EXISTS watching");
    await query(primary, `CREATE TABLE IF NOT EXISTS ${BEATS} (id BIGINT PRIMARY KEY AUTO_INCREMENT)`);
    this.loops.push(
      ...this.members.map((member) => this.repeat(member, BEAT_EVERY_MS, (c) => this.beat(member, c))),
    );
  }

  findings(): Findings {
    return judge(this.samples, this.beats);
  }

  async stop(): Promise<Findings> {
    this.ended = true;
    await Promise.all(this.loops);
    return this.findings();
  }

  private saysPrimary({ name }: Member): boolean {
    const look = this.latest.get(name);
    return look !== undefined && isWritable(look);
  }

  private async look(member: Member, connect: () => Promise<Connection>): Promise<void> {
    const asked = performance.now();
    try {
      const connection = await connect();
      const [rows] = await connection.query<RowDataPacket[]>({ sql: LOOK, timeout: PATIENCE_MS });
      this.keep({ member: member.name, asked, answered: performance.now(), ...this.read(rows) });
    } catch (error) {
      this.keep({ member: member.name, asked, answered: performance.now(), state: "silent" });
      throw error;
    }
  }

  private read(rows: readonly RowDataPacket[]): Omit<Sample, "member" | "asked" | "answered"> {
    const seen = rows.filter(({ port }) => port !== null);
    const own = seen.find((row) => row.own === 1);
    return {
      state: String(own?.state ?? "OFFLINE"),
      role: String(own?.role ?? ""),
      locked: rows[0]?.locked === 1,
      multiPrimary: seen.filter(({ role }) => role === "PRIMARY").length > 1,
      group: Object.fromEntries(seen.map((row) => [this.nameOf(Number(row.port)), String(row.state)])),
    };
  }

  private async beat(member: Member, connect: () => Promise<Connection>): Promise<void> {
    if (!this.saysPrimary(member)) return;
    const asked = performance.now();
    const connection = await connect();
    await connection.query({ sql: `INSERT INTO ${BEATS} VALUES ()`, timeout: PATIENCE_MS });
    const { multiPrimary = false } = this.latest.get(member.name) as Sample;
    this.beats.push({ member: member.name, asked, answered: performance.now(), multiPrimary });
  }

  private keep(sample: Sample): void {
    this.samples.push(sample);
    this.latest.set(sample.member, sample);
  }

  private nameOf(port: number): string {
    return this.members.find((member) => member.port === port)?.name ?? String(port);
  }

  private async repeat(
    member: Member,
    every: number,
    work: (connect: () => Promise<Connection>) => Promise<void>,
  ): Promise<void> {
    let connection: Connection | undefined;
    const login = async (): Promise<Connection> =>
      (connection ??= await connect(member, { connectTimeout: PATIENCE_MS }));
    while (!this.ended) {
      await work(login).catch(() => {
        connection?.destroy();
        connection = undefined;
      });
      await pause(every);
    }
    connection?.destroy();
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
