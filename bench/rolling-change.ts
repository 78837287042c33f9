import { step } from "../tools/report";
import { type Sandbox, type Stack, down, query, startWriter, up } from "../tools/sandbox";
import { Deployment } from "./deployment";
import { type History, type RollingTimes, timesOf } from "./history";
import { Monitor } from "./monitor";
import { rawRollingChange } from "./raw";

/** One rolling change, as it was seen from outside. */
export interface Sample extends RollingTimes {
  /** The whole command, seconds. */
  whole: number;
  /** Longest time without an acknowledged row, milliseconds. */
  stall: number;
  acknowledged: number;
  /** Acknowledged rows that are not on every member. */
  missing: number;
  history: History;
}

const modes = ["VERIFY_CA", "REQUIRED"] as const;

/** A group under examples/existing-group, whose ssl_mode is changed under a writer in one way or the other. */
export class RollingChange {
  private mode = 0;

  private constructor(
    private readonly sandbox: Sandbox,
    private readonly deployment: Deployment,
  ) {}

  static async with<T>(
    members: number,
    stack: Stack,
    work: (change: RollingChange) => Promise<T>,
  ): Promise<T> {
    const sandbox = await up({ group: true, members, stack, temporary: true });
    try {
      const deployment = await Deployment.existingGroup(sandbox);
      try {
        await deployment.up();
        return await work(new RollingChange(sandbox, deployment));
      } finally {
        deployment.remove();
      }
    } finally {
      await down(sandbox.name);
    }
  }

  byRawStatements(): Promise<Sample> {
    const mode = this.next();
    return this.sample("raw statements", mode, () => rawRollingChange(this.sandbox.members, mode));
  }

  byPulumi(): Promise<Sample> {
    return this.deployed("pulumi up --skip-preview", () => this.deployment.up());
  }

  byPulumiDefaults(): Promise<Sample> {
    return this.deployed("pulumi up", () => this.deployment.upByDefault());
  }

  private async deployed(title: string, up: () => Promise<void>): Promise<Sample> {
    // The raw statements changed what state knows.
    await this.deployment.refresh();
    const mode = this.next();
    await this.deployment.set("sslMode", mode);
    return this.sample(title, mode, up);
  }

  private next(): string {
    return modes[this.mode++ % modes.length]!;
  }

  private async sample(title: string, mode: string, change: () => Promise<void>): Promise<Sample> {
    const { members } = this.sandbox;
    const shown = step(`${members.length} members, ${this.sandbox.stack}, ${title}: ssl_mode ${mode}`);
    const writer = await startWriter(members);
    const monitor = await Monitor.start(members, writer);
    try {
      const started = performance.now();
      await change();
      const whole = (performance.now() - started) / 1000;
      const history = await monitor.stop();
      const { longestPauseMs: stall, acknowledged } = await writer.stop();
      const checks = await writer.verify(members);
      const times = timesOf(history);
      await this.requireDone(mode, times);
      const parts = [times.before, times.seconds, whole - times.before - times.seconds];
      shown.done(`${parts.map((part) => part.toFixed(1)).join(" + ")} s, stall ${stall} ms`);
      return {
        ...times,
        whole,
        stall,
        acknowledged,
        history,
        missing: Math.max(...checks.map((c) => c.missing)),
      };
    } catch (error) {
      shown.fail();
      await Promise.allSettled([monitor.stop(), writer.stop()]);
      throw error;
    }
  }

  /** What was not changed was fast for nothing. */
  private async requireDone(mode: string, { restarts }: RollingTimes): Promise<void> {
    for (const [i, member] of this.sandbox.members.entries()) {
      const [row] = await query(member, "SELECT @@GLOBAL.group_replication_ssl_mode AS mode");
      if (row?.["mode"] !== mode || restarts[i] !== 1)
        throw new Error(
          `${member.name} was restarted ${restarts[i]} times and has ssl_mode ${row?.["mode"]}, not ${mode}`,
        );
    }
  }
}
