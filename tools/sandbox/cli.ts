import { parseArgs } from "node:util";
import type { FieldPacket } from "mysql2/promise";
import { connect } from "./client";
import { SandboxError, reason } from "./errors";
import { isOldVersion, OLD_VERSIONS, type OldVersion } from "./old-server";
import { down, kill, start, status, stop, up } from "./sandbox";
import { names } from "./store";
import { table } from "./table";
import type { Member, Sandbox, Stack } from "./types";

const HELP = `Real MySQL servers on this machine, for trying things out and for tests.

  npm run sandbox -- <command> [options]

  up                      start servers, certificates beside them
      --members N         how many, 1 to 9 (3)
      --stack XCOM|MYSQL  what members talk to each other through (XCOM)
      --group             also form a group with TLS, by hand-written SQL
      --version V         real servers of an old release, 5.7.22 or 8.0.15, in no group
      --plain             servers only, in no group (this is the default)
  status [--json]         addresses, processes, roles; --json has paths and passwords too
  sql MEMBER "SQL"        run statements on a member, such as db1
  kill MEMBER             end it at once, as a crash does
  stop MEMBER             shut it down
  start MEMBER            start it again
  down [--all]            end the servers and remove their files

  --name X                which sandbox ("default"); several can run side by side
`;

const OPTIONS = {
  members: { type: "string" },
  stack: { type: "string" },
  version: { type: "string" },
  plain: { type: "boolean" },
  group: { type: "boolean" },
  name: { type: "string" },
  json: { type: "boolean" },
  all: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

type Values = ReturnType<typeof parse>["values"];
type Option = keyof typeof OPTIONS;

interface Command {
  operands: string[];
  options: Option[];
  run(values: Values, operands: string[], name: string): Promise<void>;
}

const COMMANDS: Record<string, Command> = {
  up: {
    operands: [],
    options: ["members", "stack", "version", "plain", "group"],
    async run(values, _operands, name) {
      if (values.plain && values.group) throw new SandboxError("--plain and --group exclude each other.");
      await up({
        name,
        members: number(values.members ?? "3"),
        stack: stack(values.stack ?? "XCOM"),
        group: values.group ?? false,
        ...(values.version === undefined ? {} : { version: oldVersion(values.version) }),
      });
      show(await status(name));
    },
  },
  status: {
    operands: [],
    options: ["json"],
    async run(values, _operands, name) {
      const sandbox = await status(name);
      if (values.json) print(JSON.stringify(sandbox, null, 2));
      else show(sandbox);
    },
  },
  sql: {
    operands: ["MEMBER", "SQL"],
    options: [],
    run: (_values, [who, text], name) => sql(name, who, text),
  },
  kill: { operands: ["MEMBER"], options: [], run: (_values, [who], name) => on(name, who, kill, "killed") },
  stop: { operands: ["MEMBER"], options: [], run: (_values, [who], name) => on(name, who, stop, "stopped") },
  start: {
    operands: ["MEMBER"],
    options: [],
    run: (_values, [who], name) => on(name, who, start, "started"),
  },
  down: {
    operands: [],
    options: ["all"],
    async run(values, _operands, name) {
      const which = values.all ? names() : [name];
      for (const each of which) {
        await down(each);
        print(`Sandbox ${each} is gone.`);
      }
      if (which.length === 0) print("There is no sandbox.");
    },
  },
};

async function main(args: string[]): Promise<void> {
  const { values, positionals } = parse(args);
  const [name, ...operands] = positionals;
  if (values.help || name === undefined || name === "help") return print(HELP.trimEnd());
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command) throw new SandboxError(`There is no command "${name}". Try --help.`);
  const allowed: Option[] = [...command.options, "name"];
  const foreign = (Object.keys(values) as Option[]).find((option) => !allowed.includes(option));
  if (foreign) throw new SandboxError(`"${name}" takes no --${foreign}. Try --help.`);
  if (operands.length !== command.operands.length)
    throw new SandboxError(`"${name}" takes ${command.operands.join(" and ") || "no operand"}. Try --help.`);
  await command.run(values, operands, values.name ?? "default");
}

function parse(args: string[]) {
  return parseArgs({ args, options: OPTIONS, allowPositionals: true, strict: true });
}

function number(text: string): number {
  if (!/^\d+$/.test(text)) throw new SandboxError(`--members takes a number, not "${text}".`);
  return Number(text);
}

function stack(text: string): Stack {
  const upper = text.toUpperCase();
  if (upper !== "XCOM" && upper !== "MYSQL")
    throw new SandboxError(`--stack is XCOM or MYSQL, not "${text}".`);
  return upper;
}

function oldVersion(text: string): OldVersion {
  if (!isOldVersion(text))
    throw new SandboxError(
      `--version is ${OLD_VERSIONS.join(" or ")}, not "${text}"; a newer one needs none.`,
    );
  return text;
}

async function memberOf(name: string, who: string | undefined): Promise<Member> {
  const { members } = await status(name);
  const member = members.find((each) => each.name === who);
  if (!member) {
    const known = members.map((each) => each.name).join(", ");
    throw new SandboxError(`The sandbox ${name} has no member "${who}"; it has ${known}.`);
  }
  return member;
}

async function on(
  name: string,
  who: string | undefined,
  act: (member: Member) => Promise<void>,
  done: string,
): Promise<void> {
  const member = await memberOf(name, who);
  await act(member);
  print(`${member.name} is ${done}.`);
}

async function sql(name: string, who: string | undefined, text = ""): Promise<void> {
  const member = await memberOf(name, who);
  if (member.state !== "running") throw new SandboxError(`${member.name} does not run; start it first.`);
  const connection = await connect(member, {
    multipleStatements: true,
    rowsAsArray: true,
    dateStrings: true,
  });
  try {
    const [result, fields] = (await connection.query(text)) as unknown as [unknown, unknown[] | undefined];
    // The columns of one statement, or a list of them for each of several; undefined for no rows.
    const several = fields !== undefined && (fields[0] === undefined || Array.isArray(fields[0]));
    const all = several
      ? (result as unknown[]).map((each, index) => [each, fields[index]])
      : [[result, fields]];
    for (const [rows, columns] of all) {
      if (!columns) continue;
      const headings = (columns as FieldPacket[]).map((column) => column.name);
      print(table(headings, rows as unknown[][], process.stdout.isTTY));
    }
  } finally {
    await connection.end();
  }
}

function show(sandbox: Sandbox): void {
  const rows = sandbox.members.map((member) => [
    member.name,
    `${member.host}:${member.port}`,
    member.localAddress,
    member.state === "running" ? `pid ${member.pid}` : "stopped",
    member.memberState ?? "",
    member.role ?? "",
  ]);
  print(`Sandbox ${sandbox.name}: MySQL ${sandbox.version}, ${sandbox.stack} stack, in ${sandbox.folder}`);
  print(table(["member", "address", "local address", "process", "state", "role"], rows, true));
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  const expected = error instanceof SandboxError || (error instanceof Error && "code" in error);
  process.stderr.write(`${expected || !(error instanceof Error) ? reason(error) : error.stack}\n`);
  process.exitCode = 1;
});
