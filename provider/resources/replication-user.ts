import * as pulumi from "@pulumi/pulumi";
import { replicationUserProvider } from "../stub";
import { type ConnectionArgs, sealConnection } from "./connection";

/** What a client certificate must show; what is left out is not asked. */
export interface CertificateRequirementArgs {
  /** Issuer in MySQL's form, e.g. "/C=SE/O=Example/CN=Example CA". */
  issuer?: pulumi.Input<string>;
  /** Subject in MySQL's form. */
  subject?: pulumi.Input<string>;
  /** Cipher of the session, an OpenSSL name. */
  cipher?: pulumi.Input<string>;
}

export interface ReplicationUserArgs {
  /** Every server that must hold the account: all members, and those that are to join. */
  servers: pulumi.Input<pulumi.Input<ConnectionArgs>[]>;
  /** @cost none; a new account takes the place of the old one */
  user: pulumi.Input<string>;
  /** Where it may log in from. @default "%" */
  host?: pulumi.Input<string>;
  /**
   * Left out: an account without a password, which then must require a certificate.
   * A changed password keeps the old one valid until every recovery channel uses the new one (from 8.0.14).
   * @mysql IDENTIFIED BY
   * @secret
   */
  password?: pulumi.Input<string>;
  /**
   * @default the server's own (caching_sha2_password from 8.0.4)
   * @mysql IDENTIFIED WITH
   */
  authPlugin?: pulumi.Input<string>;
  /**
   * What the account's connections must show.
   * @default "SSL"
   * @mysql REQUIRE
   */
  require?: pulumi.Input<"NONE" | "SSL" | "X509" | CertificateRequirementArgs>;
  /**
   * Privileges, each as "PRIVILEGE" (ON *.*) or "PRIVILEGE ON schema.table".
   * @default what the servers' version and communication stack need for recovery
   * @mysql GRANT
   */
  grants?: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * "DEFAULT", "NEVER", or days.
   * @default unmanaged
   * @mysql PASSWORD EXPIRE
   */
  passwordExpire?: pulumi.Input<"DEFAULT" | "NEVER" | number>;
  /**
   * @default unmanaged
   * @mysql ACCOUNT LOCK, ACCOUNT UNLOCK
   */
  accountLocked?: pulumi.Input<boolean>;
  /**
   * Drop the account on delete even though this resource did not create it.
   * @default false
   */
  forceDrop?: pulumi.Input<boolean>;
}

/**
 * The account that members recover with. Outside a group it is made on each server with SQL_LOG_BIN=0; in a running group through
 * the primary, and awaited on the others. Delete drops it only where this resource made it.
 *
 * Cost of changes: none. A requirement that a member's recovery channel cannot meet is refused beforehand.
 */
export class ReplicationUser extends pulumi.dynamic.Resource {
  /** 'user'@'host'. */
  declare public readonly account: pulumi.Output<string>;
  /** host:port of each server that holds it. */
  declare public readonly addresses: pulumi.Output<string[]>;
  /** server_uuid of each server on which this resource created it. */
  declare public readonly createdOn: pulumi.Output<string[]>;
  /** The password before the last one still logs in. */
  declare public readonly oldPasswordRetained: pulumi.Output<boolean>;
  declare public readonly user: pulumi.Output<string>;
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
