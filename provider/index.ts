export { renderOptionFile } from "./plan/option-file";
export { Certificate, type CertificateArgs } from "./resources/certificate";
export { CertificateAuthority, type CertificateAuthorityArgs } from "./resources/certificate-authority";
export { CertificateFiles, type CertificateFilesArgs } from "./resources/certificate-files";
export { type ConnectionArgs, type ConnectionTlsArgs } from "./resources/connection";
export {
  GroupMember,
  type GroupMemberArgs,
  type LoadedCertificate,
  type RolloutArgs,
} from "./resources/group-member";
export { type IssuerArgs } from "./resources/issuer";
export { RecoveryChannel, type RecoveryChannelArgs } from "./resources/recovery-channel";
export { ReplicationChannel, type ReplicationChannelArgs } from "./resources/replication-channel";
export {
  ReplicationUser,
  type CertificateRequirementArgs,
  type ReplicationUserArgs,
} from "./resources/replication-user";
export {
  RevocationList,
  type RevocationListArgs,
  type RevokedArgs,
  type RevokedCertificate,
} from "./resources/revocation-list";
export { type SshArgs } from "./resources/ssh";
export { type SubjectArgs } from "./resources/subject";
