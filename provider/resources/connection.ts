import * as pulumi from "@pulumi/pulumi";

/** TLS of the administrator's own connection; it has nothing to do with the group's. */
export interface ConnectionTlsArgs {
  /**
   * PREFERRED encrypts where the server can and verifies nothing; DISABLED never encrypts; REQUIRED always does;
   * VERIFY_CA also checks the server's chain against `ca`; VERIFY_IDENTITY also its name.
   * @default `mode` in `mysqlgr:tls`, else "PREFERRED"
   */
  mode?: pulumi.Input<"DISABLED" | "PREFERRED" | "REQUIRED" | "VERIFY_CA" | "VERIFY_IDENTITY">;
  /**
   * Trusted CAs: PEM text, or a path on the machine that runs Pulumi.
   * @default `ca` in `mysqlgr:tls`, else the CAs that Node trusts
   */
  ca?: pulumi.Input<string>;
  /**
   * Client certificate: PEM text, or a path on the machine that runs Pulumi.
   * @default `cert` in `mysqlgr:tls`, else none
   */
  cert?: pulumi.Input<string>;
  /**
   * Private key of `cert`: PEM text, or a path on the machine that runs Pulumi.
   * @default `key` in `mysqlgr:tls`, else none
   * @secret
   */
  key?: pulumi.Input<string>;
  /**
   * Name to expect in the server's certificate, with VERIFY_IDENTITY.
   * @default `serverName` in `mysqlgr:tls`, else `host`
   */
  serverName?: pulumi.Input<string>;
}

/**
 * How the provider logs in to a server as its administrator. Whatever is left out is taken from the stack's
 * configuration (`mysqlgr:host`, `mysqlgr:port`, `mysqlgr:user`, `mysqlgr:password`, `mysqlgr:socketPath`, `mysqlgr:tls`)
 * each time the server is visited. Refresh and destroy use the configuration of the last `pulumi up`, which the engine keeps encrypted
 * in state: after a rotation run `pulumi up` once, or add `--run-program`.
 */
export interface ConnectionArgs {
  /**
   * Name or address of the server.
   * @default `mysqlgr:host`, else "127.0.0.1"
   */
  host?: pulumi.Input<string>;
  /**
   * TCP port.
   * @default `mysqlgr:port`, else 3306
   */
  port?: pulumi.Input<number>;
  /**
   * Account with the privileges listed under "Privileges" in the README.
   * @default `mysqlgr:user`, else "root"
   */
  user?: pulumi.Input<string>;
  /**
   * Its password. Better left out here and set by `pulumi config set --secret mysqlgr:password`.
   * @default `mysqlgr:password`, else none
   * @secret
   */
  password?: pulumi.Input<string>;
  /**
   * Unix socket on the machine that runs Pulumi, instead of host and port; without TLS.
   * @default `mysqlgr:socketPath` where `host` is left out, else none
   */
  socketPath?: pulumi.Input<string>;
  /**
   * Time to wait for a login, in seconds, 1 to 600.
   * @default 10
   */
  connectTimeout?: pulumi.Input<number>;
  /**
   * TLS of this login.
   * @default `mysqlgr:tls`, a JSON object with the same properties; what is declared here goes before it
   */
  tls?: pulumi.Input<ConnectionTlsArgs>;
}

/** Secrets of a connection are secrets whether or not the program says so. */
export function sealConnection(connection: pulumi.Input<ConnectionArgs>): pulumi.Output<ConnectionArgs> {
  return pulumi.output(connection).apply((c): pulumi.Input<ConnectionArgs> => {
    const sealed: ConnectionArgs = { ...c };
    if (c.password !== undefined) sealed.password = pulumi.secret(c.password);
    if (c.tls?.key !== undefined) sealed.tls = { ...c.tls, key: pulumi.secret(c.tls.key) };
    return sealed;
  }) as unknown as pulumi.Output<ConnectionArgs>;
}
