import { isRunning, valueOf } from "../mysql/facts";
import { observe } from "../mysql/observe";
import type { Sessions } from "../mysql/sessions";
import type { Target } from "../mysql/target";
import { type Endpoint, listens, parseEndpoint } from "../tls/handshake";
import type { Handle } from "./handle";
import type { Job } from "./job";
import type { OutsideSeeds } from "./picture";

/** Before a bootstrap: does any seed that no job concerns belong to a running group, or is one silent? */
export async function askSeeds(sessions: Sessions, handles: readonly Handle[]): Promise<OutsideSeeds> {
  const own = new Set(
    handles.flatMap(({ facts, job }) => [
      valueOf(facts, "group_replication_local_address"),
      job.localAddress,
      facts.address,
    ]),
  );
  const seeds = [...new Set(handles.flatMap((h) => h.job.seeds))].filter((seed) => !own.has(seed));
  const answers = await Promise.all(
    seeds.map(async (seed) => ({ seed, answer: await ask(sessions, handles[0]!.job, seed) })),
  );
  return {
    all: seeds,
    answering: answers.find((a) => a.answer === "yes")?.seed,
    silent: answers.find((a) => a.answer === "unknown")?.seed,
  };
}

async function ask(sessions: Sessions, job: Job, seed: string): Promise<"yes" | "no" | "unknown"> {
  const endpoint = parseEndpoint(seed);
  if (!endpoint) return "unknown";
  const answer = await listens(endpoint);
  // What listens there is XCom, or on the MYSQL stack the server itself, which can be asked.
  if (answer !== "yes" || job.stack === "XCOM") return answer;
  return (await askServer(sessions, job.target, endpoint)) ?? "unknown";
}

async function askServer(
  sessions: Sessions,
  target: Target,
  endpoint: Endpoint,
): Promise<"yes" | "no" | undefined> {
  const { socketPath: _, ...tcp } = { ...target, ...endpoint, connectTimeout: 3 };
  return sessions
    .use(tcp, async (session) => (isRunning(await observe(session)) ? ("yes" as const) : ("no" as const)))
    .catch(() => undefined);
}
