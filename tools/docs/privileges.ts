import { join } from "node:path";
import ts from "typescript";
import { privilegesFor } from "../../provider/mysql/privileges";
import { defaultGrants } from "../../provider/plan/replication-user";
import { parse } from "./contract";
import { testedVersion } from "./costs";
import { cell, code, table } from "./table";

interface Use {
  statements: readonly string[];
  what: string;
  /** What the server asks beyond what is looked for beforehand. */
  also?: readonly string[];
  /** Not for everybody: left out of the statement that grants all. */
  optional?: boolean;
}

const grants = defaultGrants({ address: "", version: testedVersion, inGroup: false, stack: "MYSQL" });

const uses: readonly Use[] = [
  { statements: [], what: "looking at a server", also: ["SELECT ON performance_schema.*"] },
  {
    statements: [],
    what: "reading the channel's credentials, accounts and their grants",
    also: ["SELECT ON mysql.*"],
  },
  {
    statements: ["START GROUP_REPLICATION", "STOP GROUP_REPLICATION"],
    what: "joining, restarting, leaving; the switch-over",
  },
  { statements: ["SET PERSIST", "SET GLOBAL"], what: "every declared variable" },
  {
    statements: ["RESET PERSIST", "SET PERSIST_ONLY"],
    what: "a property that is no longer declared; a value that is live and not persisted; undo",
  },
  { statements: ["ALTER INSTANCE RELOAD TLS"], what: "TLS files, protocols and ciphers" },
  {
    statements: ["CHANGE REPLICATION SOURCE TO", "START REPLICA", "STOP REPLICA"],
    what: "the recovery channel; logins that are tried beforehand",
  },
  {
    statements: ["RESET REPLICA ALL"],
    what: "removing the channels of those tries; delete of a `RecoveryChannel`",
  },
  { statements: [], what: "open transactions before a switch-over", also: ["PROCESS"] },
  {
    statements: ["CREATE USER", "ALTER USER", "DROP USER"],
    what: "`ReplicationUser`",
  },
  {
    statements: ["GRANT", "REVOKE"],
    what: "`ReplicationUser`: what it grants, by default these",
    also: privilegesFor(grants.map((grant) => `GRANT ${grant} ON *.* TO x`)),
  },
  { statements: ["SET SESSION SQL_LOG_BIN"], what: "`ReplicationUser` outside of a group" },
  {
    statements: ["INSTALL PLUGIN", "UNINSTALL PLUGIN"],
    what: "`installPlugin: true`, and its undo",
    optional: true,
  },
];

const withGrantOption = / WITH GRANT OPTION$/;

function privilegesOf(use: Use): string[] {
  return [...new Set([...privilegesFor(use.statements), ...(use.also ?? [])])];
}

/** The privileges of the administrator's account, and the statements that give them. */
export function privilegesSection(root: string): string {
  const missed = patternsOf(root).filter(
    (pattern) =>
      !uses.some((use) => use.statements.some((statement) => pattern.test(`${statement} `.trim()))),
  );
  if (missed.length > 0)
    throw new Error(`tools/docs/privileges.ts knows no statement for ${missed.map(String).join(", ")}`);
  const rows = uses.map((use) => [
    use.statements.map(code).join(", ") || code("SELECT"),
    cell(use.what),
    privilegesOf(use)
      .map((p) => p.replace(withGrantOption, ""))
      .map(code)
      .join(", ") +
      (privilegesOf(use).some((p) => withGrantOption.test(p)) ? ", each with grant option" : ""),
  ]);
  return [table(["Statement", "For", "Privileges"], rows), "", "```sql", ...grantStatements(), "```"].join(
    "\n",
  );
}

/** For an account that may do all of it. */
export function grantStatements(): string[] {
  const all = [...new Set(uses.filter((use) => !use.optional).flatMap(privilegesOf))];
  const passedOn = all.filter((p) => withGrantOption.test(p)).map((p) => p.replace(withGrantOption, ""));
  const global = all.filter((p) => !/ (ON|WITH) /.test(p) && !passedOn.includes(p));
  const tables = all.filter((p) => / ON /.test(p));
  return [
    "CREATE USER 'mysqlgr'@'%' IDENTIFIED BY '...' REQUIRE SSL;",
    `GRANT ${global.join(", ")} ON *.* TO 'mysqlgr'@'%';`,
    ...tables.map((p) => `GRANT ${p} TO 'mysqlgr'@'%';`),
    `GRANT ${passedOn.join(", ")} ON *.* TO 'mysqlgr'@'%' WITH GRANT OPTION;`,
  ];
}

/** The rows of privileges.ts: none may be missing here. */
function patternsOf(root: string): RegExp[] {
  const found: RegExp[] = [];
  const visit = (node: ts.Node): void => {
    if (
      ts.isRegularExpressionLiteral(node) &&
      node.text.startsWith("/^") &&
      ts.isArrayLiteralExpression(node.parent)
    )
      found.push(new RegExp(node.text.slice(1, node.text.lastIndexOf("/"))));
    ts.forEachChild(node, visit);
  };
  visit(parse(join(root, "provider/mysql/privileges.ts")));
  if (found.length === 0) throw new Error("provider/mysql/privileges.ts: no table of statements was found");
  return found;
}
