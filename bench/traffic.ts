import { type Member, query } from "../tools/sandbox";

/** What has reached one server by one account. */
export interface Traffic {
  readonly logins: number;
  readonly statements: number;
}

/** An administrator of its own, so that what others ask of the servers does not count. */
export interface Account {
  readonly user: string;
  readonly password: string;
}

/** On the primary: the other members get it by replication. */
export async function createAdministrator(primary: Member, { user, password }: Account): Promise<void> {
  await query(primary, "CREATE USER ?@'%' IDENTIFIED BY ?", [user, password]);
  await query(primary, "GRANT ALL ON *.* TO ?@'%' WITH GRANT OPTION", [user]);
}

/** On each server, by the server's own count, while `work` runs. */
export async function trafficOf(
  members: readonly Member[],
  { user }: Account,
  work: () => Promise<unknown>,
): Promise<Traffic[]> {
  const count = (): Promise<Traffic[]> => Promise.all(members.map((member) => countOn(member, user)));
  const before = await count();
  await work();
  const after = await count();
  return after.map(({ logins, statements }, i) => ({
    logins: logins - before[i]!.logins,
    statements: statements - before[i]!.statements,
  }));
}

/** A COM_QUIT is counted among the statements, and is none. */
async function countOn(member: Member, user: string): Promise<Traffic> {
  const [row] = await query(
    member,
    `SELECT
       (SELECT SUM(TOTAL_CONNECTIONS) FROM performance_schema.accounts WHERE USER = ?) AS logins,
       (SELECT SUM(COUNT_STAR) FROM performance_schema.events_statements_summary_by_account_by_event_name
        WHERE USER = ? AND EVENT_NAME <> 'statement/com/Quit') AS statements`,
    [user, user],
  );
  return { logins: Number(row?.["logins"] ?? 0), statements: Number(row?.["statements"] ?? 0) };
}
