import { OtherServerError, withLeft } from "../errors";
import { readAccount } from "../mysql/accounts";
import { type ServerFacts, isOnline, isRunning, valueOf } from "../mysql/facts";
import { observe, observeForRefresh } from "../mysql/observe";
import { privilegesFor, probePrivileges, requirePrivileges } from "../mysql/privileges";
import type { Session } from "../mysql/session";
import { print } from "../mysql/sql";
import type { Target } from "../mysql/target";
import {
  type AccountPlace,
  type RequireInput,
  type SeenAccount,
  type UserWish,
  dropUser,
  expireOf,
  grantProblem,
  planUser,
  requireInputOf,
  seenAccount,
} from "../plan/replication-user";
import { undoOf } from "../plan/group-member";
import { type Step, printSteps } from "../plan/step";
import { isUnknown } from "../plan/wish";
import { peerOf, proveRecovery, standIn } from "../rolling/proof";
import { type Open, awaitMembers, eachPlace, placeOf, run, withSessions } from "./account-places";
import { type ConnectionInputs, addressFrom, sayOnce, sessions, targetOf } from "./context";
import { PartialFailure, declaredIn, isNew, pack, providerOf, same, stateIn, stubChanged } from "./lifecycle";
import { discardOldPasswords } from "./old-password";
import { newestVersion, sayCreation } from "./preview";
import { type CheckFailure, type Inputs, firstOfEach, shapeFailures } from "./validation";

interface SeenPlace {
  readonly place: AccountPlace;
  readonly uuid: string;
  readonly account?: SeenAccount;
}

interface UserState extends Inputs {
  createdOn: string[];
  facts: { places: readonly SeenPlace[] };
}

const outputs = ["account", "addresses", "createdOn", "oldPasswordRetained", "facts"];
const declared = (all: Inputs): Inputs => declaredIn(all, outputs);

export function check(olds: Inputs | undefined, news: Inputs): { inputs: Inputs; failures: CheckFailure[] } {
  const inputs = declared(news);
  const failures = firstOfEach([
    ...shapeFailures("user", inputs),
    ...grantFailures(inputs["grants"]),
    ...requireFailures(inputs),
  ]);
  if (isNew(olds) && failures.length === 0) sayNewUser(inputs);
  return { inputs: { ...inputs, ...providerOf(news) }, failures };
}

function namesCertificate(require: unknown): boolean {
  if (typeof require !== "object" || require === null) return false;
  const { issuer, subject } = require as { issuer?: string; subject?: string };
  return issuer !== undefined || subject !== undefined;
}

function sayNewUser(inputs: Inputs): void {
  const wish = wishOfInputs(inputs);
  const servers = isUnknown(inputs["servers"])
    ? "servers that are not known yet"
    : (inputs["servers"] as ConnectionInputs[]).map(addressFrom).join(", ");
  const place: AccountPlace = { address: servers, version: newestVersion, inGroup: false, stack: "XCOM" };
  sayCreation(`account '${wish.user}'@'${wish.host}' on`, servers, () =>
    planUser(place, undefined, wish).map((s) => print(s.sql)),
  );
}

function grantFailures(grants: unknown): CheckFailure[] {
  if (!Array.isArray(grants)) return [];
  return grants.flatMap((grant, i) => {
    const problem = typeof grant === "string" && !isUnknown(grant) ? grantProblem(grant) : undefined;
    return problem === undefined ? [] : [{ property: `grants[${i}]`, reason: problem }];
  });
}

/** Without a password and without a certificate, anybody could log in. */
function requireFailures(inputs: Inputs): CheckFailure[] {
  const require = inputs["require"];
  if (inputs["password"] !== undefined && inputs["password"] !== "") return [];
  const certificate = require === "X509" || namesCertificate(require);
  return certificate || isUnknown(require)
    ? []
    : [
        {
          property: "require",
          reason: "must be X509, or name an issuer or a subject, for an account without a password",
        },
      ];
}

export function diff(
  _id: string,
  olds: Inputs,
  news: Inputs,
): { changes: boolean; replaces?: string[]; deleteBeforeReplace?: boolean } {
  const state = stateIn<UserState>(olds);
  const wish = wishAfter(olds, news);
  const passwordKept = isUnknown(news["password"]) || (olds["password"] ?? "") === (news["password"] ?? "");
  const steps = places(state).flatMap(({ place, account }) =>
    planUser(
      place,
      account && { ...account, passwordMatches: account.passwordMatches && passwordKept },
      // Whether a requirement that is not known yet is another one, only the update can tell.
      account && isUnknown(news["require"]) ? { ...wish, require: requireInputOf(account.require) } : wish,
    ),
  );
  const replaces = ["user", "host"].filter((key) => !isUnknown(news[key]) && !same(olds[key], news[key]));
  const retained = state["oldPasswordRetained"] === true;
  const changes =
    steps.length > 0 || retained || !same(declared(olds), declared(news)) || stubChanged(olds, news);
  if (replaces.length > 0) return { changes: true, replaces };
  if (steps.length > 0) sayUser(wish, steps, state);
  if (retained && steps.length === 0)
    sayOnce(`account ${wish.user}`, [
      `account '${wish.user}'@'${wish.host}': the old password goes once every recovery channel uses the new one`,
    ]);
  return { changes };
}

/** Each statement once, with the servers that it is for. */
function sayUser(wish: UserWish, steps: readonly Step[], state: UserState): void {
  const byText = new Map<string, string[]>();
  for (const { sql: statement, server } of steps)
    byText.set(print(statement), [...(byText.get(print(statement)) ?? []), server]);
  const alone = state.facts.places.some((p) => !p.place.inGroup);
  const about = `account '${wish.user}'@'${wish.host}'`;
  sayOnce(about, [
    `${about}: none`,
    ...[...byText].map(([text, servers]) => `    ${text}  [${servers.join(", ")}]`),
    ...(alone ? ["    (where these servers run in a group by now: once, through its primary)"] : []),
  ]);
}

/** One place a group: its statements reach the other members by replication. */
function places(state: UserState): SeenPlace[] {
  const grouped = state.facts.places.filter((p) => p.place.inGroup).slice(0, 1);
  return [...grouped, ...state.facts.places.filter((p) => !p.place.inGroup)];
}

export async function create(inputs: Inputs): Promise<{ id: string; outs: Inputs }> {
  const wish = wishOfInputs(inputs);
  const id = `${wish.user}@${wish.host}`;
  return { id, outs: await converge(inputs, undefined, id) };
}

export async function update(id: string, olds: Inputs, news: Inputs): Promise<{ outs: Inputs }> {
  return { outs: await converge(news, stateIn<UserState>(olds), id) };
}

export async function read(
  id: string,
  props: Inputs,
): Promise<{ id: string; props: Inputs; inputs: Inputs }> {
  const state = stateIn<UserState>(props);
  const inputs = declared(props);
  const wish = wishOfInputs(inputs);
  const seen = await look(inputs, wish, state, observeForRefresh);
  const outs = outputsOf(inputs, seen, state.createdOn);
  const live = liveInputs(inputs, seen);
  return { id, props: { ...outs, ...live }, inputs: live };
}

export async function remove(_id: string, props: Inputs): Promise<void> {
  const state = stateIn<UserState>(props);
  const wish = wishOfInputs(props);
  const targets = targetsOf(props);
  await withSessions(targets, async (open) => {
    open.forEach(({ facts }) => requireSame(facts, state));
    const ours = open.filter(
      ({ facts }) => props["forceDrop"] === true || state.createdOn.includes(facts.uuid),
    );
    await eachPlace(ours, targets, async (session, facts) => {
      const steps = [dropUser(facts.address, wish.user, wish.host)];
      await requirePrivileges(session, facts.account, privilegesOfSteps(facts, steps, wish));
      await run(session, facts, steps, "");
    });
  });
}

/** Makes the account as declared on every server: locally outside a group, through the primary inside one. */
async function converge(inputs: Inputs, state: UserState | undefined, id: string): Promise<Inputs> {
  const wish = state ? wishAfter(state, inputs) : wishOfInputs(inputs);
  const password = passwordOf(inputs);
  const targets = targetsOf(inputs);
  return withSessions(targets, async (open) => {
    open.forEach(({ facts }) => requireSame(facts, state));
    const createdOn = new Set(state?.createdOn ?? []);
    const before = new Map<string, boolean>();
    for (const { session, facts } of open)
      before.set(facts.uuid, (await readAccount(session, wish.user, wish.host)) !== undefined);
    const left = async (): Promise<Inputs> => {
      const seen = await look(inputs, wish);
      const ours = seen
        .filter((s) => s.account !== undefined && before.get(s.uuid) === false)
        .map((s) => s.uuid);
      return { ...outputsOf(inputs, seen, [...new Set([...createdOn, ...ours])]), ...providerOf(inputs) };
    };
    const stepsOn = async (session: Session, facts: ServerFacts): Promise<Step[]> =>
      planUser(placeOf(facts), seenAccount(await readAccount(session, wish.user, wish.host), password), wish);
    // Nothing is begun on one server that could not be done on another.
    await eachPlace(open, targets, async (session, facts) => {
      const needed = privilegesOfSteps(facts, await stepsOn(session, facts), wish);
      await requirePrivileges(session, facts.account, needed);
    });
    await eachPlace(open, targets, async (session, facts) => {
      const steps = await stepsOn(session, facts);
      if (steps.length === 0) return;
      await run(session, facts, steps, password);
      await proveOrUndo(open, { session, facts }, steps, wish, password);
    }).catch(async (error: unknown) => {
      // State must know what was created before it went wrong, or nobody would ever drop it.
      const outs = await left().catch(() => undefined);
      throw outs === undefined ? error : new PartialFailure(id, outs, error);
    });
    for (const [uuid, existed] of before) if (!existed) createdOn.add(uuid);
    await awaitMembers(open);
    const first = open.find(({ facts }) => isRunning(facts));
    if (first) await discardOldPasswords(first.session, first.facts, first.session.target, wish.user);
    return outputsOf(inputs, await look(inputs, wish), [...createdOn]);
  });
}

/** A requirement that a member's recovery channel cannot meet would keep it out: it is taken back. */
async function proveOrUndo(
  open: readonly Open[],
  { session, facts }: Open,
  steps: readonly Step[],
  wish: UserWish,
  password: string,
): Promise<void> {
  const group = valueOf(facts, "group_replication_group_name");
  const users = [{ session, facts }, ...open.filter((o) => o.facts.uuid !== facts.uuid)].filter(
    (o) => usesAccount(o.facts, wish) && valueOf(o.facts, "group_replication_group_name") === group,
  );
  try {
    for (const user of users)
      await proveRecovery(session, facts, [peerOf(facts)], { of: standIn(facts, user.facts) });
  } catch (error) {
    await run(session, facts, undoOf(steps), password);
    throw withLeft(error, `the account is as before on ${facts.address}`);
  }
}

function usesAccount(facts: ServerFacts, wish: UserWish): boolean {
  return isOnline(facts) && facts.channel?.user === wish.user;
}

function privilegesOfSteps(facts: ServerFacts, steps: readonly Step[], wish: UserWish): string[] {
  if (steps.length === 0) return [];
  const unlogged = isRunning(facts) ? [] : ["SET SESSION SQL_LOG_BIN = 0"];
  const proves = usesAccount(facts, wish) ? probePrivileges : [];
  return [...privilegesFor([...unlogged, ...printSteps(steps)]), ...proves];
}

/** A server that state knows by another server_uuid is another server. */
function requireSame(facts: ServerFacts, state: UserState | undefined): void {
  const known = state?.facts.places.find((p) => p.place.address === facts.address);
  if (known && known.uuid !== facts.uuid) throw new OtherServerError(facts.address, known.uuid, facts.uuid);
}

/** A change looks for itself: what another resource read a moment ago serves a refresh only. */
async function look(
  inputs: Inputs,
  wish: UserWish,
  state?: UserState,
  readFacts: (session: Session) => Promise<ServerFacts> = observe,
): Promise<SeenPlace[]> {
  return Promise.all(
    targetsOf(inputs).map((target) =>
      sessions.use(target, async (session) => {
        const facts = await readFacts(session);
        const account = await readAccount(session, wish.user, wish.host);
        requireSame(facts, state);
        const before = state?.facts.places.find((p) => p.uuid === facts.uuid)?.account;
        const seen = seenAccount(account, passwordOf(inputs), before);
        return {
          place: placeOf(facts),
          uuid: facts.uuid,
          ...(seen === undefined ? {} : { account: seen }),
        };
      }),
    ),
  );
}

function targetsOf(inputs: Inputs): Target[] {
  return (inputs["servers"] as ConnectionInputs[]).map(targetOf);
}

function passwordOf(inputs: Inputs): string {
  return typeof inputs["password"] === "string" ? inputs["password"] : "";
}

/** What is no longer declared goes back to the server's default. */
function wishAfter(before: Inputs, now: Inputs): UserWish {
  const removed = (key: string): boolean => before[key] !== undefined && now[key] === undefined;
  return {
    ...wishOfInputs(now),
    ...(removed("passwordExpire") ? { passwordExpire: "DEFAULT" as const } : {}),
    ...(removed("accountLocked") ? { accountLocked: false } : {}),
  };
}

function wishOfInputs(inputs: Inputs): UserWish {
  const value = <T>(key: string): T | undefined => (isUnknown(inputs[key]) ? undefined : (inputs[key] as T));
  return {
    user: value("user") ?? "(not known yet)",
    host: inputs["host"] === undefined ? "%" : (value<string>("host") ?? "(not known yet)"),
    hasPassword: passwordOf(inputs) !== "",
    authPlugin: value("authPlugin"),
    require: value<RequireInput>("require") ?? "SSL",
    grants: value("grants"),
    passwordExpire: value("passwordExpire"),
    accountLocked: value("accountLocked"),
  };
}

function outputsOf(inputs: Inputs, seen: readonly SeenPlace[], createdOn: readonly string[]): Inputs {
  const wish = wishOfInputs(inputs);
  return {
    ...declared(inputs),
    account: `'${wish.user}'@'${wish.host}'`,
    addresses: seen.filter((s) => s.account !== undefined).map((s) => s.place.address),
    createdOn: [...createdOn].sort(),
    oldPasswordRetained: seen.some((s) => s.account?.oldPassword === true),
    facts: pack({ places: seen } satisfies UserState["facts"]),
  };
}

/** The declaration with what the servers hold in it: what differs is drift. */
function liveInputs(inputs: Inputs, seen: readonly SeenPlace[]): Inputs {
  const wish = wishOfInputs(inputs);
  const live: Inputs = { ...inputs };
  const servers = inputs["servers"] as ConnectionInputs[];
  if (seen.some((s) => s.account === undefined))
    live["servers"] = servers.filter((_, i) => seen[i]?.account !== undefined);
  const drifted = (find: (account: SeenAccount) => unknown): SeenAccount | undefined =>
    seen.map((s) => s.account).find((account) => account !== undefined && find(account) !== undefined);
  const set = (key: string, find: (account: SeenAccount) => unknown): void => {
    const account = drifted(find);
    if (account) live[key] = find(account);
  };
  const place = seen[0]!.place;
  if (passwordOf(inputs) !== "")
    set("password", (a) => (a.passwordMatches ? undefined : "(another password on the server)"));
  if (wish.authPlugin !== undefined)
    set("authPlugin", (a) => (a.plugin === wish.authPlugin ? undefined : a.plugin));
  set("require", (a) =>
    stepsFor(place, a, { ...wish, hasPassword: false }, "REQUIRE") ? requireInputOf(a.require) : undefined,
  );
  if (wish.grants !== undefined)
    set("grants", (a) =>
      stepsFor(place, a, wish, "GRANT") || stepsFor(place, a, wish, "REVOKE") ? [...a.grants] : undefined,
    );
  if (wish.passwordExpire !== undefined)
    set("passwordExpire", (a) =>
      stepsFor(place, a, wish, "PASSWORD EXPIRE") ? expireOf(a.passwordLifetime) : undefined,
    );
  if (wish.accountLocked !== undefined)
    set("accountLocked", (a) => (a.locked === wish.accountLocked ? undefined : a.locked));
  return live;
}

/** Does the planner want a statement of this kind? Then the property has drifted. */
function stepsFor(place: AccountPlace, account: SeenAccount, wish: UserWish, word: string): boolean {
  return planUser(
    place,
    { ...account, passwordMatches: true, plugin: wish.authPlugin ?? account.plugin },
    wish,
  ).some((s) => print(s.sql).includes(`${word} `));
}
