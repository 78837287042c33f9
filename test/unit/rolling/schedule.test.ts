import type { ProviderError } from "../../../provider/errors";
import type { GroupPicture } from "../../../provider/rolling/picture";
import { schedule } from "../../../provider/rolling/schedule";
import { job, picture, scheduled, thrownBy } from "../builders";
import { told } from "./stages";

type Options = Parameters<typeof job>[2];
type Row = [title: string, group: GroupPicture, stages: string[]];

const primary = { primary: true } as const;

/** All of them restart, and the first named is primary. */
function restarting(names: string, options: Options = {}, rest: Partial<GroupPicture> = {}): GroupPicture {
  return picture(
    [...names].map((id, i) => job(id, "restart", { primary: i === 0, ...options })),
    rest,
  );
}

describe("schedule", () => {
  const changes: Row[] = [
    ["does nothing where no member has a job", picture([scheduled("a", primary), scheduled("b")]), []],
    [
      "changes all members at once where none has to restart",
      picture([job("a", "none", primary), job("b", "none"), scheduled("c")]),
      ["change a b"],
    ],
    [
      "makes the group on the one member that may, and lets the others join at once",
      picture([job("a", "start"), job("b", "start", { bootstrap: true }), job("c", "start")]),
      ["bootstrap b", "join a c"],
    ],
    [
      "makes waves as even as with the members that are still to come",
      restarting("abcdefgh", {}, { coming: 1 }),
      ["restart b c d", "restart e f g", "switch-over a to b|c|d|e|f|g", "restart h a"],
    ],
    [
      "joins, and makes no second group, where a seed outside the deployment answers",
      picture([job("a", "start", { bootstrap: true }), job("b", "start")], {
        seeds: { all: ["db9:33061"], answering: "db9:33061" },
      }),
      ["join a b"],
    ],
    [
      "joins, and makes no second group, where a member outside the deployment is ONLINE",
      picture([job("a", "start", { bootstrap: true }), scheduled("b", primary)]),
      ["join a"],
    ],
    [
      "joins a group of which only a RECOVERING member is seen",
      picture([job("a", "start", { bootstrap: true }), scheduled("b", { state: "RECOVERING" })]),
      ["join a"],
    ],
    [
      "lets a member in ERROR join again",
      picture([scheduled("a", primary), scheduled("b"), job("c", "start", { state: "ERROR" })]),
      ["join c"],
    ],
    [
      "lets members join before any restarts, so that the group is safer when it does",
      picture([job("a", "restart", primary), job("b", "restart"), job("c", "start")]),
      ["join c", "restart b", "switch-over a to b", "restart a"],
    ],
    [
      "lets secondaries leave one by one, and the primary last after a switch-over, where the group lives on",
      picture([job("a", "leave", primary), job("b", "leave"), job("c", "leave"), scheduled("d")]),
      ["leave b", "leave c", "switch-over a to d", "leave a"],
    ],
    [
      "lets secondaries leave at once, and the primary last, where nobody stays",
      picture([job("a", "leave", primary), job("b", "leave"), job("c", "leave")]),
      ["leave b c", "leave a"],
    ],
    [
      "lets a stopped member leave first",
      picture([job("a", "leave", primary), job("b", "leave", { state: "OFFLINE" })]),
      ["leave b", "leave a"],
    ],
    [
      "hands over before the primary leaves to a member that joins in the same batch",
      picture([job("a", "leave", primary), job("b", "start")]),
      ["join b", "switch-over a to b", "leave a"],
    ],
  ];

  const restarts: Row[] = [
    [
      "restarts secondaries one by one, then switches over, then restarts the primary",
      restarting("abc"),
      ["restart b", "restart c", "switch-over a to b|c", "restart a"],
    ],
    [
      "does not switch over where the primary need not restart",
      picture([job("a", "none", primary), job("b", "restart"), job("c", "restart")]),
      ["change a", "restart b", "restart c"],
    ],
    [
      "does not switch over where the primary is not part of the deployment",
      picture([scheduled("a", primary), job("b", "restart")]),
      ["restart b"],
    ],
    [
      "does not switch over where the group has failed over to a member that is done",
      picture([job("a", "restart"), scheduled("b", { ...primary, done: true }), job("c", "restart")]),
      ["restart a", "restart c"],
    ],
    [
      "never switches over in multi-primary mode",
      restarting("ab", primary, { singlePrimary: false }),
      ["restart a", "restart b"],
    ],
    [
      "hands over to a member outside the deployment where only the primary restarts",
      picture([job("a", "restart", primary), scheduled("b"), scheduled("c")]),
      ["switch-over a to b|c", "restart a"],
    ],
    [
      "hands over to a member that has just joined where the only other one leaves",
      picture([job("a", "restart", primary), job("b", "leave"), job("c", "start")]),
      ["join c", "switch-over a to c", "restart a", "leave b"],
    ],
    [
      "hands over to members that have restarted rather than to those that have not",
      picture([job("a", "restart", primary), job("b", "restart"), scheduled("c")]),
      ["restart b", "switch-over a to b", "restart a"],
    ],
    [
      "hands over to a member that restarted earlier in this deployment",
      picture([job("a", "restart", primary), scheduled("b", { done: true }), scheduled("c")]),
      ["switch-over a to b", "restart a"],
    ],
    [
      "restarts a member that has gone down since it was planned",
      picture([scheduled("a", primary), scheduled("b"), job("c", "restart", { state: "ERROR" })]),
      ["restart c"],
    ],
  ];

  const waves: Row[] = [
    [
      "restarts four one by one: two away would leave no majority",
      restarting("abcd"),
      ["restart b", "restart c", "restart d", "switch-over a to b|c|d", "restart a"],
    ],
    [
      "restarts five in waves of two, and the primary last",
      restarting("abcde"),
      ["restart b c", "restart d e", "switch-over a to b|c|d|e", "restart a"],
    ],
    [
      "restarts nine in three even waves, the primary in the last",
      restarting("abcdefghi"),
      ["restart b c d", "restart e f g", "switch-over a to b|c|d|e|f|g", "restart h i a"],
    ],
    [
      "restarts seven in multi-primary mode in the same waves, without a switch-over",
      restarting("abcdefg", primary, { singlePrimary: false }),
      ["restart a b c", "restart d e", "restart f g"],
    ],
    [
      "restarts five one by one where that is declared",
      restarting("abcde", {}, { maxUnavailable: 1 }),
      ["restart b", "restart c", "restart d", "restart e", "switch-over a to b|c|d|e", "restart a"],
    ],
    [
      "restarts nine in waves of two where that is declared",
      restarting("abcdefghi", {}, { maxUnavailable: 2 }),
      [
        "restart b c",
        "restart d e",
        "restart f g",
        "restart h i",
        "switch-over a to b|c|d|e|f|g|h|i",
        "restart a",
      ],
    ],
    [
      "keeps a majority of three whatever is declared",
      restarting("abc", {}, { maxUnavailable: 4 }),
      ["restart b", "restart c", "switch-over a to b|c", "restart a"],
    ],
    [
      "counts members that join before as members of the group",
      picture([
        job("a", "restart", primary),
        ...[..."bcd"].map((id) => job(id, "restart")),
        job("e", "start"),
      ]),
      ["join e", "restart b c", "switch-over a to b|c", "restart d a"],
    ],
    [
      "does not count a member that is down: of four that run, one is away",
      picture([...restarting("abcd").members, scheduled("e", { state: "OFFLINE" })]),
      ["restart b", "restart c", "restart d", "switch-over a to b|c|d", "restart a"],
    ],
    [
      "hands over to members that need no restart where all that do are one wave",
      picture([job("a", "restart", primary), job("b", "restart"), ...[..."cde"].map((id) => scheduled(id))]),
      ["switch-over a to c|d|e", "restart b a"],
    ],
    [
      "hands over to a member that restarts in a wave of its own before, where all others leave",
      picture([
        job("a", "restart", primary),
        job("b", "restart"),
        ...[..."cde"].map((id) => job(id, "leave")),
      ]),
      ["restart b", "switch-over a to b", "restart a", "leave c", "leave d", "leave e"],
    ],
  ];

  const versions: Row[] = [
    [
      "hands over only to members of the lowest version: the server refuses others",
      picture([
        job("a", "restart", { ...primary, version: "8.0.36" }),
        job("b", "restart", { version: "8.0.36" }),
        job("c", "restart", { version: "8.4.3" }),
      ]),
      ["restart b", "restart c", "switch-over a to b", "restart a"],
    ],
    [
      "hands over to a member of the lowest version that need not restart where those that did are newer",
      picture([
        job("a", "restart", { ...primary, version: "8.0.36" }),
        job("b", "restart", { version: "8.4.3" }),
        scheduled("c", { version: "8.0.36" }),
      ]),
      ["restart b", "switch-over a to c", "restart a"],
    ],
    [
      "leaves the choice to the group where the primary alone is of the lowest version",
      picture([
        job("a", "restart", { ...primary, version: "8.0.36" }),
        job("b", "restart", { version: "8.4.3" }),
        job("c", "restart", { version: "8.4.3" }),
      ]),
      ["restart b", "restart c", "election a to b|c", "restart a"],
    ],
    [
      "leaves the choice to the group before 8.0.13, which has no group_replication_set_as_primary",
      restarting("abc", { version: "8.0.12" }),
      ["restart b", "restart c", "election a to b|c", "restart a"],
    ],
    [
      "stops the primary alone where the group elects, or it could elect one that stops as well",
      restarting("abcdef", { version: "8.0.12" }),
      ["restart b c", "restart d e", "restart f", "election a to b|c|d|e|f", "restart a"],
    ],
    [
      "leaves the choice to the group where one member is older than 8.0.13",
      picture([
        job("a", "restart", { ...primary, version: "8.0.12" }),
        job("b", "restart", { version: "8.0.36" }),
        scheduled("c", { version: "8.0.36" }),
      ]),
      ["restart b", "election a to b|c", "restart a"],
    ],
    [
      "leaves the choice to a group of 5.7, which does not tell the version of a member without a login",
      picture([
        job("a", "restart", { ...primary, version: "5.7.22" }),
        job("b", "restart", { version: "5.7.22" }),
        scheduled("c", { version: undefined }),
      ]),
      ["restart b", "election a to b|c", "restart a"],
    ],
  ];

  const waits = { waits: true };
  const waiting: Row[] = [
    [
      "leaves out who waits for others, and hands over to them all the same",
      picture([job("a", "restart", primary), job("b", "restart", waits), job("c", "restart", waits)]),
      ["switch-over a to b|c", "restart a"],
    ],
    [
      "counts a joiner that waits neither among those that are there, nor among those that could take over",
      picture([
        job("a", "restart", primary),
        ...[..."bcde"].map((id) => job(id, "restart")),
        job("f", "start", waits),
        job("g", "start", waits),
      ]),
      ["restart b c", "restart d e", "switch-over a to b|c|d|e", "restart a"],
    ],
    [
      "lets leave for whom others wait",
      picture([job("a", "restart", { ...primary, ...waits }), job("b", "leave"), scheduled("c")]),
      ["leave b"],
    ],
    [
      "does nothing where all wait",
      picture([job("a", "restart", { ...primary, ...waits }), scheduled("b"), job("c", "start", waits)]),
      [],
    ],
    ["lets one that is alone wait, too", picture([job("a", "restart", { ...primary, ...waits })]), []],
  ];

  it.each([...changes, ...restarts, ...waves, ...versions, ...waiting])("%s", (_, group, stages) => {
    expect(told(schedule(group))).toEqual(stages);
  });

  it("never makes a second group beside members that have only lost sight of each other", () => {
    const split = picture([
      scheduled("a", { state: "UNREACHABLE", primary: true }),
      scheduled("b", { state: "UNREACHABLE" }),
      job("c", "start", { bootstrap: true }),
    ]);
    expect((thrownBy(() => schedule(split)) as ProviderError).code).toBe("GR101");
  });

  it("refuses beforehand to restart the primary where the only other member leaves", () => {
    const group = picture([job("a", "restart", primary), job("b", "leave")]);
    expect((thrownBy(() => schedule(group)) as ProviderError).code).toBe("GR102");
  });
});
