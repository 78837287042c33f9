import { mkdirSync } from "node:fs";
import { delimiter, dirname, join, resolve } from "node:path";
import type { PulumiCommand } from "@pulumi/pulumi/automation";
import * as semver from "semver";
import { cacheFolder } from "../cache";
import { info } from "../report";
import { buildWithGo, cachedGoEngine, GO_ENGINE_VERSION } from "./go-build";
import { cachedInstalledEngine, INSTALLED_VERSION, runInstaller } from "./installer";
import { isReachableFrom, onPath, PARTS } from "./parts";
import { run } from "./run";

/** A Pulumi engine with all that a TypeScript program with dynamic resources needs. */
export interface Engine {
  /** Holds the program `pulumi`. */
  folder: string;
  version: string;
  origin: "PATH" | "cache" | "built with Go" | "official installer";
  /** True also when such an engine comes from the cache. */
  builtWithGo: boolean;
}

// The first whose refresh hands a provider's inputs back to the next diff (also the peer dependency's range).
const MINIMUM_VERSION = "3.216.0";
const CHECKOUT = resolve(__dirname, "../..");

let found: Promise<Engine> | undefined;

/** The user's Pulumi if there is one; otherwise one that is kept in the cache folder, made on the first call. */
export function findEngine(): Promise<Engine> {
  found ??= search().catch((error: unknown) => {
    found = undefined;
    throw error;
  });
  return found;
}

/**
 * The environment for an unattended run of the engine whose settings and state are all in the folder `home`.
 * The PULUMI_* variables of the caller are left out, so that no run reaches the user's own backend.
 */
export function engineEnvironment(engine: Engine, home: string): NodeJS.ProcessEnv {
  const state = join(resolve(home), "state");
  mkdirSync(state, { recursive: true });
  // Named as undefined rather than dropped: the Automation API adds what it is given to the caller's own variables.
  const inherited = Object.entries(process.env).map(([name, value]) => [
    name,
    name.startsWith("PULUMI_") ? undefined : value,
  ]);
  const path = [engine.folder, join(CHECKOUT, "node_modules", ".bin"), process.env["PATH"] ?? ""];
  return {
    ...Object.fromEntries(inherited),
    PATH: path.join(delimiter),
    PULUMI_HOME: resolve(home),
    PULUMI_BACKEND_URL: `file://${state}`,
    PULUMI_CONFIG_PASSPHRASE: "unattended",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    // Its language host is of another version than it expects, and it would look for the expected one on the network.
    ...(engine.builtWithGo ? { PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true" } : {}),
  };
}

/** The engine for the Automation API, which by itself looks on this process's PATH and not on that of `envVars`. */
export async function automationCommand(engine: Engine): Promise<PulumiCommand> {
  const { PulumiCommand } = await import("@pulumi/pulumi/automation/index.js");
  return engine.origin === "PATH" ? PulumiCommand.get() : PulumiCommand.get({ root: dirname(engine.folder) });
}

async function search(): Promise<Engine> {
  const failures: string[] = [];
  const attempt = async (way: string, find: () => Promise<Engine> | Engine): Promise<Engine | undefined> => {
    try {
      return await find();
    } catch (error) {
      failures.push(`- ${way}: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
  };
  const atHand = (await attempt("pulumi on the PATH", fromPath)) ?? (await attempt("the cache", fromCache));
  if (atHand) return atHand;
  if (onPath("pulumi") !== undefined) info(`The Pulumi on the PATH is not used:\n${failures[0]}`);
  const made =
    (await attempt("building with Go", fromGo)) ?? (await attempt("the official installer", fromInstaller));
  if (made) return made;
  throw new Error(
    `No Pulumi engine could be found or made. Tried in turn:\n${failures.join("\n")}\n` +
      "Do: put the Pulumi CLI (https://www.pulumi.com/docs/install/) or Go on the PATH, then run this again.",
  );
}

async function fromPath(): Promise<Engine> {
  const pulumi = onPath("pulumi");
  if (pulumi === undefined) throw new Error("there is none");
  const missing = PARTS.filter((part) => !isReachableFrom(pulumi, part));
  if (missing.length > 0)
    throw new Error(`${pulumi} has no ${missing.join(" and no ")} beside it or on the PATH`);
  const version = semver.clean(
    await run(pulumi, ["version"], { env: { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" } }),
  );
  if (version === null || semver.lt(version, MINIMUM_VERSION)) {
    throw new Error(`${pulumi} is version ${version ?? "unknown"}, older than ${MINIMUM_VERSION}`);
  }
  return { folder: dirname(pulumi), version, origin: "PATH", builtWithGo: false };
}

function fromCache(): Engine {
  const built = cachedGoEngine();
  if (built) return { folder: built, version: GO_ENGINE_VERSION, origin: "cache", builtWithGo: true };
  const installed = cachedInstalledEngine();
  if (installed)
    return { folder: installed, version: INSTALLED_VERSION, origin: "cache", builtWithGo: false };
  throw new Error(`${cacheFolder()} holds none of this version`);
}

async function fromGo(): Promise<Engine> {
  const folder = await buildWithGo();
  return { folder, version: GO_ENGINE_VERSION, origin: "built with Go", builtWithGo: true };
}

async function fromInstaller(): Promise<Engine> {
  const folder = await runInstaller();
  return { folder, version: INSTALLED_VERSION, origin: "official installer", builtWithGo: false };
}
