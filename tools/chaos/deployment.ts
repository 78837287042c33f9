import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { ConfigMap, Stack } from "@pulumi/pulumi/automation";
import { type Engine, engineEnvironment, findEngine } from "../engine";
import { makeStack } from "../example/stack";
import { killTree } from "./processes";

const PROGRAM = resolve(__dirname, "program");
const MODULES = resolve(__dirname, "../../node_modules");
const STACK = "chaos";
/** Longer than any of the provider's own waits. */
const LIMIT_SECONDS = 600;

export interface Ended {
  readonly command: string;
  /** killed: by us; stuck: it did not end in time, and was killed then. */
  readonly how: "succeeded" | "failed" | "killed" | "stuck";
  readonly seconds: number;
  readonly output: string;
}

/** A Pulumi command that runs in processes of its own. */
export class Running {
  readonly ended: Promise<Ended>;
  private readonly began = performance.now();
  private readonly limit: NodeJS.Timeout;
  private output = "";
  private end: "killed" | "stuck" | undefined;

  constructor(
    private readonly command: string,
    private readonly child: ChildProcess,
  ) {
    for (const stream of [child.stdout!, child.stderr!])
      stream.setEncoding("utf8").on("data", (text: string) => (this.output += text));
    this.limit = setTimeout(() => this.killAs("stuck"), LIMIT_SECONDS * 1000);
    const stop = (): void => this.kill();
    process.once("exit", stop);
    this.ended = new Promise((tell, fail) => {
      child.once("error", fail);
      child.once("close", (code) => {
        clearTimeout(this.limit);
        process.off("exit", stop);
        tell(this.outcome(code === 0 ? "succeeded" : "failed"));
      });
    });
  }

  /** As Ctrl-C on a terminal: Pulumi keeps its plugins out of the group that the terminal tells. */
  interrupt(): void {
    this.child.kill("SIGINT");
  }

  /** The engine, the program and the provider, all at once. */
  kill(): void {
    this.killAs("killed");
  }

  private killAs(end: "killed" | "stuck"): void {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.end = end;
    killTree(this.child.pid!);
  }

  private outcome(how: "succeeded" | "failed"): Ended {
    const seconds = Math.round((performance.now() - this.began) / 100) / 10;
    return { command: this.command, how: this.end ?? how, seconds, output: this.output };
  }
}

/** A stack of program/ with an engine's home and a backend of its own, driven by the command line. */
export class Deployment {
  private constructor(
    private readonly engine: Engine,
    private readonly folder: string,
    private readonly stack: Stack | undefined,
  ) {}

  static async create(folder: string, config: ConfigMap): Promise<Deployment> {
    const engine = await findEngine();
    const project = join(folder, "project");
    mkdirSync(folder, { recursive: true });
    cpSync(PROGRAM, project, { recursive: true });
    symlinkSync(MODULES, join(project, "node_modules"));
    const home = join(folder, "home");
    const stack = await makeStack({ engine, project, name: STACK, home, config });
    return new Deployment(engine, folder, stack);
  }

  /** The same stack in a backend of another place, as somebody has it whose state is his own. */
  copyTo(folder: string): Deployment {
    rmSync(folder, { recursive: true, force: true });
    cpSync(this.folder, folder, { recursive: true, verbatimSymlinks: true });
    return new Deployment(this.engine, folder, undefined);
  }

  declare(declaration: unknown): void {
    writeFileSync(join(this.folder, "project/declaration.json"), JSON.stringify(declaration, undefined, 2));
  }

  async setSecrets(secrets: Readonly<Record<string, string>>): Promise<void> {
    const entries = Object.entries(secrets).map(([key, value]) => [key, { value, secret: true }]);
    await this.stack?.setAllConfig(Object.fromEntries(entries) as ConfigMap);
  }

  up({ refresh = false } = {}): Running {
    return this.run("up", "--yes", "--skip-preview", ...(refresh ? ["--refresh"] : []));
  }

  /** After a deployment that was killed: the stack is still locked. */
  cancel(): Promise<Ended> {
    return this.run("cancel", "--yes").ended;
  }

  /** The state as it lies on disk, also of former deployments. */
  state(): string {
    const state = join(this.folder, "home/state");
    return readdirSync(state, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"))
      .join("\n");
  }

  private run(...args: readonly string[]): Running {
    const shown = args.filter((arg) => arg !== "--yes" && arg !== "--skip-preview");
    const options = ["--stack", STACK, "--non-interactive", "--color", "never"];
    const child = spawn(join(this.engine.folder, "pulumi"), [...args, ...options], {
      cwd: join(this.folder, "project"),
      env: {
        ...engineEnvironment(this.engine, join(this.folder, "home")),
        // The program is checked with everything else.
        PULUMI_NODEJS_TRANSPILE_ONLY: "true",
      },
      // Out of the group of whoever started the runner: Ctrl-C is for the runner.
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    return new Running(["pulumi", ...shown].join(" "), child);
  }
}
