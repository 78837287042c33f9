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

/** By both, as a group has few versions and each is compared with the same floors again and again. */
const compared = new Map<string, boolean>();

export function atLeast(version: string, floor: string): boolean {
  const key = `${version} ${floor}`;
  const found = compared.get(key) ?? gte(parseVersion(version), floor);
  compared.set(key, found);
  return found;
}

/** The version's series as the manual names them: 5.7, 8.0, 8.4, 9.7. */
export function seriesOf(version: string): string {
  const { major, minor } = parse(parseVersion(version))!;
  return `${major}.${minor}`;
}
