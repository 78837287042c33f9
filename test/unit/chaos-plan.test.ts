import { actsAtStart, atFirst, mustRestart } from "../../tools/chaos/declaration";
import { type Plan, describePlan, planOf } from "../../tools/chaos/plan";
import { Random } from "../../tools/chaos/random";

const seeds = Array.from({ length: 200 }, (_, i) => i + 1);

function plans(options = {}): Plan[] {
  return seeds.map((seed) => planOf(seed, { rounds: 8, ...options }));
}

const usual = plans();

/** What is declared before each round. */
function declaredBefore({ rounds }: Plan): (typeof atFirst)[] {
  const after = rounds.map(({ change }) => (change.refused ? undefined : change.declared));
  return rounds.map((_, i) => after.slice(0, i).findLast((declared) => declared !== undefined) ?? atFirst);
}

it("draws the numbers of mulberry32", () => {
  const random = new Random(1);
  expect([random.next(), random.next(), random.next()]).toEqual([
    0.6270739405881613, 0.002735721180215478, 0.5274470399599522,
  ]);
});

describe("the plan of a seed", () => {
  it("is the same each time", () => {
    expect(plans()).toEqual(usual);
  });

  it("begins with the same rounds when it has more of them", () => {
    for (const plan of usual)
      expect(planOf(plan.seed, { rounds: 11 }).rounds.slice(0, 8)).toEqual(plan.rounds);
  });

  it("is another for another seed", () => {
    expect(new Set(usual.map(({ rounds }) => JSON.stringify(rounds))).size).toBe(seeds.length);
  });

  it("can be told on a page, a line a round", () => {
    const lines = describePlan(planOf(7, { rounds: 3 })).split("\n");
    expect(lines[0]).toMatch(/^seed 7: [35] members, (XCOM|MYSQL)$/);
    expect(lines.slice(1)).toEqual([
      expect.stringMatching(/^ {3}1 {2}\S/),
      expect.stringMatching(/^ {3}2 {2}\S/),
      expect.stringMatching(/^ {3}3 {2}\S/),
    ]);
  });

  it("takes the number of members and the stack that it is told", () => {
    expect(planOf(1, { rounds: 1, members: 5, stack: "MYSQL" })).toMatchObject({
      members: 5,
      stack: "MYSQL",
    });
  });
});

describe("two hundred plans", () => {
  const kinds = (all: readonly Plan[]): string[] => [
    ...new Set(all.flatMap(({ rounds }) => rounds.map(({ fault }) => fault.kind))),
  ];

  it("have every fault that needs no host of its own", () => {
    expect(kinds(usual).sort()).toEqual([
      "a client storm",
      "a long transaction",
      "a second deployment",
      "cut the administrator's connections",
      "freeze a server",
      "interrupt the deployment",
      "kill a server",
      "kill the deployment",
      "none",
      "slow a server",
      "somebody sets a variable",
      "somebody stops a member",
      "somebody switches the primary",
    ]);
  });

  it("cut links and fill disks where members have hosts of their own", () => {
    expect(kinds(plans({ hosts: true }))).toEqual(
      expect.arrayContaining(["cut a link", "cut a member off", "fill a disk"]),
    );
  });

  it("change something in every round", () => {
    for (const plan of usual)
      for (const [i, before] of declaredBefore(plan).entries())
        expect(plan.rounds[i]!.change.declared).not.toEqual(before);
  });

  it("never go from one TLS protocol straight to another, which members could not do one by one", () => {
    for (const plan of usual)
      for (const [i, before] of declaredBefore(plan).entries()) {
        const { change } = plan.rounds[i]!;
        if (change.refused) continue;
        const [from, to] = [before, change.declared].map(({ member }) => member["tlsVersion"]);
        if (Array.isArray(from) && Array.isArray(to) && from.length === 1)
          expect(to).toEqual(expect.arrayContaining(from));
      }
  });

  it("wait for no STOP that a change does not need", () => {
    for (const plan of usual) {
      const names = Array.from({ length: plan.members }, (_, i) => `db${i + 1}`);
      for (const [i, before] of declaredBefore(plan).entries()) {
        const { change, moment } = plan.rounds[i]!;
        if (moment.after !== "stop") continue;
        const restarts = mustRestart(before, change.declared, plan.stack, names);
        expect(restarts.length).toBeGreaterThanOrEqual(moment.number);
      }
    }
  });
});

describe("what acts at START", () => {
  it("is the server's TLS on XCOM, and the recovery channel's on MYSQL", () => {
    expect(actsAtStart("XCOM")).toContain("ssl_cert");
    expect(actsAtStart("MYSQL")).not.toContain("ssl_cert");
    expect(actsAtStart("MYSQL")).toContain("group_replication_recovery_ssl_cert");
  });

  it("includes a recovery password on MYSQL alone", () => {
    const rotated = { ...atFirst, password: 1 };
    expect(mustRestart(atFirst, rotated, "XCOM", ["db1", "db2"])).toEqual([]);
    expect(mustRestart(atFirst, rotated, "MYSQL", ["db1", "db2"])).toEqual(["db1", "db2"]);
  });
});
