import { tells } from "./facts-query";
import type { Session } from "./session";

/**
 * Every file that a server names for TLS: in its variables, in what it will read at its next start, in what it has loaded last (from
 * 8.0.16), in its channels. Whether the content of a file is in memory no server tells.
 */
export async function namedFiles(session: Session): Promise<string[]> {
  const persists = tells(await session.askVersion(), "variablesInfo");
  const questions = [
    "SELECT VARIABLE_VALUE value FROM performance_schema.global_variables WHERE VARIABLE_NAME LIKE '%ssl%'",
    "SELECT VARIABLE_VALUE value FROM performance_schema.global_status WHERE VARIABLE_NAME LIKE 'Current\\_tls\\_%'",
    ...(persists
      ? [
          "SELECT VARIABLE_VALUE value FROM performance_schema.persisted_variables WHERE VARIABLE_NAME LIKE '%ssl%'",
        ]
      : []),
    ...channelColumns.map(
      (column) => `SELECT ${column} value FROM performance_schema.replication_connection_configuration`,
    ),
  ];
  const rows = await session.read<{ value: string | null }>(questions.join(" UNION "));
  return rows.map(({ value }) => value ?? "").filter((value) => /[/\\.]/.test(value));
}

const channelColumns = [
  "SSL_CA_FILE",
  "SSL_CA_PATH",
  "SSL_CERTIFICATE",
  "SSL_KEY",
  "SSL_CRL_FILE",
  "SSL_CRL_PATH",
];
