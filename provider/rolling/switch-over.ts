import { QuorumRiskError, StepFailedError } from "../errors";
import { valueOf } from "../mysql/facts";
import {
  caughtUp,
  lasting,
  openTransactions,
  type OpenTransaction,
  seenMembers,
  setAsPrimary,
  stateOf,
  until,
} from "../mysql/membership";
import { observe } from "../mysql/observe";
import type { Session } from "../mysql/session";
import type { GroupView } from "./group-view";
import { stepFailure } from "./handle";
import type { Rollout } from "./job";
import type { SwitchOver } from "./picture";
import { chooseSuccessor } from "./schedule";

interface Candidate {
  readonly id: string;
  readonly session: Session;
  readonly behind: number;
  readonly weight: number;
}

/** Hands the group to the best of the candidates that are ONLINE, and sees that it did take over. */
export async function switchOver(view: GroupView, { from, candidates, by }: SwitchOver): Promise<void> {
  const old = view.sessionOf(from)!;
  const rollout = rolloutOf(view);
  const options = (await Promise.all(candidates.map((id) => candidate(view, id)))).flat();
  const chosen = options.find((o) => o.id === chooseSuccessor(options));
  if (!chosen)
    throw new QuorumRiskError(
      view.group,
      "no member that is reached by this deployment could take over as primary",
      "see that the administrator's login works on the other members, then pulumi up",
    );
  await awaitTransactions(view, old, rollout);
  if (by === "election") return awaitHeirs(view, old, options, rollout);
  view.say(`switch-over: ${old.address} hands the group to ${chosen.session.address}`);
  await setAsPrimary(old, chosen.id, {
    version: view.versionOf(chosen.id),
    limit: rollout.switchoverTimeout,
    endAfter: rollout.openTransactions === "end" ? 1 : undefined,
  }).catch((e: unknown) => {
    throw refusal(old, chosen.session, e);
  });
  const done = await until(30, async () =>
    (await seenMembers(chosen.session)).some((m) => m.id === chosen.id && m.role === "PRIMARY")
      ? true
      : undefined,
  ).catch((error: unknown) => (error as Error).message);
  if (done !== true)
    throw new StepFailedError(old.address, "group_replication_set_as_primary", {
      what: `${chosen.session.address} was not seen as primary after the switch-over`,
      why: done ?? "it was not so for 30 s",
      left: `${old.address} has its settings as before; members that were restarted are as declared`,
      todo: "see performance_schema.replication_group_members for who is missing; pulumi up --refresh brings it back and goes on here",
    });
}

function refusal(old: Session, chosen: Session, error: unknown): unknown {
  const left = `${old.address} has its settings as before; members that were restarted are as declared`;
  if (old.late)
    return new StepFailedError(old.address, "group_replication_set_as_primary", {
      what: `${old.address} has not handed the group to ${chosen.address} yet`,
      why: "the server waits for a transaction that began just before, and that wait cannot be called off: it hands over when the transaction ends",
      left,
      todo: "end that transaction (information_schema.innodb_trx), then pulumi up: it goes on here",
    });
  const failure = stepFailure(old.address, "group_replication_set_as_primary", error);
  if (!(failure instanceof StepFailedError)) return failure;
  return new StepFailedError(
    old.address,
    failure.step,
    {
      ...failure.parts,
      what: `${old.address} did not hand the group to ${chosen.address}`,
      left,
      todo: "see performance_schema.replication_group_members for who is missing; pulumi up --refresh brings it back and goes on here",
    },
    failure.facts,
  );
}

async function candidate(view: GroupView, id: string): Promise<Candidate[]> {
  const session = view.sessionOf(id);
  if (!session || (await stateOf(session, id).catch(() => undefined)) !== "ONLINE") return [];
  const facts = await observe(session).catch(() => undefined);
  if (!facts) return [];
  const weight = Number(valueOf(facts, "group_replication_member_weight"));
  return [{ id, session, behind: facts.applierQueue ?? 0, weight }];
}

/** A server that cannot be told who takes over: the group elects when the primary stops, so every heir must have everything. */
async function awaitHeirs(
  view: GroupView,
  old: Session,
  heirs: readonly Candidate[],
  { switchoverTimeout }: Rollout,
): Promise<void> {
  view.say(`switch-over: ${old.address} will stop, and the group elects its next primary`);
  for (const { session } of heirs) {
    if (await caughtUp(session, old, switchoverTimeout)) continue;
    throw new StepFailedError(old.address, "switch-over", {
      what: `${old.address} was not stopped: ${session.address} had not caught up with it after ${switchoverTimeout} s`,
      todo: "see what its applier waits for, or raise rollout.switchoverTimeout, then pulumi up: it goes on here",
    });
  }
}

function rolloutOf(view: GroupView): Rollout {
  const all = view.all.map((h) => h.job.rollout);
  return {
    ...all[0]!,
    switchoverTimeout: Math.max(...all.map((r) => r.switchoverTimeout)),
    openTransactions: all.every((r) => r.openTransactions === "end") ? "end" : "keep",
  };
}

/** Open transactions would be ended by force: they are waited for; if they stay, the declaration says what becomes of them. */
export async function awaitTransactions(view: GroupView, session: Session, rollout: Rollout): Promise<void> {
  const seconds = rollout.switchoverTimeout;
  let before: OpenTransaction[] | undefined;
  let age = 0;
  const quiet = await until(
    seconds,
    async () => {
      if (view.interrupted()) return false;
      const now = await openTransactions(session);
      const stay = lasting(now, before ?? now);
      const settled = now.length === 0 || (before !== undefined && stay.length === 0);
      before = now;
      age = Math.max(0, ...stay.map((t) => t.age));
      return settled ? true : undefined;
    },
    150,
  );
  if (quiet) return;
  if (quiet === undefined && rollout.openTransactions === "end") {
    view.say(`${session.address}: a transaction open for ${age} s is ended by the switch-over`);
    return;
  }
  throw new StepFailedError(session.address, "switch-over", {
    what:
      quiet === false
        ? `${session.address} was not switched over: the deployment was interrupted while transactions were open`
        : `${session.address} was not switched over: transactions stayed open for ${seconds} s`,
    why: `a switch-over would end them by force; the oldest has been open for ${age} s`,
    left: `${session.address} is still primary, with its settings as before; members that were restarted are as declared`,
    todo: "end those transactions (information_schema.innodb_trx), raise rollout.switchoverTimeout, or declare rollout.openTransactions: end, then pulumi up: it goes on here",
  });
}
