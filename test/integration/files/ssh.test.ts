import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, type Socket, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { create, read, remove, update } from "../../../provider/runtime/certificate-files";
import type { Inputs } from "../../../provider/runtime/validation";
import { type SshHost, newSshKey, startSshAgent, startSshHost } from "../../../tools/sandbox";
import { gate } from "../network";
import { first, second } from "./material";
import { loginOn } from "./places";

let host: SshHost;
let scratch: string;
let count = 0;

beforeAll(async () => {
  host = await startSshHost();
  scratch = mkdtempSync(join(tmpdir(), "mysqlgr-ssh-test-"));
});
afterAll(async () => {
  await host?.stop();
  rmSync(scratch, { recursive: true, force: true });
});

interface Failure {
  message: string;
  properties?: Inputs;
}

const failure = (work: Promise<unknown>): Promise<Failure | undefined> =>
  work.then(
    () => undefined,
    (error: unknown) => error as Failure,
  );

/** A new folder on the host, and what it holds. */
function folder(): { declared: string; names: () => string[] } {
  const name = `tls-${++count}`;
  const path = join(host.root, "srv", name);
  mkdirSync(path);
  return { declared: `/srv/${name}`, names: () => readdirSync(path) };
}

const fileWith = (text: string): string => {
  const path = join(scratch, `file-${++count}`);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
};

const [ed25519, rsa] = [0, 1].map((i) => () => host.hostKeys[i]!);
const address = (): string => `${host.host}:${host.port}`;
const known = (key: string): string => `# hosts\n[${host.host}]:${host.port} ${key}\n`;
const fingerprint = (line: string): string => {
  const hash = execFileSync("openssl", ["dgst", "-sha256", "-binary"], {
    input: Buffer.from(line.split(" ")[1]!, "base64"),
  });
  return `SHA256:${hash.toString("base64").replace(/=+$/, "")}`;
};

describe("a login over SSH", () => {
  it.each<[string, () => Inputs | Promise<Inputs>]>([
    ["the text of a key", () => ({})],
    ["the path of a key", () => ({ privateKey: host.key.path })],
    [
      "an encrypted key and its passphrase",
      async () => {
        const key = await newSshKey(join(scratch, "locked"), "ed25519", "open sesame");
        admit(key.publicLine);
        return { privateKey: key.text, passphrase: "open sesame" };
      },
    ],
    [
      "a key of RSA",
      async () => {
        const key = await newSshKey(join(scratch, "rsa"), "rsa");
        admit(key.publicLine);
        return { privateKey: key.text };
      },
    ],
    ["the fingerprint of the host", () => ({ hostKey: fingerprint(ed25519!()) })],
    ["the host's public key", () => ({ hostKey: `${ed25519!()}\n` })],
    ["the key of the host that it does not prefer", () => ({ hostKey: rsa!() })],
    ["one of two keys that the host may have", () => ({ hostKey: `${host.key.publicLine}\n${ed25519!()}` })],
    ["the text of known_hosts", () => ({ hostKey: undefined, knownHosts: known(ed25519!()) })],
    ["known_hosts with the other key", () => ({ hostKey: undefined, knownHosts: known(rsa!()) })],
    [
      "known_hosts that has a key of an old kind too",
      () => ({
        hostKey: undefined,
        knownHosts: `${known("ssh-dss AAAAB3NzaC1kc3MAAACBAA==")}${known(rsa!())}`,
      }),
    ],
    ["the path of known_hosts", () => ({ hostKey: undefined, knownHosts: fileWith(known(ed25519!())) })],
  ])("is made with %s", async (_, login) => {
    const { declared, names } = folder();
    const { outs } = await create({ folder: declared, ...first, ssh: loginOn(host, await login()) });
    expect(names()).toHaveLength(3);
    await remove("id", outs);
    expect(names()).toEqual([]);
  });

  it("is made with a key of an agent", async () => {
    const agent = await startSshAgent(host.key);
    try {
      const { declared, names } = folder();
      const ssh = loginOn(host, { privateKey: undefined, agent: agent.socket });
      await create({ folder: declared, ...first, ssh });
      expect(names()).toHaveLength(3);
    } finally {
      await agent.end();
    }
  });

  it("finds owner and group by the names that the host has for them", async () => {
    const { declared } = folder();
    const { outs } = await create({
      folder: declared,
      ...first,
      owner: "mysql",
      group: "mysql",
      ssh: loginOn(host),
    });
    const { ids } = JSON.parse(String(outs["facts"])) as { ids: unknown };
    expect(ids).toEqual({ owner: 27, group: 27 });
    expect(outs["drift"]).toEqual([]);
  });

  function admit(line: string): void {
    writeFileSync(join(host.root, "etc/ssh/authorized_keys"), `${line}\n`, { flag: "a" });
  }
});

describe("a login over SSH is refused", () => {
  const refused = async (given: Inputs, more: Inputs = {}): Promise<string> => {
    const { declared, names } = folder();
    const problem = await failure(create({ folder: declared, ...first, ...more, ssh: loginOn(host, given) }));
    expect(names()).toEqual([]);
    return problem?.message ?? "nothing was refused";
  };

  it("where the host shows another key than the pinned one, with both fingerprints", async () => {
    expect(await refused({ hostKey: `SHA256:${"A".repeat(43)}` })).toBe(
      `[GR007] ${address()} is not the SSH host that was declared\n` +
        `Why: it shows the key ${fingerprint(ed25519!())} (ssh-ed25519); expected is SHA256:${"A".repeat(43)}\n` +
        "Left: nothing was sent to it, nothing was changed\n" +
        "Do: find out on the machine itself which key is right (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub); if it got a new one, correct ssh.hostKey or ssh.knownHosts",
    );
  });

  it("where the host shows another key than known_hosts has", async () => {
    const { publicLine } = host.key;
    const message = await refused({ hostKey: undefined, knownHosts: known(publicLine) });
    expect(message).toContain(
      `it shows the key ${fingerprint(ed25519!())} (ssh-ed25519); expected is ${fingerprint(publicLine)} (ssh-ed25519)`,
    );
  });

  it("where known_hosts says that the key is revoked", async () => {
    const knownHosts = `${known(ed25519!())}@revoked * ${ed25519!()}\n`;
    expect(await refused({ hostKey: undefined, knownHosts })).toContain("[GR007]");
  });

  it("where known_hosts does not have the host", async () => {
    expect(await refused({ hostKey: undefined, knownHosts: `other ${ed25519!()}\n` })).toBe(
      `[GR001] ssh.knownHosts: has no key of ${address()}\nLeft: nothing was changed\n` +
        "Do: declare ssh.hostKey, or add the host's key to it after comparing its fingerprint",
    );
  });

  it("where the host does not take the key", async () => {
    const key = await newSshKey(join(scratch, "stranger"));
    const message = await refused({ privateKey: key.text });
    expect(message).toBe(
      `[GR003] ${address()} refused the SSH login\nWhy: root is not let in with this key\n` +
        "Do: see that ssh.user is right and has the public key in its authorized_keys on that machine",
    );
  });

  it("where the agent has no key that the host takes", async () => {
    const agent = await startSshAgent(await newSshKey(join(scratch, "agent-stranger")));
    try {
      expect(await refused({ privateKey: undefined, agent: agent.socket })).toContain(
        "root is not let in with a key of the agent",
      );
    } finally {
      await agent.end();
    }
  });

  it("where no agent listens", async () => {
    expect(await refused({ privateKey: undefined, agent: join(scratch, "nothing") })).toContain(
      "root is not let in with a key of the agent (Failed to connect to agent)",
    );
  });

  it("where the key is encrypted, without its passphrase and with another", async () => {
    const { text } = await newSshKey(join(scratch, "shut"), "ed25519", "open sesame");
    expect(await refused({ privateKey: text })).toContain("[GR001] ssh.privateKey: is encrypted");
    expect(await refused({ privateKey: text, passphrase: "wrong" })).toContain(
      "[GR001] ssh.privateKey: cannot be read with this passphrase",
    );
  });

  it("where the key is none", async () => {
    expect(await refused({ privateKey: "-----BEGIN nothing" })).toContain("ssh.privateKey: cannot be read");
    expect(await refused({ privateKey: "/nowhere" })).toContain("ssh.privateKey: cannot be read: ENOENT");
  });

  it("where nobody listens, and where nobody answers", async () => {
    expect(await refused({ port: 1 })).toMatch(
      /^\[GR002\] 127\.0\.0\.1:1 cannot be reached\nWhy: .*ECONNREFUSED/,
    );
    const silence = await gate();
    const given = { port: silence.port, connectTimeout: 1 };
    expect(await refused(given)).toMatch(/cannot be reached\nWhy: Timed out while waiting for handshake/);
    await silence.close();
  });

  it("where the user may not write there, or not give files away", async () => {
    const denied = await refused({ user: "plain" });
    expect(denied).toMatch(/failed to write \/srv\/.*\nWhy: Permission denied\n.*\nDo: let the user/);
    const path = join(host.root, "tmp", "plain");
    mkdirSync(path);
    execFileSync("chown", ["1000", path]);
    const ssh = loginOn(host, { user: "plain" });
    const problem = await failure(create({ folder: "/tmp/plain", ...first, owner: "mysql", ssh }));
    expect(problem?.message).toContain("Why: it may not be given to owner 27, group 1000: that needs root");
    expect(readdirSync(path)).toEqual([]);
  });
});

describe("a disk over SSH that is full", () => {
  it("is told as such, and leaves no half file", async () => {
    const filler = join(host.disk, "filler");
    const fill = (): void => writeFileSync(filler, Buffer.alloc(2 * 1024 * 1024));
    expect(fill).toThrow("ENOSPC");
    const problem = await failure(create({ folder: "/srv/disk", ...first, ssh: loginOn(host) }));
    expect(problem?.message).toContain("Why: no space left on device");
    expect(readdirSync(host.disk)).toEqual(["filler"]);
    rmSync(filler);
    const { outs } = await update("id", problem!.properties!, {
      folder: "/srv/disk",
      ...first,
      ssh: loginOn(host),
    });
    expect(outs["drift"]).toEqual([]);
  });
});

/** A way to the host that breaks once the client has sent so many bytes. */
async function breakingAfter(
  bytes: number,
): Promise<{ port: number; sent: () => number; close(): Promise<void> }> {
  const open = new Set<Socket>();
  let sent = 0;
  const server = createServer((client) => {
    const target = connect(host.port, host.host);
    for (const socket of [client, target]) {
      open.add(socket);
      socket.on("error", () => socket.destroy());
    }
    client.on("data", (data) => {
      target.write(data.subarray(0, Math.max(0, bytes - sent)));
      sent += data.length;
      if (sent < bytes) return;
      client.destroy();
      target.end();
    });
    target.pipe(client);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    port: (server.address() as AddressInfo).port,
    sent: () => sent,
    close: async () => {
      open.forEach((socket) => socket.destroy());
      await new Promise((done) => server.close(done));
    },
  };
}

describe("a connection that breaks", () => {
  it("at any place leaves no file that is not whole under its name, and the next run goes on", async () => {
    const whole = folder();
    const through = await breakingAfter(Infinity);
    const { outs } = await create({
      folder: whole.declared,
      ...first,
      ssh: loginOn(host, { port: through.port }),
    });
    await through.close();
    const contents = new Map(
      whole.names().map((name) => [name, readFileSync(join(host.root, whole.declared, name), "utf8")]),
    );
    const half: string[] = [];
    const cuts = 16;
    for (let cut = 1; cut < cuts; cut++) {
      const at = folder();
      const way = await breakingAfter(Math.floor((through.sent() * cut) / cuts));
      const inputs = {
        folder: at.declared,
        ...first,
        ssh: loginOn(host, { port: way.port, connectTimeout: 5 }),
      };
      const problem = await failure(create(inputs));
      await way.close();
      expect(problem?.message ?? "").toMatch(/^\[GR(002|103)\]/);
      for (const name of at.names())
        if (name.startsWith(".")) half.push(name);
        else expect(readFileSync(join(host.root, at.declared, name), "utf8")).toBe(contents.get(name));
      const ssh = loginOn(host);
      const next = problem?.properties
        ? await update("id", problem.properties, { ...inputs, ssh })
        : await create({ ...inputs, ssh });
      expect(next.outs["sslKey"]).toBe(String(outs["sslKey"]).replace(whole.declared, at.declared));
      expect(at.names().sort()).toEqual(whole.names().sort());
    }
    expect(half.length).toBeGreaterThan(0);
  });

  it("by the end of the host's session is told, and old files stay as they are", async () => {
    const { declared, names } = folder();
    const { outs } = await create({ folder: declared, ...first, ssh: loginOn(host) });
    const before = names().sort();
    const working = failure(update("id", outs, { folder: declared, ...second, ssh: loginOn(host) }));
    const ending = setInterval(() => host.endSessions(), 20);
    const problem = await working;
    clearInterval(ending);
    expect(problem?.message).toMatch(/^\[GR(002|103)\]/);
    expect(names()).toEqual(expect.arrayContaining(before));
    const { props } = await read("id", outs);
    expect(props["drift"]).toEqual([]);
  });
});

describe("SSH", () => {
  it("is not loaded by a program that puts files on this machine alone", () => {
    const target = mkdtempSync(join(scratch, "local-"));
    const script = `
      const { create } = require(${JSON.stringify(resolve(__dirname, "../../../provider/runtime/certificate-files"))});
      create(${JSON.stringify({ folder: target, ca: first.ca })}).then(() =>
        console.log(Object.keys(require.cache).filter((file) => file.includes("/node_modules/ssh2/")).length));`;
    const tsx = resolve(__dirname, "../../../node_modules/tsx/dist/cli.mjs");
    expect(execFileSync(process.execPath, [tsx, "-e", script], { encoding: "utf8" })).toBe("0\n");
  });
});
