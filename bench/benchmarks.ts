import { ansible } from "./ansible";
import type { Benchmark } from "./benchmark";
import { noOp } from "./no-op";
import { planning } from "./planning";
import { rolling } from "./rolling";
import { timeline } from "./timeline";

export const benchmarks: readonly Benchmark[] = [...rolling, ...noOp, planning, ansible, timeline];
