import { groupMember, recoveryChannel, replicationUser } from "../../provider/runtime";
import { type Member, query } from "../../tools/sandbox";
import {
  type Deployed,
  addressOf,
  adoptMembers,
  channelInputs,
  create,
  expectHealthy,
  holdLock,
  login,
  primaryOf,
  refused,
  run,
  snapshot,
  undone,
  update,
  updateAll,
  useRuntime,
  useSandbox,
} from "./helpers";

useRuntime();
const group = useSandbox({ stack: "MYSQL", group: true });
const all = (): Member[] => group.it.members;
let members: Deployed[];
let channels: Deployed[];

beforeAll(async () => {
  await expectHealthy(all());
  const before = await Promise.all(all().map(snapshot));
  members = await adoptMembers(group.it);
  channels = await Promise.all(
    all().map((member) => create(recoveryChannel, channelInputs(group.it, member))),
  );
  expect(await Promise.all(all().map(snapshot))).toEqual(before);
});

async function indexOf(role: string): Promise<number> {
  const primary = all().indexOf(await primaryOf(all()));
  return role === "the primary" ? primary : (primary + 1) % 3;
}

describe.each(["a secondary", "the primary"])("on the MYSQL stack, on %s", (role) => {
  it("recovery credentials with a wrong password are found before the member is restarted for them", async () => {
    const i = await indexOf(role);
    const found = await undone(all(), () => update(channels[i]!, { password: "not-the-password" }));
    expect(found).toMatchObject({
      code: "GR106",
      what: expect.stringContaining(
        `${addressOf(all()[i]!)}: its recovery credentials (user 'recovery', encrypted)`,
      ),
      why: expect.stringMatching(/Access denied for user 'recovery'.*\(1045\)/),
      left: expect.stringMatching(/before|nothing was changed/),
    });
    expect(found.message).not.toContain("not-the-password");
    expect(await indexOf(role)).toBe(i);
    await expectHealthy(all());
  });

  it("recovery without TLS is found before the restart, as the account requires it", async () => {
    const i = await indexOf(role);
    expect(await undone(all(), () => update(channels[i]!, { recoveryUseSsl: false }))).toMatchObject({
      code: "GR106",
      left: expect.stringMatching(/before|nothing was changed/),
    });
    await expectHealthy(all());
  });

  it("VERIFY_CA without the channel's CA is refused, whatever ssl_ca says", async () => {
    const i = await indexOf(role);
    await run(all()[i]!, "SET PERSIST group_replication_recovery_ssl_ca = ''");
    try {
      const work = (): Promise<unknown> =>
        groupMember.update(members[i]!.id, members[i]!.outs, { ...members[i]!.inputs, sslMode: "VERIFY_CA" });
      expect((await refused(all(), work)).message).toBe(
        `[GR005] ${addressOf(all()[i]!)} would verify its peers (ssl_mode VERIFY_CA) without a CA to trust\n` +
          "Why: neither group_replication_recovery_ssl_ca nor group_replication_recovery_ssl_capath is set\n" +
          "Left: nothing was changed\n" +
          "Do: declare recoverySslCa on this member's RecoveryChannel",
      );
    } finally {
      await run(all()[i]!, `SET PERSIST group_replication_recovery_ssl_ca = '${all()[i]!.tls.ca}'`);
    }
  });
});

describe("on the MYSQL stack", () => {
  it("a channel that would restart its member waits for the lock of the group", async () => {
    const release = await holdLock(all()[2]!, `mysqlgr:${group.it.groupName}`);
    try {
      expect(
        await refused(all(), () => update(channels[1]!, { recoveryTlsVersion: ["TLSv1.2"] })),
      ).toMatchObject({
        code: "GR105",
      });
    } finally {
      await release();
    }
  });

  it("an account that the group could not log in with any more is refused before it is changed on any member", async () => {
    const account = await create(replicationUser, {
      servers: all().map(login),
      user: group.it.recovery!.user,
      password: group.it.recovery!.password,
    });
    expect(
      await undone(all(), () => update(account, { require: { subject: "/O=Nobody/CN=nobody" } }), {
        byTransactions: true,
      }),
    ).toMatchObject({ code: "GR106", left: expect.stringMatching(/./) });
    await expectHealthy(all());
  });

  it("ssl_mode goes from REQUIRED to DISABLED and to VERIFY_CA member by member, with one switch-over each", async () => {
    for (const sslMode of ["DISABLED", "VERIFY_CA"]) {
      // The account requires TLS, so that DISABLED needs it to be relaxed first.
      const account = {
        servers: all().map(login),
        user: group.it.recovery!.user,
        password: group.it.recovery!.password,
      };
      if (sslMode === "DISABLED") await create(replicationUser, { ...account, require: "NONE" });
      const before = await Promise.all(all().map(snapshot));
      const primary = await primaryOf(all());
      const { failures, after } = await updateAll(members, { sslMode });
      expect(failures).toEqual([undefined, undefined, undefined]);
      members = after;
      const now = await Promise.all(all().map(snapshot));
      expect(now.map(({ starts }, i) => starts.length - before[i]!.starts.length)).toEqual([1, 1, 1]);
      expect(await primaryOf(all())).not.toBe(primary);
      expect(await query(all()[0]!, "SELECT @@group_replication_ssl_mode mode")).toEqual([{ mode: sslMode }]);
      await expectHealthy(all());
    }
  });
});
