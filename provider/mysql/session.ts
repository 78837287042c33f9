import type { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { TLSSocket } from "node:tls";
import * as mysql from "mysql2";
import type { Connection } from "mysql2/promise";
import { AccessDeniedError, MemberUnreachableError } from "../errors";
import { tells } from "./facts-query";
import { type Secrets, type Sql, bind } from "./sql";
import { type Target, addressOf } from "./target";
import { parseVersion } from "./versions";

/** What a server or the network said, without the statement and with every known secret masked. */
export class ServerError extends Error {
  constructor(
    readonly server: string,
    readonly errno: number,
    readonly code: string,
    readonly reason: string,
    /** The connection is gone, so whether the statement took effect is unknown. */
    readonly lost: boolean,
  ) {
    super(errno ? `${reason} (${errno})` : reason);
    this.name = "ServerError";
    this.stack = this.message;
  }
}

interface DriverError {
  errno?: number;
  code?: string;
  sqlMessage?: string;
  message?: string;
  fatal?: boolean;
}

const syntaxErrors = new Set([1064, 1149]);

const farewellMilliseconds = 1000;

/** For so many milliseconds what was seen of a server serves all resources that are refreshed side by side. */
export const sameMoment = 2000;

function serverError(server: string, error: unknown, secrets: readonly string[]): ServerError {
  const driver = error as DriverError;
  const errno = driver.sqlMessage === undefined ? 0 : (driver.errno ?? 0);
  // A syntax error quotes the statement.
  const raw = syntaxErrors.has(errno)
    ? "the server does not understand the statement"
    : (driver.sqlMessage ?? driver.message ?? String(driver.code)).replace(
        "Can't add new command when connection is in closed state",
        "it had been closed before",
      );
  const reason = secrets.reduce(
    (text, value) => (value === "" ? text : text.split(value).join("<secret>")),
    raw,
  );
  return new ServerError(server, errno, driver.code ?? "", reason, driver.sqlMessage === undefined);
}

/** Statements of one login, one after the other. */
export class Session {
  private readonly connection: Connection;
  private told: string | undefined;
  readonly address: string;
  closed = false;
  /** The server did not answer in time: it may be at work still. */
  late = false;
  /** Statements sent that change something. */
  writes = 0;
  private readonly opened = performance.now();

  private constructor(
    { connection, greeting }: Login,
    readonly target: Target,
  ) {
    this.connection = connection;
    this.told = greeting;
    this.address = addressOf(target);
    // Without a listener a connection that is lost while idle would end the whole plugin process.
    (connection as unknown as NodeJS.EventEmitter).on("error", () => (this.closed = true));
    (connection as unknown as NodeJS.EventEmitter).on("end", () => (this.closed = true));
  }

  static async open(target: Target): Promise<Session> {
    const session = new Session(await logIn(target), target);
    // The server's own mode may pad CHAR columns, and take a backslash or a quote for something else than our literals do.
    await session.read(
      `SET SESSION sql_mode = 'NO_ENGINE_SUBSTITUTION', lock_wait_timeout = 30${session.longLists()}`,
    );
    return session;
  }

  /**
   * What the server showed at this login, where that is as good as a new look: just now, and with no change since. Undefined also where
   * an earlier handshake was taken up.
   */
  get certificate(): X509Certificate | undefined {
    const { stream } = (this.connection as unknown as { connection: { stream: unknown } }).connection;
    if (this.writes > 0 || performance.now() - this.opened > sameMoment) return undefined;
    return stream instanceof TLSSocket && !stream.isSessionReused()
      ? stream.getPeerX509Certificate()
      : undefined;
  }

  /** The server's version as its greeting told it, or as it was asked last. */
  async version(): Promise<string> {
    return this.told ?? this.askVersion();
  }

  async askVersion(): Promise<string> {
    const [row] = await this.read<{ version: string }>("SELECT @@version AS version");
    return this.learnVersion(row!.version);
  }

  learnVersion(text: string): string {
    return (this.told = parseVersion(text));
  }

  /** Where JSON has no aggregates, GROUP_CONCAT stands in, which cuts at 1024 characters by default. */
  private longLists(): string {
    const concatenates = this.told !== undefined && !tells(this.told, "jsonAggregates");
    return concatenates ? ", group_concat_max_len = 1048576" : "";
  }

  /** Reads. `timeout` in seconds bounds the wait for the whole answer. */
  async read<Row = Record<string, unknown>>(text: string, timeout = 30): Promise<Row[]> {
    return this.send(text, [], timeout) as Promise<Row[]>;
  }

  /** A statement that changes something; secrets are put in at the last moment. */
  async write(statement: Sql, secrets: Secrets = {}, timeout = 60): Promise<unknown[]> {
    this.writes += 1;
    return this.send(bind(statement, secrets), Object.values(secrets), timeout);
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.connection.end().catch(() => undefined);
    // A server that is gone never answers the farewell, and the socket would keep this process alive.
    setTimeout(() => this.connection.destroy(), farewellMilliseconds).unref();
  }

  destroy(): void {
    this.closed = true;
    this.connection.destroy();
  }

  private async send(text: string, secrets: readonly string[], timeout: number): Promise<unknown[]> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const message = `no answer within ${timeout} s`;
      timer = setTimeout(
        () => reject(Object.assign(new Error(message), { code: "TIMEOUT" })),
        timeout * 1000,
      );
    });
    try {
      const [rows] = await Promise.race([this.connection.query(text), late]);
      return Array.isArray(rows) ? rows : [];
    } catch (error) {
      const failure = serverError(this.address, error, secrets);
      this.late ||= failure.code === "TIMEOUT";
      if (failure.lost) this.destroy();
      throw failure;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** What a connection declares: the text, or a path on this machine. */
export function pem(textOrPath: string): string {
  return textOrPath.includes("-----BEGIN") ? textOrPath : readFileSync(textOrPath, "utf8");
}

function tlsOptions({ tls, host }: Target): mysql.SslOptions & { servername?: string } {
  const { mode } = tls;
  return {
    ...(tls.ca === undefined ? {} : { ca: pem(tls.ca) }),
    ...(tls.cert === undefined ? {} : { cert: pem(tls.cert) }),
    ...(tls.key === undefined ? {} : { key: pem(tls.key) }),
    rejectUnauthorized: mode === "VERIFY_CA" || mode === "VERIFY_IDENTITY",
    verifyIdentity: mode === "VERIFY_IDENTITY",
    ...(mode === "VERIFY_IDENTITY" ? { servername: tls.serverName ?? host } : {}),
  };
}

interface Login {
  readonly connection: Connection;
  /** Undefined where the greeting holds no version. */
  readonly greeting: string | undefined;
}

async function logIn(target: Target): Promise<Login> {
  try {
    return await connect(target, target.tls.mode !== "DISABLED");
  } catch (error) {
    const { code } = error as DriverError;
    if (code === "HANDSHAKE_NO_SSL_SUPPORT" && target.tls.mode === "PREFERRED")
      return connect(target, false).catch((e: unknown) => refuse(target, e));
    return refuse(target, error);
  }
}

function connect(target: Target, encrypted: boolean): Promise<Login> {
  const driver = mysql.createConnection({
    ...(target.socketPath === undefined
      ? { host: target.host, port: target.port }
      : { socketPath: target.socketPath }),
    user: target.user,
    ...(target.password === undefined ? {} : { password: target.password }),
    connectTimeout: target.connectTimeout * 1000,
    ...(encrypted && target.socketPath === undefined ? { ssl: tlsOptions(target) } : {}),
    // None are prepared, and the driver makes room for thousands at once.
    maxPreparedStatements: 1,
    // Code made for each shape of row pays for itself with thousands of rows; ours are few.
    disableEval: true,
    supportBigNumbers: true,
    bigNumberStrings: true,
    dateStrings: true,
    charset: "utf8mb4_general_ci",
  });
  return new Promise((resolve, reject) => {
    driver.once("connect", (hello?: { serverVersion?: string }) =>
      resolve({ connection: driver.promise(), greeting: versionIn(hello?.serverVersion) }),
    );
    driver.once("error", reject);
  });
}

function versionIn(greeting: string | undefined): string | undefined {
  return greeting !== undefined && /^\d+\.\d+\.\d+/.test(greeting) ? parseVersion(greeting) : undefined;
}

function refuse(target: Target, error: unknown): never {
  const failure = serverError(
    addressOf(target),
    error,
    target.password === undefined ? [] : [target.password],
  );
  if ([1045, 1044, 1698, 3118, 1820, 1862, 3159].includes(failure.errno))
    throw new AccessDeniedError(addressOf(target), failure.message);
  throw new MemberUnreachableError(addressOf(target), failure.message || failure.code);
}
