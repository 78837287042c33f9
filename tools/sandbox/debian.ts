import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { SandboxError } from "./errors";
import { each, run } from "./shell";

const SERVER = "mysql-server-core";
const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

/** Debian's mysql-server-core, with all its libraries. */
export function unpackDebianServer(folder: string, update: (text: string) => void): Promise<void> {
  return unpackDebian(folder, [SERVER], update);
}

/**
 * Unpacks packages with all their libraries into `folder`, from sid, since stable releases have no
 * MySQL. It uses an apt state of its own: needs no root, and touches neither this machine's
 * packages nor its package lists.
 */
export async function unpackDebian(
  folder: string,
  names: readonly string[],
  update: (text: string) => void,
): Promise<void> {
  const state = join(folder, ".apt");
  const lists = join(state, "lists");
  const archives = join(state, "archives");
  const parts = join(state, "parts");
  for (const path of [lists, archives]) mkdirSync(join(path, "partial"), { recursive: true });
  mkdirSync(parts);
  writeFileSync(join(state, "status"), "");
  const signed = existsSync(KEYRING) ? ` signed-by=${KEYRING}` : "";
  const architecture = (await run("dpkg", ["--print-architecture"])).trim();
  const line = `deb [arch=${architecture}${signed}] ${await mirror()} sid main\n`;
  writeFileSync(join(parts, "sid.list"), line, { mode: 0o600 });

  const settings = [
    `Dir::State::Lists=${lists}`,
    `Dir::State::status=${join(state, "status")}`,
    `Dir::Cache=${state}`,
    `Dir::Cache::archives=${archives}`,
    "Dir::Etc::sourcelist=/dev/null",
    `Dir::Etc::sourceparts=${parts}`,
    // Only root changes to another user, who could not read a private folder.
    "APT::Sandbox::User=",
    "Acquire::Languages=none",
    "Acquire::Retries=3",
    "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false",
  ].flatMap((setting) => ["-o", setting]);

  update("reading Debian's package lists");
  await run("apt-get", [...settings, "update"], { timeout: 300_000 });
  update(
    names.includes(SERVER)
      ? "downloading MySQL and its libraries, about 45 MB"
      : `downloading ${names.join(", ")}`,
  );
  const install = ["--download-only", "--yes", "--no-install-recommends", "install", ...names];
  await run("apt-get", [...settings, ...install], { timeout: 600_000 });

  // Perl is only for the maintainer scripts, which are not run here.
  const files = readdirSync(archives).filter((file) => file.endsWith(".deb") && !file.startsWith("perl"));
  const missing = names.find((name) => !files.some((file) => file.startsWith(name)));
  if (missing !== undefined) throw new SandboxError(`apt-get did not leave ${missing} in its archives`);
  update(`unpacking ${files.length} packages`);
  await each(files, Math.max(2, cpus().length), async (file) => {
    await run("dpkg-deb", ["--extract", join(archives, file), folder]);
  });
  rmSync(state, { recursive: true });
}

/** The mirror that this machine's apt is set up with; sid is on every Debian mirror. */
async function mirror(): Promise<string> {
  const format = ["--format", "$(ORIGIN)|$(LABEL)|$(REPO_URI)", "Created-By: Packages"];
  const targets = (await run("apt-get", ["indextargets", ...format])).trim().split("\n");
  const rows = targets.map((target) => target.split("|"));
  // Without package lists apt does not know the origin yet, but it knows the address.
  const found =
    rows.find(([origin, label]) => origin === "Debian" && label === "Debian") ??
    rows.find(([, , address]) => /\/debian\/?$/.test(address ?? ""));
  if (!found?.[2]) throw new SandboxError("apt's sources name no Debian mirror");
  return found[2];
}
