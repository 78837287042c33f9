import { type Effect, type Variable, effectIn, variables } from "../../provider/mysql/catalogue";
import { type ChannelOption, channelOptions, optionName } from "../../provider/mysql/channel-options";
import { type Ability, type Dialect, dialectOf } from "../../provider/mysql/dialect";
import { type Sql, print } from "../../provider/mysql/sql";
import { atLeast } from "../../provider/mysql/versions";
import { type TlsUse, protocolsOn } from "../../provider/tls/rules";
import { cell, code, table } from "./table";

/** Those in which something changes, and the series that come after. */
export const versions = [
  "5.7.22",
  "8.0.11",
  "8.0.15",
  "8.0.19",
  "8.0.22",
  "8.0.23",
  "8.0.27",
  "8.0.36",
  "8.4",
  "9.0",
  "9.7",
] as const;

/** Statements of which one part differs: the row says what stays, a cell what stands for the dots. */
const words: readonly { around: string; of?: string; statement: (d: Dialect) => Sql | string }[] = [
  { around: "CHANGE ... TO", statement: (d) => d.changeSource([], "") },
  { around: "..._USER", of: "and the other options", statement: (d) => `${d.source}_USER` },
  { around: "START ... IO_THREAD", statement: (d) => d.startReceiver("") },
  { around: "STOP ... IO_THREAD", statement: (d) => d.stopReceiver("") },
  { around: "RESET ... ALL", statement: (d) => d.resetChannel("") },
];

/** In the order of the table. */
const abilities: Readonly<Record<Ability, string>> = {
  persist: "`SET PERSIST`, `SET PERSIST_ONLY`, `RESET PERSIST`",
  dynamicPrivileges: "`GROUP_REPLICATION_ADMIN` and other privileges in place of `SUPER`",
  cachingSha2: "`caching_sha2_password`",
  reloadTls: "`ALTER INSTANCE RELOAD TLS`",
  retainPassword: "`RETAIN CURRENT PASSWORD`, `DISCARD OLD PASSWORD`",
  startWithCredentials: "`START GROUP_REPLICATION USER = ..., PASSWORD = ...`",
  setAsPrimary: "`group_replication_set_as_primary(uuid)`",
  setAsPrimaryTimeout: "`group_replication_set_as_primary(uuid, timeout)`",
  clone: "recovery by clone",
  mysqlStack: "the MYSQL stack",
};

export function statementTable(): string {
  const dialects = versions.map(dialectOf);
  return table(
    ["Statement", ...versions],
    [
      ...words.map(({ around, of, statement }) => [
        code(around) + (of === undefined ? "" : `, ${of}`),
        ...dialects.map((d) => code(between(around, statement(d)))),
      ]),
      ...Object.entries(abilities).map(([ability, text]) => [
        text,
        ...dialects.map((d) => (d[ability as Ability] ? "yes" : "-")),
      ]),
    ],
  );
}

function between(around: string, statement: Sql | string): string {
  const text = typeof statement === "string" ? statement : print(statement);
  const [head = "", tail = ""] = around.split("...");
  const end = tail === "" ? text.length : text.indexOf(tail, head.length);
  if (!text.startsWith(head) || end === -1) throw new Error(`"${text}" is no "${around}"`);
  return text.slice(head.length, end);
}

/** Each option of a channel in both dialects. */
export function optionTable(): string {
  return table(
    ["Option", "Before 8.0.23", "From 8.0.23", "Since", "Wants stopped"],
    channelOptions.map((option) => [
      code(option.property),
      atLeast("8.0.22", option.since) ? code(optionName(option, "8.0.22")) : "-",
      code(optionName(option, "8.0.23")),
      sinceCell(option),
      option.thread === "both" ? "both threads" : `the ${option.thread}`,
    ]),
  );
}

function sinceCell({ since, wordsSince = {} }: ChannelOption): string {
  const words = Object.entries(wordsSince).map(([word, first]) => `${word} ${first}`);
  return since + (words.length === 0 ? "" : ` (${words.join(", ")})`);
}

const uses: Readonly<Record<TlsUse, string>> = {
  server: "the server, for its clients",
  group: "group communication on XCOM",
  recovery: "a member that recovers",
};

export function protocolTable(): string {
  const range = (version: string, use: TlsUse): string => {
    const all = protocolsOn(version, use);
    return all.length < 3 ? all.join(", ") : `${all[0]} to ${all.at(-1)}`;
  };
  return table(
    ["Protocols of", ...versions],
    Object.entries(uses).map(([use, text]) => [text, ...versions.map((v) => range(v, use as TlsUse))]),
  );
}

export function variablesByVersion(): string {
  return table(
    ["Variable", "Since", "Set live from", "Gone from", "Other name", "A change acts"],
    variables().map((v) => [
      code(v.name),
      Object.values(v.sinceBySeries ?? { any: v.since }).join("; "),
      liveFrom(v),
      v.until ?? "",
      cell([...named("before", v.renamedFrom), ...named("now", v.renamedTo)].join("; ")),
      effectCell(v),
    ]),
  );
}

function effectCell(v: Variable): string {
  const before = effectIn(v, v.since);
  return before === v.effect
    ? effects[v.effect]
    : `${effects[v.effect]}; before ${v.liveSince} ${effects[before]}`;
}

function liveFrom(v: Variable): string {
  if (v.dynamic === false) return "never";
  return v.dynamicSince === undefined || v.dynamicSince === v.since ? "" : v.dynamicSince;
}

function named(when: string, name: string | undefined): string[] {
  return name === undefined ? [] : [`${when}: ${name}`];
}

const effects: Readonly<Record<Effect, string>> = {
  immediate: "at once",
  "next-start": "at the next START",
  "next-recovery": "at the next recovery",
  "tls-reload": "after a TLS reload",
  "member-restart": "after a rolling restart",
  "group-restart": "after a full restart",
  "server-restart": "after a server restart",
};
