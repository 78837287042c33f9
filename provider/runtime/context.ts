import { InputError } from "../errors";
import { Sessions } from "../mysql/sessions";
import { type Target, addressOf } from "../mysql/target";
import { Coordinator } from "../rolling/coordinator";
import { unknownValue } from "../plan/wish";
import { isAbandoned } from "./interrupt";
import { schemas } from "./validation";

/** The stack's configuration, secrets decrypted, as the engine hands it over before any operation. */
export interface StackConfiguration {
  get(key: string): string | undefined;
}

let configuration: StackConfiguration = { get: () => undefined };

export function setConfiguration(config: StackConfiguration): void {
  configuration = config;
  said.clear();
}

const said = new Map<string, string>();

/** Says a block of lines once a deployment: with --refresh the engine asks for the same difference twice. */
export function sayOnce(about: string, lines: readonly string[]): void {
  const text = lines.join("\n");
  if (said.get(about) === text) return;
  said.set(about, text);
  lines.forEach(say);
}

/** Lines on stdout are shown by `pulumi preview` and `pulumi up` under Diagnostics. */
export function say(line: string): void {
  console.log(line);
}

/** All resources of one deployment live in one process: one set of logins, one coordinator. */
export const sessions = new Sessions();
export const coordinator = new Coordinator(sessions, say, isAbandoned);

export interface ConnectionInputs {
  host?: string;
  port?: number;
  user?: string;
  password?: string;
  socketPath?: string;
  connectTimeout?: number;
  tls?: {
    mode?: Target["tls"]["mode"];
    ca?: string;
    cert?: string;
    key?: string;
    serverName?: string;
  };
}

/** What the declaration leaves out comes from the stack's configuration, each time. */
export function targetOf(connection: ConnectionInputs | undefined): Target {
  const declared = connection ?? {};
  const get = (key: string): string | undefined => configuration.get(`mysqlgr:${key}`);
  const tls = { ...parsed(get("tls")), ...(declared.tls ?? {}) };
  const socketPath = declared.socketPath ?? (declared.host === undefined ? get("socketPath") : undefined);
  return {
    host: declared.host ?? get("host") ?? "127.0.0.1",
    port: declared.port ?? portOf(get("port")),
    user: declared.user ?? get("user") ?? "root",
    password: declared.password ?? get("password"),
    ...(socketPath === undefined ? {} : { socketPath }),
    connectTimeout: declared.connectTimeout ?? 10,
    tls: { ...tls, mode: tls.mode ?? "PREFERRED" },
  };
}

/** Configuration is checked like a declaration: a misspelled mode must not mean less verification than was meant. */
function parsed(text: string | undefined): NonNullable<ConnectionInputs["tls"]> {
  if (text === undefined) return {};
  const value = jsonOf(text);
  const outcome = schemas().tlsSchema.safeParse(value);
  if (outcome.success) return outcome.data as NonNullable<ConnectionInputs["tls"]>;
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  throw new InputError(
    "mysqlgr:tls",
    isObject
      ? "must hold mode, ca, cert, key and serverName as a connection's tls does"
      : "is no JSON object",
    'pulumi config set mysqlgr:tls \'{"mode":"VERIFY_CA","ca":"…"}\'',
  );
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function portOf(text: string | undefined): number {
  if (text === undefined) return 3306;
  const port = Number(text);
  if (/^\d+$/.test(text) && port > 0 && port < 65536) return port;
  throw new InputError(
    "mysqlgr:port",
    "must be a whole number from 1 to 65535",
    "pulumi config set mysqlgr:port 3306",
  );
}

/** The server's address as far as the declaration and the configuration tell it. */
export function addressFrom(connection: unknown): string {
  const { host, port, socketPath } = (connection ?? {}) as ConnectionInputs;
  if ([connection, host, port, socketPath].includes(unknownValue)) return "a server that is not known yet";
  return addressOf(targetOf(connection as ConnectionInputs));
}
