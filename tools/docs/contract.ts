import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

/** One property of an args interface, or one output of a resource, as its docstring tells it. */
export interface Field {
  name: string;
  type: string;
  /** Interfaces of the contract that its type names. */
  refers: string[];
  required: boolean;
  description: string;
  /** By name: default, mysql, since, cost, secret. */
  tags: Partial<Record<string, string>>;
}

/** An interface, or a resource class with its outputs. */
export interface Shape {
  name: string;
  kind: "interface" | "resource";
  description: string;
  fields: Field[];
}

/** What provider/resources declares, by name. */
export type Contract = ReadonlyMap<string, Shape>;

export function readContract(root: string): Contract {
  const folder = join(root, "provider/resources");
  const files = readdirSync(folder).filter((name) => name.endsWith(".ts"));
  const shapes = files.flatMap((name) => shapesOf(parse(join(folder, name))));
  const known = new Set(shapes.map((shape) => shape.name));
  for (const field of shapes.flatMap((shape) => shape.fields))
    field.refers = field.refers.filter((name) => known.has(name));
  return new Map(shapes.map((shape) => [shape.name, shape]));
}

export function parse(file: string): ts.SourceFile {
  return ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest, true);
}

function shapesOf(source: ts.SourceFile): Shape[] {
  return source.statements.flatMap((node): Shape[] => {
    if (ts.isInterfaceDeclaration(node))
      return [
        {
          name: node.name.text,
          kind: "interface",
          description: docOf(node).description,
          fields: node.members.filter(ts.isPropertySignature).map(fieldOf),
        },
      ];
    if (ts.isClassDeclaration(node) && node.name && node.heritageClauses)
      return [
        {
          name: node.name.text,
          kind: "resource",
          description: docOf(node).description,
          fields: node.members.filter(ts.isPropertyDeclaration).map(fieldOf),
        },
      ];
    return [];
  });
}

function fieldOf(node: ts.PropertySignature | ts.PropertyDeclaration): Field {
  const refers: string[] = [];
  const type = node.type ? typeText(node.type, refers) : "unknown";
  return {
    name: node.name.getText(),
    type,
    refers,
    required: node.questionToken === undefined,
    ...docOf(node),
  };
}

/** The type as a reader of the program sees it: without Pulumi's wrappers. */
function typeText(node: ts.TypeNode, refers: string[]): string {
  if (ts.isTypeReferenceNode(node)) {
    const name = node.typeName.getText();
    const args = (node.typeArguments ?? []).map((arg) => typeText(arg, refers));
    if (name === "pulumi.Input" || name === "pulumi.Output") return args[0]!;
    refers.push(name);
    return args.length === 0 ? name : `${name}<${args.join(", ")}>`;
  }
  if (ts.isArrayTypeNode(node)) {
    const item = typeText(node.elementType, refers);
    return /[ |]/.test(item) ? `(${item})[]` : `${item}[]`;
  }
  if (ts.isUnionTypeNode(node))
    return node.types
      .filter((part) => part.kind !== ts.SyntaxKind.UndefinedKeyword)
      .map((part) => typeText(part, refers))
      .join(" | ");
  return node.getText();
}

const tagPattern = /(?:^|\s)@(default|mysql|since|cost|secret)\b/;

/** The comment before a declaration: its text, and its tags wherever they stand in it. */
export function docOf(node: ts.Node): Pick<Field, "description" | "tags"> {
  const text = node.getSourceFile().text;
  const range = (ts.getLeadingCommentRanges(text, node.pos) ?? []).at(-1);
  const comment = range && text.slice(range.pos, range.end);
  if (!comment?.startsWith("/**")) return { description: "", tags: {} };
  const plain = comment
    .slice(3, -2)
    .split("\n")
    .map((line) => line.replace(/^\s*\*? ?/, ""))
    .join("\n");
  const [description = "", ...rest] = plain.split(tagPattern);
  const tags: Field["tags"] = {};
  for (let i = 0; i < rest.length; i += 2) tags[rest[i]!] = oneLine(rest[i + 1]!);
  return { description: description.trim(), tags };
}

/** Prose of one paragraph: a table's cell holds no line ends. */
export function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}
