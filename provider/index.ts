export { renderOptionFile } from "./plan/option-file";
export { type ConnectionArgs, type ConnectionTlsArgs } from "./resources/connection";
export {
  GroupMember,
  type GroupMemberArgs,
  type LoadedCertificate,
  type RolloutArgs,
} from "./resources/group-member";
export { RecoveryChannel, type RecoveryChannelArgs } from "./resources/recovery-channel";
export { ReplicationChannel, type ReplicationChannelArgs } from "./resources/replication-channel";
export {
  ReplicationUser,
  type CertificateRequirementArgs,
  type ReplicationUserArgs,
} from "./resources/replication-user";
