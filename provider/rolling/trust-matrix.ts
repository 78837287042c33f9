import {
  type Fault,
  type Role,
  type Shown,
  type Trust,
  type Verdict,
  verdictOn,
} from "../certificates/trust";
import { ProofError } from "../errors";
import { nameProblem } from "../tls/certificate";
import { type Cell, printMatrix } from "./matrix";

/** One member at one time: what it shows to its peers, and what it verifies them by. */
export interface TrustSide {
  /** ssl_mode; undefined: not known. */
  readonly mode: string | undefined;
  /** The host by which its peers know it. */
  readonly host: string;
  /** Undefined: not known. "none": it shows no certificate, and is not asked for one. */
  readonly shows: Readonly<Record<Role, Shown | "none" | undefined>>;
  /** By what it verifies servers, and clients. */
  readonly verifies: Readonly<Record<Role, Trust>>;
  /** Milliseconds, by its own clock. */
  readonly clock: number;
}

/** A member in a change of its group. */
export interface TrustParty {
  readonly address: string;
  /** Undefined for one that does not run yet. */
  readonly now?: TrustSide | undefined;
  /** Undefined for one that stays as it is. */
  readonly after?: TrustSide | undefined;
  /** All others have changed when its turn comes: the primary. */
  readonly last: boolean;
  readonly hasJob: boolean;
}

interface Refused {
  readonly fault: Fault;
  readonly why: string;
  /** It would be so for a while only, as long as not all have changed. */
  readonly passing: boolean;
}

type Judged = "ok" | "unknown" | Refused;

/**
 * Refuses, before anything is changed, what would keep two members from each other at any moment of the change: a member that has
 * changed meets those that have not yet, in any order but that the primary comes last. `allAtOnce`: nobody meets anybody in between.
 * Where it is only members that are to join, they alone are kept out: returned with their refusals, by address.
 */
export function requireTrust(
  parties: readonly TrustParty[],
  allAtOnce: boolean,
): ReadonlyMap<string, ProofError> {
  const judged = parties.map((shows) => parties.map((verifies) => judge(shows, verifies, allAtOnce)));
  const failing = parties.flatMap((shows, i) =>
    parties.flatMap((verifies, j) => {
      const found = judged[i]![j]!;
      return typeof found === "object" && (shows.after ?? verifies.after) ? [{ shows, verifies, found }] : [];
    }),
  );
  if (failing.length === 0) return new Map();
  const table = printMatrix(
    parties.map(({ address }) => address),
    (i, j): Cell => judged[i]![j]!,
  );
  const joiners = [...new Set(failing.map(joinerOf))];
  if (joiners.includes(undefined)) throw refusal(failing, table, "nothing was changed");
  const left = `nothing was changed on it${joiners.length === 1 ? "; the others go on without it" : ""}`;
  return new Map(
    joiners.map((joiner) => {
      const own = failing.filter((f) => joinerOf(f) === joiner);
      return [joiner!.address, refusal(own, table, left)];
    }),
  );
}

/** Of a pair, the one that is to join a group which can do without it. */
function joinerOf({ shows, verifies }: Failing): TrustParty | undefined {
  return [shows, verifies].find((party) => party.hasJob && !party.now);
}

function refusal(failing: readonly Failing[], table: string, left: string): ProofError {
  const first = failing.find((f) => f.shows !== f.verifies) ?? failing[0]!;
  const { server, told } = subjectOf(failing);
  return new ProofError(server, told, {
    why: `by what the program declares, ${first.verifies.address} would not accept the certificate of ${first.shows.address}: ${first.found.why}`,
    table,
    left,
    todo: `${[...new Set(failing.map(({ found }) => remedyFor(found)))].join("; ")}, then pulumi up`,
  });
}

interface Failing {
  readonly shows: TrustParty;
  readonly verifies: TrustParty;
  readonly found: Refused;
}

/** Whose resource tells it, and in which words: one that stands alone is named. */
function subjectOf(failing: readonly Failing[]): { server: string; told: string } {
  const [{ shows, verifies }] = failing as [Failing];
  const holder = [shows, verifies].find((party) => party.hasJob) ?? shows;
  const name = (party: TrustParty): string => (party === holder ? "its" : `${party.address}'s`);
  if (failing.every((f) => f.shows === shows))
    return {
      server: holder.address,
      told: `${name(shows)} certificate, and no other, would be refused by members of its group`,
    };
  if (failing.every((f) => f.verifies === verifies))
    return verifies.hasJob
      ? { server: verifies.address, told: "it would refuse the certificates of members of its group" }
      : { server: holder.address, told: `${verifies.address} would refuse certificates of its group` };
  const between = [shows, verifies].find((party) =>
    failing.every((f) => f.shows === party || f.verifies === party),
  );
  if (between?.hasJob)
    return { server: between.address, told: "it and its peers would refuse each other's certificates" };
  return { server: holder.address, told: "members of its group would refuse each other's certificates" };
}

const remedies: Record<Fault, string> = {
  untrusted: "let every member trust the CA of every other member's certificate (sslCa)",
  validity: "put certificates in place that are valid now (sslCert, sslKey, sslCa)",
  purpose: 'let certificates be for servers and clients, since members are both (usage: "both")',
  authority: "have the certificate signed by a CA that may",
  signature: "let every member have the certificate of the CA that really signed (sslCa)",
  revoked:
    "give the member whose certificate is revoked another one (sslCert, sslKey), or let it leave the group, before the list is loaded",
  list: "put lists in place that are valid now, one of every CA up to the root (sslCrl)",
  name: "let every member's certificate cover the host of its localAddress, or stay with VERIFY_CA",
};

function remedyFor({ fault, passing }: Refused): string {
  if (!passing || (fault !== "untrusted" && fault !== "signature")) return remedies[fault];
  return "make it three changes, each finished on all members before the next: a sslCa file with the old and the new CA; certificates of the new one; a sslCa file without the old one. Declare the first of them";
}

interface Moment {
  readonly shows: TrustSide;
  readonly verifies: TrustSide;
  readonly when: string;
}

function judge(shows: TrustParty, verifies: TrustParty, allAtOnce: boolean): Judged {
  const verdicts = momentsOf(shows, verifies, allAtOnce).map(({ when, ...moment }): Judged => {
    const verdict = meet(moment.shows, moment.verifies);
    if (typeof verdict === "string") return verdict;
    return { fault: verdict.fault, why: `${when}${verdict.why}`, passing: when !== "" };
  });
  const refused = verdicts.find((verdict) => typeof verdict === "object");
  return refused ?? (verdicts.includes("unknown") ? "unknown" : "ok");
}

function momentsOf(shows: TrustParty, verifies: TrustParty, allAtOnce: boolean): Moment[] {
  const moment = (a: TrustSide | undefined, b: TrustSide | undefined, when: string): Moment[] =>
    a && b ? [{ shows: a, verifies: b, when }] : [];
  const end = moment(shows.after ?? shows.now, verifies.after ?? verifies.now, "");
  if (allAtOnce || shows === verifies || !shows.after || !verifies.after) return end;
  return [
    ...end,
    ...(shows.last ? [] : moment(shows.after, verifies.now, "as long as the other has not changed: ")),
    ...(verifies.last ? [] : moment(shows.now, verifies.after, "as long as it has not changed: ")),
  ];
}

/** Each of the two connects to the other, so one shows its certificate as a server and as a client. */
function meet(shows: TrustSide, verifies: TrustSide): Verdict {
  if (verifies.mode === undefined) return "unknown";
  if (!verifies.mode.startsWith("VERIFY_")) return "ok";
  const verdicts = (["server", "client"] as const).map((role): Verdict => {
    const shown = shows.shows[role];
    if (shown === "none") return "ok";
    if (!shown) return "unknown";
    const name = role === "server" && verifies.mode === "VERIFY_IDENTITY" && nameRefusal(shown, shows.host);
    const verdict = verdictOn(shown, verifies.verifies[role], role, verifies.clock);
    return name && typeof verdict === "string" ? name : verdict;
  });
  const refused = verdicts.find((verdict) => typeof verdict === "object");
  return refused ?? (verdicts.includes("unknown") ? "unknown" : "ok");
}

function nameRefusal({ certificate }: Shown, host: string): Verdict | undefined {
  const why = nameProblem(certificate.x509, host);
  return why === undefined ? undefined : { fault: "name", why };
}
