const withRealServers = { setupFilesAfterEnv: ["<rootDir>/tools/test/real-timeout.cjs"] };

const project = (suite, settings = {}) => ({
  displayName: suite,
  testMatch: [`<rootDir>/test/${suite}/**/*.test.ts`],
  // A fixture is a project of its own, with its own dependencies.
  testPathIgnorePatterns: ["<rootDir>/test/package/fixture/"],
  roots: ["<rootDir>/provider", "<rootDir>/tools", "<rootDir>/test"],
  testEnvironment: "node",
  transform: {
    "\\.ts$": [
      "@swc/jest",
      {
        swcrc: false,
        jsc: { parser: { syntax: "typescript" }, target: "es2023" },
        module: { type: "commonjs" },
      },
    ],
  },
  ...settings,
});

module.exports = {
  projects: [
    project("unit"),
    project("integration", withRealServers),
    project("e2e", withRealServers),
    project("package", withRealServers),
  ],
};
