import { type Ability, dialectOf } from "../../../provider/mysql/dialect";
import { variable } from "../../../provider/mysql/catalogue";
import { print, secret, sql } from "../../../provider/mysql/sql";

function statements(version: string): string[] {
  const d = dialectOf(version);
  const options = [sql(`${d.source}_USER = 'u'`), sql(`${d.source}_PASSWORD = `, secret("password"))];
  return [
    d.changeSource(options, "c"),
    d.changeSource(options.slice(0, 1), "c"),
    d.startReceiver("c"),
    d.stopReceiver("c"),
    d.resetChannel("c"),
  ].map(print);
}

const master = [
  "CHANGE MASTER TO MASTER_USER = 'u', MASTER_PASSWORD = <password> FOR CHANNEL 'c'",
  "CHANGE MASTER TO MASTER_USER = 'u' FOR CHANNEL 'c'",
];
const source = [
  "CHANGE REPLICATION SOURCE TO SOURCE_USER = 'u', SOURCE_PASSWORD = <password> FOR CHANNEL 'c'",
  "CHANGE REPLICATION SOURCE TO SOURCE_USER = 'u' FOR CHANNEL 'c'",
];
const slave = [
  "START SLAVE IO_THREAD FOR CHANNEL 'c'",
  "STOP SLAVE IO_THREAD FOR CHANNEL 'c'",
  "RESET SLAVE ALL FOR CHANNEL 'c'",
];
const replica = [
  "START REPLICA IO_THREAD FOR CHANNEL 'c'",
  "STOP REPLICA IO_THREAD FOR CHANNEL 'c'",
  "RESET REPLICA ALL FOR CHANNEL 'c'",
];

describe("dialectOf", () => {
  it.each([
    ["5.7.22", [...master, ...slave]],
    ["8.0.15", [...master, ...slave]],
    ["8.0.21", [...master, ...slave]],
    ["8.0.22", [...master, ...replica]],
    ["8.0.23", [...source, ...replica]],
    ["8.0.36-28.1-log", [...source, ...replica]],
    ["8.4.0", [...source, ...replica]],
    ["9.7.4", [...source, ...replica]],
    ["27.1.0", [...source, ...replica]],
  ])("speaks the words of %s", (version, expected) => {
    expect(statements(version)).toEqual(expected);
  });

  it.each([
    ["8.0.12", { setAsPrimary: false, setAsPrimaryTimeout: false, retainPassword: false }],
    ["8.0.13", { setAsPrimary: true, setAsPrimaryTimeout: false, retainPassword: false }],
    ["8.0.14", { setAsPrimary: true, setAsPrimaryTimeout: false, retainPassword: true }],
    ["8.0.28", { setAsPrimary: true, setAsPrimaryTimeout: false, retainPassword: true }],
    ["8.0.29", { setAsPrimary: true, setAsPrimaryTimeout: true, retainPassword: true }],
    ["9.7.4", { setAsPrimary: true, setAsPrimaryTimeout: true, retainPassword: true }],
  ])("knows what %s can do", (version, abilities) => {
    expect(dialectOf(version)).toMatchObject(abilities);
  });

  it.each<[Ability, string, string]>([
    ["persist", "5.7.44", "8.0.0"],
    ["dynamicPrivileges", "5.7.44", "8.0.0"],
    ["cachingSha2", "8.0.2", "8.0.3"],
    ["reloadTls", "8.0.15", "8.0.16"],
    ["retainPassword", "8.0.13", "8.0.14"],
    ["startWithCredentials", "8.0.20", "8.0.21"],
    ["setAsPrimary", "8.0.12", "8.0.13"],
    ["setAsPrimaryTimeout", "8.0.28", "8.0.29"],
    ["clone", "8.0.16", "8.0.17"],
    ["mysqlStack", "8.0.26", "8.0.27"],
  ])("has no %s on %s, and has it from %s on", (ability, last, first) => {
    expect([last, first, "9.7.4"].map((version) => dialectOf(version)[ability])).toEqual([false, true, true]);
  });

  it.each([
    ["reloadTls", "ssl_ca", "dynamicSince"],
    ["mysqlStack", "group_replication_communication_stack", "since"],
  ] as const)("agrees with the catalogue on %s", (ability, name, field) => {
    const first = variable(name)[field]!;
    const before = first.replace(/\d+$/, (patch) => String(Number(patch) - 1));
    expect([before, first].map((version) => dialectOf(version)[ability])).toEqual([false, true]);
  });
});
