"use strict";
// Plain JavaScript, because bootstrap.cjs needs it before anything is installed.
const { randomBytes } = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");
const { setTimeout: sleep } = require("node:timers/promises");

const POLL_MS = 200;
const LIMIT_MS = 30 * 60 * 1000;

/** Does `work` while this process alone holds the folder `lock`; `onWait` is told once who holds it first. */
async function withLock(lock, work, onWait = () => {}) {
  await acquire(lock, onWait);
  try {
    return await work();
  } finally {
    remove(lock, ownerOf(process.pid));
  }
}

async function acquire(lock, onWait) {
  fs.mkdirSync(path.dirname(lock), { recursive: true });
  const started = Date.now();
  let told = false;
  for (;;) {
    const owner = readOwner(lock);
    if (owner === undefined) {
      if (claim(lock)) return;
    } else if (!isAlive(owner)) {
      remove(lock, owner);
      continue;
    } else {
      const pid = Number.parseInt(owner, 10);
      if (!told) onWait(pid);
      told = true;
      if (Date.now() - started > LIMIT_MS) {
        throw new Error(`Waited ${LIMIT_MS / 60_000} minutes for process ${pid}, which still holds ${lock}.`);
      }
    }
    await sleep(POLL_MS);
  }
}

// Renaming a folder onto one that is not empty fails, so the lock appears with its owner in it or not at all.
function claim(lock) {
  const mine = besides(lock);
  fs.mkdirSync(mine);
  fs.writeFileSync(path.join(mine, "owner"), ownerOf(process.pid));
  try {
    fs.renameSync(mine, lock);
    return true;
  } catch (error) {
    fs.rmSync(mine, { recursive: true, force: true });
    if (["ENOTEMPTY", "EEXIST", "EPERM"].includes(error.code)) return false;
    throw error;
  }
}

// Moved before it is deleted: a half-deleted lock would be an empty folder, which another's rename replaces.
function remove(lock, owner) {
  const grave = besides(lock);
  try {
    fs.renameSync(lock, grave);
  } catch (error) {
    if (error.code === "ENOENT") return;
    throw error;
  }
  if (readOwner(grave) !== owner && !fs.existsSync(lock)) fs.renameSync(grave, lock);
  else fs.rmSync(grave, { recursive: true, force: true });
}

function besides(lock) {
  return `${lock}.${process.pid}.${randomBytes(4).toString("hex")}`;
}

function readOwner(lock) {
  try {
    return fs.readFileSync(path.join(lock, "owner"), "utf8");
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
}

function isAlive(owner) {
  const pid = Number.parseInt(owner, 10);
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (error.code === "ESRCH") return false;
  }
  return ownerOf(pid) === owner;
}

// The start time tells a process from a later one that was given the same number; only Linux shows it in a file.
function ownerOf(pid) {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
    return `${pid} ${stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]}`;
  } catch {
    return `${pid}`;
  }
}

module.exports = { withLock };
