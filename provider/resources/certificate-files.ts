import * as pulumi from "@pulumi/pulumi";
import { certificateFilesProvider } from "../stub";
import { type ConnectionArgs, sealConnection } from "./connection";
import { type SshArgs, sealSsh } from "./ssh";

export interface CertificateFilesArgs {
  /**
   * Folder on the target, an absolute path without links. It must be there, the server must be allowed to search it, and nobody else may
   * write in it.
   * @cost new files in the new folder; the old ones are deleted afterwards
   */
  folder: pulumi.Input<string>;
  /**
   * What the names of all its files begin with: letters, digits, dot, hyphen and underscore, 40 at most. Each CertificateFiles of a folder
   * needs its own.
   * @default "server"
   * @cost new files under new names; the old ones are deleted afterwards
   */
  prefix?: pulumi.Input<string>;
  /**
   * The machine. A change is taken as another way to the same one: files are put where they are missing, and none is deleted on the
   * machine before.
   * @default the machine that runs Pulumi
   * @cost none
   */
  ssh?: pulumi.Input<SshArgs>;
  /**
   * Trusted CAs, PEM text of one or several.
   * @default no such file
   * @mysql ssl_ca
   * @cost a new file beside the old one
   */
  ca?: pulumi.Input<string>;
  /**
   * Trusted CAs, PEM text of one or several, for a folder with a file a CA by the hash of its name.
   * @default no such folder
   * @mysql ssl_capath
   * @cost a new folder beside the old one
   */
  capath?: pulumi.Input<string>;
  /**
   * The certificate, PEM text, and after it the intermediate CAs: `certificateChain` of a Certificate. Together with `key`.
   * @default no such file
   * @mysql ssl_cert
   * @cost a new file beside the old one
   */
  cert?: pulumi.Input<string>;
  /**
   * Its private key, PEM text: RSA, PKCS#1 or PKCS#8; the form stays. Together with `cert`.
   * @default no such file
   * @mysql ssl_key
   * @cost a new file beside the old one
   * @secret
   */
  key?: pulumi.Input<string>;
  /**
   * Passphrase of an encrypted `key`. Servers read no encrypted key: the file holds it without encryption.
   * @default none
   * @cost none
   * @secret
   */
  keyPassphrase?: pulumi.Input<string>;
  /**
   * Revocation lists, PEM text of one or several.
   * @default no such file
   * @mysql ssl_crl
   * @cost a new file beside the old one
   */
  crl?: pulumi.Input<string>;
  /**
   * Revocation lists, PEM text of one or several, for a folder with a file a list by the hash of its issuer's name.
   * @default no such folder
   * @mysql ssl_crlpath
   * @cost a new folder beside the old one
   */
  crlpath?: pulumi.Input<string>;
  /**
   * Owner of the files on the target: a name in its /etc/passwd, or a number. Another than the user who writes them needs root.
   * @default whoever writes them
   * @cost none
   */
  owner?: pulumi.Input<string>;
  /**
   * Group of the files on the target: a name in its /etc/group, or a number.
   * @default that of whoever writes them
   * @cost none
   */
  group?: pulumi.Input<string>;
  /**
   * Mode of the private key, octal: "0400", "0440", "0600" or "0640".
   * @default "0600"
   * @cost none
   */
  keyMode?: pulumi.Input<string>;
  /**
   * Mode of the other files, octal; nobody but their owner may write them. A hash-named folder can be searched by whoever may read its
   * files.
   * @default "0644"
   * @cost none
   */
  mode?: pulumi.Input<string>;
  /**
   * Servers that use the files. They are asked which of them they name, before an old version is deleted.
   * @default none: one old version of each file stays
   * @cost none
   */
  servers?: pulumi.Input<pulumi.Input<ConnectionArgs>[]>;
}

/**
 * PEM files on a server's machine: in a folder of the machine that runs Pulumi, or over SSH. A name holds the first digits of the
 * content's hash, so that old and new are side by side, and a server never reads a file that changes.
 *
 * Changes of files cost nothing: they act when a GroupMember is given the new paths.
 */
export class CertificateFiles extends pulumi.dynamic.Resource {
  /** Path of `ca`, for `sslCa` of a GroupMember. */
  declare public readonly sslCa: pulumi.Output<string>;
  /** Path of `capath`, for `sslCapath`. */
  declare public readonly sslCapath: pulumi.Output<string>;
  /** Path of `cert`, for `sslCert`. */
  declare public readonly sslCert: pulumi.Output<string>;
  /** Path of `key`, for `sslKey`. */
  declare public readonly sslKey: pulumi.Output<string>;
  /** Path of `crl`, for `sslCrl`. */
  declare public readonly sslCrl: pulumi.Output<string>;
  /** Path of `crlpath`, for `sslCrlpath`. */
  declare public readonly sslCrlpath: pulumi.Output<string>;
  /** SHA-256 of the first certificate of `cert`, hexadecimal. */
  declare public readonly certificateSha256: pulumi.Output<string>;
  /** Paths of old versions that are still there. */
  declare public readonly oldVersions: pulumi.Output<string[]>;
  /** What in the folder is not as declared, a line each; as of the last operation. */
  declare public readonly drift: pulumi.Output<string[]>;

  constructor(name: string, args: CertificateFilesArgs, opts?: pulumi.CustomResourceOptions) {
    const { ssh, key, keyPassphrase, servers } = args;
    super(
      certificateFilesProvider,
      name,
      {
        ...args,
        ...(ssh === undefined ? {} : { ssh: sealSsh(ssh) }),
        ...(key === undefined ? {} : { key: pulumi.secret(key) }),
        ...(keyPassphrase === undefined ? {} : { keyPassphrase: pulumi.secret(keyPassphrase) }),
        ...(servers === undefined
          ? {}
          : { servers: pulumi.output(servers).apply((all) => all.map(sealConnection)) }),
        sslCa: undefined,
        sslCapath: undefined,
        sslCert: undefined,
        sslKey: undefined,
        sslCrl: undefined,
        sslCrlpath: undefined,
        certificateSha256: undefined,
        oldVersions: undefined,
        drift: undefined,
        facts: undefined,
      },
      pulumi.mergeOptions({ additionalSecretOutputs: ["ssh", "key", "keyPassphrase", "servers"] }, opts),
      "mysqlgr",
      "CertificateFiles",
    );
  }
}
