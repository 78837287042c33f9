import { randomBytes, randomInt } from "node:crypto";
import { memberColumns } from "../../provider/mysql/facts-query";
import type { ServerFacts } from "../../provider/mysql/facts";
import { seenMembers } from "../../provider/mysql/membership";
import { observe } from "../../provider/mysql/observe";
import { passwordMatches } from "../../provider/mysql/password";
import { Session } from "../../provider/mysql/session";
import { secret, sql } from "../../provider/mysql/sql";
import type { Target } from "../../provider/mysql/target";
import { groupMember, recoveryChannel, replicationUser } from "../../provider/runtime";
import { type Member, connect, query } from "../../tools/sandbox";
import { greetingAs } from "./greeting";
import {
  channelInputs,
  create,
  limitedAdmin,
  login,
  memberInputs,
  primaryOf,
  run,
  runLocally,
  update,
  useRuntime,
  useSandbox,
  value,
} from "./helpers";

useRuntime();
const plain = useSandbox({ members: 1 });

function targetOf({ host, port, user, password }: Member): Target {
  return { host, port, user, password, connectTimeout: 10, tls: { mode: "PREFERRED" } };
}

/** Without what a look at another port, a moment later, tells otherwise: counters of logins. */
function lasting(facts: ServerFacts): unknown {
  return { ...facts, address: "", now: 0, loadedTls: Object.keys(facts.loadedTls) };
}

async function seen(member: Member): Promise<ServerFacts> {
  const session = await Session.open(targetOf(member));
  try {
    return await observe(session);
  } finally {
    await session.close();
  }
}

/** One character, up to four bytes, that is no control character and no surrogate. */
function character(): string {
  const ranges = [
    [0x20, 0x7e],
    [0xa1, 0x17f],
    [0x391, 0x3c9],
    [0x4e00, 0x9fff],
    [0x1f300, 0x1f5ff],
  ] as const;
  const [low, high] = ranges[randomInt(ranges.length)]!;
  return String.fromCodePoint(randomInt(low, high + 1));
}

function passwords(): string[] {
  const ascii = (length: number): string => randomBytes(length).toString("base64").slice(0, length);
  return [
    ...Array.from({ length: 32 }, (_, i) => ascii(i + 1)),
    ...[" ", "  ", "'", "\\", "''", '"', "\t", "\r\n", "%s", "\u0001", "ß", "e\u0301", "\u{1f511}"],
    ...Array.from({ length: 10 }, () => Array.from({ length: randomInt(1, 30) }, character).join("")),
    ...[33, 64, 65, 97, 200, 255].map(ascii),
    "ä".repeat(100),
  ];
}

const nearMisses = ["", "\u0002", "xx", " "];

describe.each(["caching_sha2_password", "sha256_password"])("a password of %s", (plugin) => {
  it("is known by the hash that the server keeps, and no other is", async () => {
    const connection = await connect(plain.db(1));
    try {
      await connection.query("SET SESSION sql_log_bin = 0");
      await connection.query("CREATE USER hashed@'%'");
      for (const password of passwords()) {
        await connection.query(`ALTER USER hashed@'%' IDENTIFIED WITH ${plugin} BY ?`, [password]);
        const [rows] = await connection.query(
          "SELECT authentication_string hash FROM mysql.user WHERE User = 'hashed'",
        );
        const stored = (rows as { hash: Buffer | string }[])[0]!.hash;
        const hash = Buffer.isBuffer(stored) ? stored : Buffer.from(stored);
        expect({ password, matches: passwordMatches(plugin, hash, password) }).toEqual({
          password,
          matches: true,
        });
        // Each costs thousands of rounds: one near miss for a password.
        const other = `${password.slice(0, -1)}${nearMisses[randomInt(nearMisses.length)]}`;
        expect({ password, other, matches: passwordMatches(plugin, hash, other) }).toEqual({
          password,
          other,
          matches: other === password,
        });
      }
      await connection.query(`ALTER USER hashed@'%' IDENTIFIED WITH ${plugin} BY ''`);
      const [rows] = await connection.query(
        "SELECT LENGTH(authentication_string) length FROM mysql.user WHERE User = 'hashed'",
      );
      expect(rows).toEqual([{ length: 0 }]);
      expect(passwordMatches(plugin, Buffer.alloc(0), "")).toBe(true);
      expect(passwordMatches(plugin, Buffer.alloc(0), "x")).toBe(false);
      await connection.query("DROP USER hashed@'%'");
    } finally {
      await connection.end();
    }
  });
});

const modes = [
  "",
  "NO_BACKSLASH_ESCAPES",
  "ANSI_QUOTES",
  "NO_BACKSLASH_ESCAPES,ANSI_QUOTES,PIPES_AS_CONCAT,IGNORE_SPACE",
  "ANSI",
  "TRADITIONAL",
  "PAD_CHAR_TO_FULL_LENGTH,HIGH_NOT_PRECEDENCE,REAL_AS_FLOAT",
];

describe.each(modes)("with sql_mode '%s' on the server", (mode) => {
  let before: string;
  beforeAll(async () => {
    const [row] = await query(plain.db(1), "SELECT @@GLOBAL.sql_mode mode");
    before = String(row!.mode);
    await run(plain.db(1), `SET GLOBAL sql_mode = '${mode}'`);
  });
  afterAll(() => run(plain.db(1), `SET GLOBAL sql_mode = '${before}'`));

  it("quoted text arrives as it was", async () => {
    const hostile = [
      "plain",
      "'; DROP USER root; -- ",
      "\\'; DROP USER root; -- ",
      "\\",
      "\\\\'",
      "''",
      '"',
      "`",
      "\0\b\t\n\r\x1a%_",
      "a\\nb",
      "\u2028ä\u{1f511}",
      "/*!50000 x */",
      "?:@x",
      ...Array.from({ length: 20 }, () =>
        Array.from({ length: 12 }, () => "\\'\"`%_;-\0\n\x1aaä"[randomInt(13)]!).join(""),
      ),
    ];
    const session = await Session.open(targetOf(plain.db(1)));
    try {
      for (const text of hostile) {
        const [row] = (await session.write(sql("SELECT ", secret("text"), " AS text"), { text })) as {
          text: string;
        }[];
        expect(row!.text).toBe(text);
      }
    } finally {
      await session.close();
    }
  });

  it("every resource does its work, also for names that need quotes", async () => {
    const server = plain.db(1);
    const user = "o'brien\\x";
    const password = "pass'word\\\"`;--";
    // A login of its own: one that is open already has the sql_mode of before.
    const connection = { ...login(server), connectTimeout: 20 + modes.indexOf(mode) };
    const made = await create(replicationUser, { servers: [connection], user, password });
    expect((await replicationUser.read(made.id, made.outs)).inputs).toEqual(made.inputs);
    const changed = await update(made, {
      require: "NONE",
      grants: ["REPLICATION SLAVE", "SELECT ON health.*"],
    });
    expect((await replicationUser.read(changed.id, changed.outs)).inputs).toEqual(changed.inputs);
    const channel = await create(
      recoveryChannel,
      channelInputs(plain.it, server, { connection, user, password, recoveryRetryCount: 4 }),
    );
    expect((await recoveryChannel.read(channel.id, channel.outs)).inputs).toEqual(channel.inputs);
    await recoveryChannel.delete(channel.id, channel.outs);
    await replicationUser.delete(changed.id, changed.outs);
    const left = await query(
      server,
      "SELECT (SELECT COUNT(*) FROM mysql.user WHERE User NOT LIKE 'mysql.%' AND User <> 'root') users, @@gtid_executed gtids",
    );
    expect(left).toEqual([{ users: 0, gtids: "" }]);
  });
});

describe("looking at a server", () => {
  it("takes one statement of one login", async () => {
    const session = await Session.open(targetOf(plain.db(1)));
    const questions = async (): Promise<number> => {
      const [row] = await session.read<{ Value: string }>("SHOW SESSION STATUS LIKE 'Questions'");
      return Number(row!.Value);
    };
    try {
      const before = await questions();
      const facts = await observe(session);
      expect((await questions()) - before).toBe(2);
      expect(facts).toMatchObject({
        account: "'root'@'localhost'",
        version: plain.it.version,
        port: plain.db(1).port,
        reportHost: "127.0.0.1",
        plugins: { group_replication: "ACTIVE", clone: "ACTIVE" },
        gtidExecuted: "",
      });
    } finally {
      await session.close();
    }
  });

  it.each(["5.5.5-9.7.4", "5.6.51", "5.7.22-log", "8.0.11", "27.1.0", "proxy"])(
    "finds out the version where the greeting says %s",
    (version) =>
      greetingAs(plain.db(1), version, async (through) => {
        const session = await Session.open(targetOf(through));
        try {
          const facts = await observe(session);
          const direct = await seen(plain.db(1));
          expect(lasting(facts)).toEqual(lasting(direct));
          expect(await session.version()).toBe(plain.it.version);
        } finally {
          await session.close();
        }
      }),
  );

  it("takes no more for a refresh of all resources of a server at once, and writes nothing", async () => {
    const server = plain.db(1);
    await create(replicationUser, { servers: [login(server)], user: "recovery", password: "recovery" });
    const connection = await limitedAdmin(server, "observer", "ALL ON *.*");
    const member = await create(
      groupMember,
      memberInputs(plain.it, server, { connection, groupSeeds: [server.localAddress], bootstrap: true }),
    );
    const channel = await create(
      recoveryChannel,
      channelInputs(plain.it, server, { connection, password: "recovery" }),
    );
    await new Promise((done) => setTimeout(done, 2500));
    const counted = async (): Promise<Record<string, number>> => {
      const [row] = await query(
        server,
        `SELECT (SELECT TOTAL_CONNECTIONS FROM performance_schema.accounts WHERE USER = 'observer') logins,
           SUM(IF(EVENT_NAME = 'statement/sql/select', COUNT_STAR, 0)) selects,
           SUM(IF(EVENT_NAME LIKE 'statement/sql/%' AND EVENT_NAME NOT IN ('statement/sql/select', 'statement/sql/set_option'), COUNT_STAR, 0)) others
         FROM performance_schema.events_statements_summary_by_account_by_event_name WHERE USER = 'observer'`,
      );
      return Object.fromEntries(Object.entries(row!).map(([k, v]) => [k, Number(v)]));
    };
    const before = await counted();
    await Promise.all([
      groupMember.read(member.id, member.outs),
      recoveryChannel.read(channel.id, channel.outs),
    ]);
    const after = await counted();
    expect({
      logins: after.logins! - before.logins!,
      selects: after.selects! - before.selects!,
      others: after.others! - before.others!,
    }).toEqual({ logins: 1, selects: 1, others: 0 });
    await runLocally(server, "STOP GROUP_REPLICATION");
  });
});

describe("a group, asked as old versions are", () => {
  const three = useSandbox({ members: 3, group: true });

  it("tells the same roles as by their own column, with one primary and with many", async () => {
    const roles = async (role: string): Promise<unknown> =>
      Promise.all(
        three.it.members.map((member) =>
          query(
            member,
            `SELECT MEMBER_PORT port, ${role} role FROM performance_schema.replication_group_members ORDER BY port`,
          ),
        ),
      );
    // The status variable is gone from 8.4 on: what it would say stands in for it.
    const byStatus = (primary: string): string => {
      const status =
        /\(SELECT VARIABLE_VALUE FROM performance_schema\.global_status\s+WHERE VARIABLE_NAME = 'group_replication_primary_member'\)/;
      expect(memberColumns("5.7.22").role).toMatch(status);
      return memberColumns("5.7.22").role.replace(status, `'${primary}'`);
    };
    const primary = await primaryOf(three.it.members);
    expect(await roles(byStatus(String(await value(primary, "@@server_uuid"))))).toEqual(
      await roles("MEMBER_ROLE"),
    );
    await query(primary, "SELECT group_replication_switch_to_multi_primary_mode()");
    expect(await roles(byStatus(""))).toEqual(await roles("MEMBER_ROLE"));
  });

  it("tells its members by the columns of 8.0.11", async () => {
    const direct = await seen(three.db(2));
    await greetingAs(three.db(2), "8.0.11", async (through) => {
      const session = await Session.open(targetOf(through));
      try {
        expect(await seenMembers(session)).toEqual(direct.members.map(({ stack: _, ...rest }) => rest));
      } finally {
        await session.close();
      }
    });
  });
});
