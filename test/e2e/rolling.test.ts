import { down, up, type Sandbox } from "../../tools/sandbox";
import { atLocalAddress, atSqlPort, type Protocol } from "./handshake";
import { declarationOf, Deployment, urn, type Args } from "./harness";
import {
  electionsOf,
  expectAllOnline,
  persistedOn,
  primariesOf,
  primaryOf,
  startsOf,
  statementsOf,
  variable,
  viewOf,
  writesOf,
} from "./servers";
import { whileWriting } from "./writing";

let sandbox: Sandbox;
let deployment: Deployment;

/** Declares this of every member, from now on. */
async function declare(member: Args): Promise<void> {
  await deployment.configure(declarationOf(sandbox, { member }));
}

async function sslModes(): Promise<(string | null)[]> {
  const modes = sandbox.members.map((member) => variable(member, "group_replication_ssl_mode"));
  return (await Promise.all(modes)).map(({ live }) => live);
}

async function speaks(protocol: Protocol): Promise<Record<"client" | "group", boolean[]>> {
  const { members } = sandbox;
  const client = members.map(async (member) => (await atSqlPort(member, sandbox, protocol)) !== undefined);
  const group = members.map(
    async (member) => (await atLocalAddress(member, sandbox, protocol)) !== undefined,
  );
  return { client: await Promise.all(client), group: await Promise.all(group) };
}

const all = [true, true, true];
const none = [false, false, false];

beforeAll(async () => {
  sandbox = await up({ temporary: true });
  deployment = await Deployment.of(
    sandbox,
    declarationOf(sandbox, { member: { tlsVersion: ["TLSv1.2", "TLSv1.3"] } }),
  );
  await deployment.up();
});

afterAll(async () => {
  deployment?.dispose();
  if (sandbox) await down(sandbox);
});

describe("a change of ssl_mode on the XCOM stack", () => {
  it("is explained by the preview: the members, their statements, and one line for the group", async () => {
    await declare({ sslMode: "VERIFY_CA", tlsVersion: ["TLSv1.2", "TLSv1.3"] });
    const before = await statementsOf(sandbox);
    const { output, changes } = await deployment.preview();

    expect(changes).toEqual({ same: 5, update: 3 });
    for (const { host, port } of sandbox.members)
      expect(output).toContain(`member ${host}:${port}: member-restart because`);
    expect(output).toContain("SET PERSIST group_replication_ssl_mode = 'VERIFY_CA'");
    expect(output).toContain("START GROUP_REPLICATION");
    expect(output.match(/3 of 3 members restart, one at a time/g)).toHaveLength(1);
    expect(await writesOf(sandbox, before)).toEqual({});
  });

  it("restarts each member once, the primary last after one switch-over, and loses no row", async () => {
    const primary = await primaryOf(sandbox);
    const { starts, elections } = await whileWriting(sandbox, () => deployment.up());

    expect([...starts].sort()).toEqual(["db1", "db2", "db3"]);
    expect(starts.at(-1)).toBe(primary.name);
    expect(elections).toHaveLength(1);
    expect(elections).toEqual(await primariesOf(sandbox));
    await expectAllOnline(sandbox);
    expect(await sslModes()).toEqual(["VERIFY_CA", "VERIFY_CA", "VERIFY_CA"]);
  });

  it("leaves nothing to do", async () => {
    const before = await statementsOf(sandbox);
    expect((await deployment.up({ refresh: true })).changes).toEqual({ same: 8 });
    expect(await writesOf(sandbox, before)).toEqual({});
  });
});

describe("a change of tls_version", () => {
  it("is in effect for clients and between members, after one rolling restart", async () => {
    expect(await speaks("TLSv1.3")).toEqual({ client: all, group: all });
    await declare({ sslMode: "VERIFY_CA", tlsVersion: ["TLSv1.2"] });
    const { starts, elections } = await whileWriting(sandbox, () => deployment.up());

    expect([...starts].sort()).toEqual(["db1", "db2", "db3"]);
    expect(elections).toHaveLength(1);
    await expectAllOnline(sandbox);
    expect(await speaks("TLSv1.3")).toEqual({ client: none, group: none });
    expect(await speaks("TLSv1.2")).toEqual({ client: all, group: all });
  });
});

describe("a change to a protocol that has nothing in common with the one before", () => {
  it("is explained by the preview: two rounds, why, and the statements of both", async () => {
    await declare({ sslMode: "VERIFY_CA", tlsVersion: ["TLSv1.3"] });
    const before = await statementsOf(sandbox);
    const { output } = await deployment.preview();

    expect(output.match(/3 of 3 members restart, in two rounds, each of them twice/g)).toHaveLength(1);
    expect(output).toContain("members with TLSv1.2 and members with TLSv1.3 could not talk to each other");
    const texts = ["'TLSv1.2,TLSv1.3'", "then, when every member of the group has done this:", "'TLSv1.3'"];
    const places = texts.map((text) => output.indexOf(text));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(places).not.toContain(-1);
    expect(await writesOf(sandbox, before)).toEqual({});
  });

  it("is in effect after one up: each member restarted twice, two switch-overs, no row lost", async () => {
    const { starts, elections } = await whileWriting(sandbox, () => deployment.up());

    expect([...starts.slice(0, 3)].sort()).toEqual(["db1", "db2", "db3"]);
    expect([...starts.slice(3)].sort()).toEqual(["db1", "db2", "db3"]);
    expect(elections).toHaveLength(2);
    await expectAllOnline(sandbox);
    expect(await speaks("TLSv1.2")).toEqual({ client: none, group: none });
    expect(await speaks("TLSv1.3")).toEqual({ client: all, group: all });
    expect((await deployment.up({ refresh: true })).changes).toEqual({ same: 8 });
  });
});

describe("a rolling change with --parallel 1", () => {
  it("restarts each member once and loses no row, with at most two switch-overs", async () => {
    await declare({ sslMode: "REQUIRED", tlsVersion: ["TLSv1.3"] });
    const { starts, elections } = await whileWriting(sandbox, () => deployment.up({ parallel: 1 }));

    expect([...starts].sort()).toEqual(["db1", "db2", "db3"]);
    expect(elections.length).toBeLessThanOrEqual(2);
    await expectAllOnline(sandbox);
    expect(await sslModes()).toEqual(["REQUIRED", "REQUIRED", "REQUIRED"]);
  });
});

describe("a rolling change with --target of one member", () => {
  it("restarts only that member", async () => {
    const primary = await primaryOf(sandbox);
    const secondary = sandbox.members.find(({ name }) => name !== primary.name)!;
    await declare({ sslMode: "VERIFY_CA", tlsVersion: ["TLSv1.3"] });
    const since = Date.now();
    await deployment.up({ target: [urn("GroupMember", secondary.name)] });

    expect(await startsOf(sandbox, since)).toEqual([secondary.name]);
    expect(await electionsOf(sandbox, since)).toEqual([]);
    await expectAllOnline(sandbox);
    expect(await sslModes()).toEqual(
      sandbox.members.map(({ name }) => (name === secondary.name ? "VERIFY_CA" : "REQUIRED")),
    );
  });

  it("leaves the others to the next full up, which restarts only them", async () => {
    const primary = await primaryOf(sandbox);
    const modes = await sslModes();
    const rest = sandbox.members.filter((_, index) => modes[index] !== "VERIFY_CA").map(({ name }) => name);
    const { starts, elections } = await whileWriting(sandbox, () => deployment.up());

    expect([...starts].sort()).toEqual(rest);
    expect(starts.at(-1)).toBe(primary.name);
    expect(elections).toHaveLength(1);
    await expectAllOnline(sandbox);
    expect(await sslModes()).toEqual(["VERIFY_CA", "VERIFY_CA", "VERIFY_CA"]);
  });
});

describe("the primary, when it is declared no more", () => {
  it("hands over, leaves the group, and stays read only, while the others go on", async () => {
    const primary = await primaryOf(sandbox);
    const declaration = declarationOf(sandbox, { member: { sslMode: "VERIFY_CA", tlsVersion: ["TLSv1.3"] } });
    const members = declaration.members.filter(({ name }) => name !== primary.name);
    await deployment.configure({ ...declaration, members });
    const others = sandbox.members.filter((member) => member !== primary);
    const { starts, elections } = await whileWriting(sandbox, () => deployment.up(), others);

    expect(starts).toEqual([]);
    expect(elections).toHaveLength(1);
    for (const member of others)
      expect((await viewOf(member)).map(({ state }) => state)).toEqual(["ONLINE", "ONLINE"]);
    expect((await viewOf(primary)).map(({ state }) => state)).toEqual(["OFFLINE"]);
    expect((await variable(primary, "super_read_only")).live).toBe("1");
    expect(await persistedOn(primary)).toEqual([]);
  });
});
