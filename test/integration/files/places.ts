import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Inputs } from "../../../provider/runtime/validation";
import { type SshHost, startSshHost } from "../../../tools/sandbox";

/** A machine that files are put on: as a resource names it, and as this process sees its disk. */
export interface Place {
  /** A new folder there: what to declare, and its path here. */
  folder(name: string): { declared: { folder: string } & Inputs; path: string };
  end(): Promise<void>;
}

export function localPlace(): Promise<Place> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "mysqlgr-files-")));
  return Promise.resolve({
    folder: (name) => {
      const path = join(root, name);
      mkdirSync(path, { mode: 0o755 });
      return { declared: { folder: path }, path };
    },
    end: () => Promise.resolve(rmSync(root, { recursive: true, force: true })),
  });
}

export async function sshPlace(): Promise<Place> {
  const host = await startSshHost();
  return {
    folder: (name) => {
      const path = join(host.root, "srv", name);
      mkdirSync(path, { mode: 0o755 });
      return { declared: { folder: `/srv/${name}`, ssh: loginOn(host) }, path };
    },
    end: () => host.stop(),
  };
}

export function loginOn(host: SshHost, given: Inputs = {}): Inputs {
  const { port, key, hostKeys } = host;
  return { host: host.host, port, user: "root", privateKey: key.text, hostKey: hostKeys[0], ...given };
}
