import type { Session } from "./session";
import { quote } from "./sql";

/** What a server's own connections to others use for TLS, and where its group communication listens. */
export interface TlsUsers {
  readonly port: number;
  /** The address, where Group Replication runs with an address of its own (XCom). */
  readonly groupAddress?: string;
  readonly groupEncrypts: boolean;
  readonly files: readonly FileOfConnection[];
}

export interface FileOfConnection {
  /** "channel 'x'", or the variable that names it. */
  readonly user: string;
  readonly kind: "trusted" | "shown";
  readonly path: string;
}

const ofVariables: Readonly<Record<string, "trusted" | "shown">> = {
  group_replication_recovery_ssl_ca: "trusted",
  group_replication_recovery_ssl_capath: "trusted",
  group_replication_recovery_ssl_cert: "shown",
};

const ofChannels: Readonly<Record<string, "trusted" | "shown">> = {
  SSL_CA_FILE: "trusted",
  SSL_CA_PATH: "trusted",
  SSL_CERTIFICATE: "shown",
};

const others = ["port", "group_replication_local_address", "group_replication_ssl_mode"];

/** Group Replication's own channels show what they used last; what they will use stands in the variables. */
const foreign = "CHANNEL_NAME NOT LIKE 'group\\_replication\\_%'";

/** A START has a thread of its own. */
const start =
  "SELECT 'start', '', CAST(MAX(THREAD_ID) AS CHAR) FROM performance_schema.threads" +
  " WHERE NAME = 'thread/group_rpl/THD_certifier_broadcast'";

const question = [
  "SELECT 'variable' origin, LOWER(VARIABLE_NAME) name, VARIABLE_VALUE value FROM performance_schema.global_variables" +
    ` WHERE VARIABLE_NAME IN (${quoted([...others, ...Object.keys(ofVariables)])})`,
  "SELECT 'state', '', MEMBER_STATE FROM performance_schema.replication_group_members WHERE MEMBER_ID = @@server_uuid",
  start,
  ...Object.keys(ofChannels).map(
    (column) =>
      `SELECT '${column}', CHANNEL_NAME, ${column} FROM performance_schema.replication_connection_configuration WHERE ${foreign}`,
  ),
].join(" UNION ALL ");

function quoted(names: readonly string[]): string {
  return names.map(quote).join(", ");
}

/** One statement, from 5.7 on, with and without the plugin. */
export async function tlsUsers(session: Session): Promise<TlsUsers> {
  const rows = await session.read<Row>(question, 10);
  const variable = (name: string): string =>
    rows.find((row) => row.origin === "variable" && row.name === name)?.value ?? "";
  const state = rows.find(({ origin }) => origin === "state")?.value ?? "OFFLINE";
  const port = Number(variable("port"));
  const address = variable("group_replication_local_address");
  // A member in ERROR has left its group.
  const runs = !["OFFLINE", "ERROR", ""].includes(state);
  // On the MYSQL stack it is mysqld's own.
  const isOwn = !address.endsWith(`:${port}`);
  return {
    port,
    ...(runs && isOwn ? { groupAddress: address } : {}),
    groupEncrypts: variable("group_replication_ssl_mode") !== "DISABLED",
    files: [...filesIn(rows), ...(runs && !isOwn ? takenAtStart(rows) : [])],
  };
}

interface Row {
  readonly origin: string;
  readonly name: string;
  readonly value: string | null;
}

function filesIn(rows: readonly Row[]): FileOfConnection[] {
  return rows.flatMap(({ origin, name, value }) => {
    const isVariable = origin === "variable";
    const kind = isVariable ? ofVariables[name] : ofChannels[origin];
    if (kind === undefined || value === null || value === "") return [];
    return [{ user: isVariable ? name : `channel '${name}'`, kind, path: value }];
  });
}

/** On the MYSQL stack members show and trust towards each other what the variables named at the last START. */
function takenAtStart(rows: readonly Row[]): FileOfConnection[] {
  const thread = rows.find(({ origin }) => origin === "start")?.value;
  const path = `what it took at its START (thread ${thread})`;
  return (["trusted", "shown"] as const).map((kind) => ({ user: "group communication", kind, path }));
}
