import { setTimeout as pause } from "node:timers/promises";
import { cut, cutOff, fillDisk, freeDisk, freeze, heal, healAll, storm, thaw } from "../faults";
import { type Member, connect, kill, query, start } from "../sandbox";
import type { Deployment, Ended, Running } from "./deployment";
import type { Fault, Who } from "./faults";
import { type Look, isPrimary, lookAtAll } from "./look";
import { ADMINISTRATOR, type Site } from "./site";

/** What a fault needs of the round in which it happens. */
export interface Scene {
  readonly site: Site;
  readonly running: Running;
  /** Where a second deployment comes from. */
  readonly copy: Deployment | undefined;
  /** Name of the member that was stopped last, if any was. */
  readonly atHand: string | undefined;
}

export interface Aftermath {
  /** How it ended, to be said after `what`. */
  readonly told?: string;
  readonly broken?: readonly string[];
}

export interface Injected {
  /** What was done, and to whom. */
  readonly what: string;
  /** When what lasts is over. */
  readonly over: Promise<Aftermath | void>;
  /** Where there was a second one. */
  readonly other?: Promise<Ended>;
}

export async function inject(fault: Fault, scene: Scene): Promise<Injected> {
  const { site, running } = scene;
  switch (fault.kind) {
    case "none":
      return done("nothing");
    case "kill the deployment":
      running.kill();
      return done("the deployment was killed");
    case "interrupt the deployment":
      running.interrupt();
      return done("the deployment was interrupted");
    case "kill a server": {
      const { member, told } = await choose(fault.who, scene);
      await kill(member);
      return { what: `${told} was killed`, over: pause(fault.back * 1000).then(() => start(member)) };
    }
    case "freeze a server": {
      const { member, told } = await choose(fault.who, scene);
      freeze(member);
      return { what: `${told} was frozen`, over: pause(fault.seconds * 1000).then(() => thaw(member)) };
    }
    case "somebody stops a member": {
      const { member, told } = await choose(fault.who, scene);
      return { what: `${told} was stopped by somebody`, over: attempt(member, "STOP GROUP_REPLICATION") };
    }
    case "somebody sets a variable": {
      const { member, told } = await choose(fault.who, scene);
      const outcome = await attempt(member, `SET PERSIST ${fault.variable} = ?`, [fault.value]);
      return done(`on ${told}, ${fault.variable} was set to ${fault.value} by somebody${outcome.told}`);
    }
    case "somebody switches the primary": {
      const { member, told } = await choose(fault.who, scene);
      return { what: `${told} was made primary by somebody`, over: makePrimary(member) };
    }
    case "a long transaction": {
      const { member, told } = await choose("the primary", scene);
      return { what: `a transaction was begun on ${told}`, over: transaction(member, fault.seconds) };
    }
    case "slow a server": {
      const { member, told } = await choose(fault.who, scene);
      return { what: `${told} was slow`, over: slowDown(member, fault.seconds) };
    }
    case "a client storm":
      return { what: "a client storm began", over: stormFor(fault.seconds, site) };
    case "cut the administrator's connections": {
      const chosen = fault.who === "everybody" ? undefined : await choose(fault.who, scene);
      const counts = await Promise.all((chosen ? [chosen.member] : site.members).map(cutConnections));
      const count = counts.reduce((sum, one) => sum + one, 0);
      return done(`${count} of the administrator's connections to ${chosen?.told ?? "all"} were killed`);
    }
    case "cut a member off": {
      const { member, told } = await choose(fault.who, scene);
      cutOff(member, site.members);
      const over = pause(fault.seconds * 1000).then(() => healAll(site.members));
      return { what: `${told} was cut off`, over };
    }
    case "cut a link": {
      const [a, b] = [await choose(fault.between[0], scene), await choose(fault.between[1], scene)];
      cut(a.member, b.member);
      const over = pause(fault.seconds * 1000).then(() => heal(a.member, b.member));
      return { what: `the link between ${a.told} and ${b.told} was cut`, over };
    }
    case "fill a disk": {
      const { member, told } = await choose(fault.who, scene);
      fillDisk(member);
      return {
        what: `the disk of ${told} was filled`,
        over: pause(fault.seconds * 1000).then(() => freeDisk(member)),
      };
    }
    case "a second deployment": {
      const other = scene.copy!.up().ended;
      return { what: "a second deployment was begun", over: Promise.resolve(), other };
    }
  }
}

function done(what: string): Injected {
  return { what, over: Promise.resolve() };
}

async function choose(who: Who, { site, atHand }: Scene): Promise<{ member: Member; told: string }> {
  const looks = await lookAtAll(site.members);
  const chosen =
    looks.find((look) => isMeant(who, look, atHand)) ?? looks.find(({ answers }) => answers) ?? looks[0]!;
  const { member, state, role } = chosen;
  return { member, told: `${member.name} (${[state, role].join(" ").trim()})` };
}

function isMeant(who: Who, look: Look, atHand: string | undefined): boolean {
  switch (who) {
    case "the primary":
      return isPrimary(look);
    case "a secondary":
      return look.state === "ONLINE" && !isPrimary(look);
    case "the one at hand":
      return atHand === undefined ? isPrimary(look) : look.member.name === atHand;
    default:
      return look.member.name === who.name;
  }
}

/** Somebody's statement may be refused; that is told, and all there is to it. */
async function attempt(member: Member, sql: string, values: unknown[] = []): Promise<{ told: string }> {
  try {
    await query(member, sql, values);
    return { told: "" };
  } catch (error) {
    return { told: `, which was refused: ${(error as Error).message}` };
  }
}

async function makePrimary(member: Member): Promise<Aftermath> {
  return attempt(member, "SELECT group_replication_set_as_primary(@@server_uuid, 10)");
}

async function transaction(member: Member, seconds: number): Promise<void> {
  const connection = await connect(member);
  try {
    await connection.query(
      "CREATE TABLE IF NOT EXISTS writer.long_transaction (id INT AUTO_INCREMENT PRIMARY KEY)",
    );
    await connection.query("START TRANSACTION");
    await connection.query("INSERT INTO writer.long_transaction VALUES ()");
    await pause(seconds * 1000);
    await connection.query("ROLLBACK");
  } catch {
    // A switch-over that waits no longer ends it.
  } finally {
    connection.destroy();
  }
}

async function slowDown(member: Member, seconds: number): Promise<void> {
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    freeze(member);
    await pause(300);
    thaw(member);
    await pause(100);
  }
}

async function stormFor(seconds: number, { members }: Site): Promise<Aftermath> {
  const clients = await storm(members);
  await pause(seconds * 1000);
  const { acknowledged } = await clients.stop();
  const lost = (await clients.verify(members)).filter(({ missing }) => missing > 0);
  const broken = lost.map(({ member, missing }) => `${missing} rows of the storm are not on ${member}`);
  return { told: ` with ${acknowledged} rows`, broken };
}

async function cutConnections(member: Member): Promise<number> {
  // Threads of Group Replication itself bear the name of whoever started it.
  const sql =
    "SELECT PROCESSLIST_ID id FROM performance_schema.threads WHERE PROCESSLIST_USER = ? AND NAME = 'thread/sql/one_connection'";
  const rows = await query(member, sql, [ADMINISTRATOR]).catch(() => []);
  for (const { id } of rows) await attempt(member, `KILL ${Number(id)}`);
  return rows.length;
}
