// One by one: the whole package takes 10 ms to load, in a process that every pulumi command starts anew.
import coerce from "semver/functions/coerce";
import gte from "semver/functions/gte";
import parse from "semver/functions/parse";

/** "9.7.4-2" and "8.0.36-28.1-log" both are versions of MySQL. */
export function parseVersion(text: string): string {
  const version = coerce(text);
  if (!version) throw new Error(`not a server version: ${text}`);
  return version.version;
}

export function atLeast(version: string, floor: string): boolean {
  return gte(parseVersion(version), floor);
}

/** The version's series as the manual names them: 5.7, 8.0, 8.4, 9.7. */
export function seriesOf(version: string): string {
  const { major, minor } = parse(parseVersion(version))!;
  return `${major}.${minor}`;
}
