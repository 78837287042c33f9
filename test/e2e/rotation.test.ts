import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { down, up, type Sandbox, type Stack } from "../../tools/sandbox";
import { certified, outputsOf, type Certified } from "./certified";
import { atLocalAddress, atSqlPort } from "./handshake";
import { connectionOf, Deployment } from "./harness";
import { expectAllOnline, primaryOf, until } from "./servers";
import { whileWriting } from "./writing";

interface Case {
  stack: Stack;
  sslMode: Certified["sslMode"];
  /** What the engine has printed when it is killed in each phase, and how many milliseconds later. */
  killed?: [text: RegExp, delay: number][];
}

const first = /restarting Group Replication/;
const last = /switch-over: /;

const cases: Case[] = [
  { stack: "XCOM", sslMode: "VERIFY_CA" },
  {
    stack: "XCOM",
    sslMode: "VERIFY_IDENTITY",
    killed: [
      [first, 500],
      [first, 8000],
      [last, 2000],
    ],
  },
  { stack: "MYSQL", sslMode: "VERIFY_CA" },
  {
    stack: "MYSQL",
    sslMode: "VERIFY_IDENTITY",
    killed: [
      [last, 2000],
      [first, 500],
      [first, 8000],
    ],
  },
];

describe.each(cases)("a rotation of the CA on the $stack stack with ssl_mode $sslMode", (given) => {
  const { stack, sslMode, killed } = given;
  let sandbox: Sandbox;
  let deployment: Deployment;
  let old: X509Certificate;

  const declare = (authority: object) =>
    certified(sandbox, {
      sslMode,
      authority: { usedBy: sandbox.members.map(connectionOf), ...authority },
    });
  const authority = () => outputsOf(deployment, "CertificateAuthority", "ca");
  const pems = (text: unknown) => String(text).match(/-----BEGIN CERTIFICATE-----[^]*?-----END [^-]+-----/g)!;

  /** In files that the servers name. */
  const trusted = () =>
    sandbox.members.map(({ name }) => {
      const file = String(outputsOf(deployment, "CertificateFiles", name)["sslCa"]);
      return pems(readFileSync(file, "utf8")).map((pem) => new X509Certificate(pem).fingerprint256);
    });

  /** Of the certificate made for it, that every member shows it wherever it shows one. */
  async function signers(): Promise<string[]> {
    const found: string[] = [];
    for (const member of sandbox.members) {
      const leaf = new X509Certificate(
        String(outputsOf(deployment, "Certificate", member.name)["certificate"]),
      );
      const shown = [
        await atSqlPort(member, sandbox),
        ...(stack === "XCOM" ? [await atLocalAddress(member, sandbox)] : []),
      ];
      for (const one of shown) expect(one?.fingerprint).toBe(leaf.fingerprint256);
      found.push(leaf.verify(old.publicKey) ? "old" : "new");
    }
    return found;
  }

  async function upKilled(text: RegExp, delay: number): Promise<void> {
    const running = deployment.launchUp();
    await until(`it says ${text}`, 60, () => text.test(running.output));
    await pause(delay);
    running.kill();
    expect(await running.ended).not.toBe(0);
    await deployment.pulumi("cancel", "--yes");
    await deployment.up();
  }

  beforeAll(async () => {
    sandbox = await up({ stack, temporary: true });
    deployment = await Deployment.of(sandbox, declare({}));
    await deployment.up();
    old = new X509Certificate(String(authority()["certificate"]));
    await deployment.configure(declare({ rotation: 1 }));
  });

  afterAll(async () => {
    deployment?.dispose();
    if (sandbox) await down(sandbox);
  });

  it.each([
    [1, "every member trusts both", 2, "old"],
    [2, "every member shows a certificate of the new one", 2, "new"],
    [3, "nobody trusts the old one any more", 1, "new"],
  ])(
    "phase %i: %s, after one restart of each and one switch-over, and no row is lost",
    async (phase, _, count, signer) => {
      if (!killed) expect((await deployment.preview()).output).toContain(`phase ${phase} of 3`);
      const primary = await primaryOf(sandbox);
      const kill = killed?.[phase - 1];
      const { starts, elections } = await whileWriting(sandbox, async () => {
        await (kill ? upKilled(...kill) : deployment.up());
      });
      expect([...starts].sort()).toEqual(["db1", "db2", "db3"]);
      expect(starts.at(-1)).toBe(primary.name);
      expect(elections).toHaveLength(1);
      await expectAllOnline(sandbox);
      expect(authority()["rotationPhase"]).toBe(phase % 3);
      for (const each of trusted()) {
        expect(each).toHaveLength(count);
        expect(each.includes(old.fingerprint256)).toBe(count === 2);
      }
      expect(await signers()).toEqual([signer, signer, signer]);
    },
  );

  it("leaves nothing to do but the removal of old files", async () => {
    await deployment.up({ refresh: true });
    expect(Object.keys((await deployment.up({ refresh: true })).changes)).toEqual(["same"]);
  });
});
