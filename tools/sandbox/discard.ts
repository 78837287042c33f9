/** Run by the watcher (see watch.ts) when a sandbox's owner is gone: discard.ts NAME FOLDER. */
import { discard } from "./sandbox";

const [name = "", folder = ""] = process.argv.slice(2);
void discard(name, folder);
