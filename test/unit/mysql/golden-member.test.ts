import fc from "fast-check";
import { canonical } from "../../../provider/mysql/catalogue";
import { allSteps, planMember } from "../../../provider/plan/group-member";
import { resetSteps } from "../../../provider/plan/settings";
import type { Step } from "../../../provider/plan/step";
import type { Wish } from "../../../provider/plan/wish";
import { type ViewOptions, view } from "../builders";
import { declarable, seenFor, valueFor } from "../plan/arbitrary";
import { golden, sent } from "./golden";

const gr = "group_replication_";

describe("a member", () => {
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
