import { type ServerFacts, isRunning, stackInEffect, valueOf } from "../mysql/facts";
import { observeSettled } from "../mysql/observe";
import type { Session } from "../mysql/session";
import { groupProtocols, parseEndpoint } from "../tls/handshake";

/** A look at a server before its group is changed. Where its protocols were set and never acted, group communication itself is asked. */
export async function lookAt(session: Session): Promise<ServerFacts> {
  const facts = await observeSettled(session);
  const setAt = facts.variables["tls_version"]?.setAt ?? 0;
  const local = parseEndpoint(valueOf(facts, "group_replication_local_address"));
  const acts = !isRunning(facts) || stackInEffect(facts) !== "XCOM" || setAt <= (facts.startedAt ?? 0);
  return acts || !local ? facts : { ...facts, spoken: await groupProtocols(local) };
}
