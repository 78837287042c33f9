import { step } from "../tools/report";
import { type Sandbox, down, up } from "../tools/sandbox";
import { type Benchmark, inTurns, secondsOf } from "./benchmark";
import type { Deployment } from "./deployment";
import { deployMembers, deployNothing, resourcesPerMember } from "./member-program";
import { readFacts } from "./read-facts";
import type { Result } from "./result";
import { median, worst } from "./statistics";
import { type Account, type Traffic, trafficOf } from "./traffic";

type Command = "refresh" | "up";

interface Sample {
  seconds: number;
  traffic: Traffic[];
}

interface Samples {
  ours: Sample[];
  nothing: number[];
  facts: number[];
}

/** `pulumi refresh` and `pulumi up` of a group that is as declared. */
export const noOp: readonly Benchmark[] = [3, 9].map((members) => ({
  name: `no-op/${members}`,
  run: (rounds) => run(members, rounds),
}));

async function run(members: number, rounds: number): Promise<Result[]> {
  const sandbox = await up({ group: true, members, temporary: true });
  const nothing = await deployNothing(members * resourcesPerMember);
  const { deployment, account } = await deployMembers(sandbox);
  try {
    await nothing.up();
    await deployment.up();
    const of = (command: Command): Promise<Samples> =>
      measure(command, rounds, { sandbox, account, deployment, nothing });
    return [...refreshResults(members, await of("refresh")), ...upResults(members, await of("up"))];
  } finally {
    deployment.remove();
    nothing.remove();
    await down(sandbox.name);
  }
}

interface Setting {
  sandbox: Sandbox;
  account: Account;
  deployment: Deployment;
  nothing: Deployment;
}

async function measure(command: Command, rounds: number, setting: Setting): Promise<Samples> {
  const { sandbox, account, deployment, nothing } = setting;
  const { members } = sandbox;
  const samples: Samples = { ours: [], nothing: [], facts: [] };
  const ours = async (): Promise<void> => {
    const shown = step(`no-op ${command}, ${members.length} members`);
    let seconds = 0;
    const traffic = await trafficOf(members, account, async () => {
      seconds = await secondsOf(() => deployment[command]());
    });
    samples.ours.push({ seconds, traffic });
    shown.done(`${seconds.toFixed(2)} s`);
  };
  const reference = async (): Promise<void> => {
    const shown = step(`the same of ${members.length * resourcesPerMember} resources that do nothing`);
    const seconds = await secondsOf(() => nothing[command]());
    samples.nothing.push(seconds);
    samples.facts.push(await secondsOf(() => readFacts(members, account)));
    shown.done(`${seconds.toFixed(2)} s`);
  };
  await inTurns(rounds, ours, reference);
  return samples;
}

function refreshResults(members: number, samples: Samples): Result[] {
  const title = `no-op refresh, ${members} members`;
  const seconds = median(samples.ours.map((s) => s.seconds));
  return [
    {
      name: `${title}: wall time against as many resources that do nothing`,
      unit: "s",
      ours: seconds,
      reference: median(samples.nothing),
      bound: { ratio: 1.25 },
    },
    {
      name: `${title}: wall time against a script that reads the same facts`,
      unit: "s",
      ours: seconds,
      reference: median(samples.facts),
    },
    {
      name: `${title}: logins a server`,
      unit: "",
      ours: worst(trafficIn(samples, "logins"), 1),
      bound: { exactly: 1 },
    },
    {
      name: `${title}: statements a server`,
      unit: "",
      ours: Math.max(...trafficIn(samples, "statements")),
      bound: { atMost: 3 },
    },
  ];
}

function upResults(members: number, samples: Samples): Result[] {
  const title = `no-op up, ${members} members`;
  const most = (what: keyof Traffic): Result => ({
    name: `${title}: ${what} a server`,
    unit: "",
    ours: Math.max(...trafficIn(samples, what)),
  });
  return [
    {
      name: `${title}: wall time against as many resources that do nothing`,
      unit: "s",
      ours: median(samples.ours.map((s) => s.seconds)),
      reference: median(samples.nothing),
    },
    most("logins"),
    most("statements"),
  ];
}

function trafficIn(samples: Samples, what: keyof Traffic): number[] {
  return samples.ours.flatMap(({ traffic }) => traffic.map((one) => one[what]));
}
