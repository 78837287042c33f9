/** ASN.1 tags of the kinds of text that stand in names. */
export const tags = { UTF8: 12, PRINTABLE: 19, T61: 20, IA5: 22, VISIBLE: 26, UNIVERSAL: 28, BMP: 30 };

export interface Kind {
  readonly oid: string;
  /** @default UTF8 */
  readonly tag?: number;
  /** Characters that a strict verifier accepts (RFC 5280, appendix A). */
  readonly max: number;
}

export const kinds = {
  C: { oid: "2.5.4.6", tag: tags.PRINTABLE, max: 2 },
  ST: { oid: "2.5.4.8", max: 128 },
  L: { oid: "2.5.4.7", max: 128 },
  O: { oid: "2.5.4.10", max: 64 },
  OU: { oid: "2.5.4.11", max: 64 },
  CN: { oid: "2.5.4.3", max: 64 },
  emailAddress: { oid: "1.2.840.113549.1.9.1", tag: tags.IA5, max: 128 },
  serialNumber: { oid: "2.5.4.5", tag: tags.PRINTABLE, max: 64 },
  title: { oid: "2.5.4.12", max: 64 },
  GN: { oid: "2.5.4.42", max: 64 },
  SN: { oid: "2.5.4.4", max: 64 },
  UID: { oid: "0.9.2342.19200300.100.1.1", max: 64 },
  DC: { oid: "0.9.2342.19200300.100.1.25", tag: tags.IA5, max: 63 },
} satisfies Record<string, Kind>;

export type NameType = keyof typeof kinds;
export const nameTypes = Object.keys(kinds) as NameType[];

/** One part of a name; a name is a list of them, in the order in which they stand in the certificate. */
export interface NamePart {
  readonly type: NameType;
  readonly value: string;
}

/** Why a part cannot stand in a name, or undefined. */
export function partProblem({ type, value }: NamePart): string | undefined {
  const { max, tag = tags.UTF8 }: Kind = kinds[type];
  const length = [...value].length;
  if (length === 0) return "must not be empty";
  if (type === "C") return /^[A-Z]{2}$/.test(value) ? undefined : "must be two capital letters (ISO 3166)";
  if (length > max) return `must not be longer than ${max} characters`;
  if (/\p{Cc}|\p{Cs}/u.test(value)) return "must hold no control character";
  if (tag === tags.IA5 && /[^\x20-\x7e]/.test(value)) return "must be ASCII";
  if (tag === tags.PRINTABLE && /[^A-Za-z0-9 '()+,\-./:=?]/.test(value))
    return "may hold letters, digits, spaces and '()+,-./:=? only";
  return undefined;
}
