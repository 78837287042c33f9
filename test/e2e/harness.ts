import { execFile, execFileSync, spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import {
  type Deployment as State,
  LocalWorkspace,
  type OpMap,
  type PulumiCommand,
  type Stack as PulumiStack,
} from "@pulumi/pulumi/automation";
import { automationCommand, engineEnvironment, findEngine } from "../../tools/engine";
import type { Member, Sandbox } from "../../tools/sandbox";

const PROGRAM = resolve(__dirname, "program");
const CLOCK = resolve(__dirname, "days-ago.cjs");
const CHECKOUT = resolve(__dirname, "../..");
export const PROJECT = "mysqlgr-e2e";
export const STACK = "test";
export const RECOVERY_PASSWORD = "e2e-recovery-password";

export type Args = Record<string, unknown>;

/** What the fixture program reads from the stack's configuration. */
export interface Declaration {
  user?: Args;
  members: { name: string; channel?: Args; member?: Args }[];
  sources?: { name: string; source: Args }[];
  authorities?: { name: string; issuer?: string; authority?: Args }[];
  certificates?: { name: string; issuer: string; certificate: Args }[];
  lists?: { name: string; issuer: string; list: Args }[];
  files?: { name: string; certificate: string; issuer: string; files: Args }[];
  unknown?: { depth: "fields" | "leaves"; generation: number };
}

/** What differs from the ordinary declaration; a property that is undefined is not declared at all. */
export interface Variation {
  user?: Args;
  channel?: Args | ((member: Member, index: number) => Args);
  member?: Args | ((member: Member, index: number) => Args);
}

export interface Secrets {
  adminPassword: string;
  recoveryPassword: string;
  /** Where the channels are to have another than the account. */
  channelPassword?: string;
  /** By member: what its own resources say about the administrator's login. */
  logins?: Record<string, Args>;
}

export interface Options {
  recoveryPassword?: string | undefined;
  /** A project that is installed already. */
  folder?: string;
}

export interface RunOptions {
  parallel?: number;
  /** URNs, as `urn` makes them. */
  target?: string[];
  refresh?: boolean;
}

export interface Outcome {
  /** All that the engine printed, in order. */
  output: string;
  /** How many resources went through which operation; of a preview, would go. */
  changes: OpMap;
}

/** The servers of a sandbox as one TLS group: an account that must use TLS, a channel and a membership each. */
export function declarationOf(sandbox: Sandbox, varied: Variation = {}): Declaration {
  const { members, groupName, stack } = sandbox;
  return {
    user: {
      servers: members.map(connectionOf),
      user: "recovery",
      require: "SSL",
      ...varied.user,
    },
    members: members.map((member, index) => ({
      name: member.name,
      channel: {
        connection: connectionOf(member),
        user: "recovery",
        recoveryUseSsl: true,
        recoverySslCa: member.tls.ca,
        recoverySslCert: member.tls.cert,
        recoverySslKey: member.tls.key,
        ...variation(varied.channel, member, index),
      },
      member: {
        connection: connectionOf(member),
        groupName,
        localAddress: member.localAddress,
        groupSeeds: members.map(({ localAddress }) => localAddress),
        bootstrap: index === 0,
        communicationStack: stack,
        sslMode: "REQUIRED",
        sslCa: member.tls.ca,
        sslCert: member.tls.cert,
        sslKey: member.tls.key,
        startOnBoot: true,
        ...variation(varied.member, member, index),
      },
    })),
  };
}

export function urn(
  type: "ReplicationUser" | "RecoveryChannel" | "GroupMember" | "CertificateFiles",
  name: string,
): string {
  return `urn:pulumi:${STACK}::${PROJECT}::pulumi-nodejs:dynamic/mysqlgr:${type}::${name}`;
}

export interface Launched {
  /** Until now. */
  output: string;
  /** Once, as Ctrl-C does. */
  interrupt(): void;
  /** At once, the engine with its plugins and language host. */
  kill(): void;
  /** The exit code; null where a signal ended it. */
  ended: Promise<number | null>;
}

/** One stack of the fixture program, with a Pulumi home, a backend and a work directory of its own. */
export class Deployment {
  /** All that the engine has printed since the stack was made, and every error. */
  printed = "";

  private constructor(
    readonly folder: string,
    private readonly project: string,
    readonly stack: PulumiStack,
    private readonly command: PulumiCommand,
    private readonly environment: Record<string, string>,
  ) {}

  /** In `folder`, which is an installed project, or in a new copy of the fixture program. */
  static async create(
    declaration: Declaration,
    secrets: Secrets,
    folder = copyOfProgram(),
  ): Promise<Deployment> {
    const engine = await findEngine();
    const environment = {
      ...engineEnvironment(engine, join(folder, "home")),
      // The program is checked with everything else; doing it again costs each run two seconds.
      PULUMI_NODEJS_TRANSPILE_ONLY: "true",
    } as Record<string, string>;
    const command = await automationCommand(engine);
    const stack = await LocalWorkspace.createStack(
      { stackName: STACK, workDir: folder },
      { envVars: environment, pulumiCommand: command },
    );
    const { name } = await stack.workspace.projectSettings();
    const deployment = new Deployment(folder, name, stack, command, environment);
    await deployment.configure(declaration, secrets);
    return deployment;
  }

  /** The ordinary way: the sandbox's administrator, and one recovery password for all. */
  static of(sandbox: Sandbox, declaration = declarationOf(sandbox), options: Options = {}) {
    const { recoveryPassword = RECOVERY_PASSWORD, folder } = options;
    return Deployment.create(
      declaration,
      { adminPassword: adminPasswordOf(sandbox), recoveryPassword },
      folder,
    );
  }

  async configure(declaration: Declaration, secrets?: Secrets): Promise<void> {
    const secret = (value: string) => ({ value, secret: true });
    await this.stack.setAllConfig({
      declaration: { value: JSON.stringify(declaration) },
      ...(secrets === undefined
        ? {}
        : {
            "mysqlgr:password": secret(secrets.adminPassword),
            recoveryPassword: secret(secrets.recoveryPassword),
            channelPassword: secret(secrets.channelPassword ?? secrets.recoveryPassword),
            ...(secrets.logins ? { logins: secret(JSON.stringify(secrets.logins)) } : {}),
          }),
    });
  }

  /** From now on it is so many days ago to the provider, but not to the servers. */
  turnClockBack(days: number): void {
    const { envVars } = this.stack.workspace;
    if (days === 0) delete envVars["NODE_OPTIONS"];
    else Object.assign(envVars, { NODE_OPTIONS: `--require ${CLOCK}`, E2E_DAYS_AGO: String(days) });
  }

  up(options: RunOptions = {}): Promise<Outcome> {
    return this.run(async (listen) => {
      const { summary } = await this.stack.up({ ...options, ...listen });
      return summary.resourceChanges ?? {};
    });
  }

  /** With the differences of each property. */
  preview(options: RunOptions = {}): Promise<Outcome> {
    return this.run(async (listen) => {
      const { changeSummary } = await this.stack.preview({ diff: true, ...options, ...listen });
      return changeSummary;
    });
  }

  refresh(options: RunOptions = {}): Promise<Outcome> {
    return this.run(async (listen) => {
      const { summary } = await this.stack.refresh({ ...options, ...listen });
      return summary.resourceChanges ?? {};
    });
  }

  destroy(options: RunOptions = {}): Promise<Outcome> {
    return this.run(async (listen) => {
      const { summary } = await this.stack.destroy({ ...options, ...listen });
      return summary.resourceChanges ?? {};
    });
  }

  /** What an operation that must fail printed. */
  async failing(run: Promise<Outcome>): Promise<string> {
    const before = this.printed.length;
    const outcome = await run.catch(() => undefined);
    if (outcome) throw new Error(`This was expected to fail:\n${outcome.output}`);
    return this.printed.slice(before);
  }

  /** Takes over a state whose secrets are plain text, as `exportStack` writes it. */
  async importState(state: State): Promise<void> {
    const { encryptionSalt: salt } = await this.stack.workspace.stackSettings(STACK);
    const secrets = { secrets_providers: { type: "passphrase", state: { salt } } };
    await this.stack.importStack({ ...state, deployment: { ...state.deployment, ...secrets } });
  }

  /** Any other command of the engine on this stack. */
  async pulumi(...args: string[]): Promise<string> {
    const { stdout } = await promisify(execFile)(this.command.command, [...args, "--stack", STACK], {
      cwd: this.folder,
      env: this.environment,
      maxBuffer: 64 * 1024 * 1024,
    });
    this.printed += stdout;
    return stdout;
  }

  /** `pulumi up` as a process of its own, which can be interrupted or killed with all that it started. */
  launchUp(): Launched {
    const child = spawn(this.command.command, ["up", "--yes", "--skip-preview", "--stack", STACK], {
      cwd: this.folder,
      env: { ...this.environment, NO_COLOR: "1" },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    const launched: Launched = {
      output: "",
      interrupt: () => void child.kill("SIGINT"),
      kill: () => killTree(child.pid as number),
      ended: new Promise((resolve) => child.once("close", (code) => resolve(code))),
    };
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (data: Buffer) => {
        launched.output += data.toString();
        this.printed += data.toString();
      });
    return launched;
  }

  /** The resources in state as the backend's file holds them: secrets are encrypted. */
  resources(): { urn: string; type: string; inputs: Args; outputs: Args }[] {
    return JSON.parse(this.stateFile()).checkpoint.latest.resources ?? [];
  }

  stateFile(): string {
    return readFileSync(
      join(this.folder, "home/state/.pulumi/stacks", this.project, `${STACK}.json`),
      "utf8",
    );
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async run(
    operation: (listen: { color: "never"; onOutput: Listener; onError: Listener }) => Promise<OpMap>,
  ): Promise<Outcome> {
    let output = "";
    const listener: Listener = (text) => {
      output += text;
      this.printed += text;
    };
    try {
      const changes = await operation({ color: "never", onOutput: listener, onError: listener });
      return { output, changes };
    } catch (error) {
      this.printed += String(error);
      throw error;
    }
  }
}

/** Children first asked for, then killed: plugins run in process groups of their own. */
function killTree(pid: number): void {
  const table = execFileSync("ps", ["-eo", "pid=,ppid="], { encoding: "utf8" })
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number));
  const below = (parent: number): number[] =>
    table.filter(([, ppid]) => ppid === parent).flatMap(([child]) => [child!, ...below(child!)]);
  for (const each of [pid, ...below(pid)])
    try {
      process.kill(each, "SIGKILL");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
}

type Listener = (text: string) => void;

function copyOfProgram(): string {
  // The engine writes the stack's configuration beside the program.
  const folder = mkdtempSync(join(tmpdir(), "mysqlgr-e2e-"));
  cpSync(PROGRAM, folder, { recursive: true });
  symlinkSync(join(CHECKOUT, "node_modules"), join(folder, "node_modules"));
  return folder;
}

export function adminPasswordOf(sandbox: Sandbox): string {
  const [first] = sandbox.members;
  if (!first) throw new Error("The sandbox has no member.");
  return first.password;
}

export function connectionOf({ host, port, user }: Member): Args {
  return { host, port, user };
}

function variation(varied: Variation["member"], member: Member, index: number): Args {
  return typeof varied === "function" ? varied(member, index) : (varied ?? {});
}
