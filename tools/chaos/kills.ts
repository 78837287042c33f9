import { steadily } from "../faults";
import { startWriter } from "../sandbox";
import { type InEffect, checkGroup } from "./checks";
import { rolling } from "./changes";
import { atFirst } from "./declaration";
import { startsOf } from "./log";
import { messagesIn } from "./messages";
import { tidyUp } from "./operator";
import { Random } from "./random";
import { Site } from "./site";

export interface Kill {
  /** Seconds after the deployment was begun. */
  readonly after: number;
  /** What had been done by then: members that were stopped, members that were started again. */
  readonly startedBefore: readonly string[];
  /** Of the deployment that followed. */
  readonly outcome: string;
  readonly seconds: number;
  /** How often each member was started in both deployments together. */
  readonly starts: Readonly<Record<string, number>>;
  readonly broken: readonly string[];
}

export interface KillsResult {
  readonly seed: number;
  readonly kills: readonly Kill[];
  readonly acknowledged: number;
  readonly missing: number;
  readonly broken: readonly string[];
}

/**
 * So many times: a rolling change under a writer, the whole deployment killed at a random moment of it, then `pulumi cancel`
 * and `pulumi up`, which must end as declared without restarting a member that is done.
 */
export function runKills(
  seed: number,
  count: number,
  tell: (line: string) => void = () => undefined,
): Promise<KillsResult> {
  return Site.with({ members: 3, stack: "XCOM", hosts: false }, async (site) => {
    const writer = await startWriter(site.members);
    const watching = await steadily(site.members);
    try {
      const killer = new Killer(site, new Random(seed));
      const whole = await killer.undisturbed();
      tell(`an undisturbed change takes ${whole} s`);
      const kills: Kill[] = [];
      while (kills.length < count) {
        const kill = await killer.kill(whole);
        if (!kill) continue;
        kills.push(kill);
        tell(`${kills.length}  ${line(kill)}`);
      }
      const { acknowledged } = await writer.stop();
      const checks = await writer.verify(site.members);
      const { twoWritable, writableOutside } = await watching.stop();
      const missing = Math.max(...checks.map((check) => check.missing));
      const broken = [
        ...kills.flatMap((kill, i) => kill.broken.map((what) => `kill ${i + 1}: ${what}`)),
        ...twoWritable.map((what) => `two servers took writes: ${what}`),
        ...writableOutside.map((what) => `a server outside of its group took writes: ${what}`),
        ...(missing > 0 ? [`${missing} acknowledged rows are missing`] : []),
      ];
      return { seed, kills, acknowledged, missing, broken };
    } finally {
      await Promise.all([writer.stop(), watching.stop()]);
    }
  });
}

class Killer {
  private declared = atFirst;
  private readonly inEffect: InEffect = new Map();

  constructor(
    private readonly site: Site,
    private readonly random: Random,
  ) {}

  /** Seconds of a change that nobody kills. */
  async undisturbed(): Promise<number> {
    await this.declareNext();
    const { how, seconds, output } = await this.site.begin().ended;
    if (how !== "succeeded") throw new Error(`A rolling change ${how} although nobody killed it:\n${output}`);
    return seconds;
  }

  /** Undefined where the deployment had ended before. */
  async kill(whole: number): Promise<Kill | undefined> {
    // The engine and the program take the first seconds.
    const after = this.random.seconds(2, whole);
    await this.declareNext();
    const before = this.counts();
    const running = this.site.begin();
    const timer = setTimeout(() => running.kill(), after * 1000);
    const { how } = await running.ended;
    clearTimeout(timer);
    if (how !== "killed") return undefined;
    const startedBefore = this.site.names.filter((name, i) => this.counts()[i]! > before[i]! && name);
    await this.site.deployment.cancel();
    const next = await this.site.begin().ended;
    await tidyUp(this.site.members);
    const starts = this.counts().map((count, i) => count - before[i]!);
    const broken = [
      ...(next.how === "succeeded"
        ? []
        : [
            `${next.command} ${next.how}: ${messagesIn(next.output)
              .map(({ text }) => text)
              .join("\n")}`,
          ]),
      ...(await checkGroup(this.site, this.declared, this.inEffect)),
      ...this.site.names.flatMap((name, i) =>
        starts[i] === 1 ? [] : [`${name} was started ${starts[i]} times`],
      ),
    ];
    return {
      after,
      startedBefore,
      outcome: next.how,
      seconds: next.seconds,
      starts: Object.fromEntries(this.site.names.map((name, i) => [name, starts[i]!])),
      broken,
    };
  }

  private async declareNext(): Promise<void> {
    this.declared = rolling(this.declared).declared;
    await this.site.declare(this.declared);
  }

  private counts(): number[] {
    return this.site.members.map((member) => startsOf(member).length);
  }
}

function line({ after, startedBefore, outcome, seconds, starts, broken }: Kill): string {
  const done = startedBefore.length === 0 ? "nobody" : startedBefore.join(", ");
  const counts = Object.entries(starts).map(([name, count]) => `${name} ${count}`);
  return `killed after ${after} s, ${done} started by then; pulumi up ${outcome} in ${seconds} s; starts: ${counts.join(", ")}${broken.length === 0 ? "" : `; BROKEN: ${broken.join("; ")}`}`;
}
