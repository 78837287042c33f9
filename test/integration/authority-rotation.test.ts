import { join } from "node:path";
import { certificate, certificateAuthority, revocationList } from "../../provider/runtime";
import { type Member, type Sandbox, down, kill, query, start, up, writePem } from "../../tools/sandbox";
import {
  type Deployed,
  type Inputs,
  addressOf,
  create,
  login,
  restartWith,
  said,
  update,
  useRuntime,
  versionsAtHand,
  withOptions,
} from "./helpers";

useRuntime();

const subject = [{ type: "CN", value: "Rotated CA" }];
const asIssuer = ({ outs }: Deployed): Inputs => ({
  certificate: outs["certificate"],
  privateKey: outs["privateKey"],
  trustBundle: outs["trustBundle"],
});
const waits = ({ outs }: Deployed): unknown => outs["rotationWaitsFor"];
const phase = ({ outs }: Deployed): unknown => outs["rotationPhase"];
/** `pulumi up` with nothing changed in the program. */
const again = (ca: Deployed): Promise<Deployed> => update(ca, {});

describe.each(versionsAtHand(["9.7.4", "8.0.15"]))("a CA that a server of %s uses", (version) => {
  let sandbox: Sandbox;
  let server: Member;
  let ca: Deployed;
  let leaf: Deployed;
  let files = 0;
  const newest = version === "9.7.4";
  const file = (text: unknown): string => writePem(join(sandbox.folder, `made/${++files}.pem`), String(text));
  const address = (): string => addressOf(server);

  /** As start-up options, which old servers read at no other time. */
  const load = (options: Record<string, string>): Promise<void> => restartWith(server, withOptions(options));
  const loadTrust = (more: Record<string, string> = {}): Promise<void> =>
    load({ "ssl-ca": file(ca.outs["trustBundle"]), ...more });
  const loadLeaf = (): Promise<void> =>
    load({ "ssl-cert": file(leaf.outs["certificateChain"]), "ssl-key": file(leaf.outs["privateKey"]) });

  /** Names files that need not be there: the channel connects to nobody. */
  async function channel(files: { ca: string; cert: string }): Promise<void> {
    const options = newest
      ? `CHANGE REPLICATION SOURCE TO SOURCE_HOST='192.0.2.1', SOURCE_SSL=1, SOURCE_SSL_CA='${files.ca}', SOURCE_SSL_CERT='${files.cert}'`
      : `CHANGE MASTER TO MASTER_HOST='192.0.2.1', MASTER_SSL=1, MASTER_SSL_CA='${files.ca}', MASTER_SSL_CERT='${files.cert}'`;
    // The server's own start has started it.
    const known = await query(
      server,
      "SELECT 1 FROM performance_schema.replication_connection_configuration",
    );
    if (known.length > 0) await query(server, `STOP ${newest ? "REPLICA" : "SLAVE"} FOR CHANNEL 'x'`);
    await query(server, `${options} FOR CHANNEL 'x'`);
  }

  beforeAll(async () => {
    sandbox = await up({ ...(newest ? {} : { version }), members: 1, temporary: true });
    [server] = sandbox.members as [Member];
    ca = await create(certificateAuthority, { subject, keyBits: 2048, usedBy: [login(server)] });
    leaf = await create(certificate, { issuer: asIssuer(ca), subject: [{ type: "CN", value: server.host }] });
    await loadTrust();
    await loadLeaf();
  });
  afterAll(() => sandbox && down(sandbox));

  it("begins its rotation, which the server need not know of", async () => {
    ca = await update(ca, { rotation: 1 });
    expect(phase(ca)).toBe(1);
    leaf = await update(leaf, { issuer: asIssuer(ca) });
  });

  it("stays in phase 1 while the server does not trust the new CA, and preview says so", async () => {
    ca = await again(ca);
    expect(phase(ca)).toBe(1);
    expect(waits(ca)).toEqual([
      expect.stringMatching(
        new RegExp(`^${address()} does not trust the new CA yet at its SQL port: .*alert unknown ca$`),
      ),
    ]);
    const [why] = waits(ca) as string[];
    expect(said).toEqual([
      `certificate authority /CN=Rotated CA: stays in phase 1 of 3: ${why}; the next pulumi up looks again`,
    ]);
    // Nothing differs any more: no update, and dependents are not troubled.
    expect(await certificateAuthority.diff(ca.id, ca.outs, ca.inputs)).toEqual({ changes: false });
  });

  it("stays in phase 1 while the server does not answer", async () => {
    await kill(server);
    const down = await again(ca);
    await start(server);
    expect(phase(down)).toBe(1);
    expect(waits(down)).toEqual([
      expect.stringMatching(new RegExp(`^${address()} cannot be reached: .*ECONNREFUSED`)),
    ]);
  });

  it("stays in phase 1 while the server has a revocation list of the old CA alone", async () => {
    const list = await create(revocationList, { issuer: asIssuer(ca) });
    await loadTrust({ "ssl-crl": file(list.outs["crl"]) });
    const lacking = await again(ca);
    expect(phase(lacking)).toBe(1);
    expect(waits(lacking)).toEqual([
      expect.stringMatching(new RegExp(`^${address()} does not trust the new CA yet at its SQL port`)),
    ]);
    const { rotatingCertificate, rotatingPrivateKey } = ca.outs;
    const both = await update(list, {
      issuer: { ...asIssuer(ca), rotatingCertificate, rotatingPrivateKey },
    });
    await load({ "ssl-crl": file(both.outs["crl"]) });
  });

  it("stays in phase 1 while a channel names a CA file that nobody saw before, until the operator vouches", async () => {
    await channel({ ca: "/srv/ca.pem", cert: "/srv/cert.pem" });
    // The phase began before there was this channel.
    expect(phase(await again(ca))).toBe(2);
    const unseen = { ...ca, outs: { ...ca.outs, facts: JSON.stringify({ count: 1, named: {} }) } };
    const held = await again(unseen);
    expect(waits(held)).toEqual([
      `${address()}: channel 'x' uses /srv/ca.pem, and the server was not seen before both CAs were given out`,
    ]);
    expect(phase(await update(held, { renewedFiles: ["/srv/ca.pem"] }))).toBe(2);
  });

  it("enters phase 2 when the server trusts both, and all that it has signed is made anew", async () => {
    const before = leaf.outs["sha256"];
    ca = await again(ca);
    expect(phase(ca)).toBe(2);
    leaf = await update(leaf, { issuer: asIssuer(ca) });
    expect(leaf.outs["sha256"]).not.toBe(before);
  });

  it("stays in phase 2 while the server shows a certificate of the old CA, and a channel names its old one", async () => {
    ca = await again(ca);
    expect(phase(ca)).toBe(2);
    expect(waits(ca)).toEqual([
      `${address()} still shows a certificate of the old CA at its SQL port`,
      `${address()}: channel 'x' still uses /srv/cert.pem, which was in use before the new CA signed`,
    ]);
    await loadLeaf();
    ca = await again(ca);
    expect(waits(ca)).toEqual([
      `${address()}: channel 'x' still uses /srv/cert.pem, which was in use before the new CA signed`,
    ]);
  });

  it("ends when the server shows one of the new CA, and the channel names another file", async () => {
    await channel({ ca: "/srv/ca.pem", cert: "/srv/cert-2.pem" });
    ca = await again(ca);
    expect([phase(ca), waits(ca)]).toEqual([0, []]);
    const { rotatingCertificate, rotatingPrivateKey } = ca.outs;
    expect([rotatingCertificate, rotatingPrivateKey]).toEqual(["", ""]);
  });
});

describe("a CA of the administrator's own login", () => {
  let sandbox: Sandbox;
  let server: Member;
  const file = (name: string, text: unknown): string =>
    writePem(join(sandbox.folder, `made/${name}.pem`), String(text));

  beforeAll(async () => {
    sandbox = await up({ members: 1, temporary: true });
    [server] = sandbox.members as [Member];
  });
  afterAll(() => sandbox && down(sandbox));

  it("waits until tls.ca has the new CA too, and until tls.cert is of the new one", async () => {
    let ca = await create(certificateAuthority, { subject, keyBits: 2048, usedBy: [] });
    const issue = (CN: string): Promise<Deployed> =>
      create(certificate, { issuer: asIssuer(ca), subject: [{ type: "CN", value: CN }] });
    let leaf = await issue(server.host);
    const client = await issue("admin");
    const load = (): Promise<void> =>
      restartWith(
        server,
        withOptions({
          "ssl-ca": file("ca", ca.outs["trustBundle"]),
          "ssl-cert": file("cert", leaf.outs["certificateChain"]),
          "ssl-key": file("key", leaf.outs["privateKey"]),
        }),
      );
    const usedBy = (trusted: Deployed, shown: Deployed): Inputs[] => [
      {
        ...login(server),
        tls: {
          mode: "VERIFY_CA",
          ca: trusted.outs["trustBundle"],
          cert: shown.outs["certificate"],
          key: shown.outs["privateKey"],
        },
      },
    ];
    await load();
    const old = ca;
    ca = await update(ca, { rotation: 1, usedBy: usedBy(old, client) });
    await load();
    ca = await again(ca);
    expect(waits(ca)).toEqual([
      `${addressOf(server)} would not be trusted by the administrator's own login: tls.ca lacks the new CA`,
    ]);
    ca = await update(ca, { usedBy: usedBy(ca, client) });
    expect(phase(ca)).toBe(2);
    leaf = await update(leaf, { issuer: asIssuer(ca) });
    await load();
    ca = await again(ca);
    expect(waits(ca)).toEqual([
      `${addressOf(server)} would refuse the administrator's own login: tls.cert is a certificate of the old CA`,
    ]);
    ca = await update(ca, { usedBy: usedBy(ca, await issue("admin")) });
    expect([phase(ca), waits(ca)]).toEqual([0, []]);
  });
});
