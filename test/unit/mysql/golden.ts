import { ProviderError } from "../../../provider/errors";
import { print } from "../../../provider/mysql/sql";
import type { Step } from "../../../provider/plan/step";
import { versions } from "../../../tools/docs/versions";

/** What a planner sends, each statement followed by what takes it back; or why it refuses. */
export function sent(plan: (version: string) => readonly Step[], version: string): string[] {
  try {
    return plan(version).flatMap((s) => [print(s.sql), ...s.undo.map((undo) => `  back: ${print(undo)}`)]);
  } catch (error) {
    if (!ProviderError.is(error)) throw error;
    return [`refused: ${error.parts.what.replace(`runs ${version}`, "runs <version>")}`];
  }
}

/** "8.0.22 to 8.0.27" names those of the columns of docs/versions.md; each of them stands in one range. */
function inRange(range: string): string[] {
  const [from, to = from] = range.split(" to ");
  const [first, last] = [from, to].map((v) => versions.findIndex((known) => known === v));
  if (first === -1 || last === -1) throw new Error(`"${range}" is no range of versions`);
  return versions.slice(first, last! + 1);
}

type Golden = Readonly<Record<string, readonly string[]>>;

export function golden(title: string, plan: (version: string) => readonly Step[], expected: Golden): void {
  describe(title, () => {
    it("is told for every version", () => {
      expect(Object.keys(expected).flatMap(inRange)).toEqual(versions);
    });

    it.each(Object.entries(expected))("on %s", (range, lines) => {
      for (const version of inRange(range)) expect(sent(plan, version)).toEqual(lines);
    });
  });
}
