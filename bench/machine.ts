import { cpus, totalmem } from "node:os";
import { findEngine } from "../tools/engine";
import { findServer } from "../tools/sandbox";

/** What a figure depends on. */
export async function machine(): Promise<string> {
  const [server, engine] = await Promise.all([findServer(), findEngine()]);
  const model =
    cpus()[0]
      ?.model.replace(/\((R|TM)\)/g, "")
      .trim() ?? "unknown processor";
  const memory = Math.round(totalmem() / 2 ** 30);
  return (
    `${cpus().length} cores (${model}), ${memory} GB of memory, ${process.platform}; ` +
    `MySQL ${server.version}, Pulumi ${engine.version}, Node ${process.versions.node}`
  );
}
