import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { proseProblems, staleSections } from "./check";
import { fill, readPages } from "./pages";
import { sections } from "./sections";

const root = resolve(__dirname, "../..");

function main(args: readonly string[]): void {
  const unknown = args.find((arg) => arg !== "--check");
  if (unknown !== undefined) throw new Error(`"${unknown}" is no option; there is --check.`);
  if (!args.includes("--check")) write();
  const problems = [...staleSections(root), ...proseProblems(root)];
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}

function write(): void {
  const generated = sections(root);
  for (const page of readPages(root)) {
    const text = fill(page, generated);
    if (text === page.text) continue;
    writeFileSync(join(root, page.path), text);
    process.stdout.write(`${page.path} is written anew.\n`);
  }
}

try {
  main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
