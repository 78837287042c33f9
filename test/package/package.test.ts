import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { promisify } from "node:util";
import { down, up, type Sandbox } from "../../tools/sandbox";
import { declarationOf, Deployment } from "../e2e/harness";
import { accountOn, expectAllOnline, persistedOn, statementsOf, viewOf, writesOf } from "../e2e/servers";

const CHECKOUT = resolve(__dirname, "../..");
const BIN = join(CHECKOUT, "node_modules/.bin");
const NAME = "pulumi-mysql-group-replication";

/** Outside the checkout: what is packed, and the project that installs it. */
let folder: string;
let packed: { filename: string; files: { path: string }[] };
let sandbox: Sandbox;

/** The environment of somebody who has Node and npm, and nothing of this checkout but its Node. */
async function run(file: string, args: string[], cwd: string): Promise<string> {
  const env = { ...process.env, PATH: [BIN, process.env["PATH"]].join(delimiter) };
  const { stdout } = await promisify(execFile)(file, args, { cwd, env, maxBuffer: 64 * 1024 * 1024 });
  return stdout;
}

const project = (): string => join(folder, "project");

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "mysqlgr-package-"));
  // `npm pack` builds anew and first deletes dist/, which other tests of this checkout may be using.
  const source = join(folder, "source");
  mkdirSync(source);
  for (const name of [
    "package.json",
    "tsconfig.json",
    "tsconfig.build.json",
    "provider",
    "README.md",
    "LICENSE",
  ])
    cpSync(join(CHECKOUT, name), join(source, name), { recursive: true });
  symlinkSync(join(CHECKOUT, "node_modules"), join(source, "node_modules"));
  cpSync(join(__dirname, "fixture"), project(), { recursive: true });
  const server = up({ members: 1, temporary: true });
  [packed] = JSON.parse(lastJson(await run("npm", ["pack", "--json", "--pack-destination", folder], source)));
  await run("npm", ["install", join(folder, packed.filename), "@pulumi/pulumi"], project());
  sandbox = await server;
});

afterAll(async () => {
  if (sandbox) await down(sandbox);
  rmSync(folder, { recursive: true, force: true });
});

/** The scripts that npm runs print before it. */
function lastJson(text: string): string {
  return text.slice(text.search(/^\[/m));
}

describe("the packed package", () => {
  it("holds what was compiled, the README and the licence, and nothing else", () => {
    const others = packed.files
      .map(({ path }) => path)
      .filter((path) => !/^dist\/.+\.(js|d\.ts|json|map)$/.test(path));
    expect(others.sort()).toEqual(["LICENSE", "README.md", "package.json"]);
    const paths = packed.files.map(({ path }) => path);
    expect(paths).toEqual(
      expect.arrayContaining([
        "dist/index.js",
        "dist/index.d.ts",
        "dist/runtime/index.js",
        "dist/runtime/index.d.ts",
      ]),
    );
    expect(paths.filter((path) => /tsbuildinfo|\.test\./.test(path))).toEqual([]);
  });

  it("installs beside @pulumi/pulumi with every dependency met, and without a second copy of it", async () => {
    const tree = JSON.parse(await run("npm", ["ls", "--all", "--json"], project()));
    expect(tree.problems).toBeUndefined();
    expect(tree.dependencies[NAME].dependencies["@pulumi/pulumi"].version).toBe(
      tree.dependencies["@pulumi/pulumi"].version,
    );
    expect(Object.keys(manifest().dependencies)).not.toContain("@pulumi/pulumi");
  });

  it("can be loaded by its two names, and by no other path", async () => {
    const load = (name: string) =>
      run("node", ["-p", `Object.keys(require("${name}")).sort().join()`], project());
    expect(await load(NAME)).toBe(
      "Certificate,CertificateAuthority,CertificateFiles,GroupMember,RecoveryChannel,ReplicationChannel,ReplicationUser,RevocationList,renderOptionFile\n",
    );
    expect(await load(`${NAME}/runtime`)).toBe(
      "certificate,certificateAuthority,certificateFiles,configure,groupMember,recoveryChannel,replicationChannel,replicationUser,revocationList\n",
    );
    await expect(load(`${NAME}/dist/stub.js`)).rejects.toThrow("ERR_PACKAGE_PATH_NOT_EXPORTED");
  });

  it("has types that a strict program compiles with", async () => {
    await run("tsc", ["-p", "types"], project());
  });
});

describe("a project that has installed the package", () => {
  let deployment: Deployment;

  beforeAll(async () => {
    deployment = await Deployment.of(sandbox, declarationOf(sandbox), { folder: project() });
  });

  it("makes a group, and leaves it alone when it is run again", async () => {
    expect((await deployment.up()).changes).toEqual({ create: 4 });
    await expectAllOnline(sandbox);
    const before = await statementsOf(sandbox);
    expect((await deployment.up({ refresh: true })).changes).toEqual({ same: 4 });
    expect(await writesOf(sandbox, before)).toEqual({});
  });

  it("keeps in state a short text for each resource, which only calls the installed package", () => {
    const resources = deployment.resources().filter(({ type }) => type.includes("mysqlgr"));
    expect(resources).toHaveLength(3);
    for (const { inputs, outputs, type } of resources) {
      const text = String(outputs["__provider"]);
      expect({ type, same: inputs["__provider"] === text }).toEqual({ type, same: true });
      expect(Buffer.byteLength(text)).toBeLessThan(3 * 1024);
      const required = [...text.matchAll(/require\(\s*(?:"|')?([^"')]*)/g)].map(([, name]) => name);
      expect([...new Set(required)]).toEqual([`${NAME}/runtime`]);
      expect(text).not.toContain(CHECKOUT);
    }
  });

  it("takes the group apart again", async () => {
    expect((await deployment.destroy()).changes).toEqual({ delete: 4 });
    const [member] = sandbox.members;
    expect(await viewOf(member!)).toEqual([expect.objectContaining({ state: "OFFLINE" })]);
    expect(await persistedOn(member!)).toEqual([]);
    expect(await accountOn(member!)).toBeUndefined();
  });
});

function manifest(): { dependencies: Record<string, string> } {
  return JSON.parse(readFileSync(join(project(), "node_modules", NAME, "package.json"), "utf8"));
}
