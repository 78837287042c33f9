export { fillDisk, freeDisk, freeSpace } from "./disk";
export type { Findings } from "./judgement";
export type { Moment } from "./line";
export { cut, cutOff, heal, healAll } from "./links";
export { freeze, thaw, whoRuns } from "./process";
export { Proxy, type CutOptions, type SeenStatement, type Which } from "./proxy";
export { steadily, type Watching } from "./steadily";
export { storm, type Storm, type StormOptions, type StormReport } from "./storm";
