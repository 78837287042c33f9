import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import type { ConfigMap, Stack } from "@pulumi/pulumi/automation";
import { engineEnvironment, findEngine } from "../tools/engine";
import { configurationFor, needsOf, projectFolder } from "../tools/example/needs";
import { makeStack, pulumiFailure, stackFile } from "../tools/example/stack";
import type { Sandbox } from "../tools/sandbox";

const example = "existing-group";

/** A stack of a Pulumi project, with an engine's home and a backend of its own, driven by the command line as a user does. */
export class Deployment {
  private constructor(
    private readonly stack: Stack,
    private readonly project: string,
    private readonly home: string,
    private readonly program: string,
    private readonly environment: NodeJS.ProcessEnv,
  ) {
    process.once("exit", this.remove);
  }

  static async of(project: string, config: ConfigMap): Promise<Deployment> {
    const engine = await findEngine();
    const home = mkdtempSync(join(tmpdir(), "mysqlgr-bench-"));
    const name = `bench-${randomBytes(4).toString("hex")}`;
    const stack = await makeStack({ engine, project, name, home, config });
    const program = join(engine.folder, "pulumi");
    return new Deployment(stack, project, home, program, engineEnvironment(engine, home));
  }

  /** examples/existing-group, for a group that was made by hand. */
  static existingGroup(sandbox: Sandbox): Promise<Deployment> {
    return Deployment.of(projectFolder(example), configurationFor(example, needsOf(example), sandbox));
  }

  /** A program of bench/programs. */
  static ofProgram(name: string, config: ConfigMap): Promise<Deployment> {
    return Deployment.of(resolve(__dirname, "programs", name), config);
  }

  set(key: string, value: string): Promise<void> {
    return this.stack.setConfig(key, { value });
  }

  /** As the Automation API's `up` does: without a preview before it. And the program's types are tsc's to check. */
  up(): Promise<void> {
    return this.pulumi(["up", "--yes", "--skip-preview"], { PULUMI_NODEJS_TRANSPILE_ONLY: "true" });
  }

  /** With a preview before it, and the program's types checked each time it runs: Pulumi's defaults. */
  upByDefault(): Promise<void> {
    return this.pulumi(["up", "--yes"]);
  }

  /** Without a preview, which would read every server a first time. */
  refresh(): Promise<void> {
    return this.pulumi(["refresh", "--yes", "--skip-preview"]);
  }

  readonly remove = (): void => {
    process.off("exit", this.remove);
    rmSync(this.home, { recursive: true, force: true });
    rmSync(stackFile(this.project, this.stack.name), { force: true });
  };

  private async pulumi(args: readonly string[], more: NodeJS.ProcessEnv = {}): Promise<void> {
    const options = ["--stack", this.stack.name, "--non-interactive", "--color", "never"];
    await promisify(execFile)(this.program, [...args, ...options], {
      cwd: this.project,
      env: { ...this.environment, ...more },
      maxBuffer: 64 * 1024 * 1024,
    }).catch((error: unknown) => {
      throw new Error(`pulumi ${args[0]} failed:\n${pulumiFailure({ commandResult: error })}`);
    });
  }
}
