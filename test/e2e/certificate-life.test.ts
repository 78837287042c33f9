import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { connect, down, query, up, type Member, type Sandbox } from "../../tools/sandbox";
import { certified, folderOf, outputsOf, type Certified } from "./certified";
import { atLocalAddress, atSqlPort } from "./handshake";
import { Deployment } from "./harness";
import { expectAllOnline, memberOf, persistedOn, primaryOf, statementsOf, viewOf, writesOf } from "./servers";
import { whileWriting } from "./writing";

let sandbox: Sandbox;
let deployment: Deployment;

/** A year's certificate that is so old is in its last third. */
const daysAgo = 250;

const declaration = (given: Partial<Certified> = {}) =>
  certified(sandbox, { sslMode: "VERIFY_IDENTITY", clients: ["app"], revoked: [], ...given });

/** SHA-256 of the certificates that a member shows to clients and to the group. */
async function shownBy(member: Member): Promise<(string | undefined)[]> {
  const shown = [await atSqlPort(member, sandbox), await atLocalAddress(member, sandbox)];
  return shown.map((one) => one?.fingerprint.replaceAll(":", "").toLowerCase());
}

const madeFor = (name: string): string => String(outputsOf(deployment, "Certificate", name)["sha256"]);
const fileOf = (name: string, role: "sslCa" | "sslCert" | "sslKey"): string =>
  String(outputsOf(deployment, "CertificateFiles", name)[role]);

async function expectOwnCertificates(): Promise<void> {
  for (const member of sandbox.members)
    expect({ by: member.name, shown: await shownBy(member) }).toEqual({
      by: member.name,
      shown: [madeFor(member.name), madeFor(member.name)],
    });
}

/** Of every private key that there has been its third line; in state a line end is an escape. */
const keyLines = new Map<string, string>();

function rememberKeys(): void {
  for (const name of [...sandbox.members.flatMap((one) => [one.name, `${one.name}-recovery`]), "app"]) {
    const file = fileOf(name, "sslKey");
    keyLines.set(file, readFileSync(file, "utf8").split("\n")[2]!);
  }
}

/** A client that shows its certificate, and verifies the server's. */
async function appOn(member: Member): Promise<string> {
  const read = (role: "sslCa" | "sslCert" | "sslKey") => readFileSync(fileOf("app", role));
  const ssl = { ca: read("sslCa"), cert: read("sslCert"), key: read("sslKey") };
  const connection = await connect(member, { user: "app", password: "e2e-app-password", ssl });
  try {
    const [[row]] = await connection.query<never[]>("SELECT CURRENT_USER() name");
    return String((row as { name: string } | undefined)?.name);
  } finally {
    await connection.end().catch(() => undefined);
  }
}

beforeAll(async () => {
  sandbox = await up({ temporary: true });
  deployment = await Deployment.of(sandbox, declaration());
  deployment.turnClockBack(daysAgo);
});

afterAll(async () => {
  deployment?.dispose();
  if (sandbox) await down(sandbox);
});

it("CA, certificates, files, account, channels and group are made by one up, which is previewed", async () => {
  const { changes } = await deployment.preview();
  expect((await deployment.up()).changes).toEqual({ ...changes, create: changes.create });
  await expectAllOnline(sandbox);
  await expectOwnCertificates();
  rememberKeys();
});

it("a second up with a refresh changes nothing, and no server is written to", async () => {
  const before = await statementsOf(sandbox);
  expect(Object.keys((await deployment.up({ refresh: true })).changes)).toEqual(["same"]);
  expect(await writesOf(sandbox, before)).toEqual({});
});

it("certificates that are due are seen by a refresh, and the next up has all members show new ones, with one switch-over", async () => {
  const before = await Promise.all(sandbox.members.map(shownBy));
  deployment.turnClockBack(0);
  await deployment.refresh();
  for (const { name } of sandbox.members)
    expect(outputsOf(deployment, "Certificate", name)["renewalDue"]).toBe(true);
  expect(await Promise.all(sandbox.members.map(shownBy))).toEqual(before);

  const { starts, elections } = await whileWriting(sandbox, () => deployment.up());
  expect([...starts].sort()).toEqual(["db1", "db2", "db3"]);
  expect(elections).toHaveLength(1);
  await expectAllOnline(sandbox);
  await expectOwnCertificates();
  const after = await Promise.all(sandbox.members.map(shownBy));
  for (const [index, shown] of after.entries()) expect(shown).not.toEqual(before[index]);
  rememberKeys();
});

it("the old files go once no server names them, and no server is touched for it", async () => {
  for (const member of sandbox.members) expect(readdirSync(folderOf(member)).length).toBeGreaterThan(6);
  const before = await statementsOf(sandbox);
  await deployment.up({ refresh: true });
  expect(await writesOf(sandbox, before)).toEqual({});
  for (const member of sandbox.members) {
    const roles = readdirSync(folderOf(member)).map((file) => file.replace(/-[0-9a-f]{16}\.pem$/, ""));
    // The account's files for the members' channels: CA, certificate and key; a server's have a list as well.
    expect(roles.sort()).toEqual([
      "recovery-ca",
      "recovery-cert",
      "recovery-key",
      "server-ca",
      "server-cert",
      "server-crl",
      "server-key",
    ]);
  }
});

it("files that were replaced by hand, and loaded, are seen by a preview with refresh, and mended without a restart", async () => {
  const [db2, roles] = [memberOf(sandbox, "db2"), ["sslCert", "sslKey"] as const];
  const files = roles.map((role) => fileOf("db2", role));
  const texts = files.map((file) => readFileSync(file, "utf8"));
  for (const [index, role] of roles.entries())
    writeFileSync(files[index]!, readFileSync(fileOf("db3", role)));
  await query(db2, "ALTER INSTANCE RELOAD TLS");
  expect(await shownBy(db2)).toEqual([madeFor("db3"), madeFor("db2")]);
  const { output } = await deployment.preview({ refresh: true });
  for (const file of files) expect(output).toContain(`write ${basename(file)} (its content is another)`);
  expect(output).toMatch(/expectedCertificate/);

  const { starts } = await whileWriting(sandbox, () => deployment.up({ refresh: true }));
  expect(starts).toEqual([]);
  expect(files.map((file) => readFileSync(file, "utf8"))).toEqual(texts);
  await expectOwnCertificates();
  expect(Object.keys((await deployment.up({ refresh: true })).changes)).toEqual(["same"]);
});

it("a client whose certificate is revoked is refused by every member after up, and others are not", async () => {
  await query(
    await primaryOf(sandbox),
    "CREATE USER app@'%' IDENTIFIED BY 'e2e-app-password' REQUIRE SUBJECT '/O=Example/CN=app'",
  );
  for (const member of sandbox.members) expect(await appOn(member)).toBe("app@%");

  const reason = "keyCompromise";
  const revoked = [{ serialNumber: "${certificates.app.serialNumber}", reason }];
  await deployment.configure(declaration({ revoked }));
  const { starts, elections } = await whileWriting(sandbox, () => deployment.up());
  expect([...starts].sort()).toEqual(["db1", "db2", "db3"]);
  expect(elections).toHaveLength(1);
  await expectAllOnline(sandbox);
  for (const member of sandbox.members) await expect(appOn(member)).rejects.toThrow(/revoked/);
  await expectOwnCertificates();
});

it("no private key is in what the engine printed, in exported state, or in any file but its own", async () => {
  rememberKeys();
  expect(new Set(keyLines.values()).size).toBeGreaterThanOrEqual(8);
  const places = { printed: deployment.printed, export: await deployment.pulumi("stack", "export") };
  for (const [place, text] of Object.entries(places))
    for (const secret of [...keyLines.values(), "BEGIN PRIVATE KEY", "BEGIN RSA PRIVATE"])
      expect({ place, found: text.includes(secret) }).toEqual({ place, found: false });
  const patterns = [...keyLines.values()].flatMap((line) => ["-e", line]);
  const folders = [sandbox.folder, `${deployment.folder}/home`];
  const found = execFileSync("grep", ["-rlF", ...patterns, ...folders], { encoding: "utf8" });
  const declared = [...keyLines.keys()];
  expect(
    found
      .trim()
      .split("\n")
      .filter((file) => !declared.includes(file)),
  ).toEqual([]);
});

it("destroy lets the members leave, takes the files away, and gives the servers their own certificates back", async () => {
  await deployment.destroy();
  for (const member of sandbox.members) {
    expect(await viewOf(member)).toEqual([expect.objectContaining({ state: "OFFLINE" })]);
    expect(await persistedOn(member)).toEqual([]);
    expect(readdirSync(folderOf(member))).toEqual([]);
    const shown = await atSqlPort(member, sandbox);
    expect(shown).toBeDefined();
  }
});
