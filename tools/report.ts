import { styleText } from "node:util";

/** A piece of work that takes a while; shown until done or fail is called. */
export interface Step {
  /** What it is doing now, shown behind the title. */
  update(text: string): void;
  done(text?: string): void;
  fail(text?: string): void;
}

interface Running {
  readonly title: string;
  readonly started: number;
  text: string;
  lastLine: number;
}

const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const FRAME_MS = 100;
const PLAIN_LINE_EVERY_MS = 15_000;

// Progress goes to stderr, so that the result on stdout stays clean for a pipe.
const out = process.stderr;
const live = out.isTTY && !process.env["CI"];
const running = new Set<Running>();
let timer: NodeJS.Timeout | undefined;
let frame = 0;
let drawn = 0;

/** Starts a step; several may run at once. */
export function step(title: string): Step {
  const item: Running = { title, started: Date.now(), text: "", lastLine: Date.now() };
  running.add(item);
  if (!live) out.write(`${title} ...\n`);
  // Unreferenced: a step that nobody ended must not keep the process alive.
  timer ??= setInterval(tick, live ? FRAME_MS : 1000).unref();
  redraw();
  return {
    update: (text) => void (item.text = text),
    done: (text) => end(item, styleText("green", "✓", { stream: out }), text),
    fail: (text) => end(item, styleText("red", "✗", { stream: out }), text),
  };
}

/** One line that stays. */
export function info(text: string): void {
  erase();
  out.write(`${text}\n`);
  draw();
}

function end(item: Running, mark: string, text: string | undefined): void {
  if (!running.delete(item)) return;
  if (running.size === 0) {
    clearInterval(timer);
    timer = undefined;
  }
  info(`${mark} ${item.title}${text === undefined ? "" : `: ${text}`} (${seconds(item)})`);
}

function tick(): void {
  frame = (frame + 1) % FRAMES.length;
  redraw();
  if (live) return;
  for (const item of running) {
    if (Date.now() - item.lastLine < PLAIN_LINE_EVERY_MS) continue;
    item.lastLine = Date.now();
    out.write(`  ${describe(item)}\n`);
  }
}

function redraw(): void {
  erase();
  draw();
}

function draw(): void {
  if (!live) return;
  for (const item of running) {
    // A wrapped line would be two lines to erase.
    out.write(`${FRAMES[frame]} ${describe(item)}`.slice(0, out.columns - 1) + "\n");
    drawn++;
  }
}

function erase(): void {
  if (drawn > 0) out.write(`\x1b[${drawn}A\x1b[0J`);
  drawn = 0;
}

function describe(item: Running): string {
  return `${item.title} (${seconds(item)})${item.text === "" ? "" : `: ${item.text}`}`;
}

function seconds(item: Running): string {
  return `${Math.round((Date.now() - item.started) / 1000)} s`;
}
