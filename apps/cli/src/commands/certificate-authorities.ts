import { readFile, stat } from 'node:fs/promises';
import type { JsonValue } from '@sallyport/contracts';
import type { Command } from 'commander';
import { CliError } from '../errors.ts';
import { field, listField, numberField, textField } from '../json-reading.ts';
import type { CliNeeds } from '../needs.ts';
import { whyNot } from '../system-errors.ts';
import { grouped, jsonLine, plainText } from '../terminal.ts';
import { jsonBody, withClient, withConnection, type ConnectionOptions } from './connection.ts';

type Options = ConnectionOptions & { json?: true };

const path = '/v1/certificate-authorities';
const maxFileBytes = 8 * 1024 * 1024;

/** `certificate-authorities`: whose smart cards and certificates people sign in with. */
export function addCertificateAuthorityCommands(program: Command, needs: CliNeeds): void {
  const group = program
    .command('certificate-authorities')
    .description('authorities whose smart cards and certificates people sign in with');
  const add = (command: Command): Command => withConnection(command).option('--json', 'print JSON');

  add(group.command('list', { isDefault: true }))
    .description('list them, with how old their lists of revocations are')
    .action((options: Options) =>
      withClient(options, needs, async (client) => {
        const answer = await client.json({ path, signal: needs.signal });
        const all = listField(answer, 'authorities');
        needs.stdout.write(
          options.json === true
            ? `${jsonLine(answer)}\n`
            : all.length === 0
              ? 'no authorities\n'
              : all.map((one) => `${inWords(one)}\n`).join(''),
        );
      }),
    );
  add(group.command('revocations'))
    .description('take the list of what an authority revoked (a CRL file); whoever it names is signed out')
    .argument('<id>', 'of the authority')
    .argument('<file>', 'as PEM or DER')
    .action(async (id: string, file: string, options: Options) => {
      const list = await readList(file);
      await withClient(options, needs, async (client) => {
        const answer = await client.json({
          method: 'PUT',
          path: `${path}/${encodeURIComponent(id)}/revocations`,
          ...jsonBody({ list }),
          signal: needs.signal,
        });
        const [entries, here] = [numberField(answer, 'entries') ?? 0, numberField(answer, 'revoked_here') ?? 0];
        const issuer = plainText(textField(answer, 'issuer') ?? '');
        const ended = numberField(answer, 'ended_sessions') ?? 0;
        const words = `${issuer}: ${grouped(entries)} revoked, ${grouped(here)} of people here, ${grouped(ended)} sessions ended`;
        needs.stdout.write(options.json === true ? `${jsonLine(answer)}\n` : `${words}\n`);
      });
    });
}

function inWords(authority: JsonValue): string {
  const name = plainText(textField(authority, 'name') ?? '');
  const id = plainText(textField(authority, 'id') ?? '');
  const state = field(authority, 'enabled') === true ? 'accepted' : 'off';
  const lists = listField(authority, 'certificates').map((one) => {
    const list = field(one, 'list');
    const next = plainText(textField(list, 'next') ?? '');
    const said =
      next === ''
        ? 'no list of revocations'
        : field(list, 'stale') === true
          ? `stale since ${next}`
          : `next by ${next}${textField(list, 'ending') === 'soon' ? ', soon' : ''}`;
    const ending = textField(one, 'ending') ?? '';
    const end =
      ending === 'over'
        ? ', expired'
        : ending === 'soon'
          ? `, expires ${plainText(textField(one, 'valid_to') ?? '')}`
          : '';
    return `  ${plainText(textField(one, 'subject') ?? '')}: ${said}${end}`;
  });
  return [`${id}  ${name}  ${state}`, ...lists].join('\n');
}

async function readList(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > maxFileBytes)
      throw new CliError('usage', `Cannot read "${plainText(file)}": must be at most ${maxFileBytes} bytes`);
    const bytes = await readFile(file);
    return bytes.subarray(0, 40).includes('-----BEGIN') ? bytes.toString('latin1') : bytes.toString('base64');
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError('usage', `Cannot read "${plainText(file)}": ${whyNot(error)}`);
  }
}
