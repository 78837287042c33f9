import * as pulumi from "@pulumi/pulumi";
import { certificateAuthorityProvider } from "../stub";
import { type ConnectionArgs, sealConnection } from "./connection";
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
   * Size of its RSA key, in bits. With a rotation it is that of the new one.
   * @default 3072
   * @cost replacement: another CA; none, where `rotation` is raised with it
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
  /**
   * How often it has been rotated, a whole number from 0 on. Raised by one it asks for another key and certificate under the same name, in
   * three phases, one for each `pulumi up`. Lowered again in the first phase, it gives the rotation up.
   * @default 0
   * @cost in each of three `pulumi up`: new files, TLS reload, and a rolling restart for XCom; in the second all that it has signed is made anew
   */
  rotation?: pulumi.Input<number>;
  /**
   * All servers that use this CA: members of groups, and both ends of channels. In a rotation the next phase waits until each of them is
   * ready for it; one that does not answer is not. Empty: no server uses it.
   * @default none; required where `rotation` is raised
   * @cost none
   */
  usedBy?: pulumi.Input<pulumi.Input<ConnectionArgs>[]>;
  /**
   * Paths, as servers name them, of files that hold all that the phase which is under way needs, though their names stayed the same.
   * Nobody can look into a file through a server: one that a channel of the servers in `usedBy` has named since before the phase began
   * holds the rotation back, unless it stands here. Files of CertificateFiles need no mention: a new content is a new name.
   * @default none
   * @cost none
   */
  renewedFiles?: pulumi.Input<pulumi.Input<string>[]>;
}

/**
 * A CA, root or intermediate, whose key is kept in Pulumi's state as a secret: whoever can decrypt the stack can sign. RSA with SHA-256
 * only: node-forge, which the package's certificates are made with, knows neither ECDSA nor RSA-PSS; servers from 5.7 on verify it.
 *
 * It is renewed with its own key, so that all that it has signed stays good and servers that have its old certificate verify what it
 * signs later. For another key on servers that run, raise `rotation`: they trust the old and the new CA first, then show certificates of
 * the new one, then the old one goes. Another subject or key size without that is another CA: Pulumi makes it, issues everything that
 * it signs anew in the same `up`, and forgets the old one, so that members no longer trust each other meanwhile.
 *
 * Delete forgets the CA and its key, and revokes nothing.
 */
export class CertificateAuthority extends pulumi.dynamic.Resource {
  /** Its certificate, PEM. */
  declare public readonly certificate: pulumi.Output<string>;
  /** Its private key, PKCS#8 as PEM, not encrypted: a secret. */
  declare public readonly privateKey: pulumi.Output<string>;
  /** What servers must trust, for `ssl_ca`: its certificate and all above it, the root last; while it is rotated, both CAs. PEM. */
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
  /** 0 where no rotation is under way. 1: `trustBundle` holds the new CA too, the old one signs. 2: the new one signs. */
  declare public readonly rotationPhase: pulumi.Output<number>;
  /** Who held the next phase back at the last operation, and why, a line each. Empty where nobody did. */
  declare public readonly rotationWaitsFor: pulumi.Output<string[]>;
  /** The CA of a rotation that does not sign: the new one in phase 1, the old one in phase 2. PEM; else empty. */
  declare public readonly rotatingCertificate: pulumi.Output<string>;
  /** Its private key, PKCS#8 as PEM, not encrypted; else empty: a secret. */
  declare public readonly rotatingPrivateKey: pulumi.Output<string>;

  constructor(name: string, args: CertificateAuthorityArgs, opts?: pulumi.CustomResourceOptions) {
    const { usedBy } = args;
    super(
      certificateAuthorityProvider,
      name,
      {
        ...args,
        ...(args.subject === undefined ? {} : { subject: orderedSubject(args.subject) }),
        ...(args.issuer === undefined ? {} : { issuer: sealIssuer(args.issuer) }),
        ...(args.existing === undefined ? {} : { existing: sealIssuer(args.existing) }),
        ...(usedBy === undefined
          ? {}
          : { usedBy: pulumi.output(usedBy).apply((all) => all.map(sealConnection)) }),
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
        rotationPhase: undefined,
        rotationWaitsFor: undefined,
        rotatingCertificate: undefined,
        rotatingPrivateKey: undefined,
        facts: undefined,
      },
      pulumi.mergeOptions(
        { additionalSecretOutputs: ["privateKey", "rotatingPrivateKey", "issuer", "existing", "usedBy"] },
        opts,
      ),
      "mysqlgr",
      "CertificateAuthority",
    );
  }
}
