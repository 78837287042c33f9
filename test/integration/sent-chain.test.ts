import { generateKeyPairSync } from "node:crypto";
import { issueAuthority } from "../../provider/certificates/authority";
import { issueCertificate } from "../../provider/certificates/certificate";
import { readIssuer } from "../../provider/certificates/issuer";
import { keyPem } from "../../provider/certificates/pem";
import { groupChain, parseEndpoint } from "../../provider/tls/handshake";
import { type Member, authorityOf, writePem } from "../../tools/sandbox";
import { adoptMembers, update, useRuntime, useSandbox } from "./helpers";

useRuntime();
const group = useSandbox({ group: true, members: 1 });

/** A certificate below an intermediate CA. */
function belowMiddle(member: Member): { leaf: string; key: string; middle: string } {
  const { cert, key } = authorityOf(group.it);
  const root = readIssuer({ certificate: cert, privateKey: key }, "issuer");
  const [middleKey, leafKey] = [1, 2].map(
    () => generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey,
  );
  const now = Date.now();
  const middle = issueAuthority(
    { subject: [{ type: "CN", value: "Middle" }], validityDays: 30, pathLength: 0 },
    root,
    middleKey!,
    now,
  );
  const issuer = readIssuer({ certificate: middle, privateKey: keyPem(middleKey!, "PKCS8") }, "issuer");
  const leaf = issueCertificate(
    {
      subject: [{ type: "CN", value: member.name }],
      usage: "both",
      dnsNames: [],
      ipAddresses: [member.host],
      validityDays: 9,
    },
    issuer,
    leafKey!,
    now,
  );
  return { leaf, key: keyPem(leafKey!, "PKCS8"), middle };
}

it("a member sends the CAs above its certificate that it trusts itself along with it, on XCom as well", async () => {
  const member = group.it.members[0]!;
  const { leaf, key, middle } = belowMiddle(member);
  const file = (name: string, ...pem: string[]): string =>
    writePem(member.tls.ca.replace(/[^/]*$/, `${name}.pem`), ...pem);
  const [first] = await adoptMembers(group.it);
  await update(first!, {
    sslCert: file("below", leaf),
    sslKey: file("below-key", key),
    sslCa: file("bundle", middle, authorityOf(group.it).cert),
    rollout: { groupRestart: "allow" },
  });
  const sent = await groupChain(parseEndpoint(member.localAddress)!);
  expect(sent.slice(0, 2).map(({ subject }) => subject.split("CN=")[1])).toEqual([member.name, "Middle"]);
});
