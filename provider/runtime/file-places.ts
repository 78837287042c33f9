import { NotReadyError, ProviderError, StepFailedError } from "../errors";
import { Folder } from "../files/folder";
import { localMachine } from "../files/local";
import { FileError, type Machine } from "../files/machine";
import { ownerNumber } from "../files/owner";
import { type SshTarget, sshAddress, sshMachine } from "../files/ssh";
import { namedFiles } from "../mysql/named-files";
import { ServerError } from "../mysql/session";
import { addressOf } from "../mysql/target";
import {
  type FilesPlan,
  type Usage,
  type Version,
  type WantedVersion,
  folderMode,
  isFolder,
} from "../plan/certificate-files";
import { isUnknown } from "../plan/wish";
import { type ConnectionInputs, sessions, targetOf } from "./context";
import type { Inputs } from "./validation";

/** As declared; what is left out has its default. */
export type SshInputs = Partial<SshTarget>;

export async function withFolder<T>(
  inputs: Inputs,
  prefix: string,
  work: (folder: Folder) => Promise<T>,
): Promise<T> {
  const machine = await machineOf(inputs);
  const path = String(inputs["folder"]);
  try {
    return await work(new Folder(machine, path, prefix));
  } catch (error) {
    throw error instanceof FileError ? failed(machine, `look into ${path}`, error) : error;
  } finally {
    await machine.close();
  }
}

async function machineOf(inputs: Inputs): Promise<Machine> {
  const ssh = inputs["ssh"] as SshInputs | undefined;
  return ssh === undefined ? localMachine() : sshMachine(sshTarget(ssh));
}

function sshTarget(ssh: SshInputs): SshTarget {
  return { port: 22, connectTimeout: 10, ...ssh } as SshTarget;
}

/** How preview calls it. */
export function machineName(inputs: Inputs): string {
  const ssh = inputs["ssh"] as SshInputs | undefined;
  if (ssh === undefined) return "this machine";
  if (isUnknown(ssh) || isUnknown(ssh.host) || isUnknown(ssh.port)) return "a machine that is not known yet";
  return sshAddress(sshTarget(ssh));
}

/** Numbers of the declared owner and group there. */
export async function idsOn(machine: Machine, inputs: Inputs): Promise<{ owner?: number; group?: number }> {
  const { owner, group } = inputs as { owner?: string; group?: string };
  return {
    ...(owner === undefined ? {} : { owner: await ownerNumber(machine, "owner", owner) }),
    ...(group === undefined ? {} : { group: await ownerNumber(machine, "group", group) }),
  };
}

/** New material first, what is old last; a step that fails leaves no file that is not whole. */
export async function carryOut(
  folder: Folder,
  plan: FilesPlan,
  wanted: readonly WantedVersion[],
): Promise<void> {
  const { machine } = folder;
  const step = async (what: string, work: Promise<void>): Promise<void> => {
    await work.catch((error: unknown) => {
      throw error instanceof FileError ? failed(machine, what, error) : error;
    });
  };
  const versionOf = (path: string): WantedVersion =>
    wanted.find(({ name }) => name === path || path.startsWith(`${name}/`))!;
  for (const path of plan.leftovers) await step(`remove ${folder.at(path)}`, folder.remove(path));
  for (const { path } of plan.folders) {
    const { access } = versionOf(path);
    const searched = { ...access, mode: folderMode(access.mode) };
    await step(`make ${folder.at(path)}`, folder.makeFolder(path, searched));
  }
  for (const { path } of plan.writes) {
    const version = versionOf(path);
    const { text } = version.files.find((file) => file.path === path)!;
    await step(`write ${folder.at(path)}`, folder.write(path, text, version.access));
  }
  for (const path of plan.strangers) await step(`remove ${folder.at(path)}`, folder.remove(path));
  for (const version of plan.removals)
    await step(`remove ${folder.at(version.name)}`, discard(folder, version));
}

async function discard(folder: Folder, { role, name, files }: Version): Promise<void> {
  for (const { path } of files) await folder.remove(path);
  if (isFolder(role)) await folder.removeFolder(name);
}

const remedies: Record<FileError["problem"], string> = {
  absent: "see that the folder is there, then pulumi up",
  denied: "let the user who writes do that, or log in as root, then pulumi up",
  full: "make room on that disk, then pulumi up",
  lost: "pulumi up: it goes on from what it finds, and removes what was left under a temporary name",
  other: "see what that machine says of it, then pulumi up",
};

function failed(machine: Machine, what: string, { problem, message }: FileError): ProviderError {
  return new StepFailedError(machine.name, what, {
    what: `${machine.name}: failed to ${what}`,
    why: message,
    left: "every file that has its final name is whole; what servers have loaded is as before",
    todo: remedies[problem],
  });
}

/** Which of these versions each server names. One that cannot be asked is taken to name all of them. */
export async function usageOf(inputs: Inputs, names: readonly string[]): Promise<Usage> {
  if (inputs["servers"] === undefined) return undefined;
  const answers = await Promise.all(
    serversIn(inputs).map(async (connection) => {
      const address = addressOf(targetOf(connection));
      const named = await namedBy(connection).catch((error: unknown) => {
        if (!ProviderError.is(error)) throw error;
        return undefined;
      });
      return named === undefined
        ? { address: `${address} (cannot be asked)`, named: names }
        : { address, named };
    }),
  );
  return Object.fromEntries(
    names
      .map(
        (name) => [name, answers.filter(({ named }) => named.includes(name)).map((a) => a.address)] as const,
      )
      .filter(([, addresses]) => addresses.length > 0),
  );
}

/** Throws where a server would not start any more; also where one cannot be asked. */
export async function requireUnused(
  inputs: Inputs,
  names: readonly string[],
  machine: string,
): Promise<void> {
  for (const connection of serversIn(inputs)) {
    const named = (await namedBy(connection)).filter((name) => names.includes(name));
    if (named.length === 0) continue;
    const address = addressOf(targetOf(connection));
    throw new NotReadyError(machine, `keeps its files: ${address} still names ${named.join(", ")}`, {
      todo: "give that server other files first, or take the resource out with retainOnDelete",
    });
  }
}

function serversIn(inputs: Inputs): ConnectionInputs[] {
  return (inputs["servers"] ?? []) as ConnectionInputs[];
}

/** Last parts of the paths: a server in a container knows the folder by another path. */
async function namedBy(connection: ConnectionInputs): Promise<string[]> {
  const target = targetOf(connection);
  const paths = await sessions.use(target, namedFiles).catch((error: unknown) => {
    if (!(error instanceof ServerError)) throw error;
    throw new NotReadyError(addressOf(target), "does not tell which files it names", {
      why: error.message,
      todo: "see that the administrator's account has SELECT ON performance_schema.*",
    });
  });
  return paths.map((path) =>
    path
      .replace(/[/\\]+$/, "")
      .split(/[/\\]/)
      .at(-1)!,
  );
}
