import { QuorumRiskError, StepFailedError } from "../errors";
import { valueOf } from "../mysql/facts";
import { oldestTransaction, seenMembers, setAsPrimary, stateOf, until } from "../mysql/membership";
import { observe } from "../mysql/observe";
import type { Session } from "../mysql/session";
import type { GroupView } from "./group-view";
import { stepFailure } from "./handle";
import { chooseSuccessor } from "./schedule";

/** Hands the group to the best of the candidates that are ONLINE, and sees that it did take over. */
export async function switchOver(
  view: GroupView,
  from: string,
  candidates: readonly string[],
  timeout: number,
  say: (line: string) => void,
): Promise<void> {
  const old = view.sessionOf(from)!;
  const options = (
    await Promise.all(
      candidates.map(async (id) => {
        const session = view.sessionOf(id);
        if (!session || (await stateOf(session, id).catch(() => undefined)) !== "ONLINE") return [];
        const facts = await observe(session);
        return [
          {
            id,
            session,
            behind: facts.applierQueue,
            weight: Number(valueOf(facts, "group_replication_member_weight")),
          },
        ];
      }),
    )
  ).flat();
  const successor = chooseSuccessor(options);
  const chosen = options.find((o) => o.id === successor);
  if (!chosen)
    throw new QuorumRiskError(
      view.group,
      "no member that is reached by this deployment could take over as primary",
      "see that the administrator's login works on the other members, then pulumi up",
    );
  await awaitTransactions(old, timeout);
  say(`switch-over: ${old.address} hands the group to ${chosen.session.address}`);
  await setAsPrimary(old, chosen.id, view.versionOf(chosen.id), timeout).catch((e: unknown) => {
    throw stepFailure(old.address, "group_replication_set_as_primary", e);
  });
  const done = await until(30, async () =>
    (await seenMembers(chosen.session)).some((m) => m.id === chosen.id && m.role === "PRIMARY")
      ? true
      : undefined,
  );
  if (!done)
    throw new StepFailedError(old.address, "group_replication_set_as_primary", {
      what: `${chosen.session.address} was not primary 30 s after the switch-over`,
      left: "no further member was touched",
      todo: "look at performance_schema.replication_group_members, then pulumi up",
    });
}

/** Open transactions would be ended by force: they are waited for, and if they stay nothing is switched. */
async function awaitTransactions(session: Session, seconds: number): Promise<void> {
  const quiet = await until(
    seconds,
    async () => (((await oldestTransaction(session)) ?? 0) < 2 ? true : undefined),
    250,
  );
  if (quiet) return;
  throw new StepFailedError(session.address, "switch-over", {
    what: `${session.address} was not switched over: transactions stayed open for ${seconds} s`,
    why: `a switch-over would end them by force; the oldest has been open for ${await oldestTransaction(session)} s`,
    left: `${session.address} is still primary, with its settings as before; members that were restarted are as declared`,
    todo: "end those transactions (information_schema.innodb_trx), or raise rollout.switchoverTimeout, then pulumi up: it goes on here",
  });
}
