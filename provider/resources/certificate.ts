import * as pulumi from "@pulumi/pulumi";
import { certificateProvider } from "../stub";
import { type IssuerArgs, sealIssuer } from "./issuer";
import { type SubjectArgs, orderedSubject } from "./subject";

export interface CertificateArgs {
  /**
   * The CA that signs it: a CertificateAuthority, or PEM texts.
   * @cost a new certificate, where it is another CA; none, where it was renewed
   */
  issuer: IssuerArgs;
  /**
   * Its name.
   * @cost a new certificate
   */
  subject: pulumi.Input<SubjectArgs>;
  /**
   * What it is shown as. Members of a group need both: each is the others' server and client.
   * @default "both"
   * @cost a new certificate
   */
  usage?: pulumi.Input<"server" | "client" | "both">;
  /**
   * Host names that it is valid for, for VERIFY_IDENTITY; "*.example" covers one level. MySQL 5.7 before 5.7.28 looks at CN alone.
   * @default none: CN alone
   * @cost a new certificate
   */
  dnsNames?: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * IP addresses that it is valid for, version 4 or 6.
   * @default none
   * @cost a new certificate
   */
  ipAddresses?: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * How long it is valid, in days, 1 to 36500; not longer than its CA.
   * @default 365
   * @cost a new certificate
   */
  validityDays?: pulumi.Input<number>;
  /**
   * Share of its life that is left when it is to be renewed, 0 to 0.9. 0 renews it only once it has ended.
   * @default 1/3
   * @cost none
   */
  renewBefore?: pulumi.Input<number>;
  /**
   * Size of its RSA key, in bits.
   * @default 2048
   * @cost a new certificate and key
   */
  keyBits?: pulumi.Input<2048 | 3072 | 4096>;
  /**
   * Keep the private key when a new certificate is made.
   * @default false: each certificate has a key of its own
   * @cost none
   */
  keepKey?: pulumi.Input<boolean>;
  /**
   * Form of the private key. MySQL 5.7 before 5.7.28, where it was built with yaSSL, reads "PKCS1" alone.
   * @default "PKCS8"
   * @cost none: the same key in another form
   */
  privateKeyFormat?: pulumi.Input<"PKCS8" | "PKCS1">;
}

/**
 * A certificate and its key, for a server, a client or both. RSA with SHA-256 only, as CertificateAuthority says. The key is kept in
 * Pulumi's state as a secret.
 *
 * When a share of its life is left (`renewBefore`), a refresh shows `renewalDue`, preview says so, and the next `up` makes a new one
 * in its place. Refused is what no server would take: a CA that has expired or is not valid yet, that is none or may not have so many
 * CAs below it, whose key is another one's; a certificate that would outlive its CA.
 *
 * Delete forgets it, and revokes nothing: that is what a RevocationList is for.
 */
export class Certificate extends pulumi.dynamic.Resource {
  /** PEM. */
  declare public readonly certificate: pulumi.Output<string>;
  /** For `ssl_cert`: the certificate and the intermediate CAs above it, which the other side may lack. PEM. */
  declare public readonly certificateChain: pulumi.Output<string>;
  /** PEM, not encrypted: a secret. */
  declare public readonly privateKey: pulumi.Output<string>;
  /** Its subject in MySQL's form, for REQUIRE SUBJECT. */
  declare public readonly mysqlSubject: pulumi.Output<string>;
  /** Its issuer in MySQL's form, for REQUIRE ISSUER. */
  declare public readonly mysqlIssuer: pulumi.Output<string>;
  /** Hexadecimal. */
  declare public readonly serialNumber: pulumi.Output<string>;
  /** SHA-256 of the certificate, hexadecimal. */
  declare public readonly sha256: pulumi.Output<string>;
  /** Since when it is valid, ISO 8601: a quarter of an hour before it was made, since clocks differ. */
  declare public readonly notBefore: pulumi.Output<string>;
  /** Until when it is valid, ISO 8601. */
  declare public readonly notAfter: pulumi.Output<string>;
  /** Whether the next `up` renews it; as of the last operation. */
  declare public readonly renewalDue: pulumi.Output<boolean>;

  constructor(name: string, args: CertificateArgs, opts?: pulumi.CustomResourceOptions) {
    super(
      certificateProvider,
      name,
      {
        ...args,
        subject: orderedSubject(args.subject),
        issuer: sealIssuer(args.issuer),
        certificate: undefined,
        certificateChain: undefined,
        privateKey: undefined,
        mysqlSubject: undefined,
        mysqlIssuer: undefined,
        serialNumber: undefined,
        sha256: undefined,
        notBefore: undefined,
        notAfter: undefined,
        renewalDue: undefined,
      },
      pulumi.mergeOptions({ additionalSecretOutputs: ["privateKey", "issuer"] }, opts),
      "mysqlgr",
      "Certificate",
    );
  }
}
