import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Deployment as State } from "@pulumi/pulumi/automation";
import { query, type Sandbox } from "../../tools/sandbox";
import { adminPasswordOf, RECOVERY_PASSWORD, type Declaration } from "../e2e/harness";

/** What one version of the package left in state, and the program's declaration that it did so for. */
export interface Sample {
  declaration: Declaration;
  state: State;
}

export function samples(): string[] {
  return readdirSync(__dirname)
    .filter((name) => name.endsWith(".json"))
    .map((name) => name.replace(/\.json$/, ""));
}

export function readSample(name: string): Sample {
  return JSON.parse(readFileSync(join(__dirname, `${name}.json`), "utf8")) as Sample;
}

/** The sample with a placeholder for everything that only the sandbox had in which it was recorded. */
export async function generalized(sample: Sample, sandbox: Sandbox): Promise<Sample> {
  const names = Object.entries(await particularsOf(sandbox));
  const general = (text: string) =>
    names.reduce((rest, [name, value]) => rest.replace(wholeWord(value), `\${${name}}`), text);
  return mapped(withoutOrigin(sample), (value) =>
    typeof value === "string" || typeof value === "number"
      ? unchangedOr(value, general(String(value)))
      : value,
  ) as Sample;
}

/** The sample as if it had been recorded in this sandbox. */
export async function particularized(sample: Sample, sandbox: Sandbox): Promise<Sample> {
  const particulars = await particularsOf(sandbox);
  const particular = (text: string) =>
    text.replace(/\$\{([\w.]+)\}/g, (placeholder, name: string) => particulars[name] ?? placeholder);
  return mapped(sample, (value) => {
    if (typeof value !== "string") return value;
    const text = particular(value);
    // A port that is a number of its own, and not a part of a text.
    return /^\$\{\w+\.port\}$/.test(value) ? Number(text) : text;
  }) as Sample;
}

/** By their placeholders; what could be a part of another comes after that. */
async function particularsOf(sandbox: Sandbox): Promise<Record<string, string>> {
  const members = await Promise.all(
    sandbox.members.map(async (member) => {
      const [row] = await query(member, "SELECT @@server_uuid uuid");
      return [
        [`${member.name}.uuid`, String(row!.uuid)],
        [`${member.name}.localPort`, member.localAddress.split(":")[1]!],
        [`${member.name}.port`, String(member.port)],
      ] as const;
    }),
  );
  return {
    folder: sandbox.folder,
    groupName: sandbox.groupName,
    adminPassword: adminPasswordOf(sandbox),
    recoveryPassword: RECOVERY_PASSWORD,
    ...Object.fromEntries(members.flat()),
  };
}

function wholeWord(text: string): RegExp {
  return new RegExp(`(?<![0-9A-Za-z])${text.replace(/[^0-9A-Za-z]/g, "\\$&")}(?![0-9A-Za-z])`, "g");
}

function unchangedOr(value: string | number, text: string): string | number {
  return text === String(value) ? value : text;
}

/** Where the program lay, and with which key its secrets were encrypted: they are in it as plain text. */
function withoutOrigin(value: unknown): unknown {
  return mapped(value, (inner) => {
    if (typeof inner !== "object" || inner === null || Array.isArray(inner)) return inner;
    const {
      sourcePosition: _a,
      stackTrace: _b,
      secrets_providers: _c,
      ...rest
    } = inner as Record<string, unknown>;
    return rest;
  });
}

function mapped(value: unknown, change: (value: unknown) => unknown): unknown {
  const changed = change(value);
  if (Array.isArray(changed)) return changed.map((item) => mapped(item, change));
  if (typeof changed !== "object" || changed === null) return changed;
  return Object.fromEntries(Object.entries(changed).map(([key, inner]) => [key, mapped(inner, change)]));
}
