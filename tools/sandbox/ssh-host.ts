import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once as event } from "node:events";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cached, once } from "../cache";
import { step } from "../report";
import { unpackDebian } from "./debian";
import { SandboxError, reason } from "./errors";
import { releasePorts, reservePorts } from "./ports";
import { pause } from "./shell";
import { throughOwnLoader } from "./tree";

/** A key pair for a login: paths, and the public key's line. */
export interface SshKey {
  readonly path: string;
  readonly text: string;
  readonly publicLine: string;
}

/** A machine that is reached over SSH: OpenSSH's own server, with a file system and accounts of its own. */
export interface SshHost {
  readonly host: string;
  readonly port: number;
  /** Its file system, as this machine sees it; without what is mounted there. */
  readonly root: string;
  /** The folder /srv/disk there, a disk of 1 MB, as this machine sees it. */
  readonly disk: string;
  /** Of root and of every other account there. */
  readonly key: SshKey;
  /** Lines of its .pub files, the one that it prefers first. */
  readonly hostKeys: readonly string[];
  /** Sessions that are open, ended in their midst. */
  endSessions(): void;
  stop(): Promise<void>;
}

/** Accounts of an SSH host, by name; what files can be given to. */
const accounts = { root: 0, sshd: 74, mysql: 27, plain: 1000 };

const KEY = `openssh-${process.arch}`;
const KEYS = ["ed25519", "rsa"] as const;

export interface SshHostOptions {
  /** Folders of this machine that are there under the same path. @default none */
  shared?: readonly string[];
}

export async function startSshHost({ shared = [] }: SshHostOptions = {}): Promise<SshHost> {
  const tree = await findOpenSsh();
  const root = mkdtempSync(join(tmpdir(), "mysqlgr-ssh-"));
  const [port] = (await reservePorts(1, root)) as [number];
  furnish(root, port);
  const key = makeKey(tree, join(root, "etc/ssh/login"));
  writeFileSync(join(root, "etc/ssh/authorized_keys"), `${key.publicLine}\n`);
  const hostKeys = KEYS.map((type) => makeKey(tree, join(root, `etc/ssh/host_${type}`), type).publicLine);
  const server = launch(tree, root, shared);
  const said: string[] = [];
  server.stderr!.on("data", (data: Buffer) => said.push(data.toString()));
  await listening(server, port, said);
  return {
    host: "127.0.0.1",
    port,
    root,
    disk: `/proc/${server.pid}/root/srv/disk`,
    key,
    hostKeys,
    endSessions: () => below(server.pid!).forEach(kill),
    stop: async () => {
      const ended = event(server, "exit");
      const sessions = below(server.pid!);
      server.kill("SIGTERM");
      sessions.forEach(kill);
      await ended;
      releasePorts(root);
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** An agent that has this key; `end` stops it. */
export async function startSshAgent(key: SshKey): Promise<{ socket: string; end: () => Promise<void> }> {
  const tree = await findOpenSsh();
  const folder = mkdtempSync(join(tmpdir(), "mysqlgr-agent-"));
  const socket = join(folder, "agent");
  const [file, ...args] = inTree(tree, "ssh-agent");
  const agent = spawn(file!, [...args, "-D", "-a", socket], { stdio: ["ignore", "pipe", "ignore"] });
  await event(agent.stdout, "data");
  runIn(tree, "ssh-add", ["-q", key.path], { SSH_AUTH_SOCK: socket });
  return {
    socket,
    end: async () => {
      const ended = event(agent, "exit");
      agent.kill("SIGTERM");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A key of its own for a login or a host; with a passphrase it is encrypted. */
export async function newSshKey(path: string, type = "ed25519", passphrase = ""): Promise<SshKey> {
  return makeKey(await findOpenSsh(), path, type, passphrase);
}

function makeKey(tree: string, path: string, type = "ed25519", passphrase = ""): SshKey {
  runIn(tree, "ssh-keygen", ["-q", "-t", type, "-N", passphrase, "-C", "test", "-f", path]);
  return {
    path,
    text: readFileSync(path, "utf8"),
    publicLine: readFileSync(`${path}.pub`, "utf8").trim(),
  };
}

/** Whether this machine can be one for SSH: a chroot in a mount namespace. */
export function canStartSshHost(): boolean {
  return process.platform === "linux" && process.getuid?.() === 0;
}

async function findOpenSsh(): Promise<string> {
  if (!canStartSshHost())
    throw new SandboxError("a host for SSH needs Linux and root (it is a chroot in a mount namespace)");
  const there = cached(KEY);
  if (there !== undefined) return there;
  const report = step("OpenSSH from Debian's packages");
  try {
    const packages = ["openssh-server", "openssh-client"];
    const tree = await once(KEY, (folder) => unpackDebian(folder, packages, (text) => report.update(text)));
    report.done("kept in the cache");
    return tree;
  } catch (error) {
    report.fail(reason(error));
    throw error;
  }
}

function inTree(tree: string, program: string): string[] {
  return throughOwnLoader(tree, join(tree, "usr/bin", program));
}

function runIn(tree: string, program: string, given: readonly string[], env: NodeJS.ProcessEnv = {}): void {
  const [file, ...args] = inTree(tree, program);
  execFileSync(file!, [...args, ...given], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

function furnish(root: string, port: number): void {
  // mkdtemp made it for its owner alone.
  chmodSync(root, 0o755);
  for (const folder of ["usr", "etc/ssh", "run/sshd", "dev", "tmp", "srv/disk", "root"])
    mkdirSync(join(root, folder), { recursive: true });
  for (const folder of ["lib", "lib64", "bin", "sbin"]) symlinkSync(`usr/${folder}`, join(root, folder));
  // No shell is needed for SFTP, but an account must have one that is there.
  const shell = "/usr/lib/openssh/sftp-server";
  const lines = Object.entries(accounts);
  writeFileSync(
    join(root, "etc/passwd"),
    lines.map(([name, id]) => `${name}:x:${id}:${id}::/${name === "root" ? name : ""}:${shell}\n`).join(""),
  );
  writeFileSync(join(root, "etc/group"), lines.map(([name, id]) => `${name}:x:${id}:\n`).join(""));
  writeFileSync(
    join(root, "etc/ssh/sshd_config"),
    [
      `Port ${port}`,
      "ListenAddress 127.0.0.1",
      "PidFile none",
      ...KEYS.map((type) => `HostKey /etc/ssh/host_${type}`),
      "AuthorizedKeysFile /etc/ssh/authorized_keys",
      "PermitRootLogin yes",
      "PasswordAuthentication no",
      "KbdInteractiveAuthentication no",
      "StrictModes no",
      "UsePAM no",
      "Subsystem sftp internal-sftp",
      // A test makes many logins at once, and some that are refused.
      "MaxStartups 100",
      "PerSourcePenalties no",
      "",
    ].join("\n"),
  );
}

function launch(tree: string, root: string, shared: readonly string[]): ChildProcess {
  for (const folder of shared) mkdirSync(join(root, folder), { recursive: true });
  // Each `exec` keeps the process, so that its id is the server's.
  const script = [
    `mount --bind "${join(tree, "usr")}" "${join(root, "usr")}"`,
    `mount --rbind /dev "${join(root, "dev")}"`,
    `mount -t tmpfs -o size=1m,mode=0755 mysqlgr-disk "${join(root, "srv/disk")}"`,
    ...shared.map((folder) => `mount --bind "${folder}" "${join(root, folder)}"`),
    `exec chroot "${root}" /usr/sbin/sshd -D -e -f /etc/ssh/sshd_config`,
  ].join(" && ");
  return spawn("unshare", ["--mount", "--propagation", "private", "sh", "-c", script], {
    stdio: ["ignore", "ignore", "pipe"],
  });
}

async function listening(server: ChildProcess, port: number, said: readonly string[]): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    if (server.exitCode !== null) throw new SandboxError(`sshd ended: ${said.join("").trim()}`);
    if (await answers(port)) return;
    await pause(50);
  }
  throw new SandboxError(`sshd does not listen: ${said.join("").trim()}`);
}

function answers(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => (socket.destroy(), done(true)));
    socket.once("error", () => done(false));
  });
}

/** Processes that a process has started, and those that they have. */
function below(pid: number): number[] {
  const parents = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const [, parent] = /\) \S+ (\d+)/.exec(readFileSync(`/proc/${name}/stat`, "utf8"))!;
        return [{ pid: Number(name), parent: Number(parent) }];
      } catch {
        return [];
      }
    });
  const of = (one: number): number[] =>
    parents.filter(({ parent }) => parent === one).flatMap((child) => [child.pid, ...of(child.pid)]);
  return of(pid);
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
