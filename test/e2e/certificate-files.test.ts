import { createPrivateKey } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type SshHost, newSshKey, startSshHost } from "../../tools/sandbox";
import { type Args, type Declaration, Deployment } from "./harness";

let host: SshHost;
let deployment: Deployment;
let folder: string;

/** No server is asked here. */
const unused = { adminPassword: "unused-password", recoveryPassword: "unused-password" };

const declaration = (given: { db1?: Args; files?: Args } = {}): Declaration => ({
  members: [],
  authorities: [{ name: "ca", authority: { subject: { O: "Example", CN: "Example CA" }, keyBits: 2048 } }],
  certificates: [
    { name: "db1", issuer: "ca", certificate: { subject: { CN: "db1" }, dnsNames: ["db1"], ...given.db1 } },
  ],
  files: [
    {
      name: "tls",
      certificate: "db1",
      issuer: "ca",
      files: {
        folder: "/srv/tls",
        capath: "${authorities.ca.trustBundle}",
        owner: "mysql",
        group: "mysql",
        ...given.files,
      },
    },
  ],
});

async function configure(declared: Declaration, login: Args = {}): Promise<void> {
  const [hostKey] = host.hostKeys;
  const ssh = {
    host: host.host,
    port: host.port,
    user: "root",
    privateKey: host.key.text,
    hostKey,
    ...login,
  };
  await deployment.configure(declared, { ...unused, logins: { tls: ssh } });
}

beforeAll(async () => {
  host = await startSshHost();
  folder = join(host.root, "srv/tls");
  deployment = await Deployment.create(declaration(), unused);
  await configure(declaration());
});
afterAll(async () => {
  deployment?.dispose();
  await host?.stop();
});

function outputs(): Args {
  const [resource] = deployment.resources().filter(({ type }) => type.endsWith(":CertificateFiles"));
  return resource!.outputs;
}

const here = (path: unknown): string => join(host.root, String(path));
const keys = new Set<string>();

/** Of every key that has been on the host its third line; in state a line end is an escape. */
function rememberKeys(): void {
  for (const name of readdirSync(folder))
    if (name.includes("-key-")) keys.add(readFileSync(join(folder, name), "utf8").split("\n")[2]!);
  for (const line of host.key.text.split("\n").slice(2, 4)) keys.add(line);
}

it("nothing is made where the folder is not there", async () => {
  expect(await deployment.failing(deployment.up())).toMatch(
    /\[GR005\] 127\.0\.0\.1:\d+ has no folder \/srv\/tls/,
  );
});

it("files of a certificate are put on the host by one up, and a second one changes nothing", async () => {
  mkdirSync(folder, { mode: 0o755 });
  expect((await deployment.up()).changes).toEqual({ create: 1, same: 3 });
  const { sslCa, sslCert, sslKey, sslCapath } = outputs();
  expect(createPrivateKey(readFileSync(here(sslKey))).asymmetricKeyType).toBe("rsa");
  expect([sslCa, sslCert, sslCapath].map((path) => existsSync(here(path)))).toEqual([true, true, true]);
  rememberKeys();
  expect((await deployment.up()).changes).toEqual({ same: 4 });
  expect((await deployment.refresh()).changes).toEqual({ same: 4 });
  expect((await deployment.up({ refresh: true })).changes).toEqual({ same: 4 });
});

it("what was changed by hand is shown by a preview with refresh, and mended", async () => {
  const { sslCert, sslKey } = outputs();
  const cert = readFileSync(here(sslCert), "utf8");
  writeFileSync(here(sslCert), "another");
  chmodSync(here(sslKey), 0o644);
  const { output, changes } = await deployment.preview({ refresh: true });
  expect(changes).toEqual({ same: 3, update: 1 });
  expect(output).toMatch(/write server-cert-\w{16}\.pem \(its content is another\)/);
  expect(output).toMatch(/write server-key-\w{16}\.pem \(its mode is 0644, not 0600\)/);
  expect((await deployment.refresh()).changes).toEqual({ same: 3, update: 1 });
  expect(outputs()["drift"]).toEqual([
    expect.stringMatching(/^server-cert-\w{16}\.pem: its content is another$/),
    expect.stringMatching(/^server-key-\w{16}\.pem: its mode is 0644, not 0600$/),
  ]);
  expect((await deployment.up()).changes).toEqual({ same: 3, update: 1 });
  expect(readFileSync(here(sslCert), "utf8")).toBe(cert);
  expect((await deployment.up({ refresh: true })).changes).toEqual({ same: 4 });
});

it("a new certificate gets new names, and the old files stay beside", async () => {
  const before = outputs();
  await configure(declaration({ db1: { dnsNames: ["db1", "db1.example"] } }));
  const { output } = await deployment.preview();
  expect(output).toMatch(/cert is not known yet: more may be written/);
  expect((await deployment.up()).changes).toEqual({ same: 2, update: 2 });
  const after = outputs();
  rememberKeys();
  expect(after["sslCa"]).toBe(before["sslCa"]);
  expect(after["sslCert"]).not.toBe(before["sslCert"]);
  expect(after["oldVersions"]).toEqual([before["sslCert"], before["sslKey"]]);
  expect(readdirSync(folder)).toHaveLength(6);
  expect((await deployment.up({ refresh: true })).changes).toEqual({ same: 4 });
});

it("another folder gets the files before the old one loses them", async () => {
  mkdirSync(join(host.root, "srv/other"), { mode: 0o755 });
  await configure(
    declaration({ db1: { dnsNames: ["db1", "db1.example"] }, files: { folder: "/srv/other" } }),
  );
  await deployment.up();
  expect(readdirSync(folder)).toEqual([]);
  expect(readdirSync(join(host.root, "srv/other"))).toHaveLength(4);
  await configure(declaration({ db1: { dnsNames: ["db1", "db1.example"] } }));
  await deployment.up();
  expect(readdirSync(folder)).toHaveLength(4);
  expect(readdirSync(join(host.root, "srv/other"))).toEqual([]);
});

it("a host that shows another key is told, and nothing is done", async () => {
  const other = await newSshKey(join(host.root, "etc/ssh/other"));
  const files = { mode: "0444" };
  await configure(declaration({ files }), { hostKey: other.publicLine });
  expect(await deployment.failing(deployment.up())).toContain("[GR007]");
  await configure(declaration({ db1: { dnsNames: ["db1", "db1.example"] } }));
  await deployment.up();
});

it("a creation that ends half-way is in state: what it wrote is deleted with it", async () => {
  // Too small for all of it.
  writeFileSync(join(host.disk, "filler"), Buffer.alloc(1024 * 1024 - 8192));
  await deployment.destroy();
  await configure(declaration({ files: { folder: "/srv/disk" } }));
  expect(await deployment.failing(deployment.up())).toContain("no space left on device");
  expect(readdirSync(host.disk).length).toBeGreaterThan(1);
  for (const line of host.key.text.split("\n").slice(2, 4))
    expect(deployment.stateFile()).not.toContain(line);
  await deployment.destroy();
  expect(readdirSync(host.disk)).toEqual(["filler"]);
});

it("no private key is in what the engine printed, or in state in the clear", async () => {
  await configure(declaration());
  await deployment.up();
  rememberKeys();
  expect(keys.size).toBeGreaterThanOrEqual(4);
  const places = {
    printed: deployment.printed,
    file: deployment.stateFile(),
    export: await deployment.pulumi("stack", "export"),
  };
  for (const [place, text] of Object.entries(places))
    for (const line of keys) expect({ place, found: text.includes(line) }).toEqual({ place, found: false });
});

it("destroy takes the files away", async () => {
  await deployment.destroy();
  expect(readdirSync(folder)).toEqual([]);
});
