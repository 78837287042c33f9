import { setTimeout as sleep } from "node:timers/promises";
import type { Connection, RowDataPacket } from "mysql2/promise";
import { type Member, connect } from "../tools/sandbox";

export interface RollingTimes {
  /** From the first STOP to the moment when all were ONLINE again. */
  seconds: number;
  switchOvers: number;
}

const pause = 20;

/** Watches every member in its own view, on connections of its own, and says when the rolling change began and ended. */
export class Monitor {
  private first: number | undefined;
  private last: number | undefined;
  private primary: string | undefined;
  private switches = 0;
  private stopped = false;
  private readonly loops: Promise<void>[];

  private constructor(connections: Connection[]) {
    const online = connections.map(() => true);
    this.loops = connections.map((connection, i) => this.watch(connection, i, online));
  }

  static async start(members: readonly Member[]): Promise<Monitor> {
    return new Monitor(await Promise.all(members.map((member) => connect(member))));
  }

  async stop(): Promise<RollingTimes> {
    this.stopped = true;
    await Promise.all(this.loops);
    return {
      seconds: ((this.last ?? 0) - (this.first ?? 0)) / 1000,
      switchOvers: this.switches,
    };
  }

  private async watch(connection: Connection, index: number, online: boolean[]): Promise<void> {
    while (!this.stopped) {
      const [rows] = await connection.query<RowDataPacket[]>(
        `SELECT MEMBER_ID AS id, MEMBER_STATE AS state, MEMBER_ROLE AS role, MEMBER_ID = @@server_uuid AS self,
           (SELECT COUNT(*) FROM performance_schema.threads WHERE PROCESSLIST_INFO = 'STOP GROUP_REPLICATION') AS stopping
         FROM performance_schema.replication_group_members`,
      );
      const now = performance.now();
      // A member calls itself ONLINE until its STOP, which takes three seconds, is nearly over.
      const isOnline = rows.some(
        (row) => Number(row["self"]) === 1 && row["state"] === "ONLINE" && Number(row["stopping"]) === 0,
      );
      if (!isOnline && online[index]) this.first ??= now;
      if (isOnline && !online[index]) this.last = now;
      online[index] = isOnline;
      const primaries = rows.filter((row) => row["role"] === "PRIMARY" && Number(row["self"]) === 1);
      if (isOnline && primaries.length === 1) this.sawPrimary(String(primaries[0]!["id"]));
      await sleep(pause);
    }
    await connection.end();
  }

  /** Only who calls itself primary counts: the others' views lag behind. */
  private sawPrimary(id: string): void {
    if (this.primary !== undefined && this.primary !== id) this.switches += 1;
    this.primary = id;
  }
}
