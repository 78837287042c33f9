import { type Variable, canonical, findVariable, separatorOf, variable } from "../mysql/catalogue";

/** The engine's stand-in for a value that is not known before the update. */
export const unknownValue = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** True where any part of the value is not known yet. */
export function isUnknown(value: unknown): boolean {
  if (value === unknownValue) return true;
  if (Array.isArray(value)) return value.some(isUnknown);
  return typeof value === "object" && value !== null && Object.values(value).some(isUnknown);
}

/** Declared variables, by the catalogue's name, in the server's own spelling. */
export type Wish = Readonly<Record<string, string>>;

/** GroupMember's properties that are system variables. */
export const memberProperties = [
  "groupName",
  "localAddress",
  "groupSeeds",
  "communicationStack",
  "sslMode",
  "tlsSource",
  "sslCa",
  "sslCapath",
  "sslCert",
  "sslKey",
  "sslCrl",
  "sslCrlpath",
  "sslCipher",
  "tlsVersion",
  "tlsCiphersuites",
  "requireSecureTransport",
  "ipAllowlist",
  "startOnBoot",
  "singlePrimaryMode",
  "memberWeight",
  "exitStateAction",
  "autorejoinTries",
  "memberExpelTimeout",
  "unreachableMajorityTimeout",
  "consistency",
  "advertiseRecoveryEndpoints",
] as const;

/** RecoveryChannel's properties that are system variables. */
export const channelProperties = [
  "recoveryUseSsl",
  "recoverySslCa",
  "recoverySslCapath",
  "recoverySslCert",
  "recoverySslKey",
  "recoverySslCrl",
  "recoverySslCrlpath",
  "recoverySslCipher",
  "recoverySslVerifyServerCert",
  "recoveryTlsVersion",
  "recoveryTlsCiphersuites",
  "recoveryPublicKeyPath",
  "recoveryGetPublicKey",
  "recoveryRetryCount",
  "recoveryReconnectInterval",
] as const;

/** sslMode is group_replication_ssl_mode, sslCa is ssl_ca: the name in camelCase, less its prefix. */
export function variableOf(property: string): Variable {
  const snake = property.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);
  return findVariable(`group_replication_${snake}`) ?? variable(snake);
}

/** The declared variables among `properties`, and those under `variables`; what is not known yet is left out. */
export function wishOf(inputs: Readonly<Record<string, unknown>>, properties: readonly string[]): Wish {
  const wish: Record<string, string> = {};
  const add = (v: Variable, value: unknown): void => {
    if (value === undefined || value === null || isUnknown(value)) return;
    wish[v.name] = canonical(v, textOf(v, value));
  };
  for (const property of properties) add(variableOf(property), inputs[property]);
  const more = inputs["variables"];
  if (typeof more === "object" && more !== null)
    for (const [name, value] of Object.entries(more)) {
      const v = findVariable(name);
      if (v) add(v, value);
    }
  return wish;
}

export function textOf(v: Variable, value: unknown): string | number | boolean {
  return Array.isArray(value) ? value.join(separatorOf(v)) : (value as string | number | boolean);
}

/** The live value in the shape in which the property is declared, so that a refresh shows it as a difference. */
export function declaredShape(v: Variable, live: string | null, like: unknown): unknown {
  const text = live ?? "";
  if (Array.isArray(like))
    return text === ""
      ? []
      : text
          .split(separatorOf(v))
          .map((item) => item.trim())
          .filter((item) => item !== "");
  if (typeof like === "boolean") return canonical(v, text) === "ON";
  if (typeof like === "number") return Number(text);
  return text;
}
