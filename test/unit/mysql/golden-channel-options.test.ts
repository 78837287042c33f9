import { type Sql, print } from "../../../provider/mysql/sql";
import { golden } from "./golden";
import { type Plan, change } from "./golden-channel";

const isChange = (statement: Sql): boolean => print(statement).startsWith("CHANGE");

/** The statement in the middle alone: which threads stop and start around it is told once for each kind. */
function middle(options: Parameters<typeof change>[0]): Plan {
  return (version) =>
    change(options)(version)
      .filter((s) => isChange(s.sql))
      .map((s) => ({ ...s, undo: s.undo.filter(isChange) }));
}

describe("an option of an asynchronous channel", () => {
  golden(
    "connectRetry, retryCount, heartbeatPeriod",
    middle({ connectRetry: 5, retryCount: 7, heartbeatPeriod: 2.5 }),
    {
      "5.7.22 to 8.0.22": [
        "CHANGE MASTER TO MASTER_CONNECT_RETRY = 5, MASTER_RETRY_COUNT = 7, MASTER_HEARTBEAT_PERIOD = 2.5 FOR CHANNEL 'c'",
        "  back: CHANGE MASTER TO MASTER_CONNECT_RETRY = 60, MASTER_RETRY_COUNT = 86400, MASTER_HEARTBEAT_PERIOD = 30 FOR CHANNEL 'c'",
      ],
      "8.0.23 to 8.0.36": [
        "CHANGE REPLICATION SOURCE TO SOURCE_CONNECT_RETRY = 5, SOURCE_RETRY_COUNT = 7, SOURCE_HEARTBEAT_PERIOD = 2.5 FOR CHANNEL 'c'",
        "  back: CHANGE REPLICATION SOURCE TO SOURCE_CONNECT_RETRY = 60, SOURCE_RETRY_COUNT = 86400, SOURCE_HEARTBEAT_PERIOD = 30 FOR CHANNEL 'c'",
      ],
      "8.4 to 9.7": [
        "CHANGE REPLICATION SOURCE TO SOURCE_CONNECT_RETRY = 5, SOURCE_RETRY_COUNT = 7, SOURCE_HEARTBEAT_PERIOD = 2.5 FOR CHANNEL 'c'",
        "  back: CHANGE REPLICATION SOURCE TO SOURCE_CONNECT_RETRY = 60, SOURCE_RETRY_COUNT = 10, SOURCE_HEARTBEAT_PERIOD = 30 FOR CHANNEL 'c'",
      ],
    },
  );
  golden(
    "bind, user and every file of TLS",
    middle({
      bind: "10.0.0.2",
      user: "other",
      sslCapath: "/cas",
      sslCert: "/cert.pem",
      sslKey: "/key.pem",
      sslCrl: "/crl.pem",
      sslCrlpath: "/crls",
      sslCipher: ["ECDHE-RSA-AES128-GCM-SHA256"],
    }),
    {
      "5.7.22 to 8.0.22": [
        "CHANGE MASTER TO MASTER_USER = 'other', MASTER_BIND = '10.0.0.2', MASTER_SSL_CAPATH = '/cas', MASTER_SSL_CERT = '/cert.pem', MASTER_SSL_KEY = '/key.pem', MASTER_SSL_CRL = '/crl.pem', MASTER_SSL_CRLPATH = '/crls', MASTER_SSL_CIPHER = 'ECDHE-RSA-AES128-GCM-SHA256' FOR CHANNEL 'c'",
        "  back: CHANGE MASTER TO MASTER_USER = 'repl', MASTER_BIND = '', MASTER_SSL_CAPATH = '', MASTER_SSL_CERT = '', MASTER_SSL_KEY = '', MASTER_SSL_CRL = '', MASTER_SSL_CRLPATH = '', MASTER_SSL_CIPHER = '' FOR CHANNEL 'c'",
      ],
      "8.0.23 to 9.7": [
        "CHANGE REPLICATION SOURCE TO SOURCE_USER = 'other', SOURCE_BIND = '10.0.0.2', SOURCE_SSL_CAPATH = '/cas', SOURCE_SSL_CERT = '/cert.pem', SOURCE_SSL_KEY = '/key.pem', SOURCE_SSL_CRL = '/crl.pem', SOURCE_SSL_CRLPATH = '/crls', SOURCE_SSL_CIPHER = 'ECDHE-RSA-AES128-GCM-SHA256' FOR CHANNEL 'c'",
        "  back: CHANGE REPLICATION SOURCE TO SOURCE_USER = 'repl', SOURCE_BIND = '', SOURCE_SSL_CAPATH = '', SOURCE_SSL_CERT = '', SOURCE_SSL_KEY = '', SOURCE_SSL_CRL = '', SOURCE_SSL_CRLPATH = '', SOURCE_SSL_CIPHER = '' FOR CHANNEL 'c'",
      ],
    },
  );
  golden("tlsVersion", middle({ tlsVersion: ["TLSv1.2"] }), {
    "5.7.22 to 8.0.22": [
      "CHANGE MASTER TO MASTER_TLS_VERSION = 'TLSv1.2' FOR CHANNEL 'c'",
      "  back: CHANGE MASTER TO MASTER_TLS_VERSION = '' FOR CHANNEL 'c'",
    ],
    "8.0.23 to 9.7": [
      "CHANGE REPLICATION SOURCE TO SOURCE_TLS_VERSION = 'TLSv1.2' FOR CHANNEL 'c'",
      "  back: CHANGE REPLICATION SOURCE TO SOURCE_TLS_VERSION = '' FOR CHANNEL 'c'",
    ],
  });
  golden("tlsVersion with TLSv1.3", middle({ tlsVersion: ["TLSv1.2", "TLSv1.3"] }), {
    "5.7.22 to 8.0.15": [
      "refused: tlsVersion: db2:3306 runs <version>, which does not take TLSv1.3 (it came with 8.0.16); it takes TLSv1, TLSv1.1, TLSv1.2",
    ],
    "8.0.19 to 8.0.22": [
      "CHANGE MASTER TO MASTER_TLS_VERSION = 'TLSv1.2,TLSv1.3' FOR CHANNEL 'c'",
      "  back: CHANGE MASTER TO MASTER_TLS_VERSION = '' FOR CHANNEL 'c'",
    ],
    "8.0.23 to 9.7": [
      "CHANGE REPLICATION SOURCE TO SOURCE_TLS_VERSION = 'TLSv1.2,TLSv1.3' FOR CHANNEL 'c'",
      "  back: CHANGE REPLICATION SOURCE TO SOURCE_TLS_VERSION = '' FOR CHANNEL 'c'",
    ],
  });
  golden("tlsVersion with TLSv1.1", middle({ tlsVersion: ["TLSv1.1", "TLSv1.2"] }), {
    "5.7.22 to 8.0.22": [
      "CHANGE MASTER TO MASTER_TLS_VERSION = 'TLSv1.1,TLSv1.2' FOR CHANNEL 'c'",
      "  back: CHANGE MASTER TO MASTER_TLS_VERSION = '' FOR CHANNEL 'c'",
    ],
    "8.0.23 to 8.0.27": [
      "CHANGE REPLICATION SOURCE TO SOURCE_TLS_VERSION = 'TLSv1.1,TLSv1.2' FOR CHANNEL 'c'",
      "  back: CHANGE REPLICATION SOURCE TO SOURCE_TLS_VERSION = '' FOR CHANNEL 'c'",
    ],
    "8.0.36 to 9.7": [
      "refused: tlsVersion: db2:3306 runs <version>, which does not take TLSv1.1 (gone from 8.0.28); it takes TLSv1.2, TLSv1.3",
    ],
  });
  golden("publicKeyPath", middle({ publicKeyPath: "/public.pem" }), {
    "5.7.22": [
      "refused: publicKeyPath: db2:3306 runs <version>, whose channels do not have MASTER_PUBLIC_KEY_PATH; it came with 8.0.4",
    ],
    "8.0.11 to 8.0.22": [
      "CHANGE MASTER TO MASTER_PUBLIC_KEY_PATH = '/public.pem' FOR CHANNEL 'c'",
      "  back: CHANGE MASTER TO MASTER_PUBLIC_KEY_PATH = '' FOR CHANNEL 'c'",
    ],
    "8.0.23 to 9.7": [
      "CHANGE REPLICATION SOURCE TO SOURCE_PUBLIC_KEY_PATH = '/public.pem' FOR CHANNEL 'c'",
      "  back: CHANGE REPLICATION SOURCE TO SOURCE_PUBLIC_KEY_PATH = '' FOR CHANNEL 'c'",
    ],
  });
  golden("getPublicKey", middle({ getPublicKey: true }), {
    "5.7.22": [
      "refused: getPublicKey: db2:3306 runs <version>, whose channels do not have GET_MASTER_PUBLIC_KEY; it came with 8.0.4",
    ],
    "8.0.11 to 8.0.22": [
      "CHANGE MASTER TO GET_MASTER_PUBLIC_KEY = 1 FOR CHANNEL 'c'",
      "  back: CHANGE MASTER TO GET_MASTER_PUBLIC_KEY = 0 FOR CHANNEL 'c'",
    ],
    "8.0.23 to 9.7": [
      "CHANGE REPLICATION SOURCE TO GET_SOURCE_PUBLIC_KEY = 1 FOR CHANNEL 'c'",
      "  back: CHANGE REPLICATION SOURCE TO GET_SOURCE_PUBLIC_KEY = 0 FOR CHANNEL 'c'",
    ],
  });
  golden("compressionAlgorithms", middle({ compressionAlgorithms: ["zstd", "zlib"] }), {
    "5.7.22 to 8.0.15": [
      "refused: compressionAlgorithms: db2:3306 runs <version>, whose channels do not have MASTER_COMPRESSION_ALGORITHMS; it came with 8.0.18",
    ],
    "8.0.19 to 8.0.22": [
      "CHANGE MASTER TO MASTER_COMPRESSION_ALGORITHMS = 'zstd,zlib' FOR CHANNEL 'c'",
      "  back: CHANGE MASTER TO MASTER_COMPRESSION_ALGORITHMS = 'uncompressed' FOR CHANNEL 'c'",
    ],
    "8.0.23 to 9.7": [
      "CHANGE REPLICATION SOURCE TO SOURCE_COMPRESSION_ALGORITHMS = 'zstd,zlib' FOR CHANNEL 'c'",
      "  back: CHANGE REPLICATION SOURCE TO SOURCE_COMPRESSION_ALGORITHMS = 'uncompressed' FOR CHANNEL 'c'",
    ],
  });
  golden("zstdCompressionLevel", middle({ zstdCompressionLevel: 9 }), {
    "5.7.22 to 8.0.15": [
      "refused: zstdCompressionLevel: db2:3306 runs <version>, whose channels do not have MASTER_ZSTD_COMPRESSION_LEVEL; it came with 8.0.18",
    ],
    "8.0.19 to 8.0.22": [
      "CHANGE MASTER TO MASTER_ZSTD_COMPRESSION_LEVEL = 9 FOR CHANNEL 'c'",
      "  back: CHANGE MASTER TO MASTER_ZSTD_COMPRESSION_LEVEL = 3 FOR CHANNEL 'c'",
    ],
    "8.0.23 to 9.7": [
      "CHANGE REPLICATION SOURCE TO SOURCE_ZSTD_COMPRESSION_LEVEL = 9 FOR CHANNEL 'c'",
      "  back: CHANGE REPLICATION SOURCE TO SOURCE_ZSTD_COMPRESSION_LEVEL = 3 FOR CHANNEL 'c'",
    ],
  });
  golden("privilegeChecksUser", middle({ privilegeChecksUser: "a@%" }), {
    "5.7.22 to 8.0.15": [
      "refused: privilegeChecksUser: db2:3306 runs <version>, whose channels do not have PRIVILEGE_CHECKS_USER; it came with 8.0.18",
    ],
    "8.0.19 to 8.0.22": [
      "CHANGE MASTER TO PRIVILEGE_CHECKS_USER = 'a'@'%' FOR CHANNEL 'c'",
      "  back: CHANGE MASTER TO PRIVILEGE_CHECKS_USER = NULL FOR CHANNEL 'c'",
    ],
    "8.0.23 to 9.7": [
      "CHANGE REPLICATION SOURCE TO PRIVILEGE_CHECKS_USER = 'a'@'%' FOR CHANNEL 'c'",
      "  back: CHANGE REPLICATION SOURCE TO PRIVILEGE_CHECKS_USER = NULL FOR CHANNEL 'c'",
    ],
  });
  golden("tlsCiphersuites", middle({ tlsCiphersuites: ["TLS_AES_256_GCM_SHA384"] }), {
    "5.7.22 to 8.0.15": [
      "refused: tlsCiphersuites: db2:3306 runs <version>, whose channels do not have MASTER_TLS_CIPHERSUITES; it came with 8.0.19",
    ],
    "8.0.19 to 8.0.22": [
      "CHANGE MASTER TO MASTER_TLS_CIPHERSUITES = 'TLS_AES_256_GCM_SHA384' FOR CHANNEL 'c'",
      "  back: CHANGE MASTER TO MASTER_TLS_CIPHERSUITES = NULL FOR CHANNEL 'c'",
    ],
    "8.0.23 to 9.7": [
      "CHANGE REPLICATION SOURCE TO SOURCE_TLS_CIPHERSUITES = 'TLS_AES_256_GCM_SHA384' FOR CHANNEL 'c'",
      "  back: CHANGE REPLICATION SOURCE TO SOURCE_TLS_CIPHERSUITES = NULL FOR CHANNEL 'c'",
    ],
  });
  golden("requireRowFormat", middle({ requireRowFormat: true }), {
    "5.7.22 to 8.0.15": [
      "refused: requireRowFormat: db2:3306 runs <version>, whose channels do not have REQUIRE_ROW_FORMAT; it came with 8.0.19",
    ],
    "8.0.19 to 8.0.22": [
      "CHANGE MASTER TO REQUIRE_ROW_FORMAT = 1 FOR CHANNEL 'c'",
      "  back: CHANGE MASTER TO REQUIRE_ROW_FORMAT = 0 FOR CHANNEL 'c'",
    ],
    "8.0.23 to 9.7": [
      "CHANGE REPLICATION SOURCE TO REQUIRE_ROW_FORMAT = 1 FOR CHANNEL 'c'",
      "  back: CHANGE REPLICATION SOURCE TO REQUIRE_ROW_FORMAT = 0 FOR CHANNEL 'c'",
    ],
  });
  golden("requireTablePrimaryKeyCheck", middle({ requireTablePrimaryKeyCheck: "ON" }), {
    "5.7.22 to 8.0.19": [
      "refused: requireTablePrimaryKeyCheck: db2:3306 runs <version>, whose channels do not have REQUIRE_TABLE_PRIMARY_KEY_CHECK; it came with 8.0.20",
    ],
    "8.0.22": [
      "CHANGE MASTER TO REQUIRE_TABLE_PRIMARY_KEY_CHECK = ON FOR CHANNEL 'c'",
      "  back: CHANGE MASTER TO REQUIRE_TABLE_PRIMARY_KEY_CHECK = STREAM FOR CHANNEL 'c'",
    ],
    "8.0.23 to 9.7": [
      "CHANGE REPLICATION SOURCE TO REQUIRE_TABLE_PRIMARY_KEY_CHECK = ON FOR CHANNEL 'c'",
      "  back: CHANGE REPLICATION SOURCE TO REQUIRE_TABLE_PRIMARY_KEY_CHECK = STREAM FOR CHANNEL 'c'",
    ],
  });
  golden("requireTablePrimaryKeyCheck GENERATE", middle({ requireTablePrimaryKeyCheck: "GENERATE" }), {
    "5.7.22 to 8.0.19": [
      "refused: requireTablePrimaryKeyCheck: db2:3306 runs <version>, whose channels do not have REQUIRE_TABLE_PRIMARY_KEY_CHECK; it came with 8.0.20",
    ],
    "8.0.22 to 8.0.27": [
      "refused: requireTablePrimaryKeyCheck: db2:3306 runs <version>, whose channels do not take GENERATE; it came with 8.0.32",
    ],
    "8.0.36 to 9.7": [
      "CHANGE REPLICATION SOURCE TO REQUIRE_TABLE_PRIMARY_KEY_CHECK = GENERATE FOR CHANNEL 'c'",
      "  back: CHANGE REPLICATION SOURCE TO REQUIRE_TABLE_PRIMARY_KEY_CHECK = STREAM FOR CHANNEL 'c'",
    ],
  });
  golden("networkNamespace", middle({ networkNamespace: "ns1" }), {
    "5.7.22 to 8.0.19": [
      "refused: networkNamespace: db2:3306 runs <version>, whose channels do not have NETWORK_NAMESPACE; it came with 8.0.22",
    ],
    "8.0.22": [
      "CHANGE MASTER TO NETWORK_NAMESPACE = 'ns1' FOR CHANNEL 'c'",
      "  back: CHANGE MASTER TO NETWORK_NAMESPACE = '' FOR CHANNEL 'c'",
    ],
    "8.0.23 to 9.7": [
      "CHANGE REPLICATION SOURCE TO NETWORK_NAMESPACE = 'ns1' FOR CHANNEL 'c'",
      "  back: CHANGE REPLICATION SOURCE TO NETWORK_NAMESPACE = '' FOR CHANNEL 'c'",
    ],
  });
  golden("connectionAutoFailover", middle({ connectionAutoFailover: true }), {
    "5.7.22 to 8.0.19": [
      "refused: connectionAutoFailover: db2:3306 runs <version>, whose channels do not have SOURCE_CONNECTION_AUTO_FAILOVER; it came with 8.0.22",
    ],
    "8.0.22": [
      "CHANGE MASTER TO SOURCE_CONNECTION_AUTO_FAILOVER = 1 FOR CHANNEL 'c'",
      "  back: CHANGE MASTER TO SOURCE_CONNECTION_AUTO_FAILOVER = 0 FOR CHANNEL 'c'",
    ],
    "8.0.23 to 9.7": [
      "CHANGE REPLICATION SOURCE TO SOURCE_CONNECTION_AUTO_FAILOVER = 1 FOR CHANNEL 'c'",
      "  back: CHANGE REPLICATION SOURCE TO SOURCE_CONNECTION_AUTO_FAILOVER = 0 FOR CHANNEL 'c'",
    ],
  });
  golden("assignGtidsToAnonymousTransactions", middle({ assignGtidsToAnonymousTransactions: "LOCAL" }), {
    "5.7.22 to 8.0.22": [
      "refused: assignGtidsToAnonymousTransactions: db2:3306 runs <version>, whose channels do not have ASSIGN_GTIDS_TO_ANONYMOUS_TRANSACTIONS; it came with 8.0.23",
    ],
    "8.0.23 to 9.7": [
      "CHANGE REPLICATION SOURCE TO ASSIGN_GTIDS_TO_ANONYMOUS_TRANSACTIONS = LOCAL FOR CHANNEL 'c'",
      "  back: CHANGE REPLICATION SOURCE TO ASSIGN_GTIDS_TO_ANONYMOUS_TRANSACTIONS = OFF FOR CHANNEL 'c'",
    ],
  });
  golden("gtidOnly", middle({ gtidOnly: true }), {
    "5.7.22 to 8.0.23": [
      "refused: gtidOnly: db2:3306 runs <version>, whose channels do not have GTID_ONLY; it came with 8.0.27",
    ],
    "8.0.27 to 9.7": [
      "CHANGE REPLICATION SOURCE TO GTID_ONLY = 1 FOR CHANNEL 'c'",
      "  back: CHANGE REPLICATION SOURCE TO GTID_ONLY = 0 FOR CHANNEL 'c'",
    ],
  });
  golden("autoPosition", middle({ autoPosition: false }), {
    "5.7.22 to 8.0.22": [
      "CHANGE MASTER TO MASTER_AUTO_POSITION = 0 FOR CHANNEL 'c'",
      "  back: CHANGE MASTER TO MASTER_AUTO_POSITION = 1 FOR CHANNEL 'c'",
    ],
    "8.0.23 to 9.7": [
      "CHANGE REPLICATION SOURCE TO SOURCE_AUTO_POSITION = 0 FOR CHANNEL 'c'",
      "  back: CHANGE REPLICATION SOURCE TO SOURCE_AUTO_POSITION = 1 FOR CHANNEL 'c'",
    ],
  });
});
