import { spawn } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import {
  Proxy,
  cut,
  cutOff,
  fillDisk,
  freeDisk,
  freeSpace,
  freeze,
  healAll,
  steadily,
  storm,
  thaw,
} from "../../../tools/faults";
import { type Member, connect, query } from "../../../tools/sandbox";
import { expectHealthy, primaryOf, run, stateOf, until, useSandbox, value } from "../helpers";

describe("a proxy before a server", () => {
  const sandbox = useSandbox({ members: 1 });
  let proxy: Proxy;
  beforeAll(async () => {
    proxy = await Proxy.before(sandbox.db(1));
    await run(sandbox.db(1), "CREATE DATABASE test", "CREATE TABLE test.rows (id INT)");
  });
  beforeEach(() => proxy.forget());
  afterAll(() => proxy.close());

  it.each([
    ["before", "0"],
    ["during", "1"],
    ["after", "1"],
  ] as const)("cuts a connection %s its statement is done", async (moment, rows) => {
    await query(sandbox.db(1), "TRUNCATE test.rows");
    const happened = proxy.cut("INSERT", { moment });
    await expect(run(toProxy(), "DO 1", "INSERT INTO test.rows VALUES (1)", "DO 2")).rejects.toThrow();
    expect(await happened).toMatchObject({ number: 2, text: "INSERT INTO test.rows VALUES (1)" });
    await until("the server has done it", 2, async () => (await rowsThere()) === rows).catch(() => undefined);
    expect(await rowsThere()).toBe(rows);
    // Once only.
    await run(toProxy(), "INSERT INTO test.rows VALUES (2)");
  });

  it("counts statements, and cuts at one of them for good", async () => {
    const happened = proxy.cut(3, { lasting: true });
    await expect(run(toProxy(), "DO 1", "DO 2", "DO 3", "DO 4")).rejects.toThrow();
    expect(await happened).toMatchObject({ number: 3, text: "DO 3" });
    expect(proxy.statements.map(({ text }) => text)).toEqual(["DO 1", "DO 2", "DO 3"]);
    await expect(run(toProxy(), "DO 1")).rejects.toMatchObject({ code: "ECONNREFUSED" });
    await proxy.admit();
    await run(toProxy(), "DO 1");
  });

  it("lets a server answer late", async () => {
    proxy.delay = 100;
    const began = performance.now();
    await run(toProxy(), "DO 1");
    expect(performance.now() - began).toBeGreaterThan(300);
  });

  it("passes TLS through, and reads nothing of it", async () => {
    const connection = await connect(toProxy(), { ssl: { rejectUnauthorized: false } });
    await connection.query("DO 1");
    await connection.end();
    expect(proxy).toMatchObject({ logins: 1, statements: [] });
  });

  function toProxy(): Member {
    return { ...sandbox.db(1), host: proxy.host, port: proxy.port };
  }

  function rowsThere(): Promise<string | null> {
    return value(sandbox.db(1), "(SELECT COUNT(*) FROM test.rows WHERE id = 1)");
  }
});

describe("a group whose members have hosts and disks of their own", () => {
  const group = useSandbox({ group: true, hosts: true, disk: 300 });
  const all = (): Member[] => group.it.members;
  const unreachable = async (from: Member, to: Member): Promise<boolean> =>
    (await stateOf(from, to)) === "UNREACHABLE";

  it("loses one link, and gets it back", async () => {
    const [db1, db2, db3] = all() as [Member, Member, Member];
    cut(db2, db3);
    await until("db2 misses db3", 15, () => unreachable(db2, db3));
    await until("db3 misses db2", 15, () => unreachable(db3, db2));
    expect([await stateOf(db1, db2), await stateOf(db1, db3)]).toEqual(["ONLINE", "ONLINE"]);
    healAll(all());
    await until("the link is back", 15, async () => (await stateOf(db2, db3)) === "ONLINE");
  });

  it("loses a member to all others, and not to the administrator", async () => {
    const [db1, db2, db3] = all() as [Member, Member, Member];
    const watch = await steadily(all());
    cutOff(db3, all());
    await until(
      "both miss db3",
      15,
      async () => (await unreachable(db1, db3)) && (await unreachable(db2, db3)),
    );
    expect(await value(db3, "1")).toBe("1");
    healAll(all());
    await until(
      "db3 is back",
      30,
      async () => (await stateOf(db3)) === "ONLINE" && (await stateOf(db1, db3)) === "ONLINE",
    );
    expect(await watch.stop()).toMatchObject({
      twoWritable: [],
      writableOutside: [],
      fewestOnline: 2,
      stops: [],
    });
  });

  it("has a full disk, which is freed again", async () => {
    const db2 = all()[1]!;
    const set = "SET PERSIST group_replication_member_weight = 60";
    fillDisk(db2);
    expect(freeSpace(db2)).toBe(0);
    await expect(query(db2, set)).rejects.toMatchObject({ errno: 3549 });
    freeDisk(db2);
    await query(db2, set);
    await expectHealthy(all());
  });

  it("freezes a server, which knows nothing of it", async () => {
    const db3 = all()[2]!;
    freeze(db3);
    await expect(connect(db3, { connectTimeout: 500 })).rejects.toThrow();
    thaw(db3);
    expect(await stateOf(db3)).toBe("ONLINE");
  });

  it("stands in a storm, and tells what was acknowledged", async () => {
    const clients = await storm(all(), { seconds: 1 });
    const watch = await steadily(all());
    await new Promise((done) => setTimeout(done, 2500));
    const db3 = all()[2]!;
    await run(db3, "STOP GROUP_REPLICATION", "START GROUP_REPLICATION");
    const report = await clients.stop();
    expect(report.long).toBeGreaterThan(2);
    expect(report.altered).toBeGreaterThan(2);
    expect(report.acknowledged).toBeGreaterThan(100);
    for (const check of await clients.verify(all()))
      expect(check).toMatchObject({ found: report.acknowledged, missing: 0 });
    expect(await watch.stop()).toMatchObject({
      twoWritable: [],
      writableOutside: [],
      stops: [{ member: "db3", othersOnline: 2 }],
      fewestOnline: 2,
    });
    await until(
      "db3 is back",
      30,
      async () => (await stateOf(db3)) === "ONLINE" && (await stateOf(all()[0]!, db3)) === "ONLINE",
    );
    await expectHealthy(all());
    expect(await primaryOf(all())).toBe(all()[0]);
  });

  it("leaves no network and no disk behind when the process that it belongs to is killed", async () => {
    const program = `
      const { up } = require(${JSON.stringify(resolve("tools/sandbox/index.ts"))});
      up({ members: 1, hosts: true, disk: 200, temporary: true }).then(({ folder, members }) => console.log(folder, members[0].namespace));`;
    const owner = spawn(process.execPath, ["--import", "tsx", "-e", program], {
      stdio: ["pipe", "pipe", "ignore"],
    });
    const said = String(await new Promise<Buffer>((done) => owner.stdout.once("data", done)));
    const [folder, namespace] = said.trim().split(" ") as [string, string];
    const traces = (): unknown => [
      existsSync(folder),
      readFileSync("/proc/self/mounts", "utf8").includes(folder),
      existsSync(join("/var/run/netns", namespace)),
      readdirSync("/sys/class/net").some((link) => link.startsWith(namespace.replace(/-\d+$/, ""))),
    ];
    expect(traces()).toEqual([true, true, true, true]);
    owner.kill("SIGKILL");
    await until("nothing is left", 15, () => String(traces()) === "false,false,false,false");
  });
});

describe("a sandbox without hosts and disks of its own", () => {
  const sandbox = useSandbox({ members: 1 });

  it("says what it would take to cut its links and fill its disks", () => {
    const [db1] = sandbox.it.members as [Member];
    expect(() => fillDisk(db1)).toThrow(
      "db1's data lie on this machine's own disk, which is not filled; make the sandbox with disk: MEGABYTES.",
    );
    expect(() => cut(db1, db1)).toThrow(
      "db1 has no link that could be cut; make the sandbox with hosts: true.",
    );
  });
});
