import fc from "fast-check";
import { bind, print } from "../../../provider/mysql/sql";
import type { AccountRequirement } from "../../../provider/mysql/facts";
import {
  type AccountPlace,
  type SeenAccount,
  type UserWish,
  defaultGrants,
  discardOldPassword,
  dropUser,
  grantProblem,
  normalGrant,
  planUser,
  requireClause,
  requireInputOf,
  seenAccount,
} from "../../../provider/plan/replication-user";
import { undoOf } from "../../../provider/plan/group-member";
import { printSteps } from "../../../provider/plan/step";

const place = (options: Partial<AccountPlace> = {}): AccountPlace => ({
  address: "db1:3306",
  version: "9.7.4",
  inGroup: true,
  stack: "XCOM",
  ...options,
});
const wish = (options: Partial<UserWish> = {}): UserWish => ({
  user: "repl",
  host: "%",
  hasPassword: true,
  require: "SSL",
  ...options,
});
const requirement = (options: Partial<AccountRequirement> = {}): AccountRequirement => ({
  type: "SSL",
  issuer: "",
  subject: "",
  cipher: "",
  ...options,
});
const seen = (options: Partial<SeenAccount> = {}): SeenAccount => ({
  plugin: "caching_sha2_password",
  passwordMatches: true,
  hasPassword: true,
  require: requirement(),
  passwordLifetime: null,
  locked: false,
  oldPassword: false,
  grants: ["REPLICATION SLAVE ON *.*", "BACKUP_ADMIN ON *.*"],
  ...options,
});
const plan = (
  has: SeenAccount | undefined,
  wants: Partial<UserWish> = {},
  at: Partial<AccountPlace> = {},
): string[] => printSteps(planUser(place(at), has, wish(wants)));

describe("planUser for an account that is not there", () => {
  const creations: [title: string, wants: Partial<UserWish>, statement: string][] = [
    ["with a password", {}, "CREATE USER IF NOT EXISTS 'repl'@'%' IDENTIFIED BY <password> REQUIRE SSL"],
    [
      "with a plugin",
      { authPlugin: "caching_sha2_password" },
      "CREATE USER IF NOT EXISTS 'repl'@'%' IDENTIFIED WITH `caching_sha2_password` BY <password> REQUIRE SSL",
    ],
    [
      "without a password",
      { hasPassword: false, require: "X509" },
      "CREATE USER IF NOT EXISTS 'repl'@'%' REQUIRE X509",
    ],
    [
      "that must show a certificate of one issuer and subject",
      { require: { issuer: "/CN=CA", subject: "/CN=db1, a", cipher: "X" } },
      "CREATE USER IF NOT EXISTS 'repl'@'%' IDENTIFIED BY <password> REQUIRE SUBJECT '/CN=db1, a' AND ISSUER '/CN=CA' AND CIPHER 'X'",
    ],
    [
      "with attributes",
      { passwordExpire: 90, accountLocked: true },
      "CREATE USER IF NOT EXISTS 'repl'@'%' IDENTIFIED BY <password> REQUIRE SSL PASSWORD EXPIRE INTERVAL 90 DAY ACCOUNT LOCK",
    ],
    [
      "with a hostile name",
      { user: "it's", host: "10.0.0.%" },
      "CREATE USER IF NOT EXISTS 'it\\'s'@'10.0.0.%' IDENTIFIED BY <password> REQUIRE SSL",
    ],
  ];
  it.each(creations)("creates one %s, and takes it back whole", (_, wants, statement) => {
    const steps = planUser(place(), undefined, wish({ ...wants, grants: [] }));
    expect(printSteps(steps)).toEqual([statement]);
    expect(printSteps(undoOf(steps))).toEqual([`DROP USER IF EXISTS ${/EXISTS (\S+)/.exec(statement)![1]}`]);
  });

  it.each([
    ["5.7.22 outside a group", { version: "5.7.22", inGroup: false }, ["REPLICATION SLAVE"]],
    ["8.0.16 outside a group", { version: "8.0.16", inGroup: false }, ["REPLICATION SLAVE"]],
    ["8.0.17 outside a group", { version: "8.0.17", inGroup: false }, ["REPLICATION SLAVE", "BACKUP_ADMIN"]],
    [
      "8.0.27 outside a group, whose stack is not known yet",
      { version: "8.0.27", inGroup: false },
      ["REPLICATION SLAVE", "BACKUP_ADMIN", "CONNECTION_ADMIN", "GROUP_REPLICATION_STREAM"],
    ],
    ["9.7.4 in a group on XCOM", {}, ["REPLICATION SLAVE", "BACKUP_ADMIN"]],
    [
      "9.7.4 in a group on the MYSQL stack",
      { stack: "MYSQL" },
      ["REPLICATION SLAVE", "BACKUP_ADMIN", "CONNECTION_ADMIN", "GROUP_REPLICATION_STREAM"],
    ],
  ] as const)("grants what recovery needs on %s", (_, at, grants) => {
    expect(defaultGrants(place(at))).toEqual(grants);
    expect(plan(undefined, {}, at).slice(1)).toEqual(grants.map((g) => `GRANT ${g} ON *.* TO 'repl'@'%'`));
  });
});

describe("planUser for an account that is there", () => {
  it("wants nothing where it is as declared, and leaves further grants alone", () => {
    expect(plan(seen())).toEqual([]);
    expect(plan(seen({ grants: [...seen().grants, "SELECT ON app.*"] }))).toEqual([]);
  });

  const rotations: [
    title: string,
    has: Partial<SeenAccount>,
    wants: Partial<UserWish>,
    at: Partial<AccountPlace>,
    statement: string,
  ][] = [
    [
      "in a group keeps the old one valid",
      {},
      {},
      {},
      "ALTER USER 'repl'@'%' IDENTIFIED BY <password> RETAIN CURRENT PASSWORD",
    ],
    [
      "outside a group replaces the old one",
      {},
      {},
      { inGroup: false },
      "ALTER USER 'repl'@'%' IDENTIFIED BY <password>",
    ],
    [
      "before 8.0.14 replaces the old one",
      {},
      {},
      { version: "8.0.13" },
      "ALTER USER 'repl'@'%' IDENTIFIED BY <password>",
    ],
    [
      "where there was none retains nothing",
      { hasPassword: false },
      {},
      {},
      "ALTER USER 'repl'@'%' IDENTIFIED BY <password>",
    ],
    [
      "with another plugin retains nothing, which the server would refuse",
      { plugin: "mysql_native_password" },
      { authPlugin: "caching_sha2_password" },
      {},
      "ALTER USER 'repl'@'%' IDENTIFIED WITH `caching_sha2_password` BY <password>",
    ],
    [
      "away empties it",
      {},
      { hasPassword: false, require: "SSL" },
      {},
      "ALTER USER 'repl'@'%' IDENTIFIED BY ''",
    ],
  ];
  it.each(rotations)("changing the password %s", (_, has, wants, at, statement) => {
    expect(
      plan(
        seen({ ...has, passwordMatches: false }),
        { grants: ["REPLICATION SLAVE", "BACKUP_ADMIN"], ...wants },
        at,
      ),
    ).toEqual([statement]);
  });

  it.each([
    ["SSL", "X509", "X509", "SSL"],
    ["NONE", "SSL", "SSL", "NONE"],
    ["X509", "NONE", "NONE", "X509"],
  ] as const)("changes the requirement %s to %s, and takes it back", (type, require, to, back) => {
    const steps = planUser(place(), seen({ require: requirement({ type }) }), wish({ require }));
    expect(printSteps(steps)).toEqual([`ALTER USER 'repl'@'%' REQUIRE ${to}`]);
    expect(printSteps(undoOf(steps))).toEqual([`ALTER USER 'repl'@'%' REQUIRE ${back}`]);
  });

  it("compares what a certificate must show part by part", () => {
    const live = requirement({ type: "SPECIFIED", issuer: "/CN=CA", subject: "/CN=db1" });
    expect(plan(seen({ require: live }), { require: { subject: "/CN=db1", issuer: "/CN=CA" } })).toEqual([]);
    expect(plan(seen({ require: live }), { require: { issuer: "/CN=CA" } })).toEqual([
      "ALTER USER 'repl'@'%' REQUIRE ISSUER '/CN=CA'",
    ]);
  });

  const attributes: [
    title: string,
    has: Partial<SeenAccount>,
    wants: Partial<UserWish>,
    to: string,
    back: string,
  ][] = [
    [
      "an expiry in days",
      {},
      { passwordExpire: 90 },
      "PASSWORD EXPIRE INTERVAL 90 DAY",
      "PASSWORD EXPIRE DEFAULT",
    ],
    [
      "an expiry never",
      { passwordLifetime: 90 },
      { passwordExpire: "NEVER" },
      "PASSWORD EXPIRE NEVER",
      "PASSWORD EXPIRE INTERVAL 90 DAY",
    ],
    [
      "the default expiry",
      { passwordLifetime: 0 },
      { passwordExpire: "DEFAULT" },
      "PASSWORD EXPIRE DEFAULT",
      "PASSWORD EXPIRE NEVER",
    ],
    ["a lock", {}, { accountLocked: true }, "ACCOUNT LOCK", "ACCOUNT UNLOCK"],
    ["no lock", { locked: true }, { accountLocked: false }, "ACCOUNT UNLOCK", "ACCOUNT LOCK"],
  ];
  it.each(attributes)("sets %s", (_, has, wants, to) => {
    expect(plan(seen(has), wants)).toEqual([`ALTER USER 'repl'@'%' ${to}`]);
  });

  it.each(attributes)(
    "takes %s back where recovery turns out not to work with it",
    (_, has, wants, _to, back) => {
      expect(printSteps(undoOf(planUser(place(), seen(has), wish(wants))))).toEqual([
        `ALTER USER 'repl'@'%' ${back}`,
      ]);
    },
  );

  it.each([
    ["DEFAULT", null],
    ["NEVER", 0],
    [90, 90],
  ] as const)("leaves an expiry of %s alone where it is so", (passwordExpire, passwordLifetime) => {
    expect(plan(seen({ passwordLifetime }), { passwordExpire })).toEqual([]);
  });

  it("leaves attributes alone that are not declared", () => {
    expect(plan(seen({ passwordLifetime: 90, locked: true }))).toEqual([]);
  });

  it("grants what is missing and revokes what is not declared, only where grants are declared", () => {
    const held = seen({ grants: ["REPLICATION SLAVE ON *.*", "SELECT ON app.*", "INSERT ON app.t"] });
    const steps = planUser(
      place(),
      held,
      wish({ grants: ["replication slave", "BACKUP_ADMIN", "SELECT ON `app`.*"] }),
    );
    expect(printSteps(steps)).toEqual([
      "GRANT BACKUP_ADMIN ON *.* TO 'repl'@'%'",
      "REVOKE INSERT ON `app`.`t` FROM 'repl'@'%'",
    ]);
    expect(printSteps(undoOf(steps))).toEqual([
      "GRANT INSERT ON `app`.`t` TO 'repl'@'%'",
      "REVOKE BACKUP_ADMIN ON *.* FROM 'repl'@'%'",
    ]);
  });

  it.each(["ALL", "ALL PRIVILEGES"])(
    "revokes nothing of what %s contains, which the server lists one by one",
    (grants) => {
      const held = seen({ grants: ["SELECT ON *.*", "INSERT ON *.*", "REPLICATION SLAVE ON *.*"] });
      expect(plan(held, { grants: [grants] }).filter((text) => text.startsWith("REVOKE"))).toEqual([]);
    },
  );

  it("names a schema with a dot in its name as one", () => {
    expect(plan(undefined, { grants: ["SELECT ON `my.db`.*"] })).toContain(
      "GRANT SELECT ON `my.db`.* TO 'repl'@'%'",
    );
  });
});

describe("a requirement that MySQL would not replicate as it is", () => {
  const require = { subject: "/O=M\\xC3\\xBCller/CN=db1" };

  it.each([
    ["a backslash in the subject", require, "require.subject"],
    ["a quote in the issuer", { issuer: "/CN=O'Hara" }, "require.issuer"],
  ])("is refused in a running group: %s", (_, odd, property) => {
    const message = `[GR001] ${property}: holds a quote or a backslash, which MySQL does not replicate`;
    expect(() => plan(undefined, { require: odd })).toThrow(message);
    expect(() => plan(seen(), { require: odd })).toThrow(message);
  });

  it("is made outside of a group, where the statement is not replicated", () => {
    expect(plan(undefined, { require }, { inGroup: false })[0]).toMatch(/REQUIRE SUBJECT '\/O=M\\\\xC3/);
  });

  it("is left alone where it is there", () => {
    const there = requirement({ type: "SPECIFIED", subject: require.subject });
    expect(plan(seen({ require: there }), { require })).toEqual([]);
  });
});

describe("planUser, for any account and any declaration", () => {
  const requires = fc.constantFrom(
    "NONE" as const,
    "SSL" as const,
    "X509" as const,
    { issuer: "/CN=CA" },
    { subject: "/CN=a, b", cipher: "X" },
  );
  const grants = fc.subarray(["REPLICATION SLAVE", "BACKUP_ADMIN", "SELECT ON app.*", "INSERT ON app.t"]);
  const wishes = fc.record(
    {
      user: fc.constantFrom("repl", "it's", "back`tick"),
      host: fc.constantFrom("%", "10.0.0.%"),
      hasPassword: fc.boolean(),
      require: requires,
      authPlugin: fc.constantFrom("caching_sha2_password", "sha256_password"),
      grants,
      passwordExpire: fc.constantFrom("DEFAULT" as const, "NEVER" as const, 30),
      accountLocked: fc.boolean(),
    },
    { requiredKeys: ["user", "host", "hasPassword", "require"] },
  );
  const places = fc.record({
    address: fc.constant("db1:3306"),
    version: fc.constantFrom("5.7.22", "8.0.15", "8.0.36", "9.7.4"),
    inGroup: fc.boolean(),
    stack: fc.constantFrom("XCOM" as const, "MYSQL" as const),
  });

  /** The account as the statements leave it. */
  function made(at: AccountPlace, w: UserWish): SeenAccount {
    const days = w.passwordExpire === "NEVER" ? 0 : w.passwordExpire;
    return seen({
      plugin: w.authPlugin ?? "caching_sha2_password",
      hasPassword: w.hasPassword,
      require:
        typeof w.require === "string"
          ? requirement({ type: w.require })
          : requirement({ type: "SPECIFIED", ...w.require }),
      passwordLifetime: typeof days === "number" ? days : null,
      locked: w.accountLocked ?? false,
      grants: (w.grants ?? defaultGrants(at)).map(normalGrant),
    });
  }

  it("wants nothing of an account that it has made", () => {
    fc.assert(
      fc.property(places, wishes, (at, w) => {
        expect(printSteps(planUser(at, made(at, w), w))).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it("prints no password, and needs no other secret", () => {
    fc.assert(
      fc.property(places, wishes, wishes, (at, was, w) => {
        const has = { ...made(at, was), passwordMatches: false };
        for (const s of [...planUser(at, undefined, w), ...planUser(at, has, w)]) {
          expect(bind(s.sql, { password: "hunter2" })).toBe(print(s.sql).replace("<password>", "'hunter2'"));
          for (const u of s.undo) expect(bind(u, {})).toBe(print(u));
        }
      }),
      { numRuns: 500 },
    );
  });

  it("is safe to replay: it creates only where nothing is, and drops nothing", () => {
    fc.assert(
      fc.property(places, wishes, wishes, (at, was, w) => {
        for (const text of printSteps(planUser(at, made(at, was), w)))
          expect(text).toMatch(/^(ALTER USER|GRANT|REVOKE) /);
        const [first, ...rest] = printSteps(planUser(at, undefined, w));
        expect(first).toMatch(/^CREATE USER IF NOT EXISTS /);
        for (const text of rest) expect(text).toMatch(/^GRANT /);
      }),
      { numRuns: 300 },
    );
  });
});

describe("requireClause and requireInputOf", () => {
  it.each([
    ["NONE", "NONE"],
    ["SSL", "SSL"],
    ["X509", "X509"],
    [{ issuer: "/CN=CA" }, "ISSUER '/CN=CA'"],
    [{ cipher: "X", subject: "/CN=a" }, "SUBJECT '/CN=a' AND CIPHER 'X'"],
    [{}, "NONE"],
  ] as const)("writes %j as %s", (require, clause) => {
    expect(requireClause(require)).toBe(clause);
  });

  it.each([
    [requirement({ type: "NONE" }), "NONE"],
    [requirement({ type: "X509" }), "X509"],
    [requirement({ type: "SPECIFIED", issuer: "/CN=CA" }), { issuer: "/CN=CA" }],
  ])("shows a live requirement in the shape in which it is declared", (live, input) => {
    expect(requireInputOf(live)).toEqual(input);
  });
});

describe("normalGrant", () => {
  it.each([
    ["backup_admin", "BACKUP_ADMIN ON *.*"],
    [" Replication  Slave ", "REPLICATION SLAVE ON *.*"],
    ["select on app.*", "SELECT ON app.*"],
    ["SELECT ON `app`.`t`", "SELECT ON app.t"],
  ])("writes %j as %j", (text, expected) => {
    expect(normalGrant(text)).toBe(expected);
  });
});

describe("grantProblem", () => {
  it.each([
    "REPLICATION SLAVE",
    "backup_admin",
    "SELECT ON app.*",
    "SELECT ON app.t",
    "SELECT ON `my db`.*",
    "SELECT ON *.*",
  ])("takes %s", (text) => {
    expect(grantProblem(text)).toBeUndefined();
  });

  it.each([
    "",
    "SELECT ON app",
    "SELECT ON",
    "SELECT; DROP USER root",
    "SELECT ON app.* TO root",
    "SELECT ON `a`;`.*",
    "SELECT ON 'app'.*",
    "SELECT, INSERT",
  ])("refuses %j", (text) => {
    expect(grantProblem(text)).toBe('must be "PRIVILEGE" or "PRIVILEGE ON schema.table"');
  });
});

describe("seenAccount", () => {
  const fact = {
    plugin: "mysql_native_password",
    hash: Buffer.from("*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19"),
    require: requirement(),
    passwordLifetime: null,
    locked: false,
    oldPassword: false,
    grants: [],
  };

  it("keeps of the hash only whether it is the declared password's", () => {
    expect(seenAccount(fact, "password")).toMatchObject({ passwordMatches: true, hasPassword: true });
    expect(seenAccount(fact, "other")).toMatchObject({ passwordMatches: false });
    expect(JSON.stringify(seenAccount(fact, "password"))).not.toContain("2470C0C06DEE42FD");
    expect(Object.keys(seenAccount(fact, "password")!)).not.toContain("hash");
  });

  it("does not try a password again that was found to match this very hash", () => {
    const salted = { ...fact, plugin: "caching_sha2_password", hash: Buffer.alloc(70, 1) };
    const before = { ...seenAccount(salted, "password")!, passwordMatches: true };
    expect(before.fingerprint).toMatch(/^[0-9a-f]{64}$/);
    expect(seenAccount(salted, "password", before)).toMatchObject({ passwordMatches: true });
    expect(seenAccount(salted, "password", { ...before, passwordMatches: false })).toMatchObject({
      passwordMatches: false,
    });
    const other = { ...salted, hash: Buffer.alloc(70, 2) };
    expect(seenAccount(other, "password", before)).toMatchObject({ passwordMatches: false });
  });

  it("keeps no fingerprint of a hash without salt: guesses could be tested against it", () => {
    expect(seenAccount(fact, "password")!.fingerprint).toBeUndefined();
  });

  it("is nothing where there is no account", () => {
    expect(seenAccount(undefined, "")).toBeUndefined();
  });
});

describe("the ends of an account", () => {
  it("discards an old password, and drops what may be gone already", () => {
    expect(print(discardOldPassword("db1:3306", "re'pl", "%").sql)).toBe(
      "ALTER USER 're\\'pl'@'%' DISCARD OLD PASSWORD",
    );
    expect(print(dropUser("db1:3306", "repl", "%").sql)).toBe("DROP USER IF EXISTS 'repl'@'%'");
  });
});
