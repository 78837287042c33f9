import { randomBytes } from "node:crypto";
import type { Sandbox } from "../tools/sandbox";
import { Deployment } from "./deployment";
import { type Account, createAdministrator } from "./traffic";

export const resourcesPerMember = 3;

/** A group as bench/programs/members declares it, adopted with an administrator of its own. */
export async function deployMembers(sandbox: Sandbox): Promise<{ deployment: Deployment; account: Account }> {
  const { members, groupName, recovery } = sandbox;
  const account = { user: "bench_administrator", password: randomBytes(12).toString("hex") };
  await createAdministrator(members[0]!, account);
  const servers = members.map(({ name, host, port, localAddress, tls }) => ({
    name,
    host,
    port,
    localAddress,
    tls,
  }));
  const deployment = await Deployment.ofProgram("members", {
    "mysqlgr:user": { value: account.user },
    "mysqlgr:password": { value: account.password, secret: true },
    groupName: { value: groupName },
    recoveryPassword: { value: recovery!.password, secret: true },
    servers: { value: JSON.stringify(servers) },
  });
  return { deployment, account };
}

export function deployNothing(count: number): Promise<Deployment> {
  return Deployment.ofProgram("nothing", { count: { value: String(count) } });
}
