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

/** The name under which a variable is declared. */
export function propertyOf(v: Variable): string {
  const properties: readonly string[] = [...memberProperties, ...channelProperties];
  return properties.find((property) => variableOf(property).name === v.name) ?? `variables.${v.name}`;
}

/** The items of a list variable, from its text. */
export function itemsOf(v: Variable, text: string | null | undefined): string[] {
  return (text ?? "")
    .split(separatorOf(v))
    .map((item) => item.trim())
    .filter((item) => item !== "");
}

/** The declared variables among `properties`, and those under `variables`; what is not known yet is left out. */
export function wishOf(inputs: Readonly<Record<string, unknown>>, properties: readonly string[]): Wish {
  const wish: Record<string, string> = {};
  const add = (v: Variable, value: unknown): void => {
    if (value === undefined || value === null || isUnknown(value)) return;
    // A UUID in capitals is the same to the server, and may not be to the other members: it is sent as it is declared.
    wish[v.name] = v.type === "string" ? String(textOf(v, value)).trim() : canonical(v, textOf(v, value));
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

/** Variables that were declared before, and now either are still, or will be with a value that is not known yet, are not removed. */
export function removedFrom(
  before: Readonly<Record<string, unknown>>,
  now: Readonly<Record<string, unknown>>,
  properties: readonly string[],
): string[] {
  const unknown = properties.filter((property) => isUnknown(now[property])).map((p) => variableOf(p).name);
  const free = now["variables"];
  const unknownFree = (name: string): boolean =>
    isUnknown(free) && (typeof free !== "object" || isUnknown((free as Record<string, unknown>)[name]));
  const named = new Set(properties.map((property) => variableOf(property).name));
  const declared = wishOf(now, properties);
  return Object.keys(wishOf(before, properties)).filter(
    (name) => !(name in declared) && !unknown.includes(name) && (named.has(name) || !unknownFree(name)),
  );
}

export function textOf(v: Variable, value: unknown): string | number | boolean {
  return Array.isArray(value) ? value.join(separatorOf(v)) : (value as string | number | boolean);
}

/** The live value in the shape in which the property is declared, so that a refresh shows it as a difference. */
export function declaredShape(v: Variable, live: string | null, like: unknown): unknown {
  const text = live ?? "";
  if (Array.isArray(like)) return itemsOf(v, text);
  if (typeof like === "boolean") return canonical(v, text) === "ON";
  if (typeof like === "number") return Number(text);
  return text;
}
