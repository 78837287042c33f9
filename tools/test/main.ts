import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { findEngine } from "../engine";
import { readArguments, UsageError, type Suite } from "./arguments";
import { passSignalsOn, runChild } from "./child";
import { summarize, total, type Result } from "./results";

type JestSuite = Exclude<Suite, "static">;

const STATIC_CHECKS = ["typecheck", "lint"];
const MAX_WORKERS: Record<JestSuite, number> = {
  unit: availableParallelism(),
  // Each worker runs a group of servers of its own.
  integration: 2,
  e2e: 1,
  package: 1,
};

async function main(): Promise<void> {
  const { suites, jestArguments } = readArguments(process.argv.slice(2));
  passSignalsOn();
  const isReady = !suites.some(needsServers) || (await setUp());
  const results: Result[] = [];
  for (const suite of suites) {
    console.error(`\n${suite}`);
    if (suite === "static") results.push(await runStaticChecks());
    else if (needsServers(suite) && !isReady) results.push(notRun(suite, "set-up failed, see above"));
    else results.push(await runJest(suite, jestArguments));
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

async function findServerFiles(): Promise<unknown> {
  const { findServer } = await import("../sandbox/server.js");
  return findServer();
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

async function runJest(suite: JestSuite, jestArguments: readonly string[]): Promise<Result> {
  const started = Date.now();
  const folder = mkdtempSync(join(tmpdir(), "jest-results-"));
  const file = join(folder, "results.json");
  const isFiltered = jestArguments.length > 0;
  try {
    const code = await runChild(process.execPath, [
      require.resolve("jest/bin/jest"),
      `--selectProjects=${suite}`,
      `--maxWorkers=${MAX_WORKERS[suite]}`,
      "--json",
      `--outputFile=${file}`,
      ...(isFiltered ? ["--passWithNoTests"] : []),
      ...jestArguments,
    ]);
    const counts = existsSync(file) ? readCounts(file) : { passed: 0, failed: 0, skipped: 0 };
    const result: Result = { suite, ...counts, seconds: secondsSince(started) };
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
