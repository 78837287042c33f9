import { print } from "../../../provider/mysql/sql";
import type { Step } from "../../../provider/plan/step";
import type { ServerView } from "../../../provider/plan/view";
import { defaultOf } from "../builders";

/** What statements move: live and persisted values by name, and whether the plugin is there. */
export interface Machine {
  live: Map<string, string | null>;
  persisted: Map<string, string>;
  plugin: boolean;
  reloads: number;
}

export function machineOf(view: ServerView): Machine {
  const entries = Object.entries(view.variables);
  return {
    live: new Map(entries.map(([name, seen]) => [name, seen.value])),
    persisted: new Map(
      entries.flatMap(([name, seen]) =>
        seen.persisted === undefined ? [] : [[name, seen.persisted] as const],
      ),
    ),
    plugin: view.plugin,
    reloads: 0,
  };
}

/** MySQL's literals: NULL, DEFAULT, bare words and numbers, and 'text' with backslash escapes. */
export function literalValue(text: string): string | null {
  if (text === "NULL") return null;
  if (!text.startsWith("'")) return text;
  const escapes: Record<string, string> = { "0": "\0", n: "\n", r: "\r", b: "\b", t: "\t", Z: "\x1a" };
  return text.slice(1, -1).replace(/\\(.)/gs, (_, c: string) => escapes[c] ?? c);
}

/** Runs SET, RESET PERSIST and INSTALL PLUGIN as a server would, and refuses whatever else it does not know. */
export function run(machine: Machine, steps: readonly Pick<Step, "sql">[], version: string): void {
  for (const { sql } of steps) runOne(machine, print(sql), version);
}

function runOne(machine: Machine, text: string, version: string): void {
  const set = /^SET (PERSIST|GLOBAL|PERSIST_ONLY) (\S+) = (.+)$/s.exec(text);
  if (set) {
    const [, scope, name, literal] = set as unknown as [string, string, string, string];
    const value = literal === "DEFAULT" ? defaultOf(name, version) : literalValue(literal);
    if (scope !== "PERSIST_ONLY") machine.live.set(name, value);
    // A persisted NULL reads as an empty string.
    if (scope !== "GLOBAL") machine.persisted.set(name, value ?? "");
    return;
  }
  const reset = /^RESET PERSIST IF EXISTS (\S+)$/.exec(text);
  if (reset) return void machine.persisted.delete(reset[1]!);
  if (text === "ALTER INSTANCE RELOAD TLS") return void machine.reloads++;
  if (text === "STOP GROUP_REPLICATION" || text === "START GROUP_REPLICATION") return;
  if (text === "INSTALL PLUGIN group_replication SONAME 'group_replication.so'") {
    machine.plugin = true;
    return;
  }
  if (text === "UNINSTALL PLUGIN group_replication") {
    machine.plugin = false;
    for (const name of machine.live.keys())
      if (name.startsWith("group_replication_")) machine.live.delete(name);
    return;
  }
  throw new Error(`the interpreter does not know: ${text}`);
}

/** What the planner would see after the statements: live and persisted; nothing waits for a START any more. */
export function viewAfter(view: ServerView, machine: Machine): ServerView {
  return {
    ...view,
    plugin: machine.plugin,
    running: true,
    sinceStart: [],
    notLoaded: [],
    variables: Object.fromEntries(
      [...machine.live].map(([name, value]) => {
        const persisted = machine.persisted.get(name);
        return [name, persisted === undefined ? { value } : { value, persisted }];
      }),
    ),
  };
}
