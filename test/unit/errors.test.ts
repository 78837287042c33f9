import * as errors from "../../provider/errors";

const { ProviderError } = errors;

describe("ProviderError", () => {
  const cases: [error: InstanceType<typeof ProviderError>, code: string, message: string][] = [
    [
      new errors.InputError("sslCa", "is no path", "give a path"),
      "GR001",
      "[GR001] sslCa: is no path\nLeft: nothing was changed\nDo: give a path",
    ],
    [
      new errors.MemberUnreachableError("db1:3306", "connect ECONNREFUSED"),
      "GR002",
      "[GR002] db1:3306 cannot be reached\nWhy: connect ECONNREFUSED\nDo: see that the server runs and that the connection's host, port and tls are right, then run pulumi again",
    ],
    [
      new errors.AccessDeniedError("db1:3306", "Access denied (1045)"),
      "GR003",
      "[GR003] db1:3306 refused the administrator's login\nWhy: Access denied (1045)\nDo: correct the connection's user and password (mysqlgr:user, mysqlgr:password); refresh and destroy use the configuration of the last pulumi up, so run pulumi up first, or add --run-program",
    ],
    [
      new errors.PrivilegeError("db1:3306", ["SELECT ON mysql.*"], "'a'@'%'"),
      "GR004",
      "[GR004] 'a'@'%' lacks a privilege on db1:3306: SELECT ON mysql.*\nLeft: nothing was changed\nDo: as a user that may: GRANT SELECT ON mysql.* TO 'a'@'%'",
    ],
    [
      new errors.NotReadyError("db1:3306", "has no plugin", { todo: "install it" }),
      "GR005",
      "[GR005] db1:3306 has no plugin\nLeft: nothing was changed\nDo: install it",
    ],
    [
      new errors.OtherServerError("db1:3306", "a", "b"),
      "GR006",
      "[GR006] db1:3306 is another server than before\nWhy: its server_uuid is b, state has a\nLeft: nothing was changed\nDo: correct the connection; if the server was really replaced, delete this resource from the stack (pulumi state delete) and let pulumi up adopt the new one",
    ],
    [
      new errors.HostKeyError("db1:22", "SHA256:a", "SHA256:b"),
      "GR007",
      "[GR007] db1:22 is not the SSH host that was declared\nWhy: it shows the key SHA256:a; expected is SHA256:b\nLeft: nothing was sent to it, nothing was changed\nDo: find out on the machine itself which key is right (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub); if it got a new one, correct ssh.hostKey or ssh.knownHosts",
    ],
    [
      new errors.QuorumRiskError("g", "db2 is RECOVERING", "wait"),
      "GR101",
      "[GR101] group g is not in a state to be changed\nWhy: db2 is RECOVERING\nLeft: nothing was restarted\nDo: wait",
    ],
    [
      new errors.GroupRestartError("db1:3306", "cannot", "because", "do"),
      "GR102",
      "[GR102] db1:3306: cannot\nWhy: because\nLeft: nothing was changed\nDo: do",
    ],
    [
      new errors.StepFailedError("db1:3306", "START", { what: "failed" }, { errno: 3092 }),
      "GR103",
      "[GR103] failed",
    ],
    [
      new errors.StoppedError("db2:3306", "db1 failed", "it is as before"),
      "GR104",
      "[GR104] db2:3306 was not reached: the rolling change stopped before it\nWhy: db1 failed\nLeft: it is as before\nDo: mend that member, then pulumi up: it goes on where this one stopped",
    ],
    [
      new errors.LockedError("g", "db1:3306"),
      "GR105",
      "[GR105] group g is being changed by another deployment\nWhy: its lock is held on db1:3306\nLeft: nothing was changed\nDo: wait until the other deployment has ended, then pulumi up",
    ],
    [
      new errors.ProofError("db1:3306", "refused", { why: "1045" }),
      "GR106",
      "[GR106] db1:3306: refused\nWhy: 1045",
    ],
    [
      new errors.OutcomeUnknownError("db1:3306", "START", "lost"),
      "GR107",
      "[GR107] db1:3306: the connection broke during START; whether it took effect is unknown\nWhy: lost\nDo: pulumi up --refresh: it looks first, and goes on from what it finds",
    ],
  ];
  it.each(cases.map(([error, code, message]) => [error.name, error, code, message] as const))(
    "%s says what happened, why, what was left and what to do",
    (_, error, code, message) => {
      expect(error.message).toBe(message);
      expect(error.code).toBe(code);
      expect(error.name).toMatch(/Error$/);
      expect(error).toBeInstanceOf(Error);
    },
  );

  it("has a code of its own for each kind", () => {
    const codes = cases.map(([, code]) => code);
    expect(new Set(codes).size).toBe(codes.length);
    const kinds = Object.values(errors).filter(
      (e) => typeof e === "function" && (e.prototype as unknown) instanceof ProviderError,
    );
    expect(kinds).toHaveLength(cases.length);
  });

  it("names another login than the administrator's, where it was that", () => {
    const error = new errors.AccessDeniedError("db1", "root is not let in", "correct it", "the SSH login");
    expect(error.message).toBe("[GR003] db1 refused the SSH login\nWhy: root is not let in\nDo: correct it");
  });

  it("carries its facts as fields", () => {
    const error = new errors.StepFailedError("db1:3306", "START", { what: "x" }, { errno: 3092 });
    expect(error.facts).toEqual({ server: "db1:3306", step: "START", errno: 3092 });
    expect(new errors.InputError("sslCa", "x").facts).toEqual({ property: "sslCa" });
  });

  it("shows no stack, which the engine would print", () => {
    expect(new errors.LockedError("g", "db1").stack).toBe("");
  });

  it("is recognized across two copies of this package", () => {
    let other!: typeof errors;
    jest.isolateModules(() => {
      other = jest.requireActual<typeof errors>("../../provider/errors");
    });
    const foreign = new other.LockedError("g", "db1");
    expect(foreign instanceof errors.LockedError).toBe(false);
    expect(ProviderError.is(foreign)).toBe(true);
    expect(ProviderError.is(new errors.LockedError("g", "db1"))).toBe(true);
  });

  it.each([undefined, null, "text", new Error("x"), {}, { code: "GR105" }])(
    "does not recognize %p",
    (thrown) => {
      expect(ProviderError.is(thrown)).toBe(false);
    },
  );
});

describe("an interrupted deployment", () => {
  it("is told to each member that was not begun, with how to go on", () => {
    const error = errors.interruptedError("db3:3306");
    expect(error).toBeInstanceOf(errors.StoppedError);
    expect(error.message).toBe(
      `[GR104] db3:3306 was not reached: the rolling change stopped before it
Why: the deployment was interrupted
Left: it is as before; members that were begun have been finished
Do: pulumi up: it goes on where this one stopped (after a kill, pulumi cancel first)`,
    );
  });
});

describe("withLeft", () => {
  it("adds what was left to an error that does not say it, and keeps all else", () => {
    const error = new errors.StepFailedError(
      "db1:3306",
      "START",
      { what: "failed", todo: "mend" },
      { errno: 3092 },
    );
    const told = errors.withLeft(error, "it is ONLINE again") as errors.StepFailedError;
    expect(told).toBeInstanceOf(errors.StepFailedError);
    expect(told.message).toBe("[GR103] failed\nLeft: it is ONLINE again\nDo: mend");
    expect(told.facts).toEqual({ server: "db1:3306", step: "START", errno: 3092 });
  });

  it("leaves what an error says of it already", () => {
    const error = new errors.NotReadyError("db1:3306", "has no plugin");
    expect((errors.withLeft(error, "something else") as Error).message).toBe(error.message);
  });

  it("leaves any other error alone", () => {
    const error = new Error("x");
    expect(errors.withLeft(error, "nothing")).toBe(error);
    expect(error.message).toBe("x");
  });
});
