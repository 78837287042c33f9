import { InputError } from "../errors";
import { Sessions } from "../mysql/sessions";
import { type Target, addressOf } from "../mysql/target";
import { Coordinator } from "../rolling/coordinator";
import { isUnknown } from "../plan/wish";

/** The stack's configuration, secrets decrypted, as the engine hands it over before any operation. */
export interface StackConfiguration {
  get(key: string): string | undefined;
}

let configuration: StackConfiguration = { get: () => undefined };

export function setConfiguration(config: StackConfiguration): void {
  configuration = config;
}

/** Lines on stdout are shown by `pulumi preview` and `pulumi up` under Diagnostics. */
export function say(line: string): void {
  console.log(line);
}

/** All resources of one deployment live in one process: one set of logins, one coordinator. */
export const sessions = new Sessions();
export const coordinator = new Coordinator(sessions, say);

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
    port: Number(declared.port ?? get("port") ?? 3306),
    user: declared.user ?? get("user") ?? "root",
    password: declared.password ?? get("password"),
    ...(socketPath === undefined ? {} : { socketPath }),
    connectTimeout: declared.connectTimeout ?? 10,
    tls: { ...tls, mode: tls.mode ?? "PREFERRED" },
  };
}

function parsed(text: string | undefined): NonNullable<ConnectionInputs["tls"]> {
  if (text === undefined) return {};
  try {
    return JSON.parse(text) as NonNullable<ConnectionInputs["tls"]>;
  } catch {
    throw new InputError(
      "mysqlgr:tls",
      "is no JSON object",
      'pulumi config set mysqlgr:tls \'{"mode":"VERIFY_CA","ca":"…"}\'',
    );
  }
}

/** The server's address as far as the declaration and the configuration tell it. */
export function addressFrom(connection: unknown): string {
  if (connection === undefined || isUnknown(connection)) return "a server that is not known yet";
  return addressOf(targetOf(connection as ConnectionInputs));
}
