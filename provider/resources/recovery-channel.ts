import * as pulumi from "@pulumi/pulumi";
import { recoveryChannelProvider } from "../stub";
import { type ConnectionArgs, sealConnection } from "./connection";
import type { RolloutArgs } from "./group-member";

export interface RecoveryChannelArgs {
  /**
   * The server.
   * @cost none
   */
  connection: pulumi.Input<ConnectionArgs>;
  /**
   * Account that this member logs in with at its donors.
   * @mysql SOURCE_USER (MASTER_USER before 8.0.23)
   * @since 5.7.17
   * @cost none; rolling restart on the MYSQL stack
   */
  user: pulumi.Input<string>;
  /**
   * Its password, up to 32 bytes; left out for an account without one.
   * @default none
   * @mysql SOURCE_PASSWORD (MASTER_PASSWORD before 8.0.23)
   * @since 5.7.17
   * @cost none; rolling restart on the MYSQL stack
   * @secret
   */
  password?: pulumi.Input<string>;
  /**
   * Servers, host:port each, at which the credentials are tried by a login.
   * @default for the primary the other ONLINE members; for an ONLINE secondary the primary; outside a group the server itself
   * @mysql none, ours
   * @cost none
   */
  donors?: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * Network namespace of the channel.
   * @default unmanaged
   * @mysql NETWORK_NAMESPACE
   * @since 8.0.22
   * @cost none; rolling restart on the MYSQL stack
   */
  networkNamespace?: pulumi.Input<string>;
  /**
   * Account whose privileges the applier is held to, 'user'@'host'.
   * @default unmanaged
   * @mysql PRIVILEGE_CHECKS_USER
   * @since 8.0.18
   * @cost none; rolling restart on the MYSQL stack
   */
  privilegeChecksUser?: pulumi.Input<string>;
  /**
   * Whether replicated tables must have a primary key. This channel does not take GENERATE (4155).
   * @default unmanaged
   * @mysql REQUIRE_TABLE_PRIMARY_KEY_CHECK
   * @since 8.0.20
   * @cost none; rolling restart on the MYSQL stack
   */
  requireTablePrimaryKeyCheck?: pulumi.Input<"STREAM" | "ON" | "OFF">;
  /**
   * Encrypt recovery.
   * @default unmanaged
   * @mysql group_replication_recovery_use_ssl
   * @since 5.7.17
   * @cost none; rolling restart on the MYSQL stack
   */
  recoveryUseSsl?: pulumi.Input<boolean>;
  /**
   * PEM file of the CAs that this member trusts in a donor, a path on its disk.
   * @default unmanaged
   * @mysql group_replication_recovery_ssl_ca
   * @since 5.7.17
   * @cost none; rolling restart on the MYSQL stack
   */
  recoverySslCa?: pulumi.Input<string>;
  /**
   * Folder of hash-named CA files, a path on this member's disk.
   * @default unmanaged
   * @mysql group_replication_recovery_ssl_capath
   * @since 5.7.17
   * @cost none; rolling restart on the MYSQL stack
   */
  recoverySslCapath?: pulumi.Input<string>;
  /**
   * PEM file of the client certificate shown to a donor, a path on this member's disk.
   * @default unmanaged
   * @mysql group_replication_recovery_ssl_cert
   * @since 5.7.17
   * @cost none; rolling restart on the MYSQL stack
   */
  recoverySslCert?: pulumi.Input<string>;
  /**
   * PEM file of its private key, a path on this member's disk.
   * @default unmanaged
   * @mysql group_replication_recovery_ssl_key
   * @since 5.7.17
   * @cost none; rolling restart on the MYSQL stack
   */
  recoverySslKey?: pulumi.Input<string>;
  /**
   * PEM file of revoked certificates, a path on this member's disk.
   * @default unmanaged
   * @mysql group_replication_recovery_ssl_crl
   * @since 5.7.17
   * @cost none; rolling restart on the MYSQL stack
   */
  recoverySslCrl?: pulumi.Input<string>;
  /**
   * Folder of hash-named revocation lists, a path on this member's disk.
   * @default unmanaged
   * @mysql group_replication_recovery_ssl_crlpath
   * @since 5.7.17
   * @cost none; rolling restart on the MYSQL stack
   */
  recoverySslCrlpath?: pulumi.Input<string>;
  /**
   * Permitted ciphers up to TLSv1.2. The server does not check them when they are set; we do.
   * @default unmanaged
   * @mysql group_replication_recovery_ssl_cipher
   * @since 5.7.17
   * @cost none; rolling restart on the MYSQL stack
   */
  recoverySslCipher?: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * Check the donor's name in its certificate.
   * @default unmanaged
   * @mysql group_replication_recovery_ssl_verify_server_cert
   * @since 5.7.17
   * @cost none; rolling restart on the MYSQL stack
   */
  recoverySslVerifyServerCert?: pulumi.Input<boolean>;
  /**
   * Permitted protocols. The server does not check them when they are set; we do.
   * @default unmanaged
   * @mysql group_replication_recovery_tls_version
   * @since 8.0.19
   * @cost none; rolling restart on the MYSQL stack
   */
  recoveryTlsVersion?: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * Permitted TLSv1.3 ciphersuites. The server does not check them when they are set; we do.
   * @default unmanaged
   * @mysql group_replication_recovery_tls_ciphersuites
   * @since 8.0.19
   * @cost none; rolling restart on the MYSQL stack
   */
  recoveryTlsCiphersuites?: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * Copy of the donors' RSA public key, a path on this member's disk, for caching_sha2_password without TLS.
   * @default unmanaged
   * @mysql group_replication_recovery_public_key_path
   * @since 8.0.4
   * @cost none
   */
  recoveryPublicKeyPath?: pulumi.Input<string>;
  /**
   * Ask the donor for its RSA public key, for caching_sha2_password without TLS.
   * @default unmanaged
   * @mysql group_replication_recovery_get_public_key
   * @since 8.0.4
   * @cost none
   */
  recoveryGetPublicKey?: pulumi.Input<boolean>;
  /**
   * Tries before recovery gives up, 0 to 31536000.
   * @default unmanaged
   * @mysql group_replication_recovery_retry_count
   * @since 5.7.17
   * @cost none
   */
  recoveryRetryCount?: pulumi.Input<number>;
  /**
   * Seconds between rounds over all donors, 0 to 31536000.
   * @default unmanaged
   * @mysql group_replication_recovery_reconnect_interval
   * @since 5.7.17
   * @cost none
   */
  recoveryReconnectInterval?: pulumi.Input<number>;
  /**
   * How a restart that the MYSQL stack needs goes.
   * @default its properties' own
   * @cost none
   */
  rollout?: pulumi.Input<RolloutArgs>;
}

/**
 * Credentials and TLS with which one member recovers from the others, the channel group_replication_recovery.
 *
 * A change is proven before it is called done: the member itself logs in to each donor with exactly these settings. An ONLINE
 * secondary may not open such a channel, so there the primary logs in with these credentials and its own TLS settings, and the member
 * does it itself when it is next stopped. Where nothing is changed, nothing is tried. Delete clears the credentials, also of a member
 * that is ONLINE, and resets what was declared.
 *
 * Cost of changes: none on the XCOM stack, they act at the next recovery. On the MYSQL stack, where these settings also carry the
 * group's own traffic, credentials, channel options and TLS settings take a rolling restart.
 */
export class RecoveryChannel extends pulumi.dynamic.Resource {
  /** host:port of the server. */
  declare public readonly address: pulumi.Output<string>;
  /** server_uuid. An update that meets another one is refused. */
  declare public readonly serverUuid: pulumi.Output<string>;
  /** Version of MySQL, as major.minor.patch. */
  declare public readonly serverVersion: pulumi.Output<string>;
  /** Declared variables that are set and not in effect; only the MYSQL stack knows such. */
  declare public readonly pending: pulumi.Output<string[]>;
  /**
   * Option file for this server: [mysqld] lines that keep what is declared over a restart where SET PERSIST does not exist (before 8.0),
   * and before 8.0.2 those that let the server keep its channels. Never holds a password.
   */
  declare public readonly optionFile: pulumi.Output<string>;
  /** As declared. */
  declare public readonly user: pulumi.Output<string>;

  constructor(name: string, args: RecoveryChannelArgs, opts?: pulumi.CustomResourceOptions) {
    super(
      recoveryChannelProvider,
      name,
      {
        ...args,
        connection: sealConnection(args.connection),
        ...(args.password === undefined ? {} : { password: pulumi.secret(args.password) }),
        address: undefined,
        serverUuid: undefined,
        serverVersion: undefined,
        pending: undefined,
        optionFile: undefined,
        facts: undefined,
      },
      pulumi.mergeOptions({ additionalSecretOutputs: ["connection", "password"] }, opts),
      "mysqlgr",
      "RecoveryChannel",
    );
  }
}
