import { type Variable, existsOn, findVariable, variables } from "../../provider/mysql/catalogue";
import { planChannel } from "../../provider/plan/recovery-channel";
import { type Cost, costs } from "../../provider/plan/step";
import { type ServerView, effectOn, isTlsMaterial } from "../../provider/plan/view";
import { channelProperties, memberProperties, variableOf } from "../../provider/plan/wish";
import { variableFailures } from "../../provider/runtime/validation";

/** The version that the whole is tested with as a group. */
export const testedVersion = "9.7.4";

type Stack = ServerView["stack"];

/** What a change costs on a member that runs, by stack. */
export interface StackCosts {
  XCOM: Cost;
  MYSQL: Cost;
}

function running(stack: Stack): ServerView {
  return {
    address: "",
    version: testedVersion,
    running: true,
    stack,
    plugin: true,
    variables: {
      group_replication_ssl_mode: { value: "REQUIRED" },
      group_replication_tls_source: { value: "mysql_main" },
    },
    sinceStart: [],
    notLoaded: [],
    baseline: {},
  };
}

/** As the planner has it: the same function decides it in preview and in update. */
export function costsOf(variable: string, sslMode = "VERIFY_CA"): StackCosts {
  const on = (stack: Stack): Cost => {
    const effect = effectOn(running(stack), variable, sslMode);
    return costs.find((cost) => cost === effect) ?? "none";
  };
  return { XCOM: on("XCOM"), MYSQL: on("MYSQL") };
}

/** The channel's own options and credentials: the planner is asked with a channel that has another password. */
function credentialCosts(): StackCosts {
  const on = (stack: Stack): Cost => {
    const seen = {
      user: "recovery",
      passwordMatches: false,
      networkNamespace: "",
      privilegeChecksUser: "",
      requireTablePrimaryKeyCheck: "STREAM",
    };
    return planChannel(running(stack), seen, { user: "recovery", hasPassword: true, variables: {} }, []).cost;
  };
  return { XCOM: on("XCOM"), MYSQL: on("MYSQL") };
}

export interface PropertyCost {
  resource: "GroupMember" | "RecoveryChannel" | "ReplicationUser";
  /** What is changed, as a reader of the table names it. */
  what: string;
  /** In the words of the docstrings. */
  words: string;
  costs: StackCosts;
  /** Loaded by ALTER INSTANCE RELOAD TLS, on XCOM before the restart. */
  material: boolean;
}

export function propertyCosts(): PropertyCost[] {
  const none: StackCosts = { XCOM: "none", MYSQL: "none" };
  const user = (what: string): PropertyCost => ({
    resource: "ReplicationUser",
    what,
    words: "none",
    costs: none,
    material: false,
  });
  return [
    ...memberProperties.flatMap((property) => memberCosts(property)),
    ...["user", "password", "networkNamespace", "privilegeChecksUser", "requireTablePrimaryKeyCheck"].map(
      (what): PropertyCost => ({
        resource: "RecoveryChannel",
        what,
        words: wordsFor(credentialCosts(), false),
        costs: credentialCosts(),
        material: false,
      }),
    ),
    ...channelProperties.map((what): PropertyCost => {
      const found = costsOf(variableOf(what).name);
      return {
        resource: "RecoveryChannel",
        what,
        words: wordsFor(found, false),
        costs: found,
        material: false,
      };
    }),
    user("every property"),
  ];
}

function memberCosts(property: string): PropertyCost[] {
  const v = variableOf(property);
  const material = isTlsMaterial(v.name);
  const entry = (what: string, found: StackCosts): PropertyCost => ({
    resource: "GroupMember",
    what,
    words: wordsFor(found, material),
    costs: found,
    material,
  });
  if (property !== "sslMode") return [entry(property, costsOf(v.name))];
  return [
    entry("sslMode between encrypted modes", costsOf(v.name)),
    entry("sslMode to or from DISABLED", costsOf(v.name, "DISABLED")),
  ];
}

/** Docstrings say it so; the unit test holds them to it. */
export function wordsFor({ XCOM, MYSQL }: StackCosts, material: boolean): string {
  if (XCOM === MYSQL) return words[XCOM];
  if (material && MYSQL === "tls-reload") return "TLS reload; on XCOM a rolling restart as well";
  return `${words[XCOM]}; ${words[MYSQL]} on the MYSQL stack`;
}

const words: Record<Cost, string> = {
  none: "none",
  "tls-reload": "TLS reload",
  "channel-restart": "channel restart",
  "member-restart": "rolling restart",
  "group-restart": "full restart",
  "server-restart": "server restart",
};

/** What GroupMember takes under `variables`, by asking its own check. */
export function freeVariables(): { variable: Variable; costs: StackCosts }[] {
  return variables()
    .filter((v) => existsOn(v, testedVersion) && variableFailures(sample(v), memberProperties).length === 0)
    .map((v) => ({ variable: v, costs: costsOf(v.name) }));
}

function sample(v: Variable): { variables: Record<string, string | number> } {
  if (v.type === "integer") return { variables: { [v.name]: Number(v.min ?? 1) } };
  const usual = v.defaults.at(-1)?.value;
  return { variables: { [v.name]: v.values?.[0] ?? (typeof usual === "string" ? usual : "x") } };
}

/** What the catalogue says of a docstring's @mysql, if that names a variable. */
export function variableNamed(mysql: string | undefined): Variable | undefined {
  return findVariable((mysql ?? "").split(" ")[0]!);
}
