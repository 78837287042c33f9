import { randomUUID } from "node:crypto";
import { groupMember } from "../../provider/runtime";
import { type Member, connect, query } from "../../tools/sandbox";
import {
  type Deployed,
  addressOf,
  adoptMembers,
  create,
  deadAddress,
  expectHealthy,
  holdLock,
  login,
  memberInputs,
  notJoined,
  primaryOf,
  refused,
  refusedAll,
  run,
  runLocally,
  snapshot,
  stateOf,
  undone,
  until,
  update,
  updateAll,
  useRuntime,
  useSandbox,
  value,
  withServer,
} from "./helpers";

useRuntime();

describe("a group that runs", () => {
  const group = useSandbox({ group: true });
  const all = (): Member[] => group.it.members;
  let members: Deployed[];

  it("is adopted as it is", async () => {
    await expectHealthy(all());
    const before = await Promise.all(all().map(snapshot));
    members = await adoptMembers(group.it);
    expect(await Promise.all(all().map(snapshot))).toEqual(before);
    expect(members.map(({ outs }) => [outs["running"], outs["pending"]])).toEqual([
      [true, []],
      [true, []],
      [true, []],
    ]);
    // A member that is UNREACHABLE must stay so long enough to be seen; this acts at once.
    members = (await updateAll(members, { memberExpelTimeout: 120 })).after;
    expect((await Promise.all(all().map(snapshot))).map(({ starts }) => starts)).toEqual(
      before.map(({ starts }) => starts),
    );
  });

  it.each([
    ["a secondary", [1]],
    ["the primary", [0]],
    ["all members at once", [0, 1, 2]],
  ])("does not go to ssl_mode DISABLED on %s", async (_which, indices) => {
    const news = { sslMode: "DISABLED" };
    const found = await refusedAll(all(), () =>
      indices.map((i) =>
        groupMember.update(members[i]!.id, members[i]!.outs, { ...members[i]!.inputs, ...news }),
      ),
    );
    expect(found.map(({ message }) => message)).toEqual(
      indices.map(
        (i) =>
          `[GR102] ${addressOf(all()[i]!)}: group_replication_ssl_mode cannot go from REQUIRED to DISABLED while the group runs\n` +
          "Why: on the XCOM stack an encrypted and an unencrypted member cannot talk to each other, so members cannot change one by one: " +
          "the first would be refused by the others (3092 after 61 s)\n" +
          "Left: nothing was changed\n" +
          'Do: declare rollout: { groupRestart: "allow" } on every member for a time when writes may pause for some seconds; or leave the value as it is',
      ),
    );
    // Preview says it already.
    await refused(all(), () => update(members[indices[0]!]!, news));
    await expectHealthy(all());
  });

  it.each([
    [{ communicationStack: "MYSQL" }, "group_replication_communication_stack cannot go from XCOM to MYSQL"],
    [{ singlePrimaryMode: false }, "group_replication_single_primary_mode cannot go from ON to OFF"],
  ])("does not take %j while it runs", async (news, what) => {
    for (const work of [
      () => groupMember.update(members[1]!.id, members[1]!.outs, { ...members[1]!.inputs, ...news }),
      () => update(members[1]!, news),
    ])
      expect(await refused(all(), work)).toMatchObject({
        name: "GroupRestartError",
        code: "GR102",
        what: expect.stringContaining(what),
        left: "nothing was changed",
      });
  });

  it("takes the declaration of what it has already", async () => {
    const before = await Promise.all(all().map(snapshot));
    const same = {
      singlePrimaryMode: true,
      tlsSource: "MYSQL_MAIN",
      tlsVersion: ["TLSv1.3", "TLSv1.2"],
      variables: { group_replication_view_change_uuid: "AUTOMATIC" },
    };
    const declared = await updateAll(members, same);
    expect(declared.failures).toEqual([undefined, undefined, undefined]);
    const after = await Promise.all(all().map(snapshot));
    expect(after.map(({ starts, view }) => ({ starts, view }))).toEqual(
      before.map(({ starts, view }) => ({ starts, view })),
    );
    members = (
      await updateAll(declared.after, Object.fromEntries(Object.keys(same).map((k) => [k, undefined])))
    ).after;
    expect((await Promise.all(all().map(snapshot))).map(({ starts }) => starts)).toEqual(
      before.map(({ starts }) => starts),
    );
  });

  it.each([
    [0, 1, { sslMode: "VERIFY_CA" }],
    [2, 2, { memberWeight: 77 }],
  ])("is left to the deployment that holds its lock on member %i", async (holder, changed, edit) => {
    const release = await holdLock(all()[holder]!, `mysqlgr:${group.it.groupName}`);
    try {
      const found = await refused(all(), () => update(members[changed]!, edit));
      expect(found.name).toBe("LockedError");
      expect(found.message).toBe(
        `[GR105] group ${group.it.groupName} is being changed by another deployment\n` +
          `Why: its lock is held on ${addressOf(all()[holder]!)}\n` +
          "Left: nothing was changed\n" +
          "Do: wait until the other deployment has ended, then pulumi up",
      );
    } finally {
      await release();
    }
    // Then it goes on; nobody kept a lock.
    await until("the lock is free", 5, async () => (await snapshot(all()[holder]!)).locks.length === 0);
    members[1] = await update(members[1]!, { memberWeight: 51 });
    expect((await Promise.all(all().map(snapshot))).flatMap(({ locks }) => locks)).toEqual([]);
  });

  it("takes in a member that declares bootstrap: true, and stays one group", () =>
    withServer(group.it, async (server) => {
      await runLocally(
        server,
        `CREATE USER recovery@'%' IDENTIFIED BY '${group.it.recovery!.password}' REQUIRE SSL`,
        "GRANT REPLICATION SLAVE, BACKUP_ADMIN, CONNECTION_ADMIN, GROUP_REPLICATION_STREAM ON *.* TO recovery@'%'",
        `CHANGE REPLICATION SOURCE TO SOURCE_USER = 'recovery', SOURCE_PASSWORD = '${group.it.recovery!.password}' FOR CHANNEL 'group_replication_recovery'`,
      );
      const joined = await create(groupMember, memberInputs(group.it, server, { bootstrap: true }));
      const views = (await Promise.all(all().map(snapshot))).map(({ view, members: seen }) => ({
        view,
        seen,
      }));
      expect(views).toHaveLength(4);
      expect(new Set(views.map((v) => JSON.stringify(v))).size).toBe(1);
      await expectHealthy(all());
      await groupMember.delete(joined.id, joined.outs);
      expect(await stateOf(server)).toBe("OFFLINE");
      expect(await value(server, "@@super_read_only")).toBe("1");
    }));

  it.each([
    ["alone", false],
    ["together with a change of a member", true],
  ])("does not take in a server with transactions of its own, %s", (_how, accompanied) =>
    withServer(group.it, async (server) => {
      await query(server, "CREATE DATABASE errant");
      const own = String(await value(server, "@@gtid_executed"));
      const outcome = async (): Promise<unknown> => {
        const weight = 52 + members.length;
        const [joining] = await Promise.allSettled([
          create(groupMember, memberInputs(group.it, server)),
          ...(accompanied ? [update(members[2]!, { memberWeight: weight })] : []),
        ]);
        if (joining.status === "rejected") throw joining.reason;
        return joining.value;
      };
      const found = await notJoined(server, outcome);
      expect(found.message).toContain(own);
      if (accompanied)
        expect(found).toMatchObject({
          name: "NotReadyError",
          code: "GR005",
          what: `${addressOf(server)} has transactions that group ${group.it.groupName} does not have`,
          why: `errant GTIDs: ${own}`,
        });
      const seen = await query(
        all()[0]!,
        "SELECT COUNT(*) n FROM performance_schema.replication_group_members",
      );
      expect(seen).toEqual([{ n: 3 }]);
    }),
  );

  it("restarts nobody while a member is RECOVERING", () =>
    withServer(group.it, async (server) => {
      await run(
        server,
        `SET GLOBAL ssl_ca = '${server.tls.ca}'`,
        `SET GLOBAL ssl_cert = '${server.tls.cert}'`,
        `SET GLOBAL ssl_key = '${server.tls.key}'`,
        `SET GLOBAL group_replication_group_name = '${group.it.groupName}'`,
        `SET GLOBAL group_replication_local_address = '${server.localAddress}'`,
        `SET GLOBAL group_replication_group_seeds = '${all()[0]!.localAddress}'`,
        "SET GLOBAL group_replication_ssl_mode = 'REQUIRED'",
        "CHANGE REPLICATION SOURCE TO SOURCE_USER = 'recovery', SOURCE_PASSWORD = 'wrong' FOR CHANNEL 'group_replication_recovery'",
        "START GROUP_REPLICATION",
      );
      expect(await stateOf(all()[0]!, server)).toBe("RECOVERING");
      const three = all().slice(0, 3);
      for (const i of [1, 0])
        expect(await undone(three, () => update(members[i]!, { sslMode: "VERIFY_CA" }))).toMatchObject({
          name: "QuorumRiskError",
          code: "GR101",
          what: `group ${group.it.groupName} is not in a state to be changed`,
          why: `${addressOf(server)} is still RECOVERING`,
          left: expect.stringMatching(/^nothing was restarted/),
          todo: "wait until it is ONLINE, then pulumi up",
        });
      await run(server, "STOP GROUP_REPLICATION");
    }));

  it("restarts nobody while a member is UNREACHABLE", async () => {
    const [db1, db2, db3] = all() as [Member, Member, Member];
    process.kill(db3.pid, "SIGSTOP");
    try {
      await until("db3 is UNREACHABLE", 30, async () => (await stateOf(db1, db3)) === "UNREACHABLE");
      await until("db2 sees it too", 30, async () => (await stateOf(db2, db3)) === "UNREACHABLE");
      for (const i of [1, 0])
        expect(await undone([db1, db2], () => update(members[i]!, { sslMode: "VERIFY_CA" }))).toMatchObject({
          code: "GR101",
          why: `${addressOf(db3)} cannot be reached by every other member`,
          left: expect.stringMatching(/^nothing was restarted/),
          todo: "bring it back, or let the group expel it, then pulumi up",
        });
      const patient = { ...login(db3), connectTimeout: 2 };
      const found = await refusedAll([db1, db2], () => [
        update(members[0]!, { sslMode: "VERIFY_CA" }),
        update(members[1]!, { sslMode: "VERIFY_CA" }),
        update(members[2]!, { sslMode: "VERIFY_CA", connection: patient }),
      ]);
      // Whether the silence or the group's own view of it is noticed first is a matter of time.
      const alive = expect.stringMatching(/GR101|GR104/);
      expect(found.map(({ code }) => code)).toEqual([alive, alive, "GR002"]);
    } finally {
      process.kill(db3.pid, "SIGCONT");
    }
    await until("db3 is back", 60, async () => (await stateOf(db1, db3)) === "ONLINE");
    await expectHealthy(all());
  });

  it("restarts nobody on the word of one member, and goes on with two", async () => {
    const [db1, db2, db3] = all() as [Member, Member, Member];
    await run(
      db1,
      "CREATE USER deployer@'%' IDENTIFIED BY 'deployer-password'",
      "GRANT ALL ON *.* TO deployer@'%' WITH GRANT OPTION",
    );
    await expectHealthy(all());
    for (const member of [db1, db3]) await runLocally(member, "ALTER USER deployer@'%' ACCOUNT LOCK");
    const connection = { ...login(db2), user: "deployer", password: "deployer-password" };
    const edit = { connection, sslMode: "VERIFY_CA" };
    expect(await undone(all(), () => update(members[1]!, edit))).toMatchObject({
      code: "GR101",
      why: `only ${addressOf(db2)} could be asked; a second witness is needed`,
      todo: "see that the administrator's login works on another member, then pulumi up",
    });
    await runLocally(db3, "ALTER USER deployer@'%' ACCOUNT UNLOCK");
    const before = await Promise.all(all().map(snapshot));
    const changed = await update(members[1]!, edit);
    const after = await Promise.all(all().map(snapshot));
    expect(after.map(({ starts }, i) => starts.length - before[i]!.starts.length)).toEqual([0, 1, 0]);
    members[1] = await update(changed, { connection: login(db2) });
    await runLocally(db1, "ALTER USER deployer@'%' ACCOUNT UNLOCK");
    await expectHealthy(all());
  });

  it("is not switched over while a transaction is open, keeps what is done, and goes on with the next update", async () => {
    const [db1, db2, db3] = all() as [Member, Member, Member];
    expect(await primaryOf(all())).toBe(db1);
    const client = await connect(db1);
    try {
      await client.query("START TRANSACTION");
      await client.query("INSERT INTO health.beats VALUES (4711)");
      const before = await Promise.all(all().map(snapshot));
      const news = { sslMode: "VERIFY_CA", rollout: { switchoverTimeout: 2 } };
      const first = await updateAll(members, news);
      expect(first.failures.slice(1)).toEqual([undefined, undefined]);
      const [found] = first.failures;
      expect(found!.code).toMatch(/GR103|GR104/);
      expect(found!.message).toContain(
        `${addressOf(db1)} was not switched over: transactions stayed open for 2 s`,
      );
      expect(found!.message).toMatch(
        /a switch-over would end them by force; the oldest has been open for \d+ s/,
      );
      const after = await Promise.all(all().map(snapshot));
      expect(after.map(({ starts }, i) => starts.length - before[i]!.starts.length)).toEqual([0, 0, 1]);
      expect(after.map(({ variables }) => variables["group_replication_ssl_mode"])).toEqual([
        "REQUIRED",
        "VERIFY_CA",
        "VERIFY_CA",
      ]);
      expect(after[0]!.persisted).toEqual(before[0]!.persisted);
      expect(await primaryOf(all())).toBe(db1);
      await client.query("COMMIT");
      await expectHealthy(all());

      const second = await updateAll(first.after, news);
      expect(second.failures).toEqual([undefined, undefined, undefined]);
      const end = await Promise.all(all().map(snapshot));
      expect(end.map(({ starts }, i) => starts.length - after[i]!.starts.length)).toEqual([1, 0, 0]);
      expect([db2, db3]).toContain(await primaryOf(all()));
      expect(await query(db2, "SELECT id FROM health.beats WHERE id = 4711")).toHaveLength(1);
      for (const member of all())
        expect(await value(member, "@@group_replication_ssl_mode")).toBe("VERIFY_CA");
      await expectHealthy(all());
    } finally {
      client.destroy();
    }
  });
});

describe("the only member of a group", () => {
  const group = useSandbox({ members: 1, group: true });

  it("is not restarted", async () => {
    const [member] = await adoptMembers(group.it);
    const found = await undone([group.db(1)], () => update(member!, { sslMode: "VERIFY_CA" }));
    expect(found.name).toBe("GroupRestartError");
    expect(found.message).toBe(
      `[GR102] ${addressOf(group.db(1))}: the only member that stays in its group cannot be restarted without stopping the group\n` +
        "Why: no other member could take the writes meanwhile\n" +
        "Left: nothing was changed\n" +
        'Do: let another member join first; if others leave in the same deployment, restart this one before; or, where it is alone, declare rollout: { groupRestart: "allow" } for a time when writes may pause',
    );
    await expectHealthy([group.db(1)]);
  });

  it("goes from DISABLED to encrypted only when its administrator has stopped it", async () => {
    const server = group.db(1);
    await run(
      server,
      "STOP GROUP_REPLICATION",
      "SET PERSIST group_replication_ssl_mode = 'DISABLED'",
      "SET GLOBAL group_replication_bootstrap_group = ON",
      "START GROUP_REPLICATION",
      "SET GLOBAL group_replication_bootstrap_group = OFF",
    );
    const [member] = await adoptMembers(group.it, { sslMode: "DISABLED", bootstrap: true });
    expect(await refused([server], () => update(member!, { sslMode: "REQUIRED" }))).toMatchObject({
      code: "GR102",
      what: `${addressOf(server)}: group_replication_ssl_mode cannot go from DISABLED to REQUIRED while the group runs`,
    });
    await run(server, "STOP GROUP_REPLICATION");
    const seen = await groupMember.read(member!.id, member!.outs);
    await update({ ...member!, inputs: seen.inputs, outs: seen.props }, { sslMode: "REQUIRED" });
    expect(await value(server, "@@group_replication_ssl_mode")).toBe("REQUIRED");
    await expectHealthy([server]);
  });
});

describe("servers that are yet to make a group", () => {
  const plain = useSandbox({ members: 2 });
  const both = (): Member[] => plain.it.members;
  const [first, second] = [(): Member => plain.db(1), (): Member => plain.db(2)];

  it("make none without a bootstrap, and none with two", async () => {
    const nobody = await refusedAll(both(), () =>
      both().map((member) => create(groupMember, memberInputs(plain.it, member))),
    );
    expect(nobody[0]).toMatchObject({
      code: expect.stringMatching(/GR005|GR104/),
      message: expect.stringContaining(`cannot join group ${plain.it.groupName}: no member of it is ONLINE`),
    });
    const two = await refusedAll(both(), () =>
      both().map((member) => create(groupMember, memberInputs(plain.it, member, { bootstrap: true }))),
    );
    for (const { message } of two) {
      expect(message).toContain(
        `${addressOf(second())} and ${addressOf(first())} both declare bootstrap: true`,
      );
      expect(message).toContain("two bootstraps make two groups of one name that both take writes");
    }
  });

  it("make none while a seed does not answer", async () => {
    const dead = await deadAddress();
    try {
      const groupSeeds = [first().localAddress, dead.address];
      const declared = memberInputs(plain.it, first(), { groupSeeds, bootstrap: true });
      const found = await refused(both(), () => create(groupMember, declared));
      expect(found.name).toBe("QuorumRiskError");
      expect(found.message).toBe(
        `[GR101] group ${plain.it.groupName} is not in a state to be changed\n` +
          `Why: seed ${dead.address} does not answer, so a running group behind it cannot be ruled out; making a second one would split the data\n` +
          "Left: nothing was restarted\n" +
          "Do: bring the seed's host back, or take the seed out of groupSeeds, then pulumi up",
      );
    } finally {
      await dead.close();
    }
  });

  it("make one with the certificates that they made for themselves, in mode REQUIRED", () =>
    withServer(plain.it, (third) =>
      withServer(plain.it, async (fourth) => {
        const groupName = randomUUID();
        const own = { sslCa: undefined, sslCert: undefined, sslKey: undefined, groupName };
        const groupSeeds = [third.localAddress, fourth.localAddress];
        const declared = [third, fourth].map((server, i) =>
          memberInputs(plain.it, server, { ...own, groupSeeds, bootstrap: i === 0 }),
        );
        await Promise.all(declared.map((inputs) => create(groupMember, inputs)));
        await expectHealthy([third, fourth]);
      }),
    ));

  it("make one only, also when each declares bootstrap: true in a deployment of its own", async () => {
    const declared = both().map((member) => memberInputs(plain.it, member, { bootstrap: true }));
    await create(groupMember, declared[0]!);
    await create(groupMember, declared[1]!);
    const views = (await Promise.all(both().map(snapshot))).map(({ view, members }) => ({ view, members }));
    expect(views[0]!.members).toHaveLength(2);
    expect(views[0]).toEqual(views[1]);
    await expectHealthy(both());
  });
});
