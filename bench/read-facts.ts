import { type Member, connect } from "../tools/sandbox";
import type { Account } from "./traffic";

const statements = [
  `SELECT g.VARIABLE_NAME, g.VARIABLE_VALUE, p.VARIABLE_VALUE, i.VARIABLE_SOURCE, i.SET_TIME
   FROM performance_schema.global_variables g
   LEFT JOIN performance_schema.persisted_variables p USING (VARIABLE_NAME)
   LEFT JOIN performance_schema.variables_info i USING (VARIABLE_NAME)
   WHERE g.VARIABLE_NAME LIKE 'group\\_replication%' OR g.VARIABLE_NAME LIKE '%ssl%' OR g.VARIABLE_NAME LIKE '%tls%'`,
  `SELECT m.*, s.VIEW_ID, c.User_name, c.User_password, @@GLOBAL.gtid_executed,
     (SELECT MAX(LOGGED) FROM performance_schema.error_log WHERE ERROR_CODE = 'MY-014010'),
     (SELECT JSON_OBJECTAGG(PROPERTY, VALUE) FROM performance_schema.tls_channel_status)
   FROM performance_schema.replication_group_members m
   LEFT JOIN performance_schema.replication_group_member_stats s USING (MEMBER_ID)
   LEFT JOIN mysql.slave_master_info c ON c.Channel_name = 'group_replication_recovery'`,
  `SELECT u.*, (SELECT JSON_ARRAYAGG(PRIVILEGE_TYPE) FROM information_schema.USER_PRIVILEGES
     WHERE GRANTEE = "'recovery'@'%'")
   FROM mysql.user u WHERE User = 'recovery' AND Host = '%'`,
];

/** The floor of a refresh: the same facts with one login a server and nothing around it, all servers at once. */
export async function readFacts(members: readonly Member[], account: Account): Promise<void> {
  await Promise.all(members.map((member) => readFrom({ ...member, ...account })));
}

async function readFrom(member: Member): Promise<void> {
  const connection = await connect(member, { ssl: { rejectUnauthorized: false } });
  try {
    for (const statement of statements) await connection.query(statement);
  } finally {
    await connection.end();
  }
}
