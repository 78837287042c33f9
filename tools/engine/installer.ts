import { join } from "node:path";
import { version as SDK_VERSION } from "@pulumi/pulumi/package.json";
import * as semver from "semver";
import { cached, once } from "../cache";
import { step } from "../report";
import { missingParts } from "./parts";

const CACHE_KEY = `engine/installer/${SDK_VERSION}-${process.platform}-${process.arch}`;

/** Pulumi releases its engine and its SDK for Node under one number. */
export const INSTALLED_VERSION = SDK_VERSION;

export function cachedInstalledEngine(): string | undefined {
  const root = cached(CACHE_KEY);
  return root && join(root, "bin");
}

/**
 * Lets Pulumi's SDK run Pulumi's own installer into the cache; returns the engine's folder. Only its failure has been
 * seen: where this was developed, as where its tests run, nothing but package registries can be reached.
 */
export async function runInstaller(): Promise<string> {
  const root = await once(CACHE_KEY, async (folder) => {
    const installing = step(`Installing Pulumi ${SDK_VERSION} with the official installer, once`);
    try {
      await install(folder);
      installing.done();
    } catch (error) {
      installing.fail();
      throw error;
    }
  });
  return join(root, "bin");
}

async function install(root: string): Promise<void> {
  const { PulumiCommand } = await import("@pulumi/pulumi/automation/index.js");
  await PulumiCommand.install({ root, version: new semver.SemVer(SDK_VERSION) });
  const missing = missingParts(join(root, "bin"));
  if (missing.length > 0) throw new Error(`the installer brought no ${missing.join(" and no ")}`);
}
