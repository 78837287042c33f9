import { setTimeout as pause } from "node:timers/promises";
import type { Connection } from "mysql2/promise";
import { type Member, connect } from "../sandbox";
import { ADMINISTRATOR } from "./site";

const EVERY_MS = 60;
const PATIENCE_MS = 1_000;
const SQL = `
  SELECT PROCESSLIST_ID id FROM performance_schema.threads
  WHERE PROCESSLIST_USER = '${ADMINISTRATOR}' AND PROCESSLIST_INFO = 'STOP GROUP_REPLICATION'`;
const VIEW = `
  SELECT MEMBER_PORT port, MEMBER_STATE = 'ONLINE' online, MEMBER_ID = @@server_uuid own
  FROM performance_schema.replication_group_members WHERE MEMBER_ID <> ''`;

export interface Stop {
  readonly member: string;
  /** performance.now() */
  readonly at: number;
  /** It was ONLINE until then. */
  readonly wasOnline: boolean;
  /** Other members that were ONLINE then and not being stopped themselves. */
  readonly othersOnline: number;
}

/** Sees which members the deployment stops, over connections of its own; a STOP takes three seconds. */
export class StopWatch {
  private readonly stops: Stop[] = [];
  /** Ports of members that are being stopped. */
  private readonly stopping = new Set<number>();
  private readonly loops: Promise<void>[];
  private ended = false;

  constructor(members: readonly Member[]) {
    this.loops = members.map((member) => this.watch(member));
  }

  since(moment: number): readonly Stop[] {
    return this.stops.filter(({ at }) => at >= moment);
  }

  async end(): Promise<void> {
    this.ended = true;
    await Promise.all(this.loops);
  }

  private async watch(member: Member): Promise<void> {
    let connection: Connection | undefined;
    let running: number | undefined;
    while (!this.ended) {
      try {
        connection ??= await connect(member, { connectTimeout: PATIENCE_MS });
        const [rows] = await connection.query<never>({ sql: SQL, timeout: PATIENCE_MS });
        const id = (rows as readonly { id: number }[])[0]?.id;
        if (id === undefined) this.stopping.delete(member.port);
        else if (id !== running) await this.note(member, connection);
        running = id;
      } catch {
        // It is down or frozen; a server that was started anew has no statement of before.
        connection?.destroy();
        connection = undefined;
      }
      await pause(EVERY_MS);
    }
    connection?.destroy();
  }

  private async note(member: Member, connection: Connection): Promise<void> {
    const at = performance.now();
    this.stopping.add(member.port);
    const [rows] = await connection.query<never>({ sql: VIEW, timeout: PATIENCE_MS });
    const online = (rows as readonly { port: number; online: number; own: number }[]).filter((r) => r.online);
    const others = online.filter(({ port, own }) => !own && !this.stopping.has(port));
    const wasOnline = online.some(({ own }) => own);
    this.stops.push({ member: member.name, at, wasOnline, othersOnline: others.length });
  }
}
