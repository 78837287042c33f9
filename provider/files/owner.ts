import { InputError } from "../errors";
import type { Machine } from "./machine";

/** What an owner's or a group's name is in numbers on that machine. */
export async function ownerNumber(machine: Machine, kind: "owner" | "group", name: string): Promise<number> {
  if (/^\d+$/.test(name)) return Number(name);
  const file = kind === "owner" ? "/etc/passwd" : "/etc/group";
  const text = await machine.read(file).then(String, () => "");
  const fields = text
    .split("\n")
    .map((line) => line.split(":"))
    .find(([first]) => first === name);
  if (!fields)
    throw new InputError(
      kind,
      `${name} is not in ${file} on ${machine.name}`,
      "declare its number, as id shows it on that machine",
    );
  return Number(fields[2]);
}
