import { type Sandbox, type Stack as Communication, down, startWriter, up } from "../tools/sandbox";
import { step } from "../tools/report";
import { Monitor } from "./monitor";
import { rawRollingChange } from "./raw";
import { type Result, median } from "./result";
import { existingGroup } from "./stack";

interface Sample {
  rolling: number;
  whole: number;
  pauseMs: number;
  switchOvers: number;
  acknowledged: number;
  missing: number;
}

const modes = ["VERIFY_CA", "REQUIRED"];

/** A rolling change of ssl_mode under a writer, by raw statements and by `pulumi up`, in turns on one group. */
export async function benchRolling(communication: Communication, rounds: number): Promise<Result[]> {
  const sandbox = await up({ group: true, stack: communication, temporary: true });
  const { stack, remove } = await existingGroup(sandbox);
  try {
    await stack.up();
    const raw: Sample[] = [];
    const ours: Sample[] = [];
    for (let round = 0; round < rounds; round++) {
      for (const mode of modes)
        raw.push(
          await sample(sandbox, `raw statements, ${mode}`, () => rawRollingChange(sandbox.members, mode)),
        );
      for (const mode of modes) {
        await stack.setConfig("sslMode", { value: mode });
        ours.push(await sample(sandbox, `pulumi up, ${mode}`, async () => void (await stack.up())));
      }
    }
    return results(communication, raw, ours);
  } finally {
    await down(sandbox.name);
    remove();
  }
}

async function sample(sandbox: Sandbox, title: string, change: () => Promise<void>): Promise<Sample> {
  const shown = step(title);
  const writer = await startWriter(sandbox.members);
  const monitor = await Monitor.start(sandbox.members);
  const started = performance.now();
  await change();
  const whole = (performance.now() - started) / 1000;
  const { seconds, switchOvers } = await monitor.stop();
  const report = await writer.stop();
  const checks = await writer.verify(sandbox.members);
  shown.done(`${seconds.toFixed(1)} s`);
  return {
    rolling: seconds,
    whole,
    pauseMs: report.longestPauseMs,
    switchOvers,
    acknowledged: report.acknowledged,
    missing: Math.max(...checks.map((check) => check.missing)),
  };
}

function results(communication: Communication, raw: readonly Sample[], ours: readonly Sample[]): Result[] {
  const name = (what: string): string => `rolling change, 3 members, ${communication}: ${what}`;
  const of = (samples: readonly Sample[], key: keyof Sample): number => median(samples.map((s) => s[key]));
  const ratio = (
    what: string,
    unit: string,
    key: keyof Sample,
    bound: number,
    against: keyof Sample = key,
  ): Result => ({
    name: name(what),
    ours: of(ours, key),
    reference: of(raw, against),
    unit,
    bound,
  });
  return [
    ratio("first STOP to last ONLINE", "s", "rolling", 1.3),
    ratio("whole pulumi up against the raw rolling change", "s", "whole", 1.45, "rolling"),
    ratio("longest write pause", "ms", "pauseMs", 1.3),
    { name: name("switch-overs"), ours: Math.max(...ours.map((s) => s.switchOvers)), unit: "", exactly: 1 },
    {
      name: name("acknowledged rows missing"),
      ours: Math.max(...ours.map((s) => s.missing)),
      unit: "",
      exactly: 0,
    },
  ];
}
