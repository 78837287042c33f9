import { startGroupReplication, serverClock, stopGroupReplication } from "../mysql/membership";
import type { Answers, GroupView } from "./group-view";
import { type Handle, stepFailure } from "./handle";
import { awaitOnline, requireAsDeclared } from "./online";
import { gate, inParallel } from "./parallel";
import { lostMajority, proveStopped, requireQuorum } from "./preflight";
import { takeBack, withReason } from "./take-back";

/**
 * Members of one wave stop at once and start at once: STARTs that begin together take as long as one (3.0 s for three of nine on
 * 9.7.4), STARTs half a second apart hinder each other (4.4 s).
 */
export async function restartWave(view: GroupView, wave: readonly Handle[]): Promise<void> {
  await requireQuorum(view, wave);
  for (const h of wave) view.say(`${h.address}: restarting Group Replication (${h.plan.reasons.join("; ")})`);
  const arrive = gate(wave.length, () => view.ask(wave));
  await inParallel(wave, (h) => restart(view, h, arrive));
}

async function restart(view: GroupView, h: Handle, arrive: () => Promise<Answers>): Promise<void> {
  let stopped = false;
  let since = "";
  let others: Answers;
  try {
    try {
      await h.apply(h.plan.online);
      since = await h.send(serverClock);
      stopped = true;
      await stop(h);
      await h.apply(h.plan.stopped);
      await proveStopped(view, h);
    } finally {
      others = await arrive();
    }
    const lost = lostMajority(view, h, others);
    if (lost) throw lost;
    await start(h);
    await awaitOnline(view, h);
    await h.apply(h.plan.late);
    await h.observe();
  } catch (error) {
    throw await takeBack(view, h, await withReason(h, error, since), stopped);
  }
  h.forget();
  requireAsDeclared(h);
  h.settle();
  view.say(`${h.address}: ONLINE`);
}

export async function stop(h: Handle): Promise<void> {
  await h.send(stopGroupReplication).catch((error: unknown) => {
    throw stepFailure(h.address, "STOP GROUP_REPLICATION", error);
  });
}

export async function start(h: Handle): Promise<void> {
  h.changed = true;
  await h.send(startGroupReplication).catch((error: unknown) => {
    throw stepFailure(h.address, "START GROUP_REPLICATION", error);
  });
}
