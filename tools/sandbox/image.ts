import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { SandboxError, reason } from "./errors";
import { run } from "./shell";

const IMAGE = "mysql:9";

/**
 * Copies the server tree out of the official image, with docker or podman.
 *
 * Not tested: no container engine has been at hand where this was written. Only the copying is
 * particular to it; the tree then runs as Debian's does (see tree.ts).
 */
export async function unpackImage(folder: string, update: (text: string) => void): Promise<void> {
  if (process.platform !== "linux") throw new SandboxError("the image's server runs on Linux only");
  const failures: string[] = [];
  for (const engine of ["docker", "podman"]) {
    try {
      await run(engine, ["info"], { timeout: 20_000 });
    } catch (error) {
      failures.push(reason(error));
      continue;
    }
    update(`pulling ${IMAGE} with ${engine}`);
    const container = (await run(engine, ["create", "--pull=missing", IMAGE], { timeout: 600_000 })).trim();
    const archive = join(folder, "image.tar");
    try {
      mkdirSync(folder, { recursive: true });
      update("copying the server out of the image");
      await run(engine, ["export", "--output", archive, container], { timeout: 300_000 });
      await run("tar", ["-x", "-f", archive, "-C", folder, "usr/sbin", "usr/lib64", "usr/share"]);
    } finally {
      rmSync(archive, { force: true });
      await run(engine, ["rm", "--force", container]);
    }
    return;
  }
  throw new SandboxError(failures.join("; "));
}
