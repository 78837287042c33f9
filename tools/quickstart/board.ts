import { stripVTControlCharacters, styleText } from "node:util";
import type { Member, Writer } from "../sandbox";
import { GroupWatch, type Seen } from "../example/watch";

const out = process.stderr;
const isLive = out.isTTY && process.stdout.isTTY && !process.env["CI"];
const EVERY_MS = 100;
const INDENT = "    ";

/**
 * Members and the writer as they are now. On a terminal one block that is drawn again and again beneath the lines that were
 * printed; elsewhere a line for every change.
 */
export class Board {
  readonly watch: GroupWatch;
  writer: Writer | undefined;
  private readonly nameWidth: number;
  private started: number | undefined;
  private timer: NodeJS.Timeout | undefined;
  private drawn = 0;

  constructor(private readonly members: readonly Member[]) {
    this.nameWidth = Math.max(...members.map(({ name }) => name.length));
    this.watch = new GroupWatch(members, (member, now, before) => this.tell(member, now, before));
  }

  /** Shows the members until `stop`; times count from here. */
  start(): void {
    this.started = performance.now();
    this.watch.reset();
    if (isLive) this.timer = setInterval(() => this.redraw(), EVERY_MS).unref();
    this.redraw();
  }

  /** The last picture stays. */
  stop(): void {
    clearInterval(this.timer);
    this.redraw();
    this.drawn = 0;
    this.started = undefined;
  }

  /** A line above the members. */
  say(line: string): void {
    this.erase();
    out.write(`${line}\n`);
    this.draw();
  }

  /** A line with the time since `start`, above the members. */
  print(text: string, style: Parameters<typeof styleText>[0] = "reset"): void {
    const seconds = this.started === undefined ? 0 : (performance.now() - this.started) / 1000;
    const time = styleText("dim", `${seconds.toFixed(1).padStart(5)} s`, { stream: out });
    this.say(`${INDENT}${time}  ${styleText(style, text, { stream: out })}`);
  }

  private tell(member: Member, now: Seen, before: Seen): void {
    if (isLive || this.started === undefined) return;
    // ssl_mode alone is set before the member restarts with it, and shown when it is back.
    if (now.state === before.state && now.role === before.role) return;
    const was = before.state === "" ? "" : ` (was ${place(before)})`;
    const mode = now.state === "ONLINE" ? `, ssl_mode ${now.sslMode}` : "";
    this.print(`${member.name} is ${place(now)}${mode}${was}`);
  }

  private redraw(): void {
    this.erase();
    this.draw();
  }

  private draw(): void {
    if (!isLive || this.started === undefined) return;
    for (const line of this.lines()) {
      const visible = stripVTControlCharacters(line);
      // A wrapped line would be two lines to erase.
      out.write(`${visible.length < out.columns ? line : visible.slice(0, out.columns - 1)}\n`);
      this.drawn++;
    }
  }

  private erase(): void {
    if (this.drawn > 0) out.write(`\x1b[${this.drawn}A\x1b[0J`);
    this.drawn = 0;
  }

  private lines(): string[] {
    const members = this.members.map((member) => this.line(member, this.watch.of(member)));
    if (!this.writer) return members;
    const { acknowledged, longestPauseMs } = this.writer.report();
    return [
      ...members,
      `${INDENT}  writer: ${acknowledged} rows acknowledged, longest pause ${longestPauseMs} ms`,
    ];
  }

  private line(member: Member, { state, role, sslMode }: Seen): string {
    const isOnline = state === "ONLINE";
    const colour = isOnline ? "green" : state === "OFFLINE" || state === "" ? "dim" : "yellow";
    const shown = styleText(colour, (state || "...").padEnd(12), { stream: out });
    const mode = isOnline ? `ssl_mode ${sslMode}` : "";
    return `${INDENT}● ${member.name.padEnd(this.nameWidth)}  ${shown}${role.padEnd(10)} ${mode}`.trimEnd();
  }
}

function place({ state, role }: Seen): string {
  return [state, role].filter((part) => part !== "").join(" ") || "unknown";
}
