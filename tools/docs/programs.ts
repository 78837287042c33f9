import { join } from "node:path";
import ts from "typescript";

const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.Node16,
  moduleResolution: ts.ModuleResolutionKind.Node16,
  strict: true,
  noUncheckedIndexedAccess: true,
  esModuleInterop: true,
  skipLibCheck: true,
  noEmit: true,
  types: [],
};

/** Type errors of programs in prose, against the package's sources. The program's name tells where it stands. */
export function typeErrors(root: string, programs: ReadonlyMap<string, string>): string[] {
  const files = new Map(
    [...programs].map(([name, text], i) => [join(root, `docs/program-${i + 1}.ts`), { name, text }]),
  );
  const all: ts.CompilerOptions = {
    ...options,
    paths: { "pulumi-mysql-group-replication": [join(root, "provider/index.ts")] },
  };
  const disk = ts.createCompilerHost(all);
  const host: ts.CompilerHost = {
    ...disk,
    getSourceFile: (path, ...rest) => {
      const own = files.get(path);
      return own
        ? ts.createSourceFile(path, own.text, ts.ScriptTarget.ES2022, true)
        : disk.getSourceFile(path, ...rest);
    },
    fileExists: (path) => files.has(path) || disk.fileExists(path),
    readFile: (path) => files.get(path)?.text ?? disk.readFile(path),
  };
  const program = ts.createProgram([...files.keys()], all, host);
  return [...files].flatMap(([path, { name }]) => {
    const source = program.getSourceFile(path)!;
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
      (d) => `${name}: ${ts.flattenDiagnosticMessageText(d.messageText, " ")}`,
    );
  });
}
