import { tidyUp } from "../../../tools/chaos/operator";
import { cut, cutOff, fillDisk, freeDisk, healAll } from "../../../tools/faults";
import { type Member, kill } from "../../../tools/sandbox";
import { primaryOf, stateOf, until } from "../helpers";
import { useScene } from "./scene";

/** With four members, one may be gone while another is restarted. */
const scene = useScene({ members: 4, hosts: true, disk: 300, deploy: [3, 4] });

const misses = async (from: Member, to: Member): Promise<boolean> =>
  (await stateOf(from, to)) === "UNREACHABLE";

describe("a link between two members", () => {
  it("that is cut before the change: nothing is restarted", async () => {
    const [, db2, db3] = scene.all as [Member, Member, Member];
    const { cause } = await scene.undergo({
      before: async () => {
        cut(db2, db3);
        const both = async (): Promise<boolean> => (await misses(db2, db3)) && (await misses(db3, db2));
        await until("they miss each other", 20, both);
      },
      mend: () => {
        healAll(scene.all);
        // Now and then XCom does not take up a link again, until one of the two joins anew.
        return tidyUp(scene.all);
      },
    });
    expect(cause).toMatchObject({ code: "GR101", left: "nothing was restarted" });
    expect(cause!.why).toContain(scene.name(db3));
  });

  it("that is cut as one of them is stopped: it joins through the others", async () => {
    const { cause } = await scene.undergo({
      happens: async () => {
        const atHand = await scene.sent("STOP GROUP_REPLICATION");
        const other = scene.members.find((member) => member !== atHand)!;
        cut(atHand, other);
        await scene.sent("START GROUP_REPLICATION", [atHand]);
        healAll(scene.all);
      },
    });
    expect(cause).toBeUndefined();
  });
});

describe("a member", () => {
  it("that is expelled while another is restarted: no further one is begun", async () => {
    const db2 = scene.db(2);
    const { cause } = await scene.undergo({
      happens: async () => {
        await scene.sent("STOP GROUP_REPLICATION");
        cutOff(db2, scene.all);
      },
      mend: async () => {
        healAll(scene.all);
        // By itself it may take minutes to find out that the group went on without it.
        await kill(db2);
      },
    });
    expect(cause).toMatchObject({
      code: "GR101",
      left: expect.stringContaining("restarted before this and as declared") as string,
    });
  });

  it("whose disk is full: it is not changed", async () => {
    const db3 = scene.db(3);
    const { cause } = await scene.undergo({
      happens: () => fillDisk(db3),
      mend: () => {
        freeDisk(db3);
        // By itself it would look again up to a minute later.
        return kill(db3);
      },
    });
    expect(cause!.message).toContain(scene.name(db3));
  });
});

describe("the primary", () => {
  it("fails over by itself while a secondary is restarted", async () => {
    await scene.undergo({
      happens: async () => {
        await scene.sent("STOP GROUP_REPLICATION");
        await kill(await primaryOf(scene.all));
      },
    });
  });
});
