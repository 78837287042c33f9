import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Stack } from "@pulumi/pulumi/automation";
import { findEngine } from "../tools/engine";
import { configurationFor, needsOf, projectFolder } from "../tools/example/needs";
import { makeStack, stackFile } from "../tools/example/stack";
import type { Sandbox } from "../tools/sandbox";

const example = "existing-group";

/** examples/existing-group as a stack of its own, for a group that was made by hand. */
export async function existingGroup(sandbox: Sandbox): Promise<{ stack: Stack; remove: () => void }> {
  const home = mkdtempSync(join(tmpdir(), "mysqlgr-bench-"));
  const project = projectFolder(example);
  const config = configurationFor(example, needsOf(example), sandbox);
  const stack = await makeStack({ engine: await findEngine(), project, name: "bench", home, config });
  return {
    stack,
    remove: () => {
      rmSync(home, { recursive: true, force: true });
      rmSync(stackFile(project, "bench"), { force: true });
    },
  };
}
