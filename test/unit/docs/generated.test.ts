import { resolve } from "node:path";
import { readContract } from "../../../tools/docs/contract";
import { proseProblems, staleSections } from "../../../tools/docs/check";
import { propertyCosts, variableNamed } from "../../../tools/docs/costs";
import {
  optionTable,
  protocolTable,
  statementTable,
  variablesByVersion,
  versions,
} from "../../../tools/docs/versions";

const root = resolve(__dirname, "../../..");
const contract = readContract(root);

test("the generated tables are current", () => {
  expect(staleSections(root)).toEqual([]);
});

test("links lead somewhere and programs compile", () => {
  expect(proseProblems(root)).toEqual([]);
});

test("each property's docstring tells the cost that the planner finds", () => {
  const single = propertyCosts().filter((entry) =>
    contract.get(`${entry.resource}Args`)?.fields.some((f) => f.name === entry.what),
  );
  for (const { resource, what, words } of single)
    expect({ resource, what, words: fieldOf(resource, what).tags["cost"] }).toEqual({
      resource,
      what,
      words,
    });
  expect(fieldOf("GroupMember", "sslMode").tags["cost"]).toBe(
    "rolling restart; full restart on XCOM to or from DISABLED",
  );
});

test("each variable that a docstring names is in the catalogue", () => {
  const fields = ["GroupMemberArgs", "RecoveryChannelArgs"].flatMap((name) => contract.get(name)!.fields);
  const named = fields.filter((field) => /^[a-z]+_/.test(field.tags["mysql"] ?? ""));
  expect(named.filter((field) => variableNamed(field.tags["mysql"]) === undefined)).toEqual([]);
  expect(named.length).toBeGreaterThan(40);
});

test("each property has a description, and each that may be left out a default", () => {
  const fields = [...contract.values()].flatMap((shape) =>
    shape.fields.map((field) => ({ path: `${shape.name}.${field.name}`, shape, field })),
  );
  expect(fields.filter(({ field }) => field.description === "").map(({ path }) => path)).toEqual([]);
  const optional = fields.filter(({ shape, field }) => /Args$/.test(shape.name) && !field.required);
  expect(optional.filter(({ field }) => field.tags["default"] === undefined).map(({ path }) => path)).toEqual(
    [],
  );
});

/** Cells of the row that begins with `first`, by heading. */
function row(table: string, first: string): Record<string, string> {
  const [headings, , ...rows] = table.split("\n").map((line) => line.slice(2, -2).split(" | "));
  const found = rows.find((cells) => cells[0] === first)!;
  return Object.fromEntries(headings!.map((heading, i) => [heading, found[i]!]));
}

test("the tables of versions say what the dialect, the rules and the catalogue say", () => {
  const statements = statementTable();
  expect(versions.filter((v) => row(statements, "`CHANGE ... TO`")[v] === "`MASTER`").at(-1)).toBe("8.0.22");
  expect(row(optionTable(), "`getPublicKey`")).toEqual({
    Option: "`getPublicKey`",
    "Before 8.0.23": "`GET_MASTER_PUBLIC_KEY`",
    "From 8.0.23": "`GET_SOURCE_PUBLIC_KEY`",
    Since: "8.0.4",
    "Wants stopped": "the receiver",
  });
  expect(row(optionTable(), "`gtidOnly`")).toMatchObject({ "Before 8.0.23": "-", Since: "8.0.27" });
  expect(row(statements, "`SET PERSIST`, `SET PERSIST_ONLY`, `RESET PERSIST`")).toMatchObject({
    "5.7.22": "-",
    "8.0.11": "yes",
  });
  expect(row(protocolTable(), "the server, for its clients")).toMatchObject({
    "8.0.15": "TLSv1 to TLSv1.2",
    "8.0.19": "TLSv1 to TLSv1.3",
    "9.7": "TLSv1.2, TLSv1.3",
  });
  expect(row(variablesByVersion(), "`group_replication_ip_whitelist`")).toEqual({
    Variable: "`group_replication_ip_whitelist`",
    Since: "5.7.17",
    "Set live from": "",
    "Gone from": "8.3.0",
    "Other name": "now: `group_replication_ip_allowlist`",
    "A change acts": "after a rolling restart",
  });
});

function fieldOf(resource: string, name: string) {
  return contract.get(`${resource}Args`)!.fields.find((field) => field.name === name)!;
}
