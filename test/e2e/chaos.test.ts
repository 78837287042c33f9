import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Plan, describePlan, planOf } from "../../tools/chaos/plan";
import { run } from "../../tools/chaos/run";

/** Two rounds; the evidence of what breaks stays, and the failure names its folder. */
async function play(plan: Plan): Promise<void> {
  const { broken, evidence, rounds, missing } = await run(plan, {
    minutes: 5,
    evidence: join(tmpdir(), `mysqlgr-chaos-${process.pid}-${plan.seed}`),
  });
  expect({ broken, evidence }).toEqual({ broken: [], evidence: undefined });
  expect(missing).toBe(0);
  expect(rounds).toHaveLength(plan.rounds.length);
}

describe("a group under a writer, with accidents", () => {
  it("is as declared after the deployment was killed, and after two at once", async () => {
    const plan = planOf(21, { rounds: 2 });
    expect(describePlan(plan)).toBe(
      [
        "seed 21: 3 members, XCOM",
        "   1  sslMode VERIFY_CA; kill the deployment, 3.5 s after STOP 1",
        "   2  tlsVersion TLSv1.3; a second deployment, 1.4 s after STOP 3",
      ].join("\n"),
    );
    await play(plan);
  });

  it("is as declared after a server was killed in its restart, and after the deployment was", async () => {
    const plan = planOf(195, { rounds: 2 });
    expect(describePlan(plan)).toBe(
      [
        "seed 195: 3 members, MYSQL",
        "   1  group_replication_message_cache_size 1628417066; kill the server of the one at hand, back after 12.7 s, 1 s after STOP 1",
        "   2  sslMode VERIFY_IDENTITY; kill the deployment, 3.5 s after STOP 1",
      ].join("\n"),
    );
    await play(plan);
  });
});
