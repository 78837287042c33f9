import { X509Certificate, createPrivateKey } from "node:crypto";
import { issueCertificate } from "../../provider/certificates/certificate";
import { readIssuer } from "../../provider/certificates/issuer";
import { type Args, type Declaration, Deployment } from "./harness";

const passphrase = "e2e-passphrase-of-a-ca";
const day = 24 * 3_600_000;

const declaration = (given: { ca?: Args; db1?: Args; list?: Args } = {}): Declaration => ({
  members: [],
  authorities: [
    { name: "root", authority: { subject: { O: "Example", CN: "Root CA" }, keyBits: 2048, ...given.ca } },
    {
      name: "middle",
      issuer: "root",
      authority: { subject: { CN: "Middle CA" }, keyBits: 2048, validityDays: 900 },
    },
  ],
  certificates: [
    // In an order that is not the alphabet's.
    {
      name: "db1",
      issuer: "middle",
      certificate: { subject: { CN: "db1", OU: ["b", "a"], O: "Example" }, dnsNames: ["db1"], ...given.db1 },
    },
    { name: "client", issuer: "root", certificate: { subject: { CN: "client" }, usage: "client" } },
  ],
  lists: [{ name: "crl", issuer: "root", list: { revoked: [{ serialNumber: "01aa" }], ...given.list } }],
});

const none = { adminPassword: "none", recoveryPassword: "none" };

let deployment: Deployment;

beforeAll(async () => {
  deployment = await Deployment.create(declaration(), none);
});
afterAll(() => deployment?.dispose());

type Resource = { urn: string; inputs: Args; outputs: Args };

/** With its secrets in plain text. */
async function exported(): Promise<{
  state: Awaited<ReturnType<typeof deployment.stack.exportStack>>;
  all: Resource[];
}> {
  const state = await deployment.stack.exportStack();
  return { state, all: (state.deployment as { resources: Resource[] }).resources };
}

const named = (all: readonly Resource[], name: string): Resource =>
  all.find(({ urn }) => urn.endsWith(`::${name}`))!;

/** A value in exported state; a secret's text is JSON in an object of the engine. */
function plain(value: unknown): string {
  if (typeof value === "string") return value;
  return String(JSON.parse((value as { plaintext: string }).plaintext));
}

async function outputsOf(name: string): Promise<Args> {
  return named((await exported()).all, name).outputs;
}

/** Of every key its third line; in state a line end is an escape. */
const keyLines = new Set<string>();

async function rememberKeys(): Promise<void> {
  for (const { outputs } of (await exported()).all)
    if (outputs?.["privateKey"] !== undefined) keyLines.add(plain(outputs["privateKey"]).split("\n")[2]!);
}

async function expectNoKeyShown(): Promise<void> {
  await rememberKeys();
  expect(keyLines.size).toBeGreaterThanOrEqual(4);
  const places = {
    printed: deployment.printed,
    file: deployment.stateFile(),
    export: await deployment.pulumi("stack", "export"),
  };
  for (const [place, text] of Object.entries(places))
    for (const secret of [...keyLines, passphrase, "BEGIN PRIVATE KEY", "BEGIN RSA PRIVATE"])
      expect({ place, found: text.includes(secret) }).toEqual({ place, found: false });
}

/** As if this certificate had been made so long ago. */
async function age(name: string, days: number): Promise<void> {
  const { state, all } = await exported();
  const { inputs, outputs } = named(all, name);
  const material = JSON.parse((inputs["issuer"] as { plaintext: string }).plaintext);
  // Its CA is as old as it is; the certificate alone is made in the past.
  const issuer = readIssuer(material, "issuer");
  const then = Date.now() - days * day;
  const chain = issuer.chain.map((ca) => ({ ...ca, notBefore: new Date(0) }));
  const key = createPrivateKey(plain(outputs["privateKey"]));
  const wish = {
    subject: inputs["subject"] as [],
    usage: "both",
    dnsNames: ["db1"],
    ipAddresses: [],
    validityDays: 365,
  } as const;
  outputs["certificate"] = issueCertificate(wish, { ...issuer, chain }, key, then);
  await deployment.importState(state);
}

it("a chain of CAs, certificates and a list are made by one up, subjects in the order of the program", async () => {
  await deployment.preview();
  expect((await deployment.up()).changes).toEqual({ create: 6 });
  const db1 = await outputsOf("db1");
  expect(db1["mysqlSubject"]).toBe("/CN=db1/OU=b/OU=a/O=Example");
  expect(db1["mysqlIssuer"]).toBe("/CN=Middle CA");
  const certificate = new X509Certificate(String(db1["certificate"]));
  expect(certificate.checkPrivateKey(createPrivateKey(plain(db1["privateKey"])))).toBe(true);
  expect(Object.keys((await outputsOf("middle"))["capathFiles"] as object)).toHaveLength(2);
  await expectNoKeyShown();
});

it("a second up changes nothing, and neither does a refresh", async () => {
  expect((await deployment.up()).changes).toEqual({ same: 6 });
  expect((await deployment.refresh()).changes).toEqual({ same: 6 });
  expect((await deployment.up({ refresh: true })).changes).toEqual({ same: 6 });
  await expectNoKeyShown();
});

it("a certificate that is due is shown by a preview with refresh and by a refresh, and made anew by the next up", async () => {
  const before = await outputsOf("db1");
  await age("db1", 250);
  const { output, changes } = await deployment.preview({ refresh: true });
  expect(changes).toEqual({ same: 5, update: 1 });
  expect(output).toMatch(
    /certificate \/CN=db1\/OU=b\/OU=a\/O=Example: a new one with a new key because it ends on/,
  );
  const refreshed = await deployment.refresh();
  expect(refreshed.changes).toEqual({ same: 5, update: 1 });
  expect((await outputsOf("db1"))["renewalDue"]).toBe(true);
  expect((await deployment.up()).changes).toEqual({ same: 5, update: 1 });
  const after = await outputsOf("db1");
  expect(after["renewalDue"]).toBe(false);
  expect(plain(after["privateKey"])).not.toBe(plain(before["privateKey"]));
  expect((await deployment.up({ refresh: true })).changes).toEqual({ same: 6 });
  await expectNoKeyShown();
});

it("a CA that is made anew with its key leaves what it has signed as it is", async () => {
  const before = await outputsOf("client");
  await deployment.configure(declaration({ ca: { validityDays: 4000 } }));
  await deployment.preview();
  await deployment.up();
  const after = await outputsOf("client");
  expect(after["sha256"]).toBe(before["sha256"]);
  expect((await deployment.up()).changes).toEqual({ same: 6 });
  await expectNoKeyShown();
});

it("another CA takes the place of the old one, and signs all anew", async () => {
  await deployment.configure(declaration({ ca: { subject: { O: "Example", CN: "New CA" } } }));
  const preview = await deployment.preview();
  expect(preview.output).toMatch(
    /another CA, which signs anew all that this one has signed, because subject is another/,
  );
  await deployment.up();
  expect((await outputsOf("client"))["mysqlIssuer"]).toBe("/O=Example/CN=New CA");
  expect((await outputsOf("middle"))["mysqlIssuer"]).toBe("/O=Example/CN=New CA");
  expect((await outputsOf("crl"))["mysqlIssuer"]).toBe("/O=Example/CN=New CA");
  expect((await deployment.up()).changes).toEqual({ same: 6 });
  await expectNoKeyShown();
});

it("a CA that exists is wrapped, its key given with a passphrase, and none of it is shown", async () => {
  const root = await outputsOf("root");
  const privateKey = createPrivateKey(plain(root["privateKey"]))
    .export({ format: "pem", type: "pkcs8", cipher: "aes-256-cbc", passphrase })
    .toString();
  const newRoot = declaration({ ca: { subject: { O: "Example", CN: "New CA" } } });
  const wrapping = { ...newRoot, authorities: [...newRoot.authorities!, { name: "wrapped" }] };
  const configure = (given: string): Promise<void> =>
    deployment.configure(wrapping, {
      ...none,
      logins: { wrapped: { certificate: root["certificate"], privateKey, passphrase: given } },
    });
  await configure("another one");
  expect(await deployment.failing(deployment.up())).toMatch(
    /existing\.privateKey: cannot be read with this passphrase/,
  );
  await configure(passphrase);
  expect((await deployment.up()).changes).toEqual({ create: 1, same: 6 });
  expect((await outputsOf("wrapped"))["sha256"]).toBe(root["sha256"]);
  await expectNoKeyShown();
});

it("destroy forgets them all", async () => {
  const { changes } = await deployment.destroy();
  expect(changes).toEqual({ delete: 7 });
  expect(deployment.printed).not.toContain(passphrase);
});
