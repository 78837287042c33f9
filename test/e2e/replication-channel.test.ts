import { type Sandbox, down, query, up } from "../../tools/sandbox";
import { type Args, Deployment, type Declaration, RECOVERY_PASSWORD, connectionOf } from "./harness";
import { statementsOf, writesOf } from "./servers";

let sandbox: Sandbox;
let deployment: Deployment;

const channelName = "from_source";

function declaration(more: Args = {}): Declaration {
  const [source, replica] = sandbox.members;
  const declared = {
    connection: connectionOf(replica!),
    channelName,
    host: source!.host,
    port: source!.port,
    user: "replica",
    sslMode: "REQUIRED",
    connectRetry: 10,
    ...more,
  };
  return { members: [], sources: [{ name: "channel", source: declared }] };
}

beforeAll(async () => {
  sandbox = await up({ members: 2, temporary: true });
  const [source] = sandbox.members;
  await query(source!, `CREATE USER replica@'%' IDENTIFIED BY '${RECOVERY_PASSWORD}' REQUIRE SSL`);
  await query(source!, "GRANT REPLICATION SLAVE ON *.* TO replica@'%'");
  deployment = await Deployment.create(declaration(), {
    adminPassword: sandbox.members[0]!.password,
    recoveryPassword: RECOVERY_PASSWORD,
  });
});

afterAll(async () => {
  deployment.dispose();
  await down(sandbox.name);
});

async function configuration(): Promise<Record<string, unknown> | undefined> {
  const rows = await query(
    sandbox.members[1]!,
    "SELECT * FROM performance_schema.replication_connection_configuration WHERE CHANNEL_NAME = ?",
    [channelName],
  );
  return rows[0];
}

describe("pulumi up of an asynchronous channel", () => {
  it("makes it, and the second one sends nothing that changes anything", async () => {
    await deployment.up();
    expect(await configuration()).toMatchObject({ SSL_ALLOWED: "YES", CONNECTION_RETRY_INTERVAL: 10 });
    const [resource] = deployment.resources().filter(({ type }) => type.endsWith("ReplicationChannel"));
    expect(resource!.outputs).toMatchObject({ protocol: "TLSv1.3", serverVersion: "9.7.4" });
    const before = await statementsOf(sandbox);
    const { changes } = await deployment.up();
    expect(changes).toEqual({ same: 2 });
    expect(await writesOf(sandbox, before)).toEqual({});
  });

  it("shows in preview what it sends, and sends that", async () => {
    await deployment.configure(declaration({ connectRetry: 20 }));
    const { output } = await deployment.preview();
    const statement = `CHANGE REPLICATION SOURCE TO SOURCE_CONNECT_RETRY = 20 FOR CHANNEL '${channelName}'`;
    expect(output).toContain(statement);
    expect(output).toContain("channel-restart because SOURCE_CONNECT_RETRY");
    expect(await configuration()).toMatchObject({ CONNECTION_RETRY_INTERVAL: 10 });
    await deployment.up();
    expect(await configuration()).toMatchObject({ CONNECTION_RETRY_INTERVAL: 20 });
  });

  it("mends what was changed by hand, which preview --refresh shows", async () => {
    const replica = sandbox.members[1]!;
    await query(replica, `STOP REPLICA FOR CHANNEL '${channelName}'`);
    await query(
      replica,
      `CHANGE REPLICATION SOURCE TO SOURCE_SSL = 0, SOURCE_PASSWORD = 'by-hand' FOR CHANNEL '${channelName}'`,
    );
    const { output } = await deployment.preview({ refresh: true });
    expect(output).toContain("SOURCE_SSL = 1");
    expect(output).toContain("SOURCE_PASSWORD = <password>");
    await deployment.up({ refresh: true });
    expect(await configuration()).toMatchObject({ SSL_ALLOWED: "YES" });
  });

  it("leaves the former channel running where the new settings fail, and says why", async () => {
    await deployment.configure(declaration({ port: 1 }));
    const output = await deployment.failing(deployment.up());
    expect(output).toMatch(/\[GR103\] .*: the receiver of channel 'from_source' does not run/);
    expect(output).toContain("Left: the channel has its settings from before, and runs as before");
    expect(await configuration()).toMatchObject({ PORT: sandbox.members[0]!.port });
    await deployment.configure(declaration());
    await deployment.up();
  });

  it("never shows the password, in state or in what was printed", () => {
    expect(deployment.stateFile()).not.toContain(RECOVERY_PASSWORD);
    expect(deployment.printed).not.toContain(RECOVERY_PASSWORD);
    expect(deployment.stateFile()).not.toContain("by-hand");
  });

  it("removes it with destroy", async () => {
    await deployment.destroy();
    expect(await configuration()).toBeUndefined();
  });
});
