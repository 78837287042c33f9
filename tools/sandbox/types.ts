import type { OldVersion } from "./old-server";

/** What Group Replication's members talk to each other through. */
export type Stack = "XCOM" | "MYSQL";

export type RunState = "running" | "stopped";

/** One server of a sandbox. */
export interface Member {
  /** db1, db2, ... */
  name: string;
  host: string;
  port: number;
  /** For group_replication_local_address: a port of its own, or mysqld's on the MYSQL stack. */
  localAddress: string;
  /** The administrator, who may log in over TCP and over the socket. */
  user: string;
  password: string;
  socket: string;
  dataDirectory: string;
  optionFile: string;
  errorLog: string;
  /** Of the last start; ask `state` whether it is still there. */
  pid: number;
  /** Unique among all sandboxes of this user. */
  serverId: number;
  /** The network namespace it lives in, where members have hosts of their own. */
  namespace?: string;
  /** Megabytes of the file system that its data lie on, where that is limited. */
  disk?: number;
  /** Certificates made for this member; the option file names them on old servers alone. */
  tls: { ca: string; cert: string; key: string };
  /** Starts the server. */
  command: string[];
  state: RunState;
  /** MEMBER_ROLE, from `status`; empty outside a group. */
  role?: string;
  /** MEMBER_STATE, from `status`. */
  memberState?: string;
}

/** A set of real servers, on 127.0.0.1 unless members have hosts of their own; also the content of sandbox.json in its folder. */
export interface Sandbox {
  name: string;
  folder: string;
  /** Of MySQL. */
  version: string;
  stack: Stack;
  /** A UUID for group_replication_group_name; made also where no group is. */
  groupName: string;
  tls: { ca: string; caKey: string; clientCert: string; clientKey: string };
  /** Number of the network that the members' hosts are in. */
  network?: number;
  /** The account of the recovery channels, where `up` formed a group. */
  recovery?: { user: string; host: string; password: string };
  /** running if any member is. */
  state: RunState;
  members: Member[];
}

export interface UpOptions {
  /** Letters, digits, "-" and "_", at most 40. @default a unique one */
  name?: string;
  /** 1 to 9. @default 3 */
  members?: number;
  /** @default "XCOM" */
  stack?: Stack;
  /** An old release, for servers in no group: they come without the plugin. @default the server at hand */
  version?: OldVersion;
  /** Also form a group with TLS, by hand-written SQL. @default false */
  group?: boolean;
  /** Remove it when this process ends, even if it is killed: for tests. @default false */
  temporary?: boolean;
  /**
   * Each member has an address and a network namespace of its own, joined by a bridge, so that links
   * between them can be cut. Needs root and Linux. @default false
   */
  hosts?: boolean;
  /** Megabytes of a file system for each member's data, so that it can be full; needs root. @default none of its own */
  disk?: number;
  /** Must not exist yet; its path is short, since sockets lie in it. @default a new one among the temporary files */
  folder?: string;
}
