import type { X509Certificate } from "node:crypto";
import { type ServerFacts, isRunning, stackInEffect, valueOf } from "../mysql/facts";
import { observeSettled } from "../mysql/observe";
import type { Session } from "../mysql/session";
import { certificateFacts } from "../tls/certificate";
import { clientCertificate, groupCertificate, groupProtocols, parseEndpoint } from "../tls/handshake";
import type { Job } from "./job";

/** A look at a server before its group is changed. Where its protocols were set and never acted, group communication itself is asked. */
export async function lookAt(session: Session, job: WhatIsSeen = {}): Promise<ServerFacts> {
  const facts = await seenFor(job, await observeSettled(session));
  const setAt = facts.variables["tls_version"]?.setAt ?? 0;
  const local = parseEndpoint(valueOf(facts, "group_replication_local_address"));
  const acts = !isRunning(facts) || stackInEffect(facts) !== "XCOM" || setAt <= (facts.startedAt ?? 0);
  return acts || !local ? facts : { ...facts, spoken: await groupProtocols(local) };
}

type WhatIsSeen = Pick<Job, "expectedCertificate">;

/** What a server shows is looked at only where a certificate is declared. */
export function seenFor({ expectedCertificate }: WhatIsSeen, facts: ServerFacts): Promise<ServerFacts> {
  return expectedCertificate === undefined ? Promise.resolve(facts) : withShown(facts);
}

/** `login`: the certificate that the server showed at a login just now. */
export async function withShown(facts: ServerFacts, login?: X509Certificate): Promise<ServerFacts> {
  const port = parseEndpoint(facts.address);
  const local = talksInTls(facts) && parseEndpoint(valueOf(facts, "group_replication_local_address"));
  const [client, group] = await Promise.all([
    login ?? (port && clientCertificate(port)),
    local ? groupCertificate(local) : undefined,
  ]);
  const none = facts.loadedTls["Enabled"] === "No" ? null : undefined;
  return {
    ...facts,
    shown: { client: client ? certificateFacts(client) : none, group: group && certificateFacts(group) },
  };
}

/** Group communication listens at a port of its own, and encrypts. */
function talksInTls(facts: ServerFacts): boolean {
  const encrypts = valueOf(facts, "group_replication_ssl_mode") !== "DISABLED";
  return encrypts && isRunning(facts) && stackInEffect(facts) === "XCOM";
}
