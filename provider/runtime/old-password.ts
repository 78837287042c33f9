import { readAccount } from "../mysql/accounts";
import { type ServerFacts, isRunning } from "../mysql/facts";
import { observe } from "../mysql/observe";
import { passwordMatches } from "../mysql/password";
import type { Session } from "../mysql/session";
import { quote } from "../mysql/sql";
import type { Target } from "../mysql/target";
import { discardOldPassword } from "../plan/replication-user";
import { say, sessions } from "./context";

/**
 * Ends a password rotation: once the channel of every member of the group logs in with the account's new password,
 * the one before is discarded. Any member's channel that is still behind, or cannot be asked, keeps it alive.
 */
export async function discardOldPasswords(
  session: Session,
  facts: ServerFacts,
  target: Target,
  user: string,
): Promise<void> {
  if (!isRunning(facts)) return;
  const hosts = await session.read<{ host: string }>(
    `SELECT Host AS host FROM mysql.user
     WHERE User = ${quote(user)} AND JSON_CONTAINS_PATH(COALESCE(User_attributes, '{}'), 'one', '$.additional_password')`,
  );
  if (hosts.length === 0) return;
  const members = await Promise.all(facts.members.map((m) => factsOf(target, m.host, m.port)));
  const primary = facts.members.find((m) => m.role === "PRIMARY");
  if (!primary || members.some((m) => m === undefined)) return;
  for (const { host } of hosts) {
    const account = await readAccount(session, user, host);
    const behind = members.filter(
      (m) =>
        m?.channel?.user === user && !passwordMatches(account!.plugin, account!.hash, m.channel.password),
    );
    if (!account || behind.length > 0) continue;
    await sessions.use(tcp(target, primary.host, primary.port), async (writer) => {
      // Members finish at the same time, and the first one ends it for all.
      const still = await readAccount(writer, user, host);
      if (!still?.oldPassword) return;
      await writer.write(discardOldPassword(writer.address, user, host).sql);
      say(
        `account '${user}'@'${host}': every recovery channel uses the new password; the old one was discarded`,
      );
    });
  }
}

async function factsOf(target: Target, host: string, port: number): Promise<ServerFacts | undefined> {
  return sessions.use(tcp(target, host, port), (session) => observe(session)).catch(() => undefined);
}

function tcp(target: Target, host: string, port: number): Target {
  const { socketPath: _, ...rest } = target;
  return { ...rest, host, port };
}
