import { configure, groupMember, recoveryChannel, replicationUser } from "../../provider/runtime";
import type { ResourceRuntime } from "../../provider/runtime";
import { makeAuthority, type Member } from "../../tools/sandbox";
import {
  type Inputs,
  addressOf,
  channelInputs,
  closedPort,
  create,
  failureOf,
  gate,
  grantAsTold,
  limitedAdmin,
  login,
  memberInputs,
  refused,
  refusedAll,
  runLocally,
  snapshot,
  stateOf,
  update,
  useRuntime,
  useSandbox,
  value,
  withServer,
} from "./helpers";

useRuntime();
const plain = useSandbox({ members: 2 });

const secret = "connection-recovery-password";

/** The smallest declaration of each resource on one server, by the connection to it. */
const resources: [string, ResourceRuntime, (connection: Inputs, at: Member) => Inputs][] = [
  [
    "GroupMember",
    groupMember,
    (connection, at) =>
      memberInputs(plain.it, at, {
        connection,
        groupSeeds: [at.localAddress],
        bootstrap: true,
        memberWeight: 60,
      }),
  ],
  [
    "RecoveryChannel",
    recoveryChannel,
    (connection, at) => channelInputs(plain.it, at, { connection, password: secret }),
  ],
  [
    "ReplicationUser",
    replicationUser,
    (connection) => ({ servers: [connection], user: "recovery", password: secret }),
  ],
];

const both = (): Member[] => [plain.db(1), plain.db(2)];

describe.each(resources)("%s", (_name, runtime, inputs) => {
  it("says that nobody listens at a closed port", async () => {
    const port = await closedPort();
    const work = (): Promise<unknown> =>
      create(runtime, inputs({ ...login(plain.db(1)), port }, plain.db(1)));
    const { message, name } = await refused(both(), work);
    expect(name).toBe("MemberUnreachableError");
    expect(message).toBe(
      `[GR002] 127.0.0.1:${port} cannot be reached\n` +
        `Why: connect ECONNREFUSED 127.0.0.1:${port}\n` +
        "Do: see that the server runs and that the connection's host, port and tls are right, then run pulumi again",
    );
  });

  it("gives up a server that accepts and never speaks after connectTimeout", async () => {
    const silence = await gate();
    try {
      const began = performance.now();
      const connection = { ...login(plain.db(1)), port: silence.port, connectTimeout: 1 };
      const work = (): Promise<unknown> => create(runtime, inputs(connection, plain.db(1)));
      expect(await refused(both(), work)).toMatchObject({
        code: "GR002",
        what: `${addressOf(silence)} cannot be reached`,
        why: expect.stringMatching(/ETIMEDOUT/),
      });
      expect(performance.now() - began).toBeLessThan(4000);
    } finally {
      await silence.close();
    }
  });

  it("names the account whose password is wrong, and never the password", async () => {
    const connection = { ...login(plain.db(1)), password: "not-the-password" };
    const work = (): Promise<unknown> => create(runtime, inputs(connection, plain.db(1)));
    const { message, name } = await refused(both(), work);
    expect(name).toBe("AccessDeniedError");
    expect(message).toBe(
      `[GR003] ${addressOf(plain.db(1))} refused the administrator's login\n` +
        "Why: Access denied for user 'root'@'localhost' (using password: YES) (1045)\n" +
        "Do: correct the connection's user and password (mysqlgr:user, mysqlgr:password); refresh and destroy use the configuration of " +
        "the last pulumi up, so run pulumi up first, or add --run-program",
    );
  });

  it("names what an account may not even read", async () => {
    const connection = await limitedAdmin(plain.db(1), "nobody");
    const work = (): Promise<unknown> => create(runtime, inputs(connection, plain.db(1)));
    expect(await refused(both(), work)).toMatchObject({
      code: "GR004",
      name: "PrivilegeError",
      what: expect.stringMatching(/^'nobody'.* lacks .* on 127\.0\.0\.1:\d+: SELECT ON /),
      left: "nothing was changed",
      todo: expect.stringMatching(/^as a user that may: GRANT SELECT ON .* TO 'nobody'/),
    });
  });
});

describe("missing privileges", () => {
  const readOnly = ["SELECT ON performance_schema.*", "SELECT ON mysql.*"];

  it("are listed all at once for a GroupMember, and the GRANTs that are named suffice for its whole life", () =>
    withServer(plain.it, async (server) => {
      const connection = await limitedAdmin(server, "limited", ...readOnly);
      const declared = memberInputs(plain.it, server, {
        connection,
        groupSeeds: [server.localAddress],
        bootstrap: true,
      });
      const found = await refused([server], () => create(groupMember, declared));
      expect(found).toMatchObject({
        name: "PrivilegeError",
        code: "GR004",
        what: expect.stringMatching(
          new RegExp(`^'limited'@'%' lacks privileges on ${addressOf(server)}: ([A-Z_ ]+, ){3,}[A-Z_ ]+$`),
        ),
        left: "nothing was changed",
        todo: expect.stringMatching(
          /^as a user that may: (GRANT [A-Z_ ]+ ON \*\.\* TO 'limited'@'%'(; |$)){4,}$/,
        ),
      });
      for (const privilege of ["SYSTEM_VARIABLES_ADMIN", "CONNECTION_ADMIN", "GROUP_REPLICATION_ADMIN"])
        expect(found.what).toContain(privilege);
      await grantAsTold(server, found, "limited");
      const member = await create(groupMember, declared);
      expect(member.outs["running"]).toBe(true);
      expect((await snapshot(server)).channels.filter((row) => row.includes("probe"))).toEqual([]);

      // Leaving resets persisted variables: if that needs more, it is said before the member is stopped.
      const leaving = await member.runtime.delete(member.id, member.outs).then(
        () => undefined,
        (error: unknown) => failureOf(error),
      );
      expect(leaving?.code).toBe(leaving && "GR004");
      expect(await stateOf(server)).toBe(leaving ? "ONLINE" : "OFFLINE");
    }));

  it("name the one that is missing", () =>
    withServer(plain.it, async (server) => {
      const connection = await limitedAdmin(
        server,
        "limited",
        ...readOnly,
        "SYSTEM_VARIABLES_ADMIN, PERSIST_RO_VARIABLES_ADMIN, GROUP_REPLICATION_ADMIN, REPLICATION_SLAVE_ADMIN, RELOAD ON *.*",
      );
      const declared = memberInputs(plain.it, server, { connection, bootstrap: true });
      const { message } = await refused([server], () => create(groupMember, declared));
      expect(message).toBe(
        `[GR004] 'limited'@'%' lacks a privilege on ${addressOf(server)}: CONNECTION_ADMIN\n` +
          "Left: nothing was changed\n" +
          "Do: as a user that may: GRANT CONNECTION_ADMIN ON *.* TO 'limited'@'%'",
      );
    }));

  it("are listed all at once for a ReplicationUser, and the GRANTs that are named suffice for its whole life", () =>
    withServer(plain.it, async (server) => {
      const connection = await limitedAdmin(server, "limited", ...readOnly);
      const declared = { servers: [connection], user: "recovery", password: secret };
      const found = await refused([server], () => create(replicationUser, declared));
      expect(found).toMatchObject({ code: "GR004", what: expect.stringContaining("CREATE USER") });
      await grantAsTold(server, found, "limited");
      const user = await create(replicationUser, declared);
      expect(user.outs["addresses"]).toEqual([addressOf(server)]);
      await user.runtime.delete(user.id, user.outs);
    }));

  it("are listed all at once for a RecoveryChannel, and the GRANTs that are named suffice for its whole life", () =>
    withServer(plain.it, async (server) => {
      await create(replicationUser, { servers: [login(server)], user: "recovery", password: secret });
      const connection = await limitedAdmin(server, "limited", ...readOnly);
      const declared = channelInputs(plain.it, server, { connection, password: secret });
      const found = await refused([server], () => create(recoveryChannel, declared));
      expect(found).toMatchObject({
        code: "GR004",
        what: expect.stringContaining("REPLICATION_SLAVE_ADMIN"),
      });
      expect(found.what).toContain("SYSTEM_VARIABLES_ADMIN");
      await grantAsTold(server, found, "limited");
      const channel = await create(recoveryChannel, declared);
      expect((await snapshot(server)).channels.filter((row) => row.includes("probe"))).toEqual([]);
      const clearing = await channel.runtime.delete(channel.id, channel.outs).then(
        () => undefined,
        (error: unknown) => failureOf(error),
      );
      // Clearing resets persisted variables: if that needs more, it is said before anything is cleared.
      expect(clearing?.code).toBe(clearing && "GR004");
      expect(await value(server, "(SELECT MAX(User_name) FROM mysql.slave_master_info)")).toBe(
        clearing ? "recovery" : null,
      );
    }));

  it("on the second of two servers leave the first alone", async () => {
    const connection = await limitedAdmin(plain.db(2), "limited", ...readOnly);
    const declared = { servers: [login(plain.db(1)), connection], user: "recovery", password: secret };
    expect(await refused(both(), () => create(replicationUser, declared))).toMatchObject({
      code: "GR004",
      left: "nothing was changed",
    });
  });
});

describe("a server of several that cannot be reached", () => {
  it("keeps the account from being made on the others", async () => {
    const port = await closedPort();
    const servers = [login(plain.db(1)), { ...login(plain.db(2)), port }];
    const work = (): Promise<unknown> =>
      create(replicationUser, { servers, user: "recovery", password: secret });
    expect(await refused(both(), work)).toMatchObject({
      code: "GR002",
      what: `127.0.0.1:${port} cannot be reached`,
    });
  });

  it("keeps the other members of the deployment as they are", async () => {
    const port = await closedPort();
    const first = memberInputs(plain.it, plain.db(1), { bootstrap: true });
    const second = memberInputs(plain.it, plain.db(2), { connection: { ...login(plain.db(2)), port } });
    const [reachable, missing] = await refusedAll(both(), () => [
      create(groupMember, first),
      create(groupMember, second),
    ]);
    expect(missing).toMatchObject({ code: "GR002", what: `127.0.0.1:${port} cannot be reached` });
    expect(reachable).toMatchObject({
      code: "GR104",
      what: expect.stringContaining(`${addressOf(plain.db(1))} was not reached`),
      why: expect.stringContaining(`127.0.0.1:${port} cannot be reached`),
    });
  });
});

describe("the administrator's TLS", () => {
  it("refuses a server whose certificate a foreign authority signed", async () => {
    const { cert } = await makeAuthority("Foreign");
    const connection = { ...login(plain.db(1)), tls: { mode: "VERIFY_CA", ca: cert } };
    const work = (): Promise<unknown> =>
      create(replicationUser, { servers: [connection], user: "recovery", password: secret });
    expect(await refused(both(), work)).toMatchObject({
      code: "GR002",
      why: expect.stringMatching(/self-signed certificate|unable to verify/i),
    });
  });
});

describe("what a connection leaves out", () => {
  const declared = (connection: Inputs): Inputs => ({
    servers: [connection],
    user: "recovery",
    password: secret,
  });
  const configured = (values: Record<string, string>): Promise<void> =>
    configure({ config: { get: (key) => values[key] } });
  afterEach(() => configured({}));

  it("comes from the stack's configuration at the time of each operation", () =>
    withServer(plain.it, async (server) => {
      const { host, port, password } = server;
      await configured({ "mysqlgr:user": "root", "mysqlgr:password": password, "mysqlgr:host": host });
      const made = await create(replicationUser, declared({ port }));
      expect(JSON.stringify(made.outs)).not.toContain(password);

      // The administrator's password was rotated since: state holds none that would be too old.
      await runLocally(
        server,
        "ALTER USER root@'%' IDENTIFIED BY 'rotated'",
        "ALTER USER root@localhost IDENTIFIED BY 'rotated'",
      );
      const rotated = { ...server, password: "rotated" };
      await configured({ "mysqlgr:password": "rotated" });
      expect((await replicationUser.read(made.id, made.outs)).inputs).toEqual(made.inputs);
      await replicationUser.delete(made.id, made.outs);
      expect(await value(rotated, "(SELECT COUNT(*) FROM mysql.user WHERE User = 'recovery')")).toBe("0");
    }));

  it("may be TLS for all servers, and is told where it is no JSON", async () => {
    await configured({ "mysqlgr:tls": "VERIFY_CA" });
    const work = (): Promise<unknown> => create(replicationUser, declared(login(plain.db(1))));
    expect(await refused(both(), work)).toMatchObject({
      name: "InputError",
      code: "GR001",
      what: "mysqlgr:tls: is no JSON object",
      left: "nothing was changed",
    });
    const { cert } = await makeAuthority("Foreign");
    await configured({ "mysqlgr:tls": JSON.stringify({ mode: "VERIFY_CA", ca: cert }) });
    expect(await refused(both(), work)).toMatchObject({ code: "GR002" });
  });

  it("is not the host where a socket is declared", async () => {
    const { socket, user, password } = plain.db(1);
    await configured({ "mysqlgr:host": "192.0.2.1" });
    const made = await create(replicationUser, declared({ socketPath: socket, user, password }));
    expect(made.outs["addresses"]).toEqual([socket]);
    await replicationUser.delete(made.id, made.outs);
  });
});

describe.each(resources)(
  "a %s whose address leads to another server than before",
  (_name, runtime, inputs) => {
    it("is not read, changed or deleted there", () =>
      withServer(plain.it, async (server) => {
        const door = await gate(server);
        const connection = { ...login(server), host: door.host, port: door.port };
        if (runtime === recoveryChannel)
          await create(replicationUser, { servers: [connection], user: "recovery", password: secret });
        const made = await create(runtime, inputs(connection, server));
        await door.lead(plain.db(2));
        const edit: Inputs =
          runtime === groupMember
            ? { memberWeight: 70 }
            : runtime === recoveryChannel
              ? { recoveryRetryCount: 3 }
              : { require: "NONE" };
        const uuids = [await value(plain.db(2), "@@server_uuid"), await value(server, "@@server_uuid")];
        const message =
          `[GR006] ${addressOf(door)} is another server than before\n` +
          `Why: its server_uuid is ${uuids[0]}, state has ${uuids[1]}\n` +
          "Left: nothing was changed\n" +
          "Do: correct the connection; if the server was really replaced, delete this resource from the stack (pulumi state delete) and let pulumi up adopt the new one";
        try {
          for (const work of [
            () => runtime.read(made.id, made.outs),
            () => update(made, edit),
            () => runtime.delete(made.id, made.outs),
          ])
            expect((await refused([server, ...both()], work)).message).toBe(message);
          await door.lead(server);
          expect(await runtime.read(made.id, made.outs)).toMatchObject({ id: made.id });
        } finally {
          await door.close();
        }
      }));
  },
);

describe.each(resources)("a %s in state whose server does not answer", (_name, runtime, inputs) => {
  it("is never taken for gone", () =>
    withServer(plain.it, async (server) => {
      const door = await gate(server);
      const connection = { ...login(server), host: door.host, port: door.port, connectTimeout: 1 };
      if (runtime === recoveryChannel)
        await create(replicationUser, { servers: [connection], user: "recovery", password: secret });
      const made = await create(runtime, inputs(connection, server));
      await door.lead(undefined);
      const edit = runtime === replicationUser ? { require: "NONE" } : { rollout: {} };
      try {
        for (const work of [
          () => runtime.read(made.id, made.outs),
          () => update(made, edit),
          () => runtime.delete(made.id, made.outs),
        ])
          expect(await refused([server], work)).toMatchObject({
            code: "GR002",
            what: `${addressOf(door)} cannot be reached`,
          });
        await door.lead(server);
        expect(await runtime.read(made.id, made.outs)).toMatchObject({ id: made.id });
      } finally {
        await door.close();
      }
    }));
});

describe.each(resources)(
  "a %s whose login breaks while the server is looked at",
  (_name, runtime, inputs) => {
    it("names the server, and changes nothing", async () => {
      const door = await gate(plain.db(1));
      door.breakOn("performance_schema.global_variables");
      const connection = { ...login(plain.db(1)), port: door.port, tls: { mode: "DISABLED" } };
      try {
        const work = (): Promise<unknown> => create(runtime, inputs(connection, plain.db(1)));
        expect(await refused(both(), work)).toMatchObject({
          code: "GR002",
          what: expect.stringContaining(addressOf(door)),
        });
      } finally {
        await door.close();
      }
    });
  },
);
