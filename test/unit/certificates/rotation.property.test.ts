import fc from "fast-check";
import {
  type Held,
  type NamedFile,
  type Rotation,
  type SeenUser,
  decide,
  heldAfter,
} from "../../../provider/certificates/rotation";
import { InputError } from "../../../provider/errors";

/** A server as it is: which CAs it trusts and whose certificate it shows, itself and in its channel. */
interface Server {
  readonly address: string;
  answers: boolean;
  trusts: readonly number[];
  shows: number;
  channel: { trusts: readonly number[]; shows: number; fixedNames: boolean };
}

/** What happens at one `pulumi up`. */
interface Up {
  /** What is added to `rotation`. */
  readonly wish: -1 | 0 | 1 | 2;
  /** Killed before state was kept: nobody gets anything. */
  readonly killed: boolean;
  /** Servers that are down, and those whose files and settings this deployment reached. */
  readonly down: readonly boolean[];
  readonly server: readonly boolean[];
  readonly channel: readonly boolean[];
  readonly vouches: boolean;
}

interface World {
  rotation: Rotation;
  held: Held<number>;
  made: number;
  readonly servers: readonly Server[];
}

const count = 3;
const some = fc.array(fc.boolean(), { minLength: count, maxLength: count });
const rarely = fc.integer({ min: 0, max: 9 }).map((n) => n === 0);
const rarelySome = fc.array(rarely, { minLength: count, maxLength: count });
const up: fc.Arbitrary<Up> = fc.record({
  wish: fc.constantFrom<Up["wish"]>(0, 0, 0, 0, 1, 1, -1, 2),
  killed: rarely,
  down: rarelySome,
  server: fc.oneof(some, fc.constant(Array<boolean>(count).fill(true))),
  channel: fc.oneof(some, fc.constant(Array<boolean>(count).fill(true))),
  vouches: fc.boolean(),
});
const histories = fc.record({
  ups: fc.array(up, { minLength: 1, maxLength: 25 }),
  fixedNames: rarelySome,
});

function beginning(fixedNames: readonly boolean[]): World {
  return {
    rotation: { count: 0, phase: 0, named: {} },
    held: { signs: 1 },
    made: 1,
    servers: fixedNames.map((fixed, i) => ({
      address: `db${i + 1}`,
      answers: true,
      trusts: [1],
      shows: 1,
      channel: { trusts: [1], shows: 1, fixedNames: fixed },
    })),
  };
}

const bundleOf = ({ signs, other }: Held<number>): number[] =>
  other === undefined ? [signs] : [signs, other];

/** A content has a name of its own, or the name is the same for ever. */
function filesOf({ channel }: Server): NamedFile[] {
  const named = (kind: NamedFile["kind"], content: string): NamedFile => ({
    user: "channel",
    kind,
    path: channel.fixedNames ? `/${kind}` : `/${kind}-${content}`,
  });
  return [named("trusted", [...channel.trusts].sort().join("+")), named("shown", String(channel.shows))];
}

function seen(server: Server, { rotation: { phase }, held }: World): SeenUser {
  if (!server.answers) return { server: server.address, obstacles: ["silent"], files: undefined };
  const ready = phase === 1 ? server.trusts.includes(held.other!) : server.shows === held.signs;
  return {
    server: server.address,
    obstacles: ready || phase === 0 ? [] : ["not ready"],
    files: filesOf(server),
  };
}

/** Only of what is really so. */
function vouchedFor({ rotation: { phase }, held, servers }: World): string[] {
  const good = servers.filter(({ channel }) =>
    phase === 1 ? channel.trusts.includes(held.other!) : channel.shows === held.signs,
  );
  return good.length === servers.length ? good.flatMap(filesOf).map(({ path }) => path) : [];
}

/** One `up`; undefined where it was refused. */
function decided(world: World, { wish, vouches }: Up): ReturnType<typeof decide> | undefined {
  const { rotation } = world;
  const vouched = vouches ? vouchedFor(world) : [];
  try {
    return decide(
      rotation,
      { count: rotation.count + wish, vouched },
      world.servers.map((server) => seen(server, world)),
    );
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return undefined;
  }
}

function play(world: World, event: Up): void {
  world.servers.forEach((server, i) => (server.answers = !event.down[i]));
  const decision = decided(world, event);
  if (!decision || event.killed) return;
  const { phase } = decision.next;
  if (world.rotation.phase === 0 && phase === 1) world.made += 1;
  world.held = heldAfter(world.held, world.rotation.phase, phase, world.made);
  world.rotation = decision.next;
  world.servers.forEach((server, i) => {
    if (!server.answers) return;
    const material = { trusts: bundleOf(world.held), shows: world.held.signs };
    if (event.server[i]) Object.assign(server, material);
    if (event.channel[i]) Object.assign(server.channel, material);
  });
}

function expectTalk({ servers }: World): void {
  for (const one of servers)
    for (const other of servers) {
      expect(one.trusts).toContain(other.shows);
      expect(one.channel.trusts).toContain(other.shows);
      expect(one.trusts).toContain(other.channel.shows);
    }
}

/** After every `up` of hundreds of histories. */
function always(claim: (world: World, before: World, event: Up) => void): void {
  fc.assert(
    fc.property(histories, ({ ups, fixedNames }) => {
      const world = beginning(fixedNames);
      for (const event of ups) {
        const before = structuredClone(world);
        play(world, event);
        claim(world, before, event);
      }
    }),
    { numRuns: 300 },
  );
}

it("every server and channel trusts what every other shows, whatever is down, left out or killed", () => {
  always((world) => expectTalk(world));
});

it("the bundle holds what signs, and no phase is left out or entered backwards", () => {
  always(({ held, rotation }, before) => {
    expect(bundleOf(held)).toContain(held.signs);
    expect(bundleOf(held)).toHaveLength(rotation.phase === 0 ? 1 : 2);
    const moves = [
      [0, 0],
      [0, 1],
      [1, 1],
      [1, 2],
      [1, 0],
      [2, 2],
      [2, 0],
    ];
    expect(moves).toContainEqual([before.rotation.phase, rotation.phase]);
    const givenUp = before.rotation.phase === 1 && rotation.phase === 0;
    if (givenUp) expect(held.signs).toBe(before.held.signs);
  });
});

it("a decision that got lost is made again, and one that was kept is not made twice", () => {
  always((world, before, event) => {
    if (event.killed) expect(world.rotation).toEqual(before.rotation);
    const once = decided(world, { ...event, wish: 0 });
    const again = decided(world, { ...event, wish: 0 });
    expect(again).toEqual(once);
    const steps = (world.rotation.phase - before.rotation.phase + 3) % 3;
    expect(steps === 0 || steps === 1 || world.rotation.count < before.rotation.count).toBe(true);
  });
});

it("a rotation ends when every server is reached, with the old CA forgotten by all", () => {
  const all = Array<boolean>(count).fill(true);
  const calm: Up = {
    wish: 0,
    killed: false,
    down: all.map(() => false),
    server: all,
    channel: all,
    vouches: true,
  };
  fc.assert(
    fc.property(histories, ({ ups, fixedNames }) => {
      const world = beginning(fixedNames);
      for (const event of ups) play(world, event);
      for (let i = 0; i < 4; i += 1) play(world, calm);
      expect(world.rotation.phase).toBe(0);
      for (const server of world.servers) {
        expect(server.trusts).toEqual([world.held.signs]);
        expect(server.channel.shows).toBe(world.held.signs);
      }
    }),
    { numRuns: 200 },
  );
});
