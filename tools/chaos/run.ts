import { copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { steadily, type Watching } from "../faults";
import { type MemberCheck, type Writer, type WriterReport, startWriter } from "../sandbox";
import type { InEffect } from "./checks";
import { atFirst } from "./declaration";
import type { Ended } from "./deployment";
import { leaksIn } from "./messages";
import { type Plan, describePlan } from "./plan";
import { Play, type RoundResult } from "./round";
import { Site } from "./site";
import { StopWatch } from "./stop-watch";

export interface SeedResult {
  readonly seed: number;
  readonly stack: string;
  readonly members: number;
  readonly hosts: boolean;
  readonly rounds: readonly RoundResult[];
  readonly seconds: number;
  readonly writer: WriterReport;
  /** Acknowledged rows that are not on every member. */
  readonly missing: number;
  /** Fewest members that were ONLINE at once. */
  readonly fewestOnline: number;
  readonly broken: readonly string[];
  /** What was kept of a run in which something broke. */
  readonly evidence?: string;
}

export interface RunOptions {
  /** Rounds are begun for so long. */
  readonly minutes: number;
  /** Where evidence is kept. */
  readonly evidence: string;
  readonly tell?: (line: string) => void;
}

/** Plays a plan on servers of its own. */
export function run(plan: Plan, options: RunOptions): Promise<SeedResult> {
  return Site.with(plan, async (site) => {
    const writer = await startWriter(site.members);
    const watching = await steadily(site.members);
    const stops = new StopWatch(site.members);
    const game = new Game(plan, options, site, writer, watching, stops);
    try {
      return await game.play();
    } catch (error) {
      game.keepEvidence([(error as Error).stack ?? String(error)], []);
      throw error;
    } finally {
      await Promise.all([writer.stop(), watching.stop(), stops.end()]);
    }
  });
}

class Game {
  private readonly results: RoundResult[] = [];
  private readonly commands: Ended[] = [];
  private readonly began = performance.now();

  constructor(
    private readonly plan: Plan,
    private readonly options: RunOptions,
    private readonly site: Site,
    private readonly writer: Writer,
    private readonly watching: Watching,
    private readonly stops: StopWatch,
  ) {}

  async play(): Promise<SeedResult> {
    await this.playRounds();
    const writer = await this.writer.stop();
    const checks = await this.writer.verify(this.site.members);
    const findings = await this.watching.stop();
    const broken = [
      ...this.results.flatMap(({ broken }, i) => broken.map((what) => `round ${i + 1}: ${what}`)),
      ...this.judgeRows(checks),
      ...findings.twoWritable.map((what) => `two servers took writes: ${what}`),
      ...this.judgeOutside(findings.writableOutside),
      ...this.judgeStops(),
      ...this.judgeSecrets(),
    ];
    const { seed, stack, members, hosts } = this.plan;
    return {
      seed,
      stack,
      members,
      hosts,
      rounds: this.results,
      seconds: Math.round((performance.now() - this.began) / 1000),
      writer,
      missing: Math.max(...checks.map(({ missing }) => missing)),
      fewestOnline: findings.fewestOnline,
      broken,
      ...(broken.length > 0 ? { evidence: this.keepEvidence(broken, findings.story) } : {}),
    };
  }

  private async playRounds(): Promise<void> {
    const inEffect: InEffect = new Map();
    let declared = atFirst;
    for (const round of this.plan.rounds) {
      const play = new Play(this.site, this.stops, inEffect, round, declared);
      try {
        const result = await play.run();
        this.results.push(result);
        this.options.tell?.(
          `${this.results.length}  ${result.change}; ${result.happened}; ${result.outcome}`,
        );
      } finally {
        this.commands.push(...play.commands);
      }
      declared = play.after;
      const isBroken = this.results.at(-1)!.broken.length > 0;
      // What follows would only tell of the same again.
      if (isBroken || performance.now() - this.began > this.options.minutes * 60_000) return;
    }
  }

  private judgeRows(checks: readonly MemberCheck[]): string[] {
    return checks
      .filter(({ missing, error }) => missing > 0 || error !== undefined)
      .map(
        ({ member, missing, error }) =>
          `${missing} acknowledged rows are not on ${member}${error ? `: ${error}` : ""}`,
      );
  }

  /** A server that crashed and cannot rejoin at its start is writable by its own doing. */
  private judgeOutside(found: readonly string[]): string[] {
    const crashed = this.results.filter(({ fault }) => fault.startsWith("kill the server"));
    const isCrashed = (member: string): boolean =>
      crashed.some(({ happened }) => happened.startsWith(member));
    const firsts = found.filter(
      (what, i) => found.findIndex((other) => nameIn(other) === nameIn(what)) === i,
    );
    return firsts
      .filter((what) => !isCrashed(nameIn(what)))
      .map((what) => `a server outside of its group took writes: ${what}`);
  }

  /** A member is stopped only where a majority of all is left. */
  private judgeStops(): string[] {
    const majority = Math.floor(this.plan.members / 2) + 1;
    return this.stops
      .since(0)
      .filter(({ wasOnline, othersOnline }) => wasOnline && othersOnline < majority)
      .map(
        ({ member, othersOnline }) => `${member} was stopped with only ${othersOnline} other members ONLINE`,
      );
  }

  private judgeSecrets(): string[] {
    const { secrets, deployment } = this.site;
    const loud = this.commands.filter(({ output }) => leaksIn(output, secrets));
    return [
      ...loud.map(({ command }) => `${command} printed a password`),
      ...(leaksIn(deployment.state(), secrets) ? ["the state holds a password"] : []),
    ];
  }

  keepEvidence(broken: readonly string[], story: readonly string[]): string {
    const folder = this.options.evidence;
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const outputs = this.commands.map(
      ({ command, how, seconds, output }) => `$ ${command} (${how}, ${seconds} s)\n${output}`,
    );
    const files = {
      plan: [describePlan(this.plan)],
      broken,
      story,
      rounds: [JSON.stringify(this.results, undefined, 2)],
      outputs,
    };
    for (const [name, lines] of Object.entries(files))
      writeFileSync(join(folder, `${name}.txt`), `${lines.join("\n")}\n`);
    for (const { name, errorLog } of this.site.members) copyFileSync(errorLog, join(folder, `${name}.log`));
    return folder;
  }
}

/** A finding begins with the name of its member. */
function nameIn(finding: string): string {
  return finding.split(" ")[0]!;
}
