/** A server and an administrator's login on it, complete. */
export interface Target {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password?: string | undefined;
  readonly socketPath?: string | undefined;
  /** Seconds. */
  readonly connectTimeout: number;
  readonly tls: {
    readonly mode: "DISABLED" | "PREFERRED" | "REQUIRED" | "VERIFY_CA" | "VERIFY_IDENTITY";
    readonly ca?: string | undefined;
    readonly cert?: string | undefined;
    readonly key?: string | undefined;
    readonly serverName?: string | undefined;
  };
}

/** How a server is called in plans and messages. */
export function addressOf(target: Pick<Target, "host" | "port" | "socketPath">): string {
  return target.socketPath ?? `${target.host}:${target.port}`;
}
