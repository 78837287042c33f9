import { groupMember, recoveryChannel, replicationUser } from "../../provider/runtime";
import { type Member, connect, makeAuthority, query, writePem } from "../../tools/sandbox";
import {
  type Deployed,
  type Inputs,
  addressOf,
  channelInputs,
  create,
  expectHealthy,
  login,
  memberInputs,
  notJoined,
  run,
  snapshot,
  undone,
  update,
  useRuntime,
  useSandbox,
  value,
  withServer,
} from "./helpers";

useRuntime();

const right = "recovery-right-password";
const wrong = "recovery-wrong-password";

describe("the recovery credentials of a server outside a group", () => {
  const plain = useSandbox({ members: 1 });

  /** The account, and a channel that is not declared yet. */
  async function account(server: Member, more: Inputs = {}): Promise<Deployed> {
    return create(replicationUser, {
      servers: [login(server)],
      user: "recovery",
      password: right,
      ...more,
    });
  }

  const plainText = (more: Inputs = {}): Inputs => ({
    recoveryUseSsl: true,
    recoverySslCa: undefined,
    recoverySslCert: undefined,
    recoverySslKey: undefined,
    ...more,
  });

  it("are refused with a wrong password, and nothing of them stays", () =>
    withServer(plain.it, async (server) => {
      await account(server);
      const work = (): Promise<unknown> =>
        create(recoveryChannel, channelInputs(plain.it, server, { password: wrong, recoveryRetryCount: 3 }));
      const found = await undone([server], work);
      expect(found).toMatchObject({
        name: "ProofError",
        code: "GR106",
        what: `${addressOf(server)}: its recovery credentials (user 'recovery', encrypted) are refused by a donor`,
        why: expect.stringMatching(
          new RegExp(`^${addressOf(server)}: Access denied for user 'recovery'@.* \\(1045\\)$`),
        ),
        left: expect.stringMatching(/before|nothing was changed/),
        todo: "correct user, password and TLS of its RecoveryChannel, or the account's requirement on the ReplicationUser",
      });
      expect(found.message).not.toContain(wrong);
    }));

  it("are refused for an account that does not exist", () =>
    withServer(plain.it, async (server) => {
      const work = (): Promise<unknown> =>
        create(recoveryChannel, channelInputs(plain.it, server, { password: right }));
      expect(await undone([server], work)).toMatchObject({
        code: "GR106",
        why: expect.stringContaining("(1045)"),
      });
    }));

  it("are refused where the account requires TLS and the channel has none", () =>
    withServer(plain.it, async (server) => {
      await account(server);
      const work = (): Promise<unknown> =>
        create(
          recoveryChannel,
          channelInputs(plain.it, server, plainText({ password: right, recoveryUseSsl: false })),
        );
      expect(await undone([server], work)).toMatchObject({
        code: "GR106",
        what: expect.stringContaining("(user 'recovery', not encrypted)"),
      });
    }));

  it("are refused where the account requires a certificate and the channel shows none", () =>
    withServer(plain.it, async (server) => {
      await account(server, { require: "X509" });
      const work = (): Promise<unknown> =>
        create(recoveryChannel, channelInputs(plain.it, server, plainText({ password: right })));
      expect(await undone([server], work)).toMatchObject({
        code: "GR106",
        why: expect.stringContaining("(1045)"),
      });
    }));

  it("are put back to those before when an update is refused", () =>
    withServer(plain.it, async (server) => {
      const { cert } = await makeAuthority("Foreign");
      const foreign = writePem(server.tls.ca.replace("ca.pem", "foreign-ca.pem"), cert);
      await account(server);
      const channel = await create(
        recoveryChannel,
        channelInputs(plain.it, server, { password: right, recoveryRetryCount: 4 }),
      );
      for (const edit of [
        { password: wrong, recoveryRetryCount: 9 },
        { user: "nobody", recoverySslVerifyServerCert: true },
        { password: undefined },
        { user: "nobody", recoverySslCa: foreign },
      ])
        expect(await undone([server], () => update(channel, edit))).toMatchObject({ code: "GR106" });
      expect(await recoveryChannel.diff(channel.id, channel.outs, channel.inputs)).toEqual({
        changes: false,
      });
      expect((await recoveryChannel.read(channel.id, channel.outs)).inputs).toEqual(channel.inputs);
    }));

  it("are proven to the donors that are named", () =>
    withServer(plain.it, async (server) => {
      await account(server);
      const channel = await create(
        recoveryChannel,
        channelInputs(plain.it, server, plainText({ password: right })),
      );
      const donors = [addressOf(server), addressOf(plain.db(1))];
      const found = await undone([server, plain.db(1)], () =>
        update(channel, { donors, recoveryRetryCount: 2 }),
      );
      expect(found).toMatchObject({
        code: "GR106",
        why: expect.stringMatching(new RegExp(`^${addressOf(plain.db(1))}: Access denied`)),
      });
      expect(found.why).not.toContain(addressOf(server));
    }));

  it("are refused with files that do not exist", () =>
    withServer(plain.it, async (server) => {
      await account(server, { require: "X509" });
      const work = (): Promise<unknown> =>
        create(
          recoveryChannel,
          channelInputs(plain.it, server, {
            password: right,
            recoverySslCert: "/nowhere/cert.pem",
            recoverySslKey: "/nowhere/key.pem",
          }),
        );
      expect(await undone([server], work)).toMatchObject({ code: "GR106" });
    }));

  it("are accepted with a certificate where X509 is required, and with an account without a password", () =>
    withServer(plain.it, async (server) => {
      await run(
        server,
        `SET GLOBAL ssl_ca = '${server.tls.ca}'`,
        `SET GLOBAL ssl_cert = '${server.tls.cert}'`,
        `SET GLOBAL ssl_key = '${server.tls.key}'`,
        "ALTER INSTANCE RELOAD TLS",
      );
      await account(server, { require: "X509", password: undefined });
      const declared = channelInputs(plain.it, server, { donors: [addressOf(server)] });
      const channel = await create(recoveryChannel, declared);
      expect((await snapshot(server)).channels.join()).toMatch(
        /"User_name":"recovery","User_password":"".*"group_replication_recovery"/s,
      );
      await recoveryChannel.delete(channel.id, channel.outs);
      expect(
        await value(server, "(SELECT COUNT(*) FROM mysql.slave_master_info WHERE User_name <> '')"),
      ).toBe("0");
    }));
});

describe("the recovery credentials of a member", () => {
  const group = useSandbox({ group: true });
  let channels: Deployed[];
  const all = (): Member[] => group.it.members.slice(0, 3);
  beforeAll(async () => {
    channels = await Promise.all(
      group.it.members.map((member) => create(recoveryChannel, channelInputs(group.it, member))),
    );
  });

  it("are adopted as they are", async () => {
    const before = await Promise.all(all().map(snapshot));
    await Promise.all(all().map((member) => create(recoveryChannel, channelInputs(group.it, member))));
    expect(await Promise.all(all().map(snapshot))).toEqual(before);
  });

  it.each([
    ["the primary", 0],
    ["an ONLINE secondary", 1],
  ])("are refused with a wrong password on %s", async (_where, i) => {
    const bad = { password: wrong, recoveryRetryCount: 5 };
    // For a stack that does not have the channel yet, too.
    const made = (): Promise<unknown> => create(recoveryChannel, channelInputs(group.it, all()[i]!, bad));
    expect(await undone(all(), made)).toMatchObject({ code: "GR106" });
    const found = await undone(all(), () => update(channels[i]!, bad));
    expect(found).toMatchObject({
      code: "GR106",
      what: expect.stringMatching(
        new RegExp(
          `^${addressOf(all()[i]!)}: its recovery credentials \\(user 'recovery', encrypted\\) are refused by (a donor|donors)$`,
        ),
      ),
      why: expect.stringMatching(/Access denied for user 'recovery'@.*\(1045\)/),
      left: expect.stringMatching(/before|nothing was changed/),
    });
    expect(found.message).not.toContain(wrong);
    await expectHealthy(all());
  });

  it.each([
    ["the primary", 0],
    ["an ONLINE secondary", 1],
  ])("are refused without TLS on %s, as the account requires it", async (_where, i) => {
    expect(await undone(all(), () => update(channels[i]!, { recoveryUseSsl: false }))).toMatchObject({
      code: "GR106",
      what: expect.stringContaining("not encrypted"),
    });
  });

  it("are refused on the primary where its CA did not sign the donors' certificates", async () => {
    const { cert } = await makeAuthority("Foreign");
    const foreign = writePem(all()[0]!.tls.ca.replace("ca.pem", "foreign-ca.pem"), cert);
    expect(await undone(all(), () => update(channels[0]!, { recoverySslCa: foreign }))).toMatchObject({
      code: "GR106",
      why: expect.stringMatching(/certificate verify failed.*\(2026\)/s),
      left: expect.stringMatching(/before|nothing was changed/),
    });
  });

  it("whose TLS could not be tried before are tried by the member before it joins", () =>
    withServer(group.it, async (server) => {
      const { cert } = await makeAuthority("Foreign");
      const foreign = writePem(server.tls.ca.replace("ca.pem", "foreign-ca.pem"), cert);
      await create(replicationUser, {
        servers: [login(server)],
        user: "recovery",
        password: group.it.recovery!.password,
      });
      await create(recoveryChannel, channelInputs(group.it, server, { recoverySslCa: foreign }));
      const began = performance.now();
      const found = await notJoined(server, () => create(groupMember, memberInputs(group.it, server)));
      expect(found).toMatchObject({
        code: "GR106",
        what: expect.stringContaining(`${addressOf(server)}: its recovery credentials`),
        why: expect.stringMatching(/certificate verify failed.*\(2026\)/s),
        left: expect.stringMatching(/before/),
      });
      expect(performance.now() - began).toBeLessThan(20_000);
      await expectHealthy(all());
    }));

  it("are refused when the account would require what a member's channel cannot show", async () => {
    const account = await create(replicationUser, {
      servers: all().map(login),
      user: group.it.recovery!.user,
      password: group.it.recovery!.password,
    });
    // db2 recovers without a certificate.
    const bare = await update(channels[1]!, { recoverySslCert: undefined, recoverySslKey: undefined });
    expect(
      await undone(all(), () => update(account, { require: "X509" }), { byTransactions: true }),
    ).toMatchObject({
      code: "GR106",
      what: expect.stringContaining(addressOf(all()[1]!)),
      left: expect.stringMatching(/./),
    });
    channels[1] = await update(bare, {
      recoverySslCert: all()[1]!.tls.cert,
      recoverySslKey: all()[1]!.tls.key,
    });
    const strict = await update(account, { require: "X509" });
    expect(await query(all()[2]!, "SELECT ssl_type t FROM mysql.user WHERE User = 'recovery'")).toEqual([
      { t: "X509" },
    ]);
    // Now no channel can do without.
    for (const i of [0, 1])
      expect(
        await undone(all(), () =>
          update(channels[i]!, { recoverySslCert: undefined, recoverySslKey: undefined }),
        ),
      ).toMatchObject({ code: "GR106", why: expect.stringContaining("(1045)") });
    await update(strict, { require: "SSL" });
    await expectHealthy(all());
  });

  it("let the old password live until every channel uses the new one, then discard it", async () => {
    const { user, password } = group.it.recovery!;
    const fresh = "recovery-fresh-password";
    const logsIn = async (member: Member, secret: string): Promise<boolean> =>
      connect({ ...member, user, password: secret }, { ssl: { rejectUnauthorized: false } }).then(
        async (connection) => {
          await connection.end();
          return true;
        },
        () => false,
      );
    const both = async (): Promise<boolean[]> => [
      await logsIn(all()[2]!, password),
      await logsIn(all()[2]!, fresh),
    ];
    const before = await Promise.all(all().map(snapshot));
    const account = await create(replicationUser, { servers: all().map(login), user, password });
    const rotated = await update(account, { password: fresh });
    expect(rotated.outs["oldPasswordRetained"]).toBe(true);
    expect(await both()).toEqual([true, true]);
    for (const i of [1, 0]) {
      channels[i] = await update(channels[i]!, { password: fresh });
      expect(await both()).toEqual([true, true]);
    }
    channels[2] = await update(channels[2]!, { password: fresh });
    expect(await both()).toEqual([false, true]);
    const settled = (await replicationUser.read(rotated.id, rotated.outs)).props;
    expect(settled["oldPasswordRetained"]).toBe(false);
    const after = await Promise.all(all().map(snapshot));
    expect(after.map(({ starts, view }) => ({ starts, view }))).toEqual(
      before.map(({ starts, view }) => ({ starts, view })),
    );
    expect((await replicationUser.read(rotated.id, rotated.outs)).inputs).toEqual(rotated.inputs);
    await expectHealthy(all());
    group.it.recovery!.password = fresh;
  });

  it("are found to have drifted, and mended without a restart", async () => {
    const [channel] = channels as [Deployed];
    const [db1] = all() as [Member];
    const before = await snapshot(db1);
    await run(
      db1,
      `CHANGE REPLICATION SOURCE TO SOURCE_USER = 'recovery', SOURCE_PASSWORD = '${wrong}' FOR CHANNEL 'group_replication_recovery'`,
      "SET PERSIST group_replication_recovery_retry_count = 99",
    );
    const declared = await update(channel, { recoveryRetryCount: 10 });
    await run(
      db1,
      `CHANGE REPLICATION SOURCE TO SOURCE_USER = 'recovery', SOURCE_PASSWORD = '${wrong}' FOR CHANNEL 'group_replication_recovery'`,
      "SET PERSIST group_replication_recovery_retry_count = 99",
    );
    const { inputs, props } = await recoveryChannel.read(declared.id, declared.outs);
    expect(inputs).toMatchObject({ recoveryRetryCount: 99 });
    expect(inputs["password"]).not.toBe(declared.inputs["password"]);
    expect(JSON.stringify([inputs, props])).not.toContain(wrong);
    channels[0] = await update({ ...declared, inputs, outs: props }, declared.inputs);
    const after = await snapshot(db1);
    expect({ ...after.persisted, group_replication_recovery_retry_count: "" }).toEqual({
      ...before.persisted,
      group_replication_recovery_retry_count: "",
    });
    expect(after.channels).toEqual(before.channels);
    expect(after.starts).toEqual(before.starts);
    expect(await value(db1, "@@group_replication_recovery_retry_count")).toBe("10");
  });
});
