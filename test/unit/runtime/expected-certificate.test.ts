import { memberContext, viewOf } from "../../../provider/plan/view";
import { coordinator, setConfiguration } from "../../../provider/runtime/context";
import { expectedIn, liveExpected } from "../../../provider/runtime/expected-certificate";
import { check, diff } from "../../../provider/runtime/group-member";
import { pack } from "../../../provider/runtime/lifecycle";
import type { CheckFailure, Inputs } from "../../../provider/runtime/validation";
import type { CertificateFact, ShownFact } from "../../../provider/mysql/facts";
import { certificateFacts } from "../../../provider/tls/certificate";
import { type FactsOptions, facts } from "../builders";
import { authority, bundleOf, leaf, read } from "../certificates/builders";
import { saidBy } from "./certificate-inputs";

const day = 24 * 3_600_000;
const issuer = authority({}, undefined, Date.now() - 400 * day);
const certificate = leaf(issuer, {}, Date.now());
const { sha256 } = certificateFacts(read(certificate).x509);
const expired = leaf(issuer, { validityDays: 10 }, Date.now() - 20 * day);

const declared: Inputs = {
  connection: { host: "db1", port: 3306 },
  groupName: "8a94f357-aab4-11e8-9d3f-0242ac120002",
  localAddress: "db1:33061",
};

function checked(expectedCertificate: unknown, olds?: Inputs): { inputs: Inputs; failures: CheckFailure[] } {
  let outcome: ReturnType<typeof check>;
  saidBy(() => (outcome = check(olds, { ...declared, expectedCertificate })));
  return outcome!;
}

describe("expectedCertificate in check", () => {
  it.each([
    ["PEM text", certificate],
    ["a chain, of which the first counts", certificate + bundleOf(issuer)],
    [
      "PEM text with line ends of Windows and words around it",
      `Certificate:\r\n${certificate.replace(/\n/g, "\r\n")}`,
    ],
    ["SHA-256", sha256],
    [
      "SHA-256 in capitals with colons, as openssl prints it",
      sha256.toUpperCase().replace(/..(?=.)/g, "$&:"),
    ],
    ["SHA-256 with a line end", `${sha256}\n`],
  ])("takes %s, which is known by its SHA-256", (_, value) => {
    const { inputs, failures } = checked(value);
    expect(failures).toEqual([]);
    expect(inputs["expectedCertificate"]).toBe(value);
    expect(expectedIn(inputs)).toBe(sha256);
  });

  it.each([
    ["garbage", "garbage", /^must be PEM text, or a SHA-256 of 64 hexadecimal digits$/],
    ["a path", "/etc/mysql/cert.pem", /^must be PEM text/],
    ["a SHA-1", "ab".repeat(20), /^has 40 hexadecimal digits, and a SHA-256 has 64$/],
    ["a key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", /^holds no certificate/],
    ["a certificate that is cut off", certificate.slice(0, 200), /^holds a certificate that is cut off/],
    [
      "text that is no certificate",
      certificate.replace(/-\nMII./, "-\nAAAA"),
      /^its certificate 1 of 1 cannot be read/,
    ],
    ["an empty text", "", /./],
    ["a number", 5, /./],
  ])("refuses %s", (_, value, reason) => {
    expect(checked(value).failures).toEqual([
      { property: "expectedCertificate", reason: expect.stringMatching(reason) as string },
    ]);
  });

  it("refuses one that has expired when it is declared, and not where it was so before: members may live with it", () => {
    expect(checked(expired).failures).toEqual([
      {
        property: "expectedCertificate",
        reason: expect.stringMatching(/^expired on \d{4}-.*Z: no peer would accept it$/) as string,
      },
    ]);
    const before = { ...declared, expectedCertificate: certificateFacts(read(expired).x509).sha256 };
    expect(checked(expired, before).failures).toEqual([]);
    expect(checked(expired, { ...declared, expectedCertificate: sha256 }).failures).toHaveLength(1);
  });
});

const other: CertificateFact = {
  sha256: "1".repeat(64),
  subject: "CN=old",
  notAfter: "2031-02-03T04:05:06.000Z",
};
const wanted = certificateFacts(read(certificate).x509);

function running(shown: ShownFact | undefined, of: FactsOptions = {}): ReturnType<typeof facts> {
  return facts({ state: "ONLINE", startedAt: 1000, ...of, shown });
}

describe("expectedCertificate after a refresh", () => {
  it.each<[title: string, shown: ShownFact, of: FactsOptions, live: unknown]>([
    ["is as declared where both show it", { client: wanted, group: wanted }, {}, undefined],
    ["is as declared where nothing could be seen", {}, {}, undefined],
    ["is what clients get, where that is another", { client: other, group: wanted }, {}, other.sha256],
    ["is what members get, where only that is another", { client: wanted, group: other }, {}, other.sha256],
    [
      "is as declared where members get that of the admin interface",
      { client: wanted, group: other },
      { variables: { group_replication_tls_source: "MYSQL_ADMIN" } },
      undefined,
    ],
    ["says so where there is no TLS", { client: null }, {}, "(no certificate: the server offers no TLS)"],
  ])("%s", (_, shown, of, live) => {
    const inputs = { ...declared, expectedCertificate: sha256 };
    expect(liveExpected(inputs, running(shown, of))["expectedCertificate"]).toBe(live);
  });
});

describe("diff of GroupMember with expectedCertificate", () => {
  beforeEach(() => {
    jest.useFakeTimers();
    jest.spyOn(coordinator, "announce").mockImplementation(() => undefined);
    setConfiguration({ get: () => undefined });
  });
  afterEach(() => {
    jest.runAllTimers();
    jest.useRealTimers();
    jest.restoreAllMocks();
  });

  function stateOf(inputs: Inputs, shown?: ShownFact, loaded: CertificateFact = wanted): Inputs {
    const view = viewOf(running(shown), [], memberContext);
    return {
      ...inputs,
      address: "db1:3306",
      serverUuid: "11111111-1111-11e8-9d3f-0242ac120001",
      serverVersion: "9.7.4",
      running: true,
      pending: [],
      loadedCertificate: loaded,
      facts: pack({ view, settledAt: 0 }),
      __provider: "stub",
    };
  }

  function told(olds: Inputs, news: Inputs): { changes: boolean; lines: string[] } {
    let changes = false;
    const lines = saidBy(() => ({ changes } = diff("id", olds, { ...news, __provider: "stub" })));
    return { changes, lines: lines.filter((line) => !line.startsWith("group ")) };
  }

  const news = { ...declared, expectedCertificate: sha256 };
  const statements = [
    "    ALTER INSTANCE RELOAD TLS",
    "    STOP GROUP_REPLICATION",
    "    START GROUP_REPLICATION",
  ];
  const why = `it shows certificate CN=old (1111111111111111…) at its SQL port; expected is ${sha256.slice(0, 16)}…`;
  const note =
    "    expectedCertificate: what group communication shows is not in state yet; pulumi up looks at it, and restarts this member where it is another";

  it("finds nothing where it is in memory everywhere", () => {
    const olds = stateOf(news, { client: wanted, group: wanted });
    expect(told(olds, news)).toEqual({ changes: false, lines: [] });
  });

  it("shows how drift that a refresh has found would be mended", () => {
    const olds = stateOf(
      { ...declared, expectedCertificate: other.sha256 },
      { client: other, group: other },
      other,
    );
    const { changes, lines } = told(olds, news);
    expect(changes).toBe(true);
    expect(lines).toEqual([
      `member db1:3306: member-restart because ${why.replace("port;", "port and to its group;")}`,
      ...statements,
    ]);
  });

  it("plans from what clients got where it was never declared before, and says what is not known", () => {
    expect(told(stateOf(declared), news)).toEqual({
      changes: true,
      lines: ["member db1:3306: none", note],
    });
    expect(told(stateOf(declared, undefined, other), news).lines).toEqual([
      `member db1:3306: member-restart because ${why}`,
      ...statements,
      note,
    ]);
  });

  it("plans for another one that is declared, also without a refresh", () => {
    const olds = stateOf(news, { client: wanted, group: wanted });
    const { lines } = told(olds, { ...declared, expectedCertificate: "3".repeat(64) });
    expect(lines.slice(1)).toEqual(statements);
  });

  it("needs nothing of the server where it is declared no more", () => {
    const olds = stateOf(news, { client: other, group: other });
    expect(told(olds, declared)).toEqual({ changes: true, lines: [] });
  });
});
