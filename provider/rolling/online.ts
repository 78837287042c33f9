import { StepFailedError } from "../errors";
import { caughtUp, startGroupReplication, stateOf, stopGroupReplication, until } from "../mysql/membership";
import { allSteps } from "../plan/group-member";
import { printSteps } from "../plan/step";
import type { GroupView } from "./group-view";
import type { Handle } from "./handle";

/** ONLINE in its own view and in another's, with everything that the primary had. */
export async function awaitOnline(
  view: GroupView,
  h: Handle,
  limit = h.job.rollout.onlineTimeout,
): Promise<void> {
  const began = performance.now();
  const end = began + limit * 1000;
  const forsaken = watchForForsaken(view, h);
  const state = await until(limit, async () => {
    const own = await h.send((session) => stateOf(session, h.id));
    if (own === "RECOVERING") await forsaken();
    return own === "ONLINE" || own === "ERROR" || own === "OFFLINE" ? own : undefined;
  });
  if (state !== "ONLINE") throw failed(h, whatBecame(h.address, state, began, limit));
  const known = await view.testimonies([h]);
  if (known.length === 0) return;
  const seen = await until(30, async () => {
    const told = await view.testimonies([h]);
    return told.some((t) => t.members.some((m) => m.id === h.id && m.state === "ONLINE")) ? told : undefined;
  });
  if (!seen)
    throw failed(
      h,
      `${h.address} calls itself ONLINE, and ${known.map((t) => t.address).join(", ")} does not see it so`,
    );
  const left = Math.max(5, Math.ceil((end - performance.now()) / 1000));
  const sources = [...seen].sort((a, b) => Number(isPrimary(b)) - Number(isPrimary(a)));
  const source = sources.map((t) => ({ ...t, session: view.sessionOf(t.id) })).find((t) => t.session);
  if (source?.session && !(await h.send((session) => caughtUp(session, source.session!, left))))
    throw failed(h, `${h.address} is ONLINE and had not caught up with ${source.address} after ${left} s`);
}

/** Time after which a member that nobody else knows of is not being taken in any more, in milliseconds. */
const forgotten = 15_000;

/**
 * A member that joins while its group fails over can stay RECOVERING for ever in its own view, while the others do not have it: a STOP
 * and a START, once, help (seen on 9.7.4).
 */
function watchForForsaken(view: GroupView, h: Handle): () => Promise<void> {
  let known = performance.now();
  let asked = 0;
  let helped = false;
  return async () => {
    const now = performance.now();
    if (helped || now - asked < 2000) return;
    asked = now;
    const told = await view.testimonies([h]);
    const has = told.some((t) => t.members.some((m) => m.id === h.id && m.state !== "OFFLINE"));
    if (has || told.length === 0) known = performance.now();
    if (performance.now() - known < forgotten) return;
    helped = true;
    view.say(`${h.address}: the others do not know of it; starting it once more`);
    await h.send(stopGroupReplication);
    await h.send(startGroupReplication);
  };
}

function whatBecame(address: string, state: string | undefined, began: number, limit: number): string {
  if (state === undefined) return `${address} is still RECOVERING ${limit} s after its START`;
  const seconds = Math.ceil((performance.now() - began) / 1000);
  return `${address} went ${state === "ERROR" ? "to ERROR" : state} ${seconds} s after its START`;
}

function isPrimary(t: { id: string; members: readonly { id: string; role: string }[] }): boolean {
  return t.members.some((m) => m.id === t.id && m.role === "PRIMARY");
}

function failed(h: Handle, what: string): StepFailedError {
  return new StepFailedError(h.address, "START GROUP_REPLICATION", { what });
}

/** Somebody else may have set a value while the member was changed: what was planned must leave nothing to plan but a second round. */
export function requireAsDeclared(h: Handle): void {
  const statements = printSteps(allSteps(h.job.plan(h.facts)));
  const due = h.plan.second ? printSteps(allSteps(h.plan.second)) : [];
  if (statements.join() === due.join()) return;
  throw new StepFailedError(h.address, "change", {
    what: `${h.address} is not as declared after its change`,
    why: "somebody else changed it meanwhile",
    left: `it has what this deployment set, but for what it would need now: ${statements.join("; ")}`,
    todo: "find out who, then pulumi up --refresh",
  });
}
