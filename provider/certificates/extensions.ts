import { type Node, derOf, implicit, integer, octets, oid, primitive, sequence, tagged } from "./asn1";
import { type Reason, reasons } from "./reasons";

export type Usage = "server" | "client" | "both";

const [BOOLEAN, BITSTRING] = [1, 3];
const yes = primitive(BOOLEAN, Buffer.from([0xff]));

const extension = (id: string, value: Node, critical = false): Node =>
  sequence(oid(id), ...(critical ? [yes] : []), octets(derOf(value)));

export const subjectKey = (identifier: Buffer): Node => extension("2.5.29.14", octets(identifier));

/** keyIdentifier alone: with issuer and serial number in it, a renewed CA would no longer fit. */
export const authorityKey = (identifier: Buffer): Node =>
  extension("2.5.29.35", sequence(implicit(0, identifier)));

export function basicConstraints(authority: boolean, pathLength?: number): Node {
  const length = pathLength === undefined ? [] : [integer(pathLength.toString(16))];
  return extension("2.5.29.19", authority ? sequence(yes, ...length) : sequence(), true);
}

/** Bits of keyUsage, from the left (RFC 5280, 4.2.1.3). */
const keyUses = { digitalSignature: 0, keyEncipherment: 2, keyCertSign: 5, cRLSign: 6 };

/** DER counts the zero bits after the last one that is set. */
export function keyUsage(...uses: (keyof typeof keyUses)[]): Node {
  const byte = uses.reduce((all, use) => all | (0x80 >> keyUses[use]), 0);
  const unused = 7 - Math.max(...uses.map((use) => keyUses[use]));
  return extension("2.5.29.15", primitive(BITSTRING, Buffer.from([unused, byte])), true);
}

/** Key agreement of TLSv1.2 with RSA alone, all that yaSSL has, takes keyEncipherment on the server's side. */
export function usesOf(usage: Usage): Node[] {
  const server = usage !== "client";
  const client = usage !== "server";
  return [
    server ? keyUsage("digitalSignature", "keyEncipherment") : keyUsage("digitalSignature"),
    extension(
      "2.5.29.37",
      sequence(...(server ? [oid("1.3.6.1.5.5.7.3.1")] : []), ...(client ? [oid("1.3.6.1.5.5.7.3.2")] : [])),
    ),
  ];
}

export function alternativeNames(dnsNames: readonly string[], ipAddresses: readonly string[]): Node[] {
  const names = [
    ...dnsNames.map((name) => implicit(2, Buffer.from(name, "latin1"))),
    ...ipAddresses.map((address) => implicit(7, addressBytes(address)!)),
  ];
  return names.length === 0 ? [] : [extension("2.5.29.17", sequence(...names))];
}

/** The number of a revocation list, which only grows. */
export const listNumber = (number: number): Node => extension("2.5.29.20", integer(number.toString(16)));

const ENUMERATED = 10;

export const reasonCode = (reason: Reason): Node =>
  extension("2.5.29.21", primitive(ENUMERATED, Buffer.from([reasons[reason]])));

/** As they stand in a certificate, [3], or in a revocation list, [0]. */
export const extensions = (tag: 0 | 3, ...all: Node[]): Node => tagged(tag, sequence(...all));

/** Without a leading zero, which some read as a number of base 8. */
const isByte = (text: string): boolean => /^(0|[1-9]\d{0,2})$/.test(text) && Number(text) < 256;

/** Four bytes, or sixteen; undefined where it is no address. A zone, as in fe80::1%eth0, has no place in a certificate. */
export function addressBytes(address: string): Buffer | undefined {
  const four = /^(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address)?.slice(1);
  if (four) return four.every(isByte) ? Buffer.from(four.map(Number)) : undefined;
  if (!/^[0-9a-f:.]+$/i.test(address) || !URL.canParse(`http://[${address}]`)) return undefined;
  // The URL parser knows every way to write an address of version 6, and writes all of them in one.
  const [head = "", tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split("::");
  const groups = (text: string | undefined): string[] => (text ? text.split(":") : []);
  const [before, after] = [groups(head), groups(tail)];
  const zeros = Array<string>(8 - before.length - after.length).fill("0");
  const digits = [...before, ...zeros, ...after].map((group) => group.padStart(4, "0"));
  return Buffer.from(digits.join(""), "hex");
}

/** Why it cannot stand among a certificate's DNS names, or undefined. */
export function dnsProblem(name: string): string | undefined {
  if (/[^\x20-\x7e]/.test(name)) return "must be ASCII; write an international name in its xn-- form";
  if (addressBytes(name)) return "is an address: declare it among ipAddresses";
  const labels = name.replace(/^\*\./, "").split(".");
  const good = labels.every((label) => /^(?!-)[A-Za-z0-9_-]{1,63}(?<!-)$/.test(label));
  return good && name.length <= 253 ? undefined : `${JSON.stringify(name)} is no DNS name`;
}

export function addressProblem(address: string): string | undefined {
  return addressBytes(address) ? undefined : `${JSON.stringify(address)} is no IP address`;
}
