import { rmSync } from "node:fs";
import { join } from "node:path";
import type { ConfigMap, Stack } from "@pulumi/pulumi/automation";
import { automationCommand, engineEnvironment, type Engine } from "../engine";

export interface StackOptions {
  engine: Engine;
  /** Folder with the Pulumi.yaml. */
  project: string;
  name: string;
  /** Folder that holds the engine's settings and all state. */
  home: string;
  config: ConfigMap;
}

/** A new stack with its configuration, in a backend of its own. */
export async function makeStack(options: StackOptions): Promise<Stack> {
  const { engine, project, name, home, config } = options;
  rmSync(stackFile(project, name), { force: true });
  const { LocalWorkspace } = await import("@pulumi/pulumi/automation/index.js");
  const stack = await LocalWorkspace.createOrSelectStack(
    { stackName: name, workDir: project },
    {
      pulumiCommand: await automationCommand(engine),
      envVars: engineEnvironment(engine, home) as Record<string, string>,
      secretsProvider: "passphrase",
    },
  );
  await stack.setAllConfig(config, true);
  return stack;
}

/** Pulumi keeps a stack's configuration beside the project's file; the rest of it is in `home`. */
export function stackFile(project: string, name: string): string {
  return join(project, `Pulumi.${name}.yaml`);
}

/** Why a Pulumi command failed: the diagnostics that it printed, or all of it where there are none. */
export function pulumiFailure(error: unknown): string {
  const { commandResult, message } = error as {
    commandResult?: { stdout: string; stderr: string };
    message?: string;
  };
  if (!commandResult) return message ?? String(error);
  const printed = `${commandResult.stdout}\n${commandResult.stderr}`.trim();
  const diagnostics = /^Diagnostics:\n[^]*?(?=^\S|$(?![^]))/m.exec(printed)?.[0];
  return (diagnostics ?? printed).trim();
}
