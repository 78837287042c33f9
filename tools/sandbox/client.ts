import {
  createConnection,
  type Connection,
  type ConnectionOptions,
  type QueryResult,
  type RowDataPacket,
} from "mysql2/promise";
import type { Member } from "./types";

/** Logs in as the administrator over TCP. */
export async function connect(
  member: Pick<Member, "host" | "port" | "user" | "password">,
  options: ConnectionOptions = {},
): Promise<Connection> {
  const { host, port, user, password } = member;
  const login = { host, port, user, password, connectTimeout: 10_000, supportBigNumbers: true, ...options };
  const connection = await createConnection(login).catch((error: NodeJS.ErrnoException) => {
    // With require_secure_transport; otherwise without TLS, so that a test may break the server's certificates.
    if (error.code !== "ER_SECURE_TRANSPORT_REQUIRED") throw error;
    return createConnection({ ...login, ssl: { rejectUnauthorized: false } });
  });
  // A connection that is lost while idle says so at its next use; without a listener it would end this process.
  connection.on("error", () => undefined);
  return connection;
}

/** Runs one statement on a connection of its own. */
export async function query<T extends QueryResult = RowDataPacket[]>(
  member: Pick<Member, "host" | "port" | "user" | "password">,
  sql: string,
  values?: unknown[],
): Promise<T> {
  const connection = await connect(member);
  try {
    const [result] = await connection.query<T>(sql, values);
    return result;
  } finally {
    await connection.end().catch(() => undefined);
    // Where the server's host is taken down meanwhile, the socket would keep this process alive until TCP gives up.
    connection.destroy();
  }
}
