import { createHash, randomBytes } from 'node:crypto';
import { formatVerifierKey } from '@sallyport/merkle-log';
import { CodedError, messageOf } from '@sallyport/platform/errors';
import {
  buildPack,
  createSigningKey,
  isPackName,
  isPackVersion,
  isRulePath,
  packLimits,
  readCatalogue,
  readPack,
  readSigningKey,
  verifyPack,
  type PackCatalogue,
  type ReadPack,
} from '@sallyport/rule-library/pack-building';
import { InvalidArgumentError, type Command } from 'commander';
import { CliError } from '../errors.ts';
import type { CliNeeds } from '../needs.ts';
import { readRuleFiles } from '../read-events/rule-files.ts';
import { readBoundedFile } from '../regular-file.ts';
import { whyNot } from '../system-errors.ts';
import { counted, grouped, jsonLine, plainText, timeText } from '../terminal.ts';
import { saveDownload } from './save-download.ts';
import { readVerifierKey, withoutKey } from './verifier-key-option.ts';

type BuildOptions = {
  name: string;
  version: string;
  key: string;
  out: string;
  created?: number;
  licence: string;
  source: string;
  json?: true;
};

const maxKeyFileBytes = 16 * 1024;
const shownRefusals = 10;

/** `rules pack build|inspect|verify|key`: what needs no server. */
export function addPackFileCommands(pack: Command, needs: CliNeeds): void {
  pack
    .command('key')
    .description('make a key that signs rule packs; prints the verifier key others trust')
    .argument('<name>', 'whose key it is, as in example.com/rules')
    .requiredOption('-o, --out <file>', 'where the secret key goes; it must not exist yet')
    .action((name: string, options: { out: string }) => makeKey(name, options.out, needs));
  pack
    .command('build')
    .description('make a signed rule pack of a folder or a zip of Sigma rules, as SigmaHQ publishes them')
    .argument('<input>', 'folder or zip')
    .requiredOption('--name <name>', 'what the pack is called in every release, as in sigmahq-core', packName)
    .requiredOption('--version <version>', 'of this release, as in r2026-08-05', packVersion)
    .requiredOption('--key <file>', 'the secret key, as made by rules pack key')
    .requiredOption('-o, --out <file>', 'the pack; it must not exist yet')
    .option('--created <time>', 'when the release was made (the date in its version)', createdTime)
    .option('--licence <licence>', 'licence of the rules', 'DRL-1.1')
    .option('--source <text>', 'where the rules come from', 'https://github.com/SigmaHQ/sigma')
    .option('--json', 'print JSON')
    .action((input: string, options: BuildOptions) => build(input, options, needs));
  pack
    .command('inspect')
    .description('tell what a rule pack holds; whoever signed it is not checked')
    .argument('<file>', 'the pack')
    .option('--files', 'list its files, with hash and size')
    .option('--json', 'print JSON')
    .action((file: string, options: { files?: true; json?: true }) => inspect(file, options, needs));
  pack
    .command('verify')
    .description('check every byte of a rule pack against the key of its publisher')
    .argument('<file>', 'the pack')
    .option('--key <key>', 'verifier key, or a file that holds it')
    .action((file: string, options: { key?: string }) => verify(file, options.key, needs));
}

async function makeKey(name: string, out: string, { stdout }: CliNeeds): Promise<void> {
  const { text, signer } = asUsage(() => createSigningKey(name, randomBytes(32)));
  await saveDownload(once(Buffer.from(text)), out);
  stdout.write(`${formatVerifierKey(signer.verifierKey)}\n`);
}

async function build(input: string, options: BuildOptions, needs: CliNeeds): Promise<void> {
  const { stdout, stderr } = needs;
  const createdMs = options.created ?? dateIn(options.version);
  if (createdMs === undefined)
    throw new CliError('usage', `Cannot tell when "${options.version}" was made: there is no date in it`, {
      hint: 'say it with --created 2026-08-05: the same input then gives the same pack, to the byte',
    });
  const keyText = await readBoundedFile(options.key, maxKeyFileBytes).catch((error: unknown) => {
    throw new CliError('usage', `Cannot read the key "${options.key}": ${whyNot(error)}`, {
      cause: error,
      hint: 'make one with sallyport rules pack key NAME -o FILE',
    });
  });
  const signer = asUsage(() => readSigningKey(keyText.toString('utf8')));
  const { files, passedOver } = await readRuleFiles(input);
  const { name, version, licence, source } = options;
  const bytes = asUsage(() => buildPack({ manifest: { name, version, createdMs, licence, source }, files, signer }));
  const catalogue = catalogueOf(readPack(bytes));
  await saveDownload(once(bytes), options.out);
  const key = formatVerifierKey(signer.verifierKey);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (options.json === true) {
    const { length: rules } = catalogue.rules;
    stdout.write(
      `${jsonLine({ name, version, files: files.length, passed_over: passedOver, rules, refused: catalogue.refusals.length, bytes: bytes.length, sha256, key })}\n`,
    );
    return;
  }
  stdout.write(
    `${options.out}: ${name} ${version}, ${counted(catalogue.rules.length, 'rule')} in ${counted(files.length, 'file')}, ${grouped(bytes.length)} bytes\n`,
  );
  stdout.write(`SHA-256 ${sha256}\nsigned by ${plainText(key)}\n`);
  if (passedOver > 0) stderr.write(`hint: ${counted(passedOver, 'file')} that are no rules were passed over\n`);
  tellRefusals(catalogue, needs);
  const nameless = catalogue.rules.filter(({ author }) => author === '').length;
  if (nameless > 0)
    stderr.write(
      `hint: ${counted(nameless, 'rule')} name no author; what a licence asks to keep is kept as it stands\n`,
    );
}

async function inspect(file: string, options: { files?: true; json?: true }, needs: CliNeeds): Promise<void> {
  const { stdout } = needs;
  const pack = await openPackFile(file);
  const catalogue = catalogueOf(pack);
  const { manifest, claimedSigners } = pack;
  const signers = claimedSigners.map(({ name, keyId }) => `${name}+${keyId.toString(16).padStart(8, '0')}`);
  if (options.json === true) {
    const files = pack.files.map(({ path, sha256, bytes }) => ({ path, sha256, bytes: bytes.byteLength }));
    const { name, version, licence, source } = manifest;
    const created = new Date(manifest.createdMs).toISOString();
    const counts = { rules: catalogue.rules.length, refused: catalogue.refusals.length };
    stdout.write(
      `${jsonLine({ name, version, created, licence, source, claimed_signers: signers, ...counts, files })}\n`,
    );
    return;
  }
  stdout.write(`${manifest.name} ${manifest.version}, made ${timeText(manifest.createdMs)}\n`);
  stdout.write(`licence   ${plainText(manifest.licence)}\nsource    ${plainText(manifest.source)}\n`);
  stdout.write(`rules     ${grouped(catalogue.rules.length)} in ${counted(pack.files.length, 'file')}\n`);
  stdout.write(`says it is signed by ${plainText(signers.join(', '))}: not checked, see sallyport rules pack verify\n`);
  tellRefusals(catalogue, needs);
  if (options.files === true)
    for (const { path, sha256, bytes } of pack.files)
      stdout.write(`${sha256}  ${String(bytes.byteLength).padStart(8)}  ${plainText(path)}\n`);
}

async function verify(file: string, given: string | undefined, { stdout }: CliNeeds): Promise<void> {
  const pack = await openPackFile(file);
  if (given === undefined) throw withoutKey(file);
  const { key } = await readVerifierKey(given);
  try {
    const signer = verifyPack(pack, [key]);
    const { name, version } = pack.manifest;
    stdout.write(
      `verified: ${name} ${version}, ${counted(pack.files.length, 'file')}, signed by ${plainText(formatVerifierKey(signer))}\n`,
    );
  } catch (error) {
    throw new CliError('not_verified', `Cannot verify "${file}": ${messageOf(error)}`, { cause: error });
  }
}

/** Throws `CliError` `not_verified` for what is no pack, or was changed. */
async function openPackFile(file: string): Promise<ReadPack> {
  const bytes = await readBoundedFile(file, packLimits.packBytes).catch((error: unknown) => {
    throw new CliError('input_unreadable', `Cannot read "${file}": ${whyNot(error)}`, { cause: error });
  });
  try {
    return readPack(bytes);
  } catch (error) {
    throw new CliError('not_verified', `Cannot verify "${file}": ${messageOf(error)}`, {
      cause: error,
      hint: 'fetch it again from its publisher',
    });
  }
}

function catalogueOf({ manifest, files }: ReadPack): PackCatalogue {
  const rules = files.filter(({ path }) => isRulePath(path));
  return readCatalogue(
    manifest.name,
    rules.map(({ path, bytes }) => ({ path, text: new TextDecoder().decode(bytes) })),
  );
}

function tellRefusals({ refusals }: PackCatalogue, { stderr }: CliNeeds): void {
  if (refusals.length === 0) return;
  stderr.write(`hint: ${counted(refusals.length, 'thing')} in it cannot be honoured and will not be in force:\n`);
  for (const { path, line, reason } of refusals.slice(0, shownRefusals))
    stderr.write(`hint:   ${plainText(`${path}:${line} ${reason}`)}\n`);
  if (refusals.length > shownRefusals) stderr.write(`hint:   and ${refusals.length - shownRefusals} more\n`);
}

function asUsage<Result>(make: () => Result): Result {
  try {
    return make();
  } catch (error) {
    const hint = error instanceof CodedError ? error.hint : undefined;
    throw new CliError('usage', messageOf(error), { cause: error, ...(hint === undefined ? {} : { hint }) });
  }
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

/** SigmaHQ calls its releases after their day. */
function dateIn(version: string): number | undefined {
  const date = /\d{4}-\d\d-\d\d/.exec(version)?.[0];
  const ms = date === undefined ? Number.NaN : Date.parse(date);
  return Number.isNaN(ms) ? undefined : ms;
}

function createdTime(text: string): number {
  const ms = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\dZ)?$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms)) throw new InvalidArgumentError('must be a time such as 2026-08-05 or 2026-08-05T12:00:00Z');
  return ms;
}

function packName(text: string): string {
  if (!isPackName(text)) throw new InvalidArgumentError('must be small letters, digits and "-", at most 64');
  return text;
}

function packVersion(text: string): string {
  if (!isPackVersion(text)) throw new InvalidArgumentError('must be letters, digits and . + _ -, at most 64');
  return text;
}
