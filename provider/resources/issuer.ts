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
}

/** What of it is needed, with its secrets as secrets whether or not the program says so. */
export function sealIssuer(issuer: IssuerArgs): pulumi.Output<IssuerArgs> {
  const { certificate, privateKey, passphrase, trustBundle } = issuer;
  return pulumi.output({
    certificate,
    privateKey: pulumi.secret(privateKey),
    ...(passphrase === undefined ? {} : { passphrase: pulumi.secret(passphrase) }),
    ...(trustBundle === undefined ? {} : { trustBundle }),
  });
}
