/** One look at one server. Times are of performance.now(). */
export interface Sample {
  readonly member: string;
  readonly asked: number;
  readonly answered: number;
  /** Of the member in its own view; silent where it did not answer. */
  readonly state: string;
  readonly role?: string;
  /** super_read_only */
  readonly locked?: boolean;
  readonly multiPrimary?: boolean;
  /** State of each member as this one sees it. */
  readonly group?: Readonly<Record<string, string>>;
}

/** A row whose commit a server confirmed. */
export type Beat = Pick<Sample, "member" | "asked" | "answered"> & { readonly multiPrimary: boolean };

export interface Findings {
  /** Two servers that both confirmed writes at one time, outside of multi-primary mode; must be empty. */
  readonly twoWritable: readonly string[];
  /** A server that left its group, or failed, and takes writes; must be empty. */
  readonly writableOutside: readonly string[];
  /** Stops of a member, whoever made them, and how many others were ONLINE, by a majority's view, just before. */
  readonly stops: readonly { readonly member: string; readonly othersOnline: number }[];
  /** Fewest members that were ONLINE at once, by a majority's view. */
  readonly fewestOnline: number;
  /** Longest time in milliseconds during which no server confirmed a write. */
  readonly longestPause: number;
  /** Every change that was seen, for messages. */
  readonly story: readonly string[];
}

/** No setting makes STOP GROUP_REPLICATION take less (3.03 s on 9.7.4). */
const STOP_MS = 3_000;
/** A write of another server between two of this one is a second group only where these are close. */
const CLOSE_MS = 3_000;

export function judge(samples: readonly Sample[], beats: readonly Beat[]): Findings {
  const looks = [...samples].sort((a, b) => a.answered - b.answered);
  const writes = [...beats].sort((a, b) => a.answered - b.answered);
  const began = looks[0]?.asked ?? 0;
  return {
    twoWritable: twoWritable(writes, began),
    writableOutside: writableOutside(looks, began),
    stops: stops(looks),
    fewestOnline: Math.min(...looks.filter(hasMajority).map((look) => count(look, ["ONLINE"]))),
    longestPause: longestPause(writes, looks),
    story: story(looks, began),
  };
}

/** It says that it is primary of a group that can decide. That may be old: only a confirmed write tells. */
export function isWritable(look: Sample): boolean {
  return hasMajority(look) && look.role === "PRIMARY" && look.locked === false;
}

function hasMajority(look: Sample): boolean {
  const reached = count(look, ["ONLINE", "RECOVERING"]);
  return look.state === "ONLINE" && reached * 2 > Object.keys(look.group ?? {}).length;
}

function count({ group = {} }: Sample, states: readonly string[]): number {
  return Object.values(group).filter((state) => states.includes(state)).length;
}

function twoWritable(writes: readonly Beat[], began: number): string[] {
  return writes.flatMap((write, i) => {
    if (write.multiPrimary) return [];
    const others = writes.slice(0, i).filter((other) => other.member !== write.member);
    const before = others.findLast((other) => other.answered < write.asked);
    const after = writes.find(
      (other) => before && other.member === before.member && other.asked > write.answered,
    );
    if (!before || !after || after.answered - before.asked > CLOSE_MS) return [];
    return [`${write.member} and ${before.member} at ${seconds(write.answered - began)}`];
  });
}

/** At two looks one after the other: who repairs such a server may open it for a moment. */
function writableOutside(looks: readonly Sample[], began: number): string[] {
  const online = new Set<string>();
  const open = new Set<string>();
  const found: string[] = [];
  for (const look of looks) {
    if (look.state === "ONLINE") online.add(look.member);
    const failed = look.state === "OFFLINE" || look.state === "ERROR";
    const isOpen = failed && look.locked === false && online.has(look.member);
    if (isOpen && open.has(look.member))
      found.push(`${look.member} ${look.state} at ${seconds(look.answered - began)}`);
    if (isOpen) open.add(look.member);
    else open.delete(look.member);
  }
  return found;
}

/** A member that goes from ONLINE to OFFLINE by itself was stopped; others may notice before or after. */
function stops(looks: readonly Sample[]): Findings["stops"] {
  const last = new Map<string, Sample>();
  return looks.flatMap((look) => {
    const { member } = look;
    const before = last.get(member);
    last.set(member, look);
    if (before?.state !== "ONLINE" || look.state !== "OFFLINE") return [];
    const began = Math.min(look.answered - STOP_MS, leftAt(member, look.answered, looks));
    return [{ member, othersOnline: onlineAt(began, member, looks) - 1 }];
  });
}

/** When others first saw that it had left. */
function leftAt(member: string, until: number, looks: readonly Sample[]): number {
  const others = looks.filter((look) => look.member !== member && look.answered < until && hasMajority(look));
  const present = others.findLast(({ group = {} }) => group[member] === "ONLINE");
  const absent = others.find(
    (look) => look.answered > (present?.answered ?? 0) && !(member in (look.group ?? {})),
  );
  return absent?.answered ?? until;
}

/** Members that were ONLINE then, as the others knew. */
function onlineAt(moment: number, member: string, looks: readonly Sample[]): number {
  const earlier = looks.filter((look) => look.member !== member && look.answered <= moment);
  const latest = new Map(earlier.map((look) => [look.member, look]));
  return Math.max(0, ...[...latest.values()].filter(hasMajority).map((look) => count(look, ["ONLINE"])));
}

function longestPause(writes: readonly Beat[], looks: readonly Sample[]): number {
  const moments = [
    looks[0]?.asked ?? 0,
    ...writes.map(({ answered }) => answered),
    looks.at(-1)?.answered ?? 0,
  ];
  const gaps = moments.slice(1).map((moment, i) => moment - (moments[i] as number));
  return Math.round(Math.max(0, ...gaps));
}

function story(looks: readonly Sample[], began: number): string[] {
  const last = new Map<string, string>();
  return looks.flatMap((look) => {
    const now = described(look);
    if (last.get(look.member) === now) return [];
    last.set(look.member, now);
    return [`${seconds(look.answered - began)} ${look.member} ${now}`];
  });
}

function described({ member, state, role, locked, group = {} }: Sample): string {
  const others = Object.entries(group).filter(([name, its]) => name !== member && its !== "ONLINE");
  const own = [state, role, locked === false ? "writable" : ""].filter((word) => word).join(" ");
  return [own, ...others.map(([name, its]) => `${name} ${its}`)].join(", ");
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(2)} s`;
}
