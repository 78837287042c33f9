import { join } from "node:path";
import { certificate, certificateAuthority } from "../../provider/runtime";
import { type Member, type Stack, query, writePem } from "../../tools/sandbox";
import {
  type Deployed,
  type Inputs,
  addressOf,
  create,
  login,
  stateOf,
  until,
  update,
  useRuntime,
  useSandbox,
} from "./helpers";

useRuntime();

const subject = [{ type: "CN", value: "Group CA" }];
const asIssuer = ({ outs }: Deployed): Inputs => ({
  certificate: outs["certificate"],
  privateKey: outs["privateKey"],
  trustBundle: outs["trustBundle"],
});
const again = (ca: Deployed): Promise<Deployed> => update(ca, {});
const seen = ({ outs }: Deployed): unknown => [outs["rotationPhase"], outs["rotationWaitsFor"]];

const kinds: [stack: Stack, mode: string, protocols: string][] = [
  ["XCOM", "REQUIRED", "TLSv1.2,TLSv1.3"],
  ["XCOM", "VERIFY_CA", "TLSv1.2"],
  ["XCOM", "VERIFY_IDENTITY", "TLSv1.3"],
  ["MYSQL", "VERIFY_CA", "TLSv1.2,TLSv1.3"],
];

describe.each(kinds)("a CA of a group on %s in %s with %s", (stack, mode, protocols) => {
  const group = useSandbox({ group: true, members: 2, stack });
  let ca: Deployed;
  let leaves: Deployed[];
  let files = 0;

  const file = (text: unknown): string =>
    writePem(join(group.it.folder, `made/${++files}.pem`), String(text));
  const xcom = stack === "XCOM";

  async function set(member: Member, variables: Record<string, string>): Promise<void> {
    for (const [name, value] of Object.entries(variables))
      await query(member, `SET GLOBAL ${name} = ?`, [value]);
  }

  /** What a GroupMember and a RecoveryChannel do with new files, but for the restart. */
  async function load(): Promise<void> {
    for (const [i, member] of group.it.members.entries()) {
      const { certificateChain, privateKey } = leaves[i]!.outs;
      const [trusted, cert, key] = [file(ca.outs["trustBundle"]), file(certificateChain), file(privateKey)];
      await set(member, {
        ssl_ca: trusted,
        ssl_cert: cert,
        ssl_key: key,
        group_replication_recovery_ssl_ca: trusted,
        group_replication_recovery_ssl_cert: cert,
        group_replication_recovery_ssl_key: key,
      });
      await query(member, "ALTER INSTANCE RELOAD TLS");
    }
  }

  async function restart(member: Member, bootstraps = false): Promise<void> {
    if (bootstraps) await set(member, { group_replication_bootstrap_group: "ON" });
    await query(member, "START GROUP_REPLICATION");
    if (bootstraps) await set(member, { group_replication_bootstrap_group: "OFF" });
    await until(`${member.name} is ONLINE`, 60, async () => (await stateOf(member)) === "ONLINE");
  }

  async function roll(): Promise<void> {
    for (const member of [...group.it.members].reverse()) {
      await query(member, "STOP GROUP_REPLICATION");
      await restart(member);
    }
  }

  const bothWait = (why: (member: Member) => unknown[]): unknown[] => group.it.members.flatMap(why);
  const atGroupPort = ({ localAddress }: Member): string => `${localAddress} (group communication)`;

  beforeAll(async () => {
    const { members } = group.it;
    ca = await create(certificateAuthority, { subject, keyBits: 2048, usedBy: members.map(login) });
    leaves = await Promise.all(
      members.map(({ host }) =>
        create(certificate, {
          issuer: asIssuer(ca),
          subject: [{ type: "CN", value: host }],
          ipAddresses: [host],
        }),
      ),
    );
    for (const member of members) {
      await query(member, "STOP GROUP_REPLICATION");
      await set(member, { tls_version: protocols, group_replication_ssl_mode: mode });
    }
    await load();
    for (const [i, member] of members.entries()) await restart(member, i === 0);
  });

  it("waits in phase 1 for both ports, for each as what it has loaded", async () => {
    ca = await update(ca, { rotation: 1 });
    expect(seen(ca)).toEqual([1, []]);
    leaves = await Promise.all(leaves.map((leaf) => update(leaf, { issuer: asIssuer(ca) })));
    const refuses = (member: Member, where: string): unknown =>
      expect.stringMatching(
        new RegExp(
          `^${addressOf(member)} does not trust the new CA yet at ${where.replace(/[()]/g, "\\$&")}: .*alert unknown ca$`,
        ),
      );
    // In REQUIRED XCom looks at no certificate.
    const verifies = xcom && mode !== "REQUIRED";
    const atPort = (member: Member): unknown[] => (verifies ? [refuses(member, atGroupPort(member))] : []);
    const recovery = (member: Member): unknown =>
      expect.stringMatching(
        new RegExp(
          `^${addressOf(member)}: group_replication_recovery_ssl_ca still uses /.*, which was in use before both CAs were given out$`,
        ),
      );
    const late = (member: Member): unknown =>
      expect.stringMatching(
        new RegExp(
          `^${addressOf(member)}: group communication still uses what it took at its START \\(thread \\d+\\), which was in use before both CAs were given out$`,
        ),
      );
    ca = await again(ca);
    expect(seen(ca)).toEqual([
      1,
      bothWait((member) => [
        refuses(member, "its SQL port"),
        ...atPort(member),
        recovery(member),
        ...(xcom ? [] : [late(member)]),
      ]),
    ]);
    await load();
    const reloaded = await again(ca);
    const still = xcom ? bothWait(atPort) : bothWait((member) => [late(member)]);
    expect(seen(reloaded)).toEqual(still.length > 0 ? [1, still] : [2, []]);
    await roll();
  });

  it("waits in phase 2 for both ports, for each as what it has loaded", async () => {
    ca = await again(ca);
    expect(seen(ca)).toEqual([2, []]);
    leaves = await Promise.all(leaves.map((leaf) => update(leaf, { issuer: asIssuer(ca) })));
    const shows = (member: Member, where: string): string =>
      `${addressOf(member)} still shows a certificate of the old CA at ${where}`;
    const atPort = (member: Member): string[] => (xcom ? [shows(member, atGroupPort(member))] : []);
    const recovery = (member: Member): unknown =>
      expect.stringMatching(
        new RegExp(
          `^${addressOf(member)}: group_replication_recovery_ssl_cert still uses /.*, which was in use before the new CA signed$`,
        ),
      );
    const late = (member: Member): unknown =>
      expect.stringMatching(
        new RegExp(
          `^${addressOf(member)}: group communication still uses what it took at its START \\(thread \\d+\\), which was in use before the new CA signed$`,
        ),
      );
    ca = await again(ca);
    expect(seen(ca)).toEqual([
      2,
      bothWait((member) => [
        shows(member, "its SQL port"),
        ...atPort(member),
        recovery(member),
        ...(xcom ? [] : [late(member)]),
      ]),
    ]);
    await load();
    const reloaded = await again(ca);
    expect(seen(reloaded)).toEqual([2, bothWait(xcom ? atPort : (member) => [late(member)])]);
    await roll();
  });

  it("ends with the new CA alone, and the members still talk", async () => {
    ca = await again(ca);
    expect(seen(ca)).toEqual([0, []]);
    await load();
    await roll();
    for (const member of group.it.members) expect(await stateOf(member)).toBe("ONLINE");
  });
});
