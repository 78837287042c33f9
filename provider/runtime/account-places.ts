import { NotReadyError, StepFailedError } from "../errors";
import { type ServerFacts, isRunning, stackInEffect, valueOf } from "../mysql/facts";
import { caughtUp, isWritable } from "../mysql/membership";
import { observe } from "../mysql/observe";
import type { Session } from "../mysql/session";
import { type Sql, print, sql } from "../mysql/sql";
import type { Target } from "../mysql/target";
import type { AccountPlace } from "../plan/replication-user";
import type { Step } from "../plan/step";
import { stepFailure } from "../rolling/handle";
import { sessions } from "./context";

/** One server, logged in to and looked at. */
export interface Open {
  readonly session: Session;
  readonly facts: ServerFacts;
}

/** Logs in to all of them at once, for as long as the work takes. */
export async function withSessions<T>(
  targets: readonly Target[],
  work: (open: readonly Open[]) => Promise<T>,
  open: readonly Open[] = [],
): Promise<T> {
  const next = targets[open.length];
  if (!next) return work(open);
  return sessions.use(next, async (session) =>
    withSessions(targets, work, [...open, { session, facts: await observe(session) }]),
  );
}

export function placeOf(facts: ServerFacts): AccountPlace {
  return {
    address: facts.address,
    version: facts.version,
    inGroup: isRunning(facts),
    stack: stackInEffect(facts),
  };
}

/** The first reachable member that takes writes stands for its group; every other server stands for itself. */
export async function eachPlace(
  open: readonly Open[],
  targets: readonly Target[],
  work: (session: Session, facts: ServerFacts) => Promise<void>,
): Promise<void> {
  const done = new Set<string>();
  for (const { session, facts } of open) {
    if (!isRunning(facts)) {
      await work(session, facts);
      continue;
    }
    const group = valueOf(facts, "group_replication_group_name");
    if (done.has(group)) continue;
    done.add(group);
    const primary = facts.members.find((m) => m.role === "PRIMARY" && m.state === "ONLINE");
    if (!primary)
      throw new NotReadyError(facts.address, `is in a group without a primary that can be seen from it`, {
        todo: "see that the group has a quorum (performance_schema.replication_group_members), then pulumi up",
      });
    const own = open.find((o) => o.facts.uuid === primary.id);
    if (own) await work(own.session, own.facts);
    else {
      const { socketPath: _, ...tcp } = { ...targets[0]!, host: primary.host, port: primary.port };
      await sessions.use(tcp, async (s) => work(s, await observe(s)));
    }
  }
}

/** Statements on one place. Outside a group they are not logged, so that they never become errant transactions. */
export async function run(
  session: Session,
  facts: ServerFacts,
  steps: readonly Step[],
  password: string,
): Promise<void> {
  const send = async (statement: Sql): Promise<void> => {
    await session.write(statement, { password }).catch((error: unknown) => {
      throw stepFailure(facts.address, print(statement), error);
    });
  };
  if (isRunning(facts)) {
    for (const step of steps) await send(step.sql);
    return;
  }
  const locked = !(await isWritable(session));
  await send(sql("SET SESSION SQL_LOG_BIN = 0"));
  try {
    // A member that has left its group is read only, also for this account.
    if (locked) await send(sql("SET GLOBAL super_read_only = OFF"));
    for (const step of steps) await send(step.sql);
  } finally {
    if (locked) await send(sql("SET GLOBAL super_read_only = ON"));
    await send(sql("SET SESSION SQL_LOG_BIN = 1"));
  }
}

export async function awaitMembers(open: readonly Open[]): Promise<void> {
  const running = open.filter(({ facts }) => isRunning(facts));
  await Promise.all(
    running.map(async ({ session, facts }) => {
      const primary = facts.members.find((m) => m.role === "PRIMARY");
      const source = running.find((o) => o.facts.uuid === primary?.id);
      if (!source || source.session === session) return;
      if (!(await caughtUp(session, source.session, 60)))
        throw new StepFailedError(facts.address, "replication of the account", {
          what: `${facts.address} had not received the account from ${source.facts.address} after 60 s`,
          left: "the account is as declared on the primary",
          todo: "see why the member lags, then pulumi up",
        });
    }),
  );
}
