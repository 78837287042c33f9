import { readFileSync } from "node:fs";
import { groupMember, recoveryChannel, replicationUser } from "../../provider/runtime";
import { type Member, addMember, connect, query } from "../../tools/sandbox";
import {
  type Deployed,
  type Inputs,
  addressOf,
  channelInputs,
  create,
  expectHealthy,
  failure,
  login,
  memberInputs,
  primaryOf,
  run,
  runLocally,
  snapshot,
  update,
  useRuntime,
  useSandbox,
  value,
} from "./helpers";

useRuntime();

const password = "account-first-password";

function account(servers: readonly Member[], more: Inputs = {}): Inputs {
  return { servers: servers.map(login), user: "recovery", password, ...more };
}

async function createStatement(member: Member, user = "recovery", host = "%"): Promise<string> {
  const [row] = await query(member, "SHOW CREATE USER ?@?", [user, host]);
  return String(Object.values(row!)[0]);
}

async function grants(member: Member): Promise<string[]> {
  const rows = await query(member, "SHOW GRANTS FOR 'recovery'@'%'");
  return rows
    .map((row) => String(Object.values(row)[0]).replace(/^GRANT (.*) TO .*$/, "$1"))
    .flatMap((text) =>
      text
        .slice(0, text.lastIndexOf(" ON "))
        .split(",")
        .map((privilege) => `${privilege.trim()}${text.slice(text.lastIndexOf(" ON "))}`),
    )
    .sort();
}

async function users(member: Member): Promise<string[]> {
  const rows = await query(
    member,
    "SELECT CONCAT(User, '@', Host) u FROM mysql.user WHERE User NOT LIKE 'mysql.%' AND User <> 'root' ORDER BY u",
  );
  return rows.map((row) => String(row.u));
}

async function executed(member: Member): Promise<string> {
  return String(await value(member, "@@gtid_executed")).replace(/\s/g, "");
}

describe("an account on servers outside a group", () => {
  const plain = useSandbox({ members: 2 });
  const both = (): Member[] => plain.it.members;

  beforeAll(async () => {
    for (const member of both())
      await run(
        member,
        `SET GLOBAL ssl_ca = '${member.tls.ca}'`,
        `SET GLOBAL ssl_cert = '${member.tls.cert}'`,
        `SET GLOBAL ssl_key = '${member.tls.key}'`,
        "ALTER INSTANCE RELOAD TLS",
      );
  });
  afterEach(async () => {
    for (const member of both()) {
      expect(await executed(member)).toBe("");
      for (const user of await users(member))
        await runLocally(member, `DROP USER '${user.replace("@", "'@'")}'`);
    }
  });

  it("is made on each, with what recovery needs, and leaves no transaction", async () => {
    const made = await create(replicationUser, account(both()));
    expect(made.id).toBe("recovery@%");
    expect(made.outs).toMatchObject({
      account: "'recovery'@'%'",
      addresses: both().map(addressOf),
      createdOn: (await Promise.all(both().map((m) => value(m, "@@server_uuid")))).sort(),
      oldPasswordRetained: false,
    });
    for (const member of both()) {
      expect(await createStatement(member)).toMatch(/REQUIRE SSL/);
      expect(await grants(member)).toEqual([
        "BACKUP_ADMIN ON *.*",
        "CONNECTION_ADMIN ON *.*",
        "GROUP_REPLICATION_STREAM ON *.*",
        "REPLICATION SLAVE ON *.*",
      ]);
    }
    await replicationUser.delete(made.id, made.outs);
    for (const member of both()) expect(await users(member)).toEqual([]);
  });

  it("is adopted where it is so already, and then not dropped, unless forceDrop says so", async () => {
    await create(replicationUser, account(both()));
    const before = await Promise.all(both().map(snapshot));
    const adopted = await create(replicationUser, account(both()));
    expect(await Promise.all(both().map(snapshot))).toEqual(before);
    expect(adopted.outs["createdOn"]).toEqual([]);
    await replicationUser.delete(adopted.id, adopted.outs);
    expect(await Promise.all(both().map(snapshot))).toEqual(before);
    const forced = await update(adopted, { forceDrop: true });
    await replicationUser.delete(forced.id, forced.outs);
    for (const member of both()) expect(await users(member)).toEqual([]);
  });

  it("is dropped only where it was made", async () => {
    const [db1, db2] = both() as [Member, Member];
    await create(replicationUser, account([db1]));
    const made = await create(replicationUser, account(both()));
    expect(made.outs["createdOn"]).toEqual([await value(db2, "@@server_uuid")]);
    await replicationUser.delete(made.id, made.outs);
    expect([await users(db1), await users(db2)]).toEqual([["recovery@%"], []]);
  });

  const kinds: [string, unknown, string][] = [
    ["NONE", "NONE", "REQUIRE NONE"],
    ["SSL", "SSL", "REQUIRE SSL"],
    ["X509", "X509", "REQUIRE X509"],
    ["a subject", { subject: "/O=MySQL sandbox/CN=client" }, "REQUIRE SUBJECT '/O=MySQL sandbox/CN=client'"],
    ["an issuer", { issuer: "/O=Somebody/CN=It's \\ else" }, "REQUIRE ISSUER "],
    ["a cipher", { cipher: "TLS_AES_128_GCM_SHA256" }, "REQUIRE CIPHER 'TLS_AES_128_GCM_SHA256'"],
    [
      "all three",
      { subject: "/CN=a", issuer: "/CN=b", cipher: "TLS_AES_256_GCM_SHA384" },
      "REQUIRE SUBJECT '/CN=a' ISSUER '/CN=b' CIPHER 'TLS_AES_256_GCM_SHA384'",
    ],
  ];

  it("goes from every kind of requirement to every other", async () => {
    const [db1] = both() as [Member];
    let made = await create(replicationUser, account([db1], { require: "NONE" }));
    const order = kinds.flatMap((kind, i) => [
      kind,
      kinds[(i + 2) % kinds.length]!,
      kinds[(i * 3) % kinds.length]!,
    ]);
    for (const [, require, text] of order) {
      made = await update(made, { require });
      expect((await createStatement(db1)).replace(/ AND /g, " ")).toContain(text);
      const read = await replicationUser.read(made.id, made.outs);
      expect(read.inputs).toEqual(made.inputs);
      expect(await replicationUser.diff(made.id, made.outs, made.inputs)).toEqual({ changes: false });
    }
  });

  it("lets in who meets its requirement, and nobody else", async () => {
    const [db1] = both() as [Member];
    const { clientCert, clientKey } = plain.it.tls;
    const certificate = { cert: readFileSync(clientCert, "utf8"), key: readFileSync(clientKey, "utf8") };
    const enters = (ssl: object | undefined): Promise<boolean> =>
      connect(
        { ...db1, user: "recovery", password },
        ssl ? { ssl: { rejectUnauthorized: false, ...ssl } } : {},
      ).then(
        (connection) => connection.end().then(() => true),
        () => false,
      );
    // connect() tries again with TLS where the server insists on it for all; here it does not.
    const outcome = async (): Promise<boolean[]> => [
      await enters(undefined),
      await enters({}),
      await enters(certificate),
    ];
    let made = await create(replicationUser, account([db1], { require: "NONE" }));
    expect(await outcome()).toEqual([true, true, true]);
    for (const [require, expected] of [
      ["SSL", [false, true, true]],
      ["X509", [false, false, true]],
      [{ subject: "/O=MySQL sandbox/CN=client" }, [false, false, true]],
      [{ subject: "/O=MySQL sandbox/CN=other" }, [false, false, false]],
      [{ issuer: `/O=MySQL sandbox/CN=Sandbox ${plain.it.name}` }, [false, false, true]],
    ] as const) {
      made = await update(made, { require });
      expect({ require, in: await outcome() }).toEqual({ require, in: expected });
    }
  });

  it("gets another password at once, another plugin, an expiry and a lock, and loses them when they are not declared", async () => {
    const [db1] = both() as [Member];
    let made = await create(replicationUser, account([db1]));
    made = await update(made, { password: "account-second-password" });
    expect(made.outs["oldPasswordRetained"]).toBe(false);
    await expect(
      connect({ ...db1, user: "recovery", password }, { ssl: { rejectUnauthorized: false } }),
    ).rejects.toThrow("Access denied");
    made = await update(made, {
      authPlugin: "sha256_password",
      passwordExpire: 30,
      accountLocked: true,
      grants: ["REPLICATION SLAVE", "SELECT ON health.*"],
    });
    expect(await createStatement(db1)).toMatch(
      /WITH 'sha256_password'.*PASSWORD EXPIRE INTERVAL 30 DAY ACCOUNT LOCK/,
    );
    expect(await grants(db1)).toEqual(["REPLICATION SLAVE ON *.*", "SELECT ON `health`.*"]);
    expect((await replicationUser.read(made.id, made.outs)).inputs).toEqual(made.inputs);
    made = await update(made, { passwordExpire: "NEVER", accountLocked: false, grants: ["BACKUP_ADMIN"] });
    expect(await createStatement(db1)).toMatch(/PASSWORD EXPIRE NEVER ACCOUNT UNLOCK/);
    expect(await grants(db1)).toEqual(["BACKUP_ADMIN ON *.*", "USAGE ON *.*"]);
  });

  it("is mended where somebody changed it by hand, and shown as what it became", async () => {
    const [db1, db2] = both() as [Member, Member];
    const made = await create(replicationUser, account(both(), { require: "SSL", accountLocked: false }));
    await runLocally(
      db2,
      "ALTER USER recovery@'%' IDENTIFIED BY 'by-hand' REQUIRE NONE ACCOUNT LOCK",
      "REVOKE BACKUP_ADMIN ON *.* FROM recovery@'%'",
    );
    const seen = await replicationUser.read(made.id, made.outs);
    expect(seen.inputs).toMatchObject({ require: "NONE", accountLocked: true });
    expect(seen.inputs["password"]).not.toBe(password);
    expect(JSON.stringify(seen)).not.toContain("by-hand");
    const mended = await update({ ...made, inputs: seen.inputs, outs: seen.props }, made.inputs);
    expect(await createStatement(db2)).toMatch(/REQUIRE SSL.*ACCOUNT UNLOCK/);
    expect(await grants(db2)).toEqual(await grants(db1));

    await runLocally(db1, "DROP USER recovery@'%'");
    const gone = await replicationUser.read(mended.id, mended.outs);
    expect(gone.inputs["servers"]).toEqual([login(db2)]);
    await update({ ...mended, inputs: gone.inputs, outs: gone.props }, made.inputs);
    expect(await users(db1)).toEqual(["recovery@%"]);
  });

  it("is remembered as made here when a later statement fails", async () => {
    const [db1] = both() as [Member];
    const declared = account([db1], { grants: ["REPLICATION SLAVE", "SELECT ON nowhere.nothing"] });
    const found = await failure(() => create(replicationUser, declared));
    expect(found).toMatchObject({
      code: "GR103",
      what: `${addressOf(db1)} refused GRANT SELECT ON \`nowhere\`.\`nothing\` TO 'recovery'@'%'`,
    });
    if ((await users(db1)).length > 0) {
      expect(found.outs?.["createdOn"]).toEqual([await value(db1, "@@server_uuid")]);
      await replicationUser.delete("recovery@%", found.outs!);
    }
    expect(await users(db1)).toEqual([]);
  });

  it("is made on a server that is read only, which stays so", async () => {
    const [db1] = both() as [Member];
    await run(db1, "SET GLOBAL super_read_only = ON");
    const made = await create(replicationUser, account([db1]));
    expect(await value(db1, "@@super_read_only")).toBe("1");
    await replicationUser.delete(made.id, made.outs);
    expect(await value(db1, "@@super_read_only")).toBe("1");
    await run(db1, "SET GLOBAL super_read_only = OFF", "SET GLOBAL read_only = OFF");
  });
});

describe("an account in a group", () => {
  const group = useSandbox({ group: true });
  const all = (): Member[] => group.it.members;

  async function everywhere(): Promise<string[]> {
    const primary = await primaryOf(all());
    const gtids = await executed(primary);
    for (const member of all())
      expect(await value(member, `WAIT_FOR_EXECUTED_GTID_SET('${gtids}', 20)`)).toBe("0");
    return Promise.all(all().map(executed));
  }

  /** How many transactions the group has made since, all of its own. */
  async function transactions(since: string): Promise<number> {
    const sets = await everywhere();
    expect(new Set(sets).size).toBe(1);
    const fresh = String(await value(all()[0]!, `GTID_SUBTRACT('${sets[0]}', '${since}')`)).replace(
      /\s/g,
      "",
    );
    if (fresh === "") return 0;
    const [uuid, ...ranges] = fresh.split(":");
    expect(uuid).toBe(group.it.groupName);
    return ranges
      .map((range) => range.split("-").map(Number))
      .reduce((sum, [from, to = from]) => sum + to! - from! + 1, 0);
  }

  async function since(): Promise<string> {
    return (await everywhere())[0]!;
  }

  let made: Deployed;

  it("is made once, through the primary, and is on every member when it is done", async () => {
    const before = await since();
    made = await create(replicationUser, account(all(), { user: "second" }));
    // CREATE USER and a GRANT for each privilege that the XCOM stack needs.
    expect(await transactions(before)).toBe(3);
    for (const member of all()) {
      expect(await users(member)).toEqual(["recovery@%", "second@%"]);
      expect(await createStatement(member, "second")).toMatch(/REQUIRE SSL/);
    }
    expect(made.outs["addresses"]).toEqual(all().map(addressOf));
  });

  it("is changed by one transaction, and by none where it is so", async () => {
    const before = await since();
    const changed = await update(made, { require: "X509" });
    expect(await transactions(before)).toBe(1);
    const again = await since();
    await replicationUser.update(changed.id, changed.outs, changed.inputs);
    await create(replicationUser, account(all(), { user: "second", require: "X509" }));
    expect(await transactions(again)).toBe(0);
    made = await update(changed, { require: "SSL" });
    expect((await replicationUser.read(made.id, made.outs)).inputs).toEqual(made.inputs);
  });

  it("reaches the group through any member, also a secondary alone", async () => {
    const primary = await primaryOf(all());
    const secondary = all().find((member) => member !== primary)!;
    const before = await since();
    const alone = await create(replicationUser, account([secondary], { user: "third" }));
    expect(await transactions(before)).toBe(3);
    expect(await users(primary)).toContain("third@%");
    const then = await since();
    await replicationUser.delete(alone.id, alone.outs);
    expect(await transactions(then)).toBe(1);
    for (const member of all()) expect(await users(member)).not.toContain("third@%");
  });

  it("has one password only where no recovery channel still uses the old one", async () => {
    const rotated = await update(made, { password: "account-second-password" });
    const enters = (secret: string): Promise<boolean> =>
      connect(
        { ...all()[1]!, user: "second", password: secret },
        { ssl: { rejectUnauthorized: false } },
      ).then(
        (connection) => connection.end().then(() => true),
        () => false,
      );
    await everywhere();
    expect([await enters(password), await enters("account-second-password")]).toEqual([false, true]);
    expect(rotated.outs["oldPasswordRetained"]).toBe(false);
    expect(await replicationUser.diff(rotated.id, rotated.outs, rotated.inputs)).toEqual({ changes: false });
    made = rotated;
  });

  it("is dropped by one transaction", async () => {
    const before = await since();
    await replicationUser.delete(made.id, made.outs);
    expect(await transactions(before)).toBe(1);
    for (const member of all()) expect(await users(member)).toEqual(["recovery@%"]);
    await expectHealthy(all());
  });

  it("is local on a server that is yet to join, which then joins with what the group has made of it", async () => {
    const before = await since();
    const joiner = await addMember(group.it);
    const user = await create(
      replicationUser,
      account(all(), { user: "joining", grants: ["REPLICATION SLAVE"] }),
    );
    expect(await executed(joiner)).toBe("");
    expect(await users(joiner)).toEqual(["joining@%"]);
    group.it.members.pop();
    expect(await transactions(before)).toBe(2);
    group.it.members.push(joiner);
    // The group's own recovery account, made by hand and in no binary log, is there as well.
    await create(replicationUser, {
      servers: [login(joiner)],
      user: "recovery",
      password: group.it.recovery!.password,
    });
    await create(recoveryChannel, channelInputs(group.it, joiner));
    const member = await create(groupMember, memberInputs(group.it, joiner));
    await expectHealthy(all());
    const joined = await replicationUser.read(user.id, user.outs);
    expect(joined.inputs).toEqual(user.inputs);
    await groupMember.delete(member.id, member.outs);
    group.it.members.pop();
    await expectHealthy(all());
    // It is out of the group and read only; its account can still be changed, by itself.
    const gtids = await executed(joiner);
    await update({ ...user, outs: joined.props }, { servers: [login(joiner)], require: "NONE" });
    expect(await executed(joiner)).toBe(gtids);
    expect(await value(joiner, "@@super_read_only")).toBe("1");
    expect(await createStatement(joiner, "joining")).toMatch(/REQUIRE NONE/);
  });
});
