/** In the order in which they run. */
export const SUITES = ["static", "unit", "integration", "e2e", "package"] as const;
export type Suite = (typeof SUITES)[number];

export interface Arguments {
  suites: Suite[];
  /** Passed on to jest as they are. */
  jestArguments: string[];
  /** Whether tests that need servers of old releases run. */
  withOldServers: boolean;
}

const WITHOUT_OLD_SERVERS = "--without-old-servers";

const USAGE = `usage: npm test                             all suites
       npm test -- SUITE...                 some of ${SUITES.join(", ")}
       npm test -- [SUITE...] -- ARGUMENTS  with arguments for jest, such as a path or -t NAME
  ${WITHOUT_OLD_SERVERS}  leave out tests that need MySQL 5.7.22 and 8.0.15, which come with Maven`;

export class UsageError extends Error {}

/** Without a suite's name all run; with arguments for jest those that jest runs. */
export function readArguments(given: readonly string[]): Arguments {
  const end = given.indexOf("--");
  const own = end < 0 ? given : given.slice(0, end);
  const names = own.filter((name) => name !== WITHOUT_OLD_SERVERS);
  const jestArguments = end < 0 ? [] : given.slice(end + 1);
  const wrong = names.find((name) => !isSuite(name));
  if (wrong !== undefined) throw new UsageError(`There is no test suite "${wrong}".\n${USAGE}`);
  const wanted = names.length > 0 ? names.filter(isSuite) : SUITES;
  const suites = SUITES.filter(
    (suite) =>
      wanted.includes(suite) && (names.length > 0 || jestArguments.length === 0 || suite !== "static"),
  );
  return { suites, jestArguments, withOldServers: names.length === own.length };
}

function isSuite(name: string): name is Suite {
  return (SUITES as readonly string[]).includes(name);
}
