import { down, query, up, type Sandbox } from "../../tools/sandbox";
import { declarationOf, Deployment, type Declaration } from "./harness";
import {
  electionsOf,
  expectAllOnline,
  primariesOf,
  primaryOf,
  startsOf,
  statementsOf,
  until,
  variable,
  viewOf,
  writesOf,
} from "./servers";
import { whileWriting } from "./writing";

let sandbox: Sandbox;
let deployment: Deployment;

/** An account that may log in without TLS needs the donor's key for its password. */
function declaration(sslMode: string, require: string): Declaration {
  return declarationOf(sandbox, {
    user: { require },
    channel: { recoveryGetPublicKey: true },
    member: { sslMode },
  });
}

async function sslModes(): Promise<(string | null)[]> {
  const modes = sandbox.members.map((member) => variable(member, "group_replication_ssl_mode"));
  return (await Promise.all(modes)).map(({ live }) => live);
}

beforeAll(async () => {
  sandbox = await up({ stack: "MYSQL", temporary: true });
  deployment = await Deployment.of(sandbox, declaration("DISABLED", "NONE"));
});

afterAll(async () => {
  deployment?.dispose();
  if (sandbox) await down(sandbox);
});

describe("a group on the MYSQL stack", () => {
  it("is made without TLS where that is declared, and the same up again writes nothing", async () => {
    await deployment.up();
    await expectAllOnline(sandbox);
    expect(await sslModes()).toEqual(["DISABLED", "DISABLED", "DISABLED"]);
    const before = await statementsOf(sandbox);
    expect((await deployment.up({ refresh: true })).changes).toEqual({ same: 8 });
    expect(await writesOf(sandbox, before)).toEqual({});
  });

  it("goes from DISABLED to REQUIRED by a rolling restart with one switch-over, and loses no row", async () => {
    const primary = await primaryOf(sandbox);
    await deployment.configure(declaration("REQUIRED", "NONE"));
    const { starts, elections } = await whileWriting(sandbox, () => deployment.up());

    expect([...starts].sort()).toEqual(["db1", "db2", "db3"]);
    expect(starts.at(-1)).toBe(primary.name);
    expect(elections).toHaveLength(1);
    expect(elections).toEqual(await primariesOf(sandbox));
    await expectAllOnline(sandbox);
    expect(await sslModes()).toEqual(["REQUIRED", "REQUIRED", "REQUIRED"]);
  });

  it("then has its account require TLS without a restart", async () => {
    const since = Date.now();
    await deployment.configure(declaration("REQUIRED", "SSL"));
    await deployment.up();
    expect(await startsOf(sandbox, since)).toEqual([]);
    expect(await electionsOf(sandbox, since)).toEqual([]);
    await expectAllOnline(sandbox);
  });

  it("is encrypted: under that requirement a member leaves and joins again", async () => {
    const primaries = await primariesOf(sandbox);
    const [secondary] = sandbox.members.filter(({ name }) => !primaries.includes(name));
    await query(secondary!, "STOP GROUP_REPLICATION");
    await query(secondary!, "START GROUP_REPLICATION");
    await until("it is ONLINE again", 60, async () => {
      const views = await Promise.all(sandbox.members.map(viewOf));
      return views.every((seen) => seen.length === 3 && seen.every(({ state }) => state === "ONLINE"));
    });
    await expectAllOnline(sandbox);
  });
});
