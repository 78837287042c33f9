import { setTimeout as pause } from "node:timers/promises";
import { type Member, connect, query, start } from "../sandbox";
import { type Look, lookAtAll } from "./look";

const SETTLE_SECONDS = 120;
/** So long a group without a majority may come to itself. */
const BLOCKED_SECONDS = 20;
/** A link that has not come back by itself in so long does not. */
const CUT_OFF_SECONDS = 40;
/** The server believes that it has a majority. */
const FORCE_REFUSED = 4118;

/**
 * Does what people do by hand after an accident, before they deploy again: servers are started, the
 * group is waited for, and one that has lost its majority for good is told to go on without. Returns
 * what had to be done.
 */
export async function tidyUp(members: readonly Member[]): Promise<string[]> {
  const acts: string[] = [];
  const deadline = performance.now() + SETTLE_SECONDS * 1000;
  let blockedSince: number | undefined;
  let began = performance.now();
  while (performance.now() < deadline) {
    const looks = await lookAtAll(members);
    for (const { member } of looks.filter(({ runs }) => !runs)) {
      await start(member);
      acts.push(`started the server of ${member.name}`);
    }
    const blocked = looks.filter((look) => look.state === "ONLINE" && isBlocked(look, looks));
    blockedSince = blocked.length > 0 ? (blockedSince ?? performance.now()) : undefined;
    if (blockedSince !== undefined && performance.now() - blockedSince > BLOCKED_SECONDS * 1000) {
      acts.push(await forceMajority(blocked));
      blockedSince = undefined;
    } else if (looks.every(({ state }) => state === "OFFLINE" || state === "ERROR")) {
      acts.push(await makeGroupAgain(looks));
    } else if (isSettled(looks)) break;
    else if (performance.now() - began > CUT_OFF_SECONDS * 1000) {
      const act = await rejoin(looks);
      if (act !== undefined) acts.push(act);
      began = performance.now();
    }
    await pause(500);
  }
  return acts;
}

function isSettled(looks: readonly Look[]): boolean {
  const states = looks.flatMap(({ answers, state, view }) => [
    ...(answers ? [] : ["?"]),
    state,
    ...Object.values(view),
  ]);
  return !states.some((state) => ["?", "RECOVERING", "UNREACHABLE"].includes(state));
}

/** Two members that both run and do not reach each other, though the group goes on: the secondary of them joins anew. */
async function rejoin(looks: readonly Look[]): Promise<string | undefined> {
  const pairs = looks.flatMap((look) =>
    looks
      .filter((other) => look.view[other.member.name] === "UNREACHABLE" && other.state === "ONLINE")
      .flatMap((other) => [other, look]),
  );
  const member = pairs.find(({ role }) => role === "SECONDARY")?.member;
  if (!member) return undefined;
  await query(member, "STOP GROUP_REPLICATION");
  await query(member, "START GROUP_REPLICATION");
  return `let ${member.name} join anew, which another member did not reach`;
}

/** A member in its group that, with those it still reaches, is no majority of it. */
function isBlocked({ view }: Look, looks: readonly Look[]): boolean {
  return reachedBy(view, looks).length * 2 <= Object.keys(view).length;
}

/** A view may go on showing a member ONLINE that has gone. */
function reachedBy(view: Look["view"], looks: readonly Look[]): Member[] {
  const reached = looks.filter(({ member, state }) => state === "ONLINE" && view[member.name] === "ONLINE");
  return reached.map(({ member }) => member);
}

/** The members that can still talk to each other go on as the group. */
async function forceMajority(blocked: readonly Look[]): Promise<string> {
  const best = await mostTransactions(blocked.map(({ member }) => member));
  const reached = reachedBy(blocked.find(({ member }) => member === best)!.view, blocked);
  const addresses = reached.map(({ localAddress }) => localAddress).join(",");
  try {
    // It waits until servers that try to join meanwhile have given up, a minute at most.
    await query(best, "SET GLOBAL group_replication_force_members = ?", [addresses]);
    await query(best, "SET GLOBAL group_replication_force_members = ''");
  } catch (error) {
    if ((error as { errno?: number }).errno !== FORCE_REFUSED) throw error;
    await Promise.all(reached.map((member) => query(member, "STOP GROUP_REPLICATION")));
    return `stopped ${named(reached)}, which had lost its majority without knowing`;
  }
  return `forced the group to ${named(reached)}, which had lost its majority`;
}

function named(members: readonly Member[]): string {
  return members.map(({ name }) => name).join(", ");
}

/** Nobody is in the group any more. */
async function makeGroupAgain(looks: readonly Look[]): Promise<string> {
  const best = await mostTransactions(looks.map(({ member }) => member));
  const connection = await connect(best);
  try {
    await connection.query("STOP GROUP_REPLICATION");
    await connection.query("SET GLOBAL offline_mode = OFF");
    await connection.query("SET GLOBAL group_replication_bootstrap_group = ON");
    await connection.query("START GROUP_REPLICATION");
  } finally {
    await connection.query("SET GLOBAL group_replication_bootstrap_group = OFF");
    connection.destroy();
  }
  return `made the group again from ${best.name}`;
}

async function mostTransactions(members: readonly Member[]): Promise<Member> {
  let best = members[0]!;
  for (const member of members.slice(1)) if (await hasMore(member, best)) best = member;
  return best;
}

/** What was received and not applied yet counts. */
async function hasMore(member: Member, than: Member): Promise<boolean> {
  const [ours, theirs] = await Promise.all([member, than].map(gtidsOf));
  const [row] = await query(member, "SELECT GTID_SUBTRACT(?, ?) = '' AND GTID_SUBTRACT(?, ?) <> '' more", [
    theirs,
    ours,
    ours,
    theirs,
  ]);
  return Number(row?.["more"]) === 1;
}

async function gtidsOf(member: Member): Promise<string> {
  const sql = `
    SELECT CONCAT_WS(',', @@GLOBAL.gtid_executed, (SELECT RECEIVED_TRANSACTION_SET
      FROM performance_schema.replication_connection_status WHERE CHANNEL_NAME = 'group_replication_applier')) gtids`;
  const [row] = await query(member, sql);
  return String(row?.["gtids"] ?? "");
}
