import { NotReadyError, ProviderError, StepFailedError, withLeft } from "../errors";
import { isOnline } from "../mysql/facts";
import {
  bootstrapGroupReplication,
  caughtUp,
  holdWrites,
  isWritable,
  missingFrom,
  startGroupReplication,
  stateOf,
  until,
} from "../mysql/membership";
import type { GroupView } from "./group-view";
import type { Handle } from "./handle";
import type { Joining } from "./join";
import { awaitOnline } from "./online";
import { inParallel } from "./parallel";
import type { GroupRestart } from "./picture";
import { proveStopped, requireQuorum } from "./preflight";
import { peerOf } from "./proof";
import { stop } from "./restart";
import { awaitTransactions } from "./switch-over";

/** A member has this long, in seconds, to get what the primary had when writes were held. */
const catchUp = 30;

/**
 * All members stop, one that has every transaction makes the group anew, the others join it. Writes are held before anything stops
 * until every member has all of them, so that any of them could make the group.
 */
export async function restartGroup(view: GroupView, joining: Joining, stage: GroupRestart): Promise<void> {
  const running = view.pick(stage.running);
  const all = [...running, ...view.pick(stage.joining)];
  if (running.length > 1) await requireQuorum(view, []);
  let maker: Handle;
  let began: number;
  try {
    began = await stopAll(view, running);
    maker = await chooseMaker(view, all);
    await inParallel(running, (h) => h.apply(h.plan.stopped));
    await inParallel(running, (h) => proveStopped(view, h, peersOf(h, all)));
    await joining.start(maker, { bootstrap: true, prepared: running.includes(maker) });
  } catch (error) {
    throw await putBack(view, running, error);
  }
  await until(30, () => maker.send(async (s) => ((await isWritable(s)) ? true : undefined)));
  if (running.length > 0)
    view.say(
      `group ${view.group}: made anew; writes were paused for ${((performance.now() - began) / 1000).toFixed(1)} s`,
    );
  await inParallel(
    all.filter((h) => h !== maker),
    (h) => joining.start(h, { bootstrap: false, prepared: running.includes(h) }),
  );
}

function peersOf(h: Handle, all: readonly Handle[]): ReturnType<typeof peerOf>[] {
  return all.filter((o) => o !== h).map((o) => peerOf(o.facts));
}

/** When writes were held. */
async function stopAll(view: GroupView, running: readonly Handle[]): Promise<number> {
  const isOpen = await Promise.all(running.map((h) => h.send(isWritable)));
  const writable = running.filter((_, i) => isOpen[i]);
  for (const h of writable) await awaitTransactions(view, h.session, h.job.rollout);
  if (running.length > 0) view.say(`group ${view.group}: stopping every member`);
  await inParallel(running, (h) => h.apply(h.plan.online));
  const began = performance.now();
  try {
    await inParallel(writable, (h) => h.send((session) => holdWrites(session, true)));
    await inParallel(running, (h) => haveAll(h, writable));
    await inParallel(running, stop);
  } catch (error) {
    await Promise.all(writable.map((h) => release(h)));
    throw error;
  }
  return began;
}

/** Only a member that still takes part may take writes again. */
async function release(h: Handle): Promise<void> {
  await h
    .send(async (s) => ((await stateOf(s, h.id)) === "ONLINE" ? holdWrites(s, false) : undefined))
    .catch(() => undefined);
}

async function haveAll(h: Handle, writable: readonly Handle[]): Promise<void> {
  for (const source of writable) {
    if (source === h || (await h.send((s) => caughtUp(s, source.session, catchUp)))) continue;
    throw new StepFailedError(h.address, "group restart", {
      what: `the group was not stopped: ${h.address} had not caught up with ${source.address} after ${catchUp} s`,
      todo: "see what its applier waits for (performance_schema.replication_applier_status_by_worker), then pulumi up",
    });
  }
}

/** The declared one where it has everything, else any that has. */
async function chooseMaker(view: GroupView, all: readonly Handle[]): Promise<Handle> {
  await inParallel(all, async (h) => void (await h.observe()));
  const ordered = [...all].sort((a, b) => Number(b.job.bootstrap) - Number(a.job.bootstrap));
  for (const h of ordered) if (await hasEverything(h, all)) return h;
  const [first] = ordered;
  throw new NotReadyError(first!.address, `and the other members of group ${view.group} have diverged`, {
    why: `each lacks transactions of another: ${all.map((h) => `${h.address} has ${h.facts.gtidExecuted}`).join("; ")}`,
    left: "no group was made",
    todo: "find out which transactions are the group's; rebuild the members that have others from a clone or a backup, then pulumi up",
  });
}

async function hasEverything(h: Handle, all: readonly Handle[]): Promise<boolean> {
  for (const other of all) {
    const { gtidExecuted } = other.facts;
    if (other !== h && (await h.send((s) => missingFrom(s, gtidExecuted, h.facts.gtidExecuted))) !== "")
      return false;
  }
  return true;
}

/** The group as it was: from a member that still runs, or made again with the settings from before. */
async function putBack(view: GroupView, running: readonly Handle[], error: unknown): Promise<unknown> {
  if (running.length === 0) return error;
  try {
    const stopped: Handle[] = [];
    for (const h of running) {
      if ((await h.send((s) => stateOf(s, h.id))) === "ONLINE") continue;
      stopped.push(h);
      await stop(h);
    }
    for (const h of running) await h.undo();
    await inParallel(running, async (h) => void (await h.observe()));
    if (stopped.length === running.length) {
      const maker = await chooseMaker(view, running);
      await maker.send(bootstrapGroupReplication);
      await awaitOnline(view, maker);
      await maker.observe();
      stopped.splice(stopped.indexOf(maker), 1);
    }
    for (const h of stopped) {
      await h.send(startGroupReplication);
      await awaitOnline(view, h);
      await h.observe();
    }
    for (const h of running) {
      h.changed = false;
      h.takenBackAt = h.facts.now;
    }
    return withLeft(error, "every member has its settings from before and is ONLINE again");
  } catch (second) {
    const why = ProviderError.is(second) ? second.parts.what : (second as Error).message;
    const states = running.map((h) => `${h.address} ${isOnline(h.facts) ? "was ONLINE" : "is stopped"}`);
    return withLeft(
      error,
      `putting the group back failed: ${why}; when last seen ${states.join(", ")}; pulumi up makes the group anew from the member that has every transaction`,
    );
  }
}
