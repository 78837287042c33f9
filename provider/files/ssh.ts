import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Client, ConnectConfig, SFTPWrapper } from "ssh2";
import type * as Ssh2 from "ssh2";
import { AccessDeniedError, HostKeyError, InputError, MemberUnreachableError } from "../errors";
import { type Pin, fingerprintOf, keysFor, pinOf, typeOf } from "./known-hosts";
import type { Machine } from "./machine";
import { sftpMachine } from "./sftp";

/** A login on another machine, complete. */
export interface SshTarget {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Text or path. */
  readonly privateKey?: string | undefined;
  readonly passphrase?: string | undefined;
  /** Path of an agent's socket. */
  readonly agent?: string | undefined;
  /** Text or path. */
  readonly knownHosts?: string | undefined;
  readonly hostKey?: string | undefined;
  /** Seconds. */
  readonly connectTimeout: number;
}

/** What a host key must be, and how messages say so. */
interface Expectation {
  accepts(key: Buffer): boolean;
  readonly told: string;
  /** Algorithms to ask for, where the keys are known. */
  readonly algorithms?: readonly string[];
}

export function sshAddress({ host, port }: Pick<SshTarget, "host" | "port">): string {
  return port === 22 ? host : `${host}:${port}`;
}

/** Throws before anything is sent, where the host's key is not the expected one. */
export async function sshMachine(target: SshTarget): Promise<Machine> {
  const expected = expectationOf(target);
  const client = newClient();
  const sftp = await logIn(client, target, expected);
  return sftpMachine(sshAddress(target), client, sftp);
}

function newClient(): Client {
  // Loading it takes 0.1 s and more, which a program without such a target does not pay.
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- see above
  const { Client: SshClient } = require("ssh2") as typeof Ssh2;
  return new SshClient();
}

function logIn(client: Client, target: SshTarget, expected: Expectation): Promise<SFTPWrapper> {
  const address = sshAddress(target);
  let shown: Buffer | undefined;
  let agentSaid: string | undefined;
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      if (levelOf(error) === "agent") {
        // It tries its other keys, and then says that it has none left.
        agentSaid = error.message;
        return;
      }
      const refused = shown !== undefined && !expected.accepts(shown);
      reject(refused ? mismatch(address, shown!, expected) : failureOf(target, error, agentSaid));
      client.destroy();
    };
    // Stays: a connection that breaks later must not end the whole plugin process.
    client.on("error", fail);
    client.once("close", () => fail(new Error("the connection was closed")));
    client.once("ready", () => {
      // Each request waits for the answer to the one before: delayed acknowledgements would cost 40 ms each.
      client.setNoDelay(true);
      client.sftp((error, sftp) => (error ? fail(new Error(`no SFTP: ${error.message}`)) : resolve(sftp)));
    });
    const config = configOf(target, expected, (key) => (shown = key));
    try {
      client.connect(config);
    } catch (error) {
      // ssh2 tells here that it cannot read the key.
      reject(unreadableKey(target, error));
    }
  });
}

function configOf(target: SshTarget, expected: Expectation, see: (key: Buffer) => void): ConnectConfig {
  const { host, port, user, passphrase, connectTimeout } = target;
  return {
    host,
    port,
    username: user,
    ...(target.privateKey === undefined
      ? { agent: agentOf(target) }
      : { privateKey: textOrFile(target.privateKey, "ssh.privateKey", "-----BEGIN") }),
    ...(passphrase === undefined ? {} : { passphrase }),
    readyTimeout: connectTimeout * 1000,
    // A connection from which nothing comes back is given up after half a minute.
    keepaliveInterval: 10_000,
    keepaliveCountMax: 3,
    hostVerifier: (key: Buffer) => {
      see(key);
      return expected.accepts(key);
    },
    ...(expected.algorithms === undefined
      ? {}
      : { algorithms: { serverHostKey: expected.algorithms as never } }),
  };
}

function agentOf({ agent }: SshTarget): string {
  const socket = agent ?? process.env["SSH_AUTH_SOCK"];
  if (socket === undefined || socket === "")
    throw new InputError(
      "ssh",
      "has neither privateKey nor agent, and there is no agent in SSH_AUTH_SOCK",
      "declare ssh.privateKey, or start an agent",
    );
  return socket;
}

function textOrFile(given: string, property: string, begin: string): string {
  if (given.includes(begin)) return given;
  try {
    return readFileSync(given, "utf8");
  } catch (error) {
    throw new InputError(property, `cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
}

function expectationOf(target: SshTarget): Expectation {
  return target.hostKey === undefined ? knownKeys(target) : pinned(target.hostKey);
}

function pinned(text: string): Expectation {
  const pins = text
    .split(/\r?\n/)
    .filter((line) => line.trim() !== "")
    .map(pinOf);
  if (pins.length === 0 || pins.includes(undefined))
    throw new InputError(
      "ssh.hostKey",
      "is neither a fingerprint nor a public key",
      'as ssh-keygen -l shows it, "SHA256:…", or the line of a .pub file',
    );
  const all = pins as Pin[];
  const algorithms = algorithmsOf(all.flatMap((pin) => ("key" in pin ? [pin.key] : [])));
  return {
    accepts: (key) =>
      all.some((pin) => ("key" in pin ? pin.key.equals(key) : pin.fingerprint === fingerprintOf(key))),
    told: all.map((pin) => ("key" in pin ? fingerprintOf(pin.key) : pin.fingerprint)).join(" or "),
    ...(all.every((pin) => "key" in pin) ? algorithms : {}),
  };
}

function knownKeys(target: SshTarget): Expectation {
  const given = target.knownHosts ?? join(homedir(), ".ssh", "known_hosts");
  const absent = target.knownHosts === undefined && !existsSync(given);
  // A line of such a file has a blank, a path to one hardly ever: a key's text always is there.
  const text = absent ? "" : textOrFile(given, "ssh.knownHosts", "AAAA");
  const { keys, revoked } = keysFor(target.host, target.port, text);
  if (keys.length === 0)
    throw new InputError(
      "ssh.knownHosts",
      `has no key of ${sshAddress(target)}`,
      "declare ssh.hostKey, or add the host's key to it after comparing its fingerprint",
    );
  return {
    accepts: (key) => keys.some((one) => one.equals(key)) && !revoked.some((one) => one.equals(key)),
    told: keys.map((key) => `${fingerprintOf(key)} (${typeOf(key)})`).join(" or "),
    ...algorithmsOf(keys),
  };
}

const keyTypes = [
  "ssh-ed25519",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "ssh-rsa",
];

/** A server shows one key only, of the first type that is asked for. Others in a list, such as DSA, nobody could ask for. */
function algorithmsOf(keys: readonly Buffer[]): Pick<Expectation, "algorithms"> {
  const algorithms = keys
    .map(typeOf)
    .filter((type) => keyTypes.includes(type))
    .flatMap((type) => (type === "ssh-rsa" ? ["rsa-sha2-512", "rsa-sha2-256"] : [type]));
  return algorithms.length === 0 ? {} : { algorithms };
}

function mismatch(address: string, shown: Buffer, { told }: Expectation): HostKeyError {
  return new HostKeyError(address, `${fingerprintOf(shown)} (${typeOf(shown)})`, told);
}

function levelOf(error: Error): unknown {
  return (error as { level?: unknown }).level;
}

function failureOf(target: SshTarget, error: Error, agentSaid: string | undefined): Error {
  const address = sshAddress(target);
  if (levelOf(error) === "client-authentication")
    return new AccessDeniedError(
      address,
      `${target.user} is not let in with ${target.privateKey === undefined ? "a key of the agent" : "this key"}` +
        (agentSaid === undefined ? "" : ` (${agentSaid})`),
      "see that ssh.user is right and has the public key in its authorized_keys on that machine",
      "the SSH login",
    );
  return new MemberUnreachableError(
    address,
    error.message === "" ? String((error as NodeJS.ErrnoException).code) : error.message,
    "see that the machine runs an SSH server there and that ssh.host and ssh.port are right, then run pulumi again",
  );
}

function unreadableKey(target: SshTarget, error: unknown): Error {
  if (target.privateKey === undefined)
    return new MemberUnreachableError(sshAddress(target), (error as Error).message);
  const encrypted = /passphrase|encrypted/i.test((error as Error).message);
  const [why, todo] = encrypted
    ? target.passphrase === undefined
      ? ["is encrypted", "declare ssh.passphrase"]
      : ["cannot be read with this passphrase", undefined]
    : ["cannot be read", "a private key of OpenSSH, or PEM"];
  return new InputError("ssh.privateKey", why, todo);
}
