import { ProviderError } from "../errors";
import { hostsOf, readAccount } from "../mysql/accounts";
import { type ServerFacts, isRunning } from "../mysql/facts";
import { observe } from "../mysql/observe";
import { passwordMatches } from "../mysql/password";
import { ServerError, type Session } from "../mysql/session";
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
  const accounts = await Promise.all(
    (await hostsOf(session, user)).map(async (host) => ({
      host,
      account: await readAccount(session, user, host),
    })),
  );
  const retained = accounts.filter(({ account }) => account?.oldPassword);
  if (retained.length === 0) return;
  const members = await Promise.all(facts.members.map((m) => factsOf(target, m.host, m.port)));
  const primary = facts.members.find((m) => m.role === "PRIMARY");
  if (!primary || members.some((m) => m === undefined)) return;
  for (const { host, account } of retained) {
    const behind = members.filter(
      (m) =>
        m?.channel?.user === user && !passwordMatches(account!.plugin, account!.hash, m.channel.password),
    );
    if (!account || behind.length > 0) continue;
    await sessions
      .use(tcp(target, primary.host, primary.port), async (writer) => {
        // Members finish at the same time, and the first one ends it for all.
        const still = await readAccount(writer, user, host);
        if (!still?.oldPassword) return;
        await writer.write(discardOldPassword(writer.address, user, host).sql);
        say(
          `account '${user}'@'${host}': every recovery channel uses the new password; the old one was discarded`,
        );
      })
      .catch((error: unknown) => sayKept(`'${user}'@'${host}'`, error));
  }
}

/** The channel's own change is whole: a primary that fails just then is no reason to call it failed. */
function sayKept(account: string, error: unknown): void {
  if (!(error instanceof ServerError) && !ProviderError.is(error)) throw error;
  const why = error instanceof ServerError ? `${error.server}: ${error.message}` : error.parts.what;
  say(
    `account ${account}: the old password could not be discarded (${why}); the next pulumi up --refresh does it`,
  );
}

async function factsOf(target: Target, host: string, port: number): Promise<ServerFacts | undefined> {
  return sessions.use(tcp(target, host, port), (session) => observe(session)).catch(() => undefined);
}

function tcp(target: Target, host: string, port: number): Target {
  const { socketPath: _, ...rest } = target;
  return { ...rest, host, port };
}
