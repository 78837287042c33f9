import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { info } from "../tools/report";
import type { Benchmark } from "./benchmark";
import type { Result } from "./result";
import { RollingChange } from "./rolling-change";
import { timelineSvg } from "./timeline-svg";

const docs = resolve(__dirname, "../docs");

/** One rolling change each of a small and of the largest group, drawn for the page. */
export const timeline: Benchmark = {
  name: "timeline",
  onRequest: true,
  async run() {
    return [await draw(3), await draw(9)];
  },
};

async function draw(members: number): Promise<Result> {
  const sample = await RollingChange.with(members, "XCOM", (change) => change.byPulumi());
  const file = `rolling-restart-${members}.svg`;
  const title = `pulumi up: a rolling restart of ${members} members (XCOM stack), ${sample.seconds.toFixed(1)} s`;
  writeFileSync(join(docs, file), timelineSvg(sample.history, { title, stall: sample.stall }));
  info(`docs/${file} is drawn.`);
  return {
    name: `timeline of ${members} members: first STOP to last ONLINE`,
    unit: "s",
    ours: sample.seconds,
  };
}
