import { canonical, existsOn, nameOn, variable } from "./catalogue";

/** Lines of one section, by option name. */
export type OptionSection = Readonly<Record<string, string>>;

/** Sections in the order in which they are given; one without options is left out. */
export function renderSections(sections: Readonly<Record<string, OptionSection>>): string {
  return Object.entries(sections)
    .filter(([, options]) => Object.keys(options).length > 0)
    .map(([name, options]) => [`[${name}]`, ...lines(options)].join("\n"))
    .map((section) => `${section}\n`)
    .join("\n");
}

function lines(options: OptionSection): string[] {
  return Object.entries(options).map(([name, value]) => `${name}=${optionValue(value)}`);
}

/** As the servers' own parser reads it back: a # begins a comment, white space at the ends is cut off, a backslash escapes. */
export function optionValue(value: string): string {
  const escaped = value.replace(/[\\\n\r\t\b]/g, (c) => escapes[c]!);
  // Within double quotes a # and spaces are only themselves.
  return /^\s|\s$|[#'"]/.test(value) || value === "" ? `"${escaped.replace(/"/g, '\\"')}"` : escaped;
}

const escapes: Record<string, string> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b" };

/**
 * [mysqld] lines for declared variables, under the names of that version; what it does not have is left out. The plugin's are
 * "loose": a server that starts without the plugin warns, and starts.
 */
export function serverSection(declared: Readonly<Record<string, string>>, version: string): OptionSection {
  const entries = Object.entries(declared).flatMap(([name, value]) => {
    const v = variable(name);
    const live = existsOn(v, version) ? v.name : nameOn(v, version);
    if (live === undefined || v.neverPersist) return [];
    const option = live.startsWith("group_replication_") ? `loose-${live}` : live;
    return [[option, canonical(v, value)] as const];
  });
  return Object.fromEntries(entries);
}
