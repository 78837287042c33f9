import type { ServerFacts } from "../mysql/facts";
import { type ClientTls, type ProbeOutcome, groupTls, probe, recoveryTls } from "../mysql/probe";
import type { Session } from "../mysql/session";
import {
  type Peer,
  groupProbes,
  judgedGroupTls,
  peerOf,
  proveGroupLogin,
  proveRecovery,
  recoveryProbes,
  usesXcom,
} from "./proof";

/**
 * What a stopped member will do at its START: talk to each peer as the group does, and recover from one of its donors. In one round of
 * logins where XCom carries the group; where anything is wrong, each question by itself, so that the answer says what. `others`: what
 * is known of the peers.
 */
export async function proveStart(
  session: Session,
  facts: ServerFacts,
  sslMode: string,
  peers: readonly Peer[],
  pairs: ProvenPairs,
  others: readonly ServerFacts[],
): Promise<void> {
  const proven = peers.filter(({ address }) =>
    others.some((o) => o.address === address && pairs.has(facts, o, sslMode)),
  );
  const reached = await provenAtOnce(session, facts, sslMode, peers, proven);
  if (reached) {
    const isReached = (o: ServerFacts): boolean => reached.some(({ address }) => address === o.address);
    others.filter(isReached).forEach((o) => pairs.note(facts, o, sslMode));
    return;
  }
  const talked = await proveGroupLogin(session, facts, sslMode, peers);
  const donors = talked.length > 0 ? talked.slice(0, enoughDonors) : [peerOf(facts)];
  await proveRecovery(session, facts, donors, { whoIsDown: "is left out" });
}

/** Group Replication tries its donors until one lets it in; those of a large group need not all be asked. */
const enoughDonors = 2;

/** Whom it reached; undefined where it is to be asked more closely. */
async function provenAtOnce(
  session: Session,
  facts: ServerFacts,
  sslMode: string,
  peers: readonly Peer[],
  proven: readonly Peer[],
): Promise<readonly Peer[] | undefined> {
  const { channel } = facts;
  if (!usesXcom(facts) || sslMode === "DISABLED" || !channel || peers.length === 0) return undefined;
  const donors = peers.slice(0, enoughDonors);
  const spared = isAsStrict(recoveryTls(facts), groupTls(facts, sslMode)) ? [...proven, ...donors] : proven;
  const asked = peers.filter((peer) => !spared.includes(peer));
  const logins = [
    ...recoveryProbes(channel, recoveryTls(facts), donors),
    ...groupProbes(facts, sslMode, asked),
  ];
  const outcomes = await probe(session, facts.version, logins);
  if (!outcomes.slice(0, donors.length).every(({ accepted }) => accepted)) return undefined;
  const told = outcomes.slice(donors.length);
  const ofAll = peers.map((peer): ProbeOutcome => told[asked.indexOf(peer)] ?? { accepted: true });
  return judgedGroupTls(facts, sslMode, peers, ofAll, "is left out");
}

const verification = ["ca", "capath", "cert", "key", "crl", "crlpath"] as const;

/** A login that is accepted with one proves that one with the other would be. */
function isAsStrict(one: ClientTls, other: ClientTls): boolean {
  const same = (name: keyof ClientTls): boolean => (one[name] ?? "") === (other[name] ?? "");
  const verifies = verification.some((name) => (other[name] ?? "") !== "");
  return (
    one.enabled &&
    (["cipher", "tlsVersion", "ciphersuites"] as const).every(same) &&
    (!verifies || verification.every(same)) &&
    (!other.verifyIdentity || one.verifyIdentity)
  );
}

/**
 * Pairs of members of which one has talked to the other in this deployment. TLS verifies both certificates at once, so that the other
 * need not try again: but for the host name, which only the one that connects looks at.
 */
export class ProvenPairs {
  private readonly seen = new Map<string, string>();

  note(one: ServerFacts, other: ServerFacts, sslMode: string): void {
    this.seen.set(pairOf(one, other), materialOf(one, other, sslMode));
  }

  has(one: ServerFacts, other: ServerFacts, sslMode: string): boolean {
    if (sslMode === "VERIFY_IDENTITY") return false;
    return this.seen.get(pairOf(one, other)) === materialOf(one, other, sslMode);
  }
}

function pairOf(one: ServerFacts, other: ServerFacts): string {
  return [one.uuid, other.uuid].sort().join();
}

/** Another file or list, or the same set once more, is another proof. */
function materialOf(one: ServerFacts, other: ServerFacts, sslMode: string): string {
  const both = one.uuid < other.uuid ? [one, other] : [other, one];
  const settings = both.map(({ variables }) =>
    Object.entries(variables)
      .filter(([name]) => /^(admin_)?(ssl|tls)_/.test(name))
      .map(([name, { value, setAt }]) => [name, value, setAt]),
  );
  return JSON.stringify([sslMode, settings]);
}
