import type { Connection, RowDataPacket } from "mysql2/promise";
import { connect, type Member } from "../sandbox";

/** A member's place in its group as the member itself sees it. */
export interface Seen {
  state: string;
  role: string;
  sslMode: string;
}

/** What became of the group meanwhile. */
export interface Disturbance {
  switchOvers: number;
  /** Members that were not ONLINE for a while, in this order. */
  members: string[];
}

type Listener = (member: Member, now: Seen, before: Seen) => void;

const EVERY_MS = 100;
const UNSEEN: Seen = { state: "", role: "", sslMode: "" };
const SQL =
  "SELECT MEMBER_STATE state, MEMBER_ROLE role, @@GLOBAL.group_replication_ssl_mode sslMode" +
  " FROM performance_schema.replication_group_members WHERE MEMBER_ID IN (@@server_uuid, '')";

/** Looks at every member ten times a second, each on a connection of its own. */
export class GroupWatch {
  private readonly seen = new Map<Member, Seen>();
  private readonly ended: Promise<unknown>;
  private isOver = false;
  private primary: string | undefined;
  private switches = 0;
  private absent: string[] = [];

  constructor(
    members: readonly Member[],
    private readonly changed: Listener = () => undefined,
  ) {
    this.ended = Promise.all(members.map((member) => this.follow(member)));
  }

  of(member: Member): Seen {
    return this.seen.get(member) ?? UNSEEN;
  }

  /** Begins to count anew. */
  reset(): void {
    this.switches = 0;
    this.absent = [];
  }

  /** Since the last reset. */
  disturbance(): Disturbance {
    return { switchOvers: this.switches, members: [...this.absent] };
  }

  async close(): Promise<void> {
    this.isOver = true;
    await this.ended;
  }

  private async follow(member: Member): Promise<void> {
    let connection: Connection | undefined;
    while (!this.isOver) {
      try {
        connection ??= await connect(member, { connectTimeout: 1_000 });
        const [rows] = await connection.query<RowDataPacket[]>({ sql: SQL, timeout: 5_000 });
        this.note(member, { ...UNSEEN, ...(rows[0] as Seen | undefined) });
      } catch {
        connection?.destroy();
        connection = undefined;
        this.note(member, { ...UNSEEN, state: "UNREACHABLE" });
      }
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
    connection?.destroy();
  }

  private note(member: Member, now: Seen): void {
    const before = this.of(member);
    const isSame = now.state === before.state && now.role === before.role && now.sslMode === before.sslMode;
    if (isSame) return;
    this.seen.set(member, now);
    if (now.state !== "ONLINE" && !this.absent.includes(member.name)) this.absent.push(member.name);
    if (now.role === "PRIMARY" && now.state === "ONLINE") this.notePrimary(member.name);
    this.changed(member, now, before);
  }

  private notePrimary(name: string): void {
    if (this.primary !== undefined && this.primary !== name) this.switches++;
    this.primary = name;
  }
}
