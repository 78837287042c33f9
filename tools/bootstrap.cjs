"use strict";
// Runs a TypeScript file of this checkout, after making what it needs: node tools/bootstrap.cjs FILE.ts [args...]
// Works with any Node from 20 and with nothing installed yet.
const { spawn, spawnSync } = require("node:child_process");
const { createHash } = require("node:crypto");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { pathToFileURL } = require("node:url");
const { withLock } = require("./lock.cjs");

const ROOT = path.resolve(__dirname, "..");
const MODULES = path.join(ROOT, "node_modules");
const BIN = path.join(MODULES, ".bin");
const LOCKFILE = path.join(ROOT, "package-lock.json");
const INSTALLED = path.join(MODULES, ".package-lock.json");
const BUILT = path.join(ROOT, "dist", ".tsbuildinfo");
const OLDEST_NODE = 22;
const NEVER_BUILT = new Date(0);

async function main([file, ...args]) {
  if (file === undefined) throw new Error("usage: node tools/bootstrap.cjs FILE.ts [args...]");
  if (!isInstalled() || !isBuilt()) await withLock(lockPath(), makeReady, tellWaiting);
  await runFile(path.resolve(file), args);
}

function makeReady() {
  if (!isInstalled()) install();
  if (!isBuilt()) build();
}

// Outside node_modules, which npm ci deletes.
function lockPath() {
  const id = createHash("sha256").update(ROOT).digest("hex").slice(0, 12);
  return path.join(os.tmpdir(), `pulumi-mysql-group-replication-${os.userInfo().uid}-${id}.lock`);
}

function tellWaiting(pid) {
  process.stderr.write(`Waiting for process ${pid}, which is installing or building in this checkout ...\n`);
}

function isInstalled() {
  const installed = modified(INSTALLED);
  if (installed === undefined) return false;
  if (installed >= modified(LOCKFILE)) return true;
  // A checkout of another branch makes the lockfile newer even when it says the same.
  if (!sameContents()) return false;
  fs.utimesSync(INSTALLED, new Date(), new Date());
  return true;
}

function sameContents() {
  const { "": _root, ...wanted } = readPackages(LOCKFILE);
  const present = readPackages(INSTALLED);
  const isPresent = ([location, entry]) => {
    const other = present[location];
    if (other === undefined) return entry.optional === true || entry.devOptional === true;
    return ["version", "integrity", "link"].every((key) => entry[key] === other[key]);
  };
  return (
    Object.entries(wanted).every(isPresent) && Object.keys(present).every((location) => location in wanted)
  );
}

function readPackages(file) {
  return JSON.parse(fs.readFileSync(file, "utf8")).packages;
}

function install() {
  const options = ["--include=dev", "--no-audit", "--no-fund", "--loglevel=error"];
  // Not from node_modules/.bin: npm deletes the node that is there.
  const searchPath = pathWithout(BIN);
  announce("Installing dependencies (npm ci)", () => {
    try {
      npm(["ci", ...options], searchPath);
    } catch (error) {
      // npm ci refuses its own lockfile if the registry lacks an optional package of some platform (npm/cli#9846).
      if (!error.message.includes("EUSAGE")) throw error;
      npm(["install", "--no-save", ...options], searchPath);
    }
  });
}

function isBuilt() {
  const built = modified(BUILT);
  if (built === undefined) return false;
  const configurations = fs.readdirSync(ROOT).filter((name) => /^tsconfig.*\.json$/.test(name));
  return [...configurations.map((name) => path.join(ROOT, name)), path.join(ROOT, "provider")].every(
    (source) => newest(source) <= built,
  );
}

function build() {
  const started = new Date();
  announce("Compiling provider/ (npm run build)", () => {
    try {
      npm(["run", "--silent", "build"], pathWith(BIN));
      // tsc leaves this file alone when no output changed; and a source saved meanwhile must count as newer.
      fs.utimesSync(BUILT, started, started);
    } catch (error) {
      // tsc writes its output in spite of type errors, and this file with it.
      if (fs.existsSync(BUILT)) fs.utimesSync(BUILT, NEVER_BUILT, NEVER_BUILT);
      throw error;
    }
  });
}

// A folder's own time counts too: it changes when a file is deleted.
function newest(source) {
  const stat = fs.statSync(source);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...fs.readdirSync(source).map((name) => newest(path.join(source, name))));
}

function modified(file) {
  return fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs;
}

function announce(title, work) {
  const started = Date.now();
  process.stderr.write(`${title} ... `);
  try {
    work();
    process.stderr.write(`${Math.round((Date.now() - started) / 1000)} s\n`);
  } catch (error) {
    process.stderr.write("failed\n");
    throw error;
  }
}

function npm(args, searchPath) {
  const result = spawnSync("npm", args, {
    cwd: ROOT,
    env: { ...process.env, PATH: searchPath },
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
    // npm is a .cmd file there.
    shell: process.platform === "win32",
  });
  if (result.error) throw result.error;
  if (result.signal) throw new Error(`npm ${args.join(" ")} was ended by ${result.signal}`);
  if (result.status !== 0) {
    throw new Error(`${result.stdout}${result.stderr}npm ${args.join(" ")} ended with code ${result.status}`);
  }
}

function runFile(file, args) {
  const loader = pathToFileURL(path.join(MODULES, "tsx", "dist", "loader.mjs")).href;
  const child = spawn(nodeToUse(), ["--import", loader, file, ...args], {
    stdio: "inherit",
    env: { ...process.env, PATH: pathWith(BIN) },
  });
  // A terminal sends Ctrl-C to the child as well; twice would be another message.
  const passOn = (signal) => {
    if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) process.on(signal, passOn);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      for (const one of signals) process.off(one, passOn);
      if (signal) process.kill(process.pid, signal);
      else process.exitCode = code;
      resolve();
    });
  });
}

// The npm package `node` brings its program by an install script, which npm's ignore-scripts setting switches off.
function nodeToUse() {
  const own = path.join(MODULES, "node", "bin", process.platform === "win32" ? "node.exe" : "node");
  if (fs.existsSync(own)) return own;
  if (Number.parseInt(process.versions.node, 10) >= OLDEST_NODE) return process.execPath;
  throw new Error(
    `Node ${process.versions.node} is older than ${OLDEST_NODE} and the npm package "node" is incomplete. ` +
      "Do: npm rebuild node --ignore-scripts=false, or start this with a newer Node.",
  );
}

function pathWith(folder) {
  return [folder, pathWithout(folder)].join(path.delimiter);
}

function pathWithout(folder) {
  const folders = (process.env.PATH ?? "").split(path.delimiter);
  return folders.filter((one) => one !== folder).join(path.delimiter);
}

main(process.argv.slice(2)).catch((error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
