import * as pulumi from "@pulumi/pulumi";

/**
 * How the provider logs in to a machine over SSH, to a server with SFTP. By key or agent: a password is not offered. The host's key is
 * always compared, before anything is sent; there is no way to leave that out.
 */
export interface SshArgs {
  /** Name or address of the machine. */
  host: pulumi.Input<string>;
  /**
   * TCP port.
   * @default 22
   */
  port?: pulumi.Input<number>;
  /** Account on that machine. Only root can give files to another owner. */
  user: pulumi.Input<string>;
  /**
   * Its private key: text in OpenSSH's form or PEM, or a path on the machine that runs Pulumi.
   * @default the keys of `agent`
   * @secret
   */
  privateKey?: pulumi.Input<string>;
  /**
   * Passphrase of an encrypted `privateKey`.
   * @default none
   * @secret
   */
  passphrase?: pulumi.Input<string>;
  /**
   * Socket of an SSH agent, a path on the machine that runs Pulumi; where `privateKey` is left out.
   * @default SSH_AUTH_SOCK of the environment
   */
  agent?: pulumi.Input<string>;
  /**
   * Host keys, where `hostKey` is left out: text in the form of a known_hosts file, or a path on the machine that runs Pulumi. Hashed
   * names, patterns and @revoked are understood; host certificates (@cert-authority) are not.
   * @default ~/.ssh/known_hosts
   */
  knownHosts?: pulumi.Input<string>;
  /**
   * The host's key itself: its fingerprint as `ssh-keygen -l` shows it ("SHA256:..."), or the line of its .pub file; several on lines of
   * their own. A fingerprint must be of the key that the machine shows first: ed25519, else ecdsa, else rsa.
   * @default `knownHosts`
   */
  hostKey?: pulumi.Input<string>;
  /**
   * Time to wait for the login, in seconds, 1 to 600.
   * @default 10
   */
  connectTimeout?: pulumi.Input<number>;
}

/** Secrets of a login are secrets whether or not the program says so. */
export function sealSsh(ssh: pulumi.Input<SshArgs>): pulumi.Output<SshArgs> {
  return pulumi.output(ssh).apply((s): pulumi.Input<SshArgs> => {
    const sealed: SshArgs = { ...s };
    if (s.privateKey !== undefined) sealed.privateKey = pulumi.secret(s.privateKey);
    if (s.passphrase !== undefined) sealed.passphrase = pulumi.secret(s.passphrase);
    return sealed;
  }) as unknown as pulumi.Output<SshArgs>;
}
