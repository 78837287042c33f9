import { NotReadyError } from "../../../provider/errors";
import { type Party, requireRecovery, sideOf } from "../../../provider/rolling/recovery-talk";
import { type ViewOptions, thrownBy, view } from "../builders";

const gr = "group_replication_";
const inPlain = { [`${gr}recovery_use_ssl`]: "OFF" };
const secure = { require_secure_transport: "ON" };
const both = { tls_version: "TLSv1.2,TLSv1.3", [`${gr}recovery_tls_version`]: "TLSv1.2,TLSv1.3" };
const old = { [`${gr}recovery_tls_version`]: "TLSv1.2" };

/** A member that is changed, where `after` is given. */
function party(
  id: string,
  { variables, ...of }: ViewOptions,
  after?: Readonly<Record<string, string>>,
): Party {
  const seen = view({ ...of, variables: { ...both, [`${gr}recovery_use_ssl`]: "ON", ...variables } });
  const now = sideOf(seen);
  return {
    address: `${id}:3306`,
    hasJob: after !== undefined,
    now,
    last: after ? sideOf(seen, after) : now,
  };
}

const mysql = { stack: "MYSQL" } as const;

describe("requireRecovery", () => {
  it.each<[string, Party[]]>([
    ["all encrypt", [party("db1", {}, secure), party("db2", {}, secure)]],
    ["nobody insists on it", [party("db1", {}, inPlain), party("db2", {})]],
    [
      "lists have something in common",
      [party("db1", {}, { tls_version: "TLSv1.2" }), party("db2", { variables: old })],
    ],
    [
      "it was so before",
      [
        party("db1", { variables: secure }, { [`${gr}member_weight`]: "70" }),
        party("db2", { variables: inPlain }),
      ],
    ],
    [
      "nothing of this deployment is concerned",
      [party("db1", { variables: secure }), party("db2", { variables: inPlain })],
    ],
    ["a member would only refuse itself, on XCOM", [party("db1", { variables: inPlain }, secure)]],
    [
      "it recovers without TLS, whatever its lists",
      [party("db1", {}, { ...inPlain, ...old }), party("db2", { variables: { tls_version: "TLSv1.3" } })],
    ],
    [
      "XCOM's own port is without TLS",
      [party("db1", { variables: { [`${gr}ssl_mode`]: "DISABLED" } }, secure), party("db2", {}, secure)],
    ],
  ])("lets go on where %s", (_, all) => {
    expect(() => requireRecovery(all)).not.toThrow();
  });

  const refused: [string, Party[], string][] = [
    [
      "requireSecureTransport where another member recovers without TLS",
      [party("db1", {}, secure), party("db2", { variables: inPlain })],
      `[GR005] db2:3306 could not recover from db1:3306 any more
Why: the first recovers without TLS (recovery_use_ssl OFF), and the other refuses that (require_secure_transport ON)
Left: nothing was changed
Do: first declare recoveryUseSsl: true on the RecoveryChannel of db2:3306, and on the MYSQL stack a sslMode other than DISABLED; then requireSecureTransport`,
    ],
    [
      "a list that the recovery of another member does not take",
      [party("db1", {}, { tls_version: "TLSv1.3" }), party("db2", { variables: old })],
      `[GR005] db2:3306 could not recover from db1:3306 any more
Why: no protocol in common: TLSv1.2 on the one, TLSv1.3 on the other (group_replication_recovery_tls_* of the first, tls_* of the other)
Left: nothing was changed
Do: first declare recoveryTlsVersion and recoveryTlsCiphersuites on the RecoveryChannel of db2:3306 so that they have something in common with what the others take now and will take`,
    ],
    [
      "a list for recovery that no other member takes",
      [party("db1", {}, old), party("db2", { variables: { tls_version: "TLSv1.3" } })],
      "db1:3306 could not recover from db2:3306 any more",
    ],
    [
      "ciphersuites for recovery that no other member takes",
      [
        party("db1", {}, { [`${gr}recovery_tls_ciphersuites`]: "TLS_AES_128_GCM_SHA256" }),
        party("db2", { variables: { tls_ciphersuites: "TLS_AES_256_GCM_SHA384" } }),
      ],
      "no ciphersuite for TLSv1.3 in common: TLS_AES_128_GCM_SHA256 on the one, TLS_AES_256_GCM_SHA384 on the other",
    ],
    [
      "DISABLED on the MYSQL stack where a peer insists on TLS",
      [party("db1", mysql, { [`${gr}ssl_mode`]: "DISABLED" }), party("db2", { ...mysql, variables: secure })],
      "the first talks to the group without TLS (ssl_mode DISABLED on the MYSQL stack)",
    ],
    [
      "on the MYSQL stack what a member would refuse itself",
      [party("db1", { ...mysql, variables: { [`${gr}ssl_mode`]: "DISABLED" } }, secure)],
      "db1:3306 could not recover from db1:3306 any more",
    ],
  ];
  it.each(refused)("refuses %s", (_, all, message) => {
    const error = thrownBy(() => requireRecovery(all));
    expect(error).toBeInstanceOf(NotReadyError);
    if (message.startsWith("[")) expect((error as Error).message).toBe(message);
    else expect((error as Error).message).toContain(message);
  });
});
