import { SandboxError, connect, pidOf, type Member } from "../sandbox";

/** The server stops where it is, as on a machine that hangs; its connections stay open. */
export function freeze(member: Member): void {
  signal(member, "SIGSTOP");
}

export function thaw(member: Member): void {
  signal(member, "SIGCONT");
}

/** The first of the members that is seen to run a statement which begins so. */
export async function whoRuns(members: readonly Member[], statement: string, seconds = 60): Promise<Member> {
  const sql = "SELECT 1 FROM performance_schema.threads WHERE PROCESSLIST_INFO LIKE ?";
  const deadline = performance.now() + seconds * 1000;
  const connections = await Promise.all(members.map((member) => connect(member)));
  try {
    while (performance.now() < deadline) {
      const found = await Promise.all(connections.map((c) => c.query(sql, [`${statement}%`])));
      const index = found.findIndex(([rows]) => (rows as unknown[]).length > 0);
      if (index >= 0) return members[index] as Member;
    }
    throw new SandboxError(`No member ran ${statement} within ${seconds} s.`);
  } finally {
    connections.forEach((connection) => connection.destroy());
  }
}

function signal(member: Member, name: NodeJS.Signals): void {
  const pid = pidOf(member);
  if (pid === undefined) throw new SandboxError(`${member.name} does not run.`);
  process.kill(pid, name);
}
