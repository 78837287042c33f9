import { brokenLinks, fill, programsIn, readPages, sectionsIn } from "./pages";
import { typeErrors } from "./programs";
import { sections } from "./sections";

/** What of the generated tables is not current, each problem with its file. */
export function staleSections(root: string): string[] {
  const generated = sections(root);
  const pages = readPages(root);
  const stale = pages
    .filter((page) => fill(page, generated) !== page.text)
    .map((page) => `${page.path} is not current: npm run docs`);
  const used = new Set(pages.flatMap(sectionsIn));
  const unused = [...generated.keys()]
    .filter((name) => !used.has(name))
    .map((name) => `"${name}" is generated and stands on no page`);
  return [...stale, ...unused];
}

/** Links that lead nowhere, and programs that do not compile. */
export function proseProblems(root: string): string[] {
  const pages = readPages(root);
  const links = pages.flatMap((page) => brokenLinks(page, root).map((link) => `${page.path}: no ${link}`));
  const programs = pages.flatMap((page) =>
    programsIn(page).map((text, i) => [`${page.path}, program ${i + 1}`, text] as const),
  );
  return [...links, ...typeErrors(root, new Map(programs))];
}
