import { readFileSync } from "node:fs";
import type { Member } from "../sandbox";

const STARTED = "MY-014010";

/** Times, in seconds since 1970, at which START GROUP_REPLICATION came through, from the server's error log. */
export function startsOf(member: Member): number[] {
  return linesWith(member, STARTED).map((line) => Date.parse(line.slice(0, line.indexOf(" "))) / 1000);
}

export function lastStartOf(member: Member): number {
  return startsOf(member).at(-1) ?? 0;
}

function linesWith({ errorLog }: Member, code: string): string[] {
  return readFileSync(errorLog, "utf8")
    .split("\n")
    .filter((line) => line.includes(`[${code}]`));
}
