import { NotReadyError, ProofError } from "../errors";
import { type ChannelFact, type ServerFacts, selfOf, stackInEffect, valueOf } from "../mysql/facts";
import { type ClientTls, type Probe, type ProbeOutcome, groupTls, probe, recoveryTls } from "../mysql/probe";
import type { Session } from "../mysql/session";
import { certificateName } from "../plan/shown";
import { certificateProblem } from "../tls/certificate";
import { clientCertificate, parseEndpoint } from "../tls/handshake";
import { type Cell, printMatrix } from "./matrix";

/** A peer that a member will have to talk to. */
export interface Peer {
  readonly address: string;
  /** Name under which the group knows it (its local address's host). */
  readonly host: string;
  readonly port: number;
}

export function peerOf(facts: ServerFacts): Peer {
  const local = parseEndpoint(valueOf(facts, "group_replication_local_address"));
  return { address: facts.address, host: local?.host ?? facts.reportHost, port: facts.port };
}

/** The certificate that the server shows now is valid, and covers the name by which its peers know it. */
export async function proveOwnCertificate(facts: ServerFacts, sslMode: string): Promise<void> {
  if (sslMode === "DISABLED") return;
  requireTls(facts, sslMode);
  const endpoint = parseEndpoint(facts.address);
  const shown = endpoint && (await clientCertificate(endpoint));
  if (!shown) return;
  const problem = certificateProblem(shown, sslMode, peerOf(facts).host, Date.now());
  if (problem === undefined) return;
  throw new ProofError(facts.address, `its peers would refuse it: ${problem}`, {
    todo: "put a valid certificate in place (sslCert, sslKey), then pulumi up",
  });
}

/** Its files are loaded: where it shows another certificate than the declared one by now, it is in none of them. */
export function requireExpected(facts: ServerFacts, expected: string | undefined): void {
  const client = facts.shown?.client;
  if (expected === undefined || client?.sha256 === expected) return;
  throw new ProofError(
    facts.address,
    `shows ${certificateName(client ?? null)} at its SQL port after its files were loaded; expected is ${expected}`,
    {
      why: `the file that ssl_cert names, ${valueOf(facts, "ssl_cert")}, is not the expected certificate`,
      todo: "put the expected certificate and its key where ssl_cert and ssl_key say, or correct sslCert, sslKey or expectedCertificate; then pulumi up --refresh",
    },
  );
}

/** A server without a certificate, or whose TLS was switched off: START would fail after 61 s. */
function requireTls(facts: ServerFacts, sslMode: string): void {
  const isAdmin = /admin/i.test(valueOf(facts, "group_replication_tls_source"));
  if (facts.loadedTls["Enabled"] !== "No" || isAdmin) return;
  throw new ProofError(facts.address, `has no TLS, and ssl_mode ${sslMode} needs it`, {
    why: "its server has no certificate loaded (performance_schema.tls_channel_status)",
    todo: "declare sslCa, sslCert and sslKey with files that the server can read, then pulumi up",
  });
}

/** One member logs in to others with the group's TLS: both sides verify each other as they will in the group. Returns whom it reached. */
export async function proveGroupTls(
  session: Session,
  facts: ServerFacts,
  sslMode: string,
  peers: readonly Peer[],
  whoIsDown: WhoIsDown = "fails",
): Promise<readonly Peer[]> {
  if (sslMode === "DISABLED" || peers.length === 0) return peers;
  const outcomes = await probe(session, facts.version, groupProbes(facts, sslMode, peers));
  return judgedGroupTls(facts, sslMode, peers, outcomes, whoIsDown);
}

/** A user that does not exist is refused only after TLS has passed. */
export function groupProbes(facts: ServerFacts, sslMode: string, peers: readonly Peer[]): Probe[] {
  const tls = groupTls(facts, sslMode);
  return peers.map((peer) => ({ ...peer, user: "mysqlgr_nobody", password: "", tls }));
}

export function judgedGroupTls(
  facts: ServerFacts,
  sslMode: string,
  peers: readonly Peer[],
  outcomes: readonly ProbeOutcome[],
  whoIsDown: WhoIsDown,
): readonly Peer[] {
  const reached = judged(peers, outcomes, facts.address, whoIsDown);
  const failed = reached.flatMap(([peer, outcome]) => tlsFailure(facts.address, peer, outcome));
  if (failed.length === 0) return reached.map(([peer]) => peer);
  throw new ProofError(
    facts.address,
    `TLS with ssl_mode ${sslMode} failed between it and its peers`,
    {
      why: failed.join("; "),
      table: probeTable(facts.address, peers, outcomes),
      todo: "see that every member's certificate is signed by a CA that all others trust (sslCa), is valid, and with VERIFY_IDENTITY covers its host",
    },
    reached.flatMap(([, o]) => (o.accepted ? [] : [o.errno])),
  );
}

/** Whether a peer that cannot be reached at all fails the proof. */
type WhoIsDown = "fails" | "is left out";

const unreachable = new Set([2002, 2003, 2005]);

/** A peer that is down says nothing of certificates or passwords, as long as another can be asked. */
function judged(
  peers: readonly Peer[],
  outcomes: readonly ProbeOutcome[],
  from: string,
  whoIsDown: WhoIsDown,
): (readonly [Peer, ProbeOutcome])[] {
  const pairs = peers.map((peer, i) => [peer, outcomes[i]!] as const);
  if (whoIsDown === "fails") return pairs;
  const reached = pairs.filter(([, outcome]) => outcome.accepted || !isDown(outcome));
  if (reached.length > 0) return reached;
  throw new ProofError(from, "none of its peers can be reached", {
    why: pairs.map(([peer, o]) => (o.accepted ? "" : `${peer.address}: ${o.reason} (${o.errno})`)).join("; "),
    todo: "see that the other members run and that the network between them lets their SQL ports through",
  });
}

/** A server that dies while it is asked resets the connection before it has said a word. */
function isDown({ errno, reason }: { errno: number; reason: string }): boolean {
  return unreachable.has(errno) || (errno === 2013 && /initial communication packet/.test(reason));
}

const refusedLogin = new Set([1045, 1044, 3159, 2061, 1130]);

function tlsFailure(from: string, peer: Peer, outcome: ProbeOutcome): string[] {
  const { shown, verified } = cellsOf(outcome);
  const told = (cell: Cell, who: string): string[] =>
    typeof cell === "object" ? [`${who}: ${cell.why}`] : [];
  return [
    ...told(shown, `${peer.address} did not accept the certificate of ${from}`),
    ...told(verified, `${from} did not accept ${peer.address}`),
  ];
}

/** What a login tells of both directions: the peer verifies what the member shows, and the member verifies the peer first. */
function cellsOf(outcome: ProbeOutcome): { shown: Cell; verified: Cell } {
  if (outcome.accepted || refusedLogin.has(outcome.errno)) return { shown: "ok", verified: "ok" };
  if (isDown(outcome)) return { shown: "unknown", verified: { why: whyOf(outcome) } };
  return refusedByPeer(outcome.errno)
    ? { shown: { why: whyOf(outcome) }, verified: "ok" }
    : { shown: "unknown", verified: { why: whyOf(outcome) } };
}

/** A client certificate that is refused shows as one or the other. */
export function refusedByPeer(errno: number): boolean {
  return errno === 2013 || errno === 2027;
}

function whyOf({ errno, reason }: { errno: number; reason: string }): string {
  return `${reason} (${errno})`;
}

/** One member tried the others: what they think of each other it does not know. */
function probeTable(from: string, peers: readonly Peer[], outcomes: readonly ProbeOutcome[]): string {
  return printMatrix([from, ...peers.map(({ address }) => address)], (shows, verifies) => {
    if (shows === verifies || (shows > 0 && verifies > 0)) return "unknown";
    return shows === 0 ? cellsOf(outcomes[verifies - 1]!).shown : cellsOf(outcomes[shows - 1]!).verified;
  });
}

/** The member logs in to its donors with the credentials and TLS of its recovery channel. Returns whom it reached. */
export async function proveRecovery(
  session: Session,
  facts: ServerFacts,
  donors: readonly Peer[],
  {
    of = facts,
    tls = recoveryTls(of),
    whoIsDown = "fails",
  }: { of?: ServerFacts; tls?: ClientTls; whoIsDown?: WhoIsDown } = {},
): Promise<readonly Peer[]> {
  const { channel } = of;
  if (!channel || donors.length === 0) return donors;
  const outcomes = await probe(session, facts.version, recoveryProbes(channel, tls, donors));
  const reached = judged(donors, outcomes, of.address, whoIsDown);
  const failed = reached.flatMap(([donor, outcome]) =>
    outcome.accepted ? [] : [`${donor.address}: ${outcome.reason} (${outcome.errno})`],
  );
  if (failed.length === 0) return reached.map(([donor]) => donor);
  throw new ProofError(
    of.address,
    `its recovery credentials (user '${channel.user}', ${tls.enabled ? "encrypted" : "not encrypted"}) are refused by ${failed.length === 1 ? "a donor" : "donors"}`,
    {
      why: failed.join("; "),
      todo: "correct user, password and TLS of its RecoveryChannel, or the account's requirement on the ReplicationUser",
    },
    outcomes.flatMap((o) => (o.accepted ? [] : [o.errno])),
  );
}

export function recoveryProbes(
  { user, password }: ChannelFact,
  tls: ClientTls,
  donors: readonly Peer[],
): Probe[] {
  return donors.map((donor) => ({ ...donor, user, password, tls }));
}

const files = ["ssl_ca", "ssl_capath", "ssl_cert", "ssl_key", "ssl_crl", "ssl_crlpath", "public_key_path"];

/**
 * A member as another can try it in its place: its own credentials and settings, with the other's files where it has any, since its
 * own lie on its own disk.
 */
export function standIn(prober: ServerFacts, member: ServerFacts): ServerFacts {
  const names = files.map((file) => `group_replication_recovery_${file}`);
  const lent = names.filter((name) => valueOf(member, name) !== "" && prober.variables[name] !== undefined);
  return {
    ...member,
    variables: {
      ...member.variables,
      ...Object.fromEntries(lent.map((name) => [name, prober.variables[name]!])),
    },
  };
}

/** A recovery account is needed to join by itself at a start of the server. */
export function requireRecoveryUser(facts: ServerFacts): void {
  if (facts.channel && facts.channel.user !== "") return;
  throw new NotReadyError(facts.address, "cannot have startOnBoot: it has no recovery credentials", {
    todo: "declare a RecoveryChannel for it, on which this GroupMember depends",
  });
}

/**
 * What group communication itself will do at START. XCom has no account, so TLS alone is tried; the MYSQL stack logs in to every
 * member, itself included, with the recovery account and the group's TLS.
 */
export async function proveGroupLogin(
  session: Session,
  facts: ServerFacts,
  sslMode: string,
  peers: readonly Peer[],
): Promise<readonly Peer[]> {
  const whoIsDown = "is left out";
  if (usesXcom(facts)) return proveGroupTls(session, facts, sslMode, peers, whoIsDown);
  const self = peerOf(facts);
  const tls = groupTls(facts, sslMode);
  const reached = await proveRecovery(session, facts, [self, ...peers], { tls, whoIsDown });
  return reached.filter((peer) => peer !== self);
}

/** Only the primary and a server whose Group Replication is stopped may open a channel; any other gets 13117, also one in ERROR. */
export function mayProbe(facts: ServerFacts): boolean {
  const self = selfOf(facts);
  return self === undefined || self.state === "OFFLINE" || self.role === "PRIMARY";
}

export function usesXcom(facts: ServerFacts): boolean {
  return stackInEffect(facts) === "XCOM";
}
