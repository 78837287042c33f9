import * as pulumi from "@pulumi/pulumi";
import { revocationListProvider } from "../stub";
import { type IssuerArgs, sealRotatingIssuer } from "./issuer";

/** A certificate that is no longer good. Either `serialNumber` or `certificate`. */
export interface RevokedArgs {
  /**
   * Its serial number, hexadecimal, as `serialNumber` of a Certificate and `openssl x509 -serial` tell it.
   * @default that of `certificate`
   */
  serialNumber?: pulumi.Input<string>;
  /**
   * The certificate itself, PEM, of which the serial number is taken. It must be the issuer's. Of a Certificate that is renewed this is
   * the new one: for good, name the serial number.
   * @default none
   */
  certificate?: pulumi.Input<string>;
  /**
   * Why, as RFC 5280 names it.
   * @default "unspecified"
   */
  reason?: pulumi.Input<
    | "unspecified"
    | "keyCompromise"
    | "cACompromise"
    | "affiliationChanged"
    | "superseded"
    | "cessationOfOperation"
    | "certificateHold"
    | "privilegeWithdrawn"
    | "aACompromise"
  >;
  /**
   * Since when, ISO 8601.
   * @default when it first stood in this list
   */
  revokedAt?: pulumi.Input<string>;
}

export interface RevocationListArgs {
  /**
   * The CA whose certificates it revokes, and which signs it: a CertificateAuthority, or PEM texts.
   * While it is rotated there is a list of the old CA and one of the new, with the same entries.
   * @cost a new list, where it is another CA; none, where it was renewed
   */
  issuer: IssuerArgs;
  /**
   * What is revoked. What is taken out of it is good again.
   * @default none: a list that keeps nobody out
   * @cost a new list
   */
  revoked?: pulumi.Input<pulumi.Input<RevokedArgs>[]>;
  /**
   * How long the list is valid, in days, 1 to 36500. A server refuses every certificate of the CA once the list that it has loaded has
   * ended.
   * @default 365
   * @cost a new list
   */
  validityDays?: pulumi.Input<number>;
  /**
   * Share of its life that is left when it is to be renewed, 0 to 0.9.
   * @default 1/3
   * @cost none
   */
  renewBefore?: pulumi.Input<number>;
}

/** One line of a list as it was made. */
export interface RevokedCertificate {
  /** Hexadecimal. */
  serialNumber: string;
  /** As RFC 5280 names it. */
  reason: string;
  /** ISO 8601. */
  revokedAt: string;
}

/**
 * The list of a CA's certificates that are no longer good, for `ssl_crl` or `ssl_crlpath`. RSA with SHA-256 only. A new one is made when
 * what it revokes changes and when a share of its life is left; its number grows each time.
 *
 * With a list, MySQL wants one of every CA in the chain of a certificate, also of the root: several lists go into one file one after
 * another. yaSSL, in MySQL 5.7 before 5.7.28, knows no lists. Delete forgets it; servers use what they have loaded.
 */
export class RevocationList extends pulumi.dynamic.Resource {
  /** For `ssl_crl`: PEM, of both CAs while theirs is rotated. */
  declare public readonly crl: pulumi.Output<string>;
  /** The same for `ssl_crlpath`: PEM by the name that its file must have there. */
  declare public readonly crlpathFiles: pulumi.Output<Record<string, string>>;
  /** What it revokes. */
  declare public readonly entries: pulumi.Output<RevokedCertificate[]>;
  /** Grows with every list. */
  declare public readonly crlNumber: pulumi.Output<number>;
  /** Its CA in MySQL's form. */
  declare public readonly mysqlIssuer: pulumi.Output<string>;
  /** Since when it is valid, ISO 8601: a quarter of an hour before it was made, since clocks differ. */
  declare public readonly thisUpdate: pulumi.Output<string>;
  /** Until when it is valid, ISO 8601. */
  declare public readonly nextUpdate: pulumi.Output<string>;
  /** Whether the next `up` renews it; as of the last operation. */
  declare public readonly renewalDue: pulumi.Output<boolean>;

  constructor(name: string, args: RevocationListArgs, opts?: pulumi.CustomResourceOptions) {
    super(
      revocationListProvider,
      name,
      {
        ...args,
        issuer: sealRotatingIssuer(args.issuer),
        crl: undefined,
        crlpathFiles: undefined,
        entries: undefined,
        crlNumber: undefined,
        mysqlIssuer: undefined,
        thisUpdate: undefined,
        nextUpdate: undefined,
        renewalDue: undefined,
      },
      pulumi.mergeOptions({ additionalSecretOutputs: ["issuer"] }, opts),
      "mysqlgr",
      "RevocationList",
    );
  }
}
