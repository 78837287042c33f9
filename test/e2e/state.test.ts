import { mkdirSync } from "node:fs";
import { down, up, type Sandbox } from "../../tools/sandbox";
import { particularized, readSample, samples, type Sample } from "../state/sample";
import { Deployment, urn, type Args } from "./harness";
import {
  accountOn,
  electionsOf,
  expectAllOnline,
  persistedOn,
  primaryOf,
  startsOf,
  statementsOf,
  variable,
  viewOf,
  writesOf,
} from "./servers";

/** The engine counts the stack as well, and not the provider. */
function declaredIn({ state }: Sample): number {
  const { resources } = state.deployment as { resources: { type: string }[] };
  return resources.filter(({ type }) => !type.startsWith("pulumi:providers:")).length;
}

describe.each(samples())("the state that the code of %s has left", (name) => {
  let sandbox: Sandbox;
  /** Those of its servers that are a group; a fourth only replicates from it. */
  let group: Sandbox;
  let sample: Sample;
  let deployment: Deployment;

  beforeAll(async () => {
    const recorded = readSample(name);
    sandbox = await up({ members: recorded.declaration.sources ? 4 : 3, temporary: true });
    group = { ...sandbox, members: sandbox.members.slice(0, 3) };
    sample = await particularized(recorded, sandbox);
    // The servers that the state is of. Without `sources` first: a channel needs the account.
    const { user, members, sources = [] } = sample.declaration;
    const maker = await Deployment.of(sandbox, { ...(user ? { user } : {}), members });
    await maker.up();
    await maker.configure({ ...(user ? { user } : {}), members, sources });
    await maker.up();
    maker.dispose();
    deployment = await Deployment.of(sandbox, sample.declaration);
    await deployment.importState(sample.state);
    await putFiles();
  });

  /** Their contents are in state alone. */
  async function putFiles(): Promise<void> {
    const { files = [] } = sample.declaration;
    if (files.length === 0) return;
    for (const { files: args } of files) mkdirSync(String(args["folder"]), { mode: 0o755 });
    await deployment.up({ refresh: true, target: files.map(({ name }) => urn("CertificateFiles", name)) });
  }

  afterAll(async () => {
    deployment?.dispose();
    if (sandbox) await down(sandbox);
  });

  it("is refreshed: nothing differs from the live group, and nothing is written", async () => {
    const before = await statementsOf(sandbox);
    await deployment.refresh();
    const { changes } = await deployment.preview();
    expect(changes.create ?? changes.delete ?? changes.replace).toBeUndefined();
    // At most the code that state holds is brought up to date.
    await deployment.up();
    expect((await deployment.preview({ refresh: true })).changes).toEqual({
      same: declaredIn(sample),
    });
    expect(await writesOf(sandbox, before)).toEqual({});
    const files = deployment
      .resources()
      .filter(({ type }) => /:(GroupMember|RecoveryChannel|ReplicationChannel)$/.test(type))
      .map(({ outputs }) => outputs["optionFile"]);
    const { members, sources = [] } = sample.declaration;
    expect(files).toHaveLength(2 * members.length + sources.length);
    for (const file of files) expect(file).toMatch(/^\[(mysqld|client)\]\n/);
  });

  it("is updated: a change of ssl_mode rolls through the group", async () => {
    const primary = await primaryOf(group);
    const { declaration } = sample;
    const changed = declaration.members.map((one) => ({
      ...one,
      member: { ...(one.member as Args), sslMode: "VERIFY_CA" },
    }));
    await deployment.configure({ ...declaration, members: changed });
    const since = Date.now();
    expect((await deployment.up()).changes).toMatchObject({ update: 3 });

    const starts = await startsOf(group, since);
    expect([...starts].sort()).toEqual(["db1", "db2", "db3"]);
    expect(starts.at(-1)).toBe(primary.name);
    expect(await electionsOf(group, since)).toHaveLength(1);
    await expectAllOnline(group);
    for (const member of group.members)
      expect((await variable(member, "group_replication_ssl_mode")).live).toBe("VERIFY_CA");
  });

  it("is destroyed: the members leave, and the account goes that it says was made by it", async () => {
    await deployment.destroy();
    for (const member of group.members) {
      expect(await viewOf(member)).toEqual([expect.objectContaining({ state: "OFFLINE" })]);
      expect(await persistedOn(member)).toEqual([]);
      expect(await accountOn(member)).toBeUndefined();
    }
  });
});
