import { replicationChannel } from "../../provider/runtime";
import { type Member, query } from "../../tools/sandbox";
import {
  type Deployed,
  type Inputs,
  create,
  failure,
  refreshed,
  said,
  until,
  update,
  useRuntime,
  useSandbox,
  value,
} from "./helpers";

useRuntime();

const password = "Replica-secret-1";

describe("an asynchronous channel", () => {
  const servers = useSandbox({ members: 2 });
  const source = (): Member => servers.it.members[0]!;
  const replica = (): Member => servers.it.members[1]!;
  const channelName = "from_source";
  let channel: Deployed;

  const declaration = (more: Inputs = {}): Inputs => ({
    connection: login(replica()),
    channelName,
    host: source().host,
    port: source().port,
    user: "replica",
    password,
    sslMode: "VERIFY_CA",
    sslCa: servers.it.tls.ca,
    ...more,
  });

  beforeAll(async () => {
    const { ca, cert, key } = source().tls;
    await query(source(), "SET GLOBAL ssl_ca = ?, GLOBAL ssl_cert = ?, GLOBAL ssl_key = ?", [ca, cert, key]);
    await query(source(), "ALTER INSTANCE RELOAD TLS");
    await query(source(), `CREATE USER replica@'%' IDENTIFIED BY '${password}' REQUIRE SSL`);
    await query(source(), "GRANT REPLICATION SLAVE ON *.* TO replica@'%'");
    await query(source(), "CREATE DATABASE app");
    await query(source(), "CREATE TABLE app.t (id INT PRIMARY KEY)");
  });

  it("is made, runs, and its source sees it encrypted", async () => {
    channel = await create(replicationChannel, declaration());
    expect(channel.outs).toMatchObject({
      serverVersion: "9.7.4",
      cipher: expect.stringMatching(/^TLS_/) as string,
      protocol: "TLSv1.3",
    });
    await replicates(1);
  });

  it("is adopted as it is, with no statement that changes anything", async () => {
    const before = await changes(replica());
    const again = await create(replicationChannel, declaration());
    expect(again.id).toBe(channel.id);
    expect(await update(channel, {})).toEqual(channel);
    expect(await changes(replica())).toEqual(before);
  });

  it.each([
    [{ tlsVersion: ["TLSv1.2"] }, ["STOP", "IO_THREAD", "CHANGE", "START"]],
    [{ connectRetry: 5 }, ["STOP", "IO_THREAD", "CHANGE", "START"]],
    [{ retryCount: 100 }, ["STOP", "IO_THREAD", "CHANGE", "START"]],
    [{ heartbeatPeriod: 2.5 }, ["STOP", "IO_THREAD", "CHANGE", "START"]],
    [{ compressionAlgorithms: ["zstd", "uncompressed"] }, ["STOP", "IO_THREAD", "CHANGE", "START"]],
    [{ zstdCompressionLevel: 7 }, ["STOP", "IO_THREAD", "CHANGE", "START"]],
    [{ getPublicKey: true }, ["STOP", "IO_THREAD", "CHANGE", "START"]],
    [{ delay: 1 }, ["STOP", "SQL_THREAD", "CHANGE", "START"]],
    [{ delay: 0 }, ["STOP", "SQL_THREAD", "CHANGE", "START"]],
    [{ requireTablePrimaryKeyCheck: "ON" }, ["STOP", "SQL_THREAD", "CHANGE", "START"]],
    [{ requireRowFormat: true }, ["STOP", "CHANGE", "START"]],
    [{ gtidOnly: true }, ["STOP", "CHANGE", "START"]],
  ] as [Inputs, string[]][])("changes %j alone, on the thread that it needs", async (edit, words) => {
    said.length = 0;
    channel = await update(channel, edit);
    const told = said.filter((line) => /^ {4}(STOP|CHANGE|START)/.test(line)).map((line) => line.trim());
    expect(told).toHaveLength(3);
    expect(told[1]!.match(/ = /g)).toHaveLength(1);
    for (const word of words) expect(told.join(" ")).toContain(word);
    expect((await update(channel, {})).outs).toEqual(channel.outs);
    await running();
  });

  it("gives back to the server what is no longer declared", async () => {
    channel = await update(channel, {
      tlsVersion: undefined,
      zstdCompressionLevel: undefined,
      gtidOnly: undefined,
      retryCount: undefined,
    });
    const row = await configuration();
    expect(row).toMatchObject({
      TLS_VERSION: "",
      ZSTD_COMPRESSION_LEVEL: 3,
      GTID_ONLY: "0",
      CONNECTION_RETRY_COUNT: 10,
    });
    await running();
  });

  it("verifies its source's name where the mode is VERIFY_IDENTITY", async () => {
    channel = await update(channel, { sslMode: "VERIFY_IDENTITY" });
    expect(await configuration()).toMatchObject({ SSL_VERIFY_SERVER_CERTIFICATE: "YES" });
    channel = await update(channel, { sslMode: "REQUIRED", sslCa: undefined });
    expect(await configuration()).toMatchObject({
      SSL_VERIFY_SERVER_CERTIFICATE: "NO",
      SSL_CA_FILE: "",
      SSL_ALLOWED: "YES",
    });
    channel = await update(channel, { sslMode: "VERIFY_CA", sslCa: servers.it.tls.ca });
    await running();
  });

  it.each([
    ["a wrong password", { password: "wrong" }, /Access denied/, 1045],
    [
      "TLS that the source wants and does not get",
      { sslMode: "DISABLED", sslCa: undefined },
      /Access denied|requires secure/,
      1045,
    ],
    [
      "a CA that did not sign the source's certificate",
      { sslCa: "CLIENT" },
      /certificate verify failed/,
      2026,
    ],
    ["a source that does not answer", { port: 1 }, /connect/i, 2003],
    ["no protocol in common", { tlsVersion: ["TLSv1.2"], sslCipher: ["NULL-SHA256"] }, /./, 2026],
  ] as [string, Inputs, RegExp, number][])(
    "refuses %s, and has its settings from before, running",
    async (_, edit, why, errno) => {
      const before = await configuration();
      const change = edit["sslCa"] === "CLIENT" ? { sslCa: servers.it.tls.clientCert } : edit;
      const found = await failure(update(channel, change));
      expect(found).toMatchObject({
        code: "GR103",
        why: expect.stringMatching(why) as string,
        left: "the channel has its settings from before, and runs as before",
      });
      expect(found.why).toContain(`(${errno})`);
      expect(found.message).not.toContain(password);
      expect(await configuration()).toEqual(before);
      await running();
    },
  );

  it("is seen broken, and mended by the next update", async () => {
    await query(replica(), `STOP REPLICA FOR CHANNEL '${channelName}'`);
    await query(
      replica(),
      `CHANGE REPLICATION SOURCE TO SOURCE_PASSWORD = 'other', SOURCE_CONNECT_RETRY = 77, SOURCE_SSL = 0 FOR CHANNEL '${channelName}'`,
    );
    const seen = await refreshed(channel);
    expect(seen.outs).toMatchObject({
      password: "(another password on the server)",
      connectRetry: 77,
      sslMode: "DISABLED",
      running: false,
    });
    channel = await update({ ...channel, outs: seen.outs }, {});
    expect(channel.outs).toMatchObject({ cipher: expect.stringMatching(/^TLS_/) as string });
    expect(await configuration()).toMatchObject({ CONNECTION_RETRY_INTERVAL: 5, SSL_ALLOWED: "YES" });
    await replicates(2);
  });

  it("is made again where it was removed by hand", async () => {
    await query(replica(), `STOP REPLICA FOR CHANNEL '${channelName}'`);
    await query(replica(), `RESET REPLICA ALL FOR CHANNEL '${channelName}'`);
    const seen = await refreshed(channel);
    channel = await update({ ...channel, outs: seen.outs }, {});
    await replicates(3);
  });

  it("leaves threads as they are where it is not to run", async () => {
    channel = await update(channel, { running: false });
    await query(replica(), `STOP REPLICA SQL_THREAD FOR CHANNEL '${channelName}'`);
    channel = await update(channel, { connectRetry: 6 });
    expect(await threads()).toEqual(["ON", "OFF"]);
    channel = await update(channel, { running: undefined });
    expect(await threads()).toEqual(["ON", "ON"]);
  });

  it("is removed alone, and other channels stay", async () => {
    const other = await create(replicationChannel, declaration({ channelName: "other" }));
    await channel.runtime.delete(channel.id, channel.outs);
    expect(await configuration()).toBeUndefined();
    expect(
      await value(
        replica(),
        "(SELECT COUNT(*) FROM performance_schema.replication_connection_configuration WHERE CHANNEL_NAME = 'other')",
      ),
    ).toBe("1");
    await other.runtime.delete(other.id, other.outs);
  });

  it("that cannot be made leaves nothing behind", async () => {
    const found = await failure(create(replicationChannel, declaration({ password: "wrong" })));
    expect(found).toMatchObject({ code: "GR103", left: "no channel was left behind" });
    expect(await configuration()).toBeUndefined();
  });

  function login(member: Member): Inputs {
    const { host, port, user, password: secret } = member;
    return { host, port, user, password: secret };
  }

  async function configuration(): Promise<Record<string, unknown> | undefined> {
    const [row] = await query(
      replica(),
      "SELECT * FROM performance_schema.replication_connection_configuration WHERE CHANNEL_NAME = ?",
      [channelName],
    );
    return row;
  }

  async function threads(): Promise<unknown[]> {
    const [row] = await query(
      replica(),
      `SELECT (SELECT SERVICE_STATE FROM performance_schema.replication_connection_status WHERE CHANNEL_NAME = ?) AS receiver,
              (SELECT SERVICE_STATE FROM performance_schema.replication_applier_status WHERE CHANNEL_NAME = ?) AS applier`,
      [channelName, channelName],
    );
    return [row!["receiver"], row!["applier"]];
  }

  async function running(): Promise<void> {
    await until("both threads run", 10, async () => (await threads()).join() === "ON,ON");
  }

  async function replicates(id: number): Promise<void> {
    await query(source(), "INSERT INTO app.t VALUES (?)", [id]);
    await until("the row is there", 10, async () => {
      const rows = await query(replica(), "SELECT id FROM app.t WHERE id = ?", [id]).catch(() => []);
      return rows.length === 1;
    });
  }

  /** Statements that changed anything so far, by the server's own count. */
  async function changes(member: Member): Promise<unknown> {
    return query(
      member,
      `SELECT EVENT_NAME, COUNT_STAR FROM performance_schema.events_statements_summary_global_by_event_name
       WHERE COUNT_STAR > 0 AND EVENT_NAME REGEXP 'change_|start|stop|slave|replica|set_option_persist|reset' ORDER BY 1`,
    );
  }
});
