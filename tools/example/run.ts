import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { OpMap, Stack } from "@pulumi/pulumi/automation";
import { findEngine } from "../engine";
import { info, step } from "../report";
import { canStartSshHost, down, query, startSshHost, up, type Sandbox, type SshHost } from "../sandbox";
import { Interrupt } from "./interrupt";
import {
  configurationFor,
  exampleNames,
  needsOf,
  projectFolder,
  type ExampleStep,
  type Needs,
} from "./needs";
import { makeStack, stackFile } from "./stack";
import { GroupLog } from "./group-log";

export interface Phase {
  name: string;
  /** Operations by kind, such as {create: 7} or {same: 8}. */
  changes: OpMap;
  seconds: number;
}

export interface ExampleOptions {
  /** Called with the servers before Pulumi has seen them. */
  before?: (sandbox: Sandbox) => Promise<void>;
  /** Called after `up`. */
  whileUp?: (stack: Stack, sandbox: Sandbox) => Promise<void>;
  /** Called after `destroy`, when the servers still run. */
  after?: (sandbox: Sandbox) => Promise<void>;
  /** Handle Ctrl-C. @default false */
  interruptible?: boolean;
}

export class UnknownExampleError extends Error {
  constructor(name: string | undefined) {
    const which = name === undefined ? "Which example?" : `There is no example "${name}".`;
    super(`${which} There are: ${exampleNames().join(", ")}`);
  }
}

/**
 * Runs an example with the real engine on servers of its own: up, preview and refresh, which must find nothing to change, and
 * destroy, after which no server may be in a group. Whatever comes of it, nothing is left behind.
 */
export async function runExample(name: string, options: ExampleOptions = {}): Promise<Phase[]> {
  if (!exampleNames().includes(name)) throw new UnknownExampleError(name);
  const needs = needsOf(name);
  const { members, stack, group } = needs;
  const engine = await findEngine();
  const sandbox = await up({
    temporary: true,
    ...(members === undefined ? {} : { members }),
    ...(stack === undefined ? {} : { stack }),
    ...(group === undefined ? {} : { group }),
  });
  const project = projectFolder(name);
  const stackName = `example-${randomBytes(4).toString("hex")}`;
  const interrupt = options.interruptible ? new Interrupt("Its servers are removed.", info) : undefined;
  const removeFile = () => rmSync(stackFile(project, stackName), { force: true });
  process.once("exit", removeFile);
  let host: SshHost | undefined;
  try {
    if (needs.ssh) host = await machineOf(sandbox);
    const config = configurationFor(name, needs, sandbox, host);
    await options.before?.(sandbox);
    const home = join(sandbox.folder, "pulumi");
    const pulumi = await makeStack({ engine, project, name: stackName, home, config });
    return await runPhases(pulumi, sandbox, { ...options, steps: stepsOf(name, needs) }, interrupt);
  } finally {
    interrupt?.release();
    process.off("exit", removeFile);
    removeFile();
    await host?.stop();
    await down(sandbox);
  }
}

async function machineOf({ folder }: Sandbox): Promise<SshHost | undefined> {
  if (canStartSshHost()) return startSshHost({ shared: [folder] });
  info("An SSH server of its own needs Linux and root: files go to local folders here.");
  return undefined;
}

/** With the keys of the example's configuration. */
function stepsOf(name: string, { steps = [] }: Needs): ExampleStep[] {
  return steps.map(({ config = {}, ...step }) => ({
    ...step,
    config: Object.fromEntries(Object.entries(config).map(([key, value]) => [`${name}:${key}`, value])),
  }));
}

async function runPhases(
  stack: Stack,
  sandbox: Sandbox,
  options: ExampleOptions & { steps: readonly ExampleStep[] },
  interrupt: Interrupt | undefined,
): Promise<Phase[]> {
  const settings = { color: "never", ...interrupt?.option } as const;
  const unchanged = { ...settings, expectNoChanges: true };
  const phases: Phase[] = [];
  const phase = async (name: string, work: () => Promise<OpMap>) => {
    interrupt?.throwIfInterrupted();
    const result = timed(name, work);
    phases.push(await (interrupt?.outlast(result) ?? result));
  };
  const destroy = () => phase("destroy", async () => changesOf(await stack.destroy(settings)));
  try {
    await phase("up", async () => changesOf(await stack.up(settings)));
    await options.whileUp?.(stack, sandbox);
    if (options.steps.length > 0) {
      await GroupLog.during(sandbox, async (log) => {
        for (const { title, config = {}, refresh = false } of options.steps) {
          for (const [key, value] of Object.entries(config))
            await stack.setConfig(key, { value: String(value) });
          log.reset();
          await phase(title, async () => changesOf(await stack.up({ ...settings, refresh })));
          info(await log.told());
        }
      });
    }
    await phase("preview", async () => (await stack.preview(unchanged)).changeSummary);
    await phase("refresh", async () => changesOf(await stack.refresh(unchanged)));
  } catch (error) {
    // It shows whether what was made can also be taken down; but the first failure is the one to tell.
    await destroy().catch(() => undefined);
    throw error;
  }
  await destroy();
  await requireNoGroup(sandbox);
  await options.after?.(sandbox);
  return phases;
}

async function timed(name: string, work: () => Promise<OpMap>): Promise<Phase> {
  const progress = step(name);
  const started = performance.now();
  try {
    const changes = await work();
    progress.done(describe(changes));
    return { name, changes, seconds: (performance.now() - started) / 1000 };
  } catch (error) {
    progress.fail();
    throw error;
  }
}

function changesOf({ summary }: { summary: { resourceChanges?: OpMap } }): OpMap {
  return summary.resourceChanges ?? {};
}

function describe(changes: OpMap): string {
  const parts = Object.entries(changes).map(([kind, count]) => `${count} ${kind}`);
  return parts.join(", ") || "nothing";
}

async function requireNoGroup(sandbox: Sandbox): Promise<void> {
  const sql = "SELECT MEMBER_STATE state FROM performance_schema.replication_group_members";
  for (const member of sandbox.members) {
    const rows = await query(member, sql);
    const state = rows.map((row) => String(row.state)).find((one) => one !== "OFFLINE");
    if (state !== undefined) throw new Error(`${member.name} is still in a group after destroy: ${state}`);
  }
}
