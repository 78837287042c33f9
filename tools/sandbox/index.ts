export {
  makeAuthority,
  makeLeaf,
  writePem,
  type Authority,
  type Leaf,
  type LeafOptions,
} from "./certificates";
export { connect, query } from "./client";
export { SandboxError, reason } from "./errors";
export { addMember, authorityOf, down, kill, start, status, stop, up } from "./sandbox";
export { ip } from "./iproute";
export { pidOf } from "./member";
export { findOldServer, OLD_VERSIONS, type OldVersion } from "./old-server";
export { findServer, type ServerFiles } from "./server";
export {
  canStartSshHost,
  newSshKey,
  startSshAgent,
  startSshHost,
  type SshHost,
  type SshHostOptions,
  type SshKey,
} from "./ssh-host";
export { names } from "./store";
export type { Member, RunState, Sandbox, Stack, UpOptions } from "./types";
export {
  startWriter,
  type MemberCheck,
  type Writer,
  type WriterOptions,
  type WriterReport,
} from "./workload";
