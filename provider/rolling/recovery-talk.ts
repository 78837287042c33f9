import { NotReadyError } from "../errors";
import { variable } from "../mysql/catalogue";
import type { ServerFacts } from "../mysql/facts";
import { listsOf, tlsViewOf } from "../plan/rounds";
import { defaultOn } from "../plan/settings";
import type { ServerView } from "../plan/view";
import type { Wish } from "../plan/wish";
import { type TlsMember, pairProblem } from "../tls/rules";
import type { GroupView } from "./group-view";

/** A member that recovers from others, and from which others recover; on the MYSQL stack the group talks in the same way. */
export interface Party {
  readonly address: string;
  readonly hasJob: boolean;
  readonly now: Side;
  readonly last: Side;
}

/** What it takes as a client of others, and as their server. */
export interface Side {
  /** Lists of its recovery; undefined where it recovers without TLS, or where they are not known. */
  readonly client?: TlsMember | undefined;
  readonly server?: TlsMember | undefined;
  /** What it does without TLS, in words. */
  readonly plain?: string | undefined;
  /** require_secure_transport. */
  readonly refusesPlain: boolean;
  /** On the MYSQL stack it logs in to itself as well. */
  readonly toItself: boolean;
}

export function sideOf(view: ServerView, after: Wish = {}): Side {
  const value = (name: string): string =>
    after[name] ?? view.variables[name]?.value ?? defaultOn(variable(name), view.version) ?? "";
  const onMysql = (after["group_replication_communication_stack"] ?? view.stack) === "MYSQL";
  const recoversInPlain = value("group_replication_recovery_use_ssl") !== "ON";
  const talksInPlain = onMysql && value("group_replication_ssl_mode") === "DISABLED";
  return {
    client: recoversInPlain ? undefined : listsOf(view, "group_replication_recovery_", after),
    server: listsOf(view, "", after),
    plain: talksInPlain
      ? "talks to the group without TLS (ssl_mode DISABLED on the MYSQL stack)"
      : recoversInPlain
        ? "recovers without TLS (recovery_use_ssl OFF)"
        : undefined,
    refusesPlain: value("require_secure_transport") === "ON",
    toItself: onMysql,
  };
}

interface Trouble {
  readonly why: string;
  readonly todo: (recoverer: string) => string;
}

function troubleBetween(recoverer: Side, donor: Side): Trouble | undefined {
  if (recoverer.plain !== undefined && donor.refusesPlain)
    return {
      why: `the first ${recoverer.plain}, and the other refuses that (require_secure_transport ON)`,
      todo: (address) =>
        `first declare recoveryUseSsl: true on the RecoveryChannel of ${address}, and on the MYSQL stack a sslMode other than DISABLED; then requireSecureTransport`,
    };
  const problem = recoverer.client && donor.server && pairProblem(recoverer.client, donor.server);
  if (!problem) return undefined;
  return {
    why: `${problem} (group_replication_recovery_tls_* of the first, tls_* of the other)`,
    todo: (address) =>
      `first declare recoveryTlsVersion and recoveryTlsCiphersuites on the RecoveryChannel of ${address} so that they have something in common with what the others take now and will take`,
  };
}

/**
 * Refuses, before anything is changed, what would keep a member from recovering from another one: nothing shows of it before the next
 * recovery. What is so already is not this change's doing.
 */
export function requireRecovery(parties: readonly Party[]): void {
  for (const recoverer of parties)
    for (const donor of parties) {
      if (!recoverer.hasJob && !donor.hasJob) continue;
      if (recoverer === donor && !recoverer.last.toItself) continue;
      const trouble = troubleBetween(recoverer.last, donor.last);
      if (!trouble || troubleBetween(recoverer.now, donor.now)) continue;
      throw new NotReadyError(recoverer.address, `could not recover from ${donor.address} any more`, {
        why: trouble.why,
        todo: trouble.todo(recoverer.address),
      });
    }
}

export function partiesOf(view: GroupView): Party[] {
  const party = (facts: ServerFacts, after?: Wish): Party => {
    const seen = tlsViewOf(facts);
    const now = sideOf(seen);
    return {
      address: facts.address,
      hasJob: after !== undefined,
      now,
      last: after ? sideOf(seen, after) : now,
    };
  };
  const staying = view.all.filter((h) => h.job.leave === undefined);
  return [
    ...staying.map((h) => ({ ...party(h.facts, h.job.declared(h.facts)), address: h.address })),
    ...view.witnesses.map(({ facts }) => party(facts)),
  ];
}
