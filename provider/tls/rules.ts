import { variable } from "../mysql/catalogue";
import { atLeast } from "../mysql/versions";

/** Protocols in their order; a list must not skip one in between. The catalogue knows since and until when the server takes each. */
const { values: order = [], valuesSince = {}, valuesUntil = {} } = variable("tls_version");

/** Why a list of protocols is wrong on every server, or undefined. */
export function protocolProblem(list: readonly string[]): string | undefined {
  if (list.length === 0) return "must name at least one protocol";
  const positions = list.map((p) => order.findIndex((known) => known.toLowerCase() === p.toLowerCase()));
  const unknown = list.find((_, i) => positions[i] === -1);
  if (unknown !== undefined)
    return `${JSON.stringify(unknown)} is no TLS protocol; known are ${order.join(", ")}`;
  const sorted = [...positions].sort((a, b) => a - b);
  if (new Set(sorted).size !== sorted.length) return "names a protocol twice";
  const gap = sorted.find((p, i) => i > 0 && p !== sorted[i - 1]! + 1);
  return gap === undefined
    ? undefined
    : `must not leave out ${order[gap - 1]} between ${order[sorted[sorted.indexOf(gap) - 1]!]} and ${order[gap]}: Group Replication needs a list without gaps`;
}

/** Who uses the list: the server for its clients, group communication over XCom, or a member that recovers. */
export type TlsUse = "server" | "group" | "recovery";

/** TLSv1.3 came to the server alone at first. */
const later: Record<TlsUse, Readonly<Record<string, string>>> = {
  server: {},
  group: { "TLSv1.3": "8.0.18" },
  recovery: { "TLSv1.3": "8.0.19" },
};

function sinceOf(protocol: string, use: TlsUse): string | undefined {
  return later[use][protocol] ?? valuesSince[protocol];
}

/** The protocols that a version takes, as its own build has them; an old OpenSSL or yaSSL may have less. */
export function protocolsOn(version: string, use: TlsUse): string[] {
  return order.filter((protocol) => {
    const [since, until] = [sinceOf(protocol, use), valuesUntil[protocol]];
    return (since === undefined || atLeast(version, since)) && !(until && atLeast(version, until));
  });
}

/** Why a version does not take a list of protocols, as what it does; or undefined. */
export function protocolProblemOn(list: readonly string[], version: string, use: TlsUse): string | undefined {
  const taken = protocolsOn(version, use);
  const strange = list.filter((p) => !has(taken, p));
  // XCom passes over what it does not know, as long as something is left.
  if (strange.length === 0 || (use === "group" && strange.length < list.length)) return undefined;
  const user = { server: "", group: " for group communication", recovery: " for recovery" }[use];
  return `does not take ${strange.map((p) => withVersion(p, version, use)).join(" and ")}${user}; it takes ${taken.join(", ")}`;
}

function withVersion(text: string, version: string, use: TlsUse): string {
  const protocol = order.find((known) => same(known, text));
  if (protocol === undefined) return text;
  const until = valuesUntil[protocol];
  if (until !== undefined && atLeast(version, until)) return `${protocol} (gone from ${until})`;
  const since = sinceOf(protocol, use);
  return since === undefined ? protocol : `${protocol} (it came with ${since})`;
}

function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/** Names of protocols and ciphers know no capitals. */
export function has(list: readonly string[], item: string): boolean {
  return list.some((other) => same(other, item));
}

function common(a: readonly string[], b: readonly string[]): string[] {
  return a.filter((item) => has(b, item));
}

/** While members change one by one, those with the old list and those with the new one have to talk: this change takes two rounds. */
export function noCommonProtocol(before: readonly string[], after: readonly string[]): boolean {
  return common(before, after).length === 0;
}

/** The list for the first of those two rounds: both lists, and what lies in between. */
export function bridge(before: readonly string[], after: readonly string[]): string[] {
  const at = order.flatMap((protocol, i) => (has([...before, ...after], protocol) ? [i] : []));
  return order.filter((_, i) => i >= Math.min(...at) && i <= Math.max(...at));
}

/** What decides whether two members of a group can talk. */
export interface TlsMember {
  readonly version: string;
  /** Of tls_version. */
  readonly protocols: readonly string[];
  /** Of tls_ciphersuites; undefined where the library's own are used, of which nothing is known. */
  readonly ciphersuites?: readonly string[] | undefined;
}

/** Why two members cannot talk to each other whatever their certificates, or undefined. */
export function pairProblem(a: TlsMember, b: TlsMember): string | undefined {
  const [ofA, ofB] = [usable(a), usable(b)];
  const protocols = common(ofA, ofB);
  if (protocols.length === 0)
    return `no protocol in common: ${named(ofA)} on the one, ${named(ofB)} on the other`;
  // The highest protocol is agreed on first: TLSv1.3 without a common ciphersuite does not fall back to TLSv1.2.
  if (!has(protocols, "TLSv1.3")) return undefined;
  const [suitesA, suitesB] = [a.ciphersuites ?? b.ciphersuites, b.ciphersuites ?? a.ciphersuites];
  if (!suitesA || !suitesB || common(suitesA, suitesB).length > 0) return undefined;
  return `no ciphersuite for TLSv1.3 in common: ${named(suitesA)} on the one, ${named(suitesB)} on the other`;
}

/**
 * Lists with which a member can talk to members that have its lists from before and to those that have its new ones already; undefined
 * where those can talk to each other.
 */
export function bridgeBetween(before: TlsMember, after: TlsMember): TlsMember | undefined {
  if (pairProblem(before, after) === undefined) return undefined;
  const protocols = noCommonProtocol(before.protocols, after.protocols)
    ? bridge(before.protocols, after.protocols)
    : after.protocols;
  const between = { ...after, protocols };
  if (pairProblem(before, between) === undefined) return between;
  const suites = [...(after.ciphersuites ?? []), ...(before.ciphersuites ?? [])];
  return { ...between, ciphersuites: [...new Set(suites)] };
}

function usable({ version, protocols }: TlsMember): string[] {
  return common(protocolsOn(version, "group"), protocols);
}

function named(list: readonly string[]): string {
  return list.length === 0 ? "none" : list.join(", ");
}

/** Why a list of ciphers is wrong, or undefined. The names of ciphers up to TLSv1.2 only the server's OpenSSL knows. */
export function cipherProblem(list: readonly string[], kind: "cipher" | "ciphersuite"): string | undefined {
  if (list.length === 0) return "must name at least one; leave the property out for the server's default";
  const odd = list.find((name) => !/^[A-Za-z0-9_@=!+-]+$/.test(name));
  if (odd !== undefined) return `${JSON.stringify(odd)} is no name of a ${kind}`;
  const suite = list.find((name) => /^TLS_/.test(name));
  if (kind === "cipher" && suite !== undefined)
    return `${suite} is a TLSv1.3 ciphersuite; those go under *Ciphersuites`;
  const cipher = list.find((name) => !/^TLS_/.test(name));
  if (kind === "ciphersuite" && cipher !== undefined)
    return `${cipher} is no TLSv1.3 ciphersuite; ciphers up to TLSv1.2 go under *Cipher`;
  const unknown = kind === "ciphersuite" && list.find((name) => !has(ciphersuites, name));
  return typeof unknown === "string"
    ? `${unknown} is no TLSv1.3 ciphersuite; known are ${ciphersuites.join(", ")}`
    : undefined;
}

/** All that TLSv1.3 has (RFC 8446) and MySQL takes. */
const ciphersuites = [
  "TLS_AES_128_GCM_SHA256",
  "TLS_AES_256_GCM_SHA384",
  "TLS_CHACHA20_POLY1305_SHA256",
  "TLS_AES_128_CCM_SHA256",
  "TLS_AES_128_CCM_8_SHA256",
];
