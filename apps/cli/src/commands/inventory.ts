import type { JsonValue } from '@sallyport/contracts';
import { Option, type Command } from 'commander';
import { CliError } from '../errors.ts';
import type { ApiClient } from '../http-client.ts';
import { field, listField, numberField, textField } from '../json-reading.ts';
import type { CliNeeds } from '../needs.ts';
import { grouped, jsonLine, plainText, shortText, styled, tableHead } from '../terminal.ts';
import { openOperatorClient, withConnection, type ConnectionOptions } from './connection.ts';

type Options = ConnectionOptions & { data?: string };
type ListOptions = Options & { kind?: string; weak?: true; json?: true };

const kinds = ['key', 'certificate', 'protocol', 'algorithm', 'library', 'store'];
const versions = ['1.6', '1.7'];
const nameColumns = 48;
const head = [['kind', 11], ['name', nameColumns], ['algorithm or version, strength, state, end']] as const;

export function addInventoryCommands(program: Command, needs: CliNeeds): void {
  const inventory = program
    .command('inventory')
    .description('keys, certificates, algorithms, protocols and libraries in use: list, hand out')
    .summary('keys, certificates, algorithms in use');
  const add = (name: string): Command =>
    withConnection(inventory.command(name)).option(
      '--data <dir>',
      'data directory of the server on this machine (SALLYPORT_DATA, else ./data)',
    );
  add('list')
    .description('what is there, how strong it is, when it ends, and what is wrong with it; never a key')
    .addOption(new Option('--kind <kind>', 'only these').choices(kinds))
    .option('--weak', 'only what something is wrong with')
    .option('--json', 'print JSON, one row a line')
    .action((options: ListOptions) => list(options, needs));
  add('cbom')
    .description('a CycloneDX bill of cryptographic materials, as JSON')
    .addOption(new Option('--spec <version>', 'version of CycloneDX').choices(versions).default('1.6'))
    .action((options: Options & { spec: string }) => cbom(options, needs));
}

async function list(options: ListOptions, needs: CliNeeds): Promise<void> {
  const { stdout, stderr, signal } = needs;
  await withClient(options, needs, async (client) => {
    const query = {
      ...(options.kind === undefined ? {} : { kind: options.kind }),
      ...(options.weak === true ? { weak: 'true' } : {}),
    };
    let after: string | undefined;
    let first: JsonValue = null;
    let isHeaded = options.json === true;
    do {
      const page = await client.json({ path: '/v1/inventory/crypto', query: { ...query, after, limit: 500 }, signal });
      first ??= page;
      if (!isHeaded && listField(page, 'assets').length > 0) stdout.write(tableHead(stdout, head));
      isHeaded ||= listField(page, 'assets').length > 0;
      for (const asset of listField(page, 'assets'))
        stdout.write(options.json === true ? `${jsonLine(asset)}\n` : rowOf(asset, needs));
      after = textField(page, 'next');
    } while (after !== undefined);
    if (options.json !== true) {
      const weak = numberField(first, 'weak') ?? 0;
      const total = numberField(first, 'total') ?? 0;
      stdout.write(
        options.weak === true && total === 0
          ? 'Nothing is weak, overdue or near its end\n'
          : `${grouped(total)} shown, ${grouped(weak)} of all with something wrong\n`,
      );
    }
    const silent = listField(first, 'not_asked');
    for (const one of silent)
      stderr.write(
        `Not told: ${plainText(textField(one, 'source') ?? '')}: ${shortText(textField(one, 'reason') ?? '', 300)}\n`,
      );
    if (silent.length > 0)
      throw new CliError('incomplete', 'The inventory is not complete: somebody who was asked did not answer');
  });
}

/** One line for what it is, and one below it for each thing that is wrong. */
function rowOf(asset: JsonValue, { stdout }: CliNeeds): string {
  const bits = numberField(asset, 'strength_bits');
  const category = numberField(asset, 'quantum_category');
  const strength = [
    ...(bits === undefined ? [] : [`${bits} bits`]),
    ...(category === undefined ? [] : [category === 0 ? 'not quantum-safe' : `quantum category ${category}`]),
  ].join(', ');
  const days = numberField(asset, 'expires_in_days');
  const inClear = listField(asset, 'in_clear')
    .filter((text) => typeof text === 'string')
    .join(', ');
  const name = textField(asset, 'name') ?? '';
  const made = textField(asset, 'algorithm') ?? textField(asset, 'version') ?? '';
  const parts = [
    (textField(asset, 'kind') ?? '').padEnd(11),
    shortText(name, 80).padEnd(nameColumns),
    made === name ? '' : shortText(made, 40),
    strength,
    textField(asset, 'state') ?? '',
    textField(asset, 'encryption') ?? '',
    inClear === '' ? '' : `in clear: ${shortText(inClear, 160)}`,
    days === undefined ? '' : `ends in ${grouped(days)} days`,
    field(asset, 'known') === 'declared' ? 'declared' : '',
  ];
  const wrong = listField(asset, 'weaknesses').map(
    (weakness) =>
      `  ${styled(stdout, 'red', textField(weakness, 'level') ?? '')}  ${shortText(textField(weakness, 'message') ?? '', 300)}\n`,
  );
  return `${parts.filter((part) => part !== '').join('  ')}\n${wrong.join('')}`;
}

async function cbom(options: Options & { spec: string }, needs: CliNeeds): Promise<void> {
  await withClient(options, needs, async (client) => {
    const path = '/v1/inventory/crypto/cbom';
    needs.stdout.write(`${await client.text({ path, query: { version: options.spec }, signal: needs.signal })}\n`);
  });
}

async function withClient(
  options: Options,
  needs: CliNeeds,
  work: (client: ApiClient) => Promise<void>,
): Promise<void> {
  const client = openOperatorClient(options, needs);
  try {
    await work(client);
  } finally {
    client.close();
  }
}
