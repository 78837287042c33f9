import fc from "fast-check";
import { InputError } from "../../../provider/errors";
import {
  type ChannelOption,
  type OptionValue,
  channelOptions,
  optionName,
} from "../../../provider/mysql/channel-options";
import { printPlan, undoOf } from "../../../provider/plan/group-member";
import {
  type ReplicaView,
  type SeenSourceChannel,
  type SourceChannelWish,
  dropChannelSteps,
  planSourceChannel,
  sslModeOf,
  sslOptions,
} from "../../../provider/plan/replication-channel";
import { printSteps } from "../../../provider/plan/step";
import { thrownBy } from "../builders";

const options = {
  host: "db1",
  port: "3306",
  user: "replica",
  autoPosition: "1",
  heartbeatPeriod: "30",
  connectRetry: "60",
  delay: "0",
  ssl: "1",
  sslCa: "",
  sslCapath: "",
  sslVerifyServerCert: "0",
  gtidOnly: "0",
};

function seen(
  more: Partial<SeenSourceChannel> = {},
  changed: Record<string, string> = {},
): SeenSourceChannel {
  return {
    options: { ...options, ...changed },
    passwordMatches: true,
    receiver: true,
    applier: true,
    ...more,
  };
}

function view(channel?: SeenSourceChannel, version = "9.7.4"): ReplicaView {
  return { address: "db2:3306", version, channel };
}

function wish(
  more: SourceChannelWish["options"] = {},
  rest: Partial<SourceChannelWish> = {},
): SourceChannelWish {
  return {
    name: "c",
    options: { host: "db1", port: 3306, user: "replica", autoPosition: true, ...more },
    hasPassword: true,
    running: true,
    ...rest,
  };
}

describe("planSourceChannel", () => {
  it("does nothing where the channel is as declared", () => {
    expect(printPlan(planSourceChannel(view(seen()), wish()))).toEqual([]);
  });

  it("makes a channel with one statement, and starts it", () => {
    const plan = planSourceChannel(view(), wish({ ...sslOptions("REQUIRED"), tlsVersion: ["TLSv1.3"] }));
    expect(printPlan(plan)).toEqual([
      "CHANGE REPLICATION SOURCE TO SOURCE_HOST = 'db1', SOURCE_PORT = 3306, SOURCE_USER = 'replica', SOURCE_SSL = 1, " +
        "SOURCE_SSL_CA = '', SOURCE_SSL_CAPATH = '', SOURCE_SSL_VERIFY_SERVER_CERT = 0, SOURCE_TLS_VERSION = 'TLSv1.3', " +
        "SOURCE_AUTO_POSITION = 1, SOURCE_PASSWORD = <password> FOR CHANNEL 'c'",
      "START REPLICA FOR CHANNEL 'c'",
    ]);
    expect(plan.cost).toBe("none");
    expect(printSteps(undoOf(plan.online))).toEqual([
      "STOP REPLICA FOR CHANNEL 'c'",
      // Where the server was started anew in between, it has started the channel.
      "STOP REPLICA FOR CHANNEL 'c'",
      "RESET REPLICA ALL FOR CHANNEL 'c'",
    ]);
  });

  it.each([
    ["the receiver", { connectRetry: 5 }, " IO_THREAD", "SOURCE_CONNECT_RETRY = 5"],
    ["the applier", { delay: 3 }, " SQL_THREAD", "SOURCE_DELAY = 3"],
    ["both", { gtidOnly: true }, "", "GTID_ONLY = 1"],
  ] as const)("stops %s alone for an option that wants it", (_, more, thread, text) => {
    const plan = planSourceChannel(view(seen()), wish(more));
    expect(printPlan(plan)).toEqual([
      `STOP REPLICA${thread} FOR CHANNEL 'c'`,
      `CHANGE REPLICATION SOURCE TO ${text} FOR CHANNEL 'c'`,
      `START REPLICA${thread} FOR CHANNEL 'c'`,
    ]);
    expect(plan.cost).toBe("channel-restart");
  });

  it("leaves a thread stopped that was stopped, where the channel is not to run", () => {
    const stopped = seen({ applier: false });
    expect(printPlan(planSourceChannel(view(stopped), wish({ delay: 3 }, { running: false })))).toEqual([
      "CHANGE REPLICATION SOURCE TO SOURCE_DELAY = 3 FOR CHANNEL 'c'",
    ]);
    expect(printPlan(planSourceChannel(view(stopped), wish({ delay: 3 })))).toEqual([
      "CHANGE REPLICATION SOURCE TO SOURCE_DELAY = 3 FOR CHANNEL 'c'",
      "START REPLICA SQL_THREAD FOR CHANNEL 'c'",
    ]);
  });

  it("puts back each option as it was, and starts what ran", () => {
    const plan = planSourceChannel(view(seen({ passwordMatches: false })), wish({ connectRetry: 5 }));
    expect(printSteps(undoOf(plan.online))).toEqual([
      "STOP REPLICA IO_THREAD FOR CHANNEL 'c'",
      "STOP REPLICA IO_THREAD FOR CHANNEL 'c'",
      "CHANGE REPLICATION SOURCE TO SOURCE_CONNECT_RETRY = 60, SOURCE_PASSWORD = <previousPassword> FOR CHANNEL 'c'",
      "START REPLICA IO_THREAD FOR CHANNEL 'c'",
    ]);
  });

  it("keeps the heartbeat, which the server forgets with another port", () => {
    const plan = planSourceChannel(view(seen({}, { heartbeatPeriod: "2.5" })), wish({ port: 3307 }));
    expect(printPlan(plan)[1]).toBe(
      "CHANGE REPLICATION SOURCE TO SOURCE_PORT = 3307, SOURCE_HEARTBEAT_PERIOD = 2.5 FOR CHANNEL 'c'",
    );
  });

  it("does not begin another source's binary log at its first event", () => {
    const old = seen({ applied: { file: "b.7", position: 99 } }, { autoPosition: "0" });
    const positions = { options: { host: "db9", user: "replica" } };
    expect(() => planSourceChannel(view(old), wish({}, positions))).toThrow(/binary log/);
    const plan = planSourceChannel(
      view(old),
      wish({}, { ...positions, start: { file: "b.1", position: 4 } }),
    );
    expect(printPlan(plan)[1]).toContain("SOURCE_LOG_FILE = 'b.1', SOURCE_LOG_POS = 4");
    expect(printSteps(undoOf(plan.online))[2]).toContain("SOURCE_LOG_FILE = 'b.7', SOURCE_LOG_POS = 99");
  });

  it("gives back what is no longer declared, by the version's own default", () => {
    const old = seen({}, { connectRetry: "5", retryCount: "99" });
    expect(printPlan(planSourceChannel(view(old), wish(), ["connectRetry", "retryCount"]))[1]).toBe(
      "CHANGE REPLICATION SOURCE TO SOURCE_CONNECT_RETRY = 60, SOURCE_RETRY_COUNT = 10 FOR CHANNEL 'c'",
    );
    expect(
      printPlan(planSourceChannel(view(old, "8.0.36"), wish(), ["connectRetry", "retryCount"]))[1],
    ).toContain("SOURCE_RETRY_COUNT = 86400");
  });

  const value: Record<ChannelOption["kind"], OptionValue> = {
    text: "x",
    integer: 1,
    decimal: 1,
    boolean: true,
    list: ["x"],
    account: "a@b",
    word: "ON",
  };
  const later = channelOptions.filter(({ since }) => since !== "5.7.17").map((o) => [o.property, o] as const);

  it.each(later)("refuses %s one version before its first, and takes it there", (property, option) => {
    const wanted = wish({ [property]: value[option.kind] });
    const before = option.since.replace(/\d+$/, (patch) => String(Number(patch) - 1));
    const error = thrownBy(() => planSourceChannel(view(undefined, before), wanted)) as InputError;
    expect(error).toBeInstanceOf(InputError);
    expect(error).toMatchObject({ code: "GR001", property });
    expect(error.message).toBe(
      `[GR001] ${property}: db2:3306 runs ${before}, whose channels do not have ${optionName(option, before)}; it came with ${option.since}
Left: nothing was changed`,
    );
    const [change] = printPlan(planSourceChannel(view(undefined, option.since), wanted));
    expect(change).toContain(`, ${optionName(option, option.since)} = `);
  });

  it.each([
    [
      "requireTablePrimaryKeyCheck",
      "GENERATE",
      "8.0.31",
      "whose channels do not take GENERATE; it came with 8.0.32",
    ],
    [
      "host",
      "h".repeat(61),
      "8.0.16",
      "whose channels take 60 bytes of it at most; it came to 255 with 8.0.17",
    ],
    [
      "tlsVersion",
      ["TLSv1.2", "TLSv1.3"],
      "8.0.15",
      "which does not take TLSv1.3 (it came with 8.0.16); it takes TLSv1, TLSv1.1, TLSv1.2",
    ],
    [
      "tlsVersion",
      ["TLSv1.1", "TLSv1.2"],
      "9.7.4",
      "which does not take TLSv1.1 (gone from 8.0.28); it takes TLSv1.2, TLSv1.3",
    ],
  ] as const)("refuses %s = %j on %s", (property, wanted, version, why) => {
    for (const channel of [undefined, seen()])
      expect(() => planSourceChannel(view(channel, version), wish({ [property]: wanted }))).toThrow(
        `${property}: db2:3306 runs ${version}, ${why}`,
      );
  });

  it.each([
    ["5.7.22", "CHANGE MASTER TO MASTER_HOST = 'db1'", "START SLAVE FOR CHANNEL 'c'"],
    ["8.0.11", "CHANGE MASTER TO MASTER_HOST = 'db1'", "START SLAVE FOR CHANNEL 'c'"],
    ["8.0.15", "CHANGE MASTER TO MASTER_HOST = 'db1'", "START SLAVE FOR CHANNEL 'c'"],
    ["8.0.19", "CHANGE MASTER TO MASTER_HOST = 'db1'", "START SLAVE FOR CHANNEL 'c'"],
    ["8.0.22", "CHANGE MASTER TO MASTER_HOST = 'db1'", "START REPLICA FOR CHANNEL 'c'"],
    ["8.0.23", "CHANGE REPLICATION SOURCE TO SOURCE_HOST = 'db1'", "START REPLICA FOR CHANNEL 'c'"],
    ["8.0.27", "CHANGE REPLICATION SOURCE TO SOURCE_HOST = 'db1'", "START REPLICA FOR CHANNEL 'c'"],
    ["8.4.0", "CHANGE REPLICATION SOURCE TO SOURCE_HOST = 'db1'", "START REPLICA FOR CHANNEL 'c'"],
    ["9.7.4", "CHANGE REPLICATION SOURCE TO SOURCE_HOST = 'db1'", "START REPLICA FOR CHANNEL 'c'"],
  ])("speaks the dialect of %s", (version, change, start) => {
    const [first, second] = printPlan(planSourceChannel(view(undefined, version), wish()));
    expect(first).toContain(change);
    expect(second).toBe(start);
  });

  it("names GET_SOURCE_PUBLIC_KEY by its dialect", () => {
    const option = channelOptions.find((o) => o.property === "getPublicKey")!;
    expect(optionName(option, "8.0.22")).toBe("GET_MASTER_PUBLIC_KEY");
    expect(optionName(option, "8.0.23")).toBe("GET_SOURCE_PUBLIC_KEY");
  });

  it("quotes whatever a text holds, and never prints the password", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (host, ca) => {
        const [change] = printPlan(planSourceChannel(view(), wish({ host, sslCa: ca })));
        // Outside of literals nothing of the values is left.
        const bare = change!.replace(/'(?:\\.|[^'\\])*'/gs, "?");
        expect(bare).toBe(
          "CHANGE REPLICATION SOURCE TO SOURCE_HOST = ?, SOURCE_PORT = 3306, SOURCE_USER = ?, SOURCE_SSL_CA = ?, " +
            "SOURCE_AUTO_POSITION = 1, SOURCE_PASSWORD = <password> FOR CHANNEL ?",
        );
      }),
    );
  });
});

describe("dropChannelSteps", () => {
  it("stops what runs, and resets this channel alone", () => {
    expect(printSteps(dropChannelSteps(view(seen({ applier: false })), "c"))).toEqual([
      "STOP REPLICA IO_THREAD FOR CHANNEL 'c'",
      "RESET REPLICA ALL FOR CHANNEL 'c'",
    ]);
    expect(dropChannelSteps(view(), "c")).toEqual([]);
  });
});

describe("sslModeOf", () => {
  it.each(["DISABLED", "REQUIRED"] as const)("finds %s in what it means", (mode) => {
    const { ssl, sslVerifyServerCert } = sslOptions(mode);
    expect(sslModeOf({ ssl: ssl ? "1" : "0", sslVerifyServerCert: sslVerifyServerCert ? "1" : "0" })).toBe(
      mode,
    );
  });

  it("takes a CA alone for VERIFY_CA, and a checked name for VERIFY_IDENTITY", () => {
    expect(sslModeOf({ ssl: "1", sslCa: "ca.pem", sslVerifyServerCert: "0" })).toBe("VERIFY_CA");
    expect(sslModeOf({ ssl: "1", sslCapath: "/ca", sslVerifyServerCert: "0" })).toBe("VERIFY_CA");
    expect(sslModeOf({ ssl: "1", sslCa: "ca.pem", sslVerifyServerCert: "1" })).toBe("VERIFY_IDENTITY");
  });
});
