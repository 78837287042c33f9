import { groupMember, recoveryChannel } from "../../provider/runtime";
import { type Member, query } from "../../tools/sandbox";
import {
  type Inputs,
  addressOf,
  channelInputs,
  create,
  expectHealthy,
  limitedAdmin,
  memberInputs,
  refused,
  refusedAll,
  restartWith,
  run,
  snapshot,
  stateOf,
  update,
  useRuntime,
  useSandbox,
  value,
  withOptions,
  withServer,
} from "./helpers";

useRuntime();
const plain = useSandbox({ members: 1 });

/** A member's declaration with which it could form a group of its own. */
function alone(member: Member, more: Inputs = {}): Inputs {
  return memberInputs(plain.it, member, { groupSeeds: [member.localAddress], bootstrap: true, ...more });
}

describe("a server without the group_replication plugin", () => {
  const sandbox = useSandbox({ members: 1 });
  const server = (): Member => sandbox.db(1);
  beforeAll(() =>
    restartWith(
      server(),
      withOptions({ "plugin-load-add": undefined, "loose-group-replication-start-on-boot": undefined }),
    ),
  );

  it("is refused by GroupMember with the two ways to get it, and by RecoveryChannel", async () => {
    const member = await refused([server()], () => create(groupMember, alone(server())));
    expect(member.name).toBe("NotReadyError");
    expect(member.message).toBe(
      `[GR005] ${addressOf(server())} does not have the group_replication plugin\n` +
        "Left: nothing was changed\n" +
        "Do: declare installPlugin: true, or start the server with plugin-load-add=group_replication.so",
    );
    const channel = await refused([server()], () =>
      create(recoveryChannel, channelInputs(plain.it, server(), { password: "irrelevant" })),
    );
    expect(channel.message).toBe(
      `[GR005] ${addressOf(server())} does not have the group_replication plugin\n` +
        "Left: nothing was changed\n" +
        "Do: let its GroupMember install it (installPlugin: true), or start the server with plugin-load-add=group_replication.so",
    );
  });

  it("keeps nothing of the installation when the rest of the declaration is refused", async () => {
    const before = await snapshot(server());
    const declared = alone(server(), { installPlugin: true, sslCert: "/nowhere/cert.pem" });
    await expect(create(groupMember, declared)).rejects.toThrow(/refused ALTER INSTANCE RELOAD TLS/);
    const after = await snapshot(server());
    expect({ ...after, setAt: {} }).toEqual({ ...before, setAt: {} });
  });

  it("says which privilege the installation needs before anything is done", async () => {
    const connection = await limitedAdmin(
      server(),
      "limited",
      "SELECT ON performance_schema.*",
      "SELECT ON mysql.*",
      "GROUP_REPLICATION_ADMIN, SYSTEM_VARIABLES_ADMIN, CONNECTION_ADMIN, REPLICATION_SLAVE_ADMIN, RELOAD ON *.*",
    );
    const work = (): Promise<unknown> =>
      create(groupMember, alone(server(), { connection, installPlugin: true }));
    expect(await refused([server()], work)).toMatchObject({
      code: "GR004",
      what: expect.stringMatching(/^'limited'@'%' lacks .* INSERT ON mysql\.plugin/),
    });
  });

  it("is told its other prerequisites before the plugin is installed", async () => {
    await run(server(), "SET GLOBAL binlog_format = 'MIXED'");
    try {
      const work = (): Promise<unknown> => create(groupMember, alone(server(), { installPlugin: true }));
      expect(await refused([server()], work)).toMatchObject({
        code: "GR005",
        why: "binlog_format is MIXED, and must be ROW",
        todo: "add to its option file and restart the server:\n[mysqld]\nbinlog-format=ROW",
      });
    } finally {
      await run(server(), "SET GLOBAL binlog_format = DEFAULT");
    }
  });

  it("gets it with installPlugin, and is a member like any other", async () => {
    const member = await create(groupMember, alone(server(), { installPlugin: true, memberWeight: 70 }));
    await expectHealthy([server()]);
    expect(await value(server(), "@@group_replication_member_weight")).toBe("70");
    expect((await snapshot(server())).persisted).toMatchObject({
      group_replication_member_weight: "70",
      group_replication_ssl_mode: "REQUIRED",
    });
    const before = await snapshot(server());
    await update(member, { installPlugin: true });
    expect(await snapshot(server())).toEqual(before);
    expect((await groupMember.read(member.id, member.outs)).inputs).toMatchObject({ memberWeight: 70 });
  });
});

describe("a server that is not ready for Group Replication", () => {
  it("is refused with everything that is missing at once, as lines for its option file that suffice", () =>
    withServer(plain.it, async (server) => {
      await restartWith(
        server,
        withOptions({
          "gtid-mode": "OFF",
          "enforce-gtid-consistency": "OFF",
          "binlog-format": "STATEMENT",
          "replica-preserve-commit-order": "OFF",
        }),
      );
      await run(server, "SET GLOBAL server_id = 0");
      const found = await refused([server], () => create(groupMember, alone(server)));
      expect(found).toMatchObject({
        name: "NotReadyError",
        code: "GR005",
        what: `${addressOf(server)} is not ready for Group Replication`,
        left: "nothing was changed",
      });
      expect(found.why.split("; ").sort()).toEqual([
        "binlog_format is STATEMENT, and must be ROW",
        "enforce_gtid_consistency is OFF, and must be ON",
        "gtid_mode is OFF, and must be ON",
        "replica_preserve_commit_order is OFF, and must be ON",
        "server_id is 0, and must be set",
      ]);
      const [words, section, ...lines] = found.todo.split("\n");
      expect(words).toBe("add to its option file and restart the server:");
      expect(section).toBe("[mysqld]");
      expect(lines.sort()).toEqual([
        "binlog-format=ROW",
        "enforce-gtid-consistency=ON",
        "gtid-mode=ON",
        "replica-preserve-commit-order=ON",
        "server-id=<a number of its own>",
      ]);

      const options = Object.fromEntries(lines.map((line) => line.split("=") as [string, string]));
      await restartWith(server, withOptions({ ...options, "server-id": String(server.serverId) }));
      await create(groupMember, alone(server));
      await expectHealthy([server]);
    }));

  it("has no plugin where server_id is 0, and is told the real reason", () =>
    withServer(plain.it, async (server) => {
      await restartWith(server, withOptions({ "server-id": "0", "gtid-mode": "OFF" }));
      for (const installPlugin of [false, true])
        expect(
          await refused([server], () => create(groupMember, alone(server, { installPlugin }))),
        ).toMatchObject({
          code: "GR005",
          message: expect.stringMatching(/server_id is 0, and must be set/),
          todo: expect.stringMatching(/^gtid-mode=ON$/m),
        });
    }));

  it("is refused without a binary log", () =>
    withServer(plain.it, async (server) => {
      await restartWith(
        server,
        withOptions({
          "gtid-mode": "OFF",
          "enforce-gtid-consistency": "OFF",
          "skip-log-bin": "1",
        }),
      );
      const found = await refused([server], () => create(groupMember, alone(server)));
      expect(found).toMatchObject({ code: "GR005", why: expect.stringContaining("log_bin is OFF") });
      expect(found.todo).toContain("\nlog-bin");
      // An option file with log-bin=ON would name the file "ON".
      expect(found.todo).not.toContain("log-bin=ON");
      expect(found.why.match(/log_(replica|slave)_updates/g)).toHaveLength(1);
    }));

  it("keeps the ready one of two from beginning", () =>
    withServer(plain.it, async (server) => {
      await run(server, "SET GLOBAL binlog_format = 'MIXED'");
      const [ready, unready] = await refusedAll([plain.db(1), server], () => [
        create(groupMember, alone(plain.db(1))),
        create(groupMember, memberInputs(plain.it, server)),
      ]);
      expect(unready).toMatchObject({ code: "GR005", why: "binlog_format is MIXED, and must be ROW" });
      expect(ready).toMatchObject({ code: "GR104", why: expect.stringContaining("binlog_format") });
    }));
});

describe("a server that runs in another group", () => {
  const other = "8a94f357-aab4-11e8-9d3f-0242ac120002";

  it("is not taken over", () =>
    withServer(plain.it, async (server) => {
      await create(groupMember, alone(server));
      await query(server, "CREATE DATABASE other_group");
      const work = (): Promise<unknown> => create(groupMember, alone(server, { groupName: other }));
      expect((await refused([server], work)).message).toBe(
        `[GR005] ${addressOf(server)} is running in another group, ${plain.it.groupName}\n` +
          "Left: nothing was changed\n" +
          `Do: declare groupName: "${plain.it.groupName}", or let it leave that group first (STOP GROUP_REPLICATION)`,
      );
      expect(await stateOf(server)).toBe("ONLINE");
    }));

  it("does not change its group's name while it runs", () =>
    withServer(plain.it, async (server) => {
      const member = await create(groupMember, alone(server));
      expect(await refused([server], () => update(member, { groupName: other }))).toMatchObject({
        code: expect.stringMatching(/GR102|GR005/),
        left: "nothing was changed",
      });
    }));
});

describe("a group's name", () => {
  it("may be any that the server takes, as that of MySQL's manual", async () => {
    const name = "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa";
    await run(plain.db(1), `SET GLOBAL group_replication_group_name = '${name}'`);
    expect((await groupMember.check({}, alone(plain.db(1), { groupName: name }))).failures).toEqual([]);
  });
});

describe("variables that the server's version does not take", () => {
  it.each([
    [{ variables: { group_replication_ip_whitelist: "10.0.0.0/8" } }, "group_replication_ip_whitelist"],
    [{ variables: { group_replication_allow_local_disjoint_gtids_join: true } }, "allow_local_disjoint"],
  ])("are refused before anything is set: %j", async (more, name) => {
    const { inputs, failures } = await groupMember.check({}, alone(plain.db(1), more));
    if (failures.length > 0) return expect(JSON.stringify(failures)).toContain(name);
    const found = await refused([plain.db(1)], () => groupMember.create(inputs));
    expect(found).toMatchObject({
      code: "GR001",
      what: expect.stringContaining(name),
      left: "nothing was changed",
    });
    expect(found.what).toContain(addressOf(plain.db(1)));
  });

  it("are refused by the server itself when only it can judge, and everything before is put back", async () => {
    const before = await snapshot(plain.db(1));
    const declared = alone(plain.db(1), { memberWeight: 80, sslCipher: ["NO-SUCH-CIPHER"] });
    const work = create(groupMember, declared);
    await expect(work).rejects.toThrow(/\[GR103\].*\(1231\)/s);
    const after = await snapshot(plain.db(1));
    expect({ ...after, setAt: {} }).toEqual({ ...before, setAt: {} });
  });

  it("include startOnBoot where there are no recovery credentials", async () => {
    const work = (): Promise<unknown> =>
      create(groupMember, alone(plain.db(1), { startOnBoot: true, bootstrap: true }));
    expect((await refused([plain.db(1)], work)).message).toBe(
      `[GR005] ${addressOf(plain.db(1))} cannot have startOnBoot: it has no recovery credentials\n` +
        "Left: nothing was changed\n" +
        "Do: declare a RecoveryChannel for it, on which this GroupMember depends",
    );
  });
});
