import fc from "fast-check";
import { bind } from "../../provider/mysql/sql";
import { planSourceChannel } from "../../provider/plan/replication-channel";
import { planUser } from "../../provider/plan/replication-user";
import { type Member, connect } from "../../tools/sandbox";
import { channelWish, replica, userWish } from "../unit/plan/declarations";
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

  it("of a channel is understood by the server", async () => {
    const statements = fc
      .sample(channelWish, sample)
      .flatMap((wish) => planSourceChannel(replica("9.7.4"), wish).online)
      .map((step) => bind(step.sql, { password: "it's \\ secret" }));
    expect(statements.length).toBeGreaterThan(sample);
    expect(await refusedByTheParser(statements)).toEqual([]);
  });

  it("of an account is understood by the server", async () => {
    const place = { address: "db1:3306", version: "9.7.4", inGroup: true, stack: "XCOM" } as const;
    const statements = fc
      .sample(userWish, sample)
      .flatMap((wish) => planUser(place, undefined, wish))
      .map((step) => bind(step.sql, { password: "it's \\ secret" }));
    expect(statements.length).toBeGreaterThan(sample);
    expect(await refusedByTheParser(statements)).toEqual([]);
  });
});
