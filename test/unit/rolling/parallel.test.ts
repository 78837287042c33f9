import type { Handle } from "../../../provider/rolling/handle";
import { gate, inParallel } from "../../../provider/rolling/parallel";

/** As much of a handle as the work of these tests and inParallel look at. */
function handles(...names: string[]): Handle[] {
  return names.map((address) => ({ address, failure: undefined }) as unknown as Handle);
}

describe("inParallel", () => {
  it("begins with all members before any of them has ended", async () => {
    const begun: string[] = [];
    let end: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    const work = inParallel(handles("a", "b", "c"), async (h) => {
      begun.push(h.address);
      await ended;
    });
    expect(begun).toEqual(["a", "b", "c"]);
    end();
    await work;
  });

  it("waits for those at work before it tells of the first that failed", async () => {
    const done: string[] = [];
    const outcome = inParallel(handles("a", "b", "c"), async (h) => {
      if (h.address === "b") throw new Error("b failed");
      await new Promise((resolve) => setTimeout(resolve, 20));
      done.push(h.address);
    });
    await expect(outcome).rejects.toThrow("b failed");
    expect(done).toEqual(["a", "c"]);
  });

  it("tells each member its own failure, and the caller the first in their order", async () => {
    const all = handles("a", "b", "c");
    const outcome = inParallel(all, async (h) => {
      if (h.address === "b") await new Promise((resolve) => setTimeout(resolve, 20));
      if (h.address !== "a") throw new Error(`${h.address} failed`);
    });
    await expect(outcome).rejects.toThrow("b failed");
    expect(all.map((h) => (h.failure as Error | undefined)?.message)).toEqual([
      undefined,
      "b failed",
      "c failed",
    ]);
  });

  it("has nothing to wait for where there is no member", async () => {
    await expect(inParallel([], () => Promise.reject(new Error("never")))).resolves.toBeUndefined();
  });
});

describe("gate", () => {
  it("lets nobody pass before the last has come, and then all", async () => {
    const arrive = gate(3);
    const passed: number[] = [];
    const come = async (i: number): Promise<void> => {
      await arrive();
      passed.push(i);
    };
    const first = [come(1), come(2)];
    await new Promise(setImmediate);
    expect(passed).toEqual([]);
    await Promise.all([...first, come(3)]);
    expect(passed.sort()).toEqual([1, 2, 3]);
  });

  it("lets the only one pass", async () => {
    await expect(gate(1)()).resolves.toBeUndefined();
  });

  it("lets pass whoever comes once it is open", async () => {
    const arrive = gate(1);
    await arrive();
    await expect(arrive()).resolves.toBeUndefined();
  });

  it("opens also where one comes because it has failed", async () => {
    const arrive = gate(2);
    const failing = (async () => {
      try {
        throw new Error("STOP failed");
      } finally {
        await arrive();
      }
    })();
    await expect(Promise.all([arrive(), failing])).rejects.toThrow("STOP failed");
  });
});
