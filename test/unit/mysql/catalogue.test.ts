import fc from "fast-check";
import semver from "semver";
import {
  type Variable,
  canonical,
  existsOn,
  findVariable,
  nameOn,
  problemWith,
  separatorOf,
  sinceOn,
  variable,
  variables,
} from "../../../provider/mysql/catalogue";

const all = variables().map((v) => [v.name, v] as const);
const gr = "group_replication_";
const isVersion = (text: string): boolean => semver.valid(text) === text;

describe("every row of the catalogue", () => {
  const fields = [
    ..."name category since sinceBySeries until renamedFrom renamedTo type values valuesSince valuesUntil min max".split(
      " ",
    ),
    ..."unit defaults dynamic dynamicSince settableWhileGroupReplicationRuns errorWhileRunning persistable".split(
      " ",
    ),
    ..."persistableSince setToDefault sameOnAllMembers mustBeUnique neverPersist required requiredBefore".split(
      " ",
    ),
    ..."recommended absentOn deprecatedSince effect liveSince pointsToSecret note".split(" "),
  ];
  const effects = [
    "immediate",
    "next-start",
    "next-recovery",
    "tls-reload",
    "member-restart",
    "group-restart",
    "server-restart",
  ];

  it("has a name of its own", () => {
    expect(new Set(all.map(([name]) => name)).size).toBe(all.length);
  });

  it.each(all)("%s has only known fields, of the right types", (_, v) => {
    expect(Object.keys(v).filter((key) => !fields.includes(key))).toEqual([]);
    expect(["group_replication", "component", "tls", "prerequisite"]).toContain(v.category);
    expect(["boolean", "integer", "enum", "list", "path", "string"]).toContain(v.type);
    expect(effects).toContain(v.effect);
    expect([true, false, "persist_only"]).toContain(v.persistable);
    expect([true, false, "unknown"]).toContain(v.settableWhileGroupReplicationRuns);
    expect([true, false, undefined]).toContain(v.setToDefault);
    expect(typeof v.dynamic).toBe("boolean");
  });

  it.each(all)("%s has versions that follow each other", (_, v) => {
    const { sinceBySeries = {}, until } = v;
    const since = [v.since, ...Object.values(sinceBySeries)];
    expect([...since, ...(until === undefined ? [] : [until])].filter((text) => !isVersion(text))).toEqual(
      [],
    );
    if (until !== undefined) for (const first of since) expect(semver.gt(until, first)).toBe(true);
    for (const [series, first] of Object.entries(sinceBySeries))
      expect(first.startsWith(`${series}.`)).toBe(true);
    const from = v.defaults.map((d) => d.from);
    expect(from.filter((text) => !isVersion(text))).toEqual([]);
  });

  it.each(all.filter(([, v]) => v.type === "integer"))("%s has a range", (_, v) => {
    expect(BigInt(v.min!) < BigInt(v.max!)).toBe(true);
  });

  it.each(all.filter(([, v]) => v.type === "enum"))("%s has values", (_, v) => {
    expect(new Set(v.values).size).toBeGreaterThan(1);
  });

  it.each(all)("%s has defaults that it accepts itself", (_, v) => {
    for (const { value } of v.defaults)
      // Below its own range lies what "off" or "not set" means for some.
      if (value !== null && v.category !== "prerequisite")
        expect(problemWith(v, value as string | number | boolean)).toBeUndefined();
  });

  it.each(all.filter(([, v]) => v.renamedTo !== undefined || v.renamedFrom !== undefined))(
    "%s names its other name, and is named by it",
    (name, v) => {
      const other = findVariable((v.renamedTo ?? v.renamedFrom)!)!;
      expect(v.renamedTo === undefined ? other.renamedTo : (other.renamedFrom ?? v.name)).toBe(name);
    },
  );

  it.each(all.filter(([, v]) => v.dynamic === false))(
    "%s, which is not dynamic, needs a restart of the server",
    (_, v) => {
      expect(v.effect).toBe("server-restart");
    },
  );
});

describe("the catalogue agrees with what was seen on a server", () => {
  const named = (names: string): string[] => names.split(" ").map((name) => gr + name);

  it("on what is refused while Group Replication runs (3093)", () => {
    const refused = variables()
      .filter((v) => v.category === "group_replication" && v.settableWhileGroupReplicationRuns === false)
      .map((v) => v.name);
    expect(refused).toEqual(
      named(
        "auto_increment_increment communication_max_message_size compression_threshold enforce_update_everywhere_checks " +
          "group_name gtid_assignment_block_size preemptive_garbage_collection single_primary_mode view_change_uuid",
      ),
    );
  });

  it("on what refuses SET ... = DEFAULT (1231)", () => {
    const refusing = variables()
      .filter((v) => v.setToDefault === false)
      .map((v) => v.name);
    expect(refusing).toEqual(
      named(
        "auto_increment_increment compression_threshold enforce_update_everywhere_checks group_name " +
          "gtid_assignment_block_size ip_allowlist preemptive_garbage_collection single_primary_mode",
      ),
    );
  });

  it("on what must never be persisted", () => {
    expect(
      variables()
        .filter((v) => v.neverPersist)
        .map((v) => v.name),
    ).toEqual(named("bootstrap_group force_members"));
  });

  it.each([
    [
      "immediate",
      "advertise_recovery_endpoints autorejoin_tries consistency exit_state_action flow_control_mode force_members ip_allowlist " +
        "member_expel_timeout member_weight transaction_size_limit unreachable_majority_timeout",
    ],
    ["next-recovery", "recovery_ssl_ca recovery_retry_count recovery_use_ssl recovery_tls_version"],
    ["member-restart", "ssl_mode tls_source local_address poll_spin_loops message_cache_size"],
    [
      "group-restart",
      "communication_stack single_primary_mode enforce_update_everywhere_checks gtid_assignment_block_size " +
        "view_change_uuid paxos_single_leader preemptive_garbage_collection group_name",
    ],
    ["next-start", "bootstrap_group group_seeds start_on_boot"],
  ])("on what acts %s", (effect, names) => {
    for (const name of named(names)) expect([name, variable(name).effect]).toEqual([name, effect]);
  });

  it.each(["ca", "capath", "cert", "key", "crl", "crlpath", "cipher"])(
    "on ssl_%s, which acts for clients at the reload",
    (name) => {
      expect(variable(`ssl_${name}`).effect).toBe("tls-reload");
    },
  );

  it("on require_secure_transport, which needs no reload", () => {
    expect(variable("require_secure_transport").effect).toBe("immediate");
  });
});

describe("variable", () => {
  it("throws for a name that is not in the catalogue, where findVariable answers nothing", () => {
    expect(() => variable("no_such_variable")).toThrow("no_such_variable is not in the catalogue");
    expect(findVariable("no_such_variable")).toBeUndefined();
    expect(findVariable("constructor")).toBeUndefined();
  });
});

describe("sinceOn and existsOn", () => {
  it.each([
    ["member_weight", "5.7.19", false],
    ["member_weight", "5.7.20", true],
    ["member_weight", "8.0.1", false],
    ["member_weight", "8.0.2", true],
    ["member_weight", "9.7.4", true],
    ["exit_state_action", "5.7.24", true],
    ["exit_state_action", "8.0.11", false],
    ["exit_state_action", "8.0.12", true],
    ["communication_stack", "8.0.26", false],
    ["communication_stack", "8.0.27-debug", true],
    ["ip_whitelist", "8.2.0", true],
    ["ip_whitelist", "8.3.0", false],
    ["recovery_complete_at", "8.0.44", true],
    ["recovery_complete_at", "8.4.0", false],
    ["ssl_mode", "27.1.0", true],
  ])("know whether %s exists on %s: %s", (name, version, exists) => {
    expect(existsOn(variable(gr + name), version)).toBe(exists);
  });

  it("tell the series' own first version", () => {
    expect(sinceOn(variable(`${gr}member_weight`), "8.0.36")).toBe("8.0.2");
    expect(sinceOn(variable(`${gr}member_weight`), "5.7.44")).toBe("5.7.20");
  });
});

describe("nameOn", () => {
  it.each([
    ["ip_allowlist", "5.7.17", "ip_whitelist"],
    ["ip_allowlist", "8.0.21", "ip_whitelist"],
    ["ip_allowlist", "8.0.22", "ip_allowlist"],
    ["ip_allowlist", "9.7.4", "ip_allowlist"],
    ["ip_whitelist", "8.0.22", "ip_whitelist"],
    ["ip_whitelist", "8.4.0", "ip_allowlist"],
    ["recovery_tls_version", "8.0.18", undefined],
    ["recovery_tls_version", "8.0.19", "recovery_tls_version"],
    ["allow_local_disjoint_gtids_join", "8.0.4", undefined],
  ])("calls %s on %s %s", (name, version, expected) => {
    expect(nameOn(variable(gr + name), version)).toBe(expected === undefined ? undefined : gr + expected);
  });

  it("names nothing that does not exist on that version", () => {
    const versions = fc.constantFrom(
      "5.7.17",
      "5.7.44",
      "8.0.4",
      "8.0.15",
      "8.0.21",
      "8.0.22",
      "8.0.36",
      "8.4.0",
      "9.7.4",
    );
    fc.assert(
      fc.property(fc.constantFrom(...variables()), versions, (v, version) => {
        const name = nameOn(v, version);
        if (name !== undefined) expect(existsOn(variable(name), version)).toBe(true);
        if (existsOn(v, version)) expect(name).toBe(v.name);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("canonical", () => {
  const spellings = (v: Variable): fc.Arbitrary<string> =>
    fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 20 }),
      fc.constantFrom(
        "",
        " ",
        "ON",
        "on",
        "True",
        "0",
        "+5",
        "-0",
        "007",
        "1e3",
        "AUTOMATIC",
        "DEFAULT",
        "NULL",
      ),
      fc.constantFrom("a,b", " a , b ,", ",,", "a:b:", "TLSv1.3,tlsv1.2", "TLSV1.1 , TLSv1", "x:y,z"),
      ...(v.values ? [fc.constantFrom(...v.values).map((value) => ` ${value.toLowerCase()} `)] : []),
    );

  it("is the same when it is applied again, for every variable and spelling", () => {
    for (const v of variables())
      fc.assert(
        fc.property(spellings(v), (text) => {
          const once = canonical(v, text);
          expect(canonical(v, once)).toBe(once);
        }),
        { numRuns: 60 },
      );
  });

  it("never throws", () => {
    const values = fc.oneof(fc.string(), fc.double(), fc.integer(), fc.boolean(), fc.constant(null));
    fc.assert(
      fc.property(fc.constantFrom(...variables()), values, (v, value) => {
        expect(typeof canonical(v, value)).toBe("string");
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    ["require_secure_transport", true, "ON"],
    ["require_secure_transport", "1", "ON"],
    ["require_secure_transport", "Yes", "ON"],
    ["require_secure_transport", 0, "OFF"],
    ["require_secure_transport", "off", "OFF"],
    [`${gr}member_weight`, 70, "70"],
    [`${gr}member_weight`, " 070 ", "70"],
    [`${gr}message_cache_size`, "18446744073709551615", "18446744073709551615"],
    [`${gr}exit_state_action`, "offline_mode", "OFFLINE_MODE"],
    [`${gr}tls_source`, "mysql_main", "MYSQL_MAIN"],
    [`${gr}exit_state_action`, "explode", "explode"],
    [`${gr}group_name`, "8A94F357-AAB4-11E8-9D3F-0242AC120002", "8a94f357-aab4-11e8-9d3f-0242ac120002"],
    [`${gr}view_change_uuid`, "AUTOMATIC", "AUTOMATIC"],
    [`${gr}group_seeds`, "b:1, a:2 ,", "b:1,a:2"],
    ["tls_version", "TLSv1.3,tlsv1.2", "TLSv1.2,TLSv1.3"],
    ["ssl_cipher", "B-SHA : A-SHA", "B-SHA:A-SHA"],
    ["ssl_ca", " /a file.pem", " /a file.pem"],
    ["ssl_ca", null, ""],
  ])("writes %s = %j as %j", (name, value, expected) => {
    expect(canonical(variable(name), value)).toBe(expected);
  });

  it("keeps the order of seeds and ciphers, and not that of protocols", () => {
    expect(canonical(variable(`${gr}group_seeds`), "b:1,a:1")).not.toBe(
      canonical(variable(`${gr}group_seeds`), "a:1,b:1"),
    );
    expect(canonical(variable("ssl_cipher"), "B:A")).not.toBe(canonical(variable("ssl_cipher"), "A:B"));
    expect(canonical(variable("tls_version"), "TLSv1.3,TLSv1.2")).toBe(
      canonical(variable("tls_version"), "TLSv1.2,TLSv1.3"),
    );
  });
});

describe("separatorOf", () => {
  it.each([
    ["ssl_cipher", ":"],
    ["tls_ciphersuites", ":"],
    [`${gr}recovery_ssl_cipher`, ":"],
    [`${gr}recovery_tls_ciphersuites`, ":"],
    ["tls_version", ","],
    [`${gr}group_seeds`, ","],
    [`${gr}ip_allowlist`, ","],
  ])("of %s is %j", (name, separator) => {
    expect(separatorOf(variable(name))).toBe(separator);
  });
});

describe("problemWith", () => {
  const integers = all.filter(([, v]) => v.type === "integer");
  const enums = all.filter(([, v]) => v.type === "enum");
  const booleans = all.filter(([, v]) => v.type === "boolean");

  it.each(integers)("accepts the whole range of %s, and nothing beside it", (_, v) => {
    const low = BigInt(v.min!);
    const high = BigInt(v.max!);
    const message = (n: bigint): string =>
      `must be from ${v.min} to ${v.max}${v.unit ? ` ${v.unit}` : ""}, not ${n}`;
    expect(problemWith(v, String(low))).toBeUndefined();
    expect(problemWith(v, String(high))).toBeUndefined();
    expect(problemWith(v, String(low - 1n))).toBe(message(low - 1n));
    expect(problemWith(v, String(high + 1n))).toBe(message(high + 1n));
    for (const odd of ["", "five", "1.5", 1.5, true, "1e3", "0x10", NaN, "5;"])
      expect(problemWith(v, odd)).toMatch(/^must be a whole number, not /);
  });

  it.each(enums)("accepts every listed value of %s in any case, and nothing else", (_, v) => {
    for (const value of v.values!) {
      expect(problemWith(v, value)).toBeUndefined();
      expect(problemWith(v, value.toLowerCase())).toBeUndefined();
    }
    expect(problemWith(v, "NONSENSE")).toBe(`must be one of ${v.values!.join(", ")}, not "NONSENSE"`);
    expect(problemWith(v, "")).toBe(`must be one of ${v.values!.join(", ")}, not ""`);
    expect(problemWith(v, `${v.values![0]},${v.values![1]}`)).toBeDefined();
  });

  it.each(booleans)("accepts true and false for %s, and nothing else", (_, v) => {
    for (const value of [true, false, "ON", "off", 1, 0, "yes"])
      expect(problemWith(v, value)).toBeUndefined();
    expect(problemWith(v, "maybe")).toBe('must be true or false, not "maybe"');
    expect(problemWith(v, 2)).toBe("must be true or false, not 2");
  });

  it.each(["ssl_ca", `${gr}local_address`, `${gr}group_seeds`])("refuses a line end or NUL in %s", (name) => {
    expect(problemWith(variable(name), "a\nb")).toBe("must not contain NUL or a line end");
    expect(problemWith(variable(name), "a\0b")).toBe("must not contain NUL or a line end");
    expect(problemWith(variable(name), "it's \\fine\"")).toBeUndefined();
  });
});
