import { dialectOf } from "../../../provider/mysql/dialect";
import { clearChannelSteps, planChannel } from "../../../provider/plan/recovery-channel";
import { step } from "../../../provider/plan/step";
import { address, view } from "../builders";
import { golden } from "./golden";

const gr = "group_replication_";

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
        "refused: recoveryTlsVersion: db1:3306 runs <version>, which does not have it; it came with 8.0.19",
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
