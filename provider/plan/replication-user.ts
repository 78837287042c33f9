import { InputError } from "../errors";
import type { AccountFact, AccountRequirement } from "../mysql/facts";
import { dialectOf } from "../mysql/dialect";
import { fingerprintOf, passwordMatches } from "../mysql/password";
import { type Sql, account, identifier, quote, secret, sql } from "../mysql/sql";
import { type Step, step } from "./step";

/** What a certificate or a connection must show, as declared. */
export type RequireInput = "NONE" | "SSL" | "X509" | { issuer?: string; subject?: string; cipher?: string };

export interface UserWish {
  readonly user: string;
  readonly host: string;
  readonly hasPassword: boolean;
  readonly authPlugin?: string | undefined;
  readonly require: RequireInput;
  /** undefined: what recovery needs; nothing is then ever revoked. */
  readonly grants?: readonly string[] | undefined;
  readonly passwordExpire?: "DEFAULT" | "NEVER" | number | undefined;
  readonly accountLocked?: boolean | undefined;
}

/** An account as a planner sees it: fit for state, the password only as a comparison. */
export interface SeenAccount {
  readonly plugin: string;
  readonly passwordMatches: boolean;
  /** Of the hash that was compared. */
  readonly fingerprint?: string | undefined;
  readonly hasPassword: boolean;
  readonly require: AccountRequirement;
  readonly passwordLifetime: number | null;
  readonly locked: boolean;
  readonly oldPassword: boolean;
  readonly grants: readonly string[];
}

/** `before`: the account as it was when this same password was compared last. */
export function seenAccount(
  fact: AccountFact | undefined,
  password: string,
  before?: SeenAccount,
): SeenAccount | undefined {
  if (!fact) return undefined;
  const { hash, ...rest } = fact;
  const fingerprint = fingerprintOf(fact.plugin, hash);
  const same = fingerprint !== undefined && fingerprint === before?.fingerprint;
  return {
    ...rest,
    passwordMatches: (same && before.passwordMatches) || passwordMatches(fact.plugin, hash, password),
    ...(fingerprint === undefined ? {} : { fingerprint }),
    hasPassword: hash.length > 0,
  };
}

/** The server or group that an account is made on. */
export interface AccountPlace {
  readonly address: string;
  readonly version: string;
  /** In a running group, statements are replicated and channels are in use. */
  readonly inGroup: boolean;
  readonly stack: "XCOM" | "MYSQL";
}

/** Pure: statements, safe to replay, that make the account as declared. */
export function planUser(place: AccountPlace, seen: SeenAccount | undefined, wish: UserWish): Step[] {
  const name = account(wish.user, wish.host);
  const grants = (wish.grants ?? defaultGrants(place)).map(normalGrant);
  if (!seen) return [create(place, name, wish), ...grants.map((g) => grant(place, name, g))];
  return [
    ...password(place, name, seen, wish),
    ...requirement(place, name, seen, wish),
    ...attributes(place, name, seen, wish),
    ...grants.filter((g) => !has(seen.grants, g)).map((g) => grant(place, name, g)),
    ...(wish.grants === undefined ? [] : revocations(place, name, seen.grants, grants)),
  ];
}

/** What distributed recovery needs; outside a group the stack to come is not known, so what the MYSQL stack needs as well. */
export function defaultGrants(place: AccountPlace): string[] {
  const grants = ["REPLICATION SLAVE"];
  const { clone, mysqlStack } = dialectOf(place.version);
  if (clone) grants.push("BACKUP_ADMIN");
  if (mysqlStack && (!place.inGroup || place.stack === "MYSQL"))
    grants.push("CONNECTION_ADMIN", "GROUP_REPLICATION_STREAM");
  return grants;
}

export function discardOldPassword(address: string, user: string, host: string): Step {
  return step(address, `ALTER USER ${account(user, host)} DISCARD OLD PASSWORD`);
}

export function dropUser(address: string, user: string, host: string): Step {
  return step(address, `DROP USER IF EXISTS ${account(user, host)}`);
}

function create(place: AccountPlace, name: string, wish: UserWish): Step {
  const lifetime = wish.passwordExpire === undefined ? [] : [sql(" ", expiry(wish.passwordExpire))];
  const lock =
    wish.accountLocked === undefined ? [] : [sql(wish.accountLocked ? " ACCOUNT LOCK" : " ACCOUNT UNLOCK")];
  return step(
    place.address,
    sql(
      `CREATE USER IF NOT EXISTS ${name}`,
      identified(wish),
      ` REQUIRE ${clauseOn(place, wish.require)}`,
      ...lifetime,
      ...lock,
    ),
    [sql(`DROP USER IF EXISTS ${name}`)],
  );
}

function identified(wish: UserWish): Sql {
  const plugin = wish.authPlugin === undefined ? "" : ` WITH ${identifier(wish.authPlugin)}`;
  if (wish.hasPassword) return sql(` IDENTIFIED${plugin} BY `, secret("password"));
  return sql(plugin === "" ? "" : ` IDENTIFIED${plugin}`);
}

function password(place: AccountPlace, name: string, seen: SeenAccount, wish: UserWish): Step[] {
  const samePlugin = wish.authPlugin === undefined || wish.authPlugin === seen.plugin;
  if (seen.passwordMatches && samePlugin) return [];
  const plugin = wish.authPlugin === undefined || samePlugin ? "" : ` WITH ${identifier(wish.authPlugin)}`;
  const retain =
    place.inGroup &&
    samePlugin &&
    seen.hasPassword &&
    wish.hasPassword &&
    dialectOf(place.version).retainPassword;
  const by = wish.hasPassword ? sql(" BY ", secret("password")) : sql(" BY ''");
  return [
    step(
      place.address,
      sql(`ALTER USER ${name} IDENTIFIED${plugin}`, by, retain ? " RETAIN CURRENT PASSWORD" : ""),
    ),
  ];
}

function requirement(place: AccountPlace, name: string, seen: SeenAccount, wish: UserWish): Step[] {
  const wanted = requireClause(wish.require);
  const live = requireClauseOf(seen.require);
  if (wanted === live) return [];
  return [
    step(place.address, `ALTER USER ${name} REQUIRE ${clauseOn(place, wish.require)}`, [
      sql(`ALTER USER ${name} REQUIRE ${live}`),
    ]),
  ];
}

function attributes(place: AccountPlace, name: string, seen: SeenAccount, wish: UserWish): Step[] {
  const steps: Step[] = [];
  if (wish.passwordExpire !== undefined && lifetimeOf(wish.passwordExpire) !== seen.passwordLifetime)
    steps.push(
      step(place.address, sql(`ALTER USER ${name} `, expiry(wish.passwordExpire)), [
        sql(`ALTER USER ${name} `, expiry(expireOf(seen.passwordLifetime))),
      ]),
    );
  if (wish.accountLocked !== undefined && wish.accountLocked !== seen.locked)
    steps.push(
      step(place.address, `ALTER USER ${name} ACCOUNT ${wish.accountLocked ? "LOCK" : "UNLOCK"}`, [
        sql(`ALTER USER ${name} ACCOUNT ${seen.locked ? "LOCK" : "UNLOCK"}`),
      ]),
    );
  return steps;
}

function lifetimeOf(expire: "DEFAULT" | "NEVER" | number): number | null {
  return expire === "DEFAULT" ? null : expire === "NEVER" ? 0 : expire;
}

export function expireOf(lifetime: number | null): "DEFAULT" | "NEVER" | number {
  return lifetime === null ? "DEFAULT" : lifetime === 0 ? "NEVER" : lifetime;
}

function expiry(expire: "DEFAULT" | "NEVER" | number): Sql {
  return sql(`PASSWORD EXPIRE ${typeof expire === "number" ? `INTERVAL ${expire} DAY` : expire}`);
}

/**
 * MySQL, 9.7.4 too, writes these texts into the binary log without escapes: the other members of a group lose each backslash, and
 * their appliers stop at a quote (1064), which puts them out of the group.
 */
function clauseOn({ inGroup }: AccountPlace, require: RequireInput): string {
  const texts = typeof require === "string" ? [] : Object.entries(require);
  const odd = texts.find(([, text]) => /['\\]/.test(text ?? ""));
  if (inGroup && odd)
    throw new InputError(
      `require.${odd[0]}`,
      "holds a quote or a backslash, which MySQL does not replicate: the other members would have another account, or stop",
      "use a certificate whose subject has neither, nor letters that are no ASCII, a slash or a plus, which MySQL writes with a backslash",
    );
  return requireClause(require);
}

export function requireClause(require: RequireInput): string {
  if (typeof require === "string") return require;
  return requireClauseOf({
    type: "SPECIFIED",
    issuer: require.issuer ?? "",
    subject: require.subject ?? "",
    cipher: require.cipher ?? "",
  });
}

function requireClauseOf({ type, issuer, subject, cipher }: AccountRequirement): string {
  if (type !== "SPECIFIED") return type;
  const parts = [
    ...(subject === "" ? [] : [`SUBJECT ${quote(subject)}`]),
    ...(issuer === "" ? [] : [`ISSUER ${quote(issuer)}`]),
    ...(cipher === "" ? [] : [`CIPHER ${quote(cipher)}`]),
  ];
  return parts.length === 0 ? "NONE" : parts.join(" AND ");
}

export function requireInputOf(require: AccountRequirement): RequireInput {
  if (require.type !== "SPECIFIED") return require.type;
  return {
    ...(require.issuer === "" ? {} : { issuer: require.issuer }),
    ...(require.subject === "" ? {} : { subject: require.subject }),
    ...(require.cipher === "" ? {} : { cipher: require.cipher }),
  };
}

/** "backup_admin" is "BACKUP_ADMIN ON *.*"; ALL is ALL PRIVILEGES. */
export function normalGrant(text: string): string {
  const [, privilege, on] = /^\s*(.+?)(?:\s+ON\s+(.+?))?\s*$/i.exec(text) ?? [];
  const name = (privilege ?? text).toUpperCase().replace(/\s+/g, " ");
  return `${name === "ALL" ? "ALL PRIVILEGES" : name} ON ${objectOf(on ?? "*.*").text}`;
}

/** Why a declared grant cannot be one, or undefined. */
export function grantProblem(text: string): string | undefined {
  const object = /^(\*\.\*|([^\s.*'"`;]+|`[^`;]+`)\.(\*|[^\s.*'"`;]+|`[^`;]+`))$/;
  const [privilege, on, ...more] = text.trim().split(/\s+ON(?:\s+|$)/i);
  const fine =
    /^[A-Za-z_]+( [A-Za-z_]+)*$/.test(privilege ?? "") &&
    (on === undefined || object.test(on)) &&
    more.length === 0;
  return fine ? undefined : 'must be "PRIVILEGE" or "PRIVILEGE ON schema.table"';
}

/** `my.db`.* and my_db.*: a name in backticks may hold a dot, and then keeps them. */
function objectOf(on: string): { text: string; quoted: string } {
  const parts = [...on.matchAll(/`([^`]+)`|([^.`]+)/g)].map((m) => m[1] ?? m[2]!);
  const plain = (part: string): string => (part.includes(".") ? identifier(part) : part);
  return {
    text: parts.map(plain).join("."),
    quoted: parts.map((part) => (part === "*" ? "*" : identifier(part))).join("."),
  };
}

function objectIn(grantText: string): string {
  return grantText.slice(grantText.lastIndexOf(" ON ") + 4);
}

function has(held: readonly string[], wanted: string): boolean {
  const all = `ALL PRIVILEGES ON ${objectIn(wanted)}`;
  return held.map(normalGrant).some((g) => g === wanted || g === all);
}

function split(grantText: string): { privilege: string; on: string } {
  const at = grantText.lastIndexOf(" ON ");
  return { privilege: grantText.slice(0, at), on: objectOf(grantText.slice(at + 4)).quoted };
}

function grant(place: AccountPlace, name: string, text: string): Step {
  const { privilege, on } = split(text);
  return step(place.address, `GRANT ${privilege} ON ${on} TO ${name}`, [
    sql(`REVOKE ${privilege} ON ${on} FROM ${name}`),
  ]);
}

function revocations(
  place: AccountPlace,
  name: string,
  held: readonly string[],
  wanted: readonly string[],
): Step[] {
  return (
    held
      .map(normalGrant)
      // The server lists ALL one by one.
      .filter((g) => !has(wanted, g))
      .map((text) => {
        const { privilege, on } = split(text);
        return step(place.address, `REVOKE ${privilege} ON ${on} FROM ${name}`, [
          sql(`GRANT ${privilege} ON ${on} TO ${name}`),
        ]);
      })
  );
}
