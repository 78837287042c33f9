import { type AddressInfo, connect, createServer } from "node:net";
import type { Member } from "../../tools/sandbox";

/** The server behind something that greets with another version, as proxies do. */
export async function greetingAs<T>(
  member: Member,
  version: string,
  work: (member: Member) => Promise<T>,
): Promise<T> {
  const between = createServer((client) => {
    const server = connect(member.port, member.host);
    server.once("data", (greeting) => {
      client.write(withVersion(greeting, version));
      server.pipe(client);
    });
    client.pipe(server);
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const)
      one.on("error", () => other.destroy());
  });
  await new Promise<void>((listening) => between.listen(0, "127.0.0.1", listening));
  try {
    return await work({ ...member, port: (between.address() as AddressInfo).port });
  } finally {
    between.close();
  }
}

/** Three bytes of length, one of sequence, the protocol's number, and the version up to a NUL. */
function withVersion(packet: Buffer, version: string): Buffer {
  const rest = packet.subarray(packet.indexOf(0, 5));
  const payload = Buffer.concat([packet.subarray(4, 5), Buffer.from(version), rest]);
  const head = Buffer.from(packet.subarray(0, 4));
  head.writeUIntLE(payload.length, 0, 3);
  return Buffer.concat([head, payload]);
}
