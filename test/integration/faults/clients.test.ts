import { storm } from "../../../tools/faults";
import type { Member } from "../../../tools/sandbox";
import { primaryOf } from "../helpers";
import { useScene } from "./scene";

const scene = useScene({ deploy: [1, 2] });

describe("a storm of clients with DDL", () => {
  it("whose transactions stay open: the primary is not switched over", async () => {
    let clients: Awaited<ReturnType<typeof storm>> | undefined;
    let primary: Member | undefined;
    const { cause, failures } = await scene.undergo({
      more: () => ({ rollout: { switchoverTimeout: 2 } }),
      before: async () => {
        primary = await primaryOf(scene.all);
        clients = await storm(scene.all, { writers: 1, seconds: 60 });
      },
      mend: async () => {
        await clients!.stop();
        expect(await primaryOf(scene.all)).toBe(primary);
      },
    });
    expect(cause).toMatchObject({
      code: "GR103",
      what: `${scene.name(primary!)} was not switched over: transactions stayed open for 2 s`,
      left: `${scene.name(primary!)} is still primary, with its settings as before; members that were restarted are as declared`,
    });
    expect(failures.filter((failure) => failure)).toHaveLength(1);
    for (const check of await clients!.verify(scene.all)) expect(check).toMatchObject({ missing: 0 });
  });

  it("whose transactions end in time: all is changed", async () => {
    let clients: Awaited<ReturnType<typeof storm>> | undefined;
    const { cause } = await scene.undergo({
      before: async () => {
        clients = await storm(scene.all, { writers: 1, holders: 1, seconds: 3 });
      },
      mend: () => clients!.stop(),
    });
    expect(cause).toBeUndefined();
    for (const check of await clients!.verify(scene.all)) expect(check).toMatchObject({ missing: 0 });
  });
});

describe("a server", () => {
  it("that answers slowly is changed like the others", async () => {
    const slow = scene.proxy(scene.db(2));
    const { cause } = await scene.undergo({
      before: () => (slow.delay = 100),
      mend: () => (slow.delay = 0),
    });
    expect(cause).toBeUndefined();
  });
});
