import { resolve } from "node:path";
import { readContract } from "../../../tools/docs/contract";
import { proseProblems, staleSections } from "../../../tools/docs/check";
import { propertyCosts, variableNamed } from "../../../tools/docs/costs";

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

function fieldOf(resource: string, name: string) {
  return contract.get(`${resource}Args`)!.fields.find((field) => field.name === name)!;
}
