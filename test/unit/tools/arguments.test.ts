import { readArguments, SUITES, UsageError } from "../../../tools/test/arguments";

describe("arguments of npm test", () => {
  it.each([
    { given: [], suites: [...SUITES], jestArguments: [], withOldServers: true },
    { given: ["--without-old-servers"], suites: [...SUITES], jestArguments: [], withOldServers: false },
    {
      given: ["integration", "--without-old-servers"],
      suites: ["integration"],
      jestArguments: [],
      withOldServers: false,
    },
    {
      given: ["--without-old-servers", "--", "-t", "rejoins"],
      suites: ["unit", "integration", "e2e", "package"],
      jestArguments: ["-t", "rejoins"],
      withOldServers: false,
    },
    {
      given: ["unit", "--", "--without-old-servers"],
      suites: ["unit"],
      jestArguments: ["--without-old-servers"],
      withOldServers: true,
    },
  ])("are understood: $given", ({ given, ...expected }) => {
    expect(readArguments(given)).toEqual(expected);
  });

  it("are refused where one is neither a suite nor an option, and those that exist are named", () => {
    expect(() => readArguments(["--without-servers"])).toThrow(UsageError);
    expect(() => readArguments(["--without-servers"])).toThrow("--without-old-servers");
  });
});
