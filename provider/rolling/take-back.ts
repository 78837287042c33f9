import { ProviderError, StepFailedError, withLeft } from "../errors";
import { isRunning } from "../mysql/facts";
import {
  holdWrites,
  reasonSince,
  startGroupReplication,
  stateOf,
  stopGroupReplication,
} from "../mysql/membership";
import { lookFailure } from "../mysql/observe";
import { certificateName } from "../plan/shown";
import type { GroupView } from "./group-view";
import type { Handle } from "./handle";
import { awaitOnline } from "./online";
import { lostMajority } from "./preflight";

/** Seconds that a member which was put back is waited for. */
const backAgain = 90;

/** Undoes what was done on the member, starts it again with its old settings where it was stopped, and says how that went. */
export async function takeBack(
  view: GroupView,
  h: Handle,
  failure: unknown,
  stopped: boolean,
): Promise<unknown> {
  const error = lookFailure(failure);
  const left: string[] = [];
  try {
    const touched = h.touched;
    // Some settings cannot be put back while it runs, and what it runs with now is not what it had.
    const runs = !isRunning(h.before) && !(await isStopped(h));
    if (stopped || runs) await h.send(stopGroupReplication);
    await h.undo();
    const round = h.between === undefined ? "" : ` (of the first of its two rounds, with ${h.between})`;
    if (touched) left.push(`${h.address} has its settings from before${round}`);
    if (stopped && lostMajority(view, h, await view.ask([h]))) {
      await h.send((s) => holdWrites(s, true));
      left.push("it is stopped and read only, since the group has no majority to take it in");
    } else if (stopped) {
      await h.send(startGroupReplication);
      left.push(await stateAgain(view, h));
    }
    if (left.length === 0) left.push("nothing was changed on it");
    h.changed = false;
    const { now } = await h.observe();
    const loaded = leftLoaded(h);
    if (loaded !== undefined) left.push(loaded);
    // What was pending before this change is pending still.
    if (!h.plan.reasons.some((reason) => reason.includes("not in effect"))) h.takenBackAt = now;
  } catch (second) {
    left.push(await whatIsLeft(h, second, stopped));
  }
  return withLeft(error, left.join("; "));
}

/** Where a file was replaced under its name, the certificate that was loaded before is nowhere to be loaded from. */
export function leftLoaded({ before, facts }: Handle): string | undefined {
  const [was, is] = [before.shown?.client, facts.shown?.client];
  if (!is || is.sha256 === was?.sha256) return undefined;
  return `its SQL port keeps ${certificateName(is)}, which is what its file holds now`;
}

/** Where there is no plugin there is no state either. */
async function isStopped(h: Handle): Promise<boolean> {
  const state = await h.send((s) => stateOf(s, h.id));
  return state === undefined || state === "OFFLINE";
}

/** A member whose recovery is slow, or stuck for another reason than ours, has been put back all the same. */
async function stateAgain(view: GroupView, h: Handle): Promise<string> {
  try {
    await awaitOnline(view, h, Math.min(h.job.rollout.onlineTimeout, backAgain));
    return "it is ONLINE again";
  } catch (error) {
    const state = await h.send((s) => stateOf(s, h.id));
    if (state !== "RECOVERING") throw error;
    return "it is started with them and still RECOVERING; see performance_schema.replication_connection_status and replication_applier_status_by_worker for what it waits for";
  }
}

async function whatIsLeft(h: Handle, error: unknown, stopped: boolean): Promise<string> {
  if (h.session.closed) {
    const set =
      h.standing.length === 0 ? "nothing was set on it" : `still set on it: ${h.standing.join("; ")}`;
    h.forget();
    return `${h.address} may be stopped or down; ${set}; no other member was touched after it`;
  }
  h.forget();
  const why = ProviderError.is(error) ? error.parts.what : (error as Error).message;
  const parts = [`putting ${h.address} back failed: ${why}`];
  const state = await h.send((s) => stateOf(s, h.id)).catch(() => undefined);
  if (stopped && state !== "ONLINE" && state !== "RECOVERING") {
    // A START that failed puts back what was before, and a member outside its group must take no writes.
    await h.send((s) => holdWrites(s, true)).catch(() => undefined);
    parts.push(`it is ${state ?? "OFFLINE"} and read only, and the next pulumi up starts it`);
  }
  return parts.join("; ");
}

/** The server's own reason for a START that failed. */
export async function withReason(h: Handle, error: unknown, since: string): Promise<unknown> {
  if (!(error instanceof StepFailedError) || since === "" || !/START/.test(error.step)) return error;
  const reason = await h.send((s) => reasonSince(s, since)).catch(() => undefined);
  const first = error.parts.why === undefined ? "" : ` [${error.parts.why}]`;
  return new StepFailedError(h.address, error.step, {
    ...error.parts,
    why: reason === undefined ? error.parts.why : `${reason}${first}`,
    todo: "mend the cause, then pulumi up",
  });
}
