import { down, up, type Sandbox } from "../../tools/sandbox";
import { declarationOf, Deployment, type Args } from "./harness";
import { expectAllOnline, primariesOf, startsOf, variable } from "./servers";
import { whileWriting } from "./writing";

let sandbox: Sandbox;
let deployment: Deployment;

const multiPrimary: Args = { singlePrimaryMode: false };

beforeAll(async () => {
  sandbox = await up({ temporary: true });
  deployment = await Deployment.of(sandbox, declarationOf(sandbox, { member: multiPrimary }));
});

afterAll(async () => {
  deployment?.dispose();
  if (sandbox) await down(sandbox);
});

describe("a multi-primary group", () => {
  it("is made by up: every member takes writes", async () => {
    await deployment.up();
    await expectAllOnline(sandbox);
    expect(await primariesOf(sandbox)).toEqual(["db1", "db2", "db3"]);
  });

  it("changes its ssl_mode member by member with no switch-over, and loses no row", async () => {
    await deployment.configure(declarationOf(sandbox, { member: { ...multiPrimary, sslMode: "VERIFY_CA" } }));
    const { starts, elections, result } = await whileWriting(sandbox, () => deployment.up());

    expect([...starts].sort()).toEqual(["db1", "db2", "db3"]);
    expect(elections).toEqual([]);
    expect(result.output).not.toContain("switch-over:");
    await expectAllOnline(sandbox);
    expect(await primariesOf(sandbox)).toEqual(["db1", "db2", "db3"]);
    for (const member of sandbox.members)
      expect((await variable(member, "group_replication_ssl_mode")).live).toBe("VERIFY_CA");
  });

  it("is left by all members on destroy", async () => {
    const since = Date.now();
    expect((await deployment.destroy()).changes).toEqual({ delete: 8 });
    expect(await startsOf(sandbox, since)).toEqual([]);
    for (const member of sandbox.members)
      expect((await variable(member, "group_replication_single_primary_mode")).live).toBe("1");
  });
});
