import { readFileSync } from "node:fs";
import { down, up, type Sandbox } from "../../tools/sandbox";
import { adminPasswordOf, declarationOf, Deployment, type Args, type Variation } from "./harness";
import { channelOn, expectAllOnline, memberOf } from "./servers";

let sandbox: Sandbox;
let deployment: Deployment;

const passwords = {
  first: "first-recovery-password",
  second: "second-recovery-password",
  wrong: "wrong-recovery-password",
  wrongAdmin: "wrong-admin-password",
  tooLong: `too-long-${"x".repeat(40)}`,
};

function pem(file: string): string {
  return readFileSync(file, "utf8");
}

/** db1's own resources say how the administrator logs in there, in plain text: certificate, key and password. */
function logins(): Record<string, Args> {
  const { ca, clientCert, clientKey } = sandbox.tls;
  const { password } = memberOf(sandbox, "db1");
  return { db1: { password, tls: { mode: "PREFERRED", ca, cert: clientCert, key: pem(clientKey) } } };
}

interface Given {
  /** The account's password. */
  user?: string;
  /** The channels'. */
  channel?: string;
  admin?: string;
  varied?: Variation;
}

async function configure({ user = passwords.first, channel, admin, varied }: Given = {}): Promise<void> {
  await deployment.configure(declarationOf(sandbox, varied), {
    adminPassword: admin ?? adminPasswordOf(sandbox),
    recoveryPassword: user,
    channelPassword: channel ?? user,
    logins: logins(),
  });
}

/** Every text that may appear nowhere, by what it is; of a key its first long line, since escapes change line ends. */
function secrets(): Record<string, string> {
  const keys = [sandbox.tls.clientKey, ...sandbox.members.map(({ tls }) => tls.key)];
  const lines = keys.map((file) => [file, pem(file).split("\n")[1]!] as const);
  return { admin: adminPasswordOf(sandbox), ...passwords, ...Object.fromEntries(lines) };
}

/** Names of the secrets that stand in the text, as they are or in another common spelling. */
function foundIn(text: string): string[] {
  const spellings = (secret: string) => [
    secret,
    encodeURIComponent(secret),
    Buffer.from(secret).toString("base64").replace(/=+$/, ""),
  ];
  return Object.entries(secrets())
    .filter(([, secret]) => spellings(secret).some((spelled) => text.includes(spelled)))
    .map(([name]) => name);
}

beforeAll(async () => {
  // Only servers that have the sandbox's CA accept an administrator with its client certificate.
  sandbox = await up({ group: true, temporary: true });
  deployment = await Deployment.of(sandbox);
  await configure();
});

afterAll(async () => {
  deployment?.dispose();
  if (sandbox) await down(sandbox);
});

describe("a deployment from its creation to its end", () => {
  it("is created, after a preview of it, with another recovery password than the group has", async () => {
    await deployment.preview();
    await deployment.up();
    await expectAllOnline(sandbox);
    for (const member of sandbox.members)
      expect(await channelOn(member)).toEqual({ user: "recovery", password: passwords.first });
  });

  it("refuses a recovery password that the donors refuse, and keeps the old one", async () => {
    await configure({ channel: passwords.wrong });
    await deployment.preview();
    const printed = await deployment.failing(deployment.up());
    expect(printed).toContain("[GR106]");
    expect(printed).toMatch(/Access denied for user 'recovery'/);
    for (const member of sandbox.members)
      expect(await channelOn(member)).toEqual({ user: "recovery", password: passwords.first });
  });

  it("refuses a password that a channel does not take", async () => {
    await configure({ channel: passwords.tooLong });
    expect(await deployment.failing(deployment.up())).toContain("must not be longer than 32 bytes");
  });

  it("refuses an administrator's password that the servers refuse", async () => {
    await configure({ admin: passwords.wrongAdmin, varied: { channel: { recoveryRetryCount: 5 } } });
    expect(await deployment.failing(deployment.up())).toContain("[GR003]");
  });

  it("rotates the recovery password while the group runs", async () => {
    await configure({ user: passwords.second });
    await deployment.preview();
    await deployment.up();
    for (const member of sandbox.members)
      expect(await channelOn(member)).toEqual({ user: "recovery", password: passwords.second });
    await expectAllOnline(sandbox);
  });

  it("is changed and refreshed", async () => {
    const varied = { user: { require: "X509" }, channel: { recoveryRetryCount: 5 } };
    await configure({ user: passwords.second, varied });
    await deployment.up({ refresh: true });
    expect((await deployment.refresh()).changes).toEqual({ same: 8 });
    await deployment.pulumi("stack", "--show-urns");
  });
});

describe("the secrets of that deployment", () => {
  it("are in none of the outputs, plan lines and errors that the engine printed", () => {
    expect(deployment.printed.length).toBeGreaterThan(10_000);
    expect(deployment.printed).toContain("SOURCE_PASSWORD = <password>");
    expect(foundIn(deployment.printed)).toEqual([]);
  });

  it("are encrypted wherever they are in state", async () => {
    expect(foundIn(await deployment.pulumi("stack", "export"))).toEqual([]);
    expect(foundIn(deployment.stateFile())).toEqual([]);
  });

  it("are in state as secrets, and come back with the passphrase", async () => {
    const { deployment: state } = await deployment.stack.exportStack();
    const found = foundIn(JSON.stringify(state));
    expect(found).toEqual(expect.arrayContaining(["admin", "second", sandbox.tls.clientKey]));
    expect(foundIn(JSON.stringify(withoutSecrets(state)))).toEqual([]);
  });

  it("are not printed by destroy", async () => {
    await deployment.destroy();
    expect(foundIn(deployment.printed)).toEqual([]);
  });
});

/** Pulumi's mark of an object that stands for a secret. */
const MARK = "4dabf18193072939515e22adb298388d";

function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (typeof value !== "object" || value === null) return value;
  if (MARK in value) return "[secret]";
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutSecrets(inner)]));
}
