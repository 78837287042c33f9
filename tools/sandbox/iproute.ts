import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { cached, once } from "../cache";
import { step } from "../report";
import { unpackDebian } from "./debian";
import { SandboxError, reason } from "./errors";
import { throughOwnLoader } from "./tree";

const KEY = `iproute2-${process.arch}`;

/** Makes sure that there is an `ip`: this machine's own, or Debian's, unpacked into the cache. */
export async function findIp(): Promise<void> {
  if (process.platform !== "linux" || process.getuid?.() !== 0)
    throw new SandboxError("members with hosts of their own need Linux and root (network namespaces)");
  if (ipCommand()) return;
  const report = step("iproute2 from Debian's package");
  try {
    await once(KEY, (folder) => unpackDebian(folder, ["iproute2"], (text) => report.update(text)));
    report.done("kept in the cache");
  } catch (error) {
    report.fail(reason(error));
    throw new SandboxError(
      `members with hosts of their own need the program ip (package iproute2): ${reason(error)}`,
    );
  }
}

/** Runs `ip`; `lines` are commands for its -batch. */
export function ip(args: readonly string[], lines?: readonly string[]): string {
  const command = ipCommand();
  if (!command) throw new SandboxError("the program ip (package iproute2) is gone");
  const [file, ...first] = command as [string, ...string[]];
  try {
    return execFileSync(file, [...first, ...args, ...(lines ? ["-batch", "-"] : [])], {
      input: lines?.join("\n") ?? "",
      encoding: "utf8",
      stdio: ["pipe", "pipe", "pipe"],
    });
  } catch (error) {
    const said = String((error as { stderr?: string }).stderr ?? "").trim() || reason(error);
    throw new SandboxError(`ip ${(lines ?? [args.join(" ")]).join("; ")}: ${said}`);
  }
}

function ipCommand(): string[] | undefined {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/sbin", "/bin"];
  const own = folders.map((folder) => join(folder, "ip")).find((file) => existsSync(file));
  if (own) return [own];
  const tree = cached(KEY);
  return tree === undefined ? undefined : throughOwnLoader(tree, inTree(tree));
}

function inTree(tree: string): string {
  const folder = ["usr/bin", "usr/sbin", "bin", "sbin"].find(
    (name) => existsSync(join(tree, name)) && readdirSync(join(tree, name)).includes("ip"),
  );
  if (!folder) throw new SandboxError("Debian's iproute2 has no ip");
  return join(tree, folder, "ip");
}
