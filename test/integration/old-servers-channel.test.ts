import { replicationChannel } from "../../provider/runtime";
import { type Member, type Sandbox, down, query, up } from "../../tools/sandbox";
import { type Deployed, type Inputs, create, failure, refreshed, until, update, useRuntime } from "./helpers";

useRuntime();

const password = "Replica-secret-1";

/** Between servers of one version, and from an old one to a new one. */
describe.each([
  ["5.7.22", "5.7.22"],
  ["8.0.15", "8.0.15"],
  ["8.0.15", "9.7.4"],
] as const)("an encrypted channel from %s to %s", (from, to) => {
  let sandboxes: Sandbox[] = [];
  let source: Member;
  let replica: Member;
  let channel: Deployed;
  // yaSSL, in 5.7.22, knows no alternative names, and its administrator logs in without TLS.
  const yassl = from.startsWith("5.7");

  const login = ({ host, port, user, password: secret }: Member): Inputs => ({
    host,
    port,
    user,
    password: secret,
    ...(yassl ? { tls: { mode: "DISABLED" } } : {}),
  });

  const declaration = (): Inputs => ({
    connection: login(replica),
    channelName: "old",
    host: source.host,
    port: source.port,
    user: "replica",
    password,
    sslMode: "VERIFY_CA",
    sslCa: sandboxes[0]!.tls.ca,
    source: login(source),
  });

  beforeAll(async () => {
    const old = await up({ version: from, members: from === to ? 2 : 1, temporary: true });
    sandboxes = [old];
    if (from !== to) sandboxes.push(await up({ members: 1, temporary: true }));
    source = old.members[0]!;
    replica = from === to ? old.members[1]! : sandboxes[1]!.members[0]!;
    const plugin = yassl ? "mysql_native_password" : "caching_sha2_password";
    await query(source, `CREATE USER replica@'%' IDENTIFIED WITH ${plugin} BY '${password}' REQUIRE SSL`);
    await query(source, "GRANT REPLICATION SLAVE ON *.* TO replica@'%'");
    await query(source, "CREATE DATABASE app");
    await query(source, "CREATE TABLE app.t (id INT PRIMARY KEY)");
  });
  afterAll(async () => {
    for (const sandbox of sandboxes) await down(sandbox.name);
  });

  it("is made, and its source sees it encrypted", async () => {
    channel = await create(replicationChannel, declaration());
    expect(channel.outs).toMatchObject({
      serverVersion: to,
      cipher: expect.stringMatching(/./) as string,
      protocol: expect.stringMatching(/^TLSv1/) as string,
    });
    await replicates(1);
  });

  it.each([
    [{ connectRetry: 7 }, { CONNECTION_RETRY_INTERVAL: 7 }],
    [{ heartbeatPeriod: 3.5 }, { HEARTBEAT_INTERVAL: 3.5 }],
    [{ retryCount: 11 }, { CONNECTION_RETRY_COUNT: 11 }],
    [{ delay: 1 }, {}],
    [{ delay: undefined }, {}],
    [
      { sslMode: "REQUIRED", sslCa: undefined },
      { SSL_CA_FILE: "", SSL_ALLOWED: "YES" },
    ],
  ] as [Inputs, Inputs][])("changes %j, and goes on", async (edit, expected) => {
    channel = await update(channel, edit);
    const row = await configuration();
    expect({ ...row, HEARTBEAT_INTERVAL: Number(row["HEARTBEAT_INTERVAL"]) }).toMatchObject(expected);
    expect((await update(channel, {})).outs).toEqual(channel.outs);
  });

  it("refuses a wrong password, and has its settings from before, running", async () => {
    const found = await failure(update(channel, { password: "wrong" }));
    expect(found).toMatchObject({
      code: "GR103",
      why: expect.stringContaining("(1045)") as string,
      left: "the channel has its settings from before, and runs as before",
    });
    await replicates(2);
  });

  it("refuses an option that came later, before anything is changed", async () => {
    if (to === "9.7.4") return expect(await configuration()).toHaveProperty("GTID_ONLY");
    expect(await failure(update(channel, { requireRowFormat: true, gtidOnly: true }))).toMatchObject({
      code: "GR001",
      what: expect.stringContaining(
        `runs ${to}, whose channels do not have REQUIRE_ROW_FORMAT; it came with 8.0.19`,
      ) as string,
    });
  });

  it("is seen broken by hand, and mended", async () => {
    const [words, prefix] = to === "9.7.4" ? ["REPLICATION SOURCE", "SOURCE"] : ["MASTER", "MASTER"];
    const replicaWord = to === "9.7.4" ? "REPLICA" : "SLAVE";
    await query(replica, `STOP ${replicaWord} FOR CHANNEL 'old'`);
    await query(replica, `CHANGE ${words} TO ${prefix}_PASSWORD = 'x', ${prefix}_SSL = 0 FOR CHANNEL 'old'`);
    const seen = await refreshed(channel);
    expect(seen.outs).toMatchObject({
      password: "(another password on the server)",
      sslMode: "DISABLED",
      running: false,
    });
    channel = await update({ ...channel, outs: seen.outs }, {});
    expect(channel.outs).toMatchObject({ cipher: expect.stringMatching(/./) as string });
    await replicates(3);
  });

  it("is removed", async () => {
    await channel.runtime.delete(channel.id, channel.outs);
    expect(await configuration()).toBeUndefined();
  });

  async function configuration(): Promise<Record<string, unknown>> {
    const rows = await query(
      replica,
      "SELECT * FROM performance_schema.replication_connection_configuration WHERE CHANNEL_NAME = 'old'",
    );
    return rows[0] as Record<string, unknown>;
  }

  async function replicates(id: number): Promise<void> {
    await query(source, "INSERT INTO app.t VALUES (?)", [id]);
    await until("the row is there", 10, async () => {
      const rows = await query(replica, "SELECT id FROM app.t WHERE id = ?", [id]).catch(() => []);
      return rows.length === 1;
    });
  }
});
