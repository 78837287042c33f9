import * as pulumi from "@pulumi/pulumi";
import { certificateAuthorityProvider } from "../stub";
import { type IssuerArgs, sealIssuer } from "./issuer";
import { type SubjectArgs, orderedSubject } from "./subject";

export interface CertificateAuthorityArgs {
  /**
   * Its name.
   * @default none; required unless `existing` is declared
   * @cost replacement: another CA
   */
  subject?: pulumi.Input<SubjectArgs>;
  /**
   * Size of its RSA key, in bits.
   * @default 3072
   * @cost replacement: another CA
   */
  keyBits?: pulumi.Input<2048 | 3072 | 4096>;
  /**
   * How long its certificate is valid, in days, 1 to 36500.
   * @default 3650
   * @cost a new certificate with the same key
   */
  validityDays?: pulumi.Input<number>;
  /**
   * How many CAs may stand between it and a certificate of a server or client, 0 to 9.
   * @default any number
   * @cost a new certificate with the same key
   */
  pathLength?: pulumi.Input<number>;
  /**
   * Share of its life that is left when it is to be renewed, 0 to 0.9.
   * @default 1/3
   * @cost none
   */
  renewBefore?: pulumi.Input<number>;
  /**
   * The CA that signs this one, which thereby is an intermediate CA.
   * @default none: a root, which signs itself
   * @cost a new certificate with the same key, where it is another CA; none, where it was renewed
   */
  issuer?: IssuerArgs;
  /**
   * A CA that exists already: taken over as it is, never changed or renewed. Nothing else can be declared beside it but `renewBefore`,
   * which then only tells `renewalDue`.
   * @default none: a CA is made
   * @cost none, where it is the same CA with a newer certificate; replacement, where it is another
   */
  existing?: IssuerArgs;
}

/**
 * A CA, root or intermediate, whose key is kept in Pulumi's state as a secret: whoever can decrypt the stack can sign. RSA with SHA-256
 * only: node-forge, which the package's certificates are made with, knows neither ECDSA nor RSA-PSS; servers from 5.7 on verify it.
 *
 * It is renewed with its own key, so that all that it has signed stays good and servers that have its old certificate verify what it
 * signs later. Another subject or key size is another CA: Pulumi makes it, issues everything that it signs anew in the same `up`, and
 * forgets the old one. Members that run trust each other throughout only if a bundle of both CAs is on all of them first.
 *
 * Delete forgets the CA and its key, and revokes nothing.
 */
export class CertificateAuthority extends pulumi.dynamic.Resource {
  /** Its certificate, PEM. */
  declare public readonly certificate: pulumi.Output<string>;
  /** Its private key, PKCS#8 as PEM, not encrypted: a secret. */
  declare public readonly privateKey: pulumi.Output<string>;
  /** What servers must trust, for `ssl_ca`: its certificate and all above it, the root last. PEM. */
  declare public readonly trustBundle: pulumi.Output<string>;
  /** The same for `ssl_capath`: PEM by the name that its file must have there. */
  declare public readonly capathFiles: pulumi.Output<Record<string, string>>;
  /** Its subject in MySQL's form, for REQUIRE ISSUER. */
  declare public readonly mysqlSubject: pulumi.Output<string>;
  /** The subject of the CA above it in MySQL's form; its own, if it is a root. */
  declare public readonly mysqlIssuer: pulumi.Output<string>;
  /** Serial number of its certificate, hexadecimal. */
  declare public readonly serialNumber: pulumi.Output<string>;
  /** SHA-256 of its certificate, hexadecimal. */
  declare public readonly sha256: pulumi.Output<string>;
  /** Since when its certificate is valid, ISO 8601: a quarter of an hour before it was made, since clocks differ. */
  declare public readonly notBefore: pulumi.Output<string>;
  /** Until when its certificate is valid, ISO 8601. */
  declare public readonly notAfter: pulumi.Output<string>;
  /** Whether the next `up` renews it; as of the last operation. */
  declare public readonly renewalDue: pulumi.Output<boolean>;

  constructor(name: string, args: CertificateAuthorityArgs, opts?: pulumi.CustomResourceOptions) {
    super(
      certificateAuthorityProvider,
      name,
      {
        ...args,
        ...(args.subject === undefined ? {} : { subject: orderedSubject(args.subject) }),
        ...(args.issuer === undefined ? {} : { issuer: sealIssuer(args.issuer) }),
        ...(args.existing === undefined ? {} : { existing: sealIssuer(args.existing) }),
        certificate: undefined,
        privateKey: undefined,
        trustBundle: undefined,
        capathFiles: undefined,
        mysqlSubject: undefined,
        mysqlIssuer: undefined,
        serialNumber: undefined,
        sha256: undefined,
        notBefore: undefined,
        notAfter: undefined,
        renewalDue: undefined,
      },
      pulumi.mergeOptions({ additionalSecretOutputs: ["privateKey", "issuer", "existing"] }, opts),
      "mysqlgr",
      "CertificateAuthority",
    );
  }
}
