import { ProofError } from "../errors";
import { hostsOf, readAccount } from "../mysql/accounts";
import { type ServerFacts, isOnline, selfOf } from "../mysql/facts";
import { observe } from "../mysql/observe";
import { passwordMatches } from "../mysql/password";
import { recoveryTls } from "../mysql/probe";
import type { Session } from "../mysql/session";
import { type Peer, mayProbe, peerOf, proveRecovery, standIn } from "../rolling/proof";
import { parseEndpoint } from "../tls/handshake";
import { sessions } from "./context";
import { inTurn } from "./turns";

/** By the member itself where the server lets it; an ONLINE secondary may not, and its primary does it in its place. */
export async function proveChannel(
  session: Session,
  facts: ServerFacts,
  donors: readonly string[] | undefined,
): Promise<unknown> {
  const declaredDonors = donors?.map(donorOf);
  const self = selfOf(facts);
  const others = facts.members
    .filter((m) => m.id !== self?.id && m.state === "ONLINE")
    .map((m): Peer => ({ address: `${m.host}:${m.port}`, host: m.host, port: m.port }));
  // One that has failed, or is recovering, may not open a channel either: it is tried before its next START.
  const alone = !isOnline(facts) && mayProbe(facts);
  if (facts.plugins["group_replication"] === undefined)
    return proveWithoutSettings(session, facts, declaredDonors ?? [peerOf(facts)]);
  if (alone && !declaredDonors) return proveAlone(session, facts);
  // Declared donors need not show the group's certificate before it is made.
  if (alone && declaredDonors)
    return proveRecovery(session, facts, declaredDonors).catch((error: unknown) => {
      if (!isTlsOnly(error)) throw error;
    });
  if (mayProbe(facts))
    return proveRecovery(session, facts, declaredDonors ?? (others.length > 0 ? others : [peerOf(facts)]));
  const primary = facts.members.find((m) => m.role === "PRIMARY");
  if (!primary) return;
  const { socketPath: _, ...tcp } = { ...session.target, host: primary.host, port: primary.port };
  await sessions.use(tcp, async (prober) => {
    const proberFacts = await inTurn(primary.id, () => observe(prober));
    await proveRecovery(prober, proberFacts, declaredDonors ?? [peerOf(proberFacts)], {
      of: standIn(proberFacts, facts),
    });
  });
}

/**
 * Outside a group the server itself is the donor. Neither its certificate nor the CA by which it judges this one need be the group's
 * yet (its GroupMember comes after this), so what only TLS refuses is left to the member, which tries the whole before it starts.
 */
async function proveAlone(session: Session, facts: ServerFacts): Promise<unknown> {
  const tls = recoveryTls(facts);
  const { ca: _ca, capath: _capath, crl: _crl, crlpath: _crlpath, cert, key: _key, ...plain } = tls;
  const self = [peerOf(facts)];
  try {
    return await proveRecovery(session, facts, self, { tls });
  } catch (error) {
    if (!isTlsOnly(error)) throw error;
  }
  try {
    await proveRecovery(session, facts, self, { tls: { ...plain, verifyIdentity: false } });
  } catch (error) {
    if (cert && (await needsCertificate(session, facts))) return;
    throw error;
  }
}

/** The settings of recovery come with the plugin: before it, whether the password is right is all that can be told. */
async function proveWithoutSettings(
  session: Session,
  facts: ServerFacts,
  donors: readonly Peer[],
): Promise<unknown> {
  const attempt = (enabled: boolean): Promise<unknown> =>
    proveRecovery(session, facts, donors, { tls: { enabled, verifyIdentity: false } });
  try {
    return await attempt(true).catch((error: unknown) => {
      if (isTlsOnly(error)) return attempt(false);
      throw error;
    });
  } catch (error) {
    if (!(await needsCertificate(session, facts))) throw error;
  }
}

/** Refused by TLS, and not because a file of this server's own is missing. */
function isTlsOnly(error: unknown): boolean {
  if (!(error instanceof ProofError)) return false;
  const ownFile = /Unable to get|set_default_verify_paths|private key|No such file/i;
  return (
    error.errnos.every((n) => n === 2013 || n === 2026 || n === 2027) && !ownFile.test(error.parts.why ?? "")
  );
}

/** The account wants a certificate, and the password is right as far as this server's own copy of it tells. */
async function needsCertificate(session: Session, facts: ServerFacts): Promise<boolean> {
  const { user, password } = facts.channel ?? { user: "", password: "" };
  const accounts = await Promise.all(
    (await hostsOf(session, user)).map((host) => readAccount(session, user, host)),
  );
  return accounts.some(
    (a) =>
      a !== undefined &&
      (a.require.type === "X509" || a.require.type === "SPECIFIED") &&
      passwordMatches(a.plugin, a.hash, password),
  );
}

function donorOf(text: string): Peer {
  const endpoint = parseEndpoint(text)!;
  return { address: text, ...endpoint };
}
