import * as pulumi from "@pulumi/pulumi";

/** A CA that signs. A CertificateAuthority can be given as it is: its outputs have these names. */
export interface IssuerArgs {
  /**
   * Its certificate as PEM text. Of several the one that `privateKey` belongs to; the others count as if they stood in `trustBundle`.
   */
  certificate: pulumi.Input<string>;
  /**
   * Its private key as PEM text: RSA, 2048 bits or more, PKCS#1 or PKCS#8.
   * @secret
   */
  privateKey: pulumi.Input<string>;
  /**
   * Passphrase of an encrypted `privateKey`.
   * @default none
   * @secret
   */
  passphrase?: pulumi.Input<string>;
  /**
   * The CAs above it up to the root, as PEM text in any order.
   * @default none; a root needs none
   */
  trustBundle?: pulumi.Input<string>;
  /**
   * The other CA of a rotation that is under way, PEM. Only a RevocationList looks at it: it then holds a list of each.
   * @default none; empty is the same
   */
  rotatingCertificate?: pulumi.Input<string>;
  /**
   * The private key of `rotatingCertificate`, PEM.
   * @default none; empty is the same
   * @secret
   */
  rotatingPrivateKey?: pulumi.Input<string>;
}

/** What of it is needed, with its secrets as secrets whether or not the program says so. */
export function sealIssuer(issuer: IssuerArgs): pulumi.Output<IssuerArgs> {
  return pulumi.output(sealedParts(issuer));
}

function sealedParts({ certificate, privateKey, passphrase, trustBundle }: IssuerArgs): IssuerArgs {
  return {
    certificate,
    privateKey: pulumi.secret(privateKey),
    ...(passphrase === undefined ? {} : { passphrase: pulumi.secret(passphrase) }),
    ...(trustBundle === undefined ? {} : { trustBundle }),
  };
}

/** The same with both CAs of a rotation, for those that speak for both. */
export function sealRotatingIssuer(issuer: IssuerArgs): pulumi.Output<IssuerArgs> {
  const { rotatingCertificate, rotatingPrivateKey } = issuer;
  return pulumi.output({
    ...sealedParts(issuer),
    ...(rotatingCertificate === undefined ? {} : { rotatingCertificate }),
    ...(rotatingPrivateKey === undefined ? {} : { rotatingPrivateKey: pulumi.secret(rotatingPrivateKey) }),
  });
}
