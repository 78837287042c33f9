import { findEngine, type Engine } from "../engine";
import { Interrupt, Interrupted } from "../example/interrupt";
import { info } from "../report";
import { findServer, names, SandboxError, status, up, type Sandbox } from "../sandbox";
import { NAME, ownerOf, takePossession, tearDown } from "./home";
import { chapter, say, tellStory } from "./story";

const USAGE = `usage: npm run quickstart           three servers, a TLS group, a rolling change, drift
       npm run quickstart -- down  ends the servers and removes all files`;

const HOW_TO_END = "To end the servers and remove all files: npm run quickstart -- down";

async function main(args: readonly string[]): Promise<number> {
  if (args.length === 0) return quickstart();
  if (args.length === 1 && args[0] === "down") return takeDown();
  const wantsHelp = args.includes("--help") || args.includes("-h");
  process.stderr.write(`${USAGE}\n`);
  return wantsHelp ? 0 : 2;
}

async function takeDown(): Promise<number> {
  const wasThere = await tearDown();
  info(wasThere ? "The quickstart is gone: no server runs and no file is left." : "There is no quickstart.");
  return 0;
}

async function quickstart(): Promise<number> {
  await makeRoom();
  const engine = await prepare();
  chapter("Three MySQL servers that know nothing of each other");
  const sandbox = await up({ name: NAME, members: 3 });
  const release = takePossession(sandbox);
  const interrupt = new Interrupt(HOW_TO_END, info);
  try {
    for (const { name, host, port, localAddress } of sandbox.members)
      say(`${name}  ${host}:${port}, and ${localAddress} for group communication`);
    return (await tellStory(engine, sandbox, interrupt)) ? 0 : 1;
  } catch (error) {
    const wasInterrupted = error instanceof Interrupted;
    if (!wasInterrupted) info(`\n${messageOf(error)}`);
    info(`\nThe servers still run. ${HOW_TO_END}`);
    return wasInterrupted ? error.code : 1;
  } finally {
    interrupt.release();
    release();
  }
}

/** Ends the quickstart of an earlier run; one that is running at this moment is left alone. */
async function makeRoom(): Promise<void> {
  if (!names().includes(NAME)) return void (await tearDown());
  const earlier = await status(NAME).catch((): Sandbox | undefined => undefined);
  const owner = earlier && ownerOf(earlier);
  if (owner !== undefined)
    throw new SandboxError(
      `The quickstart is running already, as process ${owner}. Wait for it, or end it: npm run quickstart -- down`,
    );
  info("The quickstart of an earlier run is still there; it is ended, and all begins anew.");
  await tearDown();
}

/** Gets what is slow the first time, both at once. */
async function prepare(): Promise<Engine> {
  const [engine, server] = await Promise.allSettled([findEngine(), findServer()]);
  const failures = [engine, server].flatMap((part) =>
    part.status === "rejected" ? [messageOf(part.reason)] : [],
  );
  if (engine.status === "rejected" || failures.length > 0) throw new SandboxError(failures.join("\n\n"));
  return engine.value;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

main(process.argv.slice(2)).then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    process.stderr.write(`${messageOf(error)}\n`);
    process.exitCode = 1;
  },
);
