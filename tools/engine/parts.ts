import { accessSync, constants, existsSync, realpathSync, statSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";

/** The programs that a TypeScript program with dynamic resources needs. */
export const PARTS = ["pulumi", "pulumi-language-nodejs", "pulumi-resource-pulumi-nodejs"] as const;

export function missingParts(folder: string): string[] {
  return PARTS.filter((part) => !existsSync(join(folder, part)));
}

/** The first executable of that name on the PATH. */
export function onPath(name: string): string | undefined {
  return (process.env["PATH"] ?? "")
    .split(delimiter)
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

/** Where the engine looks for its other parts: beside itself, also behind a link, and on the PATH. */
export function isReachableFrom(pulumi: string, part: string): boolean {
  const folders = [dirname(pulumi), dirname(realpathSync(pulumi))];
  return folders.some((folder) => isExecutable(join(folder, part))) || onPath(part) !== undefined;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
