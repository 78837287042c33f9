import {
  type AccountPlace,
  type SeenAccount,
  type UserWish,
  dropUser,
  planUser,
} from "../../../provider/plan/replication-user";
import { address } from "../builders";
import { golden } from "./golden";

describe("an account", () => {
  const place = (version: string, more: Partial<AccountPlace> = {}): AccountPlace => ({
    address,
    version,
    inGroup: true,
    stack: "XCOM",
    ...more,
  });
  const wish: UserWish = { user: "repl", host: "%", hasPassword: true, require: "SSL" };
  const seen: SeenAccount = {
    plugin: "mysql_native_password",
    passwordMatches: true,
    hasPassword: true,
    require: { type: "SSL", issuer: "", subject: "", cipher: "" },
    passwordLifetime: null,
    locked: false,
    oldPassword: false,
    grants: [
      "REPLICATION SLAVE ON *.*",
      "BACKUP_ADMIN ON *.*",
      "CONNECTION_ADMIN ON *.*",
      "GROUP_REPLICATION_STREAM ON *.*",
    ],
  };

  golden("create, in a group on XCOM", (version) => planUser(place(version), undefined, wish), {
    "5.7.22 to 8.0.15": [
      "CREATE USER IF NOT EXISTS 'repl'@'%' IDENTIFIED BY <password> REQUIRE SSL",
      "  back: DROP USER IF EXISTS 'repl'@'%'",
      "GRANT REPLICATION SLAVE ON *.* TO 'repl'@'%'",
      "  back: REVOKE REPLICATION SLAVE ON *.* FROM 'repl'@'%'",
    ],
    "8.0.19 to 9.7": [
      "CREATE USER IF NOT EXISTS 'repl'@'%' IDENTIFIED BY <password> REQUIRE SSL",
      "  back: DROP USER IF EXISTS 'repl'@'%'",
      "GRANT REPLICATION SLAVE ON *.* TO 'repl'@'%'",
      "  back: REVOKE REPLICATION SLAVE ON *.* FROM 'repl'@'%'",
      "GRANT BACKUP_ADMIN ON *.* TO 'repl'@'%'",
      "  back: REVOKE BACKUP_ADMIN ON *.* FROM 'repl'@'%'",
    ],
  });
  golden(
    "create, before there is a group",
    (version) =>
      planUser(place(version, { inGroup: false }), undefined, {
        ...wish,
        accountLocked: false,
        passwordExpire: 90,
      }),
    {
      "5.7.22 to 8.0.15": [
        "CREATE USER IF NOT EXISTS 'repl'@'%' IDENTIFIED BY <password> REQUIRE SSL PASSWORD EXPIRE INTERVAL 90 DAY ACCOUNT UNLOCK",
        "  back: DROP USER IF EXISTS 'repl'@'%'",
        "GRANT REPLICATION SLAVE ON *.* TO 'repl'@'%'",
        "  back: REVOKE REPLICATION SLAVE ON *.* FROM 'repl'@'%'",
      ],
      "8.0.19 to 8.0.23": [
        "CREATE USER IF NOT EXISTS 'repl'@'%' IDENTIFIED BY <password> REQUIRE SSL PASSWORD EXPIRE INTERVAL 90 DAY ACCOUNT UNLOCK",
        "  back: DROP USER IF EXISTS 'repl'@'%'",
        "GRANT REPLICATION SLAVE ON *.* TO 'repl'@'%'",
        "  back: REVOKE REPLICATION SLAVE ON *.* FROM 'repl'@'%'",
        "GRANT BACKUP_ADMIN ON *.* TO 'repl'@'%'",
        "  back: REVOKE BACKUP_ADMIN ON *.* FROM 'repl'@'%'",
      ],
      "8.0.27 to 9.7": [
        "CREATE USER IF NOT EXISTS 'repl'@'%' IDENTIFIED BY <password> REQUIRE SSL PASSWORD EXPIRE INTERVAL 90 DAY ACCOUNT UNLOCK",
        "  back: DROP USER IF EXISTS 'repl'@'%'",
        "GRANT REPLICATION SLAVE ON *.* TO 'repl'@'%'",
        "  back: REVOKE REPLICATION SLAVE ON *.* FROM 'repl'@'%'",
        "GRANT BACKUP_ADMIN ON *.* TO 'repl'@'%'",
        "  back: REVOKE BACKUP_ADMIN ON *.* FROM 'repl'@'%'",
        "GRANT CONNECTION_ADMIN ON *.* TO 'repl'@'%'",
        "  back: REVOKE CONNECTION_ADMIN ON *.* FROM 'repl'@'%'",
        "GRANT GROUP_REPLICATION_STREAM ON *.* TO 'repl'@'%'",
        "  back: REVOKE GROUP_REPLICATION_STREAM ON *.* FROM 'repl'@'%'",
      ],
    },
  );
  golden(
    "another password, in a group",
    (version) => planUser(place(version), { ...seen, passwordMatches: false }, wish),
    {
      "5.7.22 to 8.0.11": ["ALTER USER 'repl'@'%' IDENTIFIED BY <password>"],
      "8.0.15 to 9.7": ["ALTER USER 'repl'@'%' IDENTIFIED BY <password> RETAIN CURRENT PASSWORD"],
    },
  );
  golden(
    "another password, where no channel uses it",
    (version) => planUser(place(version, { inGroup: false }), { ...seen, passwordMatches: false }, wish),
    {
      "5.7.22 to 9.7": ["ALTER USER 'repl'@'%' IDENTIFIED BY <password>"],
    },
  );
  golden("require", (version) => planUser(place(version), seen, { ...wish, require: { issuer: "/CN=ca" } }), {
    "5.7.22 to 9.7": [
      "ALTER USER 'repl'@'%' REQUIRE ISSUER '/CN=ca'",
      "  back: ALTER USER 'repl'@'%' REQUIRE SSL",
    ],
  });
  golden("drop", () => [dropUser(address, "repl", "%")], {
    "5.7.22 to 9.7": ["DROP USER IF EXISTS 'repl'@'%'"],
  });
});
