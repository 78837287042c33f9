import { requirePrerequisites, unmetPrerequisites } from "../../../provider/plan/prerequisites";
import { facts, thrownBy } from "../builders";

const ready = {
  server_id: "1",
  gtid_mode: "ON",
  enforce_gtid_consistency: "ON",
  log_bin: "ON",
  log_replica_updates: "ON",
  binlog_format: "ROW",
};

describe("unmetPrerequisites", () => {
  it("finds nothing on a server that is ready", () => {
    expect(unmetPrerequisites(facts({ variables: ready }))).toEqual([]);
  });

  it.each([
    ["server_id", "0", "server_id is 0, and must be set", "server-id=<a number of its own>"],
    ["gtid_mode", "OFF", "gtid_mode is OFF, and must be ON", "gtid-mode=ON"],
    ["gtid_mode", "ON_PERMISSIVE", "gtid_mode is ON_PERMISSIVE, and must be ON", "gtid-mode=ON"],
    [
      "enforce_gtid_consistency",
      "WARN",
      "enforce_gtid_consistency is WARN, and must be ON",
      "enforce-gtid-consistency=ON",
    ],
    ["log_bin", "OFF", "log_bin is OFF, and must be ON", "log-bin"],
    ["log_replica_updates", "OFF", "log_replica_updates is OFF, and must be ON", "log-replica-updates=ON"],
    ["binlog_format", "MIXED", "binlog_format is MIXED, and must be ROW", "binlog-format=ROW"],
  ])("finds %s = %s, and names the line of the option file that mends it", (name, value, problem, line) => {
    expect(unmetPrerequisites(facts({ variables: { ...ready, [name]: value } }))).toEqual([
      { problem, line },
    ]);
  });

  it("takes other spellings of ON for ON", () => {
    expect(unmetPrerequisites(facts({ variables: { ...ready, log_bin: "1", gtid_mode: "on" } }))).toEqual([]);
  });

  it("finds all at once", () => {
    const variables = { ...ready, server_id: "0", gtid_mode: "OFF", enforce_gtid_consistency: "OFF" };
    expect(unmetPrerequisites(facts({ variables })).map((u) => u.line)).toEqual([
      "gtid-mode=ON",
      "enforce-gtid-consistency=ON",
      "server-id=<a number of its own>",
    ]);
  });

  it("asks 8.0.15 for what it has, under its own names", () => {
    const old = {
      server_id: "1",
      gtid_mode: "ON",
      enforce_gtid_consistency: "ON",
      log_bin: "ON",
      log_slave_updates: "OFF",
      binlog_format: "ROW",
      transaction_write_set_extraction: "OFF",
      master_info_repository: "FILE",
      relay_log_info_repository: "TABLE",
    };
    expect(unmetPrerequisites(facts({ version: "8.0.15", variables: old })).map((u) => u.line)).toEqual([
      "log-slave-updates=ON",
      "transaction-write-set-extraction=XXHASH64",
      "master-info-repository=TABLE",
    ]);
  });

  it.each([
    ["5.7.22", ["binlog-checksum=NONE"]],
    ["8.0.20", ["binlog-checksum=NONE"]],
    ["8.0.21", []],
    ["9.7.4", []],
  ])("on %s wants %j of a server with checksums in its binary log", (version, lines) => {
    const variables = { ...ready, binlog_checksum: "CRC32" };
    expect(unmetPrerequisites(facts({ version, variables })).map((u) => u.line)).toEqual(lines);
  });

  it("asks for the order of commits only where appliers are parallel, which 8.0.26 has not by default", () => {
    const off = { ...ready, replica_preserve_commit_order: "OFF" };
    const without = facts({ version: "8.0.26", variables: { ...off, replica_parallel_workers: "0" } });
    const parallel = facts({ variables: { ...off, replica_parallel_workers: "4" } });
    expect(unmetPrerequisites(without)).toEqual([]);
    expect(unmetPrerequisites(parallel).map((u) => u.line)).toEqual(["replica-preserve-commit-order=ON"]);
  });

  it("names one thing once where a version has both of its names", () => {
    const variables = { ...ready, log_replica_updates: "OFF", log_slave_updates: "OFF" };
    expect(unmetPrerequisites(facts({ version: "8.0.36", variables })).map((u) => u.line)).toEqual([
      "log-replica-updates=ON",
    ]);
  });
});

describe("requirePrerequisites", () => {
  it("lets a server pass that is ready", () => {
    expect(() => requirePrerequisites(facts({ variables: ready }), false)).not.toThrow();
  });

  it("tells all that is missing, and what to add to the option file", () => {
    const bare = facts({ plugins: {}, variables: { ...ready, server_id: "0", gtid_mode: "OFF" } });
    expect((thrownBy(() => requirePrerequisites(bare, false)) as Error).message).toBe(
      `[GR005] db1:3306 is not ready for Group Replication
Why: gtid_mode is OFF, and must be ON; server_id is 0, and must be set; the group_replication plugin is not loaded
Left: nothing was changed
Do: add to its option file and restart the server:
[mysqld]
gtid-mode=ON
server-id=<a number of its own>`,
    );
  });
});
