import type { MemberPlan } from "../plan/group-member";
import { printPlan } from "../plan/group-member";
import type { ServerView } from "../plan/view";
import { say, sayOnce } from "./context";

/** Lines under Diagnostics: what will happen on one server, and what it costs. */
export function sayPlan(resource: string, plan: MemberPlan, notes: readonly string[] = []): void {
  const why = plan.reasons.length > 0 ? ` because ${plan.reasons.join("; ")}` : "";
  const head = `${resource} ${plan.server}: ${plan.cost}${why}`;
  sayOnce(`${resource} ${plan.server}`, [head, ...printPlan(plan).map((line) => `    ${line}`), ...notes]);
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

interface GroupSummary {
  restarts: string[];
  starts: string[];
  heard: Set<string>;
  total: number;
  timer?: NodeJS.Timeout;
}

const groups = new Map<string, GroupSummary>();

/** One line for the group, when all its members have been heard of, or when no more come. */
export function heard(group: string, address: string, action: MemberPlan["action"], total: number): void {
  const summary = groups.get(group) ?? { restarts: [], starts: [], heard: new Set(), total };
  groups.set(group, summary);
  if (summary.heard.has(address)) return;
  summary.heard.add(address);
  if (action === "restart") summary.restarts.push(address);
  if (action === "start") summary.starts.push(address);
  clearTimeout(summary.timer);
  if (summary.heard.size >= summary.total) return tell(group, summary);
  summary.timer = setTimeout(() => tell(group, summary), 150);
}

function tell(group: string, summary: GroupSummary): void {
  groups.delete(group);
  const line = summaryLine(group, summary);
  if (line !== undefined) sayOnce(`group ${group}`, [line]);
}

/** Pure: the group's line for so many restarts and starts. */
export function summaryLine(
  group: string,
  { restarts, starts, total }: { restarts: readonly string[]; starts: readonly string[]; total: number },
): string | undefined {
  const parts: string[] = [];
  if (starts.length > 0) parts.push(`${starts.join(", ")} will be started`);
  if (restarts.length > 0)
    parts.push(
      `${restarts.length} of ${Math.max(total, restarts.length)} members restart, one at a time: ${restarts.join(", ")}; ` +
        "secondaries first, the primary last after one switch-over (in single-primary mode); " +
        "clients can write throughout but for the switch-over, well under a second on XCOM and some seconds on the MYSQL stack; " +
        `about ${restarts.length * 6} s in all`,
    );
  return parts.length === 0 ? undefined : `group ${group}: ${parts.join("; ")}`;
}
