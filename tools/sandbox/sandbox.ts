import { randomBytes, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { info, step } from "../report";
import { makeAuthority, makeLeaf, writePem, type Authority } from "./certificates";
import { query } from "./client";
import { unmountDisks } from "./disk";
import { SandboxError } from "./errors";
import { formGroup } from "./group";
import { cleaningUp } from "./interrupt";
import {
  acceptsLogins,
  certify,
  createMember,
  describeMember,
  endMember,
  launchMember,
  ownArgument,
  pidOf,
  type MemberPlan,
} from "./member";
import { addHost, makeNetwork, removeNetworks } from "./network";
import { reservePorts, releasePorts } from "./ports";
import { endNow } from "./process";
import { findOldServer, isOldVersion } from "./old-server";
import { findServer, type ServerFiles } from "./server";
import { claim, forget, load, read, recordStart, save } from "./store";
import type { Member, Sandbox, UpOptions } from "./types";
import { release } from "./watch";

/** Starts servers, and forms a group of them if asked to. What fails half-way is removed again. */
export async function up(options: UpOptions = {}): Promise<Sandbox> {
  const { members = 3, stack = "XCOM", group = false, temporary = false, hosts = false, disk } = options;
  if (!Number.isInteger(members) || members < 1 || members > 9)
    throw new SandboxError("A sandbox has 1 to 9 members, as a group has.");
  if (options.version !== undefined && group)
    throw new SandboxError(
      `MySQL ${options.version} has no group_replication plugin here: its servers form no group.`,
    );
  const server = await serverOf(options.version);
  const name = options.name ?? `sandbox-${randomBytes(4).toString("hex")}`;
  const folder = await claim(name, options.folder, discard);
  const sandbox: Sandbox = {
    name,
    folder,
    version: server.version,
    stack,
    groupName: randomUUID(),
    tls: {
      ca: join(folder, "tls/ca.pem"),
      caKey: join(folder, "tls/ca-key.pem"),
      clientCert: join(folder, "tls/client-cert.pem"),
      clientKey: join(folder, "tls/client-key.pem"),
    },
    state: "running",
    members: [],
  };
  return cleaningUp(
    () => removeNow(sandbox),
    async () => {
      const report = step(`Sandbox ${name}`);
      try {
        report.update(`starting ${members} servers`);
        if (hosts) sandbox.network = await makeNetwork(folder);
        await build(server, sandbox, members, disk);
        if (group) {
          report.update("forming the group");
          await formGroup(sandbox);
          save(sandbox);
        }
        if (!temporary) release(folder);
        report.done(`MySQL ${server.version} at ${sandbox.members.map(({ port }) => port).join(", ")}`);
        return sandbox;
      } catch (error) {
        report.fail("removing what was made of it");
        await remove(sandbox);
        throw error;
      }
    },
  );
}

/** The sandbox as it is now; by its name, or as another call returned it. */
export async function status(which: Sandbox | string): Promise<Sandbox> {
  const sandbox = load(nameOf(which));
  await Promise.all(sandbox.members.map(look));
  sandbox.state = sandbox.members.some(({ state }) => state === "running") ? "running" : "stopped";
  return sandbox;
}

/** SIGKILL; returns when the process is gone. */
export function kill(member: Member): Promise<void> {
  return endMember(member, "SIGKILL");
}

/** SIGTERM: an orderly shutdown; returns when the process is gone. */
export function stop(member: Member): Promise<void> {
  return endMember(member, "SIGTERM");
}

/** Starts a stopped member, and waits until it accepts logins. */
export async function start(member: Member): Promise<void> {
  const running = pidOf(member);
  if (running !== undefined) {
    Object.assign(member, { pid: running, state: "running" });
    return;
  }
  const server = launchMember(member);
  recordStart(member);
  try {
    await acceptsLogins(member, server);
  } catch (error) {
    await kill(member);
    throw error;
  }
}

/** Adds a plain server to the sandbox: started, in no group. */
export async function addMember(sandbox: Sandbox): Promise<Member> {
  const server = await serverOf(sandbox.version);
  const number = Math.max(0, ...sandbox.members.map(({ name }) => Number(name.slice(2)))) + 1;
  const [plan] = await plans(sandbox, [number]);
  const member = describeMember(server, plan as NonNullable<typeof plan>);
  sandbox.members.push(member);
  save(sandbox);
  await launchNew(server, sandbox, member, Promise.resolve(authorityOf(sandbox)));
  return member;
}

/** Ends all servers of the sandbox and removes its files. */
export async function down(which: Sandbox | string): Promise<void> {
  await remove(load(nameOf(which)));
}

/** The authority that signed the certificates of the sandbox. */
export function authorityOf(sandbox: Sandbox): Authority {
  const { ca, caKey } = sandbox.tls;
  return { commonName: sandbox.name, cert: readFileSync(ca, "utf8"), key: readFileSync(caKey, "utf8") };
}

function serverOf(version: string | undefined): Promise<ServerFiles> {
  return version !== undefined && isOldVersion(version) ? findOldServer(version) : findServer();
}

async function build(
  server: ServerFiles,
  sandbox: Sandbox,
  count: number,
  disk: number | undefined,
): Promise<void> {
  const numbers = Array.from({ length: count }, (_, index) => index + 1);
  const memberPlans = await plans(sandbox, numbers, disk);
  sandbox.members = memberPlans.map((plan) => describeMember(server, plan));
  save(sandbox);
  const authority = makeAuthority(`Sandbox ${sandbox.name}`);
  await Promise.all([
    clientMaterial(sandbox, authority),
    ...sandbox.members.map((member) => launchNew(server, sandbox, member, authority)),
  ]);
}

async function plans(
  { folder, stack, network }: Sandbox,
  numbers: readonly number[],
  disk?: number,
): Promise<MemberPlan[]> {
  const each = stack === "XCOM" ? 2 : 1;
  const ports = await reservePorts(numbers.length * each, folder);
  return numbers.map((number, index) => ({
    folder,
    name: `db${number}`,
    port: ports[index * each] as number,
    localPort: stack === "XCOM" ? (ports[index * each + 1] as number) : undefined,
    host: network === undefined ? undefined : addHost(network, number),
    disk,
  }));
}

async function launchNew(
  server: ServerFiles,
  sandbox: Sandbox,
  member: Member,
  authority: Promise<Authority>,
): Promise<void> {
  const makeCertificates = async () => certify(member, await authority);
  const certifiesFirst = server.readsTlsAtStartOnly === true;
  await createMember(server, member);
  if (certifiesFirst) await makeCertificates();
  const launched = launchMember(member);
  save(sandbox);
  // Other certificates are made while the server starts, which does not need them.
  await Promise.all([acceptsLogins(member, launched), certifiesFirst ? undefined : makeCertificates()]);
}

async function clientMaterial(sandbox: Sandbox, making: Promise<Authority>): Promise<void> {
  const authority = await making;
  const leaf = await makeLeaf(authority, { commonName: "client" });
  writePem(sandbox.tls.ca, authority.cert);
  writePem(sandbox.tls.caKey, authority.key);
  writePem(sandbox.tls.clientCert, leaf.cert);
  writePem(sandbox.tls.clientKey, leaf.key);
}

async function look(member: Member): Promise<void> {
  const pid = pidOf(member);
  member.state = pid === undefined ? "stopped" : "running";
  if (pid === undefined) return;
  member.pid = pid;
  const own =
    "SELECT MEMBER_ROLE role, MEMBER_STATE state FROM performance_schema.replication_group_members" +
    " WHERE MEMBER_ID IN (@@server_uuid, '')";
  const [row] = await query(member, own).catch(() => []);
  if (!row) return;
  member.role = String(row.role);
  member.memberState = String(row.state);
}

async function remove(sandbox: Sandbox): Promise<void> {
  await Promise.all(sandbox.members.map(kill));
  free(sandbox.name, sandbox.folder);
}

function removeNow(sandbox: Sandbox): void {
  for (const member of sandbox.members) endNow(pidOf(member), ownArgument(member));
  free(sandbox.name, sandbox.folder);
  info(`Sandbox ${sandbox.name} was interrupted and removed.`);
}

/** Removes a sandbox whose owner is gone, however far it was made. */
export async function discard(name: string, folder: string): Promise<void> {
  const left = read(folder);
  if (left) return remove(left);
  free(name, folder);
}

/** Gives back what the sandbox held, once its servers are gone. */
function free(name: string, folder: string): void {
  unmountDisks(folder);
  removeNetworks(folder);
  releasePorts(folder);
  forget(name, folder);
}

function nameOf(which: Sandbox | string): string {
  return typeof which === "string" ? which : which.name;
}
