import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { cacheFolder } from "../cache";
import { withLock } from "../lock.cjs";
import { SandboxError } from "./errors";

// Below the range that systems take outgoing ports from (32768 on Linux), so that a stopped
// server's port is not gone when it is started again.
const FIRST = 21_000;
const COUNT = 11_000;

/**
 * Takes `count` free ports for the sandbox in `folder`: for all processes of this user, and also
 * while its servers are stopped, until `releasePorts`.
 */
export async function reservePorts(count: number, folder: string): Promise<number[]> {
  const register = registerFolder();
  mkdirSync(register, { recursive: true });
  return withLock(join(register, "lock"), async () => {
    const taken = new Set(readdirSync(register).filter((name) => holder(join(register, name))));
    const ports: number[] = [];
    const start = Math.floor(Math.random() * COUNT);
    for (let offset = 0; offset < COUNT && ports.length < count; offset++) {
      const port = FIRST + ((start + offset) % COUNT);
      if (taken.has(String(port)) || !(await isFree(port))) continue;
      writeFileSync(join(register, String(port)), folder);
      ports.push(port);
    }
    if (ports.length < count) throw new SandboxError(`no ${count} free ports from ${FIRST} on`);
    return ports;
  });
}

export function releasePorts(folder: string): void {
  const register = registerFolder();
  for (const name of existsSync(register) ? readdirSync(register) : [])
    if (holder(join(register, name)) === folder) rmSync(join(register, name), { force: true });
}

function registerFolder(): string {
  return join(cacheFolder(), "ports");
}

/** The folder that the port is taken for; undefined if that is gone, or for a file that is no port's. */
function holder(file: string): string | undefined {
  try {
    const folder = /[/\\]\d+$/.test(file) ? readFileSync(file, "utf8") : undefined;
    return folder !== undefined && existsSync(folder) ? folder : undefined;
  } catch {
    return undefined;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    // On all addresses, as Group Replication listens at its local address.
    server.listen({ port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
