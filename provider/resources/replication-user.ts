import * as pulumi from "@pulumi/pulumi";
import { replicationUserProvider } from "../stub";
import { type ConnectionArgs, sealConnection } from "./connection";

/** What a client certificate must show; what is left out is not asked. */
export interface CertificateRequirementArgs {
  /**
   * Issuer in MySQL's form, e.g. "/C=SE/O=Example/CN=Example CA".
   * @default any
   */
  issuer?: pulumi.Input<string>;
  /**
   * Subject in MySQL's form.
   * @default any
   */
  subject?: pulumi.Input<string>;
  /**
   * Cipher of the session, an OpenSSL name.
   * @default any
   */
  cipher?: pulumi.Input<string>;
}

export interface ReplicationUserArgs {
  /**
   * Every server that must hold the account: all members, and those that are to join.
   * @cost none
   */
  servers: pulumi.Input<pulumi.Input<ConnectionArgs>[]>;
  /**
   * Name of the account, up to 32 characters.
   * @mysql CREATE USER
   * @since 5.7
   * @cost none; a new account takes the place of the old one
   */
  user: pulumi.Input<string>;
  /**
   * Where it may log in from.
   * @default "%"
   * @mysql CREATE USER
   * @since 5.7
   * @cost none; a new account takes the place of the old one
   */
  host?: pulumi.Input<string>;
  /**
   * Its password. Left out: an account without one, which then must require a certificate. In a running group a changed password
   * keeps the old one valid until every recovery channel uses the new one (from 8.0.14; not where `authPlugin` changes too).
   * @default none
   * @mysql IDENTIFIED BY
   * @since 5.7
   * @cost none
   * @secret
   */
  password?: pulumi.Input<string>;
  /**
   * Authentication plugin.
   * @default the server's own (caching_sha2_password from 8.0.4)
   * @mysql IDENTIFIED WITH
   * @since 5.7
   * @cost none
   */
  authPlugin?: pulumi.Input<string>;
  /**
   * What the account's connections must show.
   * @default "SSL"
   * @mysql REQUIRE
   * @since 5.7
   * @cost none
   */
  require?: pulumi.Input<"NONE" | "SSL" | "X509" | CertificateRequirementArgs>;
  /**
   * Privileges, each as "PRIVILEGE" (ON *.*) or "PRIVILEGE ON schema.table". Declared: others are revoked. Left out: none is ever
   * revoked.
   * @default what the servers' version and communication stack need for recovery
   * @mysql GRANT, REVOKE
   * @since 5.7
   * @cost none
   */
  grants?: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * Lifetime of the password: "DEFAULT", "NEVER", or days, 1 to 65535.
   * @default unmanaged
   * @mysql PASSWORD EXPIRE
   * @since 5.7
   * @cost none
   */
  passwordExpire?: pulumi.Input<"DEFAULT" | "NEVER" | number>;
  /**
   * Whether the account is locked.
   * @default unmanaged
   * @mysql ACCOUNT LOCK, ACCOUNT UNLOCK
   * @since 5.7
   * @cost none
   */
  accountLocked?: pulumi.Input<boolean>;
  /**
   * Drop the account on delete even though this resource did not create it.
   * @default false
   * @cost none
   */
  forceDrop?: pulumi.Input<boolean>;
}

/**
 * The account that members recover with. Outside a group it is made on each server with SQL_LOG_BIN=0; in a running group through
 * the primary, and awaited on the others. Delete drops it only where this resource made it.
 *
 * Cost of changes: none. A requirement that the primary's own recovery channel cannot meet is taken back at once.
 */
export class ReplicationUser extends pulumi.dynamic.Resource {
  /** 'user'@'host'. */
  declare public readonly account: pulumi.Output<string>;
  /** host:port of each server that holds it. */
  declare public readonly addresses: pulumi.Output<string[]>;
  /** server_uuid of each server on which this resource created it. */
  declare public readonly createdOn: pulumi.Output<string[]>;
  /** Whether the password before the last one still logs in. */
  declare public readonly oldPasswordRetained: pulumi.Output<boolean>;
  /** As declared. */
  declare public readonly user: pulumi.Output<string>;
  /** As declared; undefined where it is left out. */
  declare public readonly host: pulumi.Output<string>;

  constructor(name: string, args: ReplicationUserArgs, opts?: pulumi.CustomResourceOptions) {
    super(
      replicationUserProvider,
      name,
      {
        ...args,
        servers: pulumi.output(args.servers).apply((all) => all.map(sealConnection)),
        ...(args.password === undefined ? {} : { password: pulumi.secret(args.password) }),
        account: undefined,
        addresses: undefined,
        createdOn: undefined,
        oldPasswordRetained: undefined,
        facts: undefined,
      },
      pulumi.mergeOptions({ additionalSecretOutputs: ["servers", "password"] }, opts),
      "mysqlgr",
      "ReplicationUser",
    );
  }
}
