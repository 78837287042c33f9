import * as pulumi from "@pulumi/pulumi";
import { groupMemberProvider } from "../stub";
import { type ConnectionArgs, sealConnection } from "./connection";

/** How far a rolling change may go, and how long it may take. All of it is ours: nothing here is set on a server. */
export interface RolloutArgs {
  /**
   * Time that a restarted member has to be ONLINE again, in seconds, 70 to 86400 (a refused START alone takes 61).
   * @default 180
   */
  onlineTimeout?: pulumi.Input<number>;
  /**
   * Time that a switch-over waits for open transactions, in seconds, 1 to 3600; `openTransactions` says what follows.
   * @default 30
   */
  switchoverTimeout?: pulumi.Input<number>;
  /**
   * What becomes of transactions that are open for longer than `switchoverTimeout`: `keep` stops the change before the switch-over,
   * with the primary as it was; `end` switches over, which rolls them back and closes their connections. Clients have had no
   * acknowledgement of them.
   * @default "keep"
   */
  openTransactions?: pulumi.Input<"keep" | "end">;
  /**
   * Members that may restart at once, 1 to 4. A majority of all members always stays ONLINE, whatever is declared. Where members of a
   * group declare different numbers, the lowest holds.
   * @default 1 below five members; from five on as many as leave a majority (5: 2, 7: 3, 9: 4), in waves of even size
   */
  maxUnavailable?: pulumi.Input<number>;
  /**
   * Whether the whole group may be stopped for a change that cannot be made member by member: writes pause for some seconds. Also
   * lets a group of which every member is stopped be made anew from the member that has all transactions. Declare it on every
   * member, for the time of the change.
   * @default "refuse"
   */
  groupRestart?: pulumi.Input<"refuse" | "allow">;
}

/** A certificate that a server has in memory and shows to its peers. */
export interface LoadedCertificate {
  /** SHA-256 of the certificate, lower-case hex. */
  sha256: string;
  /** Subject, its parts in one line. */
  subject: string;
  /** End of validity, ISO 8601. */
  notAfter: string;
}

export interface GroupMemberArgs {
  /**
   * The server.
   * @cost none
   */
  connection: pulumi.Input<ConnectionArgs>;
  /**
   * The group's UUID.
   * @mysql group_replication_group_name
   * @since 5.7.17
   * @cost full restart
   */
  groupName: pulumi.Input<string>;
  /**
   * host:port at which this member talks to the others. XCOM: a port of its own; MYSQL: mysqld's own address and port.
   * @mysql group_replication_local_address
   * @since 5.7.17
   * @cost rolling restart
   */
  localAddress: pulumi.Input<string>;
  /**
   * Local addresses of the members to ask for entry, host:port each.
   * @default unmanaged
   * @mysql group_replication_group_seeds
   * @since 5.7.17
   * @cost none
   */
  groupSeeds?: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * This member may make the group where no seed and no member of the deployment belongs to a running one of that name.
   * Declare it on one member: the one that has all transactions. group_replication_bootstrap_group is never persisted, and OFF
   * after every START.
   * @default false
   * @mysql group_replication_bootstrap_group
   * @since 5.7.17
   * @cost none
   */
  bootstrap?: pulumi.Input<boolean>;
  /**
   * What carries the group's messages.
   * @default unmanaged
   * @mysql group_replication_communication_stack
   * @since 8.0.27
   * @cost full restart
   */
  communicationStack?: pulumi.Input<"XCOM" | "MYSQL">;
  /**
   * How members encrypt and verify each other; the same on all.
   * @default unmanaged (the server's own default differs by version)
   * @mysql group_replication_ssl_mode
   * @since 5.7.17
   * @cost rolling restart; full restart on XCOM to or from DISABLED
   */
  sslMode?: pulumi.Input<"DISABLED" | "REQUIRED" | "VERIFY_CA" | "VERIFY_IDENTITY">;
  /**
   * Which TLS variables XCom uses: ssl_* and tls_* (mysql_main), or admin_ssl_* and admin_tls_* (mysql_admin).
   * @default unmanaged
   * @mysql group_replication_tls_source
   * @since 8.0.21
   * @cost rolling restart
   */
  tlsSource?: pulumi.Input<"mysql_main" | "mysql_admin">;
  /**
   * PEM file of trusted CAs, a path on this member's disk.
   * @default unmanaged
   * @mysql ssl_ca
   * @since 5.7; settable live from 8.0.16
   * @cost TLS reload; on XCOM a rolling restart as well
   */
  sslCa?: pulumi.Input<string>;
  /**
   * Folder of hash-named CA files, a path on this member's disk. XCOM also wants a readable `sslCa` beside it.
   * @default unmanaged
   * @mysql ssl_capath
   * @since 5.7; settable live from 8.0.16
   * @cost TLS reload; on XCOM a rolling restart as well
   */
  sslCapath?: pulumi.Input<string>;
  /**
   * PEM file of this member's certificate, used as server and as client, a path on this member's disk.
   * @default unmanaged
   * @mysql ssl_cert
   * @since 5.7; settable live from 8.0.16
   * @cost TLS reload; on XCOM a rolling restart as well
   */
  sslCert?: pulumi.Input<string>;
  /**
   * PEM file of the private key of `sslCert`, a path on this member's disk.
   * @default unmanaged
   * @mysql ssl_key
   * @since 5.7; settable live from 8.0.16
   * @cost TLS reload; on XCOM a rolling restart as well
   */
  sslKey?: pulumi.Input<string>;
  /**
   * PEM file of revoked certificates, a path on this member's disk.
   * @default unmanaged
   * @mysql ssl_crl
   * @since 5.7; settable live from 8.0.16
   * @cost TLS reload; on XCOM a rolling restart as well
   */
  sslCrl?: pulumi.Input<string>;
  /**
   * Folder of hash-named revocation lists, a path on this member's disk.
   * @default unmanaged
   * @mysql ssl_crlpath
   * @since 5.7; settable live from 8.0.16
   * @cost TLS reload; on XCOM a rolling restart as well
   */
  sslCrlpath?: pulumi.Input<string>;
  /**
   * The certificate that the server has to have in memory, whatever its file is called: PEM text, of which the first certificate counts
   * (`certificateChain` of a Certificate), or its SHA-256 as 64 hexadecimal digits. A handshake at the SQL port, and on XCOM one at
   * `localAddress`, shows which one it has; another one is drift. It is loaded from the files of `sslCert` and `sslKey`; where they hold
   * another, nothing is stopped. With `tlsSource: "mysql_admin"` the SQL port alone counts.
   * @default unmanaged: a file that is replaced under its name is not seen
   * @since 5.7; loaded live from 8.0.16
   * @cost none where it is in memory, else TLS reload; on XCOM a rolling restart as well
   */
  expectedCertificate?: pulumi.Input<string>;
  /**
   * What the file of `sslCa` holds, as PEM text (`trustBundle` of a CertificateAuthority). Only used to verify before anything changes:
   * every member's certificate (`expectedCertificate`) against every other member's CAs. Nothing is set on the server. Give a changed
   * text a path of its own, as CertificateFiles does: under the same path nothing is loaded.
   * @default unknown: members find out by themselves, after they have loaded the file
   * @cost none
   */
  expectedCa?: pulumi.Input<string>;
  /**
   * What the file of `sslCrl` holds, as PEM text (`crl` of a RevocationList; several lists one after another). Only used to verify before
   * anything changes, as `expectedCa`. Nothing is set on the server.
   * @default unknown: members find out by themselves, after they have loaded the file
   * @cost none
   */
  expectedCrl?: pulumi.Input<string>;
  /**
   * Permitted ciphers up to TLSv1.2, OpenSSL names, best first.
   * @default unmanaged
   * @mysql ssl_cipher
   * @since 5.7; settable live from 8.0.16
   * @cost TLS reload; on XCOM a rolling restart as well
   */
  sslCipher?: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * Permitted protocols, e.g. ["TLSv1.2", "TLSv1.3"]; no gap in between. On XCOM a list that has nothing in common with the one before
   * is reached in two rolling restarts of one deployment, with both lists first.
   * @default unmanaged
   * @mysql tls_version
   * @since 5.7.10; settable live from 8.0.16
   * @cost TLS reload; on XCOM a rolling restart as well
   */
  tlsVersion?: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * Permitted TLSv1.3 ciphersuites.
   * @default unmanaged
   * @mysql tls_ciphersuites
   * @since 8.0.16
   * @cost TLS reload; on XCOM a rolling restart as well
   */
  tlsCiphersuites?: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * Refuse clients that do not encrypt.
   * @default unmanaged
   * @mysql require_secure_transport
   * @since 5.7.8
   * @cost none
   */
  requireSecureTransport?: pulumi.Input<boolean>;
  /**
   * Addresses, networks or names that may connect to this member's group communication; XCOM only.
   * @default unmanaged
   * @mysql group_replication_ip_allowlist (ip_whitelist before 8.0.22)
   * @since 5.7.17
   * @cost none
   */
  ipAllowlist?: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * Join by itself when the server starts. Turned ON last, once the member is ONLINE and has recovery credentials; they are proven
   * beforehand by a login, but on an ONLINE secondary that needs no restart, which may not try them.
   * @default unmanaged
   * @mysql group_replication_start_on_boot
   * @since 5.7.17
   * @cost none
   */
  startOnBoot?: pulumi.Input<boolean>;
  /**
   * One writable member, or all.
   * @default unmanaged
   * @mysql group_replication_single_primary_mode
   * @since 5.7.17
   * @cost full restart
   */
  singlePrimaryMode?: pulumi.Input<boolean>;
  /**
   * Weight in the election of a primary, 0 to 100.
   * @default unmanaged
   * @mysql group_replication_member_weight
   * @since 8.0.2; 5.7.20
   * @cost none
   */
  memberWeight?: pulumi.Input<number>;
  /**
   * What the server does when it leaves the group against its will.
   * @default unmanaged
   * @mysql group_replication_exit_state_action
   * @since 8.0.12; 5.7.24
   * @cost none
   */
  exitStateAction?: pulumi.Input<"READ_ONLY" | "OFFLINE_MODE" | "ABORT_SERVER">;
  /**
   * Tries to come back after an expulsion, 0 to 2016.
   * @default unmanaged
   * @mysql group_replication_autorejoin_tries
   * @since 8.0.16
   * @cost none
   */
  autorejoinTries?: pulumi.Input<number>;
  /**
   * Seconds that a suspected member is kept, 0 to 3600.
   * @default unmanaged
   * @mysql group_replication_member_expel_timeout
   * @since 8.0.13
   * @cost none
   */
  memberExpelTimeout?: pulumi.Input<number>;
  /**
   * Seconds that a minority waits for the majority before it gives up, 0 (for ever) to 31536000.
   * @default unmanaged
   * @mysql group_replication_unreachable_majority_timeout
   * @since 8.0.2; 5.7.19
   * @cost none
   */
  unreachableMajorityTimeout?: pulumi.Input<number>;
  /**
   * Consistency that transactions ask for.
   * @default unmanaged
   * @mysql group_replication_consistency
   * @since 8.0.14
   * @cost none
   */
  consistency?: pulumi.Input<
    "EVENTUAL" | "BEFORE_ON_PRIMARY_FAILOVER" | "BEFORE" | "AFTER" | "BEFORE_AND_AFTER"
  >;
  /**
   * host:port pairs that joining members may recover from; ["DEFAULT"] is the server's own address.
   * @default unmanaged
   * @mysql group_replication_advertise_recovery_endpoints
   * @since 8.0.21
   * @cost none
   */
  advertiseRecoveryEndpoints?: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * Any other catalogued group_replication_* variable by its MySQL name, e.g. {group_replication_poll_spin_loops: 1000}; those of
   * recovery belong on RecoveryChannel.
   * @default none
   * @cost as the variable's
   */
  variables?: pulumi.Input<Record<string, pulumi.Input<string | number | boolean>>>;
  /**
   * Install the plugin where the server does not have it (INSTALL PLUGIN group_replication SONAME 'group_replication.so').
   * @default false
   * @cost none
   */
  installPlugin?: pulumi.Input<boolean>;
  /**
   * How a rolling change goes; the same on all members.
   * @default its properties' own
   * @cost none
   */
  rollout?: pulumi.Input<RolloutArgs>;
}

/**
 * One server's membership in a group: its identity, its TLS, its behaviour.
 *
 * A property that is not declared is not managed. One that was declared and is removed goes back to the server's default; sslCa, sslCert
 * and sslKey go back to what they were before. Create adopts: on a member that is already as declared it changes nothing and restarts
 * nothing. A member that is stopped is started. Restarts of all members of one deployment are put into one schedule: secondaries first,
 * the primary last after one switch-over, one member at a time; lists of protocols or ciphersuites with nothing in common take two such
 * rounds. Delete lets the member leave the group, and resets what was declared.
 *
 * Cost of changes: none for what acts at once; `ALTER INSTANCE RELOAD TLS` for what clients see of TLS; a rolling restart for what
 * group communication reads at START GROUP_REPLICATION; refused where only a full restart of the group would do.
 */
export class GroupMember extends pulumi.dynamic.Resource {
  /** host:port of the server. */
  declare public readonly address: pulumi.Output<string>;
  /** server_uuid. An update that meets another one is refused. */
  declare public readonly serverUuid: pulumi.Output<string>;
  /** Version of MySQL, as major.minor.patch. */
  declare public readonly serverVersion: pulumi.Output<string>;
  /** Whether Group Replication runs on this server (its role and state are not kept: a failover is no drift). */
  declare public readonly running: pulumi.Output<boolean>;
  /** Declared variables that are set and not in effect, or that wait for other members with the second of two rounds. */
  declare public readonly pending: pulumi.Output<string[]>;
  /** What the server shows at its SQL port, as of the last reload; undefined where it offers no TLS. */
  declare public readonly loadedCertificate: pulumi.Output<LoadedCertificate | undefined>;
  /**
   * What group communication shows at `localAddress`, as of its last START: looked at where `expectedCertificate` is declared, on XCOM
   * with TLS; else undefined, as where that port cannot be reached from the machine that runs Pulumi.
   */
  declare public readonly groupCertificate: pulumi.Output<LoadedCertificate | undefined>;
  /**
   * Option file for this server: [mysqld] lines that keep what is declared over a restart where SET PERSIST does not exist (before 8.0)
   * or a value is read at start-up only, and for [client] the CA by which to verify it. Never holds a password.
   */
  declare public readonly optionFile: pulumi.Output<string>;
  /** As declared. */
  declare public readonly groupName: pulumi.Output<string>;
  /** As declared. */
  declare public readonly localAddress: pulumi.Output<string>;

  constructor(name: string, args: GroupMemberArgs, opts?: pulumi.CustomResourceOptions) {
    super(
      groupMemberProvider,
      name,
      {
        ...args,
        connection: sealConnection(args.connection),
        address: undefined,
        serverUuid: undefined,
        serverVersion: undefined,
        running: undefined,
        pending: undefined,
        loadedCertificate: undefined,
        groupCertificate: undefined,
        optionFile: undefined,
        facts: undefined,
      },
      pulumi.mergeOptions({ additionalSecretOutputs: ["connection"] }, opts),
      "mysqlgr",
      "GroupMember",
    );
  }
}
