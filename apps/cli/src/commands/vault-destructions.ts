import { writeFile } from 'node:fs/promises';
import { verifyCertificate, type CertificateVerification } from '@sallyport/key-vault/certificate';
import { verifyEvidence } from '@sallyport/ledger/evidence';
import type { JsonValue } from '@sallyport/contracts';
import type { Command } from 'commander';
import { CliError } from '../errors.ts';
import { field, listField, numberField, textField } from '../json-reading.ts';
import type { CliNeeds } from '../needs.ts';
import { readBoundedFile } from '../regular-file.ts';
import { whyNot } from '../system-errors.ts';
import { asTyped, counted, jsonLine, plainText, shortText, styled, tableHead } from '../terminal.ts';
import type { ConnectionOptions } from './connection.ts';
import { addApproverCommands } from './vault-approvers.ts';
import { post, type VaultRequest } from './vault-request.ts';
import { readVerifierKey, withoutKey } from './verifier-key-option.ts';

type Options = ConnectionOptions & { data?: string; json?: true };
type DestroyOptions = Options & { label?: string[]; cancel?: string; reason: string };
type HoldOptions = Options & { class?: string[]; keyId?: string[]; from?: string; to?: string; reason: string };
type VerifyOptions = { key?: string; json?: true };
type Verified = Extract<CertificateVerification, { ok: true }>;
type Ask = (options: Options, needs: CliNeeds, what: VaultRequest) => Promise<JsonValue>;
const maxCertificateBytes = 64 * 1024 * 1024;
const idPattern = /^[0-9a-f]{32}$/;
const defaultReason = 'asked for on the command line';

/** Destruction of keys from a terminal: proposing, looking, stopping. Signing takes a passkey and so a browser. */
export function addDestructionCommands(
  vault: Command,
  add: (name: string, under?: Command) => Command,
  ask: Ask,
  needs: CliNeeds,
): void {
  add('destroy')
    .description('propose to destroy keys, or see what is proposed; two people have to sign it in the console')
    .argument('[id...]', 'ids of keys; without any, every destruction there is')
    .option('--label <label...>', 'keys by their label, such as events/2026-11-22')
    .option('--cancel <id>', 'stop a destruction')
    .option('--reason <text>', 'why, kept in the vault and the audit trail', defaultReason)
    .action((ids: string[], options: DestroyOptions) => destroy(ids, options, ask, needs));
  add('holds')
    .description('legal holds: what must not be destroyed')
    .action((options: Options) => listHolds(options, ask, needs));
  add('hold')
    .description('place a legal hold, at once; two people together release it in the console')
    .argument('<name>', 'what people know it by, such as a case')
    .option('--class <class...>', 'classes of events, keys made later included')
    .option('--from <day>', 'first day, YYYY-MM-DD')
    .option('--to <day>', 'last day, YYYY-MM-DD')
    .option('--key-id <id...>', 'keys by their ids')
    .option('--reason <text>', 'why, kept in the vault and the audit trail', defaultReason)
    .action((name: string, options: HoldOptions) => placeHold(name, options, ask, needs));
  addApproverCommands(add, ask, needs);
  add('accept-restore')
    .description('say that what a restore may have lost was looked at: holds, policies, destructions')
    .requiredOption('--reason <text>', 'what was looked at, kept in the vault and the audit trail')
    .action(async (options: Options & { reason: string }) => {
      await ask(options, needs, { ...post('/v1/vault/restore/accept', { reason: options.reason }), isSilent: true });
      needs.stdout.write('Accepted: days expire again\n');
    });
  const certificate = vault.command('certificate').description('what proves that keys were destroyed');
  add('get', certificate)
    .description('save the certificate of a destruction')
    .argument('<id>', 'of the destruction')
    .requiredOption('--out <file>', 'where to save it; an existing file is not overwritten')
    .action((id: string, options: Options & { out: string }) => getCertificate(id, options, ask, needs));
  certificate
    .command('verify')
    .description('check a certificate offline: who agreed, what was destroyed, and what that does not promise')
    .argument('<file>', 'what vault certificate get saved')
    .option('--key <vkey>', 'verifier key of the log, or a file holding it, from whoever you trust for it')
    .option('--json', 'print JSON')
    .action((file: string, options: VerifyOptions) => verify(file, options, needs));
}

async function destroy(ids: readonly string[], options: DestroyOptions, ask: Ask, needs: CliNeeds): Promise<void> {
  if (options.cancel !== undefined) {
    const asked = post(`/v1/vault/destructions/${idOf(options.cancel)}/cancel`, { reason: options.reason });
    await ask(options, needs, { ...asked, isSilent: true });
    needs.stdout.write(`Cancelled destruction ${options.cancel}\n`);
    return;
  }
  const labels = options.label ?? [];
  if (ids.length === 0 && labels.length === 0) return listDestructions(options, ask, needs);
  const keyIds = [...ids.map(idOf), ...(await idsOfLabels(labels, options, ask, needs))];
  const intent = await ask(options, needs, post('/v1/vault/destructions', { keyIds, reason: options.reason }));
  if (options.json === true) {
    needs.stdout.write(`${jsonLine(intent)}\n`);
    return;
  }
  needs.stdout.write(`Proposed: ${lineOf(intent, needs)}\n`);
  printObstacles(intent, needs);
}

async function idsOfLabels(labels: readonly string[], options: Options, ask: Ask, needs: CliNeeds): Promise<string[]> {
  if (labels.length === 0) return [];
  const keys = listField(await ask(options, needs, { path: '/v1/vault/keys' }), 'keys');
  return labels.flatMap((label) => {
    const found = keys
      .filter((key) => textField(key, 'label') === label && textField(key, 'state') !== 'destroyed')
      .flatMap((key) => textField(key, 'id') ?? []);
    if (found.length > 0) return found;
    throw new CliError('usage', `Cannot propose to destroy "${shortText(label, 100)}": no key has this label`, {
      hint: 'sallyport vault list shows every key',
    });
  });
}

async function listDestructions(options: Options, ask: Ask, needs: CliNeeds): Promise<void> {
  const report = await ask(options, needs, { path: '/v1/vault/destructions' });
  if (options.json === true) {
    needs.stdout.write(`${jsonLine(report)}\n`);
    return;
  }
  const intents = listField(report, 'intents');
  if (intents.length > 0)
    needs.stdout.write(tableHead(needs.stdout, [['id', 32], ['kind', 8], ['stage', 10], ['keys, reason']]));
  for (const intent of intents) {
    needs.stdout.write(`${lineOf(intent, needs)}\n`);
    printObstacles(intent, needs);
  }
  if (intents.length === 0) needs.stdout.write('Nothing is proposed and nothing was destroyed.\n');
  const doubt = field(report, 'unknownSince');
  if (doubt !== undefined)
    needs.stderr.write(
      `warning: destructions may be missing after a restore: ${shortText(textField(doubt, 'why') ?? '', 500)}\n`,
    );
  if (doubt !== undefined || field(report, 'awaitsWord') === true)
    needs.stderr.write(
      `hint: nothing expires before somebody has looked at holds, policies and destructions: ${asTyped('sallyport vault accept-restore', needs.configuration.command)}\n`,
    );
}

function lineOf(intent: JsonValue, { stdout }: CliNeeds): string {
  const stage = textField(intent, 'stage') ?? '';
  const style = stage === 'destroyed' || stage === 'agreed' ? 'green' : stage === 'cancelled' ? 'red' : 'yellow';
  const keys = listField(intent, 'keys');
  const labels = keys.slice(0, 3).flatMap((key) => textField(key, 'label') ?? []);
  const kept = listField(intent, 'kept').length;
  const survived = kept === 0 ? '' : ` (${kept} of them kept)`;
  const about = `${counted(keys.length, 'key')}${survived} ${labels.join(', ')}${keys.length > 3 ? ', …' : ''}`;
  return [
    shortText(textField(intent, 'id') ?? '', 32),
    shortText(textField(intent, 'kind') ?? '', 8).padEnd(8),
    styled(stdout, style, shortText(stage, 12).padEnd(10)),
    keys.length === 0 ? '' : shortText(about, 120),
    shortText(textField(intent, 'reason') ?? '', 100),
  ]
    .filter((part) => part !== '')
    .join('  ');
}

function printObstacles(intent: JsonValue, { stdout }: CliNeeds): void {
  const keys = listField(intent, 'keys');
  for (const kept of listField(intent, 'kept')) {
    const key = keys.find((one) => textField(one, 'id') === textField(kept, 'keyId'));
    const label = textField(key, 'label') ?? textField(kept, 'keyId') ?? '';
    stdout.write(
      `  kept: ${shortText(label, 80)}, ${shortText(textField(kept, 'why') ?? '', 40)} by ${shortText(textField(kept, 'by') ?? '', 80)}\n`,
    );
  }
  for (const obstacle of listField(intent, 'obstacles')) {
    stdout.write(`  ${shortText(textField(obstacle, 'message') ?? '', 300)}\n`);
    const hint = textField(obstacle, 'hint');
    if (hint !== undefined) stdout.write(`    ${shortText(hint, 300)}\n`);
  }
}

async function listHolds(options: Options, ask: Ask, needs: CliNeeds): Promise<void> {
  const report = await ask(options, needs, { path: '/v1/vault/holds' });
  if (options.json === true) {
    needs.stdout.write(`${jsonLine(report)}\n`);
    return;
  }
  const holds = listField(report, 'items');
  needs.stdout.write(holds.length === 0 ? 'No legal holds.\n' : tableHead(needs.stdout, [['id', 32], ['hold']]));
  for (const hold of holds) needs.stdout.write(`${holdLine(hold)}\n`);
}

function holdLine(hold: JsonValue): string {
  const count = listField(hold, 'keyIds').length + (numberField(hold, 'leftOut') ?? 0);
  const [name, reason] = [textField(hold, 'name') ?? '', textField(hold, 'reason') ?? ''];
  return `${shortText(textField(hold, 'id') ?? '', 32)}  ${shortText(name, 80)}: ${counted(count, 'key')}, ${shortText(reason, 200)}`;
}

async function placeHold(name: string, options: HoldOptions, ask: Ask, needs: CliNeeds): Promise<void> {
  const { class: classes = [], keyId: keyIds = [], from, to, reason } = options;
  if (classes.length === 0 && keyIds.length === 0)
    throw new CliError('usage', 'Cannot place a hold: it must name classes with --class or keys with --key-id');
  const selector = {
    classes,
    ...(from === undefined ? {} : { fromDay: from }),
    ...(to === undefined ? {} : { toDay: to }),
  };
  const body = {
    name,
    reason,
    ...(keyIds.length === 0 ? {} : { keyIds: keyIds.map(idOf) }),
    ...(classes.length === 0 ? {} : { selector }),
  };
  const hold = await ask(options, needs, post('/v1/vault/holds', body));
  needs.stdout.write(options.json === true ? `${jsonLine(hold)}\n` : `Held: ${holdLine(hold)}\n`);
}

async function getCertificate(
  id: string,
  options: Options & { out: string },
  ask: Ask,
  needs: CliNeeds,
): Promise<void> {
  const document = await ask(options, needs, { path: `/v1/vault/destructions/${idOf(id)}/certificate` });
  try {
    await writeFile(options.out, `${JSON.stringify(document, null, 2)}\n`, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    throw new CliError('output_unwritable', `Cannot write "${options.out}": ${whyNot(error)}`, {
      cause: error,
      hint: 'name a file that does not exist yet, in a directory that can be written',
    });
  }
  needs.stdout.write(`Saved the certificate of ${id} in ${plainText(options.out)}\n`);
}

async function verify(file: string, options: VerifyOptions, needs: CliNeeds): Promise<void> {
  const verifierKey = options.key === undefined ? undefined : (await readVerifierKey(options.key)).text;
  const bytes = await readBoundedFile(file, maxCertificateBytes).catch((error: unknown) => {
    throw new CliError('input_unreadable', `Cannot read "${file}": ${whyNot(error)}`, { cause: error });
  });
  const result = verifyCertificate(bytes.toString('utf8'), (evidence) =>
    verifyEvidence(evidence, verifierKey === undefined ? {} : { verifierKey }),
  );
  if (options.json === true) needs.stdout.write(`${jsonLine({ ...result, keyGiven: verifierKey !== undefined })}\n`);
  if (!result.ok)
    throw new CliError('not_verified', `Cannot verify "${file}": ${result.reason}`, {
      hint: 'the file certifies nothing; save it again from the server',
    });
  if (options.json !== true) printCertificate(result, verifierKey !== undefined, needs);
  if (verifierKey === undefined) throw withoutKey(file);
}

function printCertificate(result: Verified, isKeyGiven: boolean, { stdout }: CliNeeds): void {
  const { keys, people, waited, witnesses } = result;
  const trust = isKeyGiven
    ? `${styled(stdout, 'green', '✔ verified')} with the key you gave`
    : `${styled(stdout, 'yellow', '! consistent')} with the key inside the file only`;
  const labels = keys.slice(0, 5).map(({ label }) => label);
  const agreed = result.kind === 'expiry' ? 'a retention policy' : people.join(' and ');
  stdout.write(
    [
      trust,
      `outcome    ${shortText(result.outcome, 40)}, recorded ${new Date(result.recordedAtMs).toISOString()}`,
      `keys       ${keys.length}: ${shortText(labels.join(', '), 200)}${keys.length > labels.length ? ', …' : ''}`,
      ...(result.kept === 0
        ? []
        : [
            `kept       ${counted(result.kept, 'key')} of the signed list survived: a hold kept it, or it was needed still`,
          ]),
      `agreed by  ${shortText(agreed, 300)}`,
      ...result.passkeys.map((passkey) => `           ${shortText(passkey, 120)}`),
      `waited     ${waited.hours} hours by ${shortText(waited.evidence, 40)}`,
      `witnesses  ${witnesses.length === 0 ? 'none' : shortText(witnesses.join(', '), 300)}`,
      `reason     ${shortText(result.reason, 300)}`,
      'not promised:',
      ...result.notPromised.map((text) => `  ${shortText(text, 400)}`),
      '',
    ].join('\n'),
  );
}

function idOf(text: string): string {
  if (idPattern.test(text)) return text;
  throw new CliError('usage', `Cannot use "${shortText(text, 60)}" as an id: must be 32 hexadecimal digits`, {
    hint: 'sallyport vault list, holds and destroy print them',
  });
}
