import { execFile } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { cached, cacheFolder, once } from "../../../tools/cache";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cache-test-"));
  process.env["MYSQLGR_CACHE"] = folder;
});

afterEach(() => {
  delete process.env["MYSQLGR_CACHE"];
  rmSync(folder, { recursive: true });
});

describe("cacheFolder", () => {
  it("prefers MYSQLGR_CACHE, then XDG_CACHE_HOME, then ~/.cache", () => {
    const before = process.env["XDG_CACHE_HOME"];
    process.env["XDG_CACHE_HOME"] = "/xdg";
    expect(cacheFolder()).toBe(folder);
    delete process.env["MYSQLGR_CACHE"];
    expect(cacheFolder()).toBe("/xdg/pulumi-mysql-group-replication");
    delete process.env["XDG_CACHE_HOME"];
    expect(cacheFolder()).toMatch(/\/\.cache\/pulumi-mysql-group-replication$/);
    if (before !== undefined) process.env["XDG_CACHE_HOME"] = before;
  });
});

describe("once", () => {
  it("makes a folder once when two callers want it at the same time", async () => {
    let calls = 0;
    const make = async (target: string) => {
      calls++;
      await sleep(50);
      writeFileSync(join(target, "file"), "content");
    };
    const [first, second] = await Promise.all([once("a/b", make), once("a/b", make)]);
    expect(calls).toBe(1);
    expect(first).toBe(join(folder, "a/b"));
    expect(second).toBe(first);
    expect(readFileSync(join(first, "file"), "utf8")).toBe("content");
    expect(readdirSync(join(folder, "a"))).toEqual(["b"]);
  });

  it("shows nothing under the final name before make has ended", async () => {
    await once("slow", (target) => {
      expect(target).not.toBe(join(folder, "slow"));
      expect(cached("slow")).toBeUndefined();
      return Promise.resolve();
    });
    expect(cached("slow")).toBe(join(folder, "slow"));
  });

  it("leaves nothing when make fails, and the next call makes it", async () => {
    const failing = once("a/b", (target) => {
      writeFileSync(join(target, "half"), "");
      return Promise.reject(new Error("no network"));
    });
    await expect(failing).rejects.toThrow("no network");
    expect(readdirSync(join(folder, "a"))).toEqual([]);
    expect(existsSync(await once("a/b", () => Promise.resolve()))).toBe(true);
  });

  it("takes over from a process that was killed while it was making", async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ["-p", "process.pid"]);
    mkdirSync(join(folder, "key.lock"));
    writeFileSync(join(folder, "key.lock", "owner"), stdout.trim());
    mkdirSync(join(folder, "key.making-abandoned"));
    await once("key", () => Promise.resolve());
    expect(readdirSync(folder)).toEqual(["key"]);
  });

  it.each(["", "../outside", "a//b", "/absolute", "a/../b", "."])("refuses the key %j", async (key) => {
    await expect(once(key, () => Promise.resolve())).rejects.toThrow("is no key for the cache");
  });
});
