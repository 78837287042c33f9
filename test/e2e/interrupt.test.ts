import { down, up, type Sandbox } from "../../tools/sandbox";
import { declarationOf, Deployment, type Launched } from "./harness";
import { expectAllOnline, primaryOf, variable } from "./servers";
import { whileWriting } from "./writing";

let sandbox: Sandbox;
let deployment: Deployment;

beforeAll(async () => {
  sandbox = await up({ temporary: true });
  deployment = await Deployment.of(sandbox);
  await deployment.up();
});

afterAll(async () => {
  deployment?.dispose();
  if (sandbox) await down(sandbox);
});

async function declare(sslMode: string): Promise<void> {
  await deployment.configure(declarationOf(sandbox, { member: { sslMode } }));
}

async function sslModes(): Promise<(string | null)[]> {
  const modes = sandbox.members.map((member) => variable(member, "group_replication_ssl_mode"));
  return (await Promise.all(modes)).map(({ live }) => live);
}

async function saw(running: Launched, text: RegExp): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!text.test(running.output)) {
    if (Date.now() > deadline) throw new Error(`not printed within 60 s: ${text}\n${running.output}`);
    await pause(20);
  }
}

const pause = (milliseconds: number): Promise<void> => new Promise((done) => setTimeout(done, milliseconds));

it("interrupted once, a rolling change finishes the member at hand, begins no other, and says what is left", async () => {
  await declare("VERIFY_CA");
  const primary = await primaryOf(sandbox);
  const first = await whileWriting(sandbox, async () => {
    const running = deployment.launchUp();
    await saw(running, /restarting Group Replication/);
    running.interrupt();
    return { code: await running.ended, output: running.output };
  });
  expect(first.result.code).not.toBe(0);
  expect(first.starts).toHaveLength(1);
  expect(first.starts).not.toContain(primary.name);
  expect(first.result.output).toContain("the deployment was interrupted");
  expect(first.result.output).toContain(`${primary.host}:${primary.port} was not reached`);
  expect((await sslModes()).sort()).toEqual(["REQUIRED", "REQUIRED", "VERIFY_CA"]);
  await expectAllOnline(sandbox);

  const second = await whileWriting(sandbox, () => deployment.up());
  expect([...first.starts, ...second.starts].sort()).toEqual(["db1", "db2", "db3"]);
  expect(await sslModes()).toEqual(["VERIFY_CA", "VERIFY_CA", "VERIFY_CA"]);
  await expectAllOnline(sandbox);
});

it.each([
  ["as the first member is stopped", /restarting Group Replication/, 500],
  ["as the first member is started", /restarting Group Replication/, 4000],
  ["as the primary is restarted", /switch-over/, 2000],
])(
  "killed %s, a rolling change is continued by the next one, and nothing is restarted twice",
  async (_, text, delay) => {
    const [now] = await sslModes();
    const wanted = now === "VERIFY_CA" ? "REQUIRED" : "VERIFY_CA";
    await declare(wanted);
    const { starts } = await whileWriting(sandbox, async () => {
      const running = deployment.launchUp();
      await saw(running, text);
      await pause(delay);
      running.kill();
      await running.ended;
      await deployment.pulumi("cancel", "--yes");
      await deployment.up();
    });
    expect(await sslModes()).toEqual([wanted, wanted, wanted]);
    expect([...starts].sort()).toEqual(["db1", "db2", "db3"]);
    await expectAllOnline(sandbox);
  },
);
