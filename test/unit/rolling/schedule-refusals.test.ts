import type { ProviderError } from "../../../provider/errors";
import type { GroupPicture } from "../../../provider/rolling/picture";
import { schedule } from "../../../provider/rolling/schedule";
import { job, picture, scheduled, thrownBy } from "../builders";

const primary = { primary: true } as const;

const refusals: [title: string, group: GroupPicture, message: string][] = [
  [
    "a restart while a member is UNREACHABLE",
    picture([job("a", "restart", primary), job("b", "restart"), scheduled("c", { state: "UNREACHABLE" })]),
    `[GR101] group g is not in a state to be changed
Why: c:3306 cannot be reached by every other member
Left: nothing was restarted
Do: bring it back, or let the group expel it, then pulumi up`,
  ],
  [
    "a restart while a member is RECOVERING",
    picture([job("a", "restart", primary), scheduled("b"), scheduled("c", { state: "RECOVERING" })]),
    `[GR101] group g is not in a state to be changed
Why: c:3306 is still RECOVERING
Left: nothing was restarted
Do: wait until it is ONLINE, then pulumi up`,
  ],
  [
    "a restart of the only ONLINE member without consent",
    picture([job("a", "restart", primary), scheduled("b", { state: "ERROR" })]),
    `[GR102] a:3306: the only member that stays in its group cannot be restarted without stopping the group
Why: no other member could take the writes meanwhile
Left: nothing was changed
Do: let another member join first; if others leave in the same deployment, restart this one before; or, where it is alone, declare rollout: { groupRestart: "allow" } for a time when writes may pause`,
  ],
  [
    "a start where no member may make the group and none is there to join",
    picture([job("a", "start"), job("b", "start")]),
    `[GR005] a:3306 cannot join group g: no member of it is ONLINE, and none of those that came with it may make it
Why: its turn came before that of the member that makes the group, or none does
Left: nothing was changed
Do: declare bootstrap: true on the member that has all transactions, or start the group first; or, where every member and seed of the group is in this deployment, rollout: { groupRestart: "allow" } on all; with --parallel 1, which takes members in any order, make the group without it once`,
  ],
  [
    "a start where two members may make the group",
    picture([job("a", "start", { bootstrap: true }), job("b", "start", { bootstrap: true })]),
    `[GR005] b:3306 and a:3306 both declare bootstrap: true
Why: two bootstraps make two groups of one name that both take writes
Left: nothing was changed
Do: declare it on one member of the group`,
  ],
  [
    "a start where a silent seed may hide a running group",
    picture([job("a", "start", { bootstrap: true })], { seeds: { all: ["db9:33061"], silent: "db9:33061" } }),
    `[GR101] group g is not in a state to be changed
Why: seed db9:33061 does not answer, so a running group behind it cannot be ruled out; making a second one would split the data
Left: nothing was restarted
Do: bring the seed's host back, or take the seed out of groupSeeds, then pulumi up`,
  ],
  [
    "a start where members that have lost sight of each other may still run the group",
    picture([
      scheduled("a", { ...primary, state: "UNREACHABLE" }),
      job("b", "start", { bootstrap: true, groupRestart: true }),
    ]),
    `[GR101] group g is not in a state to be changed
Why: a:3306 cannot be reached by the others, and may still be running the group
Left: nothing was restarted
Do: bring it back, or stop Group Replication on it, then pulumi up`,
  ],
  [
    "a group restart where a member is not part of the deployment",
    picture([job("a", "group-restart", { ...primary, groupRestart: true }), scheduled("b")]),
    `[GR101] group g is not in a state to be changed
Why: b:3306 is a member that this deployment does not change, and all must stop for this change
Left: nothing was restarted
Do: declare a GroupMember for every member and change them in one pulumi up, without --target`,
  ],
  [
    "a group restart where a member does not consent",
    picture([job("a", "group-restart", { ...primary, groupRestart: true }), job("b", "none")]),
    `[GR102] b:3306: it may not be stopped for a restart of the whole group
Why: other members of the group consent to one, and this one does not
Left: nothing was changed
Do: declare rollout: { groupRestart: "allow" } on every member`,
  ],
];

describe("schedule refuses", () => {
  it.each(refusals)("%s", (_, group, message) => {
    const error = thrownBy(() => schedule(group)) as ProviderError;
    expect(error.message).toBe(message);
    expect(message).toContain(`[${error.code}]`);
  });
});
