import type { GroupView, Testimony } from "../../../provider/rolling/group-view";
import { requireQuorum } from "../../../provider/rolling/preflight";

const ids = ["a", "b", "c"];

/** What one member says of all. */
function by(id: string, states: Record<string, string> = {}): Testimony {
  const members = ids.map((each, i) => ({
    id: each,
    host: "127.0.0.1",
    port: i + 1,
    state: states[each] ?? "ONLINE",
    role: each === "a" ? "PRIMARY" : "SECONDARY",
  }));
  return { id, address: `127.0.0.1:${ids.indexOf(id) + 1}`, members } as unknown as Testimony;
}

/** Answers as they are asked for, the last one for ever. */
function viewOf(...answers: Testimony[][]): GroupView {
  return viewWithout([], ...answers);
}

/** `gone`: members of the deployment that are not in the group any more. */
function viewWithout(gone: string[], ...answers: Testimony[][]): GroupView {
  const rest = [...answers];
  const ask = () => Promise.resolve({ told: rest.length > 1 ? rest.shift()! : rest[0]!, silent: [] });
  return { group: "g", ask, expected: () => [], goneFrom: () => gone } as unknown as GroupView;
}

describe("before a member is stopped", () => {
  it("a member that is still RECOVERING to another one is waited for", async () => {
    const before = [by("a", { c: "RECOVERING" }), by("b"), by("c")];
    const after = [by("a"), by("b"), by("c")];
    await expect(requireQuorum(viewOf(before, before, after), [])).resolves.toBeUndefined();
  });

  it("one that has failed by its own word is told at once, though the others do not know it yet", async () => {
    const failed = [by("a"), by("b"), by("c", { c: "ERROR" })];
    const well = [by("a"), by("b"), by("c")];
    await expect(requireQuorum(viewOf(failed, well), [])).rejects.toThrow(
      "127.0.0.1:3 was ONLINE and is not any more: it failed, or somebody stopped it",
    );
  });

  it("members that go on to see the group differently stop the change", async () => {
    const differing = [by("a"), by("b", { c: "UNREACHABLE" }), by("c")];
    await expect(requireQuorum(viewOf(differing), [], 0.1)).rejects.toThrow(
      "127.0.0.1:1 sees 127.0.0.1:3 ONLINE, 127.0.0.1:2 sees it UNREACHABLE",
    );
  });

  it("a member that has just left, and whose own job has not come yet, counts: one of three must not stop then", async () => {
    const two = (id: string): Testimony => ({ ...by(id), members: by(id).members.slice(0, 2) });
    const all = [two("a"), two("b")];
    const leaving = [{}] as unknown as Parameters<typeof requireQuorum>[1];
    await expect(requireQuorum(viewWithout(["127.0.0.1:3"], all), leaving)).rejects.toThrow(
      "127.0.0.1:3 ran in it when state was written and is not in it now, and without it 1 of 3 members would stay",
    );
    await expect(requireQuorum(viewWithout(["127.0.0.1:3"], all), [])).resolves.toBeUndefined();
    await expect(requireQuorum(viewWithout([], all), leaving)).resolves.toBeUndefined();
  });
});
