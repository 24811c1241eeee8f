import { lstat, readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import {
  isRulePath,
  objectionToPath,
  packLimits,
  sameOnSomeSystem,
  type PackFile,
} from '@sallyport/rule-library/pack-building';
import { CliError } from '../errors.ts';
import { readBoundedFile } from '../regular-file.ts';
import { whyNot } from '../system-errors.ts';
import { zipMembers } from './zip-members.ts';

/** The rule files of a release, and how much else there was. */
export type RuleFiles = { readonly files: readonly PackFile[]; readonly passedOver: number };

type Found = { readonly path: string; readonly isLink: boolean; read(): Promise<Buffer> };

/** Deeper folders and more entries than any release has. */
const limits = { entries: 100_000 } as const;

/**
 * Rules and licence of a release as SigmaHQ publishes it: a zip, or a folder. Nothing is unpacked: names are checked, contents are read under the limits of a
 * pack, whatever the archive claims. Where there are folders called `rules…` only those count, hidden ones never do. Throws `CliError`.
 */
export async function readRuleFiles(input: string): Promise<RuleFiles> {
  const info = await lstat(input).catch((error: unknown) => {
    throw new CliError('input_unreadable', `Cannot read "${input}": ${whyNot(error)}`, { cause: error });
  });
  const found = withoutCommonFolder(info.isDirectory() ? await inFolder(input) : await inZip(input));
  const wanted = chosen(found);
  const seen = new Map<string, string>();
  const files: PackFile[] = [];
  let bytes = 0;
  for (const one of wanted) {
    const objection = one.isLink ? 'it is a symbolic link, must be a regular file' : objectionToPath(one.path);
    if (objection !== undefined)
      throw new CliError('input_unreadable', `Cannot take "${one.path}" of "${input}": ${objection}`, {
        hint: 'take it out of the release, or rename it there',
      });
    const taken = seen.get(sameOnSomeSystem(one.path));
    if (taken !== undefined)
      throw new CliError(
        'input_unreadable',
        `Cannot take "${one.path}" of "${input}": "${taken}" is there already, which some systems take for the same`,
      );
    seen.set(sameOnSomeSystem(one.path), one.path);
    const content = await one.read();
    bytes += content.byteLength;
    if (files.length >= packLimits.files || bytes > packLimits.packBytes)
      throw new CliError(
        'input_unreadable',
        `Cannot take "${input}": a pack holds at most ${packLimits.files} files and ${packLimits.packBytes} bytes`,
        { hint: 'build several packs of it, each with a name of its own' },
      );
    files.push({ path: one.path, bytes: content });
  }
  if (!files.some(({ path }) => isRulePath(path)))
    throw new CliError('input_unreadable', `Cannot take "${input}": there is no .yml file in it`, {
      hint: 'name the folder or the zip that has the folder "rules" in it',
    });
  return { files, passedOver: found.length - files.length };
}

async function inFolder(folder: string): Promise<Found[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
    throw new CliError('input_unreadable', `Cannot read "${folder}": ${whyNot(error)}`, { cause: error });
  });
  const others = entries.filter((entry) => !entry.isDirectory());
  refuseTooMany(folder, others.length);
  return others.map((entry) => {
    const path = join(entry.parentPath, entry.name);
    const name = relative(folder, path);
    return {
      // A backslash is part of a name here and parts a name elsewhere: it is seen and refused.
      path: sep === '/' ? name : name.replaceAll(sep, '/'),
      isLink: entry.isSymbolicLink(),
      read: () => bounded(name, () => readBoundedFile(path, packLimits.fileBytes)),
    };
  });
}

async function inZip(path: string): Promise<Found[]> {
  const found: Found[] = [];
  let bytes = 0;
  for await (const member of zipMembers(path)) {
    refuseTooMany(path, found.length);
    if (/^\/|^[A-Za-z]:|\\|(?:^|\/)\.\.(?:\/|$)/.test(member.name))
      throw new CliError(
        'input_unreadable',
        `Cannot take "${path}": its member "${member.name}" points outside of it`,
        {
          hint: 'somebody made this archive to write where it must not; ask where it comes from',
        },
      );
    // A release has thousands of small members: each is read when its turn comes, while the archive is open.
    const isTaken = isRulePath(member.name) || isLicence(member.name.slice(member.name.lastIndexOf('/') + 1));
    const content =
      isTaken && !member.isLink ? await bounded(member.name, async () => readMember(member.open)) : undefined;
    bytes += content?.byteLength ?? 0;
    if (bytes > packLimits.packBytes)
      throw new CliError(
        'input_unreadable',
        `Cannot take "${path}": its rules have more than ${packLimits.packBytes} bytes`,
      );
    found.push({ path: member.name, isLink: member.isLink, read: async () => content ?? Buffer.alloc(0) });
  }
  return found;
}

async function readMember(open: () => Promise<NodeJS.ReadableStream>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const stream = await open();
  for await (const chunk of stream) {
    const piece = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk);
    bytes += piece.byteLength;
    if (bytes > packLimits.fileBytes)
      throw new RangeError(`it has more than ${packLimits.fileBytes} bytes, whatever the archive says`);
    chunks.push(piece);
  }
  return Buffer.concat(chunks);
}

async function bounded(name: string, read: () => Promise<Buffer>): Promise<Buffer> {
  return read().catch((error: unknown) => {
    if (error instanceof CliError) throw error;
    throw new CliError('input_unreadable', `Cannot read "${name}": ${whyNot(error)}`, { cause: error });
  });
}

/** Archives often have everything in one folder, called after the release. */
function withoutCommonFolder(found: readonly Found[]): Found[] {
  const [first = ''] = found[0]?.path.split('/') ?? [];
  const isCommon =
    first !== '' && !first.startsWith('rules') && found.every(({ path }) => path.startsWith(`${first}/`));
  return isCommon ? found.map((one) => ({ ...one, path: one.path.slice(first.length + 1) })) : [...found];
}

function chosen(found: readonly Found[]): Found[] {
  const inRules = found.filter(({ path }) => /^rules[^/]*\//.test(path) && isRulePath(path));
  const rules =
    inRules.length > 0
      ? inRules
      : found.filter(({ path }) => isRulePath(path) && !path.split('/').some((part) => part.startsWith('.')));
  return [...rules, ...found.filter(({ path }) => isLicence(path))];
}

/** At the top of a release alone. */
function isLicence(path: string): boolean {
  return /^LICEN[CS]E(?:[._-][A-Za-z0-9._-]{1,60})?$/i.test(path) && !isRulePath(path);
}

function refuseTooMany(input: string, entries: number): void {
  if (entries > limits.entries)
    throw new CliError('input_unreadable', `Cannot take "${input}": it has more than ${limits.entries} entries`);
}
