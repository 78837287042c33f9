import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { projectFolder } from "../example/needs";
import { stackFile } from "../example/stack";
import { down, names, type Sandbox } from "../sandbox";

/** Of the sandbox, of the stack, and of the example. */
export const NAME = "quickstart";
export const PROJECT = projectFolder(NAME);

const VARIABLES = [
  "PULUMI_HOME",
  "PULUMI_BACKEND_URL",
  "PULUMI_CONFIG_PASSPHRASE",
  "PULUMI_SKIP_UPDATE_CHECK",
  "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION",
];

/** Holds Pulumi's settings and state: in the sandbox's folder, so that both end together. */
export function pulumiHome(sandbox: Sandbox): string {
  return join(sandbox.folder, "pulumi");
}

/** Ends the servers and removes all files; false if there was no quickstart. */
export async function tearDown(): Promise<boolean> {
  const isThere = names().includes(NAME);
  if (isThere) await down(NAME);
  rmSync(stackFile(PROJECT, NAME), { force: true });
  return isThere;
}

/** Writes down that this process works on the sandbox, until the returned function is called. */
export function takePossession(sandbox: Sandbox): () => void {
  const file = ownerFile(sandbox);
  writeFileSync(file, String(process.pid));
  return () => rmSync(file, { force: true });
}

/** The process that works on the sandbox at this moment, if there is one. */
export function ownerOf(sandbox: Sandbox): number | undefined {
  const file = ownerFile(sandbox);
  if (!existsSync(file)) return undefined;
  const pid = Number(readFileSync(file, "utf8"));
  try {
    process.kill(pid, 0);
    return pid;
  } catch {
    return undefined;
  }
}

/** Writes a file for the shell's "." with what `pulumi` by hand needs to find this stack; returns its path. */
export function writeEnvironment(sandbox: Sandbox, environment: NodeJS.ProcessEnv): string {
  const file = join(pulumiHome(sandbox), "env.sh");
  const given = VARIABLES.filter((name) => environment[name] !== undefined);
  const lines = given.map((name) => `export ${name}=${quoted(environment[name] ?? "")}`);
  // What follows this process's own PATH in it is the caller's already.
  const path = (environment["PATH"] ?? "").replace(process.env["PATH"] ?? "", "").replace(/:$/, "");
  writeFileSync(file, [...lines, `export PATH=${quoted(path)}:"$PATH"`, ""].join("\n"), { mode: 0o600 });
  return file;
}

function ownerFile(sandbox: Sandbox): string {
  return join(sandbox.folder, "quickstart.pid");
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
