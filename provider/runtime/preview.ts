import type { MemberPlan } from "../plan/group-member";
import { printPlan } from "../plan/group-member";
import { say } from "./context";

/** Lines under Diagnostics: what will happen on one server, and what it costs. */
export function sayPlan(resource: string, plan: MemberPlan): void {
  const why = plan.reasons.length > 0 ? ` because ${plan.reasons.join("; ")}` : "";
  say(`${resource} ${plan.server}: ${plan.cost}${why}`);
  for (const line of printPlan(plan)) say(`    ${line}`);
}

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
  if (line !== undefined) say(line);
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
