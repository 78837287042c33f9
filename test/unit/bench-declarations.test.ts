import { declaration, placesOf, serverAsDeclared, stateOf } from "../../bench/declarations";
import { groupMember } from "../../provider/runtime";
import { groupMember as contract } from "./runtime/inputs";

const [place] = placesOf(1, 3);
const before = declaration(place!, "before");
const after = declaration(place!, "after");

it("declares every property of GroupMember, and changes each but the server that it is on", () => {
  const names = contract.fields.map(({ name }) => name).sort();
  expect(Object.keys(before).sort()).toEqual(names);
  expect(Object.keys(after).sort()).toEqual(names);
  const same = names.filter((name) => JSON.stringify(before[name]) === JSON.stringify(after[name]));
  expect(same).toEqual(["connection"]);
});

it("makes a state that differs from its own declaration in nothing", async () => {
  const state = stateOf(before, serverAsDeclared(before, place!));
  const { inputs, failures } = await groupMember.check(state, before);
  expect(failures).toEqual([]);
  expect((await groupMember.diff("", state, inputs)).changes).toBe(false);
});

it("numbers members by group", () => {
  expect(placesOf(3, 2)).toEqual([
    { group: 1, member: 1, size: 2 },
    { group: 1, member: 2, size: 2 },
    { group: 2, member: 1, size: 2 },
  ]);
});
