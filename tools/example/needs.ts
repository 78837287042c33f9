import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { ConfigMap } from "@pulumi/pulumi/automation";
import type { Member, Sandbox, SshHost, Stack } from "../sandbox";

/** What an example's sandbox.json says: the servers that it is tried out on, and how they are handed to it. */
export interface Needs {
  /** @default 3 */
  members?: number;
  /** @default "XCOM" */
  stack?: Stack;
  /** Servers that form a group already. @default false */
  group?: boolean;
  /** The servers' machine can be reached over SSH, where this one lets itself be one. @default false */
  ssh?: boolean;
  /** The example's configuration; a value "${name}" is replaced by that one of `offered`. */
  config?: Record<string, unknown>;
  /** What is done after the first `up`, while a client writes. */
  steps?: readonly ExampleStep[];
}

/** Another `up`. */
export interface ExampleStep {
  title: string;
  /** What is changed in the configuration before it. */
  config?: Record<string, string | number | boolean>;
  /** Look at the servers anew first. @default false */
  refresh?: boolean;
}

const CHECKOUT = resolve(__dirname, "../..");
const EXAMPLES = join(CHECKOUT, "examples");
const PLACEHOLDER = /^\$\{([\w.]+)\}$/;
const SECRET = /password/i;

/** The folders in examples/. */
export function exampleNames(): string[] {
  return readdirSync(EXAMPLES, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(EXAMPLES, entry.name, "index.ts")))
    .map(({ name }) => name)
    .sort();
}

/** Where `pulumi` is run for it: its own folder, or the checkout's root, whose Pulumi.yaml leads to it. */
export function projectFolder(name: string): string {
  const own = join(EXAMPLES, name);
  return existsSync(join(own, "Pulumi.yaml")) ? own : CHECKOUT;
}

export function needsOf(name: string): Needs {
  const file = join(EXAMPLES, name, "sandbox.json");
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Needs) : {};
}

/** The stack configuration with which the example finds the sandbox; each key is a path. */
export function configurationFor(name: string, needs: Needs, sandbox: Sandbox, host?: SshHost): ConfigMap {
  const values = offered(sandbox, host);
  const entries = Object.entries(needs.config ?? {}).flatMap(([key, value]) =>
    flatten(`${name}:${key}`, fill(value, values)),
  );
  const password = sandbox.members[0]?.password ?? "";
  return Object.fromEntries([
    ["mysqlgr:password", { value: password, secret: true }],
    ...entries.map(([key, value]) => [key, { value, secret: SECRET.test(key) }]),
  ]) as ConfigMap;
}

function offered(sandbox: Sandbox, host: SshHost | undefined): Record<string, unknown> {
  return {
    groupName: sandbox.groupName,
    servers: sandbox.members.map(({ name, host, port, localAddress, tls }) => ({
      name,
      host,
      port,
      localAddress,
      tls,
    })),
    // Those that have no certificates yet, and a folder for them.
    machines: sandbox.members.map((member) => {
      const { name, host, port, localAddress } = member;
      return { name, host, port, localAddress, folder: certificateFolder(member) };
    }),
    // Nothing of it is set where there is none.
    ssh: host ? loginOn(host, sandbox) : {},
    "recovery.password": sandbox.recovery?.password,
    // The word at the front makes a leaked password findable; 32 bytes is the most a channel takes.
    newPassword: `recovery-${randomBytes(8).toString("hex")}`,
  };
}

function certificateFolder({ optionFile }: Member): string {
  const folder = join(dirname(optionFile), "certificates");
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  return folder;
}

function loginOn({ host, port, key, hostKeys }: SshHost, { folder }: Sandbox): Record<string, unknown> {
  const knownHosts = join(folder, "known_hosts");
  writeFileSync(knownHosts, hostKeys.map((line) => `[${host}]:${port} ${line}\n`).join(""));
  return { user: "root", port, privateKey: key.path, knownHosts };
}

function fill(value: unknown, values: Record<string, unknown>): unknown {
  const name = typeof value === "string" ? PLACEHOLDER.exec(value)?.[1] : undefined;
  if (name === undefined) return value;
  const found = values[name];
  if (found === undefined) throw new Error(`The sandbox has no ${String(value)} to hand to the example.`);
  return found;
}

function flatten(path: string, value: unknown): [string, string][] {
  if (Array.isArray(value)) return value.flatMap((item, index) => flatten(`${path}[${index}]`, item));
  if (typeof value === "object" && value !== null)
    return Object.entries(value).flatMap(([key, item]) => flatten(`${path}.${key}`, item));
  return [[path, String(value)]];
}
