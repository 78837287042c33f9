import type { PrivilegeError } from "../../../provider/errors";
import {
  privilegeOn,
  privilegesFor,
  privilegesOf,
  requirePrivileges,
} from "../../../provider/mysql/privileges";
import type { Session } from "../../../provider/mysql/session";

/** A login whose SHOW GRANTS says this. */
function login(...grants: string[]): Session {
  return loginTo("9.7.4", ...grants);
}

function loginTo(version: string, ...grants: string[]): Session {
  const rows = grants.map((text) => ({ "Grants for a@%": text }));
  const session = {
    address: "db1:3306",
    read: () => Promise.resolve(rows),
    version: () => Promise.resolve(version),
  };
  return session as unknown as Session;
}

describe("privilegesFor", () => {
  it.each([
    ["START GROUP_REPLICATION", ["GROUP_REPLICATION_ADMIN", "SYSTEM_VARIABLES_ADMIN"]],
    ["STOP GROUP_REPLICATION", ["GROUP_REPLICATION_ADMIN", "SYSTEM_VARIABLES_ADMIN"]],
    ["SET PERSIST ssl_ca = 'x'", ["SYSTEM_VARIABLES_ADMIN"]],
    ["SET GLOBAL ssl_ca = 'x'", ["SYSTEM_VARIABLES_ADMIN"]],
    ["SET PERSIST_ONLY ssl_ca = 'x'", ["SYSTEM_VARIABLES_ADMIN", "PERSIST_RO_VARIABLES_ADMIN"]],
    ["RESET PERSIST IF EXISTS ssl_ca", ["SYSTEM_VARIABLES_ADMIN", "PERSIST_RO_VARIABLES_ADMIN"]],
    ["ALTER INSTANCE RELOAD TLS", ["CONNECTION_ADMIN"]],
    ["CHANGE REPLICATION SOURCE TO SOURCE_USER = 'u' FOR CHANNEL 'c'", ["REPLICATION_SLAVE_ADMIN"]],
    ["CHANGE MASTER TO MASTER_USER = 'u' FOR CHANNEL 'c'", ["REPLICATION_SLAVE_ADMIN"]],
    ["START REPLICA IO_THREAD FOR CHANNEL 'c'", ["REPLICATION_SLAVE_ADMIN"]],
    ["RESET SLAVE ALL FOR CHANNEL 'c'", ["REPLICATION_SLAVE_ADMIN", "RELOAD"]],
    ["RESET REPLICA ALL FOR CHANNEL 'c'", ["REPLICATION_SLAVE_ADMIN", "RELOAD"]],
    ["SET SESSION SQL_LOG_BIN = 0", ["SYSTEM_VARIABLES_ADMIN"]],
    ["GRANT BACKUP_ADMIN ON *.* TO 'u'@'%'", ["BACKUP_ADMIN WITH GRANT OPTION"]],
    ["REVOKE REPLICATION SLAVE ON *.* FROM 'u'@'%'", ["REPLICATION SLAVE WITH GRANT OPTION"]],
    ["CREATE USER IF NOT EXISTS 'u'@'%'", ["CREATE USER"]],
    ["ALTER USER 'u'@'%' REQUIRE SSL", ["CREATE USER"]],
    ["DROP USER IF EXISTS 'u'@'%'", ["CREATE USER"]],
    ["SELECT 1", []],
  ])("names what %s needs", (statement, needed) => {
    expect(privilegesFor([statement])).toEqual(needed);
  });

  it("names what each of several statements needs", () => {
    expect(new Set(privilegesFor(["SET GLOBAL a = 1", "ALTER INSTANCE RELOAD TLS"]))).toEqual(
      new Set(["SYSTEM_VARIABLES_ADMIN", "CONNECTION_ADMIN"]),
    );
  });
});

describe("privilegesOf", () => {
  it.each([
    ["a list", "GRANT SELECT, CONNECTION_ADMIN,RELOAD ON *.* TO `a`@`%`", "CONNECTION_ADMIN", true],
    ["a list that lacks it", "GRANT SELECT, RELOAD ON *.* TO `a`@`%`", "CONNECTION_ADMIN", false],
    ["ALL PRIVILEGES", "GRANT ALL PRIVILEGES ON *.* TO `a`@`%` WITH GRANT OPTION", "CREATE USER", true],
    ["ALL PRIVILEGES of one schema", "GRANT ALL PRIVILEGES ON `x`.* TO `a`@`%`", "CREATE USER", false],
    ["a table of its own", "GRANT SELECT ON `mysql`.`user` TO `a`@`%`", "SELECT", false],
    ["SUPER, for what was split off it", "GRANT SUPER ON *.* TO `a`@`%`", "GROUP_REPLICATION_ADMIN", true],
    ["SUPER, for what was not", "GRANT SUPER ON *.* TO `a`@`%`", "CREATE USER", false],
    ["a list without GRANT OPTION", "GRANT RELOAD ON *.* TO `a`@`%`", "RELOAD WITH GRANT OPTION", false],
    [
      "a list with GRANT OPTION",
      "GRANT RELOAD ON *.* TO `a`@`%` WITH GRANT OPTION",
      "RELOAD WITH GRANT OPTION",
      true,
    ],
    [
      "a list with GRANT OPTION, for what is not in it",
      "GRANT RELOAD ON *.* TO `a`@`%` WITH GRANT OPTION",
      "SELECT WITH GRANT OPTION",
      false,
    ],
    [
      "ALL PRIVILEGES with GRANT OPTION",
      "GRANT ALL PRIVILEGES ON *.* TO `a`@`%` WITH GRANT OPTION",
      "BACKUP_ADMIN WITH GRANT OPTION",
      true,
    ],
    [
      "ALL PRIVILEGES without GRANT OPTION",
      "GRANT ALL PRIVILEGES ON *.* TO `a`@`%`",
      "BACKUP_ADMIN WITH GRANT OPTION",
      false,
    ],
  ])("reads %s", async (_, text, privilege, held) => {
    expect((await privilegesOf(login(text)))(privilege)).toBe(held);
  });
});

describe("requirePrivileges", () => {
  it("says all that is missing at once, and the statements that would grant it", async () => {
    const login1 = login("GRANT SELECT, RELOAD ON *.* TO `a`@`%`");
    const needed = ["CONNECTION_ADMIN", "CREATE USER", "CONNECTION_ADMIN", "RELOAD"];
    const error = (await requirePrivileges(login1, "'a'@'%'", needed).catch(
      (e: unknown) => e,
    )) as PrivilegeError;
    expect(error.message).toBe(
      `[GR004] 'a'@'%' lacks privileges on db1:3306: CONNECTION_ADMIN, CREATE USER
Left: nothing was changed
Do: as a user that may: GRANT CONNECTION_ADMIN ON *.* TO 'a'@'%'; GRANT CREATE USER ON *.* TO 'a'@'%'`,
    );
  });

  it("says how to grant what must be handed on", async () => {
    const error = (await requirePrivileges(login("GRANT RELOAD ON *.* TO `a`@`%`"), "'a'@'%'", [
      "BACKUP_ADMIN WITH GRANT OPTION",
    ]).catch((e: unknown) => e)) as PrivilegeError;
    expect(error.parts.todo).toBe(
      "as a user that may: GRANT BACKUP_ADMIN ON *.* TO 'a'@'%' WITH GRANT OPTION",
    );
  });

  it("says SUPER before 8.0, which has no other privilege for it", async () => {
    const needed = ["GROUP_REPLICATION_ADMIN", "CONNECTION_ADMIN", "CREATE USER", "RELOAD"];
    const without = loginTo("5.7.22", "GRANT RELOAD ON *.* TO 'a'@'%'");
    const error = (await requirePrivileges(without, "'a'@'%'", needed).catch(
      (e: unknown) => e,
    )) as PrivilegeError;
    expect(error.parts).toEqual({
      what: "'a'@'%' lacks privileges on db1:3306: SUPER, CREATE USER",
      left: "nothing was changed",
      todo: "as a user that may: GRANT SUPER ON *.* TO 'a'@'%'; GRANT CREATE USER ON *.* TO 'a'@'%'",
    });
    const having = loginTo("5.7.22", "GRANT RELOAD, SUPER, CREATE USER ON *.* TO 'a'@'%'");
    await expect(requirePrivileges(having, "'a'@'%'", needed)).resolves.toBeUndefined();
  });

  it.each([
    ["5.7.44", "BACKUP_ADMIN WITH GRANT OPTION", "SUPER WITH GRANT OPTION"],
    ["5.7.44", "REPLICATION SLAVE WITH GRANT OPTION", "REPLICATION SLAVE WITH GRANT OPTION"],
    ["8.0.11", "CONNECTION_ADMIN", "CONNECTION_ADMIN"],
  ])("on %s %s is %s", (version, privilege, expected) => {
    expect(privilegeOn(version, privilege)).toBe(expected);
  });

  it("asks nothing where nothing is needed", async () => {
    const unreachable = { read: () => Promise.reject(new Error("asked")) } as unknown as Session;
    await expect(requirePrivileges(unreachable, "'a'@'%'", [])).resolves.toBeUndefined();
  });
});
