import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "../cache";
import { withLock } from "../lock.cjs";
import { SandboxError } from "./errors";
import { findIp, ip } from "./iproute";

const NAMESPACES = "/var/run/netns";
const LINKS = "/sys/class/net";
/** A private range, since Group Replication's allowlist AUTOMATIC takes no other. */
const RANGE = "10.199";

/** Where a member with a host of its own lives. */
export interface Host {
  address: string;
  namespace: string;
}

/**
 * Takes a network of this machine for the sandbox in `folder`: a bridge, on which this process has
 * an address, and to which hosts are joined. Nothing outside of this machine is reached from it.
 * @returns its number
 */
export async function makeNetwork(folder: string): Promise<number> {
  await findIp();
  mkdirSync(register(), { recursive: true });
  return withLock(join(register(), "lock"), () => {
    const number = freeNumber();
    const bridge = bridgeOf(number);
    writeFileSync(join(register(), String(number)), folder);
    ip(
      [],
      [
        `link add name ${bridge} type bridge`,
        `address add ${RANGE}.${number}.254/24 dev ${bridge}`,
        `link set ${bridge} up`,
      ],
    );
    return Promise.resolve(number);
  });
}

/** A network namespace, joined to the network's bridge. */
export function addHost(network: number, number: number): Host {
  const namespace = `${bridgeOf(network)}-${number}`;
  const address = `${RANGE}.${network}.${number}`;
  // An interface's name has 15 letters at most.
  const link = `${bridgeOf(network)}.${number}`;
  ip(
    [],
    [
      `netns add ${namespace}`,
      `link add ${link} type veth peer name eth0 netns ${namespace}`,
      `link set ${link} master ${bridgeOf(network)}`,
      `link set ${link} up`,
    ],
  );
  ip(["-n", namespace], ["link set lo up", `address add ${address}/24 dev eth0`, "link set eth0 up"]);
  return { address, namespace };
}

/** In front of a command: runs it there. The process keeps its pid. */
export function enterNamespace(namespace: string): string[] {
  return ["nsenter", `--net=${join(NAMESPACES, namespace)}`];
}

/** Removes what was made for the sandbox in `folder`, and nothing that others made. */
export function removeNetworks(folder: string): void {
  for (const name of namesIn(register()))
    if (/^\d+$/.test(name) && readFileSync(join(register(), name), "utf8") === folder) remove(Number(name));
}

function remove(number: number): void {
  const bridge = bridgeOf(number);
  // A namespace outlives its deletion while connections of a killed server linger in it; its link must not.
  for (const name of namesIn(LINKS)) if (name.startsWith(`${bridge}.`)) ip(["link", "delete", name]);
  for (const name of namesIn(NAMESPACES)) if (name.startsWith(`${bridge}-`)) ip(["netns", "delete", name]);
  if (linkExists(bridge)) ip(["link", "delete", bridge]);
  rmSync(join(register(), String(number)), { force: true });
}

function freeNumber(): number {
  const addresses = ip(["-4", "-o", "address"]) + ip(["-4", "route", "show", "table", "all"]);
  const start = Math.floor(Math.random() * 256);
  for (let offset = 0; offset < 256; offset++) {
    const number = (start + offset) % 256;
    const entry = join(register(), String(number));
    if (existsSync(entry)) {
      if (existsSync(readFileSync(entry, "utf8"))) continue;
      // Its sandbox is gone.
      remove(number);
    } else if (linkExists(bridgeOf(number)) || addresses.includes(`${RANGE}.${number}.`)) continue;
    return number;
  }
  throw new SandboxError(`no network of ${RANGE}.0.0/16 is free`);
}

function bridgeOf(number: number): string {
  return `mysqlgr-${number}`;
}

function linkExists(name: string): boolean {
  return existsSync(join(LINKS, name));
}

function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

function register(): string {
  return join(cacheFolder(), "networks");
}
