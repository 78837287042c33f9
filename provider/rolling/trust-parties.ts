import { certificatesIn } from "../certificates/pem";
import { type ReadCertificate, readCertificate } from "../certificates/read";
import { listsIn } from "../certificates/read-list";
import type { Shown, Trust } from "../certificates/trust";
import type { ProofError } from "../errors";
import { type ServerFacts, isRunning, stackInEffect, valueOf } from "../mysql/facts";
import { stopsMember } from "../plan/group-member";
import { tlsViewOf } from "../plan/rounds";
import type { Wish } from "../plan/wish";
import { groupChain, parseEndpoint } from "../tls/handshake";
import type { GroupView } from "./group-view";
import type { Handle } from "./handle";
import { type Told, type ToldKind, bothOf, textOf } from "./told";
import { type TrustParty, type TrustSide, requireTrust } from "./trust-matrix";

/**
 * Compares what the program tells of everybody's certificates, CAs and lists; what it does not tell is left to the probes. Returns
 * members that are to join and are kept out, by address.
 */
export async function requireDeclaredTrust(
  view: GroupView,
  toldOf: (uuid: string) => readonly Told[],
): Promise<ReadonlyMap<string, ProofError>> {
  const witnesses = view.witnesses.map(({ facts }) => ({ facts, told: toldOf(facts.uuid) }));
  const changing = view.all.filter(changesTrust);
  if (changing.length === 0) return new Map();
  const restart = changing.some((h) => h.plan.action === "group-restart");
  const primaries = view.all.filter(isPrimary);
  const parties = await Promise.all([
    ...view.all.map(async (h) => ({
      address: h.address,
      now: isRunning(h.facts) ? await sideNow(h.facts, bothOf(h.job.told), pendingOn(h)) : undefined,
      after: changesTrust(h) ? sideAfter(h) : undefined,
      last: primaries.length === 1 && isPrimary(h) && stopsMember(h.plan.action),
      hasJob: true,
    })),
    ...witnesses.map(async (w): Promise<TrustParty> => {
      const now = await sideNow(w.facts, w.told, tlsViewOf(w.facts).sinceStart);
      return { address: w.facts.address, now, last: false, hasJob: false };
    }),
  ]);
  parties.sort((a, b) => a.address.localeCompare(b.address, "en", { numeric: true }));
  return requireTrust(parties, restart || changing.every(({ facts }) => stackInEffect(facts) === "MYSQL"));
}

/** XCom reads certificates at START; on the MYSQL stack peers get those of the last reload. */
function changesTrust({ plan, facts, job }: Handle): boolean {
  if (job.leave) return false;
  return plan.action !== "none" || (stackInEffect(facts) === "MYSQL" && plan.material.length > 0);
}

function isPrimary({ facts, id }: Handle): boolean {
  return facts.members.some((m) => m.id === id && m.role === "PRIMARY");
}

function pendingOn({ facts, job }: Handle): readonly string[] {
  return tlsViewOf(facts, job).sinceStart;
}

function sideAfter({ facts, job }: Handle): TrustSide {
  return sideOf(facts, bothOf(job.told).reverse(), job.declared(facts), []);
}

/** Where the program does not tell what group communication shows, a handshake does. */
async function sideNow(
  facts: ServerFacts,
  told: readonly Told[],
  pending: readonly string[],
): Promise<TrustSide> {
  const side = sideOf(facts, told, {}, pending);
  const local = parseEndpoint(valueOf(facts, "group_replication_local_address"));
  const encrypts = side.mode !== "DISABLED" && stackInEffect(facts) === "XCOM";
  if (side.shows.server || !encrypts || !local) return side;
  const [first, ...sent] = (await groupChain(local)).map(({ raw }) => readCertificate(raw));
  const shown = first && { certificate: first, sent, sendsMore: false };
  return { ...side, shows: { server: shown, client: shown } };
}

/** A member with these variables; of those in `pending`, which are set and do not act yet, nothing is known. */
export function sideOf(
  facts: ServerFacts,
  told: readonly Told[],
  after: Wish,
  pending: readonly string[],
): TrustSide {
  const value = (name: string): string | undefined =>
    pending.includes(name) ? undefined : (after[name] ?? valueOf(facts, name));
  const source = /admin/i.test(value("group_replication_tls_source") ?? "") ? "admin_ssl" : "ssl";
  const stack = after["group_replication_communication_stack"] ?? stackInEffect(facts);
  const onMysql = stack === "MYSQL";
  const [asServer, asClient] = onMysql ? ["ssl", "group_replication_recovery_ssl"] : [source, source];
  const files = (prefix: string): Files => filesOf(told, (option) => value(`${prefix}_${option}`));
  const [own, client] = [files(asServer), files(asClient)];
  const local = parseEndpoint(value("group_replication_local_address") ?? "");
  return {
    mode: value("group_replication_ssl_mode"),
    host: local?.host ?? facts.reportHost,
    shows: {
      server: shownBy(own, onMysql),
      client: onMysql && client.path("cert") === "" ? "none" : shownBy(client, onMysql),
    },
    verifies: { server: trustBy(client), client: trustBy(own) },
    clock: facts.now * 1000,
  };
}

/** The TLS files of one use, by their option. */
interface Files {
  /** Undefined: not known. */
  readonly path: (option: string) => string | undefined;
  readonly certificates: readonly ReadCertificate[] | undefined;
  readonly authorities: readonly ReadCertificate[] | undefined;
  readonly lists: Trust["lists"];
}

function filesOf(told: readonly Told[], path: Files["path"]): Files {
  const text = (kind: ToldKind, option: string): string | undefined => textOf(kind, path(option) ?? "", told);
  const [certificates, authorities, lists] = [
    text("certificate", "cert"),
    text("ca", "ca"),
    text("crl", "crl"),
  ];
  const hasNoList = path("crl") === "" && path("crlpath") === "";
  return {
    path,
    certificates:
      certificates === undefined ? undefined : certificatesIn(certificates, "expectedCertificate"),
    authorities: authorities === undefined ? undefined : certificatesIn(authorities, "expectedCa"),
    lists: lists === undefined ? (hasNoList ? "none" : undefined) : listsIn(lists, "expectedCrl"),
  };
}

/**
 * XCom sends the first certificate of the file alone, mysqld all of it. Either adds, where it has but one, the CAs above it that it
 * trusts itself (SSL_MODE_NO_AUTO_CHAIN is not set).
 */
function shownBy({ certificates, authorities, path }: Files, whole: boolean): Shown | undefined {
  const [certificate, ...others] = certificates ?? [];
  if (!certificate) return undefined;
  if (whole && others.length > 0) return { certificate, sent: others, sendsMore: false };
  return { certificate, sent: authorities ?? [], sendsMore: !authorities || path("capath") !== "" };
}

function trustBy({ authorities, lists, path }: Files): Trust {
  return { authorities, trustsMore: path("capath") !== "", lists, listsMore: path("crlpath") !== "" };
}
