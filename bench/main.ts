import { parseArgs } from "node:util";
import { benchRolling } from "./rolling";
import { isOk, jsonLine, table } from "./result";

/** npm run bench [-- --json] [--rounds N] [--stack XCOM|MYSQL] */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      json: { type: "boolean", default: false },
      rounds: { type: "string", default: "2" },
      stack: { type: "string", multiple: true },
    },
  });
  const stacks = (values.stack ?? ["XCOM", "MYSQL"]).map((s) =>
    s.toUpperCase() === "MYSQL" ? "MYSQL" : "XCOM",
  );
  const results = [];
  for (const stack of stacks) results.push(...(await benchRolling(stack, Number(values.rounds))));
  console.log(values.json ? results.map(jsonLine).join("\n") : table(results));
  if (!results.every(isOk)) process.exitCode = 1;
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
