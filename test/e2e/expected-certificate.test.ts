import { readFileSync } from "node:fs";
import {
  authorityOf,
  down,
  makeLeaf,
  query,
  up,
  writePem,
  type Member,
  type Sandbox,
} from "../../tools/sandbox";
import { atLocalAddress, atSqlPort, fingerprintOf } from "./handshake";
import { declarationOf, Deployment, type Args } from "./harness";
import { electionsOf, expectAllOnline, memberOf, startsOf, statementsOf, stopsOf, writesOf } from "./servers";

let sandbox: Sandbox;
let deployment: Deployment;

/** Declares what lies in each member's file now. */
async function declareFiles(): Promise<void> {
  const member = ({ tls }: Member): Args => ({ expectedCertificate: readFileSync(tls.cert, "utf8") });
  await deployment.configure(declarationOf(sandbox, { member }));
}

beforeAll(async () => {
  sandbox = await up({ temporary: true });
  deployment = await Deployment.of(sandbox);
  await deployment.up();
});

afterAll(async () => {
  deployment?.dispose();
  if (sandbox) await down(sandbox);
});

interface Pem {
  cert: string;
  key: string;
}

/** Puts a new certificate and key into the files that the member has: their names stay. Returns what was in them. */
async function replaceFiles({ name, host, tls }: Member): Promise<Pem> {
  const before = { cert: readFileSync(tls.cert, "utf8"), key: readFileSync(tls.key, "utf8") };
  putBack({ tls }, await makeLeaf(authorityOf(sandbox), { commonName: name, ip: [host] }));
  return before;
}

function putBack({ tls }: Pick<Member, "tls">, { cert, key }: Pem): void {
  writePem(tls.cert, cert);
  writePem(tls.key, key);
}

const sha256Of = (file: string): string => fingerprintOf(file).replace(/:/g, "").toLowerCase();

async function expectLoaded(member: Member): Promise<void> {
  const fingerprint = fingerprintOf(member.tls.cert);
  expect((await atSqlPort(member, sandbox))?.fingerprint).toBe(fingerprint);
  expect((await atLocalAddress(member, sandbox))?.fingerprint).toBe(fingerprint);
}

it("a file that is replaced under its name is no drift until the certificate is declared", async () => {
  const db3 = memberOf(sandbox, "db3");
  const own = await replaceFiles(db3);
  expect((await deployment.preview({ refresh: true })).changes).toEqual({ same: 8 });
  putBack(db3, own);
});

it("a certificate that is in memory and is declared takes no statement", async () => {
  const before = await statementsOf(sandbox);
  await declareFiles();
  const { output, changes } = await deployment.preview();
  expect(changes).toEqual({ same: 5, update: 3 });
  expect(output).toContain("expectedCertificate: what group communication shows is not in state yet");
  await deployment.up();
  expect((await deployment.preview({ refresh: true })).changes).toEqual({ same: 8 });
  expect(await writesOf(sandbox, before)).toEqual({});
});

it("another one that was loaded by hand is shown by a preview with refresh, and up mends it on both ports", async () => {
  const [db2, db3] = [memberOf(sandbox, "db2"), memberOf(sandbox, "db3")];
  const own2 = await replaceFiles(db2);
  await query(db2, "ALTER INSTANCE RELOAD TLS");
  const other2 = sha256Of(db2.tls.cert);
  putBack(db2, own2);
  const own3 = await replaceFiles(db3);
  await query(db3, "STOP GROUP_REPLICATION");
  await query(db3, "START GROUP_REPLICATION");
  putBack(db3, own3);

  const before = await statementsOf(sandbox);
  const { output, changes } = await deployment.preview({ refresh: true });
  expect(await writesOf(sandbox, before)).toEqual({});
  expect(changes).toEqual({ same: 6, update: 2 });
  expect(output).toMatch(
    new RegExp(`~ expectedCertificate:\\W*- ${other2}\\W*\\+ -----BEGIN CERTIFICATE-----`),
  );
  expect(output).toMatch(
    new RegExp(
      `member ${db2.host}:${db2.port}: tls-reload because it shows certificate .*CN=db2 \\(${other2.slice(0, 16)}…\\) at its SQL port; expected is`,
    ),
  );
  expect(output).toMatch(
    new RegExp(`member ${db3.host}:${db3.port}: member-restart because it shows .*CN=db3 .* to its group;`),
  );

  const since = Date.now();
  await deployment.up({ refresh: true });
  expect(await startsOf(sandbox, since)).toEqual(["db3"]);
  for (const member of sandbox.members) await expectLoaded(member);
  await expectAllOnline(sandbox);
  expect((await deployment.preview({ refresh: true })).changes).toEqual({ same: 8 });
});

it("new files under the old names are loaded by one up, with one switch-over", async () => {
  for (const member of sandbox.members) await replaceFiles(member);
  await declareFiles();
  const { output } = await deployment.preview();
  for (const { host, port } of sandbox.members)
    expect(output).toContain(`member ${host}:${port}: member-restart because it shows certificate`);
  expect(output).toContain("3 of 3 members restart, one at a time");

  const since = Date.now();
  await deployment.up();
  expect([...(await startsOf(sandbox, since))].sort()).toEqual(["db1", "db2", "db3"]);
  expect(await electionsOf(sandbox, since)).toHaveLength(1);
  for (const member of sandbox.members) await expectLoaded(member);
  await expectAllOnline(sandbox);
});

it("a file that is another certificate fails the update before anything is stopped", async () => {
  const db2 = memberOf(sandbox, "db2");
  const own = await replaceFiles(db2);
  await declareFiles();
  putBack(db2, own);
  const since = Date.now();
  const output = await deployment.failing(deployment.up());
  expect(output).toContain("[GR106]");
  expect(output).toContain(`the file that ssl_cert names, ${db2.tls.cert}, is not the expected certificate`);
  expect(await stopsOf(sandbox, since)).toEqual([]);
  await declareFiles();
  await deployment.up();
  expect((await deployment.preview({ refresh: true })).changes).toEqual({ same: 8 });
  expect(await stopsOf(sandbox, since)).toEqual([]);
});
