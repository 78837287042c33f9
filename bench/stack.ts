import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { LocalWorkspace, type Stack } from "@pulumi/pulumi/automation";
import { automationCommand, engineEnvironment, findEngine } from "../tools/engine";
import type { Sandbox } from "../tools/sandbox";

const example = path.join(__dirname, "..", "examples", "existing-group");

/** examples/existing-group as a stack of its own, with a group that was made by hand. */
export async function existingGroup(
  sandbox: Sandbox,
): Promise<{ stack: Stack; remove: () => Promise<void> }> {
  const engine = await findEngine();
  const home = mkdtempSync(path.join(tmpdir(), "mysqlgr-bench-"));
  const stack = await LocalWorkspace.createOrSelectStack(
    { stackName: "bench", workDir: example },
    {
      pulumiCommand: await automationCommand(engine),
      envVars: engineEnvironment(engine, home) as Record<string, string>,
      stackSettings: { bench: {} },
    },
  );
  const servers = sandbox.members.map(({ name, host, port, localAddress, tls }) => ({
    name,
    host,
    port,
    localAddress,
    tls,
  }));
  await stack.setAllConfig({
    "mysqlgr:password": { value: sandbox.members[0]!.password, secret: true },
    "mysqlgr:user": { value: sandbox.members[0]!.user },
    machines: { value: JSON.stringify(servers) },
    groupName: { value: sandbox.groupName },
    recoveryPassword: { value: sandbox.recovery!.password, secret: true },
    sslMode: { value: "REQUIRED" },
  });
  return {
    stack,
    remove: async () => {
      await rm(home, { recursive: true, force: true });
      await rm(path.join(example, "Pulumi.bench.yaml"), { force: true });
    },
  };
}
