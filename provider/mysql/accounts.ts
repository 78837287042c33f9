import { PrivilegeError } from "../errors";
import type { AccountFact, AccountRequirement } from "./facts";
import { listOf, tells } from "./facts-query";
import { currentAccount } from "./observe";
import { ServerError, type Session } from "./session";
import { textLiteral } from "./sql";

interface UserRow {
  plugin: string;
  hash: string;
  type: string;
  issuer: string;
  subject: string;
  cipher: string;
  lifetime: number | null;
  locked: string;
  attributes: string | null;
  grants: string | null;
}

const types: Record<string, AccountRequirement["type"]> = {
  "": "NONE",
  ANY: "SSL",
  X509: "X509",
  SPECIFIED: "SPECIFIED",
};

export async function readAccount(
  session: Session,
  user: string,
  host: string,
): Promise<AccountFact | undefined> {
  const grantee = textLiteral(`'${user}'@'${host}'`);
  const version = await session.version();
  const rows = await session
    .read<UserRow>(
      `SELECT plugin, HEX(authentication_string) AS hash, ssl_type AS type, CONVERT(x509_issuer USING utf8mb4) AS issuer,
         CONVERT(x509_subject USING utf8mb4) AS subject, CONVERT(ssl_cipher USING utf8mb4) AS cipher,
         password_lifetime AS lifetime, account_locked AS locked,
         ${tells(version, "userAttributes") ? "User_attributes" : "NULL"} AS attributes,
         (SELECT ${listOf(version, "JSON_ARRAY(g)")} FROM (
            SELECT CONCAT(PRIVILEGE_TYPE, ' ON *.*') AS g FROM information_schema.USER_PRIVILEGES
              WHERE GRANTEE = ${grantee} AND PRIVILEGE_TYPE <> 'USAGE'
            UNION ALL SELECT CONCAT(PRIVILEGE_TYPE, ' ON ', TABLE_SCHEMA, '.*')
              FROM information_schema.SCHEMA_PRIVILEGES WHERE GRANTEE = ${grantee}
            UNION ALL SELECT CONCAT(PRIVILEGE_TYPE, ' ON ', TABLE_SCHEMA, '.', TABLE_NAME)
              FROM information_schema.TABLE_PRIVILEGES WHERE GRANTEE = ${grantee}) all_grants) AS grants
       FROM mysql.user WHERE User = ${textLiteral(user)} AND Host = ${textLiteral(host)}`,
    )
    .catch(async (error: unknown) => {
      if (error instanceof ServerError && error.errno === 1142)
        throw new PrivilegeError(session.address, ["SELECT ON mysql.*"], await currentAccount(session));
      throw error;
    });
  return rows[0] && accountFact(rows[0]);
}

/** Hosts of all accounts of that name. */
export async function hostsOf(session: Session, user: string): Promise<string[]> {
  const rows = await session.read<{ host: string }>(
    `SELECT Host AS host FROM mysql.user WHERE User = ${textLiteral(user)}`,
  );
  return rows.map((row) => row.host);
}

function accountFact(row: UserRow): AccountFact {
  const attributes = parsed(row.attributes) as { additional_password?: string } | null;
  return {
    plugin: row.plugin,
    hash: Buffer.from(row.hash ?? "", "hex"),
    require: {
      type: types[row.type] ?? "NONE",
      issuer: row.issuer ?? "",
      subject: row.subject ?? "",
      cipher: row.cipher ?? "",
    },
    passwordLifetime: row.lifetime === null ? null : Number(row.lifetime),
    locked: row.locked === "Y",
    oldPassword: attributes?.additional_password !== undefined,
    grants: ((parsed(row.grants) as string[][] | null) ?? []).flat(),
  };
}

function parsed(value: unknown): unknown {
  return typeof value === "string" ? JSON.parse(value) : value;
}
