import { setTimeout as sleep } from "node:timers/promises";
import { groupMember } from "../../../provider/runtime";
import { type Findings, Proxy, type Which, healAll, freeDisk, steadily, thaw } from "../../../tools/faults";
import {
  type Member,
  type Sandbox,
  type UpOptions,
  down,
  pidOf,
  query,
  start,
  startWriter,
  up,
} from "../../../tools/sandbox";
import {
  type Deployed,
  type Failure,
  type Inputs,
  addressOf,
  create,
  expectHealthy,
  memberInputs,
  refreshed,
  stateOf,
  until,
  updateAll,
  useRuntime,
  value,
} from "../helpers";

/** What a test does to the group while it is being changed. */
export interface Fault {
  /** Before the deployment begins. */
  readonly before?: () => unknown;
  /** Begins together with the deployment. */
  readonly happens?: () => unknown;
  /** Removes the fault, when the deployment has ended; servers that were killed are started anyhow. */
  readonly mend?: () => unknown;
  /** Declared beside what is changed. */
  readonly more?: (index: number) => Inputs;
  /** What is declared need not pass check. */
  readonly unchecked?: boolean;
  /** Members that somebody else stops. */
  readonly stoppedByOthers?: readonly string[];
  /** Somebody else sets what the deployment sets. */
  readonly setByOthers?: boolean;
  /** The fault itself opens a stopped member for a moment. */
  readonly opens?: boolean;
}

export interface Outcome {
  /** By the members' order; undefined where a member was changed. */
  readonly failures: readonly (Failure | undefined)[];
  /** The one among them that tells what happened. */
  readonly cause: Failure | undefined;
  /** That the faulty deployment took. */
  readonly seconds: number;
  readonly findings: Findings;
}

interface SceneOptions extends UpOptions {
  /** Which members are deployed, by number; the others are in the group and only testify. @default all */
  readonly deploy?: readonly number[];
}

/** What goes to and fro: one acts at a restart, the other at once. */
const first = { sslMode: "REQUIRED", memberWeight: 50 };
const second = { sslMode: "VERIFY_CA", memberWeight: 60 };
const live = "CONCAT(@@group_replication_ssl_mode, ' ', @@group_replication_member_weight)";

/** A scene for all tests of the file. */
export function useScene(options: SceneOptions = {}): Scene {
  useRuntime();
  const scene = new Scene(options);
  beforeAll(() => scene.open());
  afterAll(() => scene.close());
  return scene;
}

/** A group of real servers with a proxy before each, and the GroupMembers that are deployed on it. */
export class Scene {
  sandbox!: Sandbox;
  deployed: Deployed[] = [];
  private readonly proxies = new Map<Member, Proxy>();

  constructor(private readonly options: SceneOptions) {}

  async open(): Promise<void> {
    this.sandbox = await up({ ...this.options, group: true, temporary: true });
    for (const member of this.all) {
      this.proxies.set(member, await Proxy.before(member));
      // What a group does about a member that is gone, it does soon.
      await query(member, "SET PERSIST group_replication_member_expel_timeout = 0");
      // An election takes one that is deployed.
      const weight = this.members.includes(member) ? first.memberWeight : 10;
      await query(member, `SET PERSIST group_replication_member_weight = ${weight}`);
    }
    const adopted = this.members.map((member) => {
      const declared = { ...first, connection: this.proxy(member).login };
      return create(groupMember, memberInputs(this.sandbox, member, declared));
    });
    this.deployed = await Promise.all(adopted);
  }

  async close(): Promise<void> {
    this.proxies.forEach((proxy) => proxy.close());
    await down(this.sandbox);
  }

  get all(): Member[] {
    return this.sandbox.members;
  }

  /** Those that are deployed. */
  get members(): Member[] {
    const { deploy } = this.options;
    return this.all.filter((_, i) => deploy?.includes(i + 1) ?? true);
  }

  db(number: number): Member {
    return this.all[number - 1]!;
  }

  proxy(member: Member): Proxy {
    return this.proxies.get(member)!;
  }

  /** As the deployment calls the member. */
  name(member: Member): string {
    return addressOf(this.proxy(member));
  }

  /** The first member that is sent such a statement. */
  async sent(statement: Which, by = this.members): Promise<Member> {
    return Promise.race(
      by.map((member) =>
        this.proxy(member)
          .passed(statement)
          .then(() => member),
      ),
    );
  }

  /** The values that the next deployment declares. */
  get wish(): Inputs {
    return this.deployed[0]!.inputs["sslMode"] === first.sslMode ? second : first;
  }

  /** One deployment of all members. */
  async deploy(edit: Inputs | ((index: number) => Inputs)): Promise<(Failure | undefined)[]> {
    const { failures, after } = await updateAll(this.deployed, edit);
    this.deployed = after;
    return failures;
  }

  /**
   * A deployment during which something happens; then the fault is removed, and the deployment run again ends as declared. In between
   * every member is as before or as declared. Over all of it nothing that was acknowledged is lost, there are never two writable
   * groups, and nothing is stopped that the group could not do without.
   */
  async undergo({
    before,
    happens,
    mend,
    more = () => ({}),
    unchecked = false,
    stoppedByOthers = [],
    setByOthers = false,
    opens = false,
  }: Fault): Promise<Outcome> {
    await this.rest();
    const { wish } = this;
    const check = unchecked && passEverything();
    const writer = await startWriter(this.all);
    const watch = await steadily(this.all);
    try {
      await before?.();
      const began = performance.now();
      const deployment = this.deploy((i) => ({ ...wish, ...more(i) }));
      // It goes on also where the fault could not be made.
      const [happened] = await Promise.allSettled([
        Promise.race([Promise.resolve().then(happens), tooLate(deployment)]),
      ]);
      const failures = await deployment;
      if (happened.status === "rejected") throw happened.reason;
      const seconds = (performance.now() - began) / 1000;
      if (check) check.mockRestore();
      failures.forEach((failure, i) => failure && expectToTell(failure, this.name(this.members[i]!)));
      await mend?.();
      await this.startAll();
      if (!setByOthers) await this.expectEither(wish, failures);
      // As the messages ask for it.
      if (failures.some((failure) => failure?.todo.includes("--refresh")))
        this.deployed = await Promise.all(this.deployed.map(refreshed));
      expect(await this.deploy(wish)).toEqual(failures.map(() => undefined));
      await this.expectDeclared(wish);
      await this.allOnline();
      await writer.stop();
      const findings = await watch.stop();
      await expectHealthy(this.all);
      for (const check of await writer.verify(this.all)) expect(check).toMatchObject({ missing: 0 });
      this.expectSound(opens ? closed(findings) : findings, stoppedByOthers);
      return { failures, cause: failures.find((f) => f && f.code !== "GR104"), seconds, findings };
    } catch (error) {
      (error as Error).message += `\n\nThe group meanwhile:\n${watch.findings().story.join("\n")}`;
      throw error;
    } finally {
      this.proxies.forEach((proxy) => proxy.forget());
      await Promise.all([writer.stop(), watch.stop()]);
    }
  }

  /** Every member is ONLINE, whatever the test before has left. */
  private async rest(): Promise<void> {
    for (const member of this.all) {
      await this.proxy(member).admit();
      if (pidOf(member) !== undefined) thaw(member);
      if (member.disk !== undefined) freeDisk(member);
    }
    if (this.options.hosts) healAll(this.all);
    await this.startAll();
    for (const member of this.all)
      if ((await stateOf(member)) !== "ONLINE") {
        await query(member, "SET GLOBAL offline_mode = OFF");
        await query(member, "STOP GROUP_REPLICATION");
        await query(member, "START GROUP_REPLICATION");
      }
    await this.allOnline();
    await expectHealthy(this.all);
  }

  /** Servers that were killed are started, and come back by themselves. */
  private async startAll(): Promise<void> {
    const gone = this.all.filter((member) => pidOf(member) === undefined);
    await Promise.all(gone.map(start));
    for (const member of gone)
      await until(`${member.name} is back`, 60, async () => (await stateOf(member)) === "ONLINE");
  }

  private async allOnline(): Promise<void> {
    for (const member of this.all)
      for (const other of this.all)
        await until(`${member.name} sees ${other.name} ONLINE`, 60, async () => {
          const seen = await stateOf(member, other).catch(() => "");
          return seen === "ONLINE";
        });
  }

  /** As before or as declared; where a server was gone before anything could be taken back, each value by itself. */
  private async expectEither(wish: Inputs, failures: readonly (Failure | undefined)[]): Promise<void> {
    const before = Object.values(wish === first ? second : first);
    const declared = Object.values(wish);
    for (const [i, member] of this.members.entries()) {
      const possible = failures[i]?.left.includes("still set on it")
        ? [before, declared, [before[0], declared[1]], [declared[0], before[1]]]
        : [before, declared];
      const now = { of: member.name, live: await value(member, live) };
      expect(possible.map((values) => ({ of: member.name, live: values.join(" ") }))).toContainEqual(now);
    }
  }

  private async expectDeclared(wish: Inputs): Promise<void> {
    for (const member of this.members) expect(await value(member, live)).toBe(Object.values(wish).join(" "));
  }

  private expectSound(findings: Findings, stoppedByOthers: readonly string[]): void {
    expect(findings).toMatchObject({ twoWritable: [], writableOutside: [] });
    for (const stop of findings.stops.filter(({ member }) => !stoppedByOthers.includes(member)))
      expect({ ...stop, safe: stop.othersOnline * 2 > this.all.length }).toEqual({ ...stop, safe: true });
  }
}

function closed(findings: Findings): Findings {
  return { ...findings, writableOutside: findings.writableOutside.filter((seen) => !/ OFFLINE /.test(seen)) };
}

/** A fault that waits for a statement which is never sent would be waited for without end. */
async function tooLate(deployment: Promise<readonly (Failure | undefined)[]>): Promise<never> {
  const failures = await deployment;
  await sleep(60_000, undefined, { ref: false });
  const told = failures.map((failure) => failure?.message ?? "changed").join("\n");
  throw new Error(`the deployment had ended before the fault could be made:\n${told}`);
}

function passEverything(): jest.SpyInstance {
  return jest
    .spyOn(groupMember, "check")
    .mockImplementation((_, news) => Promise.resolve({ inputs: news, failures: [] }));
}

/** Which server, what happened, what was undone and what is left, what to do. */
function expectToTell({ message, what, left, todo }: Failure, name: string): void {
  expect({ message, names: message.includes(name) || /^group/.test(what) }).toEqual({ message, names: true });
  expect({ message, left }).toEqual({ message, left: expect.stringMatching(/./) as string });
  expect({ message, todo }).toEqual({ message, todo: expect.stringMatching(/./) as string });
}
