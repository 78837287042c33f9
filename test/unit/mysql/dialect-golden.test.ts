import fc from "fast-check";
import { ProviderError } from "../../../provider/errors";
import { canonical } from "../../../provider/mysql/catalogue";
import { dialectOf } from "../../../provider/mysql/dialect";
import { print } from "../../../provider/mysql/sql";
import { allSteps, planMember } from "../../../provider/plan/group-member";
import { clearChannelSteps, planChannel } from "../../../provider/plan/recovery-channel";
import {
  type AccountPlace,
  type SeenAccount,
  type UserWish,
  dropUser,
  planUser,
} from "../../../provider/plan/replication-user";
import { resetSteps } from "../../../provider/plan/settings";
import { type Step, step } from "../../../provider/plan/step";
import type { Wish } from "../../../provider/plan/wish";
import { versions } from "../../../tools/docs/versions";
import { type ViewOptions, address, view } from "../builders";
import { declarable, seenFor, valueFor } from "../plan/arbitrary";

const gr = "group_replication_";

/** What a planner sends, each statement followed by what takes it back; or why it refuses. */
function sent(plan: (version: string) => readonly Step[], version: string): string[] {
  try {
    return plan(version).flatMap((s) => [print(s.sql), ...s.undo.map((undo) => `  back: ${print(undo)}`)]);
  } catch (error) {
    if (!ProviderError.is(error)) throw error;
    return [`refused: ${error.parts.what.replace(`runs ${version}`, "runs <version>")}`];
  }
}

/** "8.0.22 to 8.0.27" names those of the columns of docs/versions.md; each of them stands in one range. */
function inRange(range: string): string[] {
  const [from, to = from] = range.split(" to ");
  const [first, last] = [from, to].map((v) => versions.findIndex((known) => known === v));
  if (first === -1 || last === -1) throw new Error(`"${range}" is no range of versions`);
  return versions.slice(first, last! + 1);
}

type Golden = Readonly<Record<string, readonly string[]>>;

function golden(title: string, plan: (version: string) => readonly Step[], expected: Golden): void {
  describe(title, () => {
    it("is told for every version", () => {
      expect(Object.keys(expected).flatMap(inRange)).toEqual(versions);
    });

    it.each(Object.entries(expected))("on %s", (range, lines) => {
      for (const version of inRange(range)) expect(sent(plan, version)).toEqual(lines);
    });
  });
}

const seenChannel = {
  user: "repl",
  passwordMatches: true,
  networkNamespace: "",
  privilegeChecksUser: "",
  requireTablePrimaryKeyCheck: "",
};
const channelWish = { user: "repl", hasPassword: true, variables: {} };

describe("the recovery channel", () => {
  golden(
    "first credentials",
    (version) => planChannel(view({ version }), undefined, channelWish, []).online,
    {
      "5.7.22 to 8.0.19": [
        "CHANGE MASTER TO MASTER_USER = 'repl', MASTER_PASSWORD = <password> FOR CHANNEL 'group_replication_recovery'",
        "  back: RESET SLAVE ALL FOR CHANNEL 'group_replication_recovery'",
      ],
      "8.0.22": [
        "CHANGE MASTER TO MASTER_USER = 'repl', MASTER_PASSWORD = <password> FOR CHANNEL 'group_replication_recovery'",
        "  back: RESET REPLICA ALL FOR CHANNEL 'group_replication_recovery'",
      ],
      "8.0.23 to 9.7": [
        "CHANGE REPLICATION SOURCE TO SOURCE_USER = 'repl', SOURCE_PASSWORD = <password> FOR CHANNEL 'group_replication_recovery'",
        "  back: RESET REPLICA ALL FOR CHANNEL 'group_replication_recovery'",
      ],
    },
  );
  golden(
    "another password",
    (version) =>
      planChannel(view({ version }), { ...seenChannel, passwordMatches: false }, channelWish, []).online,
    {
      "5.7.22 to 8.0.22": [
        "CHANGE MASTER TO MASTER_USER = 'repl', MASTER_PASSWORD = <password> FOR CHANNEL 'group_replication_recovery'",
        "  back: CHANGE MASTER TO MASTER_USER = 'repl', MASTER_PASSWORD = <previousPassword> FOR CHANNEL 'group_replication_recovery'",
      ],
      "8.0.23 to 9.7": [
        "CHANGE REPLICATION SOURCE TO SOURCE_USER = 'repl', SOURCE_PASSWORD = <password> FOR CHANNEL 'group_replication_recovery'",
        "  back: CHANGE REPLICATION SOURCE TO SOURCE_USER = 'repl', SOURCE_PASSWORD = <previousPassword> FOR CHANNEL 'group_replication_recovery'",
      ],
    },
  );
  golden(
    "an account whose privileges are checked",
    (version) =>
      planChannel(view({ version }), seenChannel, { ...channelWish, privilegeChecksUser: "a@%" }, []).online,
    {
      "5.7.22 to 8.0.15": [
        "refused: privilegeChecksUser: db1:3306 runs <version>, whose channels do not have PRIVILEGE_CHECKS_USER; it came with 8.0.18",
      ],
      "8.0.19 to 8.0.22": [
        "CHANGE MASTER TO PRIVILEGE_CHECKS_USER = 'a'@'%' FOR CHANNEL 'group_replication_recovery'",
        "  back: CHANGE MASTER TO PRIVILEGE_CHECKS_USER = NULL FOR CHANNEL 'group_replication_recovery'",
      ],
      "8.0.23 to 9.7": [
        "CHANGE REPLICATION SOURCE TO PRIVILEGE_CHECKS_USER = 'a'@'%' FOR CHANNEL 'group_replication_recovery'",
        "  back: CHANGE REPLICATION SOURCE TO PRIVILEGE_CHECKS_USER = NULL FOR CHANNEL 'group_replication_recovery'",
      ],
    },
  );
  golden(
    "a check for primary keys",
    (version) =>
      planChannel(view({ version }), seenChannel, { ...channelWish, requireTablePrimaryKeyCheck: "ON" }, [])
        .online,
    {
      "5.7.22 to 8.0.19": [
        "refused: requireTablePrimaryKeyCheck: db1:3306 runs <version>, whose channels do not have REQUIRE_TABLE_PRIMARY_KEY_CHECK; it came with 8.0.20",
      ],
      "8.0.22": [
        "CHANGE MASTER TO REQUIRE_TABLE_PRIMARY_KEY_CHECK = ON FOR CHANNEL 'group_replication_recovery'",
        "  back: CHANGE MASTER TO REQUIRE_TABLE_PRIMARY_KEY_CHECK = STREAM FOR CHANNEL 'group_replication_recovery'",
      ],
      "8.0.23 to 9.7": [
        "CHANGE REPLICATION SOURCE TO REQUIRE_TABLE_PRIMARY_KEY_CHECK = ON FOR CHANNEL 'group_replication_recovery'",
        "  back: CHANGE REPLICATION SOURCE TO REQUIRE_TABLE_PRIMARY_KEY_CHECK = STREAM FOR CHANNEL 'group_replication_recovery'",
      ],
    },
  );
  golden(
    "a network namespace",
    (version) =>
      planChannel(view({ version }), seenChannel, { ...channelWish, networkNamespace: "ns1" }, []).online,
    {
      "5.7.22 to 8.0.19": [
        "refused: networkNamespace: db1:3306 runs <version>, whose channels do not have NETWORK_NAMESPACE; it came with 8.0.22",
      ],
      "8.0.22": [
        "CHANGE MASTER TO NETWORK_NAMESPACE = 'ns1' FOR CHANNEL 'group_replication_recovery'",
        "  back: CHANGE MASTER TO NETWORK_NAMESPACE = '' FOR CHANNEL 'group_replication_recovery'",
      ],
      "8.0.23 to 9.7": [
        "CHANGE REPLICATION SOURCE TO NETWORK_NAMESPACE = 'ns1' FOR CHANNEL 'group_replication_recovery'",
        "  back: CHANGE REPLICATION SOURCE TO NETWORK_NAMESPACE = '' FOR CHANNEL 'group_replication_recovery'",
      ],
    },
  );
  golden(
    "protocols",
    (version) => {
      const variables = { [`${gr}recovery_tls_version`]: "TLSv1.2,TLSv1.3" };
      return planChannel(view({ version }), seenChannel, { ...channelWish, variables }, []).online;
    },
    {
      "5.7.22 to 8.0.15": [
        "refused: group_replication_recovery_tls_version: db1:3306 runs <version>, which does not have it; it came with 8.0.19",
      ],
      "8.0.19 to 9.7": [
        "SET PERSIST group_replication_recovery_tls_version = 'TLSv1.2,TLSv1.3'",
        "  back: RESET PERSIST IF EXISTS group_replication_recovery_tls_version",
      ],
    },
  );
  golden("delete", (version) => clearChannelSteps(view({ version }), []), {
    "5.7.22 to 8.0.19": ["RESET SLAVE ALL FOR CHANNEL 'group_replication_recovery'"],
    "8.0.22 to 9.7": ["RESET REPLICA ALL FOR CHANNEL 'group_replication_recovery'"],
  });
});

describe("the receiver", () => {
  golden(
    "start, stop, reset",
    (version) => {
      const { startReceiver, stopReceiver, resetChannel } = dialectOf(version);
      return [startReceiver, stopReceiver, resetChannel].map((statement) => step(address, statement("c")));
    },
    {
      "5.7.22 to 8.0.19": [
        "START SLAVE IO_THREAD FOR CHANNEL 'c'",
        "STOP SLAVE IO_THREAD FOR CHANNEL 'c'",
        "RESET SLAVE ALL FOR CHANNEL 'c'",
      ],
      "8.0.22 to 9.7": [
        "START REPLICA IO_THREAD FOR CHANNEL 'c'",
        "STOP REPLICA IO_THREAD FOR CHANNEL 'c'",
        "RESET REPLICA ALL FOR CHANNEL 'c'",
      ],
    },
  );
});

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

describe("a variable", () => {
  const plan = (of: ViewOptions, variables: Wish): Step[] =>
    allSteps(planMember(view(of), { variables, bootstrap: false, installPlugin: false }, []));

  golden(
    "set",
    (version) =>
      plan({ version, variables: { [`${gr}member_weight`]: "50" } }, { [`${gr}member_weight`]: "70" }),
    {
      "5.7.22": [
        "SET GLOBAL group_replication_member_weight = 70",
        "  back: SET GLOBAL group_replication_member_weight = 50",
      ],
      "8.0.11 to 9.7": [
        "SET PERSIST group_replication_member_weight = 70",
        "  back: RESET PERSIST IF EXISTS group_replication_member_weight",
        "  back: SET GLOBAL group_replication_member_weight = 50",
      ],
    },
  );
  golden(
    "set by hand, and to outlast a restart of the server",
    (version) =>
      plan(
        { version, variables: { [`${gr}member_weight`]: { value: "70", fleeting: true } } },
        { [`${gr}member_weight`]: "70" },
      ),
    {
      "5.7.22": [],
      "8.0.11 to 9.7": [
        "SET PERSIST_ONLY group_replication_member_weight = 70",
        "  back: RESET PERSIST IF EXISTS group_replication_member_weight",
      ],
    },
  );
  golden(
    "reset",
    (version) => {
      const persisted = version === "5.7.22" ? {} : { persisted: "70" };
      const variables = { [`${gr}member_weight`]: { value: "70", ...persisted } };
      return resetSteps(view({ version, variables }), `${gr}member_weight`);
    },
    {
      "5.7.22": [
        "SET GLOBAL group_replication_member_weight = DEFAULT",
        "  back: SET GLOBAL group_replication_member_weight = 70",
      ],
      "8.0.11 to 9.7": [
        "RESET PERSIST IF EXISTS group_replication_member_weight",
        "  back: SET PERSIST_ONLY group_replication_member_weight = 70",
        "SET GLOBAL group_replication_member_weight = DEFAULT",
        "  back: SET GLOBAL group_replication_member_weight = 70",
      ],
    },
  );
  golden(
    "ip_allowlist, set on a member that runs",
    (version) =>
      plan(
        { version, variables: { [`${gr}ip_allowlist`]: "AUTOMATIC" } },
        { [`${gr}ip_allowlist`]: "10.0.0.0/8" },
      ),
    {
      "5.7.22": [
        "STOP GROUP_REPLICATION",
        "SET GLOBAL group_replication_ip_whitelist = '10.0.0.0/8'",
        "  back: SET GLOBAL group_replication_ip_whitelist = 'AUTOMATIC'",
        "START GROUP_REPLICATION",
      ],
      "8.0.11 to 8.0.15": [
        "STOP GROUP_REPLICATION",
        "SET PERSIST group_replication_ip_whitelist = '10.0.0.0/8'",
        "  back: RESET PERSIST IF EXISTS group_replication_ip_whitelist",
        "  back: SET GLOBAL group_replication_ip_whitelist = 'AUTOMATIC'",
        "START GROUP_REPLICATION",
      ],
      "8.0.19": [
        "ALTER INSTANCE RELOAD TLS",
        "STOP GROUP_REPLICATION",
        "SET PERSIST group_replication_ip_whitelist = '10.0.0.0/8'",
        "  back: RESET PERSIST IF EXISTS group_replication_ip_whitelist",
        "  back: SET GLOBAL group_replication_ip_whitelist = 'AUTOMATIC'",
        "START GROUP_REPLICATION",
      ],
      "8.0.22 to 8.0.23": [
        "ALTER INSTANCE RELOAD TLS",
        "STOP GROUP_REPLICATION",
        "SET PERSIST group_replication_ip_allowlist = '10.0.0.0/8'",
        "  back: RESET PERSIST IF EXISTS group_replication_ip_allowlist",
        "  back: SET GLOBAL group_replication_ip_allowlist = 'AUTOMATIC'",
        "START GROUP_REPLICATION",
      ],
      "8.0.27 to 9.7": [
        "SET PERSIST group_replication_ip_allowlist = '10.0.0.0/8'",
        "  back: RESET PERSIST IF EXISTS group_replication_ip_allowlist",
        "  back: SET GLOBAL group_replication_ip_allowlist = 'AUTOMATIC'",
      ],
    },
  );
  golden(
    "ip_allowlist, reset",
    (version) => {
      const persisted = version === "5.7.22" ? {} : { persisted: "10.0.0.0/8" };
      const variables = { [`${gr}ip_allowlist`]: { value: "10.0.0.0/8", ...persisted } };
      return resetSteps(view({ version, variables }), `${gr}ip_allowlist`);
    },
    {
      "5.7.22": [
        "SET GLOBAL group_replication_ip_whitelist = 'AUTOMATIC'",
        "  back: SET GLOBAL group_replication_ip_whitelist = '10.0.0.0/8'",
      ],
      "8.0.11 to 8.0.19": [
        "RESET PERSIST IF EXISTS group_replication_ip_whitelist",
        "  back: SET PERSIST_ONLY group_replication_ip_whitelist = '10.0.0.0/8'",
        "SET GLOBAL group_replication_ip_whitelist = 'AUTOMATIC'",
        "  back: SET GLOBAL group_replication_ip_whitelist = '10.0.0.0/8'",
      ],
      "8.0.22 to 9.7": [
        "RESET PERSIST IF EXISTS group_replication_ip_allowlist",
        "  back: SET PERSIST_ONLY group_replication_ip_allowlist = '10.0.0.0/8'",
        "SET GLOBAL group_replication_ip_allowlist = 'AUTOMATIC'",
        "  back: SET GLOBAL group_replication_ip_allowlist = '10.0.0.0/8'",
      ],
    },
  );
  golden(
    "ssl_mode, for which a member restarts",
    (version) => plan({ version }, { [`${gr}ssl_mode`]: "VERIFY_CA" }),
    {
      "5.7.22": [
        "STOP GROUP_REPLICATION",
        "SET GLOBAL group_replication_ssl_mode = 'VERIFY_CA'",
        "  back: SET GLOBAL group_replication_ssl_mode = 'REQUIRED'",
        "START GROUP_REPLICATION",
      ],
      "8.0.11 to 8.0.15": [
        "STOP GROUP_REPLICATION",
        "SET PERSIST group_replication_ssl_mode = 'VERIFY_CA'",
        "  back: RESET PERSIST IF EXISTS group_replication_ssl_mode",
        "  back: SET GLOBAL group_replication_ssl_mode = 'REQUIRED'",
        "START GROUP_REPLICATION",
      ],
      "8.0.19 to 9.7": [
        "ALTER INSTANCE RELOAD TLS",
        "STOP GROUP_REPLICATION",
        "SET PERSIST group_replication_ssl_mode = 'VERIFY_CA'",
        "  back: RESET PERSIST IF EXISTS group_replication_ssl_mode",
        "  back: SET GLOBAL group_replication_ssl_mode = 'REQUIRED'",
        "START GROUP_REPLICATION",
      ],
    },
  );
  golden("ssl_ca, set", (version) => plan({ version }, { ssl_ca: "new.pem" }), {
    "5.7.22 to 8.0.15": ["refused: db1:3306 runs <version>, which takes ssl_ca from its option file only"],
    "8.0.19 to 9.7": [
      "SET PERSIST ssl_ca = 'new.pem'",
      "  back: RESET PERSIST IF EXISTS ssl_ca",
      "  back: SET GLOBAL ssl_ca = 'ca.pem'",
      "ALTER INSTANCE RELOAD TLS",
      "STOP GROUP_REPLICATION",
      "START GROUP_REPLICATION",
    ],
  });
  golden(
    "ssl_ca, reset",
    (version) =>
      resetSteps(
        view({ version, variables: { ssl_ca: "new.pem" }, baseline: { ssl_ca: "ca.pem" } }),
        "ssl_ca",
      ),
    {
      "5.7.22 to 8.0.15": [],
      "8.0.19 to 9.7": ["SET GLOBAL ssl_ca = 'ca.pem'", "  back: SET GLOBAL ssl_ca = 'new.pem'"],
    },
  );
  golden(
    "tls_version, both protocols",
    (version) => plan({ version, variables: { tls_version: "TLSv1.2" } }, { tls_version: "TLSv1.2,TLSv1.3" }),
    {
      "5.7.22 to 8.0.15": [
        "refused: tlsVersion: db1:3306 runs <version>, which does not take TLSv1.3 (it came with 8.0.16); it takes TLSv1, TLSv1.1, TLSv1.2",
      ],
      "8.0.19 to 9.7": [
        "SET PERSIST tls_version = 'TLSv1.2,TLSv1.3'",
        "  back: RESET PERSIST IF EXISTS tls_version",
        "  back: SET GLOBAL tls_version = 'TLSv1.2'",
        "ALTER INSTANCE RELOAD TLS",
        "STOP GROUP_REPLICATION",
        "START GROUP_REPLICATION",
      ],
    },
  );

  const old = declarable("5.7.22");
  it("never has a statement on 5.7 that came with 8.0, in any plan or in what takes it back", () => {
    const each = fc.record({
      seen: fc.tuple(...old.map(seenFor)),
      wanted: fc.tuple(...old.map(valueFor)),
      how: fc.tuple(...old.map(() => fc.constantFrom("left", "declared", "removed"))),
      running: fc.boolean(),
    });
    let planned = 0;
    fc.assert(
      fc.property(each, ({ seen, wanted, how, running }) => {
        const names = (which: string): string[] => old.map((v) => v.name).filter((_, i) => how[i] === which);
        const of = view({
          version: "5.7.22",
          running,
          // Nothing can have been persisted there.
          variables: Object.fromEntries(old.map((v, i) => [v.name, { ...seen[i]!, persisted: undefined }])),
        });
        const variables = Object.fromEntries(
          old.flatMap((v, i) =>
            // What only the option file can set is refused.
            how[i] === "declared" && v.dynamicSince === v.since ? [[v.name, canonical(v, wanted[i]!)]] : [],
          ),
        );
        const wish = { variables, bootstrap: false, installPlugin: false, groupRestart: true };
        const lines = sent(() => allSteps(planMember(of, wish, names("removed"))), "5.7.22");
        if (lines.some((line) => line.startsWith("SET GLOBAL"))) planned += 1;
        expect(lines.filter((line) => /PERSIST|RELOAD|REPLICA /.test(line))).toEqual([]);
      }),
      { numRuns: 100 },
    );
    expect(planned).toBeGreaterThan(25);
  });
});
