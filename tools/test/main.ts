import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { findEngine } from "../engine";
import { readArguments, UsageError, type Arguments, type Suite } from "./arguments";
import { passSignalsOn, runChild } from "./child";
import { summarize, total, type Result } from "./results";

type JestSuite = Exclude<Suite, "static">;

/** In the names of test files that need servers of old releases. */
const OLD_SERVERS = "old-servers";
const STATIC_CHECKS = ["typecheck", "lint"];
const MAX_WORKERS: Record<JestSuite, number> = {
  unit: availableParallelism(),
  // Each worker runs a group of servers of its own; it waits for them most of the time.
  integration: 2,
  e2e: 2,
  package: 1,
};

async function main(): Promise<void> {
  const given = readArguments(process.argv.slice(2));
  const { suites } = given;
  passSignalsOn();
  const isReady = !suites.some(needsServers) || (await setUp());
  // With a filter, nobody knows whether they are needed; the tests that need them get them.
  const needsOldServers = given.withOldServers && given.jestArguments.length === 0;
  if (isReady && needsOldServers && suites.some(usesOldServers)) await setUpOldServers();
  const results: Result[] = [];
  for (const suite of suites) {
    console.error(`\n${suite}`);
    if (suite === "static") results.push(await runStaticChecks());
    else if (needsServers(suite) && !isReady) results.push(notRun(suite, "set-up failed, see above"));
    else results.push(await runJest(suite, given));
  }
  // A filter may leave a suite without tests, but not all of them.
  const isGood = total(results, "failed") === 0 && total(results, "passed") > 0;
  process.exitCode = isGood ? 0 : 1;
  console.log(summarize(results));
}

function needsServers(suite: Suite): boolean {
  return suite === "integration" || suite === "e2e" || suite === "package";
}

/** What is slow the first time happens here, with its progress shown; the tests find it in the cache. */
async function setUp(): Promise<boolean> {
  const parts = await Promise.allSettled([findEngine(), findServerFiles()]);
  const failures = parts.filter((part) => part.status === "rejected");
  for (const { reason } of failures) console.error(reason instanceof Error ? reason.message : reason);
  return failures.length === 0;
}

async function findServerFiles(): Promise<{ version: string }> {
  const { findServer } = await import("../sandbox/server.js");
  return findServer();
}

function usesOldServers(suite: Suite): boolean {
  if (!needsServers(suite)) return false;
  const folder = resolve(__dirname, "../../test", suite);
  return readdirSync(folder, { recursive: true }).some((path) => String(path).includes(OLD_SERVERS));
}

/** Where they cannot be had, only the tests that need them fail, and say so. */
async function setUpOldServers(): Promise<void> {
  const { findOldServer, OLD_VERSIONS } = await import("../sandbox/old-server.js");
  // One after the other: they share what they bring along.
  for (const version of OLD_VERSIONS) {
    await findOldServer(version).catch((error: unknown) => {
      console.error(error instanceof Error ? error.message : error);
    });
  }
}

async function versionsUsed(leavesOut: boolean): Promise<string> {
  const { version } = await findServerFiles();
  const { OLD_VERSIONS } = await import("../sandbox/old-server.js");
  const old = OLD_VERSIONS.join(" and ");
  return leavesOut ? `on MySQL ${version}; ${old} left out` : `on MySQL ${version}, ${old}`;
}

async function runStaticChecks(): Promise<Result> {
  const started = Date.now();
  const failed: string[] = [];
  for (const check of STATIC_CHECKS) {
    if ((await runChild("npm", ["run", "--silent", check])) !== 0) failed.push(check);
  }
  return {
    suite: "static",
    passed: STATIC_CHECKS.length - failed.length,
    failed: failed.length,
    skipped: 0,
    seconds: secondsSince(started),
    ...(failed.length > 0 ? { note: `failed: ${failed.join(", ")}` } : {}),
  };
}

async function runJest(
  suite: JestSuite,
  { jestArguments, withOldServers }: Pick<Arguments, "jestArguments" | "withOldServers">,
): Promise<Result> {
  const started = Date.now();
  const folder = mkdtempSync(join(tmpdir(), "jest-results-"));
  const file = join(folder, "results.json");
  const isFiltered = jestArguments.length > 0;
  const leavesOut = !withOldServers && usesOldServers(suite);
  try {
    const code = await runChild(
      process.execPath,
      [
        require.resolve("jest/bin/jest"),
        // Jest takes what follows for further patterns, up to the next option.
        ...(leavesOut ? [`--testPathIgnorePatterns=${OLD_SERVERS}`] : []),
        `--selectProjects=${suite}`,
        `--maxWorkers=${MAX_WORKERS[suite]}`,
        "--json",
        `--outputFile=${file}`,
        ...(isFiltered ? ["--passWithNoTests"] : []),
        ...jestArguments,
      ],
      leavesOut ? { MYSQLGR_WITHOUT_OLD_SERVERS: "1" } : {},
    );
    const counts = existsSync(file) ? readCounts(file) : { passed: 0, failed: 0, skipped: 0 };
    const result: Result = {
      suite,
      ...counts,
      seconds: secondsSince(started),
      ...(usesOldServers(suite) ? { note: await versionsUsed(leavesOut) } : {}),
    };
    if (result.failed > 0 || (code === 0 && (result.passed > 0 || isFiltered))) return result;
    const note = result.passed === 0 ? "ran no tests" : `jest ended with code ${code}`;
    return { ...result, failed: 1, note };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function readCounts(file: string): Pick<Result, "passed" | "failed" | "skipped"> {
  const report = JSON.parse(readFileSync(file, "utf8"));
  return {
    passed: report.numPassedTests,
    // A file that cannot be loaded has no tests that could fail.
    failed: report.numFailedTests + report.numRuntimeErrorTestSuites,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

function notRun(suite: Suite, note: string): Result {
  return { suite, passed: 0, failed: 1, skipped: 0, seconds: 0, note };
}

function secondsSince(started: number): number {
  return (Date.now() - started) / 1000;
}

main().catch((error: unknown) => {
  console.error(error instanceof UsageError ? error.message : error);
  process.exitCode = error instanceof UsageError ? 2 : 1;
});
