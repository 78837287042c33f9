import type { ProviderError } from "../../../provider/errors";
import type { GroupPicture, ScheduledJob, ScheduledMember } from "../../../provider/rolling/picture";
import { schedule } from "../../../provider/rolling/schedule";
import { job, picture, scheduled, thrownBy } from "../builders";
import { told } from "./stages";

const primary = { primary: true } as const;

/** With the user's consent. */
function consenting(
  id: string,
  action: ScheduledJob["action"],
  options: Parameters<typeof job>[2] = {},
): ScheduledMember {
  return job(id, action, { groupRestart: true, ...options });
}

describe("schedule of a group restart", () => {
  it.each<[title: string, group: GroupPicture, stages: string[]]>([
    [
      "stops every member that runs",
      picture([
        consenting("a", "group-restart", primary),
        consenting("b", "group-restart"),
        consenting("c", "group-restart"),
      ]),
      ["group-restart a b c, joining "],
    ],
    [
      "takes with it members that alone would restart, start or only change",
      picture([
        consenting("a", "restart", primary),
        consenting("b", "group-restart"),
        consenting("c", "none"),
        consenting("d", "start"),
      ]),
      ["group-restart a b c, joining d"],
    ],
    [
      "makes a group of one anew where its only member has to restart",
      picture([consenting("a", "restart", primary)]),
      ["group-restart a, joining "],
    ],
    [
      "makes a group anew of which every member is stopped",
      picture([consenting("a", "start"), consenting("b", "start", { state: "ERROR" })], {
        seeds: { all: [] },
      }),
      ["group-restart , joining a b"],
    ],
    [
      "is none where members only have to join others that run",
      picture([scheduled("a", primary), consenting("b", "start")]),
      ["join b"],
    ],
    [
      "is none where another member joins first and can take over",
      picture([consenting("a", "restart", primary), consenting("b", "start")]),
      ["join b", "switch-over a to b", "restart a"],
    ],
    [
      "is none where a rolling restart does",
      picture([consenting("a", "restart", primary), consenting("b", "restart")]),
      ["restart b", "switch-over a to b", "restart a"],
    ],
    [
      "is none of stopped members where not all consent: the one that is declared makes the group",
      picture([consenting("a", "start"), job("b", "start", { bootstrap: true })], { seeds: { all: [] } }),
      ["bootstrap b", "join a"],
    ],
  ])("%s", (_, group, stages) => {
    expect(told(schedule(group))).toEqual(stages);
  });

  it.each<[title: string, group: GroupPicture, code: string]>([
    [
      "a member of the group leaves in the same deployment",
      picture([consenting("a", "group-restart", primary), consenting("b", "leave")]),
      "GR101",
    ],
    [
      "a member is RECOVERING",
      picture([
        consenting("a", "group-restart", primary),
        consenting("b", "group-restart", { state: "RECOVERING" }),
      ]),
      "GR101",
    ],
    [
      "a member is UNREACHABLE",
      picture([
        consenting("a", "group-restart", primary),
        consenting("b", "group-restart", { state: "UNREACHABLE" }),
      ]),
      "GR101",
    ],
    [
      "members are stopped and a seed is not part of the deployment, which may be ahead of them",
      picture([consenting("a", "start"), consenting("b", "start")], { seeds: { all: ["db9:33061"] } }),
      "GR005",
    ],
    [
      "members are stopped and one that is part of the group has no job, and may be ahead of them",
      picture([consenting("a", "start"), scheduled("b", { state: "ERROR" })], { seeds: { all: [] } }),
      "GR005",
    ],
  ])("is refused where %s", (_, group, code) => {
    expect((thrownBy(() => schedule(group)) as ProviderError).code).toBe(code);
  });
});
