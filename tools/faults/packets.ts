const QUERY = 0x03;
const PREPARE = 0x16;
const CLIENT_SSL = 0x0800;
const CLIENT_QUERY_ATTRIBUTES = 0x08000000;

export interface Packet {
  readonly sequence: number;
  readonly payload: Buffer;
  /** With its header, as it came. */
  readonly bytes: Buffer;
}

/** Cuts one direction of a connection into MySQL's packets. */
export class Packets {
  private rest: Buffer = Buffer.alloc(0);

  push(chunk: Buffer): Packet[] {
    this.rest = Buffer.concat([this.rest, chunk]);
    const found: Packet[] = [];
    while (this.rest.length >= 4) {
      const end = 4 + this.rest.readUIntLE(0, 3);
      if (this.rest.length < end) break;
      const bytes = this.rest.subarray(0, end);
      found.push({ sequence: bytes.readUInt8(3), payload: bytes.subarray(4), bytes });
      this.rest = this.rest.subarray(end);
    }
    return found;
  }

  /** What is not a whole packet yet. */
  takeRest(): Buffer {
    const { rest } = this;
    this.rest = Buffer.alloc(0);
    return rest;
  }
}

/** What a client's first packet says about the connection. */
export function readLogin({ payload }: Packet): { encrypted: boolean; attributes: boolean } {
  const flags = payload.readUInt32LE(0);
  return { encrypted: (flags & CLIENT_SSL) !== 0, attributes: (flags & CLIENT_QUERY_ATTRIBUTES) !== 0 };
}

/** The statement that a client's packet sends; undefined for any other packet. */
export function statementIn({ sequence, payload }: Packet, attributes: boolean): string | undefined {
  // A command begins a new sequence; what is part of a login does not.
  if (sequence !== 0 || payload.length === 0) return undefined;
  if (payload[0] === PREPARE) return payload.toString("utf8", 1);
  if (payload[0] !== QUERY) return undefined;
  // With query attributes the number of parameters and of their sets come first: none, and one.
  return payload.toString("utf8", attributes ? 3 : 1);
}
