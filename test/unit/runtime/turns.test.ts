import { setImmediate as later } from "node:timers/promises";
import { inTurn } from "../../../provider/runtime/turns";

it("who looks at a server waits for who changes it, also where that fails, and not for changes of others", async () => {
  const log: string[] = [];
  const work =
    (name: string, fails = false) =>
    async (): Promise<void> => {
      log.push(`${name} begins`);
      await later();
      log.push(`${name} ends`);
      if (fails) throw new Error(name);
    };
  const change = inTurn("a", work("change", true));
  const look = inTurn("a", work("look"));
  const other = inTurn("b", work("other"));
  await expect(change).rejects.toThrow("change");
  await Promise.all([look, other]);
  expect(log).toHaveLength(6);
  expect(log.indexOf("look begins")).toBeGreaterThan(log.indexOf("change ends"));
  expect(log.indexOf("other begins")).toBeLessThan(log.indexOf("change ends"));
});
