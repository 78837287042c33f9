import { join } from "node:path";
import {
  type Authority,
  type Member,
  type Sandbox,
  authorityOf,
  makeAuthority,
  makeLeaf,
  writePem,
} from "../sandbox";
import { CERTIFICATES, type Certificate, type Files } from "./declaration";

/** Writes every certificate that a plan may declare; the first good one is the sandbox's own. */
export async function makeCertificates(sandbox: Sandbox): Promise<void> {
  const foreign = await makeAuthority("Somebody else's");
  await Promise.all(sandbox.members.map((member) => makeFor(member, authorityOf(sandbox), foreign)));
}

export function filesOf({ tls }: Member): Files {
  const named = (which: Certificate, file: string): string => join(tls.ca, `../${which}-${file}`);
  return {
    ca: tls.ca,
    cert: (which) => (which === 0 ? tls.cert : named(which, "cert.pem")),
    key: (which) => (which === 0 ? tls.key : named(which, "key.pem")),
  };
}

async function makeFor(member: Member, own: Authority, foreign: Authority): Promise<void> {
  const names = { commonName: member.name, dns: ["localhost", member.name], ip: [member.host] };
  const files = filesOf(member);
  const write = async (which: Certificate, authority: Authority, options = names): Promise<void> => {
    const leaf = await makeLeaf(authority, options);
    writePem(files.cert(which), leaf.cert);
    writePem(files.key(which), leaf.key);
  };
  for (let which = 1; which < CERTIFICATES; which++) await write(which, own);
  await write("foreign", foreign);
  await write("nameless", own, { commonName: member.name, dns: ["elsewhere"], ip: [] });
  await write("mismatched", own);
  writePem(files.key("mismatched"), (await makeLeaf(own, names)).key);
}
