import { renderChannelOptionFile, renderOptionFile } from "../../../provider/plan/option-file";

const member = {
  groupName: "8a94f357-aab4-11e8-9d3f-0242ac120002",
  localAddress: "db1:33061",
  groupSeeds: ["db1:33061", "db2:33061"],
  sslMode: "VERIFY_CA",
  sslCa: "/etc/mysql/our ca #1.pem",
  tlsVersion: ["TLSv1.2"],
  startOnBoot: true,
  ipAllowlist: ["10.0.0.0/8"],
  password: "never in a file",
};

describe("renderOptionFile", () => {
  it("keeps what is declared, under the names of 5.7", () => {
    expect(renderOptionFile({ ...member, recoveryUseSsl: true }, "5.7.22")).toBe(
      [
        "[mysqld]",
        "loose-group_replication_group_name=8a94f357-aab4-11e8-9d3f-0242ac120002",
        "loose-group_replication_local_address=db1:33061",
        "loose-group_replication_group_seeds=db1:33061,db2:33061",
        "loose-group_replication_ssl_mode=VERIFY_CA",
        'ssl_ca="/etc/mysql/our ca #1.pem"',
        "tls_version=TLSv1.2",
        "loose-group_replication_ip_whitelist=10.0.0.0/8",
        "loose-group_replication_start_on_boot=ON",
        "loose-group_replication_recovery_use_ssl=ON",
        "",
        "[client]",
        'ssl-ca="/etc/mysql/our ca #1.pem"',
        "",
      ].join("\n"),
    );
  });

  it("names ip_allowlist where the version does", () => {
    expect(renderOptionFile(member, "9.7.4")).toContain("loose-group_replication_ip_allowlist=10.0.0.0/8");
  });

  it("leaves out what the version does not have", () => {
    const file = renderOptionFile({ ...member, communicationStack: "XCOM" }, "8.0.15");
    expect(file).not.toContain("communication_stack");
  });

  it("is empty where nothing is declared, and never holds a password", () => {
    expect(renderOptionFile({}, "9.7.4")).toBe("");
    expect(renderOptionFile(member, "9.7.4")).not.toContain("never in a file");
  });
});

describe("renderOptionFile of a RecoveryChannel", () => {
  const channel = {
    user: "repl",
    password: "never in a file",
    recoverySslCa: "/ca.pem",
    recoveryRetryCount: 3,
  };

  it("lets a server before 8.0.2 keep its channels in tables", () => {
    expect(renderOptionFile(channel, "5.7.22")).toBe(
      [
        "[mysqld]",
        "master_info_repository=TABLE",
        "relay_log_info_repository=TABLE",
        "loose-group_replication_recovery_ssl_ca=/ca.pem",
        "loose-group_replication_recovery_retry_count=3",
        "",
      ].join("\n"),
    );
  });

  it.each(["8.0.2", "8.0.15", "9.7.4"])(
    "says nothing of tables on %s, where they are the default",
    (version) => {
      expect(renderOptionFile(channel, version)).toBe(
        "[mysqld]\nloose-group_replication_recovery_ssl_ca=/ca.pem\nloose-group_replication_recovery_retry_count=3\n",
      );
    },
  );
});

describe("renderChannelOptionFile", () => {
  const channel = {
    channelName: "c",
    host: "db1",
    port: 3307,
    user: "repl",
    password: "never in a file",
    sslMode: "VERIFY_IDENTITY",
    sslCa: "/etc/mysql/our ca #1.pem",
    sslCert: "/cert.pem",
    sslKey: "/key.pem",
    sslCipher: ["ECDHE-RSA-AES128-GCM-SHA256", "AES128-SHA"],
    tlsVersion: ["TLSv1.2"],
    tlsCiphersuites: ["TLS_AES_256_GCM_SHA384"],
    connectRetry: 5,
  };
  const client = [
    "[client]",
    'ssl-ca="/etc/mysql/our ca #1.pem"',
    "ssl-cert=/cert.pem",
    "ssl-key=/key.pem",
    "ssl-cipher=ECDHE-RSA-AES128-GCM-SHA256:AES128-SHA",
    "tls-version=TLSv1.2",
  ];

  it("lets 5.7 know its channels again, and clients log in as the channel does", () => {
    expect(renderChannelOptionFile(channel, "5.7.22")).toBe(
      ["[mysqld]", "master_info_repository=TABLE", "relay_log_info_repository=TABLE", "", ...client, ""].join(
        "\n",
      ),
    );
  });

  it("leaves to the server what the server keeps", () => {
    expect(renderChannelOptionFile(channel, "9.7.4")).toBe(
      [...client, "tls-ciphersuites=TLS_AES_256_GCM_SHA384", ""].join("\n"),
    );
    expect(renderChannelOptionFile({ host: "db1", user: "repl", sslMode: "REQUIRED" }, "9.7.4")).toBe("");
  });

  it.each([
    ["8.0.25", "skip_slave_start"],
    ["8.0.26", "skip_replica_start"],
  ])("keeps on %s what is not to run from starting by itself", (version, option) => {
    expect(renderChannelOptionFile({ ...channel, sslCa: undefined, running: false }, version)).toContain(
      `[mysqld]\n${option}=ON\n`,
    );
    expect(renderChannelOptionFile({ ...channel, running: true }, version)).not.toContain(option);
  });

  it("never holds a password", () => {
    for (const version of ["5.7.22", "8.0.15", "9.7.4"])
      expect(renderChannelOptionFile(channel, version)).not.toContain("never in a file");
  });
});
