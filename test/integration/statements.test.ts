import fc from "fast-check";
import { ProviderError } from "../../provider/errors";
import { bind } from "../../provider/mysql/sql";
import { allSteps, planMember, undoOf } from "../../provider/plan/group-member";
import { planChannel, recoveryOptions } from "../../provider/plan/recovery-channel";
import { planSourceChannel } from "../../provider/plan/replication-channel";
import { planUser } from "../../provider/plan/replication-user";
import type { Step } from "../../provider/plan/step";
import { type Member, connect } from "../../tools/sandbox";
import { view } from "../unit/builders";
import {
  channelWish,
  foundMember,
  memberWish,
  recoveryWish,
  replica,
  userWish,
} from "../unit/plan/declarations";
import { useSandbox } from "./helpers";

const syntaxError = 1064;
const sample = 500;

describe("every statement of a sample of generated declarations", () => {
  const server = useSandbox({ members: 1 });
  const member = (): Member => server.it.members[0]!;

  /** PREPARE parses, and runs nothing; many statements cannot be prepared (1295), which is told after they were parsed. */
  async function refusedByTheParser(statements: readonly string[]): Promise<string[]> {
    const connection = await connect(member(), { charset: "utf8mb4_general_ci" });
    const refused: string[] = [];
    try {
      await connection.query("SET SESSION sql_mode = 'NO_ENGINE_SUBSTITUTION'");
      for (const statement of statements) {
        const literal = `CONVERT(X'${Buffer.from(statement).toString("hex")}' USING utf8mb4)`;
        await connection.query(`SET @statement = ${literal}`);
        await connection.query("PREPARE tried FROM @statement").catch((error: { errno?: number }) => {
          if (error.errno === syntaxError) refused.push(statement);
        });
      }
      return refused;
    } finally {
      connection.destroy();
    }
  }

  it("can tell a statement that does not parse", async () => {
    expect(await refusedByTheParser(["CHANGE MASTER TO MASTER_HOST = 'x'", "DO 1"])).toHaveLength(1);
  });

  const secrets = { password: "it's \\ secret", previousPassword: "\0'\n😀" };

  /** What is sent for a sample of declarations, and what takes it back; those that are refused send nothing. */
  function sentFor<T>(declarations: fc.Arbitrary<T>, stepsOf: (declaration: T) => readonly Step[]): string[] {
    return fc.sample(declarations, sample).flatMap((declaration) => {
      try {
        const steps = stepsOf(declaration);
        return [...steps, ...undoOf(steps)].map((step) => bind(step.sql, secrets));
      } catch (error) {
        if (!ProviderError.is(error)) throw error;
        return [];
      }
    });
  }

  it("of an asynchronous channel is understood by the server", async () => {
    const statements = sentFor(channelWish, (wish) => planSourceChannel(replica("9.7.4"), wish).online);
    expect(statements.length).toBeGreaterThan(sample);
    expect(await refusedByTheParser(statements)).toEqual([]);
  });

  it("of an account is understood by the server", async () => {
    const place = { address: "db1:3306", version: "9.7.4", inGroup: true, stack: "XCOM" } as const;
    const statements = sentFor(userWish, (wish) => planUser(place, undefined, wish));
    expect(statements.length).toBeGreaterThan(sample);
    expect(await refusedByTheParser(statements)).toEqual([]);
  });

  it("of a member is understood by the server", async () => {
    const statements = sentFor(fc.tuple(memberWish, foundMember), ([wish, found]) =>
      allSteps(planMember(view(found), wish, Object.keys(found.variables ?? {}))),
    );
    expect(statements.length).toBeGreaterThan(sample);
    expect(await refusedByTheParser(statements)).toEqual([]);
  });

  it("of a recovery channel is understood by the server", async () => {
    const statements = sentFor(fc.tuple(recoveryWish, foundMember), ([wish, found]) =>
      allSteps(
        planChannel(view(found), undefined, wish, Object.keys(found.variables ?? {}), recoveryOptions),
      ),
    );
    expect(statements.length).toBeGreaterThan(sample);
    expect(await refusedByTheParser(statements)).toEqual([]);
  });
});
