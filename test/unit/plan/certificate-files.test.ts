import * as fc from "fast-check";
import {
  type Access,
  type Content,
  type FilesPlan,
  type SeenFile,
  type Snapshot,
  type Usage,
  type Version,
  type WantedVersion,
  digestOf,
  driftIn,
  folderMode,
  isEmpty,
  namesOf,
  planFiles,
  planRemoval,
  printFiles,
  temporaryName,
  versionsAfter,
  wantedVersion,
} from "../../../provider/plan/certificate-files";

const access: Access = { mode: 0o644 };
const version = (content: Content, given = access): WantedVersion => wantedVersion("server", content, given);
const certificate = (text: string): WantedVersion => version({ role: "cert", text });
const trusted = (files: Record<string, string>): WantedVersion => version({ role: "capath", files });

const emptyFolder: Snapshot = { files: [], folders: [], leftovers: [] };
const seenFile = (path: string, digest: string, given: Partial<SeenFile> = {}): SeenFile => ({
  path,
  digest,
  mode: 0o644,
  uid: 27,
  gid: 27,
  ...given,
});

/** The folder as it is when all of these lie there untouched. */
function holding(...versions: readonly WantedVersion[]): Snapshot {
  return {
    files: versions.flatMap(({ files, access: { mode } }) =>
      files.map(({ path, digest }) => seenFile(path, digest, { mode })),
    ),
    folders: versions
      .filter(({ role }) => role.endsWith("path"))
      .map(({ name, access: { mode } }): SeenFile => ({
        path: name,
        mode: folderMode(mode),
        uid: 27,
        gid: 27,
      })),
    leftovers: [],
  };
}

const plan = (
  wanted: readonly WantedVersion[],
  before: readonly Version[],
  seen: Snapshot,
  usage?: Usage,
): FilesPlan => planFiles(wanted, before, seen, usage);

const [a, b, c] = ["a", "b", "c"].map(certificate) as [WantedVersion, WantedVersion, WantedVersion];

describe("the name of a file", () => {
  it("holds the first digits of its content's hash", () => {
    expect(a.name).toBe("server-cert-ca978112ca1bbdca.pem");
    expect(a.files).toEqual([{ path: a.name, digest: digestOf("cert", "a"), text: "a" }]);
  });

  it("of a key tells another hash than that of the file", () => {
    const { name, files } = version({ role: "key", text: "a" });
    expect(name).toMatch(/^server-key-[0-9a-f]{16}\.pem$/);
    expect(files[0]!.digest).not.toBe(digestOf("cert", "a"));
  });

  it("of a hash-named folder is that of all its files, in any order", () => {
    const { name, files } = trusted({ "b.0": "2", "a.0": "1" });
    expect(name).toMatch(/^server-capath-[0-9a-f]{16}$/);
    expect(trusted({ "a.0": "1", "b.0": "2" }).name).toBe(name);
    expect(trusted({ "a.0": "1", "b.0": "3" }).name).not.toBe(name);
    expect(trusted({ "a.0": "1", "c.0": "2" }).name).not.toBe(name);
    expect(files.map(({ path }) => path)).toEqual([`${name}/a.0`, `${name}/b.0`]);
  });

  it.each([
    ["server-cert-0123456789abcdef.pem", "cert"],
    ["server-capath-0123456789abcdef", "capath"],
    ["server-cert-0123456789abcdef", undefined],
    ["server-cert-0123456789ABCDEF.pem", undefined],
    ["other-cert-0123456789abcdef.pem", undefined],
    ["xserver-cert-0123456789abcdef.pem", undefined],
    ["server-cert-0123456789abcdef.pem.bak", undefined],
    ["ca.pem", undefined],
  ])("%s is told apart from others: %s", (name, role) => {
    expect(namesOf("server").role(name)).toBe(role);
  });

  it("with a dot in its prefix is told apart from one with another letter there", () => {
    expect(namesOf("a.b").role("a.b-ca-0123456789abcdef.pem")).toBe("ca");
    expect(namesOf("a.b").role("axb-ca-0123456789abcdef.pem")).toBeUndefined();
  });

  it("that is temporary is known as such, in hash-named folders too", () => {
    const isLeftover = (name: string): boolean => namesOf("server").isLeftover(name);
    expect(isLeftover(temporaryName(a.name, "0123abcd"))).toBe(true);
    expect(isLeftover(temporaryName("01234567.r0", "0123abcd"))).toBe(true);
    expect(isLeftover(a.name)).toBe(false);
    expect(isLeftover(".other-cert-0123456789abcdef.pem.0123abcd.tmp")).toBe(false);
  });
});

describe("the plan", () => {
  it("for an empty folder writes everything", () => {
    const cas = trusted({ "a.0": "1" });
    const made = plan([a, cas], [], emptyFolder);
    expect(printFiles(made)).toEqual([
      `make ${cas.name}/ (is missing)`,
      `write ${a.name} (is missing)`,
      `write ${cas.name}/a.0 (is missing)`,
    ]);
    expect(driftIn(made)).toEqual([
      `${cas.name}: is missing`,
      `${a.name}: is missing`,
      `${cas.name}/a.0: is missing`,
    ]);
  });

  it("is empty where all is as declared", () => {
    const cas = trusted({ "a.0": "1" });
    expect(isEmpty(plan([a, cas], [a, cas], holding(a, cas)))).toBe(true);
  });

  const owned: Access = { mode: 0o644, uid: 27, gid: 27 };
  it.each<[string, Partial<SeenFile>, string]>([
    ["content", { digest: "other" }, "its content is another"],
    ["what is no plain file", { digest: undefined as never }, "its content is another"],
    ["mode", { mode: 0o666 }, "its mode is 0666, not 0644"],
    ["owner", { uid: 0 }, "its owner is 0, not 27"],
    ["group", { gid: 0 }, "its group is 0, not 27"],
  ])("writes anew what has another %s", (_, given, why) => {
    const wanted = version({ role: "cert", text: "a" }, owned);
    const seen = { ...emptyFolder, files: [seenFile(a.name, a.files[0]!.digest, given)] };
    expect(printFiles(plan([wanted], [wanted], seen))).toEqual([`write ${a.name} (${why})`]);
  });

  it("leaves owner and group alone where none is declared", () => {
    const seen = { ...emptyFolder, files: [seenFile(a.name, a.files[0]!.digest, { uid: 5, gid: 6 })] };
    expect(isEmpty(plan([a], [a], seen))).toBe(true);
  });

  it("takes out of a hash-named folder what nobody declared", () => {
    const cas = trusted({ "a.0": "1" });
    const there = holding(cas);
    const seen = { ...there, files: [...there.files, seenFile(`${cas.name}/b.0`, "x")] };
    expect(printFiles(plan([cas], [cas], seen))).toEqual([`remove ${cas.name}/b.0 (nobody declared it)`]);
  });

  it("removes what an interrupted run left", () => {
    expect(printFiles(plan([a], [a], { ...holding(a), leftovers: [".x.tmp"] }))).toEqual([
      "remove .x.tmp (an interrupted run left it)",
    ]);
  });
});

describe("an old version", () => {
  it("stays beside the new one, where no servers are declared", () => {
    expect(printFiles(plan([b], [a], holding(a)))).toEqual([
      `write ${b.name} (is missing)`,
      `keep ${a.name} (the version before; a server may use it)`,
    ]);
  });

  it("goes when a third one comes", () => {
    expect(printFiles(plan([c], [a, b], holding(a, b)))).toEqual([
      `write ${c.name} (is missing)`,
      `remove ${a.name} (an old version)`,
      `keep ${b.name} (the version before; a server may use it)`,
    ]);
  });

  it("stays as long as a server names it, however many there are", () => {
    const usage = { [a.name]: ["db1:3306", "db2:3306"] };
    expect(printFiles(plan([c], [a, b], holding(a, b, c), usage))).toEqual([
      `remove ${b.name} (an old version)`,
      `keep ${a.name} (named by db1:3306, db2:3306)`,
    ]);
  });

  it("goes when no server names it any more", () => {
    expect(printFiles(plan([b], [a, b], holding(a, b), {}))).toEqual([`remove ${a.name} (an old version)`]);
  });

  it("stays where somebody changed it", () => {
    const there = holding(b);
    const seen = { ...there, files: [...there.files, seenFile(a.name, "other")] };
    expect(printFiles(plan([b], [a, b], seen, {}))).toEqual([
      `keep ${a.name} (its content is not what this resource wrote)`,
    ]);
  });

  it("that is a hash-named folder stays where somebody put something into it", () => {
    const old = trusted({ "a.0": "1" });
    const there = holding(old, b);
    const seen = { ...there, files: [...there.files, seenFile(`${old.name}/z.0`, "x")] };
    expect(plan([b], [old, b], seen, {}).removals).toEqual([]);
  });

  it("that is gone is forgotten", () => {
    expect(printFiles(plan([b], [a, b], holding(b)))).toEqual([]);
    expect(versionsAfter([b], [a, b], holding(b)).map(({ name }) => name)).toEqual([b.name]);
  });

  it("that is wanted again is no old version any more, and the newest", () => {
    expect(printFiles(plan([a], [a, b], holding(a, b)))).toEqual([
      `keep ${b.name} (the version before; a server may use it)`,
    ]);
    expect(versionsAfter([a], [a, b], holding(a, b)).map(({ name }) => name)).toEqual([b.name, a.name]);
  });

  it("goes with the resource, and a changed one does not", () => {
    const there = holding(b);
    const seen = { ...there, files: [...there.files, seenFile(a.name, "other")], leftovers: [".x.tmp"] };
    expect(printFiles(planRemoval([a, b], seen))).toEqual([
      "remove .x.tmp (an interrupted run left it)",
      `remove ${b.name} (an old version)`,
      `keep ${a.name} (its content is not what this resource wrote)`,
    ]);
  });
});

describe("any row of changes", () => {
  /** What carrying a plan out does to the folder. */
  function after(
    seen: Snapshot,
    wanted: readonly WantedVersion[],
    { writes, folders, strangers, removals }: FilesPlan,
  ): Snapshot {
    const written = wanted.flatMap(({ files, access: { mode } }) =>
      files
        .filter(({ path }) => writes.some((one) => one.path === path))
        .map(({ path, digest }) => seenFile(path, digest, { mode })),
    );
    const gone = [...strangers, ...removals.flatMap(({ files }) => files.map(({ path }) => path))];
    const stay = seen.files.filter(
      ({ path }) => !gone.includes(path) && !written.some((file) => file.path === path),
    );
    const made = holding(...wanted).folders.filter(({ path }) => folders.some((one) => one.path === path));
    return {
      files: [...stay, ...written],
      folders: [
        ...seen.folders.filter(
          ({ path }) => !removals.some(({ name }) => name === path) && !made.some((m) => m.path === path),
        ),
        ...made,
      ],
      leftovers: [],
    };
  }

  const wish = fc
    .record({
      cert: fc.constantFrom("a", "b", "c"),
      key: fc.constantFrom("k", "l"),
      cas: fc.uniqueArray(fc.constantFrom("1", "2", "3"), { minLength: 1 }),
    })
    .map(({ cert, key, cas }) => [
      certificate(cert),
      version({ role: "key", text: key }, { mode: 0o600 }),
      trusted(Object.fromEntries(cas.map((ca) => [`0000000${ca}.0`, ca]))),
    ]);
  const change = fc.record({
    wanted: wish,
    /** Files by number that are lost or altered before. */
    hurt: fc.array(fc.record({ which: fc.nat(9), lost: fc.boolean() }), { maxLength: 2 }),
    named: fc.option(fc.nat(5), { nil: undefined }),
  });

  it("ends with what is declared, twice has nothing to do, and never removes what a server names", () => {
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 8 }), fc.boolean(), (changes, withServers) => {
        let seen = emptyFolder;
        let versions: Version[] = [];
        for (const { wanted, hurt, named } of changes) {
          for (const { which, lost } of hurt)
            seen = {
              ...seen,
              files: seen.files.flatMap((file, i) =>
                i !== which ? [file] : lost ? [] : [{ ...file, digest: "altered" }],
              ),
            };
          const inUse = named === undefined ? undefined : versions[named]?.name;
          const usage: Usage = withServers ? (inUse === undefined ? {} : { [inUse]: ["db1"] }) : undefined;
          const made = plan(wanted, versions, seen, usage);
          expect(made.removals.map(({ name }) => name)).not.toContain(withServers ? inUse : undefined);
          for (const { name } of made.removals) expect(wanted.map((w) => w.name)).not.toContain(name);
          seen = after(seen, wanted, made);
          versions = versionsAfter(wanted, versions, seen);
          expect(isEmpty(plan(wanted, versions, seen, usage))).toBe(true);
          for (const { files } of wanted)
            for (const { path, digest } of files)
              expect(seen.files.find((file) => file.path === path)?.digest).toBe(digest);
        }
      }),
    );
  });
});
