import type { ProviderError } from "../../../provider/errors";
import type { CertificateFact, ShownFact } from "../../../provider/mysql/facts";
import {
  type MemberPlan,
  type MemberWish,
  isEmpty,
  planMember,
  printPlan,
} from "../../../provider/plan/group-member";
import { type ViewOptions, thrownBy, view } from "../builders";

const gr = "group_replication_";
const reload = "ALTER INSTANCE RELOAD TLS";
const stop = "STOP GROUP_REPLICATION";
const start = "START GROUP_REPLICATION";

function certificate(digit: string): CertificateFact {
  return {
    sha256: digit.repeat(64),
    subject: `O=Example, CN=db${digit}`,
    notAfter: "2031-02-03T04:05:06.000Z",
  };
}

const [old, wanted] = [certificate("1"), certificate("2")];

function plan(
  shown: ShownFact | undefined,
  of: ViewOptions = {},
  more: Partial<MemberWish> = {},
): MemberPlan {
  const wish = { variables: {}, bootstrap: false, installPlugin: false, expectedCertificate: wanted.sha256 };
  return planMember(view({ ...of, shown }), { ...wish, ...more }, []);
}

describe("a member whose certificate is declared", () => {
  const cases: [
    title: string,
    shown: ShownFact | undefined,
    of: ViewOptions,
    cost: MemberPlan["cost"],
    statements: string[],
  ][] = [
    ["needs nothing where it shows it at both ports", { client: wanted, group: wanted }, {}, "none", []],
    ["needs nothing where it is not known what it shows", undefined, {}, "none", []],
    [
      "needs nothing where only its SQL port could be asked, and shows it",
      { client: wanted },
      {},
      "none",
      [],
    ],
    [
      "reloads and restarts on XCOM where both ports show another",
      { client: old, group: old },
      {},
      "member-restart",
      [reload, stop, start],
    ],
    [
      "reloads alone where group communication has it already",
      { client: old, group: wanted },
      {},
      "tls-reload",
      [reload],
    ],
    [
      "restarts where group communication alone shows another, and looks at the files before",
      { client: wanted, group: old },
      {},
      "member-restart",
      [reload, stop, start],
    ],
    [
      "restarts as well where the SQL port shows another and group communication could not be asked",
      { client: old },
      {},
      "member-restart",
      [reload, stop, start],
    ],
    ["reloads alone on the MYSQL stack", { client: old }, { stack: "MYSQL" }, "tls-reload", [reload]],
    [
      "reloads alone where the group does not encrypt",
      { client: old },
      { variables: { [`${gr}ssl_mode`]: "DISABLED" } },
      "tls-reload",
      [reload],
    ],
    [
      "leaves aside what group communication shows where that is the certificate of the admin interface",
      { client: old, group: old },
      { variables: { [`${gr}tls_source`]: "MYSQL_ADMIN" } },
      "tls-reload",
      [reload],
    ],
    [
      "reloads where the server offers no TLS at all",
      { client: null },
      { stack: "MYSQL" },
      "tls-reload",
      [reload],
    ],
    [
      "restarts without a reload before 8.0.16, where the server itself was started with it",
      { client: wanted, group: old },
      { version: "8.0.15" },
      "member-restart",
      [stop, start],
    ],
  ];
  it.each(cases)("%s", (_, shown, of, cost, statements) => {
    const made = plan(shown, of);
    expect(printPlan(made)).toEqual(statements);
    expect(made.cost).toBe(cost);
    expect(isEmpty(made)).toBe(statements.length === 0);
  });

  it("has the files loaded before it is started: they may hold another than the one in memory", () => {
    expect(printPlan(plan({ client: wanted }, { running: false }))).toEqual([reload, start]);
    expect(printPlan(plan({ client: old }, { running: false }))).toEqual([reload, start]);
    const plain = { [`${gr}ssl_mode`]: "DISABLED" };
    expect(printPlan(plan({ client: wanted }, { running: false, variables: plain }))).toEqual([start]);
  });

  it("reloads and restarts once where the path of its file changes as well", () => {
    const made = plan(
      { client: old, group: old },
      {},
      { variables: { ssl_cert: "new.pem", ssl_key: "key.pem" } },
    );
    expect(printPlan(made)).toEqual([
      "SET PERSIST ssl_cert = 'new.pem'",
      "SET PERSIST ssl_key = 'key.pem'",
      reload,
      stop,
      start,
    ]);
  });

  it("needs nothing more in the second of two rounds, since the first has brought it", () => {
    const of = { variables: { tls_version: "TLSv1.2" } };
    const made = plan({ client: old, group: old }, of, { variables: { tls_version: "TLSv1.3" } });
    expect(made.second?.reasons.join()).not.toContain("certificate");
    expect(made.reasons.join()).toContain("it shows certificate O=Example, CN=db1");
  });

  const expected = "expected is 2222222222222222…";
  const other = "certificate O=Example, CN=db1 (1111111111111111…)";
  it.each<[title: string, shown: ShownFact, reasons: string[]]>([
    [
      "at both",
      { client: old, group: old },
      [`it shows ${other} at its SQL port and to its group; ${expected}`],
    ],
    ["to clients", { client: old, group: wanted }, [`it shows ${other} at its SQL port; ${expected}`]],
    ["to members", { client: wanted, group: old }, [`it shows ${other} to its group; ${expected}`]],
    [
      "at each another",
      { client: old, group: certificate("3") },
      [
        `it shows ${other} at its SQL port; ${expected}`,
        `it shows certificate O=Example, CN=db3 (3333333333333333…) to its group; ${expected}`,
      ],
    ],
    ["none", { client: null, group: wanted }, [`it shows no certificate at its SQL port; ${expected}`]],
    ["the declared one", { client: wanted, group: wanted }, []],
  ])("tells what is shown, where it is wrong %s", (_, shown, reasons) => {
    expect(plan(shown).reasons).toEqual(reasons);
  });

  it("is refused before 8.0.16 where another is loaded: nothing over SQL would change that", () => {
    const error = thrownBy(() => plan({ client: old, group: old }, { version: "8.0.15" })) as ProviderError;
    expect(error.message).toBe(
      `[GR005] db1:3306 runs 8.0.15, which loads its certificate only when the server is started
Why: it shows ${other} at its SQL port and to its group; ${expected}; ALTER INSTANCE RELOAD TLS came with 8.0.16
Left: nothing was changed
Do: see that the files of ssl_cert and ssl_key in its option file are the expected ones, restart the server, then pulumi up --refresh`,
    );
  });
});

it("a member of which no certificate is declared is left with any that it shows", () => {
  expect(printPlan(plan({ client: old, group: wanted }, {}, { expectedCertificate: undefined }))).toEqual([]);
});
