import { InputError } from "../errors";

/** 0: no rotation is under way. 1: servers learn to trust the new CA. 2: the new CA signs. The third phase ends it. */
export type Phase = 0 | 1 | 2;

export const phases = 3;

/** A file that a server names for a connection of its own to another one. */
export interface NamedFile {
  /** "channel 'x'", "group_replication_recovery_ssl_ca". */
  readonly user: string;
  /** What it trusts, or what it shows. */
  readonly kind: "trusted" | "shown";
  readonly path: string;
}

export interface Rotation {
  /** How many there have been, with the one under way. */
  readonly count: number;
  readonly phase: Phase;
  /** What each server named when this phase began, by its address; one that did not answer then is left out. */
  readonly named: Readonly<Record<string, readonly NamedFile[]>>;
}

export interface RotationWish {
  /** Of `rotation`. */
  readonly count: number;
  /** Paths whose content the operator vouches for. */
  readonly vouched: readonly string[];
}

/** A server that uses the CA, as it was seen in the phase that is under way. */
export interface SeenUser {
  readonly server: string;
  /** Why the next phase would break it, or why nobody knows, in words that begin with its address. */
  readonly obstacles: readonly string[];
  /** Undefined where it could not be asked. */
  readonly files: readonly NamedFile[] | undefined;
}

/** What a declaration asks for; what it never gives is refused. */
export type Step = "none" | "begin" | "go on" | "give up";

export function stepOf({ count, phase }: Rotation, wish: RotationWish): Step {
  if (wish.count === count) return phase === 0 ? "none" : "go on";
  if (wish.count > count) {
    if (phase !== 0)
      throw refused(
        `cannot be raised while a rotation is under way, in phase ${phase} of ${phases}`,
        `leave it at ${count} until rotationPhase is 0`,
      );
    if (wish.count > count + 1)
      throw refused("can be raised by one at a time", `it was ${count}: ${count + 1} is next`);
    return "begin";
  }
  if (phase === 1 && wish.count === count - 1) return "give up";
  throw phase === 2
    ? refused(
        `cannot go back in phase 2 of ${phases}: servers show certificates of the new CA already`,
        `leave it at ${count}; once rotationPhase is 0, ${count + 1} rotates again`,
      )
    : refused("can only grow", `it was ${count}`);
}

function refused(why: string, todo: string): InputError {
  return new InputError("rotation", why, todo);
}

export interface Decision {
  readonly next: Rotation;
  /** Who holds the next phase back, and why. Empty where it is entered. */
  readonly waitsFor: readonly string[];
}

/** One phase at most, whoever is asked how often: the same state and the same servers give the same answer. */
export function decide(now: Rotation, wish: RotationWish, seen: readonly SeenUser[]): Decision {
  const enter = (phase: Phase, count = now.count): Decision => ({
    next: { count, phase, named: phase === 0 ? {} : namedBy(seen) },
    waitsFor: [],
  });
  switch (stepOf(now, wish)) {
    case "none":
      return { next: now, waitsFor: [] };
    case "begin":
      return enter(1, now.count + 1);
    case "give up":
      return enter(0, now.count - 1);
    case "go on": {
      const waitsFor = seen.flatMap((user) => [...user.obstacles, ...leftovers(now, wish, user)]);
      if (waitsFor.length > 0) return { next: now, waitsFor };
      return enter(now.phase === 1 ? 2 : 0);
    }
  }
}

function namedBy(seen: readonly SeenUser[]): Rotation["named"] {
  return Object.fromEntries(seen.flatMap(({ server, files }) => (files ? [[server, files]] : [])));
}

/** Nobody can look into a file on a server: one that was named when the phase began is taken to hold what it held then. */
function leftovers({ phase, named }: Rotation, { vouched }: RotationWish, user: SeenUser): string[] {
  const kind = phase === 1 ? "trusted" : "shown";
  const before = named[user.server];
  const when = phase === 1 ? "before both CAs were given out" : "before the new CA signed";
  return (user.files ?? [])
    .filter((file) => file.kind === kind && !vouched.includes(file.path))
    .filter((file) => before === undefined || before.some((other) => same(other, file)))
    .map(({ user: who, path }) =>
      before === undefined
        ? `${user.server}: ${who} uses ${path}, and the server was not seen ${when}`
        : `${user.server}: ${who} still uses ${path}, which was in use ${when}`,
    );
}

function same(a: NamedFile, b: NamedFile): boolean {
  return a.user === b.user && a.kind === b.kind && a.path === b.path;
}

/** The CAs of a rotation: the one that signs, and the other one while it is under way. */
export interface Held<Authority> {
  readonly signs: Authority;
  readonly other?: Authority;
}

/** `made` is the new CA, where the first phase begins. */
export function heldAfter<Authority>(
  held: Held<Authority>,
  before: Phase,
  after: Phase,
  made?: Authority,
): Held<Authority> {
  if (before === after) return held;
  switch (after) {
    case 0:
      return { signs: held.signs };
    case 1:
      return { signs: held.signs, other: made! };
    case 2:
      return { signs: held.other!, other: held.signs };
  }
}
