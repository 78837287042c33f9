import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  certificate,
  certificateAuthority,
  replicationChannel,
  revocationList,
} from "../../provider/runtime";
import {
  type Member,
  type Sandbox,
  authorityOf,
  connect,
  down,
  query,
  start,
  stop,
  up,
  writePem,
} from "../../tools/sandbox";
import { type Deployed, type Inputs, create, failure, login, until, update } from "./helpers";

const password = "Replica-secret-1";
type Part = { type: string; value: string };
const named = (CN: string): Part[] => [
  { type: "O", value: "Example" },
  { type: "CN", value: CN },
];
const parts = (...all: string[]): Part[] =>
  all.map((text) => ({ type: text.split("=")[0]!, value: text.slice(text.indexOf("=") + 1) }));
const asIssuer = ({ outs }: Deployed): Inputs => ({
  certificate: outs["certificate"],
  privateKey: outs["privateKey"],
  trustBundle: outs["trustBundle"],
});

/** Each server shows what we made as a server (the source) and as a client (its replica). */
export function describeIssuedCertificates(version: "5.7.22" | "8.0.15" | "9.7.4"): void {
  // Its administrator logs in without TLS: Node no longer speaks what yaSSL does.
  const yassl = version === "5.7.22";
  const openssl3 = version === "9.7.4";
  const privateKeyFormat = yassl ? "PKCS1" : "PKCS8";
  let sandbox: Sandbox;
  let source: Member;
  let replica: Member;
  let ca: Deployed;
  let files = 0;

  const connection = (member: Member): Inputs => ({
    ...login(member),
    ...(yassl ? { tls: { mode: "DISABLED" } } : {}),
  });
  const file = (text: unknown): string => writePem(join(sandbox.folder, `made/${++files}.pem`), String(text));

  const issue = (given: Inputs): Promise<Deployed> =>
    create(certificate, { issuer: asIssuer(ca), subject: named("127.0.0.1"), privateKeyFormat, ...given });

  beforeAll(async () => {
    sandbox = await up({ ...(openssl3 ? {} : { version }), members: 2, temporary: true });
    [source, replica] = sandbox.members as [Member, Member];
    ca = await create(certificateAuthority, { subject: named("Example CA") });
    await query(source, "CREATE DATABASE app");
  });
  afterAll(() => down(sandbox));

  /** Start-up options: the old servers read them then only. */
  async function serve(options: Record<string, string>): Promise<void> {
    const lines = Object.entries(options).map(([name, value]) => `${name}=${value}`);
    const others = readFileSync(source.optionFile, "utf8")
      .split("\n")
      .filter((line) => !/^ssl[-_]/.test(line) && line !== "");
    writeFileSync(source.optionFile, [...others, ...lines, ""].join("\n"));
    await stop(source);
    await start(source);
  }

  async function serveWith(
    server: Deployed,
    trusted: unknown,
    more: Record<string, string> = {},
  ): Promise<void> {
    const { certificateChain, privateKey } = server.outs;
    const options = {
      "ssl-ca": file(trusted),
      "ssl-cert": file(certificateChain),
      "ssl-key": file(privateKey),
    };
    await serve({ ...options, ...more });
  }

  /** Outside of the binary log: MySQL writes a subject there without escapes, and the replica stops at a quote (1064). */
  async function account(require: string): Promise<void> {
    const plugin = yassl ? "mysql_native_password" : "caching_sha2_password";
    const session = await connect(source);
    for (const statement of [
      "SET SESSION SQL_LOG_BIN = 0",
      "DROP USER IF EXISTS replica@'%'",
      `CREATE USER replica@'%' IDENTIFIED WITH ${plugin} BY '${password}' REQUIRE ${require}`,
      "GRANT REPLICATION SLAVE ON *.* TO replica@'%'",
    ])
      await session.query(statement);
    await session.end();
  }

  const quoted = (text: unknown): string => `'${String(text).replace(/[\\']/g, "\\$&")}'`;
  const requirement = ({ outs }: Deployed): string =>
    `SUBJECT ${quoted(outs["mysqlSubject"])} AND ISSUER ${quoted(outs["mysqlIssuer"])}`;

  /** A channel whose replica verifies the source's certificate and shows the client's. */
  async function channelWith(client: Deployed, trusted: unknown, more: Inputs = {}): Promise<Deployed> {
    return create(replicationChannel, {
      connection: connection(replica),
      channelName: "tls",
      host: source.host,
      port: source.port,
      user: "replica",
      password,
      sslMode: "VERIFY_CA",
      sslCa: file(trusted),
      sslCert: file(client.outs["certificateChain"]),
      sslKey: file(client.outs["privateKey"]),
      source: connection(source),
      ...more,
    });
  }

  async function isAccepted(client: Deployed, trusted: unknown, more: Inputs = {}): Promise<void> {
    const channel = await channelWith(client, trusted, more);
    expect(channel.outs).toMatchObject({ cipher: expect.stringMatching(/./) as string });
    await channel.runtime.delete(channel.id, channel.outs);
  }

  async function refusalOf(client: Deployed, trusted: unknown): Promise<string> {
    const { message } = await failure(channelWith(client, trusted));
    return message;
  }

  describe("a server's and a client's certificate of a root", () => {
    beforeAll(async () => {
      const server = await issue({
        usage: "server",
        dnsNames: ["localhost"],
        ipAddresses: ["127.0.0.1", "::1"],
      });
      await serveWith(server, ca.outs["trustBundle"]);
    });

    it.each<[string, Part[]]>([
      ["in the usual order", parts("C=SE", "ST=Stockholm", "L=Kista", "O=Example", "OU=db", "CN=client")],
      ["in another order, with a type twice", parts("CN=client", "OU=b", "OU=a", "O=Example")],
      ["with a mail address", parts("O=Example", "CN=client", "emailAddress=dba@example.com")],
      ["with a backslash and quotes", parts('O=A\\B=C, "D"', "CN=O'Hara")],
    ])("are accepted, with REQUIRE SUBJECT and ISSUER and a subject %s", async (_, subject) => {
      const client = await issue({ usage: "client", subject });
      await account(requirement(client));
      await isAccepted(client, ca.outs["trustBundle"]);
    });

    it.each<[string, Part[], boolean]>([
      ["letters that are no ASCII", parts("O=Müller €", "CN=client"), !yassl],
      ["a slash and a plus", parts("O=A/B+C", "CN=client"), openssl3],
      ["types that yaSSL does not know", parts("CN=client", "title=a", "UID=b", "DC=c"), !yassl],
    ])(
      "are accepted with %s in the subject where the server writes it as OpenSSL 3 does",
      async (_, subject, same) => {
        const client = await issue({ usage: "client", subject });
        await account(requirement(client));
        if (same) await isAccepted(client, ca.outs["trustBundle"]);
        else expect(await refusalOf(client, ca.outs["trustBundle"])).toMatch(/\(1045\)/);
      },
    );

    it("are refused where the account wants another subject", async () => {
      const client = await issue({ usage: "client", subject: named("client") });
      await account(requirement(await issue({ usage: "client", subject: named("other") })));
      expect(await refusalOf(client, ca.outs["trustBundle"])).toMatch(/\(1045\)/);
    });

    it("are refused where the other trusts another CA of that name", async () => {
      const client = await issue({ usage: "client", subject: named("client") });
      const other = await create(certificateAuthority, { subject: named("Example CA"), keyBits: 2048 });
      expect(await refusalOf(client, other.outs["trustBundle"])).toMatch(/\(2026\)/);
    });

    it.each([2048, 3072, 4096])("are accepted with a key of %s bits, and for both uses", async (keyBits) => {
      const client = await issue({ usage: "both", subject: named("client"), keyBits });
      await account(requirement(client));
      await isAccepted(client, ca.outs["trustBundle"]);
    });

    it("are accepted under VERIFY_IDENTITY", async () => {
      const client = await issue({ subject: named("client") });
      await account(requirement(client));
      await isAccepted(client, ca.outs["trustBundle"], { sslMode: "VERIFY_IDENTITY" });
    });
  });

  it("a key of 4096 bits and an end after 2050 are accepted, of the CA and of the certificate", async () => {
    const far = await create(certificateAuthority, {
      subject: named("Far CA"),
      keyBits: 4096,
      validityDays: 14600,
    });
    const both = await issue({ issuer: asIssuer(far), keyBits: 4096, validityDays: 14000 });
    expect(both.outs["notAfter"]).toMatch(/^206/);
    await serveWith(both, far.outs["trustBundle"]);
    await account(requirement(both));
    await isAccepted(both, far.outs["trustBundle"]);
  });

  it("certificates of an intermediate CA are accepted where the whole bundle is trusted", async () => {
    const middle = await create(certificateAuthority, {
      subject: named("Middle CA"),
      issuer: asIssuer(ca),
      keyBits: 2048,
      validityDays: 3000,
      pathLength: 0,
    });
    const both = await issue({ issuer: asIssuer(middle) });
    await serveWith(both, middle.outs["trustBundle"]);
    await account(requirement(both));
    await isAccepted(both, middle.outs["trustBundle"]);
    // A server of OpenSSL sends the intermediate CA along, yaSSL does not.
    if (yassl) expect(await refusalOf(both, ca.outs["trustBundle"])).toMatch(/\(2026\)/);
    else await isAccepted(both, ca.outs["trustBundle"]);
  });

  it("certificates of a CA that was made elsewhere are accepted", async () => {
    const { cert, key } = authorityOf(sandbox);
    const existing = { certificate: cert, privateKey: key };
    const wrapped = await create(certificateAuthority, { existing });
    const both = await issue({ issuer: asIssuer(wrapped) });
    await serveWith(both, readFileSync(sandbox.tls.ca, "utf8"));
    await account(requirement(both));
    await isAccepted(both, wrapped.outs["trustBundle"]);
  });

  it("MySQL replicates a required subject without its escapes, which is why a group's accounts have none", async () => {
    const both = await issue({});
    await serveWith(both, ca.outs["trustBundle"]);
    await account(requirement(both));
    const channel = await channelWith(both, ca.outs["trustBundle"]);
    await query(source, String.raw`CREATE USER odd@'%' REQUIRE SUBJECT '/O=M\\xC3\\xBCller/CN=a\\/b'`);
    const subjects = (member: Member): Promise<string[]> =>
      query(member, "SELECT CAST(x509_subject AS CHAR) subject FROM mysql.user WHERE user = 'odd'").then(
        (rows) => rows.map(({ subject }) => String(subject)),
      );
    await until("the account is on the replica", 20, async () => (await subjects(replica)).length === 1);
    expect(await subjects(source)).toEqual(["/O=M\\xC3\\xBCller/CN=a\\/b"]);
    expect(await subjects(replica)).toEqual(["/O=MxC3xBCller/CN=a/b"]);
    await channel.runtime.delete(channel.id, channel.outs);
  });

  // yaSSL knows neither lists nor folders of them.
  if (yassl) return;

  describe("a revoked client", () => {
    let good: Deployed;
    let revoked: Deployed;
    let list: Deployed;

    beforeAll(async () => {
      await account("X509");
      good = await issue({ subject: named("good") });
      revoked = await issue({ subject: named("lost") });
      list = await create(revocationList, {
        issuer: asIssuer(ca),
        revoked: [{ serialNumber: revoked.outs["serialNumber"], reason: "keyCompromise" }],
      });
    });

    async function keepsOut(): Promise<void> {
      await isAccepted(good, ca.outs["trustBundle"]);
      expect(await refusalOf(revoked, ca.outs["trustBundle"])).toMatch(/\((2013|2026)\)/);
    }

    it("is let in where no list is loaded", async () => {
      await serveWith(await issue({}), ca.outs["trustBundle"]);
      await isAccepted(revoked, ca.outs["trustBundle"]);
    });

    it("is kept out by ssl_crl, and nobody else is", async () => {
      await serveWith(await issue({}), ca.outs["trustBundle"], { "ssl-crl": file(list.outs["crl"]) });
      await keepsOut();
    });

    it("is kept out by ssl_crlpath, and nobody else is, with the CA in ssl_capath", async () => {
      const folder = (texts: unknown): string => {
        const path = join(sandbox.folder, `made/folder-${++files}`);
        for (const [name, text] of Object.entries(texts as Record<string, string>))
          writePem(join(path, name), text);
        return path;
      };
      const { certificateChain, privateKey } = (await issue({})).outs;
      await serve({
        "ssl-capath": folder(ca.outs["capathFiles"]),
        "ssl-crlpath": folder(list.outs["crlpathFiles"]),
        "ssl-cert": file(certificateChain),
        "ssl-key": file(privateKey),
      });
      await keepsOut();
    });

    it("is let in again by a list without it", async () => {
      const empty = await update(list, { revoked: [] });
      await serveWith(await issue({}), ca.outs["trustBundle"], { "ssl-crl": file(empty.outs["crl"]) });
      await isAccepted(revoked, ca.outs["trustBundle"]);
    });
  });
}
