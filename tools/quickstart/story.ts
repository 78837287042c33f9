import { styleText } from "node:util";
import { engineEnvironment, type Engine } from "../engine";
import type { Interrupt } from "../example/interrupt";
import { configurationFor, needsOf } from "../example/needs";
import { makeStack } from "../example/stack";
import { info } from "../report";
import { query, startWriter, type Member, type Sandbox, type Writer } from "../sandbox";
import { Board } from "./board";
import { Deployment, type Outcome, type Preview } from "./deployment";
import { groupTls } from "../example/group-tls";
import { NAME, PROJECT, pulumiHome, writeEnvironment } from "./home";
import { howToGoOn, isGood, summarize, type Facts, type MemberFacts } from "./summary";

const WANTED_MODE = "VERIFY_IDENTITY";
const WRITER_ALONE_MS = 1_000;
const WIDTH = 110;
const BY_HAND = { variable: "group_replication_member_weight", property: "memberWeight", value: 20 };

/** Tells the whole story on running servers; true if all of it came out as it should. */
export async function tellStory(engine: Engine, sandbox: Sandbox, interrupt: Interrupt): Promise<boolean> {
  const board = new Board(sandbox.members);
  let writer: Writer | undefined;
  interrupt.tell = (text) => board.say(text);
  try {
    const deployment = await interrupt.race(deploy(engine, sandbox, board, interrupt));
    const environment = writeEnvironment(sandbox, engineEnvironment(engine, pulumiHome(sandbox)));

    chapter("pulumi up: the servers become a group with TLS, ssl_mode REQUIRED");
    const made = await deployment.up();
    sayChanges(made);

    chapter("A writer begins to insert rows through the primary, and does not stop");
    writer = await interrupt.race(startWriter(sandbox.members));
    board.writer = writer;
    await interrupt.race(pause(WRITER_ALONE_MS));
    say(`${writer.acknowledged} rows acknowledged in the first second, through ${writer.through}`);

    chapter(`pulumi config set quickstart:sslMode ${WANTED_MODE}; pulumi preview: what will it cost?`);
    await deployment.configure(`${NAME}:sslMode`, WANTED_MODE);
    sayPreview(await deployment.preview());

    chapter("pulumi up: a rolling restart, while the writer goes on writing");
    const changed = await deployment.up();
    const rolling = board.watch.disturbance();
    sayChanges(changed);

    const member = sandbox.members[1] as Member;
    const statement = `SET PERSIST ${BY_HAND.variable} = ${BY_HAND.value}`;
    chapter(`Somebody changes ${member.name} by hand (${statement}); pulumi preview --refresh`);
    await query(member, statement);
    const preview = await deployment.preview(true);
    sayPreview(preview);

    chapter("The writer stops, and every row that was acknowledged is looked for on every member");
    const report = await interrupt.race(writer.stop());
    const facts: Facts = {
      wantedMode: WANTED_MODE,
      made,
      changed,
      rolling,
      writer: report,
      found: await interrupt.race(writer.verify(sandbox.members)),
      members: await membersOf(sandbox, board),
      drift: driftOf(preview, member),
    };
    process.stdout.write(`\n${summarize(facts)}\n\n${howToGoOn(environment)}\n`);
    return isGood(facts);
  } finally {
    board.stop();
    await writer?.stop();
    await board.watch.close();
  }
}

async function deploy(
  engine: Engine,
  sandbox: Sandbox,
  board: Board,
  interrupt: Interrupt,
): Promise<Deployment> {
  const stack = await makeStack({
    engine,
    project: PROJECT,
    name: NAME,
    home: pulumiHome(sandbox),
    config: configurationFor(NAME, needsOf(NAME), sandbox),
  });
  return new Deployment(stack, sandbox, board, interrupt);
}

function membersOf(sandbox: Sandbox, board: Board): Promise<MemberFacts[]> {
  const facts = sandbox.members.map(async (member) => ({
    member,
    seen: board.watch.of(member),
    tls: await groupTls(sandbox, member),
  }));
  return Promise.all(facts);
}

function driftOf({ differences }: Preview, member: Member): string {
  const line = differences.find((one) => one.includes(BY_HAND.property));
  return line === undefined ? "not seen!" : `${member.name}: ${line.replace("~", "").trim()}`;
}

/** A heading. */
export function chapter(text: string): void {
  info(`\n${styleText("bold", text, { stream: process.stderr })}`);
}

/** Text beneath a heading; a long line goes on beneath its beginning. */
export function say(text: string): void {
  const indent = "    " + (/^ */.exec(text)?.[0] ?? "");
  const words = text.trim().split(" ");
  const lines = [indent + words.shift()];
  for (const word of words) {
    if (`${lines.at(-1)} ${word}`.length <= WIDTH) lines.push(`${lines.pop()} ${word}`);
    else lines.push(`${indent}  ${word}`);
  }
  info(lines.join("\n"));
}

function sayChanges({ changes, seconds }: Outcome): void {
  const counts = Object.entries(changes).map(([kind, count]) => `${count} ${kind}`);
  say(`pulumi up took ${seconds.toFixed(1)} s (resources: ${counts.join(", ")})`);
}

function sayPreview({ plan, differences }: Preview): void {
  for (const line of [...differences, ...plan]) say(line);
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
