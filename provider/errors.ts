/** Parts of a message, in the order in which they are shown. */
export interface ErrorParts {
  /** What happened, and on which server. */
  what: string;
  /** The server's or the peer's own reason. */
  why?: string | undefined;
  /** Lines below the reason. */
  table?: string | undefined;
  /** What was undone and what was left as it is. */
  left?: string | undefined;
  /** What to do. */
  todo?: string | undefined;
}

const marker = Symbol.for("pulumi-mysql-group-replication.error");

/** Base of all errors of this package. Recognize one by its `code`, which stays; the text may change. */
export class ProviderError extends Error {
  readonly [marker] = true;
  /** Where the change was taken back: server time up to which its old settings are known to be in effect again. */
  takenBackAt?: number;

  constructor(
    readonly code: string,
    public parts: ErrorParts,
    readonly facts: Readonly<Record<string, unknown>> = {},
  ) {
    super(ProviderError.text(code, parts));
    this.name = new.target.name;
    // Pulumi prints message and stack of some errors; the message says what a person needs.
    this.stack = "";
  }

  tell(parts: ErrorParts): void {
    this.parts = parts;
    this.message = ProviderError.text(this.code, parts);
  }

  static text(code: string, parts: ErrorParts): string {
    const lines = [`[${code}] ${parts.what}`];
    if (parts.why) lines.push(`Why: ${parts.why}`);
    if (parts.table) lines.push(parts.table);
    if (parts.left) lines.push(`Left: ${parts.left}`);
    if (parts.todo) lines.push(`Do: ${parts.todo}`);
    return lines.join("\n");
  }

  /** True also for errors of another copy of this package in the same process. */
  static is(error: unknown): error is ProviderError {
    return typeof error === "object" && error !== null && marker in error;
  }
}

/** The declaration is wrong; nothing was changed. */
export class InputError extends ProviderError {
  constructor(
    readonly property: string,
    why: string,
    todo?: string,
  ) {
    super("GR001", { what: `${property}: ${why}`, left: "nothing was changed", todo }, { property });
  }
}

/** No login. This never means that the server or what is on it is gone. */
export class MemberUnreachableError extends ProviderError {
  constructor(
    readonly server: string,
    why: string,
    todo = "see that the server runs and that the connection's host, port and tls are right, then run pulumi again",
    /** There had been a login, which broke: another may work. */
    readonly dropped = false,
  ) {
    super("GR002", { what: `${server} cannot be reached`, why, todo }, { server });
  }
}

/** The administrator's account was refused, or a login over SSH. */
export class AccessDeniedError extends ProviderError {
  constructor(
    readonly server: string,
    why: string,
    todo = "correct the connection's user and password (mysqlgr:user, mysqlgr:password); refresh and destroy use the configuration of the last pulumi up, so run pulumi up first, or add --run-program",
    login = "the administrator's login",
  ) {
    super("GR003", { what: `${server} refused ${login}`, why, todo }, { server });
  }
}

/** The administrator's account lacks privileges. */
export class PrivilegeError extends ProviderError {
  constructor(
    readonly server: string,
    readonly missing: readonly string[],
    account: string,
    left = "nothing was changed",
  ) {
    super(
      "GR004",
      {
        what: `${account} lacks ${missing.length === 1 ? "a privilege" : "privileges"} on ${server}: ${missing.join(", ")}`,
        left,
        todo: `as a user that may: ${missing.map((p) => grantStatement(p, account)).join("; ")}`,
      },
      { server, missing },
    );
  }
}

function grantStatement(privilege: string, account: string): string {
  const [, name, option] = /^(.*?)( WITH GRANT OPTION)?$/.exec(privilege)!;
  return `GRANT ${name}${/ ON /.test(privilege) ? "" : " ON *.*"} TO ${account}${option ?? ""}`;
}

/** The server as it is cannot take the declaration: nothing was changed. */
export class NotReadyError extends ProviderError {
  constructor(
    readonly server: string,
    what: string,
    parts: Omit<ErrorParts, "what"> = {},
  ) {
    super("GR005", { what: `${server} ${what}`, left: "nothing was changed", ...parts }, { server });
  }
}

/** The connection leads to another server than the one that state knows. */
export class OtherServerError extends ProviderError {
  constructor(server: string, expected: string, found: string) {
    super(
      "GR006",
      {
        what: `${server} is another server than before`,
        why: `its server_uuid is ${found}, state has ${expected}`,
        left: "nothing was changed",
        todo: "correct the connection; if the server was really replaced, delete this resource from the stack (pulumi state delete) and let pulumi up adopt the new one",
      },
      { server, expected, found },
    );
  }
}

/** The machine at an address is not the one that is meant, or somebody stands between. */
export class HostKeyError extends ProviderError {
  constructor(server: string, shown: string, expected: string) {
    super(
      "GR007",
      {
        what: `${server} is not the SSH host that was declared`,
        why: `it shows the key ${shown}; expected is ${expected}`,
        left: "nothing was sent to it, nothing was changed",
        todo: "find out on the machine itself which key is right (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub); if it got a new one, correct ssh.hostKey or ssh.knownHosts",
      },
      { server, shown, expected },
    );
  }
}

/** A change that would put the group at risk was refused beforehand. */
export class QuorumRiskError extends ProviderError {
  constructor(group: string, why: string, todo: string, left = "nothing was restarted") {
    super("GR101", { what: `group ${group} is not in a state to be changed`, why, left, todo }, { group });
  }
}

/** A change that only a restart of the whole group could make. */
export class GroupRestartError extends ProviderError {
  constructor(server: string, what: string, why: string, todo: string) {
    super("GR102", { what: `${server}: ${what}`, why, left: "nothing was changed", todo }, { server });
  }
}

/** A step failed; the parts say what was undone. */
export class StepFailedError extends ProviderError {
  constructor(
    readonly server: string,
    readonly step: string,
    parts: ErrorParts,
    facts: Record<string, unknown> = {},
  ) {
    super("GR103", parts, { server, step, ...facts });
  }
}

/** The schedule stopped at another member; this one was not touched, or is done. */
export class StoppedError extends ProviderError {
  constructor(
    server: string,
    because: string,
    left: string,
    todo = "mend that member, then pulumi up: it goes on where this one stopped",
  ) {
    super(
      "GR104",
      { what: `${server} was not reached: the rolling change stopped before it`, why: because, left, todo },
      { server },
    );
  }
}

/** The user, or the end of the engine, stopped the deployment; what was begun has been finished. */
export function interruptedError(server: string, left = "it is as before"): StoppedError {
  return new StoppedError(
    server,
    "the deployment was interrupted",
    `${left}; members that were begun have been finished`,
    "pulumi up: it goes on where this one stopped (after a kill, pulumi cancel first)",
  );
}

/** Adds what was left, which is known only to whoever took the change back; what the error says of it already stays. */
export function withLeft(error: unknown, left: string): unknown {
  if (ProviderError.is(error) && error.parts.left === undefined) error.tell({ ...error.parts, left });
  return error;
}

/** Somebody else changes this group. */
export class LockedError extends ProviderError {
  constructor(group: string, server: string) {
    super("GR105", {
      what: `group ${group} is being changed by another deployment`,
      why: `its lock is held on ${server}`,
      left: "nothing was changed",
      todo: "wait until the other deployment has ended, then pulumi up",
    });
  }
}

/** Credentials or certificates were tried, or compared beforehand, and would be refused. */
export class ProofError extends ProviderError {
  constructor(
    readonly server: string,
    readonly told: string,
    parts: Omit<ErrorParts, "what">,
    /** The servers' error numbers. */
    readonly errnos: readonly number[] = [],
  ) {
    super("GR106", { ...parts, what: `${server}: ${told}` }, { server, errnos });
  }
}

/** The connection broke while a statement ran: it may or may not have taken effect. */
export class OutcomeUnknownError extends ProviderError {
  constructor(
    readonly server: string,
    readonly step: string,
    readonly why: string,
    left?: string,
  ) {
    super(
      "GR107",
      {
        what: `${server}: the connection broke during ${step}; whether it took effect is unknown`,
        why,
        left,
        todo: "pulumi up --refresh: it looks first, and goes on from what it finds",
      },
      { server, step },
    );
  }
}
