import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cached, once } from "../cache";
import { step } from "../report";
import { onPath } from "./parts";
import { run } from "./run";

interface Module {
  /** The folder beside this file that holds its go.mod. */
  folder: string;
  goPackage: string;
  program: string;
  linkerFlags: string;
}

const MODULES_FOLDER = join(__dirname, "go");

/** The version of the engine that the committed go.mod names. */
export const GO_ENGINE_VERSION = versionInGoMod();

const MODULES: Module[] = [
  {
    folder: "cli",
    goPackage: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    program: "pulumi",
    // Without its version the engine calls itself v3.0.0-dev, which the Automation API refuses.
    linkerFlags: `-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=${GO_ENGINE_VERSION}`,
  },
  {
    // A module of its own: the last version that carries this program is far older than the engine's.
    folder: "language",
    goPackage: "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs",
    program: "pulumi-language-nodejs",
    linkerFlags: "-s -w",
  },
];

// Pulumi's own releases carry such a script; it runs in the program's folder, whose SDK must serve its resources.
const DYNAMIC_PROVIDER_SCRIPT = `#!/bin/sh
exec node "$(node -p 'require.resolve("@pulumi/pulumi/cmd/dynamic-provider")')" "$@"
`;

export function cachedGoEngine(): string | undefined {
  const root = cached(cacheKey());
  return root && join(root, "bin");
}

/** Builds the engine from Go modules into the cache; returns its folder. */
export async function buildWithGo(): Promise<string> {
  if (onPath("go") === undefined) throw new Error("there is no go on the PATH");
  const root = await once(cacheKey(), async (folder) => {
    // The Automation API takes an engine by the folder above "bin".
    const bin = join(folder, "bin");
    await mkdir(bin);
    const building = step(`Building Pulumi ${GO_ENGINE_VERSION} with Go, once; this takes some minutes`);
    try {
      for (const module of MODULES) await build(module, bin, (text) => building.update(text));
      await writeFile(join(bin, "pulumi-resource-pulumi-nodejs"), DYNAMIC_PROVIDER_SCRIPT, { mode: 0o755 });
      building.done();
    } catch (error) {
      building.fail();
      throw error;
    }
  });
  return join(root, "bin");
}

async function build(module: Module, target: string, tell: (text: string) => void): Promise<void> {
  let compiled = 0;
  await run(
    "go",
    [
      "build",
      "-v",
      "-mod=readonly",
      "-trimpath",
      "-buildvcs=false",
      `-ldflags=${module.linkerFlags}`,
      "-o",
      join(target, module.program),
      module.goPackage,
    ],
    {
      cwd: join(MODULES_FOLDER, module.folder),
      // Neither a C compiler nor a workspace file of the user's may change the outcome.
      env: { ...process.env, CGO_ENABLED: "0", GOWORK: "off" },
      onLine: (line) => {
        const downloaded = /^go: downloading (\S+)/.exec(line)?.[1];
        tell(downloaded ? `downloading ${downloaded}` : `${module.program}, ${++compiled} packages compiled`);
      },
    },
  );
}

function cacheKey(): string {
  const hash = createHash("sha256").update(DYNAMIC_PROVIDER_SCRIPT);
  for (const module of MODULES) {
    hash.update(readModuleFile(module.folder, "go.mod")).update(readModuleFile(module.folder, "go.sum"));
  }
  const id = hash.digest("hex").slice(0, 12);
  return `engine/go/${GO_ENGINE_VERSION}-${process.platform}-${process.arch}-${id}`;
}

function versionInGoMod(): string {
  const version = /github\.com\/pulumi\/pulumi\/pkg\/v3 v(\S+)/.exec(readModuleFile("cli", "go.mod"))?.[1];
  if (version === undefined)
    throw new Error("tools/engine/go/cli/go.mod names no version of the Pulumi engine.");
  return version;
}

function readModuleFile(folder: string, name: string): string {
  return readFileSync(join(MODULES_FOLDER, folder, name), "utf8");
}
