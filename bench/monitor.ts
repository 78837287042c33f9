import { setTimeout as sleep } from "node:timers/promises";
import type { Connection, RowDataPacket } from "mysql2/promise";
import { type Member, type Writer, connect } from "../tools/sandbox";
import type { Change, History, Phase } from "./history";

const pause = 40;

// A member calls itself ONLINE until its STOP, which takes three seconds, is nearly over.
const question = `
SELECT MEMBER_STATE AS state, MEMBER_ROLE AS role,
  (SELECT COUNT(*) FROM performance_schema.threads WHERE PROCESSLIST_INFO = 'STOP GROUP_REPLICATION') AS stopping
FROM performance_schema.replication_group_members WHERE MEMBER_ID = @@server_uuid`;

/** Watches every member in its own view, on connections of its own: the others' views lag behind. */
export class Monitor {
  private readonly began = performance.now();
  private readonly writes: { at: number; acknowledged: number }[] = [];
  private readonly changes: Change[][];
  private readonly loops: Promise<void>[];
  private stopped = false;

  private constructor(
    private readonly members: readonly Member[],
    private readonly writer: Writer,
    connections: Connection[],
  ) {
    this.changes = members.map(() => []);
    this.loops = [
      ...connections.map((connection, i) => this.watch(connection, this.changes[i]!)),
      this.countWrites(),
    ];
  }

  static async start(members: readonly Member[], writer: Writer): Promise<Monitor> {
    return new Monitor(members, writer, await Promise.all(members.map((member) => connect(member))));
  }

  async stop(): Promise<History> {
    this.stopped = true;
    await Promise.all(this.loops);
    return {
      members: this.members.map(({ name }, i) => ({ name, changes: this.changes[i]! })),
      writes: this.writes,
      end: this.now(),
    };
  }

  private async watch(connection: Connection, changes: Change[]): Promise<void> {
    for (;;) {
      // An answer that was on its way when the change ended does not know of its end yet: one more look.
      const isLast = this.stopped;
      const [[row]] = await connection.query<RowDataPacket[]>(question);
      const phase = phaseOf(row);
      if (changes.at(-1)?.phase !== phase) changes.push({ at: this.now(), phase });
      if (isLast) break;
      await sleep(pause);
    }
    await connection.end();
  }

  private async countWrites(): Promise<void> {
    while (!this.stopped) {
      this.writes.push({ at: this.now(), acknowledged: this.writer.acknowledged });
      await sleep(pause);
    }
  }

  private now(): number {
    return performance.now() - this.began;
  }
}

function phaseOf(row: RowDataPacket | undefined): Phase {
  switch (row?.["state"]) {
    case "ONLINE":
      if (Number(row["stopping"]) > 0) return "STOPPING";
      return row["role"] === "PRIMARY" ? "PRIMARY" : "SECONDARY";
    case "RECOVERING":
    case "ERROR":
      return row["state"];
    default:
      return "OFFLINE";
  }
}
