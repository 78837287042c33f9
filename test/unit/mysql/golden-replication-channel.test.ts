import { atLeast } from "../../../provider/mysql/versions";
import { dropChannelSteps, planSourceChannel } from "../../../provider/plan/replication-channel";
import { golden } from "./golden";
import { change, replica, seen, wish } from "./golden-channel";

const byPlace = { host: "db1", user: "repl" };
const otherPlace = { host: "db9", user: "repl" };
const start = { file: "b.7", position: 4 };

describe("an asynchronous channel", () => {
  golden(
    "made",
    (version) =>
      planSourceChannel(replica(version), wish({ port: 3307, ssl: true, sslCa: "/ca.pem" })).online,
    {
      "5.7.22 to 8.0.19": [
        "CHANGE MASTER TO MASTER_HOST = 'db1', MASTER_PORT = 3307, MASTER_USER = 'repl', MASTER_SSL = 1, MASTER_SSL_CA = '/ca.pem', MASTER_AUTO_POSITION = 1, MASTER_PASSWORD = <password> FOR CHANNEL 'c'",
        "  back: STOP SLAVE FOR CHANNEL 'c'",
        "  back: RESET SLAVE ALL FOR CHANNEL 'c'",
        "START SLAVE FOR CHANNEL 'c'",
        "  back: STOP SLAVE FOR CHANNEL 'c'",
      ],
      "8.0.22": [
        "CHANGE MASTER TO MASTER_HOST = 'db1', MASTER_PORT = 3307, MASTER_USER = 'repl', MASTER_SSL = 1, MASTER_SSL_CA = '/ca.pem', MASTER_AUTO_POSITION = 1, MASTER_PASSWORD = <password> FOR CHANNEL 'c'",
        "  back: STOP REPLICA FOR CHANNEL 'c'",
        "  back: RESET REPLICA ALL FOR CHANNEL 'c'",
        "START REPLICA FOR CHANNEL 'c'",
        "  back: STOP REPLICA FOR CHANNEL 'c'",
      ],
      "8.0.23 to 9.7": [
        "CHANGE REPLICATION SOURCE TO SOURCE_HOST = 'db1', SOURCE_PORT = 3307, SOURCE_USER = 'repl', SOURCE_SSL = 1, SOURCE_SSL_CA = '/ca.pem', SOURCE_AUTO_POSITION = 1, SOURCE_PASSWORD = <password> FOR CHANNEL 'c'",
        "  back: STOP REPLICA FOR CHANNEL 'c'",
        "  back: RESET REPLICA ALL FOR CHANNEL 'c'",
        "START REPLICA FOR CHANNEL 'c'",
        "  back: STOP REPLICA FOR CHANNEL 'c'",
      ],
    },
  );
  golden(
    "made at a place of the binary log, and left stopped",
    (version) =>
      planSourceChannel(replica(version), { ...wish({}, { start, running: false }), options: byPlace })
        .online,
    {
      "5.7.22 to 8.0.19": [
        "CHANGE MASTER TO MASTER_HOST = 'db1', MASTER_USER = 'repl', MASTER_PASSWORD = <password>, MASTER_LOG_FILE = 'b.7', MASTER_LOG_POS = 4 FOR CHANNEL 'c'",
        "  back: STOP SLAVE FOR CHANNEL 'c'",
        "  back: RESET SLAVE ALL FOR CHANNEL 'c'",
      ],
      "8.0.22": [
        "CHANGE MASTER TO MASTER_HOST = 'db1', MASTER_USER = 'repl', MASTER_PASSWORD = <password>, MASTER_LOG_FILE = 'b.7', MASTER_LOG_POS = 4 FOR CHANNEL 'c'",
        "  back: STOP REPLICA FOR CHANNEL 'c'",
        "  back: RESET REPLICA ALL FOR CHANNEL 'c'",
      ],
      "8.0.23 to 9.7": [
        "CHANGE REPLICATION SOURCE TO SOURCE_HOST = 'db1', SOURCE_USER = 'repl', SOURCE_PASSWORD = <password>, SOURCE_LOG_FILE = 'b.7', SOURCE_LOG_POS = 4 FOR CHANNEL 'c'",
        "  back: STOP REPLICA FOR CHANNEL 'c'",
        "  back: RESET REPLICA ALL FOR CHANNEL 'c'",
      ],
    },
  );
  golden(
    "another password",
    (version) =>
      planSourceChannel(replica(version, seen(version, {}, { passwordMatches: false })), wish()).online,
    {
      "5.7.22 to 8.0.19": [
        "STOP SLAVE IO_THREAD FOR CHANNEL 'c'",
        "  back: START SLAVE IO_THREAD FOR CHANNEL 'c'",
        "CHANGE MASTER TO MASTER_PASSWORD = <password> FOR CHANNEL 'c'",
        "  back: STOP SLAVE IO_THREAD FOR CHANNEL 'c'",
        "  back: CHANGE MASTER TO MASTER_PASSWORD = <previousPassword> FOR CHANNEL 'c'",
        "START SLAVE IO_THREAD FOR CHANNEL 'c'",
        "  back: STOP SLAVE IO_THREAD FOR CHANNEL 'c'",
      ],
      "8.0.22": [
        "STOP REPLICA IO_THREAD FOR CHANNEL 'c'",
        "  back: START REPLICA IO_THREAD FOR CHANNEL 'c'",
        "CHANGE MASTER TO MASTER_PASSWORD = <password> FOR CHANNEL 'c'",
        "  back: STOP REPLICA IO_THREAD FOR CHANNEL 'c'",
        "  back: CHANGE MASTER TO MASTER_PASSWORD = <previousPassword> FOR CHANNEL 'c'",
        "START REPLICA IO_THREAD FOR CHANNEL 'c'",
        "  back: STOP REPLICA IO_THREAD FOR CHANNEL 'c'",
      ],
      "8.0.23 to 9.7": [
        "STOP REPLICA IO_THREAD FOR CHANNEL 'c'",
        "  back: START REPLICA IO_THREAD FOR CHANNEL 'c'",
        "CHANGE REPLICATION SOURCE TO SOURCE_PASSWORD = <password> FOR CHANNEL 'c'",
        "  back: STOP REPLICA IO_THREAD FOR CHANNEL 'c'",
        "  back: CHANGE REPLICATION SOURCE TO SOURCE_PASSWORD = <previousPassword> FOR CHANNEL 'c'",
        "START REPLICA IO_THREAD FOR CHANNEL 'c'",
        "  back: STOP REPLICA IO_THREAD FOR CHANNEL 'c'",
      ],
    },
  );
  golden(
    "what its receiver uses",
    change({ ssl: true, sslCa: "/ca.pem", sslVerifyServerCert: true }, { ssl: "0" }),
    {
      "5.7.22 to 8.0.19": [
        "STOP SLAVE IO_THREAD FOR CHANNEL 'c'",
        "  back: START SLAVE IO_THREAD FOR CHANNEL 'c'",
        "CHANGE MASTER TO MASTER_SSL = 1, MASTER_SSL_CA = '/ca.pem', MASTER_SSL_VERIFY_SERVER_CERT = 1 FOR CHANNEL 'c'",
        "  back: STOP SLAVE IO_THREAD FOR CHANNEL 'c'",
        "  back: CHANGE MASTER TO MASTER_SSL = 0, MASTER_SSL_CA = '', MASTER_SSL_VERIFY_SERVER_CERT = 0 FOR CHANNEL 'c'",
        "START SLAVE IO_THREAD FOR CHANNEL 'c'",
        "  back: STOP SLAVE IO_THREAD FOR CHANNEL 'c'",
      ],
      "8.0.22": [
        "STOP REPLICA IO_THREAD FOR CHANNEL 'c'",
        "  back: START REPLICA IO_THREAD FOR CHANNEL 'c'",
        "CHANGE MASTER TO MASTER_SSL = 1, MASTER_SSL_CA = '/ca.pem', MASTER_SSL_VERIFY_SERVER_CERT = 1 FOR CHANNEL 'c'",
        "  back: STOP REPLICA IO_THREAD FOR CHANNEL 'c'",
        "  back: CHANGE MASTER TO MASTER_SSL = 0, MASTER_SSL_CA = '', MASTER_SSL_VERIFY_SERVER_CERT = 0 FOR CHANNEL 'c'",
        "START REPLICA IO_THREAD FOR CHANNEL 'c'",
        "  back: STOP REPLICA IO_THREAD FOR CHANNEL 'c'",
      ],
      "8.0.23 to 9.7": [
        "STOP REPLICA IO_THREAD FOR CHANNEL 'c'",
        "  back: START REPLICA IO_THREAD FOR CHANNEL 'c'",
        "CHANGE REPLICATION SOURCE TO SOURCE_SSL = 1, SOURCE_SSL_CA = '/ca.pem', SOURCE_SSL_VERIFY_SERVER_CERT = 1 FOR CHANNEL 'c'",
        "  back: STOP REPLICA IO_THREAD FOR CHANNEL 'c'",
        "  back: CHANGE REPLICATION SOURCE TO SOURCE_SSL = 0, SOURCE_SSL_CA = '', SOURCE_SSL_VERIFY_SERVER_CERT = 0 FOR CHANNEL 'c'",
        "START REPLICA IO_THREAD FOR CHANNEL 'c'",
        "  back: STOP REPLICA IO_THREAD FOR CHANNEL 'c'",
      ],
    },
  );
  golden("what its applier uses", change({ delay: 60 }), {
    "5.7.22 to 8.0.19": [
      "STOP SLAVE SQL_THREAD FOR CHANNEL 'c'",
      "  back: START SLAVE SQL_THREAD FOR CHANNEL 'c'",
      "CHANGE MASTER TO MASTER_DELAY = 60 FOR CHANNEL 'c'",
      "  back: STOP SLAVE SQL_THREAD FOR CHANNEL 'c'",
      "  back: CHANGE MASTER TO MASTER_DELAY = 0 FOR CHANNEL 'c'",
      "START SLAVE SQL_THREAD FOR CHANNEL 'c'",
      "  back: STOP SLAVE SQL_THREAD FOR CHANNEL 'c'",
    ],
    "8.0.22": [
      "STOP REPLICA SQL_THREAD FOR CHANNEL 'c'",
      "  back: START REPLICA SQL_THREAD FOR CHANNEL 'c'",
      "CHANGE MASTER TO MASTER_DELAY = 60 FOR CHANNEL 'c'",
      "  back: STOP REPLICA SQL_THREAD FOR CHANNEL 'c'",
      "  back: CHANGE MASTER TO MASTER_DELAY = 0 FOR CHANNEL 'c'",
      "START REPLICA SQL_THREAD FOR CHANNEL 'c'",
      "  back: STOP REPLICA SQL_THREAD FOR CHANNEL 'c'",
    ],
    "8.0.23 to 9.7": [
      "STOP REPLICA SQL_THREAD FOR CHANNEL 'c'",
      "  back: START REPLICA SQL_THREAD FOR CHANNEL 'c'",
      "CHANGE REPLICATION SOURCE TO SOURCE_DELAY = 60 FOR CHANNEL 'c'",
      "  back: STOP REPLICA SQL_THREAD FOR CHANNEL 'c'",
      "  back: CHANGE REPLICATION SOURCE TO SOURCE_DELAY = 0 FOR CHANNEL 'c'",
      "START REPLICA SQL_THREAD FOR CHANNEL 'c'",
      "  back: STOP REPLICA SQL_THREAD FOR CHANNEL 'c'",
    ],
  });
  golden(
    "another source, at a place of its binary log",
    (version) => {
      const channel = seen(version, { autoPosition: "0" }, { applied: { file: "a.1", position: 99 } });
      return planSourceChannel(replica(version, channel), { ...wish({}, { start }), options: otherPlace })
        .online;
    },
    {
      "5.7.22 to 8.0.19": [
        "STOP SLAVE FOR CHANNEL 'c'",
        "  back: START SLAVE FOR CHANNEL 'c'",
        "CHANGE MASTER TO MASTER_HOST = 'db9', MASTER_HEARTBEAT_PERIOD = 30, MASTER_LOG_FILE = 'b.7', MASTER_LOG_POS = 4 FOR CHANNEL 'c'",
        "  back: STOP SLAVE FOR CHANNEL 'c'",
        "  back: CHANGE MASTER TO MASTER_HOST = 'db1', MASTER_HEARTBEAT_PERIOD = 30, MASTER_LOG_FILE = 'a.1', MASTER_LOG_POS = 99 FOR CHANNEL 'c'",
        "START SLAVE FOR CHANNEL 'c'",
        "  back: STOP SLAVE FOR CHANNEL 'c'",
      ],
      "8.0.22": [
        "STOP REPLICA FOR CHANNEL 'c'",
        "  back: START REPLICA FOR CHANNEL 'c'",
        "CHANGE MASTER TO MASTER_HOST = 'db9', MASTER_HEARTBEAT_PERIOD = 30, MASTER_LOG_FILE = 'b.7', MASTER_LOG_POS = 4 FOR CHANNEL 'c'",
        "  back: STOP REPLICA FOR CHANNEL 'c'",
        "  back: CHANGE MASTER TO MASTER_HOST = 'db1', MASTER_HEARTBEAT_PERIOD = 30, MASTER_LOG_FILE = 'a.1', MASTER_LOG_POS = 99 FOR CHANNEL 'c'",
        "START REPLICA FOR CHANNEL 'c'",
        "  back: STOP REPLICA FOR CHANNEL 'c'",
      ],
      "8.0.23 to 9.7": [
        "STOP REPLICA FOR CHANNEL 'c'",
        "  back: START REPLICA FOR CHANNEL 'c'",
        "CHANGE REPLICATION SOURCE TO SOURCE_HOST = 'db9', SOURCE_HEARTBEAT_PERIOD = 30, SOURCE_LOG_FILE = 'b.7', SOURCE_LOG_POS = 4 FOR CHANNEL 'c'",
        "  back: STOP REPLICA FOR CHANNEL 'c'",
        "  back: CHANGE REPLICATION SOURCE TO SOURCE_HOST = 'db1', SOURCE_HEARTBEAT_PERIOD = 30, SOURCE_LOG_FILE = 'a.1', SOURCE_LOG_POS = 99 FOR CHANNEL 'c'",
        "START REPLICA FOR CHANNEL 'c'",
        "  back: STOP REPLICA FOR CHANNEL 'c'",
      ],
    },
  );
  golden(
    "what is no longer declared",
    (version) => {
      const set = { retryCount: "99", ssl: atLeast(version, "8.4.0") ? "0" : "1", connectRetry: "5" };
      return planSourceChannel(replica(version, seen(version, set)), wish(), Object.keys(set)).online;
    },
    {
      "5.7.22 to 8.0.19": [
        "STOP SLAVE IO_THREAD FOR CHANNEL 'c'",
        "  back: START SLAVE IO_THREAD FOR CHANNEL 'c'",
        "CHANGE MASTER TO MASTER_CONNECT_RETRY = 60, MASTER_RETRY_COUNT = 86400, MASTER_SSL = 0 FOR CHANNEL 'c'",
        "  back: STOP SLAVE IO_THREAD FOR CHANNEL 'c'",
        "  back: CHANGE MASTER TO MASTER_CONNECT_RETRY = 5, MASTER_RETRY_COUNT = 99, MASTER_SSL = 1 FOR CHANNEL 'c'",
        "START SLAVE IO_THREAD FOR CHANNEL 'c'",
        "  back: STOP SLAVE IO_THREAD FOR CHANNEL 'c'",
      ],
      "8.0.22": [
        "STOP REPLICA IO_THREAD FOR CHANNEL 'c'",
        "  back: START REPLICA IO_THREAD FOR CHANNEL 'c'",
        "CHANGE MASTER TO MASTER_CONNECT_RETRY = 60, MASTER_RETRY_COUNT = 86400, MASTER_SSL = 0 FOR CHANNEL 'c'",
        "  back: STOP REPLICA IO_THREAD FOR CHANNEL 'c'",
        "  back: CHANGE MASTER TO MASTER_CONNECT_RETRY = 5, MASTER_RETRY_COUNT = 99, MASTER_SSL = 1 FOR CHANNEL 'c'",
        "START REPLICA IO_THREAD FOR CHANNEL 'c'",
        "  back: STOP REPLICA IO_THREAD FOR CHANNEL 'c'",
      ],
      "8.0.23 to 8.0.36": [
        "STOP REPLICA IO_THREAD FOR CHANNEL 'c'",
        "  back: START REPLICA IO_THREAD FOR CHANNEL 'c'",
        "CHANGE REPLICATION SOURCE TO SOURCE_CONNECT_RETRY = 60, SOURCE_RETRY_COUNT = 86400, SOURCE_SSL = 0 FOR CHANNEL 'c'",
        "  back: STOP REPLICA IO_THREAD FOR CHANNEL 'c'",
        "  back: CHANGE REPLICATION SOURCE TO SOURCE_CONNECT_RETRY = 5, SOURCE_RETRY_COUNT = 99, SOURCE_SSL = 1 FOR CHANNEL 'c'",
        "START REPLICA IO_THREAD FOR CHANNEL 'c'",
        "  back: STOP REPLICA IO_THREAD FOR CHANNEL 'c'",
      ],
      "8.4 to 9.7": [
        "STOP REPLICA IO_THREAD FOR CHANNEL 'c'",
        "  back: START REPLICA IO_THREAD FOR CHANNEL 'c'",
        "CHANGE REPLICATION SOURCE TO SOURCE_CONNECT_RETRY = 60, SOURCE_RETRY_COUNT = 10, SOURCE_SSL = 1 FOR CHANNEL 'c'",
        "  back: STOP REPLICA IO_THREAD FOR CHANNEL 'c'",
        "  back: CHANGE REPLICATION SOURCE TO SOURCE_CONNECT_RETRY = 5, SOURCE_RETRY_COUNT = 99, SOURCE_SSL = 0 FOR CHANNEL 'c'",
        "START REPLICA IO_THREAD FOR CHANNEL 'c'",
        "  back: STOP REPLICA IO_THREAD FOR CHANNEL 'c'",
      ],
    },
  );
  golden(
    "stopped by hand",
    (version) =>
      planSourceChannel(replica(version, seen(version, {}, { receiver: false, applier: false })), wish())
        .online,
    {
      "5.7.22 to 8.0.19": ["START SLAVE FOR CHANNEL 'c'", "  back: STOP SLAVE FOR CHANNEL 'c'"],
      "8.0.22 to 9.7": ["START REPLICA FOR CHANNEL 'c'", "  back: STOP REPLICA FOR CHANNEL 'c'"],
    },
  );
  golden(
    "its receiver stopped by hand",
    (version) => planSourceChannel(replica(version, seen(version, {}, { receiver: false })), wish()).online,
    {
      "5.7.22 to 8.0.19": [
        "START SLAVE IO_THREAD FOR CHANNEL 'c'",
        "  back: STOP SLAVE IO_THREAD FOR CHANNEL 'c'",
      ],
      "8.0.22 to 9.7": [
        "START REPLICA IO_THREAD FOR CHANNEL 'c'",
        "  back: STOP REPLICA IO_THREAD FOR CHANNEL 'c'",
      ],
    },
  );
  golden("delete", (version) => dropChannelSteps(replica(version, seen(version)), "c"), {
    "5.7.22 to 8.0.19": ["STOP SLAVE FOR CHANNEL 'c'", "RESET SLAVE ALL FOR CHANNEL 'c'"],
    "8.0.22 to 9.7": ["STOP REPLICA FOR CHANNEL 'c'", "RESET REPLICA ALL FOR CHANNEL 'c'"],
  });
});
