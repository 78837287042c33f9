import { join } from "node:path";
import { type Member, type Sandbox, down, kill, query, up, writePem } from "../../tools/sandbox";
import { type Args, type Declaration, Deployment, adminPasswordOf, connectionOf } from "./harness";

let sandbox: Sandbox;
let server: Member;
let deployment: Deployment;

const declaration = (ca: Args = {}): Declaration => ({
  members: [],
  authorities: [
    {
      name: "ca",
      authority: {
        subject: { O: "Example", CN: "Rotated CA" },
        keyBits: 2048,
        usedBy: [connectionOf(server)],
        ...ca,
      },
    },
  ],
  certificates: [
    { name: "server", issuer: "ca", certificate: { subject: { CN: "db1" }, dnsNames: ["db1"] } },
    { name: "client", issuer: "ca", certificate: { subject: { CN: "client" }, usage: "client" } },
  ],
  lists: [{ name: "crl", issuer: "ca", list: { revoked: [{ serialNumber: "01aa" }] } }],
});
/** The engine counts the stack as well. */
const all = 5;

beforeAll(async () => {
  sandbox = await up({ members: 1, temporary: true });
  [server] = sandbox.members as [Member];
  deployment = await Deployment.create(declaration(), {
    adminPassword: adminPasswordOf(sandbox),
    recoveryPassword: "none",
  });
});
afterAll(async () => {
  deployment?.dispose();
  if (sandbox) await down(sandbox);
});

type Resource = { urn: string; outputs: Args };

async function outputsOf(name: string): Promise<Args> {
  const { resources } = (await deployment.stack.exportStack()).deployment as { resources: Resource[] };
  return resources.find(({ urn }) => urn.endsWith(`::${name}`))!.outputs;
}

/** A value in exported state; a secret's text is JSON in an object of the engine. */
function plain(value: unknown): string {
  if (typeof value === "string") return value;
  return String(JSON.parse((value as { plaintext: string }).plaintext));
}

/** Of every key its third line; in state a line end is an escape. */
const keyLines = new Set<string>();

async function rememberKeys(): Promise<void> {
  for (const name of ["ca", "server", "client"])
    for (const [key, value] of Object.entries(await outputsOf(name)))
      if (/rivateKey$/.test(key) && plain(value) !== "") keyLines.add(plain(value).split("\n")[2]!);
}

async function expectNoKeyShown(): Promise<void> {
  await rememberKeys();
  const places = {
    printed: deployment.printed,
    file: deployment.stateFile(),
    export: await deployment.pulumi("stack", "export"),
  };
  for (const [place, text] of Object.entries(places))
    for (const secret of [...keyLines, "BEGIN PRIVATE KEY", "BEGIN RSA PRIVATE"])
      expect({ place, found: text.includes(secret) }).toEqual({ place, found: false });
}

let files = 0;

/** What the program's own resources would do: new files, and a reload. */
async function load(...roles: ("ca" | "cert")[]): Promise<void> {
  const file = (text: unknown): string => writePem(join(sandbox.folder, `made/${++files}.pem`), plain(text));
  const { trustBundle } = await outputsOf("ca");
  const { certificateChain, privateKey } = await outputsOf("server");
  if (roles.includes("ca")) await query(server, "SET GLOBAL ssl_ca = ?", [file(trustBundle)]);
  if (roles.includes("cert")) {
    await query(server, "SET GLOBAL ssl_cert = ?", [file(certificateChain)]);
    await query(server, "SET GLOBAL ssl_key = ?", [file(privateKey)]);
  }
  await query(server, "ALTER INSTANCE RELOAD TLS");
}

const certificates = (text: unknown): number => String(text).match(/BEGIN CERTIFICATE/g)!.length;
const lists = (text: unknown): number => String(text).match(/BEGIN X509 CRL/g)!.length;

it("a CA that a server uses is made, and changes no more", async () => {
  expect((await deployment.up()).changes).toEqual({ create: all });
  await load("ca", "cert");
  expect((await deployment.up({ refresh: true })).changes).toEqual({ same: all });
});

it("phase 1: preview says so, and then old and new are in the bundle while the old one signs", async () => {
  const before = { ca: await outputsOf("ca"), server: await outputsOf("server") };
  await deployment.configure(declaration({ rotation: 1 }));
  expect((await deployment.preview()).output).toMatch(
    /certificate authority \/O=Example\/CN=Rotated CA: phase 1 of 3: a new key and certificate are made/,
  );
  await deployment.up();
  const ca = await outputsOf("ca");
  expect(ca).toMatchObject({ rotationPhase: 1, rotationWaitsFor: [], sha256: before.ca["sha256"] });
  expect(certificates(ca["trustBundle"])).toBe(2);
  expect((await outputsOf("server"))["sha256"]).toBe(before.server["sha256"]);
  expect(lists((await outputsOf("crl"))["crl"])).toBe(2);
  await expectNoKeyShown();
});

it("waits for a server that has not got it, and only says so from then on", async () => {
  const waiting = await deployment.up();
  expect(waiting.changes).toEqual({ update: 1, same: all - 1 });
  const stays = /stays in phase 1 of 3: 127\.0\.0\.1:\d+ does not trust the new CA yet at its SQL port/;
  expect(waiting.output).toMatch(stays);
  expect((await outputsOf("ca"))["rotationWaitsFor"]).toEqual([
    expect.stringMatching(/does not trust the new CA yet/),
  ]);
  const preview = await deployment.preview();
  expect(preview.changes).toEqual({ same: all });
  expect(preview.output).toMatch(stays);
});

it("cannot be raised again meanwhile, and a refused change leaves everything as it is", async () => {
  await deployment.configure(declaration({ rotation: 2 }));
  expect(await deployment.failing(deployment.up())).toMatch(
    /\[GR001\] rotation: cannot be raised while a rotation is under way, in phase 1 of 3/,
  );
  await deployment.configure(declaration({ rotation: 1 }));
  expect((await outputsOf("ca"))["rotationPhase"]).toBe(1);
});

it("phase 2, after the engine was killed in it: all certificates are of the new CA, and the list stays", async () => {
  await load("ca");
  const before = {
    ca: await outputsOf("ca"),
    crl: await outputsOf("crl"),
    server: await outputsOf("server"),
    client: await outputsOf("client"),
  };
  expect((await deployment.preview()).output).toMatch(/phase 2 of 3: the new CA signs/);
  const launched = deployment.launchUp();
  const begun = setInterval(() => launched.output.includes("phase 2 of 3") && launched.kill(), 5);
  await launched.ended;
  clearInterval(begun);
  expect(launched.output).toMatch(/phase 2 of 3/);
  await deployment.pulumi("cancel", "--yes");
  await deployment.up();
  const ca = await outputsOf("ca");
  expect(ca["rotationPhase"]).toBe(2);
  expect(ca["certificate"]).toBe(before.ca["rotatingCertificate"]);
  expect(ca["rotatingCertificate"]).toBe(before.ca["certificate"]);
  for (const name of ["server", "client"] as const)
    expect((await outputsOf(name))["sha256"]).not.toBe(before[name]["sha256"]);
  expect((await outputsOf("crl"))["crl"]).toBe(before.crl["crl"]);
  await expectNoKeyShown();
});

it("cannot go back any more, and waits for a server that shows its old certificate", async () => {
  await deployment.configure(declaration());
  expect(await deployment.failing(deployment.up())).toMatch(
    /\[GR001\] rotation: cannot go back in phase 2 of 3: servers show certificates of the new CA already/,
  );
  await deployment.configure(declaration({ rotation: 1 }));
  const { output, changes } = await deployment.up();
  expect(changes).toEqual({ update: 1, same: all - 1 });
  expect(output).toMatch(
    /stays in phase 2 of 3: 127\.0\.0\.1:\d+ still shows a certificate of the old CA at its SQL port/,
  );
});

it("phase 3: the old CA and its key are forgotten, nothing is signed anew, and then nothing changes", async () => {
  await load("ca", "cert");
  const before = { ca: await outputsOf("ca"), server: await outputsOf("server") };
  const oldKey = plain(before.ca["rotatingPrivateKey"]).split("\n")[2]!;
  expect((await deployment.preview()).output).toMatch(/phase 3 of 3: trustBundle holds the new CA alone/);
  await deployment.up();
  const ca = await outputsOf("ca");
  expect(ca).toMatchObject({
    rotationPhase: 0,
    rotationWaitsFor: [],
    sha256: before.ca["sha256"],
    trustBundle: ca["certificate"],
    rotatingCertificate: "",
  });
  expect((await outputsOf("server"))["sha256"]).toBe(before.server["sha256"]);
  expect(lists((await outputsOf("crl"))["crl"])).toBe(1);
  expect(JSON.stringify(await deployment.stack.exportStack())).not.toContain(oldKey);
  await load("ca");
  expect((await deployment.up()).changes).toEqual({ same: all });
  expect((await deployment.up({ refresh: true })).changes).toEqual({ same: all });
  await expectNoKeyShown();
});

it("destroy forgets them all, and asks no server", async () => {
  await kill(server);
  expect((await deployment.destroy()).changes).toEqual({ delete: all });
  expect(keyLines.size).toBeGreaterThanOrEqual(4);
});
