import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join, relative } from "node:path";

/** A file of prose, by its path from the root. */
export interface Page {
  path: string;
  text: string;
}

export function readPages(root: string): Page[] {
  const docs = readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md"));
  const paths = ["README.md", "CONTRIBUTING.md", ...docs.map((name) => `docs/${name}`)];
  return paths
    .filter((path) => existsSync(join(root, path)))
    .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
}

const region = /<!-- generated: (.+?) -->[\s\S]*?<!-- end -->/g;

/** The page with its generated regions made anew. Prettier leaves them alone: their tables are not aligned. */
export function fill(page: Page, sections: ReadonlyMap<string, string>): string {
  return page.text.replace(region, (_, name: string) => {
    const text = sections.get(name);
    if (text === undefined) throw new Error(`${page.path}: nothing generates "${name}"`);
    const from = dirname(page.path);
    // Sections name pages as seen from docs/.
    const linked = text.replace(
      /\]\(([\w-]+\.md)/g,
      (_all, file: string) => `](${relative(from, `docs/${file}`)}`,
    );
    return [
      `<!-- generated: ${name} -->`,
      "<!-- prettier-ignore-start -->",
      "",
      linked,
      "",
      "<!-- prettier-ignore-end -->",
      "<!-- end -->",
    ].join("\n");
  });
}

export function sectionsIn(page: Page): string[] {
  return [...page.text.matchAll(region)].map((match) => match[1]!);
}

/** Blocks of TypeScript that are whole programs: they begin with an import. */
export function programsIn(page: Page): string[] {
  return [...page.text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)]
    .map((match) => match[1]!)
    .filter((program) => program.startsWith("import "));
}

/** Links to files of the checkout that are not there, and to headings that the file does not have. */
export function brokenLinks(page: Page, root: string): string[] {
  const prose = page.text.replace(/^```[\s\S]*?^```$/gm, "");
  return [...prose.matchAll(/\]\((?!https?:)([^)#\s]*)(#[^)\s]*)?\)/g)]
    .filter(([, file, anchor]) => {
      const path = file === "" ? join(root, page.path) : join(root, dirname(page.path), file!);
      if (!existsSync(path)) return true;
      return anchor !== undefined && !anchorsOf(readFileSync(path, "utf8")).has(anchor.slice(1));
    })
    .map(([, file, anchor]) => `${file}${anchor ?? ""}`);
}

/** As GitHub makes them. */
function anchorsOf(text: string): Set<string> {
  const headings = [...text.matchAll(/^#{1,6} (.+)$/gm)].map((match) => match[1]!);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, "")
        .replace(/ /g, "-"),
    ),
  );
}
