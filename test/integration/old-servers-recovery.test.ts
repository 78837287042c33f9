import { factsQuery } from "../../provider/mysql/facts-query";
import { observe } from "../../provider/mysql/observe";
import { Session } from "../../provider/mysql/session";
import { groupMember, recoveryChannel, replicationUser } from "../../provider/runtime";
import { type Member, connect, kill, query, start } from "../../tools/sandbox";
import { greetingAs } from "./greeting";
import {
  type Deployed,
  type Inputs,
  addressOf,
  create,
  failure,
  limitedAdmin,
  memberInputs,
  refreshed,
  restartWith,
  run,
  runLocally,
  update,
  useRuntime,
  useSandbox,
  value,
  withOptions,
  withServer,
} from "./helpers";

useRuntime();

const password = "old-first-password";
const another = "old-second-password";

/* Their archives have no plugin (CONTRIBUTING.md), so no group: accounts and the channel are all that is live here. */
describe.each([
  { version: "5.7.22", plugin: "mysql_native_password", yassl: true },
  { version: "8.0.15", plugin: "caching_sha2_password", yassl: false },
] as const)("on servers of $version", ({ version, plugin, yassl }) => {
  const old = useSandbox({ version, members: 2 });
  const both = (): Member[] => old.it.members;
  const tls = yassl ? { tls: { mode: "DISABLED" as const } } : {};
  const login = ({ host, port, user, password: secret }: Member): Inputs => ({
    host,
    port,
    user,
    password: secret,
    ...tls,
  });
  const account = (more: Inputs = {}): Inputs => ({
    servers: both().map(login),
    user: "recovery",
    password,
    ...more,
  });
  const channel = (member: Member, more: Inputs = {}): Inputs => ({
    connection: login(member),
    user: "recovery",
    password,
    ...more,
  });
  /** The provider's own login. */
  const open = ({ host, port, user, password: secret }: Member): Promise<Session> =>
    Session.open({
      host,
      port,
      user,
      password: secret,
      connectTimeout: 10,
      tls: { mode: yassl ? "DISABLED" : "PREFERRED" },
    });

  describe("a look", () => {
    it("takes one statement of one login, whose greeting tells the version", async () => {
      const session = await open(old.db(1));
      const questions = async (): Promise<number> => {
        const [row] = await session.read<{ Value: string }>("SHOW SESSION STATUS LIKE 'Questions'");
        return Number(row!.Value);
      };
      try {
        const before = await questions();
        const facts = await observe(session);
        expect((await questions()) - before).toBe(2);
        expect(facts).toMatchObject({
          version,
          account: "'root'@'localhost'",
          reportHost: "127.0.0.1",
          port: old.db(1).port,
          plugins: {},
          members: [],
          gtidExecuted: "",
          channel: undefined,
          startedAt: undefined,
          loadedTls: {},
        });
        const { ssl_ca: ca, ssl_crl: crl, gtid_mode: gtids } = facts.variables;
        expect([ca!.value, crl!.value, gtids!.value]).toEqual([old.db(1).tls.ca, null, "ON"]);
        // 5.7 tells neither where a value came from nor when it was set.
        expect(ca).toEqual({ value: old.db(1).tls.ca, source: yassl ? undefined : "EXPLICIT" });
      } finally {
        await session.close();
      }
    });

    it.each(["5.6.51", "8.0.11", "9.7.4"])("finds out the version where the greeting says %s", (greeting) =>
      greetingAs(old.db(1), greeting, async (through) => {
        const session = await open(through);
        try {
          expect((await observe(session)).version).toBe(version);
          expect(await session.version()).toBe(version);
        } finally {
          await session.close();
        }
      }),
    );

    it("tells the same by the statement for releases before 5.7.22, which aggregate no JSON", async () => {
      const connection = await connect(old.db(1));
      try {
        await connection.query("SET SESSION group_concat_max_len = 1048576");
        const told = async (query: string): Promise<Record<string, unknown>> => {
          const [[row]] = (await connection.query(query)) as unknown as [[{ facts: unknown }]];
          const facts = typeof row.facts === "string" ? JSON.parse(row.facts) : row.facts;
          return { ...(facts as Record<string, unknown>), now: 0 };
        };
        expect(await told(factsQuery("5.7.17"))).toEqual(await told(factsQuery("5.7.22")));
      } finally {
        await connection.end();
      }
    });
  });

  describe("an account", () => {
    let made: Deployed;

    it("is made on each, with what recovery needs there, and leaves no transaction", async () => {
      made = await create(replicationUser, account());
      expect(made.outs).toMatchObject({
        addresses: both().map(addressOf),
        createdOn: (await Promise.all(both().map((m) => value(m, "@@server_uuid")))).sort(),
        oldPasswordRetained: false,
      });
      for (const member of both()) {
        expect(await told(member)).toEqual({ plugin, requires: "ANY", lifetime: null, locked: "N" });
        expect(await granted(member)).toEqual(["REPLICATION SLAVE ON *.*"]);
        expect(await value(member, "@@gtid_executed")).toBe("");
      }
      await sameAfterRefresh();
    });

    it("gets a new password", async () => {
      made = await update(made, { password: another, require: "NONE" });
      for (const member of both()) {
        const as = (secret: string): Promise<unknown> =>
          query({ ...member, user: "recovery", password: secret }, "SELECT 1 one");
        expect(await as(another)).toEqual([{ one: 1 }]);
        await expect(as(password)).rejects.toThrow("Access denied");
      }
      await sameAfterRefresh();
    });

    it.each<[unknown, string]>([
      ["SSL", "ANY"],
      ["X509", "X509"],
      [{ subject: "/CN=it's", issuer: "/O=x/CN=\\y", cipher: "AES128-SHA" }, "SPECIFIED"],
      ["NONE", ""],
    ])("is made to require %j", async (require, requires) => {
      made = await update(made, { require });
      for (const member of both()) expect(await told(member)).toMatchObject({ requires });
      await sameAfterRefresh();
    });

    it("gets grants, a lifetime and a lock, and loses them", async () => {
      made = await update(made, {
        grants: ["REPLICATION SLAVE", "SELECT ON app.*"],
        passwordExpire: 90,
        accountLocked: true,
      });
      for (const member of both()) {
        expect(await granted(member)).toEqual(["REPLICATION SLAVE ON *.*", "SELECT ON app.*"]);
        expect(await told(member)).toMatchObject({ lifetime: 90, locked: "Y" });
      }
      await sameAfterRefresh();
      made = await update(made, {
        grants: ["REPLICATION SLAVE"],
        passwordExpire: "DEFAULT",
        accountLocked: false,
      });
      for (const member of both()) {
        expect(await granted(member)).toEqual(["REPLICATION SLAVE ON *.*"]);
        expect(await told(member)).toMatchObject({ lifetime: null, locked: "N" });
      }
    });

    it("is seen changed by hand, and mended", async () => {
      await runLocally(
        old.db(2),
        "ALTER USER 'recovery'@'%' IDENTIFIED BY 'by hand' REQUIRE X509",
        "GRANT SELECT ON *.* TO 'recovery'@'%'",
      );
      const seen = await refreshed(made);
      expect(seen.outs).toMatchObject({
        password: "(another password on the server)",
        require: "X509",
        grants: ["SELECT ON *.*", "REPLICATION SLAVE ON *.*"],
      });
      made = await update({ ...made, outs: seen.outs }, {});
      expect(await told(old.db(2))).toMatchObject({ requires: "" });
      expect(await granted(old.db(2))).toEqual(["REPLICATION SLAVE ON *.*"]);
      await sameAfterRefresh();
    });

    it("is refused what the version does not have, before it is made", async () => {
      const [declared, what] = yassl
        ? [
            { authPlugin: "caching_sha2_password" },
            "authPlugin: $ runs 5.7.22, which does not have caching_sha2_password; it came with 8.0.3",
          ]
        : [
            { grants: ["REPLICATION SLAVE", "GROUP_REPLICATION_STREAM"] },
            "grants: $ runs 8.0.15, which does not have GROUP_REPLICATION_STREAM; it came with 8.0.27",
          ];
      expect(
        await failure(() => create(replicationUser, account({ user: "other", ...declared }))),
      ).toMatchObject({ code: "GR001", what: what.replace("$", addressOf(old.db(1))) });
      for (const member of both())
        expect(await query(member, "SELECT 1 FROM mysql.user WHERE User = 'other'")).toEqual([]);
    });

    it("is refused by name of what the administrator lacks", async () => {
      const limited = await limitedAdmin(
        old.db(1),
        "limited",
        "SELECT ON performance_schema.*",
        "SELECT ON mysql.*",
        "CREATE USER ON *.*",
      );
      const work = (): Promise<unknown> =>
        create(replicationUser, account({ user: "other", servers: [{ ...limited, ...tls }] }));
      const missing = `${yassl ? "SUPER" : "SYSTEM_VARIABLES_ADMIN"}, REPLICATION SLAVE WITH GRANT OPTION`;
      expect(await failure(work)).toMatchObject({
        code: "GR004",
        what: `'limited'@'%' lacks privileges on ${addressOf(old.db(1))}: ${missing}`,
      });
      await runLocally(old.db(1), "DROP USER limited");
    });

    it("is dropped", async () => {
      await replicationUser.delete(made.id, made.outs);
      for (const member of both()) {
        expect(await query(member, "SELECT 1 FROM mysql.user WHERE User = 'recovery'")).toEqual([]);
        expect(await value(member, "@@gtid_executed")).toBe("");
      }
    });

    async function sameAfterRefresh(): Promise<void> {
      expect((await replicationUser.read(made.id, made.outs)).inputs).toEqual(made.inputs);
      expect(await replicationUser.diff(made.id, made.outs, made.inputs)).toMatchObject({ changes: false });
    }

    async function told(member: Member): Promise<unknown> {
      const [row] = await query(
        member,
        `SELECT plugin, ssl_type requires, password_lifetime lifetime, account_locked locked
         FROM mysql.user WHERE User = 'recovery'`,
      );
      return row;
    }

    async function granted(member: Member): Promise<string[]> {
      const rows = await query(member, "SHOW GRANTS FOR 'recovery'@'%'");
      return rows
        .map((row) => String(Object.values(row)[0]).replace(/`/g, ""))
        .map((text) => /^GRANT (.*) TO /.exec(text)![1]!)
        .filter((text) => text !== "USAGE ON *.*");
    }
  });

  describe("the recovery channel", () => {
    let made: Deployed;
    const db1 = (): Member => old.db(1);

    beforeAll(async () => {
      for (const member of both()) await accountOn(member, "recovery", password, "SSL");
    });

    it("gets credentials that the server itself accepts", async () => {
      made = await create(recoveryChannel, channel(db1()));
      expect(made.outs).toMatchObject({ address: addressOf(db1()), serverVersion: version, pending: [] });
      expect(await credentials(db1())).toEqual([{ user: "recovery", password }]);
      await nothingLeft();
      await sameAfterRefresh();
    });

    it("has them after a crash of the server", async () => {
      await kill(db1());
      await start(db1());
      await sameAfterRefresh();
      made = await update(made, {});
      expect(await credentials(db1())).toEqual([{ user: "recovery", password }]);
    });

    it("refuses a wrong password, and has the right one from before", async () => {
      const found = await failure(update(made, { password: "wrong" }));
      expect(found).toMatchObject({
        code: "GR106",
        what: `${addressOf(db1())}: its recovery credentials (user 'recovery', encrypted) are refused by a donor`,
        why: `${addressOf(db1())}: access denied (1045)`,
        left: `${addressOf(db1())} has its settings from before`,
      });
      expect(found.message).not.toContain("wrong");
      expect(await credentials(db1())).toEqual([{ user: "recovery", password }]);
      await nothingLeft();
    });

    it("tries the donors that are declared", async () => {
      const donors = [addressOf(old.db(2))];
      await accountOn(old.db(2), "recovery", another, "SSL");
      expect(await failure(update(made, { password: another, donors: [addressOf(db1())] }))).toMatchObject({
        code: "GR106",
        why: expect.stringContaining(`${addressOf(db1())}: `) as string,
      });
      made = await update(made, { password: another, donors });
      expect(await credentials(db1())).toEqual([{ user: "recovery", password: another }]);
      await nothingLeft();
    });

    it.each([
      ["NONE", {}],
      ["X509", {}],
    ])("gets another user, who requires %s", async (require) => {
      const user = `recovery_${require.toLowerCase()}`;
      await accountOn(db1(), user, password, require);
      made = await update(made, { user, password, donors: undefined });
      expect(await credentials(db1())).toEqual([{ user, password }]);
      await nothingLeft();
      await sameAfterRefresh();
    });

    it("is seen changed by hand, and mended", async () => {
      const by = "CHANGE MASTER TO MASTER_USER = 'x', MASTER_PASSWORD = 'y'";
      await run(db1(), `${by} FOR CHANNEL 'group_replication_recovery'`);
      // What another refresh has just read would do.
      await new Promise((done) => setTimeout(done, 2100));
      const seen = await refreshed(made);
      expect(seen.outs).toMatchObject({ user: "x", password: "(another password on the server)" });
      made = await update({ ...made, outs: seen.outs }, {});
      expect(await credentials(db1())).toEqual([{ user: "recovery_x509", password }]);
      await sameAfterRefresh();
    });

    it("is refused what came later, and settings that come with the plugin, before anything is changed", async () => {
      expect(await failure(update(made, { privilegeChecksUser: "a@%" }))).toMatchObject({
        code: "GR001",
        what: `privilegeChecksUser: ${addressOf(db1())} runs ${version}, whose channels do not have PRIVILEGE_CHECKS_USER; it came with 8.0.18`,
      });
      expect(await failure(update(made, { recoveryUseSsl: true }))).toMatchObject({
        code: "GR005",
        what: `${addressOf(db1())} does not have the group_replication plugin`,
      });
      await sameAfterRefresh();
    });

    it("loses its credentials when it is deleted", async () => {
      await recoveryChannel.delete(made.id, made.outs);
      expect((await credentials(db1())).filter(({ user }) => user !== "" && user !== null)).toEqual([]);
      expect((await recoveryChannel.read(made.id, made.outs)).inputs).toMatchObject({ user: "" });
      await recoveryChannel.delete(made.id, made.outs);
    });

    it("is refused where another server answers in the place of this one", async () => {
      const first = await create(recoveryChannel, channel(db1(), { user: "recovery_none" }));
      const elsewhere = { ...first.outs, connection: login(old.db(2)) };
      expect(await failure(recoveryChannel.delete(first.id, elsewhere))).toMatchObject({ code: "GR006" });
      await recoveryChannel.delete(first.id, first.outs);
    });

    async function accountOn(member: Member, user: string, secret: string, require: string): Promise<void> {
      await runLocally(
        member,
        `DROP USER IF EXISTS ${user}`,
        `CREATE USER ${user} IDENTIFIED BY '${secret}' REQUIRE ${require}`,
        `GRANT REPLICATION SLAVE ON *.* TO ${user}`,
      );
    }

    async function credentials(member: Member): Promise<Inputs[]> {
      const rows = await query(
        member,
        `SELECT User_name user, User_password password FROM mysql.slave_master_info
         WHERE Channel_name = 'group_replication_recovery'`,
      );
      return rows;
    }

    /** Of the logins that were tried. */
    async function nothingLeft(): Promise<void> {
      const probes = "SELECT Channel_name FROM mysql.slave_master_info WHERE Channel_name LIKE 'mysqlgr%'";
      expect(await query(db1(), probes)).toEqual([]);
      expect(await value(db1(), "@@gtid_executed")).toBe("");
    }

    async function sameAfterRefresh(): Promise<void> {
      expect((await recoveryChannel.read(made.id, made.outs)).inputs).toEqual(made.inputs);
      expect(await recoveryChannel.diff(made.id, made.outs, made.inputs)).toEqual({ changes: false });
    }
  });

  describe("a member", () => {
    const alone = (member: Member, more: Inputs = {}): Inputs => {
      const declared = memberInputs(old.it, member, {
        connection: login(member),
        groupSeeds: [member.localAddress],
        bootstrap: true,
        installPlugin: true,
        communicationStack: undefined,
        sslCa: undefined,
        sslCert: undefined,
        sslKey: undefined,
        ...more,
      });
      return Object.fromEntries(Object.entries(declared).filter(([, v]) => v !== undefined));
    };
    const ready = withOptions({
      "binlog-checksum": "NONE",
      "binlog-format": "ROW",
      "transaction-write-set-extraction": "XXHASH64",
    });

    it("is told what its option file lacks, and that there is no plugin", async () => {
      const [server] = both() as [Member];
      await restartWith(server, withOptions({ "transaction-write-set-extraction": "OFF" }));
      expect(await failure(() => create(groupMember, alone(server, { installPlugin: false })))).toMatchObject(
        {
          code: "GR005",
          what: `${addressOf(server)} is not ready for Group Replication`,
          why: "binlog_checksum is CRC32, and must be NONE; transaction_write_set_extraction is OFF, and must be XXHASH64; the group_replication plugin is not loaded",
          todo: "add to its option file and restart the server:\n[mysqld]\nbinlog-checksum=NONE\ntransaction-write-set-extraction=XXHASH64",
        },
      );
      await restartWith(server, ready);
      expect(await failure(() => create(groupMember, alone(server, { installPlugin: false })))).toMatchObject(
        {
          code: "GR005",
          what: `${addressOf(server)} does not have the group_replication plugin`,
        },
      );
    });

    it("is told that the plugin's file is missing, and is left as it was", async () => {
      const [server] = both() as [Member];
      await restartWith(server, ready);
      expect(await failure(() => create(groupMember, alone(server)))).toMatchObject({
        code: "GR103",
        what: `${addressOf(server)} refused INSTALL PLUGIN group_replication SONAME 'group_replication.so'`,
        why: expect.stringContaining("(1126)") as string,
        left: `${addressOf(server)} has its settings from before`,
        todo: expect.stringContaining("plugin_dir") as string,
      });
      expect(await value(server, "@@gtid_executed")).toBe("");
    });

    it.each<[Inputs, string]>([
      [{ communicationStack: "MYSQL" }, "which does not have it; it came with 8.0.27"],
      [{ tlsSource: "mysql_main" }, "which does not have it; it came with 8.0.21"],
      [{ sslCa: "/etc/ca.pem" }, "which takes ssl_ca from its option file only"],
    ])("is refused %j before anything is changed", async (declared, what) =>
      withServer(old.it, async (server) => {
        await restartWith(server, ready);
        const found = await failure(() => create(groupMember, alone(server, declared)));
        expect(found.code).toMatch(/^GR00[15]$/);
        expect(found.what).toContain(`runs ${version}, ${what}`);
        expect(found.left).toBe("nothing was changed");
      }),
    );
  });
});
