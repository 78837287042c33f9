import type { MemberPlan } from "../plan/group-member";
import { printPlan } from "../plan/group-member";
import type { ServerView } from "../plan/view";
import { majorityOf, mostAway, waveSizes } from "../rolling/waves";
import { type TlsMember, pairProblem } from "../tls/rules";
import { say, sayOnce } from "./context";

/** Lines under Diagnostics: what will happen on one server, and what it costs. */
export function sayPlan(resource: string, plan: MemberPlan, notes: readonly string[] = []): void {
  const why = plan.reasons.length > 0 ? ` because ${plan.reasons.join("; ")}` : "";
  const head = `${resource} ${plan.server}: ${plan.cost}${why}`;
  sayOnce(`${resource} ${plan.server}`, [head, ...rounds(plan), ...notes]);
}

function rounds({ second, ...first }: MemberPlan): string[] {
  const statements = (plan: MemberPlan): string[] => printPlan(plan).map((line) => `    ${line}`);
  if (!second) return statements(first);
  return [
    ...statements(first),
    "    then, when every member of the group has done this:",
    ...statements(second),
  ];
}

/** Lines for a resource that is new to the stack: all that it may have to do, as nothing is known of the server yet. */
export function sayCreation(resource: string, server: string, statements: () => readonly string[]): void {
  let lines: readonly string[];
  try {
    lines = statements();
  } catch {
    // What is wrong depends on the server, and is told when it is looked at.
    return;
  }
  say(`${resource} ${server}: new; what is so already is left alone, else`);
  for (const line of lines) say(`    ${line}`);
}

/** A server of which nothing is known, as a planner sees it. */
export function unseenServer(address: string): ServerView {
  return {
    address,
    version: newestVersion,
    running: false,
    stack: "XCOM",
    plugin: true,
    variables: {},
    sinceStart: [],
    notLoaded: [],
    baseline: {},
  };
}

/** The dialect that preview assumes until the server has told its version. */
export const newestVersion = "9.7.0";

/** What the members of a group that were heard of will do. */
export interface GroupSummary {
  readonly restarts: string[];
  /** Those of them that restart twice. */
  readonly twice?: string[];
  readonly starts: string[];
  readonly groupRestarts: string[];
  readonly total: number;
  readonly maxUnavailable?: number | undefined;
  /** The servers cannot be told who takes over. */
  readonly elects?: boolean | undefined;
}

interface Hearing extends GroupSummary {
  readonly lists: Map<string, TlsMember>;
  readonly twice: string[];
  readonly heard: Set<string>;
  maxUnavailable?: number;
  elects?: boolean;
  timer?: NodeJS.Timeout;
}

/** What a diff tells of one member. */
type Heard = Pick<GroupSummary, "total" | "maxUnavailable" | "elects"> & {
  /** What its group communication takes as declared. */
  lists?: TlsMember | undefined;
};

const groups = new Map<string, Hearing>();

/** One line for the group, when all its members have been heard of, or when no more come. */
export function heard(
  group: string,
  address: string,
  { action, second }: Pick<MemberPlan, "action" | "second">,
  { total, maxUnavailable, elects, lists }: Heard,
): void {
  const hearing: Hearing = groups.get(group) ?? {
    restarts: [],
    twice: [],
    starts: [],
    groupRestarts: [],
    heard: new Set<string>(),
    lists: new Map(),
    total,
  };
  groups.set(group, hearing);
  // The lowest holds, and one server that cannot be told makes the group elect.
  if (maxUnavailable !== undefined)
    hearing.maxUnavailable = Math.min(maxUnavailable, hearing.maxUnavailable ?? maxUnavailable);
  if (elects) hearing.elects = true;
  if (hearing.heard.has(address)) return;
  hearing.heard.add(address);
  if (lists) hearing.lists.set(address, lists);
  if (action === "restart") hearing.restarts.push(address);
  if (second) hearing.twice.push(address);
  if (action === "start") hearing.starts.push(address);
  if (action === "group-restart") hearing.groupRestarts.push(address);
  clearTimeout(hearing.timer);
  if (hearing.heard.size >= hearing.total) return tell(group, hearing);
  hearing.timer = setTimeout(() => tell(group, hearing), 300);
}

function tell(group: string, hearing: Hearing): void {
  groups.delete(group);
  const line = summaryLine(group, hearing);
  const lines = [...(line === undefined ? [] : [line]), ...silences(group, hearing.lists)];
  if (lines.length > 0) sayOnce(`group ${group}`, lines);
}

/** Pairs of members that could not talk to each other as they are declared: the update refuses them before anything is changed. */
function silences(group: string, lists: ReadonlyMap<string, TlsMember>): string[] {
  const all = [...lists];
  return all.flatMap(([a, ofA], i) =>
    all.slice(i + 1).flatMap(([b, ofB]) => {
      const problem = pairProblem(ofA, ofB);
      if (problem === undefined) return [];
      return [`group ${group}: pulumi up would refuse this: ${a} and ${b} would have ${problem}`];
    }),
  );
}

/** Pure: the group's line. */
export function summaryLine(group: string, summary: GroupSummary): string | undefined {
  const { starts, restarts, groupRestarts } = summary;
  const parts = [
    ...(starts.length > 0 ? [`${starts.join(", ")} will be started`] : []),
    ...(groupRestarts.length > 0 ? [wholeRestart(summary)] : restarts.length > 0 ? [rolling(summary)] : []),
  ];
  return parts.length === 0 ? undefined : `group ${group}: ${parts.join("; ")}`;
}

/** A wave takes about as long as one member. */
const secondsOfWave = 6;

function rolling({ restarts, twice = [], total, maxUnavailable, elects }: GroupSummary): string {
  const size = Math.max(total, restarts.length);
  const waves = waveSizes(restarts.length, mostAway(size, maxUnavailable));
  const how = waves.every((count) => count === 1)
    ? "one at a time"
    : `in ${waves.length} waves (${waves.join(" + ")}), ${majorityOf(size)} or more always ONLINE`;
  const rounds = twice.length > 0 ? 2 : 1;
  return (
    `${restarts.length} of ${size} members restart, ${rounds === 2 ? `${inTwo(restarts, twice)}, ` : ""}${how}: ${restarts.join(", ")}; ` +
    `secondaries first, the primary last ${handOver(elects)}${rounds === 2 ? " in each round, two in all" : ""} (in single-primary mode); ` +
    "clients can write throughout but for the switch-over, well under a second on XCOM and some seconds on the MYSQL stack; " +
    `about ${rounds * waves.length * secondsOfWave} s in all`
  );
}

function inTwo(restarts: readonly string[], twice: readonly string[]): string {
  const who = twice.length === restarts.length ? "each of them twice" : `${twice.join(", ")} twice`;
  return `in two rounds, ${who}: the lists of before and the declared ones have nothing in common, so lists with both come first`;
}

function handOver(elects: boolean | undefined): string {
  return elects ? "and alone: the group itself elects who follows it" : "after one switch-over";
}

function wholeRestart({ groupRestarts, total }: GroupSummary): string {
  const size = Math.max(total, groupRestarts.length);
  return (
    `the whole group stops, and is made anew from the member that has every transaction: ${groupRestarts.join(", ")}; ` +
    "clients can neither write nor rely on a second copy meanwhile: no writes for about 5 s, " +
    `all ${size} members ONLINE again after about ${3 + 3 * size} s`
  );
}
