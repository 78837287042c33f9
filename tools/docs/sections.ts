import { join } from "node:path";
import ts from "typescript";
import type { Variable } from "../../provider/mysql/catalogue";
import { costs } from "../../provider/plan/step";
import { type Contract, type Field, docOf, oneLine, parse, readContract } from "./contract";
import { type PropertyCost, type StackCosts, freeVariables, propertyCosts } from "./costs";
import { privilegesSection } from "./privileges";
import { cell, code, table } from "./table";
import { optionTable, protocolTable, statementTable, variablesByVersion } from "./versions";

/** Everything that is generated, by the name that stands in the markers. */
export function sections(root: string): ReadonlyMap<string, string> {
  const contract = readContract(root);
  const found = new Map<string, string>();
  for (const shape of contract.values()) {
    if (shape.kind === "resource") found.set(`outputs ${shape.name}`, outputs(shape.fields, contract));
    else if (/Args$/.test(shape.name)) found.set(`inputs ${shape.name}`, inputs(shape.fields, contract));
    else found.set(`fields ${shape.name}`, outputs(shape.fields, contract));
  }
  found.set("costs", costTable(propertyCosts()));
  found.set("variables", variableTable());
  found.set("errors", errorTable(root));
  found.set("privileges", privilegesSection(root));
  found.set("statements by version", statementTable());
  found.set("options by version", optionTable());
  found.set("protocols by version", protocolTable());
  found.set("variables by version", variablesByVersion());
  return found;
}

function inputs(fields: readonly Field[], contract: Contract): string {
  return table(
    ["Property", "Type", "Default", "MySQL", "Since", "Cost of a change", "Description"],
    fields.map((field) => [
      code(field.name) + (field.required ? " (required)" : ""),
      typeCell(field, contract),
      field.required ? "" : cell(field.tags["default"] ?? ""),
      field.tags["mysql"] === undefined ? "" : mysqlCell(field.tags["mysql"]),
      cell(field.tags["since"] ?? ""),
      cell(field.tags["cost"] ?? ""),
      cell(oneLine(field.description)) + (field.tags["secret"] === undefined ? "" : " Secret."),
    ]),
  );
}

function outputs(fields: readonly Field[], contract: Contract): string {
  return table(
    ["Output", "Type", "Description"],
    fields.map((field) => [code(field.name), typeCell(field, contract), cell(oneLine(field.description))]),
  );
}

/** Nested args have a table of their own: their heading is their name. */
function typeCell(field: Field, contract: Contract): string {
  const text = code(field.type);
  const [name] = field.refers;
  return name === undefined || !contract.has(name)
    ? text
    : `[${text}](${pageOf(name)}#${name.toLowerCase()})`;
}

function pageOf(shape: string): string {
  if (shape.startsWith("Connection")) return "connection.md";
  if (shape.startsWith("Ssh")) return "certificate-files.md";
  if (/^(Issuer|Subject|Revoked)/.test(shape)) return "certificates.md";
  return shape === "CertificateRequirementArgs" ? "replication-user.md" : "group-member.md";
}

/** "REQUIRE", "GRANT, REVOKE": words of statements are code as well. */
function mysqlCell(text: string): string {
  return cell(text.replace(/\b[A-Z]{4,}( [A-Z]{2,})*\b(?!_)/g, (words) => `\`${words}\``));
}

function costTable(all: readonly PropertyCost[]): string {
  const groups = new Map<string, PropertyCost[]>();
  for (const entry of all) {
    const key = `${meaning(entry.costs.XCOM, entry.material)}|${meaning(entry.costs.MYSQL, entry.material)}`;
    groups.set(key, [...(groups.get(key) ?? []), entry]);
  }
  const rank = ([, [first]]: [string, PropertyCost[]]): number =>
    costs.indexOf(first!.costs.XCOM) * costs.length + costs.indexOf(first!.costs.MYSQL);
  const rows = [...groups.entries()]
    .sort((a, b) => rank(a) - rank(b))
    .map(([key, entries]) => [changes(entries), ...key.split("|")]);
  return table(["What you change", "XCOM stack", "MYSQL stack"], rows);
}

function changes(entries: readonly PropertyCost[]): string {
  const resources = [...new Set(entries.map((entry) => entry.resource))];
  return resources
    .map((resource) => {
      const whats = entries.filter((entry) => entry.resource === resource).map((entry) => named(entry.what));
      return `${resource}: ${whats.join(", ")}`;
    })
    .join("; ");
}

function named(what: string): string {
  const [first, ...rest] = what.split(" ");
  return /[A-Z]/.test(first!) || rest.length === 0 ? [code(first!), ...rest].join(" ") : what;
}

function meaning(cost: StackCosts["XCOM"], material: boolean): string {
  switch (cost) {
    case "none":
      return "none";
    case "tls-reload":
      return "TLS reload";
    case "channel-restart":
      return "channel restart";
    case "member-restart":
      return material ? "TLS reload, then a rolling restart" : "rolling restart";
    case "group-restart":
      return "full restart: refused while the group runs";
    case "server-restart":
      return "server restart";
  }
}

function variableTable(): string {
  return table(
    ["Variable", "Value", "Since", "XCOM stack", "MYSQL stack"],
    freeVariables().map(({ variable, costs }) => [
      code(variable.name),
      valueCell(variable),
      variable.since,
      meaning(costs.XCOM, false),
      meaning(costs.MYSQL, false),
    ]),
  );
}

function valueCell(v: Variable): string {
  if (v.type === "integer") return `${v.min ?? ""} to ${v.max ?? ""}${v.unit ? ` ${v.unit}` : ""}`;
  return v.values ? v.values.map(code).join(", ") : v.type;
}

function errorTable(root: string): string {
  const source = parse(join(root, "provider/errors.ts"));
  const rows = source.statements
    .filter(ts.isClassDeclaration)
    .map((node) => [codeOf(node), code(node.name!.text), cell(oneLine(docOf(node).description))])
    .filter(([number]) => number !== "")
    .sort(([a], [b]) => (a! < b! ? -1 : 1));
  return table(["Code", "Class", "When"], rows);
}

/** The first argument of the class's super call. */
function codeOf(node: ts.ClassDeclaration): string {
  return /super\(\s*"(GR\d{3})"/.exec(node.getText())?.[1] ?? "";
}
