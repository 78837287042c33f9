import { createHash, createHmac } from "node:crypto";

/** What a known_hosts file says of one host. */
export interface KnownKeys {
  /** Public keys as they go over the wire. */
  readonly keys: readonly Buffer[];
  readonly revoked: readonly Buffer[];
}

/** The lines for a host, by the rules of sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT". Host certificates are not known to us. */
export function keysFor(host: string, port: number, text: string): KnownKeys {
  const name = port === 22 ? host.toLowerCase() : `[${host.toLowerCase()}]:${port}`;
  const lines = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map(lineOf)
    .filter(({ hosts, key }) => key !== undefined && covers(hosts, name));
  const of = (marker: string | undefined): Buffer[] =>
    lines.filter((line) => line.marker === marker).map(({ key }) => Buffer.from(key!, "base64"));
  return { keys: of(undefined), revoked: of("@revoked") };
}

function lineOf(line: string): { marker?: string; hosts: string; key?: string | undefined } {
  const words = line.split(/\s+/);
  const marker = words[0]!.startsWith("@") ? words.shift()! : undefined;
  const [hosts = "", , key] = words;
  return { ...(marker === undefined ? {} : { marker }), hosts, key };
}

function covers(hosts: string, name: string): boolean {
  if (hosts.startsWith("|1|")) return isHashOf(hosts, name);
  const patterns = hosts.toLowerCase().split(",");
  const denied = patterns.some((pattern) => pattern.startsWith("!") && matches(pattern.slice(1), name));
  return !denied && patterns.some((pattern) => matches(pattern, name));
}

/** "|1|salt|hash", as HashKnownHosts writes it. */
function isHashOf(hosts: string, name: string): boolean {
  const [, , salt = "", hash] = hosts.split("|");
  return createHmac("sha1", Buffer.from(salt, "base64")).update(name).digest("base64") === hash;
}

function matches(pattern: string, name: string): boolean {
  const expression = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replace(/\*/g, ".*")
    .replace(/\?/g, ".");
  return new RegExp(`^${expression}$`).test(name);
}

/** As `ssh-keygen -l` shows it. */
export function fingerprintOf(key: Buffer): string {
  return `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;
}

/** "ssh-ed25519": the first field of a key. */
export function typeOf(key: Buffer): string {
  return key.length < 4 ? "" : key.subarray(4, 4 + key.readUInt32BE(0)).toString("latin1");
}

/** A key that is pinned: its fingerprint, or the line of a .pub file. */
export type Pin = { readonly fingerprint: string } | { readonly key: Buffer };

export function pinOf(text: string): Pin | undefined {
  const words = text.trim().split(/\s+/);
  if (/^SHA256:[A-Za-z0-9+/]{43}=?$/.test(text.trim())) return { fingerprint: text.trim().replace(/=$/, "") };
  const at = words.findIndex((word) => /^(ssh|ecdsa|sk)-/.test(word));
  const key = Buffer.from(words[at + 1] ?? "", "base64");
  return at >= 0 && typeOf(key) === words[at] ? { key } : undefined;
}
