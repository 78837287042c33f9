import { type History, type Phase, longestStall, primaries, timesOf, writeRates } from "./history";

const phases: readonly { phase: Phase; label: string; fill: string; text: string }[] = [
  { phase: "PRIMARY", label: "ONLINE, primary", fill: "#1d5fa6", text: "#ffffff" },
  { phase: "SECONDARY", label: "ONLINE, secondary", fill: "#a9cdf0", text: "#14365c" },
  { phase: "STOPPING", label: "STOPPING", fill: "#f2a541", text: "#3d2600" },
  { phase: "OFFLINE", label: "OFFLINE", fill: "#55606e", text: "#ffffff" },
  { phase: "RECOVERING", label: "RECOVERING", fill: "#f4df72", text: "#3d3600" },
  { phase: "ERROR", label: "ERROR", fill: "#c0392b", text: "#ffffff" },
];

const width = 960;
const left = 64;
const right = width - 24;
const top = 96;
const row = { height: 22, gap: 6 };
const chart = { gap: 44, height: 130 };
/** Milliseconds shown before the first STOP and after the last ONLINE. */
const margin = 1500;
const step = 100;
const ink = { text: "#1f2733", faint: "#5b6673", grid: "#dfe4ea" };

export interface TimelineText {
  readonly title: string;
  /** Milliseconds, as the writer measured it. */
  readonly stall: number;
}

/** Members' states over time as bars, and below them the rows written a second, on one axis. */
export function timelineSvg(history: History, { title, stall }: TimelineText): string {
  const times = timesOf(history);
  const zero = times.before * 1000;
  const from = Math.max(0, zero - margin);
  const to = Math.min(history.end, zero + times.seconds * 1000 + margin);
  const x = (at: number): number =>
    left + ((Math.min(Math.max(at, from), to) - from) / (to - from)) * (right - left);
  const bottomOfBars = top + history.members.length * (row.height + row.gap) - row.gap;
  const frame = { x, from, to, zero, bottomOfBars, bottom: bottomOfBars + chart.gap + chart.height };
  const height = frame.bottom + 52;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"`,
    `  font-family="system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif" font-size="12" fill="${ink.text}" role="img">`,
    `<title>${escaped(title)}</title>`,
    // A background of its own, so that it can be read on a dark page too.
    `<rect width="${width}" height="${height}" rx="6" fill="#ffffff"/>`,
    text(left, 30, title, 'font-size="16" font-weight="600"'),
    text(right, 30, quorum(history), `text-anchor="end" fill="${ink.faint}"`),
    ...legend(history),
    ...axis(frame),
    ...bars(history, frame),
    ...writes(history, frame, stall),
    ...switchOvers(history, frame),
    "</svg>",
    "",
  ].join("\n");
}

function quorum(history: History): string {
  return `at least ${timesOf(history).fewestOnline} of ${history.members.length} ONLINE at every moment`;
}

interface Frame {
  x: (at: number) => number;
  from: number;
  to: number;
  /** The first STOP. */
  zero: number;
  bottomOfBars: number;
  bottom: number;
}

function legend(history: History): string[] {
  const seen = new Set(history.members.flatMap(({ changes }) => changes.map(({ phase }) => phase)));
  let at = left;
  return phases
    .filter(({ phase }) => seen.has(phase))
    .flatMap(({ label, fill }) => {
      const entry = [
        `<rect x="${at}" y="46" width="14" height="14" rx="2" fill="${fill}"/>`,
        text(at + 20, 57, label),
      ];
      at += 20 + widthOf(label) + 22;
      return entry;
    });
}

/** About: capitals are wider. */
function widthOf(label: string): number {
  return [...label].reduce((sum, letter) => sum + (/[A-Z]/.test(letter) ? 8.6 : 6.4), 0);
}

function axis({ x, from, to, zero, bottom }: Frame): string[] {
  const seconds = (to - from) / 1000;
  const every = seconds > 40 ? 5 : seconds > 14 ? 2 : 1;
  const first = Math.ceil((from - zero) / 1000 / every) * every;
  const ticks: number[] = [];
  for (let tick = first; zero + tick * 1000 <= to; tick += every) ticks.push(tick);
  return [
    ...ticks.flatMap((tick) => {
      const at = round(x(zero + tick * 1000));
      return [
        `<line x1="${at}" y1="${top - 6}" x2="${at}" y2="${bottom}" stroke="${ink.grid}"/>`,
        text(at, bottom + 18, String(tick), `text-anchor="middle" fill="${ink.faint}"`),
      ];
    }),
    text(
      (left + right) / 2,
      bottom + 38,
      "seconds since the first STOP",
      `text-anchor="middle" fill="${ink.faint}"`,
    ),
  ];
}

function bars(history: History, { x, from, to }: Frame): string[] {
  return history.members.flatMap(({ name, changes }, line) => {
    const y = top + line * (row.height + row.gap);
    const shown = changes
      .map(({ at, phase }, i) => ({ phase, start: at, end: changes[i + 1]?.at ?? history.end }))
      .filter(({ start, end }) => end > from && start < to);
    return [
      text(left - 10, y + 15, name, 'text-anchor="end" font-weight="600"'),
      ...shown.flatMap(({ phase, start, end }) => {
        const style = phases.find((one) => one.phase === phase)!;
        const [a, b] = [x(start), x(end)];
        const rect = `<rect x="${round(a)}" y="${y}" width="${round(b - a)}" height="${row.height}" fill="${style.fill}"/>`;
        return [rect, ...duration(phase, [a, b], y, (end - start) / 1000, style.text)];
      }),
    ];
  });
}

/** How long it took, where that fits in. */
function duration(
  phase: Phase,
  [a, b]: readonly [number, number],
  y: number,
  seconds: number,
  fill: string,
): string[] {
  if (phase === "PRIMARY" || phase === "SECONDARY" || b - a < 40) return [];
  return [
    text(
      (a + b) / 2,
      y + 15,
      `${seconds.toFixed(1)} s`,
      `text-anchor="middle" font-size="11" fill="${fill}"`,
    ),
  ];
}

function writes(history: History, frame: Frame, stall: number): string[] {
  const { x, from, to, bottom } = frame;
  const ceiling = bottom - chart.height;
  const rates = writeRates(history, step, { from, to });
  const most = niceCeiling(Math.max(1, ...rates.map(({ rate }) => rate)));
  const y = (rate: number): number => bottom - (rate / most) * chart.height;
  const line = rates.flatMap(({ at, rate }) => [
    `L${round(x(at))} ${round(y(rate))}`,
    `L${round(x(at + step))} ${round(y(rate))}`,
  ]);
  return [
    ...[0, most / 2, most].flatMap((rate) => [
      `<line x1="${left}" y1="${round(y(rate))}" x2="${right}" y2="${round(y(rate))}" stroke="${ink.grid}"/>`,
      text(left - 10, y(rate) + 4, String(rate), `text-anchor="end" fill="${ink.faint}"`),
    ]),
    text(left, ceiling - 12, "rows acknowledged a second", 'font-weight="600"'),
    `<path d="M${left} ${bottom}${line.join("")}V${bottom}Z" fill="#7fbf9a" fill-opacity="0.55" stroke="#2c7a51" stroke-width="1"/>`,
    ...stallMark(history, frame, stall),
  ];
}

function stallMark(history: History, { x, from, to, bottom }: Frame, stall: number): string[] {
  const longest = longestStall(history);
  if (longest.to < from || longest.from > to) return [];
  const at = round((x(longest.from) + x(longest.to)) / 2);
  const end = at > (left + right) / 2;
  return [
    text(
      at + (end ? -8 : 8),
      bottom - chart.height - 12,
      `longest stall ${stall} ms`,
      `${end ? 'text-anchor="end" ' : ""}fill="#a3341f"`,
    ),
    `<line x1="${at}" y1="${bottom - chart.height - 22}" x2="${at}" y2="${bottom}" stroke="#a3341f" stroke-dasharray="2 3"/>`,
  ];
}

function switchOvers(history: History, { x, from, to, bottomOfBars }: Frame): string[] {
  return primaries(history).flatMap(({ name, at }, i, all) => {
    const before = all[i - 1];
    if (!before || at < from || at > to) return [];
    const label = `switch-over: ${before.name} to ${name}`;
    return [
      `<line x1="${round(x(at))}" y1="${top - 12}" x2="${round(x(at))}" y2="${bottomOfBars + 6}" stroke="${ink.text}" stroke-dasharray="4 3"/>`,
      text(x(at), top - 16, label, 'text-anchor="middle"'),
    ];
  });
}

/** The next of these times a power of ten: its half is a round number as well. */
function niceCeiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 3, 4, 5, 6, 8, 10].map((one) => one * power).find((one) => one >= value)!;
}

function text(x: number, y: number, content: string, attributes = ""): string {
  const more = attributes === "" ? "" : ` ${attributes}`;
  return `<text x="${round(x)}" y="${round(y)}"${more}>${escaped(content)}</text>`;
}

function escaped(content: string): string {
  return content.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
