import { canonical, findVariable, nameOn, variable } from "../../provider/mysql/catalogue";
import type { MemberFact, ServerFacts, VariableFact } from "../../provider/mysql/facts";
import { atLeast } from "../../provider/mysql/versions";
import type { SeenVariable, ServerView } from "../../provider/plan/view";
import type { GroupPicture, ScheduledJob, ScheduledMember } from "../../provider/rolling/picture";

/** The newest server that the catalogue was read from. */
export const version = "9.7.4";
export const address = "db1:3306";

/** What a member that runs on `stack` usually has; `null` is NULL. */
const usual: Record<string, string | null> = {
  group_replication_group_name: "8a94f357-aab4-11e8-9d3f-0242ac120002",
  group_replication_local_address: "db1:33061",
  group_replication_group_seeds: "db1:33061,db2:33061,db3:33061",
  group_replication_ssl_mode: "REQUIRED",
  group_replication_tls_source: "MYSQL_MAIN",
  group_replication_communication_stack: "XCOM",
  group_replication_recovery_ssl_ca: "",
  group_replication_recovery_ssl_capath: "",
  ssl_ca: "ca.pem",
  ssl_capath: null,
};

export interface ViewOptions extends Partial<Omit<ServerView, "variables">> {
  /** Live values; a string alone is live and not persisted, as after the option file. */
  variables?: Record<string, string | null | SeenVariable>;
}

/** A member that runs, ONLINE, on the XCOM stack with ssl_mode REQUIRED, unless told otherwise. */
export function view({ variables = {}, ...rest }: ViewOptions = {}): ServerView {
  const seen = Object.entries<string | null | SeenVariable>({
    ...usual,
    group_replication_communication_stack: rest.stack ?? "XCOM",
    ...variables,
  });
  return {
    address,
    version,
    running: true,
    stack: "XCOM",
    plugin: true,
    sinceStart: [],
    notLoaded: [],
    baseline: {},
    ...rest,
    variables: Object.fromEntries(
      seen.map(([name, value]) => [name, value !== null && typeof value === "object" ? value : { value }]),
    ),
  };
}

/** A view on which everything in the wish is live, persisted and in effect. */
export function viewAsDeclared(wish: Readonly<Record<string, string>>, rest: ViewOptions = {}): ServerView {
  const live = Object.fromEntries(
    Object.entries(wish).map(([name, value]) => [name, { value, persisted: value }]),
  );
  return view({
    ...rest,
    stack: wish["group_replication_communication_stack"] === "MYSQL" ? "MYSQL" : (rest.stack ?? "XCOM"),
    variables: { ...rest.variables, ...live },
  });
}

/** The default that a server of this version starts with, as the catalogue knows it. */
export function defaultOf(name: string, on = version): string | null {
  const value = variable(name)
    .defaults.filter((d) => atLeast(on, d.from))
    .at(-1)?.value;
  return value === undefined || value === null
    ? null
    : canonical(variable(name), value as string | number | boolean);
}

export interface FactsOptions extends Partial<Omit<ServerFacts, "variables" | "members">> {
  variables?: Record<string, string | null | VariableFact>;
  members?: readonly MemberFact[];
  state?: MemberFact["state"];
  role?: MemberFact["role"];
  stack?: string;
}

const uuid = "11111111-1111-11e8-9d3f-0242ac120001";

export function member(options: Partial<MemberFact> = {}): MemberFact {
  return {
    id: uuid,
    host: "db1",
    port: 3306,
    state: "ONLINE",
    role: "PRIMARY",
    version,
    stack: "XCom",
    ...options,
  };
}

/** A server in no group, unless a state is given. */
export function facts(options: FactsOptions = {}): ServerFacts {
  const { variables = {}, state, role, stack, members, ...rest } = options;
  const all = Object.entries<string | null | VariableFact>({ ...usual, ...variables }).flatMap(
    ([name, value]): [string, VariableFact][] => {
      const live = findVariable(name) ? nameOn(variable(name), rest.version ?? version) : name;
      if (live === undefined) return [];
      return [[live, value !== null && typeof value === "object" ? value : { value, source: "COMPILED" }]];
    },
  );
  const own =
    state === undefined
      ? []
      : [member({ id: rest.uuid ?? uuid, state, role: role ?? "PRIMARY", stack: stack ?? "XCom" })];
  return {
    address,
    uuid,
    version,
    reportHost: "db1",
    port: 3306,
    now: 1_800_000_000,
    account: "'root'@'localhost'",
    plugins: { group_replication: "ACTIVE" },
    members: members ?? own,
    viewId: undefined,
    startedAt: undefined,
    gtidExecuted: "",
    applierQueue: 0,
    channel: undefined,
    loadedTls: {},
    ...rest,
    variables: Object.fromEntries(all),
  };
}

export function scheduled(id: string, options: Partial<ScheduledMember> = {}): ScheduledMember {
  return { id, address: `${id}:3306`, version, state: "ONLINE", primary: false, ...options };
}

/** A member of the deployment, and what it has to do. */
export function job(
  id: string,
  action: ScheduledJob["action"],
  options: Partial<ScheduledMember & ScheduledJob> = {},
): ScheduledMember {
  const { bootstrap = false, groupRestart = false, waits, ...rest } = options;
  return scheduled(id, {
    ...(action === "start" ? { state: "OFFLINE" as const } : {}),
    ...rest,
    job: { action, bootstrap, groupRestart, ...(waits === undefined ? {} : { waits }) },
  });
}

export function picture(
  members: readonly ScheduledMember[],
  rest: Partial<Omit<GroupPicture, "members">> = {},
): GroupPicture {
  return { group: "g", singlePrimary: true, ...rest, members };
}

/** What `work` throws; fails the test where it throws nothing. */
export function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}
