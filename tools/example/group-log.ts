import { info } from "../report";
import { startWriter, type Sandbox, type Writer } from "../sandbox";
import { groupTls } from "./group-tls";
import { GroupWatch } from "./watch";

/** What a group does while an example changes it and a client writes to it. */
export class GroupLog {
  private constructor(
    private readonly sandbox: Sandbox,
    private readonly watch: GroupWatch,
    private readonly writer: Writer,
  ) {}

  /** Throws where a row that was acknowledged is not on every member afterwards. */
  static async during(sandbox: Sandbox, work: (log: GroupLog) => Promise<void>): Promise<void> {
    const watch = new GroupWatch(sandbox.members);
    const writer = await startWriter(sandbox.members).catch(async (error: unknown) => {
      await watch.close();
      throw error;
    });
    try {
      await work(new GroupLog(sandbox, watch, writer));
      info(await found(sandbox, writer));
    } finally {
      await writer.stop();
      await watch.close();
    }
  }

  /** Begins to count anew. */
  reset(): void {
    this.watch.reset();
  }

  /** What has happened since the last reset, and what members show each other now. */
  async told(): Promise<string> {
    const { members, switchOvers } = this.watch.disturbance();
    const order = members.length === 0 ? "no member restarted" : `restarted: ${members.join(", then ")}`;
    const shown = this.sandbox.members.map(async (member) => {
      const tls = await groupTls(this.sandbox, member);
      return `${member.name} ${tls ? `${tls.sha256.slice(0, 8)} (until ${tls.validUntil})` : "nothing"}`;
    });
    const { acknowledged, longestPauseMs } = this.writer.report();
    return [
      `${order}; switch-overs: ${switchOvers}`,
      `certificates that members show each other: ${(await Promise.all(shown)).join("; ")}`,
      `the client has written ${acknowledged} rows, longest pause ${longestPauseMs} ms`,
    ]
      .map((line) => `    ${line}`)
      .join("\n");
  }
}

async function found(sandbox: Sandbox, writer: Writer): Promise<string> {
  const { acknowledged } = await writer.stop();
  const checks = await writer.verify(sandbox.members);
  const lost = checks.find((check) => check.missing > 0 || check.error);
  if (lost)
    throw new Error(`${lost.member}: ${lost.error ?? `${lost.missing} acknowledged rows are missing`}`);
  return `All ${acknowledged} rows that were acknowledged are on ${sandbox.members.map(({ name }) => name).join(", ")}.`;
}
