import * as pulumi from "@pulumi/pulumi";
import { replicationChannelProvider } from "../stub";
import { type ConnectionArgs, sealConnection } from "./connection";

export interface ReplicationChannelArgs {
  /**
   * The replica.
   * @cost none
   */
  connection: pulumi.Input<ConnectionArgs>;
  /**
   * Name of the channel, up to 64 characters; capitals are as good as small letters. Another name is another channel.
   * @default `""`, the default channel
   * @mysql FOR CHANNEL
   * @since 5.7.6
   * @cost replaces the channel
   */
  channelName?: pulumi.Input<string>;
  /**
   * Host of the source, as the replica knows it, up to 255 bytes (60 before 8.0.17). Another host is another source.
   * @mysql SOURCE_HOST (MASTER_HOST before 8.0.23)
   * @since 5.7
   * @cost channel restart
   */
  host: pulumi.Input<string>;
  /**
   * Port of the source, 1 to 65535.
   * @default unmanaged; 3306 where the channel is made
   * @mysql SOURCE_PORT (MASTER_PORT before 8.0.23)
   * @since 5.7
   * @cost channel restart
   */
  port?: pulumi.Input<number>;
  /**
   * Account that the replica logs in with at its source.
   * @mysql SOURCE_USER (MASTER_USER before 8.0.23)
   * @since 5.7
   * @cost channel restart
   */
  user: pulumi.Input<string>;
  /**
   * Its password, up to 32 bytes; left out for an account without one.
   * @default none
   * @mysql SOURCE_PASSWORD (MASTER_PASSWORD before 8.0.23)
   * @since 5.7
   * @cost channel restart
   * @secret
   */
  password?: pulumi.Input<string>;
  /**
   * Address of the replica's own network interface that the connection comes from, up to 60 bytes.
   * @default unmanaged
   * @mysql SOURCE_BIND (MASTER_BIND before 8.0.23)
   * @since 5.7
   * @cost channel restart
   */
  bind?: pulumi.Input<string>;
  /**
   * Seconds between attempts to connect, 1 to 31536000.
   * @default unmanaged
   * @mysql SOURCE_CONNECT_RETRY (MASTER_CONNECT_RETRY before 8.0.23)
   * @since 5.7
   * @cost channel restart
   */
  connectRetry?: pulumi.Input<number>;
  /**
   * Attempts to connect before the replica gives up, 0 to 31536000; 0 is without end.
   * @default unmanaged
   * @mysql SOURCE_RETRY_COUNT (MASTER_RETRY_COUNT before 8.0.23)
   * @since 5.7
   * @cost channel restart
   */
  retryCount?: pulumi.Input<number>;
  /**
   * Seconds by which the applier stays behind its source, 0 to 2147483647.
   * @default unmanaged
   * @mysql SOURCE_DELAY (MASTER_DELAY before 8.0.23)
   * @since 5.7
   * @cost channel restart (applier only)
   */
  delay?: pulumi.Input<number>;
  /**
   * Seconds of silence after which the source sends a heartbeat, 0 to 4294967, in steps of 0.001; 0 is none.
   * @default unmanaged
   * @mysql SOURCE_HEARTBEAT_PERIOD (MASTER_HEARTBEAT_PERIOD before 8.0.23)
   * @since 5.7
   * @cost channel restart
   */
  heartbeatPeriod?: pulumi.Input<number>;
  /**
   * Find the place in the source's binary log by GTID.
   * @default true where `logFile` is not declared
   * @mysql SOURCE_AUTO_POSITION (MASTER_AUTO_POSITION before 8.0.23)
   * @since 5.7
   * @cost channel restart
   */
  autoPosition?: pulumi.Input<boolean>;
  /**
   * Binary log of the source in which a channel without GTIDs begins. Read when the channel is made, or gets another source; never moved afterwards.
   * @default none
   * @mysql SOURCE_LOG_FILE (MASTER_LOG_FILE before 8.0.23)
   * @since 5.7
   * @cost none
   */
  logFile?: pulumi.Input<string>;
  /**
   * Place in `logFile`, from 4.
   * @default 4, its begin
   * @mysql SOURCE_LOG_POS (MASTER_LOG_POS before 8.0.23)
   * @since 5.7
   * @cost none
   */
  logPosition?: pulumi.Input<number>;
  /**
   * How the connection is encrypted and the source verified, as one word for `ssl`, `sslVerifyServerCert` and whether there is a CA: a channel that has one verifies by it. REQUIRED therefore clears sslCa and sslCapath, and VERIFY_* needs one of them.
   * @default unmanaged
   * @mysql SOURCE_SSL, SOURCE_SSL_VERIFY_SERVER_CERT, SOURCE_SSL_CA (MASTER_* before 8.0.23)
   * @since 5.7
   * @cost channel restart
   */
  sslMode?: pulumi.Input<"DISABLED" | "REQUIRED" | "VERIFY_CA" | "VERIFY_IDENTITY">;
  /**
   * Encrypt the connection.
   * @default unmanaged
   * @mysql SOURCE_SSL (MASTER_SSL before 8.0.23)
   * @since 5.7
   * @cost channel restart
   */
  ssl?: pulumi.Input<boolean>;
  /**
   * PEM file of the CAs that the replica trusts in its source, a path on the replica's disk.
   * @default unmanaged
   * @mysql SOURCE_SSL_CA (MASTER_SSL_CA before 8.0.23)
   * @since 5.7
   * @cost channel restart
   */
  sslCa?: pulumi.Input<string>;
  /**
   * Folder of hash-named CA files, a path on the replica's disk.
   * @default unmanaged
   * @mysql SOURCE_SSL_CAPATH (MASTER_SSL_CAPATH before 8.0.23)
   * @since 5.7
   * @cost channel restart
   */
  sslCapath?: pulumi.Input<string>;
  /**
   * PEM file of the client certificate shown to the source, a path on the replica's disk.
   * @default unmanaged
   * @mysql SOURCE_SSL_CERT (MASTER_SSL_CERT before 8.0.23)
   * @since 5.7
   * @cost channel restart
   */
  sslCert?: pulumi.Input<string>;
  /**
   * PEM file of its private key, a path on the replica's disk.
   * @default unmanaged
   * @mysql SOURCE_SSL_KEY (MASTER_SSL_KEY before 8.0.23)
   * @since 5.7
   * @cost channel restart
   */
  sslKey?: pulumi.Input<string>;
  /**
   * PEM file of revoked certificates, a path of up to 255 bytes on the replica's disk.
   * @default unmanaged
   * @mysql SOURCE_SSL_CRL (MASTER_SSL_CRL before 8.0.23)
   * @since 5.7
   * @cost channel restart
   */
  sslCrl?: pulumi.Input<string>;
  /**
   * Folder of hash-named revocation lists, a path of up to 255 bytes on the replica's disk.
   * @default unmanaged
   * @mysql SOURCE_SSL_CRLPATH (MASTER_SSL_CRLPATH before 8.0.23)
   * @since 5.7
   * @cost channel restart
   */
  sslCrlpath?: pulumi.Input<string>;
  /**
   * Permitted ciphers up to TLSv1.2. The server does not check them when they are set; we do.
   * @default unmanaged
   * @mysql SOURCE_SSL_CIPHER (MASTER_SSL_CIPHER before 8.0.23)
   * @since 5.7
   * @cost channel restart
   */
  sslCipher?: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * Check the source's name in its certificate.
   * @default unmanaged
   * @mysql SOURCE_SSL_VERIFY_SERVER_CERT (MASTER_SSL_VERIFY_SERVER_CERT before 8.0.23)
   * @since 5.7
   * @cost channel restart
   */
  sslVerifyServerCert?: pulumi.Input<boolean>;
  /**
   * Permitted protocols. The server does not check them when they are set; we do.
   * @default unmanaged
   * @mysql SOURCE_TLS_VERSION (MASTER_TLS_VERSION before 8.0.23)
   * @since 5.7.10
   * @cost channel restart
   */
  tlsVersion?: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * Permitted TLSv1.3 ciphersuites. The server does not check them when they are set; we do.
   * @default unmanaged
   * @mysql SOURCE_TLS_CIPHERSUITES (MASTER_TLS_CIPHERSUITES before 8.0.23)
   * @since 8.0.19
   * @cost channel restart
   */
  tlsCiphersuites?: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * Copy of the source's RSA public key, a path on the replica's disk, for caching_sha2_password without TLS.
   * @default unmanaged
   * @mysql SOURCE_PUBLIC_KEY_PATH (MASTER_PUBLIC_KEY_PATH before 8.0.23)
   * @since 8.0.4
   * @cost channel restart
   */
  publicKeyPath?: pulumi.Input<string>;
  /**
   * Ask the source for its RSA public key, for caching_sha2_password without TLS.
   * @default unmanaged
   * @mysql GET_SOURCE_PUBLIC_KEY (GET_MASTER_PUBLIC_KEY before 8.0.23)
   * @since 8.0.4
   * @cost channel restart
   */
  getPublicKey?: pulumi.Input<boolean>;
  /**
   * Permitted compression, in order of preference.
   * @default unmanaged
   * @mysql SOURCE_COMPRESSION_ALGORITHMS (MASTER_COMPRESSION_ALGORITHMS before 8.0.23)
   * @since 8.0.18
   * @cost channel restart
   */
  compressionAlgorithms?: pulumi.Input<pulumi.Input<"zlib" | "zstd" | "uncompressed">[]>;
  /**
   * Level of zstd, 1 to 22.
   * @default unmanaged
   * @mysql SOURCE_ZSTD_COMPRESSION_LEVEL (MASTER_ZSTD_COMPRESSION_LEVEL before 8.0.23)
   * @since 8.0.18
   * @cost channel restart
   */
  zstdCompressionLevel?: pulumi.Input<number>;
  /**
   * Network namespace of the connection.
   * @default unmanaged
   * @mysql NETWORK_NAMESPACE
   * @since 8.0.22
   * @cost channel restart
   */
  networkNamespace?: pulumi.Input<string>;
  /**
   * Account whose privileges the applier is held to, 'user'@'host'.
   * @default unmanaged
   * @mysql PRIVILEGE_CHECKS_USER
   * @since 8.0.18
   * @cost channel restart (applier only)
   */
  privilegeChecksUser?: pulumi.Input<string>;
  /**
   * Take row-based events only.
   * @default unmanaged
   * @mysql REQUIRE_ROW_FORMAT
   * @since 8.0.19
   * @cost channel restart
   */
  requireRowFormat?: pulumi.Input<boolean>;
  /**
   * Whether replicated tables must have a primary key.
   * @default unmanaged
   * @mysql REQUIRE_TABLE_PRIMARY_KEY_CHECK
   * @since 8.0.20 (GENERATE 8.0.32)
   * @cost channel restart (applier only)
   */
  requireTablePrimaryKeyCheck?: pulumi.Input<"STREAM" | "ON" | "OFF" | "GENERATE">;
  /**
   * Go over to another source of the list (asynchronous_connection_failover_*) when this one is lost.
   * @default unmanaged
   * @mysql SOURCE_CONNECTION_AUTO_FAILOVER
   * @since 8.0.22
   * @cost channel restart
   */
  connectionAutoFailover?: pulumi.Input<boolean>;
  /**
   * Give GTIDs to transactions of a source that has none: OFF, LOCAL or a UUID.
   * @default unmanaged
   * @mysql ASSIGN_GTIDS_TO_ANONYMOUS_TRANSACTIONS
   * @since 8.0.23
   * @cost channel restart
   */
  assignGtidsToAnonymousTransactions?: pulumi.Input<string>;
  /**
   * Keep no positions, only GTIDs; needs requireRowFormat.
   * @default unmanaged
   * @mysql GTID_ONLY
   * @since 8.0.27
   * @cost channel restart
   */
  gtidOnly?: pulumi.Input<boolean>;
  /**
   * Keep both threads running. false leaves them as they are found, and a new channel stopped.
   * @default true
   * @mysql START REPLICA (START SLAVE before 8.0.22)
   * @cost none
   */
  running?: pulumi.Input<boolean>;
  /**
   * An administrator's login at the source, which is asked whether the connection is encrypted.
   * @default host and port of the channel with the replica's own login, where that works there
   * @mysql none, ours
   * @cost none
   */
  source?: pulumi.Input<ConnectionArgs>;
}

/**
 * An asynchronous channel of one replica from one source.
 *
 * Only what changed is sent, and a thread is stopped only where an option wants it: the receiver for the connection, the applier for
 * delay and checks, both for GTID settings. They are started again at once. A change is done when both threads run without an error
 * and, where the connection is to be encrypted, the source sees it so; otherwise the former settings are put back and running.
 * Create adopts a channel of that name. Delete stops and resets this channel and no other.
 *
 * Cost of changes: a pause of the channel, well under a second where nothing is wrong; clients of both servers notice nothing.
 */
export class ReplicationChannel extends pulumi.dynamic.Resource {
  /** host:port of the replica. */
  declare public readonly address: pulumi.Output<string>;
  /** server_uuid of the replica. An update that meets another one is refused. */
  declare public readonly serverUuid: pulumi.Output<string>;
  /** Version of the replica's MySQL, as major.minor.patch. */
  declare public readonly serverVersion: pulumi.Output<string>;
  /** Cipher of the connection as the source sees it; empty where it is not encrypted, undefined where the source could not be asked. */
  declare public readonly cipher: pulumi.Output<string | undefined>;
  /** Its TLS protocol. */
  declare public readonly protocol: pulumi.Output<string | undefined>;
  /**
   * Option file for the replica: before 8.0.2 the [mysqld] lines that let the server know its channels again after a restart; with
   * running: false the one that starts no channel by itself; for [client] the TLS with which a client on the replica logs in as the
   * channel does. Empty where nothing is needed. Never holds a password.
   */
  declare public readonly optionFile: pulumi.Output<string>;

  constructor(name: string, args: ReplicationChannelArgs, opts?: pulumi.CustomResourceOptions) {
    super(
      replicationChannelProvider,
      name,
      {
        ...args,
        connection: sealConnection(args.connection),
        ...(args.source === undefined ? {} : { source: sealConnection(args.source) }),
        ...(args.password === undefined ? {} : { password: pulumi.secret(args.password) }),
        address: undefined,
        serverUuid: undefined,
        serverVersion: undefined,
        cipher: undefined,
        protocol: undefined,
        optionFile: undefined,
        facts: undefined,
      },
      pulumi.mergeOptions({ additionalSecretOutputs: ["connection", "password", "source"] }, opts),
      "mysqlgr",
      "ReplicationChannel",
    );
  }
}
