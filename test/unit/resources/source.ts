import { readFileSync } from "node:fs";
import { join } from "node:path";

/** A property of an args interface, as its source documents it. */
export interface Field {
  readonly name: string;
  readonly optional: boolean;
  readonly type: string;
  readonly text: string;
  /** What follows the tag, e.g. tag("mysql"). */
  tag(name: string): string | undefined;
}

/** The properties of `interface <name>` in provider/resources/<file>. */
export function fieldsOf(file: string, name: string): Field[] {
  const source = readFileSync(join(__dirname, "../../../provider/resources", file), "utf8");
  const start = source.indexOf(`export interface ${name} {`);
  if (start === -1) throw new Error(`${file} has no interface ${name}`);
  const body = source.slice(start, source.indexOf("\n}\n", start));
  return [...body.matchAll(/\/\*\*((?:[^*]|\*(?!\/))*)\*\/\s+(\w+)(\?)?: ([^;]+);/g)].map((match) => {
    const [, doc = "", field = "", optional, type = ""] = match;
    const text = doc.replace(/^\s*\*? ?/gm, "").trim();
    const tag = (which: string): string | undefined =>
      new RegExp(`@${which}\\b(?: (.*))?`).exec(text)?.[1]?.trim();
    return { name: field, optional: optional !== undefined, type: type.replace(/\s+/g, " "), text, tag };
  });
}
