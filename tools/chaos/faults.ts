import type { Random } from "./random";

/** Which member: by its name, or by what it does when the moment has come. */
export type Who = Role | { readonly name: string };
type Role = "the primary" | "a secondary" | "the one at hand";

/** What goes wrong during a deployment. */
export type Fault =
  | { readonly kind: "none" }
  /** Every process of the deployment gets SIGKILL. */
  | { readonly kind: "kill the deployment" }
  /** As Ctrl-C does, once. */
  | { readonly kind: "interrupt the deployment" }
  /** A server crashes, and is started again after `back` seconds. */
  | { readonly kind: "kill a server"; readonly who: Who; readonly back: number }
  /** A server does not get on for so many seconds. */
  | { readonly kind: "freeze a server"; readonly who: Who; readonly seconds: number }
  | { readonly kind: "somebody stops a member"; readonly who: Who }
  | {
      readonly kind: "somebody sets a variable";
      readonly who: Who;
      readonly variable: string;
      readonly value: string;
    }
  | { readonly kind: "somebody switches the primary"; readonly who: Who }
  /** A server gets on for a moment now and then. */
  | { readonly kind: "slow a server"; readonly who: Who; readonly seconds: number }
  /** A client's transaction stays open for so many seconds. */
  | { readonly kind: "a long transaction"; readonly seconds: number }
  /** Clients that write, hold transactions open and alter their table. */
  | { readonly kind: "a client storm"; readonly seconds: number }
  /** The administrator's connections are killed. */
  | { readonly kind: "cut the administrator's connections"; readonly who: Who | "everybody" }
  /** The same program is deployed a second time, from another copy of the state. */
  | { readonly kind: "a second deployment" }
  /** It reaches no other member, and the administrator reaches it. */
  | { readonly kind: "cut a member off"; readonly who: Who; readonly seconds: number }
  /** The two do not reach each other. */
  | { readonly kind: "cut a link"; readonly between: readonly [Who, Who]; readonly seconds: number }
  | { readonly kind: "fill a disk"; readonly who: Who; readonly seconds: number };

/** So many seconds after `pulumi up` was begun, or after it was seen to stop Group Replication for the nth time. */
export type Moment =
  | { readonly after: "begin"; readonly seconds: number }
  | { readonly after: "stop"; readonly number: number; readonly seconds: number };

/** A stopped member is away for as long. */
const RESTART_SECONDS = 5.5;

/** What is done to a server while members are restarted hits the one at hand, or leaves the group without a majority. */
function who(names: readonly string[], random: Random): Who {
  return random.weighted<Who>([
    [3, "the primary"],
    [3, "the one at hand"],
    [2, "a secondary"],
    [2, { name: random.pick(names) }],
  ]);
}

const settings: readonly (readonly [variable: string, values: readonly string[]])[] = [
  ["group_replication_ssl_mode", ["REQUIRED", "VERIFY_CA"]],
  ["group_replication_member_weight", ["7", "93"]],
  ["tls_version", ["TLSv1.2", "TLSv1.2,TLSv1.3"]],
  ["group_replication_start_on_boot", ["OFF"]],
];

/** `hosts`: each member has a host and a disk of its own, which can fail as well. */
export function chooseFault(names: readonly string[], hosts: boolean, random: Random): Fault {
  const [variable, values] = random.pick(settings);
  const [first, second] = twoOf(names, random);
  const seconds = random.seconds(1, 25);
  return random.weighted<Fault>([
    [2, { kind: "none" }],
    [4, { kind: "kill the deployment" }],
    [2, { kind: "interrupt the deployment" }],
    [3, { kind: "kill a server", who: who(names, random), back: random.seconds(1, 15) }],
    [2, { kind: "freeze a server", who: who(names, random), seconds: random.seconds(1, 20) }],
    [2, { kind: "somebody stops a member", who: who(names, random) }],
    [2, { kind: "somebody sets a variable", who: who(names, random), variable, value: random.pick(values) }],
    [2, { kind: "somebody switches the primary", who: "a secondary" }],
    [1, { kind: "slow a server", who: who(names, random), seconds }],
    [2, { kind: "a long transaction", seconds: random.seconds(3, 45) }],
    [1, { kind: "a client storm", seconds: random.seconds(5, 30) }],
    [2, { kind: "cut the administrator's connections", who: who(names, random) }],
    [1, { kind: "cut the administrator's connections", who: "everybody" }],
    [2, { kind: "a second deployment" }],
    [hosts ? 4 : 0, { kind: "cut a member off", who: who(names, random), seconds }],
    [hosts ? 4 : 0, { kind: "cut a link", between: [{ name: first }, { name: second }], seconds }],
    [hosts ? 4 : 0, { kind: "fill a disk", who: who(names, random), seconds }],
  ]);
}

function twoOf(names: readonly string[], random: Random): [string, string] {
  const first = random.pick(names);
  return [first, random.pick(names.filter((name) => name !== first))];
}

/** Where nothing is stopped, all of it happens within a few seconds of the beginning. */
export function chooseMoment(restarts: number, random: Random): Moment {
  const seconds = random.seconds(1, 8);
  if (restarts === 0 || random.chance(0.2)) return { after: "begin", seconds };
  return { after: "stop", number: random.between(1, restarts), seconds: random.seconds(0, RESTART_SECONDS) };
}

export function describeFault(fault: Fault): string {
  switch (fault.kind) {
    case "kill a server":
      return `kill the server of ${told(fault.who)}, back after ${fault.back} s`;
    case "freeze a server":
      return `freeze the server of ${told(fault.who)} for ${fault.seconds} s`;
    case "somebody stops a member":
      return `somebody stops ${told(fault.who)}`;
    case "somebody sets a variable":
      return `somebody sets ${fault.variable} ${fault.value} on ${told(fault.who)}`;
    case "somebody switches the primary":
      return `somebody makes ${told(fault.who)} primary`;
    case "a long transaction":
      return `a transaction of ${fault.seconds} s`;
    case "slow a server":
      return `slow the server of ${told(fault.who)} for ${fault.seconds} s`;
    case "a client storm":
      return `a client storm of ${fault.seconds} s`;
    case "cut a member off":
      return `cut ${told(fault.who)} off for ${fault.seconds} s`;
    case "cut a link":
      return `cut the link between ${fault.between.map(told).join(" and ")} for ${fault.seconds} s`;
    case "fill a disk":
      return `fill the disk of ${told(fault.who)} for ${fault.seconds} s`;
    case "cut the administrator's connections":
      return `cut the administrator's connections to ${told(fault.who)}`;
    case "none":
    case "kill the deployment":
    case "interrupt the deployment":
    case "a second deployment":
      return fault.kind;
  }
}

function told(who: Who | "everybody"): string {
  return typeof who === "string" ? who : who.name;
}

export function describeMoment(moment: Moment): string {
  return `${moment.seconds} s after ${moment.after === "begin" ? "the beginning" : `STOP ${moment.number}`}`;
}
