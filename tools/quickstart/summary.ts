import { styleText } from "node:util";
import type { Member, MemberCheck, WriterReport } from "../sandbox";
import { table } from "../sandbox/table";
import type { Outcome } from "./deployment";
import type { GroupTls } from "../example/group-tls";
import type { Disturbance, Seen } from "../example/watch";

export interface MemberFacts {
  member: Member;
  seen: Seen;
  tls: GroupTls | undefined;
}

export interface Facts {
  members: MemberFacts[];
  wantedMode: string;
  /** The first `pulumi up`. */
  made: Outcome;
  /** The second one. */
  changed: Outcome;
  rolling: Disturbance;
  writer: WriterReport;
  found: MemberCheck[];
  /** Property that was changed by hand and seen by the preview. */
  drift: string;
}

/** Every acknowledged row on every member, and every member ONLINE with the wanted mode and encrypted. */
export function isGood({ members, wantedMode, writer, found }: Facts): boolean {
  const isComplete =
    found.length === members.length && found.every((check) => check.missing === 0 && !check.error);
  const isInPlace = ({ seen, tls }: MemberFacts) =>
    seen.state === "ONLINE" && seen.sslMode === wantedMode && tls !== undefined;
  return writer.acknowledged > 0 && isComplete && members.every(isInPlace);
}

export function summarize(facts: Facts): string {
  const { rolling, writer } = facts;
  const verdict = isGood(facts)
    ? styleText(["bold", "green"], "All of it worked.", { stream: process.stdout })
    : styleText(["bold", "red"], "Not all of it worked; see below.", { stream: process.stdout });
  const order = rolling.members.join(", then ");
  const rows = [
    ["three plain servers to a TLS group", duration(facts.made)],
    ["rolling change of ssl_mode", `${duration(facts.changed)}: ${order}`],
    ["switch-overs", String(rolling.switchOvers)],
    ["longest write pause", `${writer.longestPauseMs} ms`],
    ["writes acknowledged", `${writer.acknowledged} in ${seconds(writer.seconds)}${lost(writer)}`],
    ["of these found", facts.found.map(describeCheck).join(", ")],
    ["changed by hand and seen", facts.drift],
  ];
  return [verdict, "", memberTable(facts.members), "", indented(columns(rows))].join("\n");
}

/** What the reader can do next; `environment` is a file for the shell's ".". */
export function howToGoOn(environment: string): string {
  const commands = [
    [`. ${environment}`, "the environment for pulumi by hand, in this folder:"],
    ["  pulumi preview --refresh", "shows once more what was changed by hand"],
    ["  pulumi up --refresh", "mends it"],
    ["  pulumi config set quickstart:sslMode VERIFY_CA", "another mode; then pulumi up"],
    ["npm run sandbox -- status --name quickstart", "the servers, their addresses and roles"],
    ["npm run quickstart -- down", "ends the servers and removes all files"],
  ];
  return [bold("How to go on"), indented(columns(commands))].join("\n");
}

function memberTable(members: readonly MemberFacts[]): string {
  const headings = [
    "member",
    "address",
    "role",
    "state",
    "ssl_mode",
    "protocol",
    "certificate",
    "valid until",
  ];
  const rows = members.map(({ member, seen, tls }) => [
    member.name,
    `${member.host}:${member.port}`,
    seen.role,
    seen.state,
    seen.sslMode,
    tls?.protocol ?? "none",
    tls?.subject ?? "",
    tls?.validUntil ?? "",
  ]);
  const [first = "", ...others] = indented(table(headings, rows, true)).split("\n");
  return [bold(first), ...others].join("\n");
}

function columns(rows: readonly (readonly string[])[]): string {
  const width = Math.max(...rows.map(([left = ""]) => left.length));
  return rows.map(([left = "", right]) => `${left.padEnd(width)}  ${right}`).join("\n");
}

function indented(text: string): string {
  return text.replaceAll(/^/gm, "  ");
}

function describeCheck({ member, found, missing, error }: MemberCheck): string {
  if (error) return `${member} could not be asked (${error})`;
  return `${found} on ${member}${missing > 0 ? ` (${missing} missing!)` : ""}`;
}

function lost({ unknown }: WriterReport): string {
  return unknown > 0 ? ` (of ${unknown} more the outcome was not learned)` : "";
}

function duration(outcome: Outcome): string {
  return `${seconds(outcome.workSeconds)} (pulumi up in all ${seconds(outcome.seconds)})`;
}

function seconds(value: number): string {
  return `${value.toFixed(1)} s`;
}

function bold(text: string): string {
  return styleText("bold", text, { stream: process.stdout });
}
