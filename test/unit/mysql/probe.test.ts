import { groupTls, recoveryTls } from "../../../provider/mysql/probe";
import { facts } from "../builders";

const variables = {
  ssl_ca: "ca.pem",
  ssl_capath: null,
  ssl_crl: "crl.pem",
  ssl_cert: "cert.pem",
  ssl_key: "key.pem",
  tls_version: "TLSv1.2,TLSv1.3",
  group_replication_recovery_use_ssl: "OFF",
  group_replication_recovery_ssl_ca: "recovery-ca.pem",
  group_replication_recovery_ssl_cert: "recovery-cert.pem",
  group_replication_recovery_ssl_verify_server_cert: "ON",
  group_replication_recovery_get_public_key: "ON",
};

describe("the TLS with which a member talks to its peers", () => {
  it.each([
    ["DISABLED", { enabled: false, verifyIdentity: false }],
    ["REQUIRED", { enabled: true, verifyIdentity: false }],
    [
      "VERIFY_CA",
      {
        enabled: true,
        verifyIdentity: false,
        ca: "ca.pem",
        crl: "crl.pem",
        cert: "cert.pem",
        key: "key.pem",
      },
    ],
    [
      "VERIFY_IDENTITY",
      { enabled: true, verifyIdentity: true, ca: "ca.pem", crl: "crl.pem", cert: "cert.pem", key: "key.pem" },
    ],
  ])("is the server's own on XCOM with ssl_mode %s", (mode, expected) => {
    expect(groupTls(facts({ state: "ONLINE", variables }), mode)).toMatchObject({
      tlsVersion: "TLSv1.2,TLSv1.3",
      ...expected,
    });
  });

  it("shows no certificate on XCOM with ssl_mode REQUIRED, because a donor's SQL port would verify it", () => {
    const tls = groupTls(facts({ state: "ONLINE", variables }), "REQUIRED");
    expect([tls.cert, tls.key]).toEqual([undefined, undefined]);
  });

  it("names no CA on XCOM with ssl_mode REQUIRED, because a CA alone makes a channel verify", () => {
    const tls = groupTls(facts({ state: "ONLINE", variables }), "REQUIRED");
    expect([tls.ca, tls.capath, tls.crl, tls.crlpath]).toEqual([undefined, undefined, undefined, undefined]);
  });

  it.each([
    ["DISABLED", { enabled: false, verifyIdentity: false }],
    ["VERIFY_CA", { enabled: true, verifyIdentity: false }],
    ["VERIFY_IDENTITY", { enabled: true, verifyIdentity: true }],
  ])("is recovery's on the MYSQL stack with ssl_mode %s", (mode, expected) => {
    expect(groupTls(facts({ state: "ONLINE", stack: "MySQL", variables }), mode)).toMatchObject({
      ca: "recovery-ca.pem",
      cert: "recovery-cert.pem",
      ...expected,
    });
  });
});

describe("the TLS with which a member recovers", () => {
  it("is what the recovery variables say", () => {
    expect(recoveryTls(facts({ variables }))).toMatchObject({
      enabled: false,
      ca: "recovery-ca.pem",
      cert: "recovery-cert.pem",
      verifyIdentity: true,
      getPublicKey: true,
    });
  });
});
