import { SandboxError, ip, type Member } from "../sandbox";

/** A network card that nobody has: what is sent there is lost on the way, and nobody is told. */
const NOWHERE = "02:00:00:00:00:01";

/** Nothing gets from one to the other any more; others, and the administrator, still reach both. */
export function cut(a: Member, b: Member): void {
  lose(a, [b]);
  lose(b, [a]);
}

export function heal(a: Member, b: Member): void {
  find(a, [b]);
  find(b, [a]);
}

/** Cuts the member off from all the others, and not from the administrator. */
export function cutOff(member: Member, members: readonly Member[]): void {
  for (const other of members) if (other !== member) cut(member, other);
}

export function healAll(members: readonly Member[]): void {
  for (const member of members)
    find(
      member,
      members.filter((other) => other !== member),
    );
}

function lose(from: Member, to: readonly Member[]): void {
  neighbours(
    from,
    to.map(({ host }) => `neighbour replace ${host} lladdr ${NOWHERE} dev eth0 nud permanent`),
  );
}

/** The kernel asks again where it is. */
function find(from: Member, to: readonly Member[]): void {
  const known = neighbours(from, ["neighbour show nud permanent"]);
  const lost = to.filter(({ host }) => known.split("\n").some((line) => line.startsWith(`${host} `)));
  if (lost.length > 0)
    neighbours(
      from,
      lost.map(({ host }) => `neighbour delete ${host} dev eth0`),
    );
}

function neighbours({ name, namespace }: Member, lines: readonly string[]): string {
  if (namespace === undefined)
    throw new SandboxError(`${name} has no link that could be cut; make the sandbox with hosts: true.`);
  return ip(["-n", namespace], lines);
}
