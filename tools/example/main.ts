import { info } from "../report";
import { Interrupted } from "./interrupt";
import { runExample, UnknownExampleError } from "./run";
import { pulumiFailure } from "./stack";

async function main([name, ...more]: string[]): Promise<void> {
  if (name === undefined || more.length > 0) throw new UnknownExampleError(name && [name, ...more].join(" "));
  const phases = await runExample(name, { interruptible: true });
  const seconds = phases.reduce((sum, phase) => sum + phase.seconds, 0);
  info(
    `The example ${name} did all of it, in ${seconds.toFixed(1)} s of Pulumi's time; nothing is left of it.`,
  );
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${pulumiFailure(error)}\n`);
  if (error instanceof Interrupted) process.exitCode = error.code;
  else process.exitCode = error instanceof UnknownExampleError ? 2 : 1;
});
