import { type Member, type Sandbox, down, query, up } from "../../tools/sandbox";
import { type Args, Deployment, type Declaration, RECOVERY_PASSWORD, connectionOf } from "./harness";
import { statementsOf, writesOf } from "./servers";

const channelName = "from_source";

/** What differs between the versions in use here. */
interface Words {
  readonly change: string;
  readonly prefix: string;
  readonly stop: string;
  readonly protocol: string;
}

const wordsOf = (version: string): Words =>
  version === "8.0.15"
    ? { change: "CHANGE MASTER TO", prefix: "MASTER", stop: "STOP SLAVE", protocol: "TLSv1.2" }
    : {
        change: "CHANGE REPLICATION SOURCE TO",
        prefix: "SOURCE",
        stop: "STOP REPLICA",
        protocol: "TLSv1.3",
      };

/** An encrypted channel made, changed, broken by hand, mended and removed with the real engine; a version left out is the newest. */
export function channelSuite(versions: { source?: "8.0.15"; replica?: "8.0.15" } = {}): void {
  const ofReplica = wordsOf(versions.replica ?? "9.7.4");
  // The source tells it to who can log in: sandboxes of two versions have two administrators' passwords.
  const told = versions.source === versions.replica ? { protocol: ofReplica.protocol } : {};
  let sandboxes: Sandbox[] = [];
  let source: Member;
  let replica: Member;
  let deployment: Deployment;

  function declaration(more: Args = {}): Declaration {
    const declared = {
      connection: connectionOf(replica),
      channelName,
      host: source.host,
      port: source.port,
      user: "replica",
      sslMode: "REQUIRED",
      connectRetry: 10,
      ...more,
    };
    return { members: [], sources: [{ name: "channel", source: declared }] };
  }

  beforeAll(async () => {
    for (const version of [versions.source, versions.replica])
      sandboxes.push(
        await up({ members: 1, temporary: true, ...(version === undefined ? {} : { version }) }),
      );
    [source, replica] = sandboxes.map(({ members }) => members[0]!) as [Member, Member];
    await query(source, `CREATE USER replica@'%' IDENTIFIED BY '${RECOVERY_PASSWORD}' REQUIRE SSL`);
    await query(source, "GRANT REPLICATION SLAVE ON *.* TO replica@'%'");
    deployment = await Deployment.create(declaration(), {
      adminPassword: replica.password,
      recoveryPassword: RECOVERY_PASSWORD,
    });
  });

  afterAll(async () => {
    deployment.dispose();
    for (const { name } of sandboxes) await down(name);
    sandboxes = [];
  });

  async function configuration(): Promise<Record<string, unknown> | undefined> {
    const rows = await query(
      replica,
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
      expect(resource!.outputs).toMatchObject({ ...told, serverVersion: versions.replica ?? "9.7.4" });
      const before = await Promise.all(sandboxes.map(statementsOf));
      const { changes } = await deployment.up();
      expect(changes).toEqual({ same: 2 });
      for (const [i, sandbox] of sandboxes.entries()) expect(await writesOf(sandbox, before[i]!)).toEqual({});
    });

    it("shows in preview what it sends, and sends that", async () => {
      await deployment.configure(declaration({ connectRetry: 20 }));
      const { output } = await deployment.preview();
      const statement = `${ofReplica.change} ${ofReplica.prefix}_CONNECT_RETRY = 20 FOR CHANNEL '${channelName}'`;
      expect(output).toContain(statement);
      expect(output).toContain(`channel-restart because ${ofReplica.prefix}_CONNECT_RETRY`);
      expect(await configuration()).toMatchObject({ CONNECTION_RETRY_INTERVAL: 10 });
      await deployment.up();
      expect(await configuration()).toMatchObject({ CONNECTION_RETRY_INTERVAL: 20 });
    });

    it("mends what was changed by hand, which preview --refresh shows", async () => {
      const { change, prefix, stop } = ofReplica;
      await query(replica, `${stop} FOR CHANNEL '${channelName}'`);
      await query(
        replica,
        `${change} ${prefix}_SSL = 0, ${prefix}_PASSWORD = 'by-hand' FOR CHANNEL '${channelName}'`,
      );
      const { output } = await deployment.preview({ refresh: true });
      expect(output).toContain(`${prefix}_SSL = 1`);
      expect(output).toContain(`${prefix}_PASSWORD = <password>`);
      await deployment.up({ refresh: true });
      expect(await configuration()).toMatchObject({ SSL_ALLOWED: "YES" });
    });

    it("leaves the former channel running where the new settings fail, and says why", async () => {
      await deployment.configure(declaration({ port: 1 }));
      const output = await deployment.failing(deployment.up());
      expect(output).toMatch(/\[GR103\] .*: the receiver of channel 'from_source' does not run/);
      expect(output).toContain("Left: the channel has its settings from before, and runs as before");
      expect(await configuration()).toMatchObject({ PORT: source.port });
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
}
