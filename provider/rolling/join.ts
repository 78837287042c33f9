import { NotReadyError, withLeft } from "../errors";
import { type ServerFacts, hasFailed, valueOf } from "../mysql/facts";
import {
  bootstrapGroupReplication,
  leaveOfflineMode,
  missingFrom,
  serverClock,
  startGroupReplication,
  stateOf,
  until,
} from "../mysql/membership";
import type { Session } from "../mysql/session";
import { proveOwnCertificate, requireExpected } from "./proof";
import type { GroupView } from "./group-view";
import { type Handle, stepFailure } from "./handle";
import { awaitOnline } from "./online";
import { proveStopped } from "./preflight";
import { stop } from "./restart";
import { takeBack, withReason } from "./take-back";

/** STARTs of members that do not run, in turn. */
export class Joining {
  private turn: Promise<void> = Promise.resolve();

  constructor(private readonly view: GroupView) {}

  /** `prepared`: it was stopped by us as part of a group restart, with its new settings in place. */
  async start(
    h: Handle,
    { bootstrap, prepared = false }: { bootstrap: boolean; prepared?: boolean },
  ): Promise<void> {
    this.view.say(`${h.address}: ${bootstrap ? "making the group" : "joining the group"}`);
    let since = "";
    const failed = hasFailed(h.facts);
    try {
      if (failed) await stop(h);
      if (bootstrap) await this.requireAllTransactions(h);
      if (!prepared) await this.prepare(h);
      since = await h.send(serverClock);
      await proveStopped(this.view, h);
      await this.inTurn(h, bootstrap ? bootstrapGroupReplication : startGroupReplication);
      await awaitOnline(this.view, h);
      if (failed && isOfflineByExit(h.before)) await h.send(leaveOfflineMode);
      await h.apply(h.plan.late);
      await h.observe();
      h.settle();
      this.view.say(`${h.address}: ONLINE`);
    } catch (error) {
      const told = await withReason(h, error, since);
      if (!prepared || bootstrap) throw await takeBack(this.view, h, told, false);
      // With its old settings it could not join the group as it is now.
      h.forget();
      throw withLeft(told, `${h.address} is stopped, with its new settings; the next pulumi up starts it`);
    }
  }

  private async prepare(h: Handle): Promise<void> {
    await h.apply(h.plan.install);
    // Where settings from an earlier life are persisted, the plugin starts Group Replication as it is installed.
    if (h.plan.install.length > 0) await stop(h);
    await h.apply([...h.plan.online, ...h.plan.material, ...h.plan.stopped]);
    await h.observe();
    requireExpected(h.facts, h.job.expectedCertificate);
    await proveOwnCertificate(h.facts, h.job.sslMode(h.facts));
  }

  /** A group is made from the member that has every transaction of the others, or theirs would be lost to it. */
  private async requireAllTransactions(h: Handle): Promise<void> {
    for (const other of this.view.all) {
      if (other === h || other.job.leave) continue;
      const more = await missingFrom(h.session, other.facts.gtidExecuted, h.facts.gtidExecuted);
      if (more === "") continue;
      throw new NotReadyError(
        h.address,
        `may not make the group: ${other.address} has transactions that it lacks`,
        {
          why: `GTIDs ${more}`,
          todo: `declare bootstrap: true on ${other.address} instead, if it has all transactions of the group`,
        },
      );
    }
  }

  /**
   * Two STARTs at once into a group of one or two hinder each other (8 s and more, against 3 s one after the other on 9.7.4), and a
   * long recovery must not keep others waiting: the next begins when this member is ONLINE, or five seconds after its START.
   */
  async inTurn(h: Handle, start: (session: Session, again: boolean) => Promise<void>): Promise<void> {
    const before = this.turn;
    let next: () => void = () => undefined;
    this.turn = new Promise((resolve) => (next = resolve));
    await before;
    try {
      h.changed = true;
      await h.send(start).catch((error: unknown) => {
        throw stepFailure(h.address, "START GROUP_REPLICATION", error);
      });
      await until(5, () => h.send(async (s) => ((await stateOf(s, h.id)) === "ONLINE" ? true : undefined)));
    } finally {
      next();
    }
  }
}

function isOfflineByExit(facts: ServerFacts): boolean {
  return (
    valueOf(facts, "offline_mode") === "ON" &&
    valueOf(facts, "group_replication_exit_state_action") === "OFFLINE_MODE"
  );
}
