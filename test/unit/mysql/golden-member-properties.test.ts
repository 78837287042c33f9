import { allSteps, planMember } from "../../../provider/plan/group-member";
import type { Step } from "../../../provider/plan/step";
import type { Wish } from "../../../provider/plan/wish";
import { type ViewOptions, view } from "../builders";
import { golden } from "./golden";

const gr = "group_replication_";

function plan(of: ViewOptions, variables: Wish, groupRestart = false): Step[] {
  const wish = { variables, bootstrap: false, installPlugin: false, groupRestart };
  return allSteps(planMember(view(of), wish, []));
}

describe("a property of a member", () => {
  golden(
    "a first declaration, the plugin included",
    (version) =>
      allSteps(
        planMember(
          view({
            version,
            running: false,
            plugin: false,
            variables: {
              [`${gr}group_name`]: "",
              [`${gr}local_address`]: "",
              [`${gr}ssl_mode`]: "DISABLED",
              [`${gr}start_on_boot`]: "OFF",
            },
          }),
          {
            variables: {
              [`${gr}group_name`]: "8a94f357-aab4-11e8-9d3f-0242ac120002",
              [`${gr}local_address`]: "db1:33061",
              [`${gr}ssl_mode`]: "REQUIRED",
              [`${gr}start_on_boot`]: "ON",
            },
            bootstrap: true,
            installPlugin: true,
          },
          [],
        ),
      ),
    {
      "5.7.22": [
        "INSTALL PLUGIN group_replication SONAME 'group_replication.so'",
        "  back: UNINSTALL PLUGIN group_replication",
        "SET GLOBAL group_replication_group_name = '8a94f357-aab4-11e8-9d3f-0242ac120002'",
        "SET GLOBAL group_replication_local_address = 'db1:33061'",
        "  back: SET GLOBAL group_replication_local_address = ''",
        "SET GLOBAL group_replication_ssl_mode = 'REQUIRED'",
        "  back: SET GLOBAL group_replication_ssl_mode = 'DISABLED'",
        "START GROUP_REPLICATION",
        "SET GLOBAL group_replication_start_on_boot = ON",
        "  back: SET GLOBAL group_replication_start_on_boot = OFF",
      ],
      "8.0.11 to 9.7": [
        "INSTALL PLUGIN group_replication SONAME 'group_replication.so'",
        "  back: UNINSTALL PLUGIN group_replication",
        "SET PERSIST group_replication_group_name = '8a94f357-aab4-11e8-9d3f-0242ac120002'",
        "  back: RESET PERSIST IF EXISTS group_replication_group_name",
        "SET PERSIST group_replication_local_address = 'db1:33061'",
        "  back: RESET PERSIST IF EXISTS group_replication_local_address",
        "  back: SET GLOBAL group_replication_local_address = ''",
        "SET PERSIST group_replication_ssl_mode = 'REQUIRED'",
        "  back: RESET PERSIST IF EXISTS group_replication_ssl_mode",
        "  back: SET GLOBAL group_replication_ssl_mode = 'DISABLED'",
        "START GROUP_REPLICATION",
        "SET PERSIST group_replication_start_on_boot = ON",
        "  back: RESET PERSIST IF EXISTS group_replication_start_on_boot",
        "  back: SET GLOBAL group_replication_start_on_boot = OFF",
      ],
    },
  );
  golden(
    "bootstrap_group, left ON by somebody",
    (version) => plan({ version, variables: { [`${gr}bootstrap_group`]: "ON" } }, {}),
    {
      "5.7.22 to 9.7": ["SET GLOBAL group_replication_bootstrap_group = OFF"],
    },
  );
  golden(
    "require_secure_transport",
    (version) =>
      plan({ version, variables: { require_secure_transport: "OFF" } }, { require_secure_transport: "ON" }),
    {
      "5.7.22": [
        "SET GLOBAL require_secure_transport = ON",
        "  back: SET GLOBAL require_secure_transport = OFF",
      ],
      "8.0.11 to 9.7": [
        "SET PERSIST require_secure_transport = ON",
        "  back: RESET PERSIST IF EXISTS require_secure_transport",
        "  back: SET GLOBAL require_secure_transport = OFF",
      ],
    },
  );
  golden(
    "tls_ciphersuites",
    (version) =>
      plan(
        { version, variables: { tls_ciphersuites: null } },
        { tls_ciphersuites: "TLS_AES_256_GCM_SHA384" },
      ),
    {
      "5.7.22 to 8.0.15": [
        "refused: tlsCiphersuites: db1:3306 runs <version>, which does not have it; it came with 8.0.16",
      ],
      "8.0.19 to 9.7": [
        "SET PERSIST tls_ciphersuites = 'TLS_AES_256_GCM_SHA384'",
        "  back: RESET PERSIST IF EXISTS tls_ciphersuites",
        "  back: SET GLOBAL tls_ciphersuites = NULL",
        "ALTER INSTANCE RELOAD TLS",
        "STOP GROUP_REPLICATION",
        "START GROUP_REPLICATION",
      ],
    },
  );
  golden("tls_source", (version) => plan({ version }, { [`${gr}tls_source`]: "mysql_admin" }), {
    "5.7.22 to 8.0.19": [
      "refused: tlsSource: db1:3306 runs <version>, which does not have it; it came with 8.0.21",
    ],
    "8.0.22 to 9.7": [
      "ALTER INSTANCE RELOAD TLS",
      "STOP GROUP_REPLICATION",
      "SET PERSIST group_replication_tls_source = 'mysql_admin'",
      "  back: RESET PERSIST IF EXISTS group_replication_tls_source",
      "  back: SET GLOBAL group_replication_tls_source = 'MYSQL_MAIN'",
      "START GROUP_REPLICATION",
    ],
  });
  golden(
    "consistency",
    (version) =>
      plan({ version, variables: { [`${gr}consistency`]: "EVENTUAL" } }, { [`${gr}consistency`]: "AFTER" }),
    {
      "5.7.22 to 8.0.11": [
        "refused: consistency: db1:3306 runs <version>, which does not have it; it came with 8.0.14",
      ],
      "8.0.15 to 9.7": [
        "SET PERSIST group_replication_consistency = 'AFTER'",
        "  back: RESET PERSIST IF EXISTS group_replication_consistency",
        "  back: SET GLOBAL group_replication_consistency = 'EVENTUAL'",
      ],
    },
  );
  golden(
    "exit_state_action",
    (version) =>
      plan(
        { version, variables: { [`${gr}exit_state_action`]: "READ_ONLY" } },
        { [`${gr}exit_state_action`]: "ABORT_SERVER" },
      ),
    {
      "5.7.22": [
        "refused: exitStateAction: db1:3306 runs <version>, which does not have it; it came with 5.7.24",
      ],
      "8.0.11": [
        "refused: exitStateAction: db1:3306 runs <version>, which does not have it; it came with 8.0.12",
      ],
      "8.0.15 to 9.7": [
        "SET PERSIST group_replication_exit_state_action = 'ABORT_SERVER'",
        "  back: RESET PERSIST IF EXISTS group_replication_exit_state_action",
        "  back: SET GLOBAL group_replication_exit_state_action = 'READ_ONLY'",
      ],
    },
  );
  golden(
    "autorejoin_tries",
    (version) =>
      plan({ version, variables: { [`${gr}autorejoin_tries`]: "3" } }, { [`${gr}autorejoin_tries`]: "5" }),
    {
      "5.7.22 to 8.0.15": [
        "refused: autorejoinTries: db1:3306 runs <version>, which does not have it; it came with 8.0.16",
      ],
      "8.0.19 to 9.7": [
        "SET PERSIST group_replication_autorejoin_tries = 5",
        "  back: RESET PERSIST IF EXISTS group_replication_autorejoin_tries",
        "  back: SET GLOBAL group_replication_autorejoin_tries = 3",
      ],
    },
  );
  golden(
    "member_expel_timeout",
    (version) =>
      plan(
        { version, variables: { [`${gr}member_expel_timeout`]: "5" } },
        { [`${gr}member_expel_timeout`]: "9" },
      ),
    {
      "5.7.22 to 8.0.11": [
        "refused: memberExpelTimeout: db1:3306 runs <version>, which does not have it; it came with 8.0.13",
      ],
      "8.0.15 to 9.7": [
        "SET PERSIST group_replication_member_expel_timeout = 9",
        "  back: RESET PERSIST IF EXISTS group_replication_member_expel_timeout",
        "  back: SET GLOBAL group_replication_member_expel_timeout = 5",
      ],
    },
  );
  golden(
    "advertise_recovery_endpoints",
    (version) =>
      plan(
        { version, variables: { [`${gr}advertise_recovery_endpoints`]: "DEFAULT" } },
        { [`${gr}advertise_recovery_endpoints`]: "db1:3307" },
      ),
    {
      "5.7.22 to 8.0.19": [
        "refused: advertiseRecoveryEndpoints: db1:3306 runs <version>, which does not have it; it came with 8.0.21",
      ],
      "8.0.22 to 9.7": [
        "SET PERSIST group_replication_advertise_recovery_endpoints = 'db1:3307'",
        "  back: RESET PERSIST IF EXISTS group_replication_advertise_recovery_endpoints",
        "  back: SET GLOBAL group_replication_advertise_recovery_endpoints = 'DEFAULT'",
      ],
    },
  );
  golden(
    "communication_stack, with leave to stop the whole group",
    (version) => plan({ version }, { [`${gr}communication_stack`]: "MYSQL" }, true),
    {
      "5.7.22 to 8.0.23": [
        "refused: communicationStack: db1:3306 runs <version>, which does not have it; it came with 8.0.27",
      ],
      "8.0.27 to 9.7": [
        "ALTER INSTANCE RELOAD TLS",
        "STOP GROUP_REPLICATION",
        "SET PERSIST group_replication_communication_stack = 'MYSQL'",
        "  back: RESET PERSIST IF EXISTS group_replication_communication_stack",
        "  back: SET GLOBAL group_replication_communication_stack = 'XCOM'",
        "START GROUP_REPLICATION",
      ],
    },
  );
  golden(
    "ssl_mode from DISABLED, with leave to stop the whole group",
    (version) =>
      plan(
        { version, variables: { [`${gr}ssl_mode`]: "DISABLED" } },
        { [`${gr}ssl_mode`]: "REQUIRED" },
        true,
      ),
    {
      "5.7.22": [
        "STOP GROUP_REPLICATION",
        "SET GLOBAL group_replication_ssl_mode = 'REQUIRED'",
        "  back: SET GLOBAL group_replication_ssl_mode = 'DISABLED'",
        "START GROUP_REPLICATION",
      ],
      "8.0.11 to 8.0.15": [
        "STOP GROUP_REPLICATION",
        "SET PERSIST group_replication_ssl_mode = 'REQUIRED'",
        "  back: RESET PERSIST IF EXISTS group_replication_ssl_mode",
        "  back: SET GLOBAL group_replication_ssl_mode = 'DISABLED'",
        "START GROUP_REPLICATION",
      ],
      "8.0.19 to 9.7": [
        "ALTER INSTANCE RELOAD TLS",
        "STOP GROUP_REPLICATION",
        "SET PERSIST group_replication_ssl_mode = 'REQUIRED'",
        "  back: RESET PERSIST IF EXISTS group_replication_ssl_mode",
        "  back: SET GLOBAL group_replication_ssl_mode = 'DISABLED'",
        "START GROUP_REPLICATION",
      ],
    },
  );
  golden(
    "ssl_mode from DISABLED, without it",
    (version) =>
      plan({ version, variables: { [`${gr}ssl_mode`]: "DISABLED" } }, { [`${gr}ssl_mode`]: "REQUIRED" }),
    {
      "5.7.22 to 9.7": [
        "refused: db1:3306: group_replication_ssl_mode cannot go from DISABLED to REQUIRED while the group runs",
      ],
    },
  );
  golden(
    "single_primary_mode, with leave to stop the whole group",
    (version) =>
      plan(
        {
          version,
          variables: { [`${gr}single_primary_mode`]: "ON", [`${gr}enforce_update_everywhere_checks`]: "OFF" },
        },
        { [`${gr}enforce_update_everywhere_checks`]: "ON", [`${gr}single_primary_mode`]: "OFF" },
        true,
      ),
    {
      "5.7.22": [
        "STOP GROUP_REPLICATION",
        "SET GLOBAL group_replication_single_primary_mode = OFF",
        "  back: SET GLOBAL group_replication_single_primary_mode = ON",
        "SET GLOBAL group_replication_enforce_update_everywhere_checks = ON",
        "  back: SET GLOBAL group_replication_enforce_update_everywhere_checks = OFF",
        "START GROUP_REPLICATION",
      ],
      "8.0.11 to 8.0.15": [
        "STOP GROUP_REPLICATION",
        "SET PERSIST group_replication_single_primary_mode = OFF",
        "  back: RESET PERSIST IF EXISTS group_replication_single_primary_mode",
        "  back: SET GLOBAL group_replication_single_primary_mode = ON",
        "SET PERSIST group_replication_enforce_update_everywhere_checks = ON",
        "  back: RESET PERSIST IF EXISTS group_replication_enforce_update_everywhere_checks",
        "  back: SET GLOBAL group_replication_enforce_update_everywhere_checks = OFF",
        "START GROUP_REPLICATION",
      ],
      "8.0.19 to 9.7": [
        "ALTER INSTANCE RELOAD TLS",
        "STOP GROUP_REPLICATION",
        "SET PERSIST group_replication_single_primary_mode = OFF",
        "  back: RESET PERSIST IF EXISTS group_replication_single_primary_mode",
        "  back: SET GLOBAL group_replication_single_primary_mode = ON",
        "SET PERSIST group_replication_enforce_update_everywhere_checks = ON",
        "  back: RESET PERSIST IF EXISTS group_replication_enforce_update_everywhere_checks",
        "  back: SET GLOBAL group_replication_enforce_update_everywhere_checks = OFF",
        "START GROUP_REPLICATION",
      ],
    },
  );
});
