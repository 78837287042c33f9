import { renderOptionFile } from "../../../provider/plan/option-file";

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
