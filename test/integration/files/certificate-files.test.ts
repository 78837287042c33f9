import { createHash } from "node:crypto";
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  watch,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { create, diff, read, remove, update } from "../../../provider/runtime/certificate-files";
import type { Inputs } from "../../../provider/runtime/validation";
import { fileOf, openssl } from "../../unit/certificates/openssl";
import { saidBy } from "../../unit/runtime/certificate-inputs";
import { mountDisk, unmountDisks } from "../../../tools/sandbox/disk";
import { ca, crl, first, second } from "./material";
import { type Place, localPlace, sshPlace } from "./places";

interface Scene {
  /** As a resource declares it. */
  declared: { folder: string } & Inputs;
  /** The folder as this process sees it. */
  path: string;
}

const here = (scene: Scene, path: unknown): string => String(path).replace(scene.declared.folder, scene.path);
const text = (scene: Scene, path: unknown): string => readFileSync(here(scene, path), "utf8");
const modeOf = (scene: Scene, path: unknown): number => lstatSync(here(scene, path)).mode & 0o7777;
const driftOf = async (state: Inputs): Promise<unknown> => (await read("id", state)).props["drift"];
const message = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "nothing was refused",
    (error: unknown) => (error as Error).message,
  );
/** What a preview would say, and whether there is anything to do. */
function previewOf(state: Inputs, news: Inputs): { changes: boolean; lines: string[] } {
  let changes = false;
  const lines = saidBy(() => ({ changes } = diff("id", state, news)));
  return { changes, lines: lines.slice(1).map((line) => line.trim()) };
}

describe.each<[string, () => Promise<Place>]>([
  ["this machine", localPlace],
  ["a machine over SSH", sshPlace],
])("files on %s", (_, start) => {
  let place: Place;
  let count = 0;
  const scene = (): Scene => place.folder(`tls-${++count}`);
  beforeAll(async () => {
    place = await start();
  });
  afterAll(() => place?.end());

  it("are put there with their content and mode, and then there is nothing to do", async () => {
    const at = scene();
    const inputs = { ...at.declared, ...first, crl };
    const { outs } = await create(inputs);
    for (const [output, given] of [
      ["sslCa", ca],
      ["sslCert", first.cert],
      ["sslKey", first.key],
      ["sslCrl", crl],
    ] as const)
      expect(text(at, outs[output])).toBe(given);
    const hash = createHash("sha256").update(first.cert).digest("hex");
    expect(outs["sslCert"]).toBe(`${at.declared.folder}/server-cert-${hash.slice(0, 16)}.pem`);
    expect([outs["sslCa"], outs["sslCert"], outs["sslKey"]].map((path) => modeOf(at, path))).toEqual([
      0o644, 0o644, 0o600,
    ]);
    expect(outs["certificateSha256"]).toBe(
      openssl("x509", "-noout", "-fingerprint", "-sha256", "-in", fileOf(first.cert))
        .replace(/^.*=|:|\n/g, "")
        .toLowerCase(),
    );
    expect(outs["drift"]).toEqual([]);
    expect(readdirSync(at.path)).toHaveLength(4);
    const seen = await read("id", outs);
    expect(seen.props).toEqual(outs);
    expect(previewOf(seen.props, inputs)).toEqual({ changes: false, lines: [] });
  });

  it("are adopted where they are there already", async () => {
    const at = scene();
    // More than one packet of SFTP.
    const inputs = { ...at.declared, ...first, ca: ca.repeat(300) };
    const { outs } = await create(inputs);
    expect(text(at, outs["sslCa"])).toBe(inputs.ca);
    const inode = lstatSync(here(at, outs["sslKey"])).ino;
    expect((await create(inputs)).outs).toEqual(outs);
    expect(lstatSync(here(at, outs["sslKey"])).ino).toBe(inode);
  });

  it("get the owner, group and modes that are declared", async () => {
    const at = scene();
    const given = { owner: "1000", group: "1000", keyMode: "0440", mode: "0444" };
    const { outs } = await create({ ...at.declared, ...first, ...given, capath: ca });
    const { uid, gid, mode } = lstatSync(here(at, outs["sslKey"]));
    expect([uid, gid, mode & 0o7777]).toEqual([1000, 1000, 0o440]);
    expect(modeOf(at, outs["sslCa"])).toBe(0o444);
    const folder = lstatSync(here(at, outs["sslCapath"]));
    expect([folder.uid, folder.gid, folder.mode & 0o7777]).toEqual([1000, 1000, 0o755]);
    const { outs: after } = await update("id", outs, { ...at.declared, ...first, capath: ca });
    expect(modeOf(at, after["sslKey"])).toBe(0o600);
  });

  it("are never readable by others while a key is written, and never without their owner", async () => {
    const at = scene();
    const seen = new Map<string, Set<string>>();
    const look = (name: string | null): void => {
      if (name === null || !name.includes("-key-")) return;
      try {
        const { mode, uid, size } = lstatSync(join(at.path, name));
        const facts = seen.get(name) ?? new Set();
        seen.set(name, facts.add(`${(mode & 0o7777).toString(8)} ${size > 0 ? `filled ${uid}` : "empty"}`));
      } catch {
        // It has its final name by now.
      }
    };
    const watcher = watch(at.path, (_event, name) => look(name));
    let state = (await create({ ...at.declared, ...first, owner: "1000" })).outs;
    for (let turn = 0; turn < 6; turn++)
      state = (await update("id", state, { ...at.declared, ...(turn % 2 ? first : second), owner: "1000" }))
        .outs;
    watcher.close();
    const facts = new Set([...seen.values()].flatMap((one) => [...one]));
    expect(facts.size).toBeGreaterThan(0);
    for (const fact of facts) expect(["600 empty", "600 filled 1000"]).toContain(fact);
  });

  it("that were changed, opened, taken away or replaced by hand are seen and mended", async () => {
    const at = scene();
    const inputs = { ...at.declared, ...first, crl };
    const { outs } = await create(inputs);
    const name = (output: string): string => String(outs[output]).split("/").at(-1)!;
    writeFileSync(here(at, outs["sslCert"]), second.cert);
    chmodSync(here(at, outs["sslKey"]), 0o644);
    rmSync(here(at, outs["sslCa"]));
    rmSync(here(at, outs["sslCrl"]));
    symlinkSync("/etc/passwd", here(at, outs["sslCrl"]));
    const { props, inputs: seen } = await read("id", outs);
    expect(seen).toEqual(inputs);
    expect(props["drift"]).toEqual([
      `${name("sslCa")}: is missing`,
      `${name("sslCert")}: its content is another`,
      `${name("sslKey")}: its mode is 0644, not 0600`,
      `${name("sslCrl")}: its content is another`,
    ]);
    expect(previewOf(props, inputs)).toEqual({
      changes: true,
      lines: [
        `write ${name("sslCa")} (is missing)`,
        `write ${name("sslCert")} (its content is another)`,
        `write ${name("sslKey")} (its mode is 0644, not 0600)`,
        `write ${name("sslCrl")} (its content is another)`,
      ],
    });
    const { outs: mended } = await update("id", props, inputs);
    expect(mended).toEqual(outs);
    expect(text(at, outs["sslCert"])).toBe(first.cert);
    expect(modeOf(at, outs["sslKey"])).toBe(0o600);
    expect(lstatSync(here(at, outs["sslCrl"])).isFile()).toBe(true);
  });

  it("of another owner are seen and mended", async () => {
    const at = scene();
    const inputs = { ...at.declared, ...first, owner: "1000" };
    const { outs } = await create(inputs);
    chownSync(here(at, outs["sslKey"]), 0, 0);
    expect(await driftOf(outs)).toEqual([expect.stringMatching(/its owner is 0, not 1000$/)]);
    await update("id", outs, inputs);
    expect(lstatSync(here(at, outs["sslKey"])).uid).toBe(1000);
  });

  it("stay for one change, and are removed with the next", async () => {
    const at = scene();
    const third = { ...first, key: second.key, cert: second.cert, ca: ca + ca };
    const { outs: one } = await create({ ...at.declared, ...first });
    const { outs: two } = await update("id", one, { ...at.declared, ...second });
    expect(two["sslCa"]).toBe(one["sslCa"]);
    expect(two["oldVersions"]).toEqual([one["sslCert"], one["sslKey"]]);
    expect(text(at, one["sslKey"])).toBe(first.key);
    const { outs: three } = await update("id", two, { ...at.declared, ...third });
    expect(three["oldVersions"]).toEqual([one["sslCert"], one["sslKey"], one["sslCa"]]);
    const { outs: four } = await update("id", three, { ...at.declared, ...first });
    expect(four["oldVersions"]).toEqual([three["sslCa"], two["sslCert"], two["sslKey"]]);
    expect(readdirSync(at.path)).toHaveLength(6);
  });

  it("are deleted with the resource, old versions too, but nothing that others put or changed there", async () => {
    const at = scene();
    const { outs: one } = await create({ ...at.declared, ...first, capath: ca });
    const { outs: two } = await update("id", one, { ...at.declared, ...second, capath: ca });
    writeFileSync(here(at, two["sslCert"]), "changed by hand");
    for (const other of ["mine.pem", "server-cert-0123456789abcdef.pem"])
      writeFileSync(join(at.path, other), "x");
    const said: string[] = [];
    const log = jest.spyOn(console, "log").mockImplementation((line: string) => void said.push(line));
    // A delete that was interrupted is done again.
    for (const turn of [1, 2]) {
      await remove("id", two);
      expect(said).toHaveLength(turn);
    }
    log.mockRestore();
    expect(said[0]).toMatch(/server-cert-\w+\.pem on .* stays: its content is not what this resource wrote$/);
    expect(readdirSync(at.path).sort()).toEqual(
      ["mine.pem", "server-cert-0123456789abcdef.pem", String(two["sslCert"]).split("/").at(-1)].sort(),
    );
  });

  it("need nothing to be deleted where the folder is gone", async () => {
    const at = scene();
    const { outs } = await create({ ...at.declared, ...first });
    rmSync(at.path, { recursive: true });
    expect(await driftOf(outs)).toHaveLength(3);
    await remove("id", outs);
  });

  it("in hash-named folders are found by openssl", async () => {
    const at = scene();
    const { outs } = await create({ ...at.declared, ...first, capath: ca, crlpath: crl });
    const leaf = fileOf(first.cert);
    expect(openssl("verify", "-CApath", here(at, outs["sslCapath"]), leaf)).toMatch(/: OK\n$/);
    mkdirSync(join(at.path, "both"));
    for (const output of ["sslCapath", "sslCrlpath"])
      for (const name of readdirSync(here(at, outs[output])))
        writeFileSync(join(at.path, "both", name), text(at, `${String(outs[output])}/${name}`));
    const both = join(at.path, "both");
    expect(openssl("verify", "-crl_check_all", "-no-CAfile", "-CApath", both, leaf)).toMatch(/: OK\n$/);
  });

  it("in a hash-named folder are what is declared: a CA that was put there by hand goes", async () => {
    const at = scene();
    const inputs = { ...at.declared, capath: ca };
    const { outs } = await create(inputs);
    const stranger = join(here(at, outs["sslCapath"]), "01234567.0");
    writeFileSync(stranger, second.cert);
    expect(await driftOf(outs)).toEqual([expect.stringMatching(/01234567\.0: nobody declared it$/)]);
    await update("id", outs, inputs);
    expect(existsSync(stranger)).toBe(false);
  });

  it("that an interrupted run left under temporary names are removed", async () => {
    const at = scene();
    const inputs = { ...at.declared, ...first, capath: ca };
    const { outs } = await create(inputs);
    const left = [
      join(at.path, ".server-key-0123456789abcdef.pem.01234567.tmp"),
      join(here(at, outs["sslCapath"]), ".01234567.0.01234567.tmp"),
    ];
    const foreign = join(at.path, ".other-key-0123456789abcdef.pem.01234567.tmp");
    for (const path of [...left, foreign]) writeFileSync(path, "half");
    const { props } = await read("id", outs);
    expect(props["drift"]).toEqual([]);
    expect(previewOf(props, inputs).changes).toBe(true);
    await update("id", props, inputs);
    expect([...left, foreign].map((path) => existsSync(path))).toEqual([false, false, true]);
  });

  it("hold no key in state but where it is declared", async () => {
    const at = scene();
    const { outs } = await create({ ...at.declared, ...first });
    const { key, ...others } = outs;
    expect(key).toBe(first.key);
    const state = JSON.stringify(others);
    expect(state).not.toContain(first.key.split("\n")[1]);
    expect(state).not.toContain(createHash("sha256").update(first.key).digest("hex"));
  });

  it("are refused where the folder leads elsewhere, is none, or is open to all", async () => {
    const at = scene();
    const name = `link-${count}`;
    const link = join(at.path, "..", name);
    symlinkSync(at.path.split("/").at(-1)!, link);
    const linked = at.declared.folder.replace(/[^/]*$/, name);
    expect(await message(create({ ...at.declared, ...first, folder: linked }))).toContain(
      `cannot take files: ${linked} leads to ${at.declared.folder}`,
    );
    writeFileSync(join(at.path, "file"), "");
    expect(
      await message(create({ ...at.declared, ...first, folder: `${at.declared.folder}/file` })),
    ).toContain(`${at.declared.folder}/file is no folder`);
    expect(await message(create({ ...at.declared, ...first, folder: `${at.declared.folder}/none` }))).toMatch(
      /^\[GR005\] .* has no folder .*\/none\nLeft: nothing was changed\nDo: make it/,
    );
    chmodSync(at.path, 0o777);
    expect(await message(create({ ...at.declared, ...first }))).toContain("anybody may replace files in");
    expect(readdirSync(at.path)).toEqual(["file"]);
  });

  it("are refused with an owner whom the machine does not know", async () => {
    const at = scene();
    expect(await message(create({ ...at.declared, ...first, owner: "nosuchuser" }))).toMatch(
      /^\[GR001\] owner: nosuchuser is not in \/etc\/passwd on /,
    );
    expect(readdirSync(at.path)).toEqual([]);
  });
});

describe("a disk that is full", () => {
  let place: Place;
  beforeAll(async () => {
    place = await localPlace();
  });
  afterAll(() => place?.end());

  it("leaves no half file and no temporary one, and the next run goes on", async () => {
    const { path } = place.folder("full");
    const disk = join(path, "disk");
    mountDisk(disk, 1);
    try {
      const filler = join(disk, "filler");
      const room = 1024 * 1024 - 4096;
      writeFileSync(filler, Buffer.alloc(room));
      const inputs = { folder: disk, ...first };
      const failure = await create(inputs).then(
        () => undefined,
        (error: unknown) => error as { message: string; properties: Inputs },
      );
      expect(failure?.message).toMatch(
        /^\[GR103\] this machine: failed to write .*\/server-cert-\w+\.pem\nWhy: no space left on device\nLeft: every file that has its final name is whole; what servers have loaded is as before\nDo: make room on that disk, then pulumi up$/,
      );
      expect(readdirSync(disk).sort()).toEqual(["filler", expect.stringMatching(/^server-ca-/)]);
      rmSync(filler);
      const { outs } = await update("id", failure!.properties, inputs);
      expect(outs["drift"]).toEqual([]);
      await remove("id", outs);
      expect(readdirSync(disk)).toEqual([]);
    } finally {
      unmountDisks(path);
    }
  });
});
