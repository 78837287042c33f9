import { type AddressInfo, createServer } from "node:net";
import { dialectOf } from "../../provider/mysql/dialect";
import { Session } from "../../provider/mysql/session";
import { type Sql, print, sql } from "../../provider/mysql/sql";
import { replicationChannel } from "../../provider/runtime";
import { type Member, connect, kill, query, start } from "../../tools/sandbox";
import {
  type Deployed,
  type Failure,
  type Inputs,
  create,
  failure,
  failureOf,
  planned,
  until,
  update,
  useRuntime,
  useSandbox,
  versionsAtHand,
} from "./helpers";

useRuntime();

const password = "Replica-secret-1";
const asBefore = "the channel has its settings from before, and runs as before";

describe.each(versionsAtHand(["9.7.4", "8.0.15", "5.7.22"]))("an asynchronous channel on %s", (version) => {
  const servers = useSandbox(version === "9.7.4" ? { members: 2 } : { members: 2, version });
  const source = (): Member => servers.it.members[0]!;
  const replica = (): Member => servers.it.members[1]!;
  const dialect = dialectOf(version);
  const yassl = version === "5.7.22";
  const channelName = "c";
  let channel: Deployed;
  let rows = 0;

  const declaration = (): Inputs => ({
    connection: login(replica()),
    source: login(source()),
    channelName,
    host: source().host,
    port: source().port,
    user: "replica",
    password,
    sslMode: "VERIFY_CA",
    sslCa: servers.it.tls.ca,
    connectRetry: 1,
  });

  beforeAll(async () => {
    if (version === "9.7.4") {
      const { ca, cert, key } = source().tls;
      await query(source(), "SET PERSIST ssl_ca = ?, PERSIST ssl_cert = ?, PERSIST ssl_key = ?", [
        ca,
        cert,
        key,
      ]);
      await query(source(), "ALTER INSTANCE RELOAD TLS");
    }
    const plugin = yassl ? "mysql_native_password" : "caching_sha2_password";
    for (const account of ["replica@'%'", "plain@'%'"]) {
      const requirement = account.startsWith("plain") ? "NONE" : "SSL";
      await query(
        source(),
        `CREATE USER ${account} IDENTIFIED WITH ${plugin} BY '${password}' REQUIRE ${requirement}`,
      );
      await query(source(), `GRANT REPLICATION SLAVE ON *.* TO ${account}`);
    }
    await query(source(), "CREATE DATABASE app");
    await query(source(), "CREATE TABLE app.t (id INT PRIMARY KEY)");
    channel = await create(replicationChannel, declaration());
    await replicates();
  });

  describe("refuses what does not work, says why, and runs as before", () => {
    /** Old servers tell the number alone. */
    const told = (words: string, errno: number): RegExp =>
      version === "9.7.4" ? new RegExp(`${words}.* \\(${errno}\\)$`) : new RegExp(` \\(${errno}\\)$`);

    async function refused(edit: Inputs): Promise<Failure> {
      const before = await configuration();
      const found = await failure(update(channel, edit));
      expect(found).toMatchObject({ code: "GR103", left: asBefore });
      expect(found.what).toContain(`the receiver of channel '${channelName}' does not run`);
      expect(found.message).not.toContain(password);
      expect(await configuration()).toEqual(before);
      return found;
    }
    afterEach(replicates);

    it("a wrong password", async () => {
      const found = await refused({ password: "wrong" });
      expect(found.why).toMatch(told("Access denied for user", 1045));
      expect(found.todo).toContain("correct user and password, or the account's REQUIRE");
    });

    it("an account that wants TLS and gets none", async () => {
      const found = await refused({ sslMode: "DISABLED", sslCa: undefined });
      expect(found.why).toMatch(told("Access denied for user", 1045));
    });

    it("a source that takes no connection without TLS", async () => {
      // By the socket, which is as good as TLS: this client knows no protocol of yaSSL.
      const atSource = await connect(source(), { socketPath: source().socket });
      await atSource.query("SET GLOBAL require_secure_transport = ON");
      try {
        const key = yassl ? {} : { getPublicKey: true };
        const found = await refused({ user: "plain", sslMode: "DISABLED", sslCa: undefined, ...key });
        expect(found.why).toMatch(told("require_secure_transport", 3159));
        expect(found.todo).toContain("encrypt the connection");
      } finally {
        await atSource.query("SET GLOBAL require_secure_transport = OFF");
        await atSource.end();
      }
    });

    it("a certificate that the CA has not signed", async () => {
      expect((await refused({ sslCa: servers.it.tls.clientCert })).why).toMatch(/ \(2026\)$/);
    });

    it("a port at which nobody answers", async () => {
      expect((await refused({ port: 1 })).why).toMatch(/ \(2003\)$/);
    });

    it("a source that takes the connection and stays silent", async () => {
      const silent = createServer();
      await new Promise<void>((listening) => silent.listen(0, "127.0.0.1", listening));
      try {
        const { port } = silent.address() as AddressInfo;
        expect((await refused({ port })).why).toBe("nothing was heard from the source within 30 s");
      } finally {
        silent.close();
      }
    });
  });

  describe("that is changed by hand between preview and up ends as declared", () => {
    const stop = dialect.stopThreads(channelName, "both");
    const change = (option: string): Sql =>
      dialect.changeSource([sql(`${dialect.source}_${option}`)], channelName);
    it.each([
      ["by the same option", [stop, change("CONNECT_RETRY = 77")]],
      [
        "by another option that is declared",
        [stop, change("SSL = 0"), dialect.startThreads(channelName, "both")],
      ],
      ["by another password", [stop, change("PASSWORD = 'by-hand'")]],
      [
        "by the declared value itself",
        [dialect.stopThreads(channelName, "receiver"), change("CONNECT_RETRY = 3")],
      ],
      ["by a stop", [stop]],
      ["by its removal", [stop, dialect.resetChannel(channelName)]],
    ])("%s", async (_, statements) => {
      channel = await update(channel, { connectRetry: 1 });
      const up = await planned(channel, { connectRetry: 3 });
      for (const statement of statements) await query(replica(), print(statement));
      channel = await up();
      expect(await configuration()).toMatchObject({ CONNECTION_RETRY_INTERVAL: 3, SSL_ALLOWED: "YES" });
      await replicates();
    });
  });

  describe("is as declared after the next update where, in the middle of a change,", () => {
    it.each(
      (["replica", "source"] as const).flatMap((who) =>
        (
          [
            ["before", "STOP"],
            ["before", "CHANGE"],
            ["before", "START"],
            ["after", "START"],
          ] as const
        ).map(([when, word]) => [who, when, word] as const),
      ),
    )("its %s is killed and started %s %s", async (who, when, word) => {
      const before = await configuration();
      const connectRetry = before!["CONNECTION_RETRY_INTERVAL"] === 1 ? 2 : 1;
      const member = who === "replica" ? replica() : source();
      const restart = restartAt(member, when, word);
      const found = await update(channel, { connectRetry }).then(
        (deployed) => void (channel = deployed),
        failureOf,
      );
      await restart.done();
      if (found) {
        expect(found).toMatchObject({ left: asBefore });
        expect(found.message).not.toContain(password);
        expect(await configuration()).toEqual(before);
      }
      // It must have been told where the replica was lost: nobody knew what had become of the statement.
      if (who === "replica") expect(found).toBeDefined();

      channel = await update(channel, { connectRetry });
      expect(await configuration()).toMatchObject({ CONNECTION_RETRY_INTERVAL: connectRetry });
      await replicates();
      expect((await update(channel, {})).outs).toEqual(channel.outs);
    });

    it.each(["CHANGE", "START"])(
      "its replica is killed and started before %s of a new channel",
      async (word) => {
        await channel.runtime.delete(channel.id, channel.outs);
        const restart = restartAt(replica(), "before", word);
        const found = await failure(create(replicationChannel, declaration()));
        await restart.done();
        expect(found.left).toBe("no channel was left behind");
        expect(await configuration()).toBeUndefined();
        channel = await create(replicationChannel, declaration());
        await replicates();
      },
    );
  });

  function login({ host, port, user, password: secret }: Member): Inputs {
    // yaSSL, in 5.7.22, knows no alternative names.
    return { host, port, user, password: secret, ...(yassl ? { tls: { mode: "DISABLED" } } : {}) };
  }

  /** The first statement that begins so meets a server that has just died, or leaves one; it is started again at once. */
  function restartAt(member: Member, when: "before" | "after", word: string): { done(): Promise<void> } {
    // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its session below
    const { write } = Session.prototype;
    let started: Promise<unknown> | undefined;
    const restart = async (): Promise<void> => {
      await kill(member);
      started = start(member);
    };
    const spy = jest.spyOn(Session.prototype, "write").mockImplementation(async function (
      this: Session,
      statement,
      ...rest
    ) {
      const here = !started && print(statement).startsWith(word);
      if (here && when === "before") await restart();
      const answer = await write.call(this, statement, ...rest);
      if (here && when === "after") await restart();
      return answer;
    });
    return {
      async done() {
        spy.mockRestore();
        expect(started).toBeDefined();
        await started;
      },
    };
  }

  async function configuration(): Promise<Record<string, unknown> | undefined> {
    const [row] = await query(
      replica(),
      "SELECT * FROM performance_schema.replication_connection_configuration WHERE CHANNEL_NAME = ?",
      [channelName],
    );
    return row;
  }

  async function replicates(): Promise<void> {
    rows += 1;
    await query(source(), "INSERT INTO app.t VALUES (?)", [rows]);
    await until("the row is there", 30, async () => {
      const found = await query(replica(), "SELECT id FROM app.t WHERE id = ?", [rows]).catch(() => []);
      return found.length === 1;
    });
  }
});
