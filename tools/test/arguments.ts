/** In the order in which they run. */
export const SUITES = ["static", "unit", "integration", "e2e", "package"] as const;
export type Suite = (typeof SUITES)[number];

export interface Arguments {
  suites: Suite[];
  /** Passed on to jest as they are. */
  jestArguments: string[];
}

const USAGE = `usage: npm test                             all suites
       npm test -- SUITE...                 some of ${SUITES.join(", ")}
       npm test -- [SUITE...] -- ARGUMENTS  with arguments for jest, such as a path or -t NAME`;

export class UsageError extends Error {}

/** Without a suite's name all run; with arguments for jest those that jest runs. */
export function readArguments(given: readonly string[]): Arguments {
  const end = given.indexOf("--");
  const names = end < 0 ? given : given.slice(0, end);
  const jestArguments = end < 0 ? [] : given.slice(end + 1);
  const wrong = names.find((name) => !isSuite(name));
  if (wrong !== undefined) throw new UsageError(`There is no test suite "${wrong}".\n${USAGE}`);
  const wanted = names.length > 0 ? names.filter(isSuite) : SUITES;
  const suites = SUITES.filter(
    (suite) =>
      wanted.includes(suite) && (names.length > 0 || jestArguments.length === 0 || suite !== "static"),
  );
  return { suites, jestArguments };
}

function isSuite(name: string): name is Suite {
  return (SUITES as readonly string[]).includes(name);
}
