import { constants, existsSync, readFileSync, rmSync } from "node:fs";
import { cp, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { makeLeaf, writePem, type Authority } from "./certificates";
import { connect } from "./client";
import { mountDisk } from "./disk";
import { SandboxError, reason } from "./errors";
import { enterNamespace, type Host } from "./network";
import { end, launch, processesWith, runs, type Process } from "./process";
import type { ServerFiles } from "./server";
import { pause } from "./shell";
import { rootPassword, writeOptionFile } from "./template";
import type { Member } from "./types";

const START_SECONDS = 60;

export interface MemberPlan {
  folder: string;
  name: string;
  port: number;
  /** Group Replication's own port, on the XCOM stack. */
  localPort?: number | undefined;
  /** @default 127.0.0.1 */
  host?: Host | undefined;
  /** Megabytes. */
  disk?: number | undefined;
}

/** What a new member will be, before anything of it exists. */
export function describeMember(server: ServerFiles, plan: MemberPlan): Member {
  const home = join(plan.folder, plan.name);
  const optionFile = join(home, "my.cnf");
  const socket = join(home, "mysqld.sock");
  // sun_path holds 108 bytes on Linux, 104 on macOS.
  if (Buffer.byteLength(socket) > 103)
    throw new SandboxError(`the path of a socket would be too long: ${socket}; choose a shorter folder`);
  const host = plan.host?.address ?? "127.0.0.1";
  const enter = plan.host ? enterNamespace(plan.host.namespace) : [];
  return {
    name: plan.name,
    host,
    port: plan.port,
    localAddress: `${host}:${plan.localPort ?? plan.port}`,
    user: "root",
    password: rootPassword(server.template),
    socket,
    dataDirectory: join(home, "data"),
    optionFile,
    errorLog: join(home, "error.log"),
    pid: 0,
    serverId: plan.port,
    ...(plan.host ? { namespace: plan.host.namespace } : {}),
    ...(plan.disk === undefined ? {} : { disk: plan.disk }),
    tls: {
      ca: join(home, "tls/ca.pem"),
      cert: join(home, "tls/cert.pem"),
      key: join(home, "tls/key.pem"),
    },
    command: [...enter, ...server.command, `--defaults-file=${optionFile}`],
    state: "stopped",
  };
}

/** Puts the member's files on disk. */
export async function createMember(server: ServerFiles, member: Member): Promise<void> {
  await mkdir(join(member.optionFile, ".."), { recursive: true });
  writeOptionFile(member.optionFile, server, {
    datadir: member.dataDirectory,
    socket: member.socket,
    "pid-file": pidFile(member),
    "log-error": member.errorLog,
    "bind-address": member.host,
    port: String(member.port),
    "server-id": String(member.serverId),
    "report-host": member.host,
    "report-port": String(member.port),
    "gtid-mode": "ON",
    "enforce-gtid-consistency": "ON",
    ...(server.pluginDirectory === undefined
      ? {}
      : {
          "plugin-load-add": "group_replication.so;mysql_clone.so",
          // Its default is ON; what is persisted with SET PERSIST goes over this.
          "loose-group-replication-start-on-boot": "OFF",
        }),
    // A killed server loses nothing by these, only a machine that loses power does.
    "innodb-flush-log-at-trx-commit": "2",
    "sync-binlog": "0",
    "innodb-doublewrite": "OFF",
    ...server.memberSettings,
    ...(server.readsTlsAtStartOnly
      ? { "ssl-ca": member.tls.ca, "ssl-cert": member.tls.cert, "ssl-key": member.tls.key }
      : {}),
  });
  if (member.disk !== undefined) mountDisk(member.dataDirectory, member.disk);
  await cp(server.template.folder, member.dataDirectory, {
    recursive: true,
    mode: constants.COPYFILE_FICLONE,
  });
}

/** Makes certificates for the member, for server and client use, and writes them beside its data. */
export async function certify(member: Member, authority: Authority): Promise<void> {
  const names = { commonName: member.name, dns: ["localhost", member.name], ip: [member.host] };
  const leaf = await makeLeaf(authority, names);
  writePem(member.tls.ca, authority.cert);
  writePem(member.tls.cert, leaf.cert);
  writePem(member.tls.key, leaf.key);
}

/** Launches the server, without waiting for it. */
export function launchMember(member: Member): Process {
  // A killed server leaves its lock behind, and mysqld refuses it while that pid exists: as a zombie
  // that nobody has reaped yet, or as another process by now.
  for (const left of [member.socket, `${member.socket}.lock`]) rmSync(left, { force: true });
  const server = launch(member.command, member.errorLog, member.dataDirectory);
  member.pid = server.pid;
  member.state = "running";
  return server;
}

/** Waits until a launched server accepts logins. */
export async function acceptsLogins(member: Member, server: Process): Promise<void> {
  const deadline = Date.now() + START_SECONDS * 1000;
  for (;;) {
    try {
      const connection = await connect(member, { connectTimeout: 5_000 });
      await connection.end();
      return;
    } catch (error) {
      server.throwIfEnded();
      if (Date.now() > deadline)
        throw new SandboxError(
          `${member.name} accepts no logins after ${START_SECONDS} s: ${reason(error)} (see ${member.errorLog})`,
        );
      await pause(50);
    }
  }
}

/** Ends the server with a signal, and waits until it is gone. Does nothing to a process that is not it. */
export async function endMember(member: Member, signal: "SIGKILL" | "SIGTERM"): Promise<void> {
  await end(pidOf(member), ownArgument(member), signal);
  member.state = "stopped";
}

/** The pid of the running server; undefined if it does not run. */
export function pidOf(member: Member): number | undefined {
  const own = ownArgument(member);
  if (runs(member.pid, own)) return member.pid;
  const written = existsSync(pidFile(member)) ? Number(readFileSync(pidFile(member), "utf8")) : undefined;
  if (runs(written, own)) return written;
  // The one who started it was killed before it could write the pid down.
  return processesWith(own)[0];
}

/** The argument that only this member's server has on its command line. */
export function ownArgument(member: Member): string {
  return `--defaults-file=${member.optionFile}`;
}

function pidFile(member: Member): string {
  return join(member.optionFile, "../mysqld.pid");
}
