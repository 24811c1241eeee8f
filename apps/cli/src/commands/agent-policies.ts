import type { JsonValue } from '@sallyport/contracts';
import type { Command } from 'commander';
import { CliError } from '../errors.ts';
import { field, listField, numberField, textField } from '../json-reading.ts';
import type { CliNeeds } from '../needs.ts';
import { column, counted, jsonLine, plainText, tableHead, timeText } from '../terminal.ts';
import { readAgentPolicyFile } from './agent-policy-file.ts';
import { jsonBody, withClient, withConnection, type ConnectionOptions } from './connection.ts';
import { wholeNumber } from './option-values.ts';
import { watched } from './policy-past.ts';
import type { Asked } from './policy-past.ts';

type Options = ConnectionOptions & { json?: true };
type StageOptions = Options & { note?: string };
type ReplayOptions = Options & { last: number };

const path = '/v1/agents/policies';
const head = [['version', 8], ['state', 10], ['made', 20], ['by', 16], ['note']] as const;
const number = wholeNumber(1, 1_000_000_000);

/** `sallyport agent policies`: the organisation's own, beside the pack each agent has. */
export function addAgentPolicyCommands(agent: Command, needs: CliNeeds): void {
  const policies = agent
    .command('policies')
    .description('policies of your own beside the pack each agent has: tests, replay, versions');
  const add = (name: string, words: string): Command =>
    withConnection(policies.command(name)).description(words).option('--json', 'print JSON');
  const run = (options: Options, work: (asked: Asked) => Promise<void>): Promise<void> =>
    withClient(options, needs, (client) => work({ client, needs }));
  const fileWords = 'ID.cedar, with ID.test.json beside it; "// About: agent ID" in it says whose calls it is about';

  add('list', 'what is in force, its versions, and the documents as they are being written (agents:read)').action(
    (options: Options) => run(options, (asked) => list(asked, options)),
  );
  add('check', 'read a document as the server would, and run its tests; nothing is kept (agents:read)')
    .argument('<file>', fileWords)
    .action((file: string, options: Options) => run(options, (asked) => check(asked, file, options)));
  add('try', 'which calls of agents would be judged otherwise with a document; nothing is kept (agents:manage)')
    .argument('<file>', fileWords)
    .option('--last <calls>', 'how many calls', wholeNumber(1, 5000), 2000)
    .action((file: string, options: ReplayOptions) =>
      run(options, async (asked) => {
        const { id, draft } = await readAgentPolicyFile(file);
        await replay(asked, { draft: { id, draft }, last: options.last }, options);
      }),
    );
  add('save', 'keep a document on the server; it is in force nowhere (agents:manage)')
    .argument('<file>', fileWords)
    .action((file: string, options: Options) => run(options, (asked) => save(asked, file)));
  add('stage', 'make a version of the documents as they are: every test must hold (agents:manage)')
    .option('--note <text>', 'what was changed, for those who come later')
    .action((options: StageOptions) => run(options, (asked) => stage(asked, { note: options.note ?? '' })));
  add('replay', 'which calls of agents a version would judge otherwise; it must be replayed before it is in force')
    .argument('<version>', 'its number', number)
    .option('--last <calls>', 'how many calls', wholeNumber(1, 5000), 2000)
    .action((version: number, options: ReplayOptions) =>
      run(options, (asked) => replay(asked, { version, last: options.last }, options)),
    );
  add('activate', 'put a version into force at once for all runs; it may have to wait for somebody else')
    .argument('<version>', 'its number', number)
    .action((version: number, options: Options) => run(options, (asked) => step(asked, version, 'activate')));
  add('approve', 'put a version that waits into force, as somebody else')
    .argument('<version>', 'its number', number)
    .action((version: number, options: Options) => run(options, (asked) => step(asked, version, 'approve')));
  add('rollback', 'make a version of an earlier one’s documents, to replay and put into force')
    .argument('<version>', 'the earlier one', number)
    .action((version: number, options: Options) =>
      run(options, (asked) => stage(asked, { note: `Back to version ${version}`, from: version })),
    );
}

const read = ({ client, needs }: Asked, from: string): Promise<JsonValue> =>
  client.json({ path: from, signal: needs.signal });
const send = ({ client, needs }: Asked, to: string, body: JsonValue, method: 'POST' | 'PUT' = 'POST') =>
  client.json({ path: to, signal: needs.signal, method, ...jsonBody(body) });

async function list(asked: Asked, options: Options): Promise<void> {
  const [own, made] = [await read(asked, path), await read(asked, `${path}/versions`)];
  const { stdout } = asked.needs;
  const versions = listField(made, 'versions');
  if (options.json === true) {
    stdout.write(
      `${jsonLine({ in_force: field(own, 'in_force') ?? {}, documents: listField(own, 'documents'), versions, damaged: [...listField(own, 'damaged'), ...listField(made, 'damaged')] })}\n`,
    );
    return;
  }
  const inForce = numberField(field(own, 'in_force'), 'version');
  const unreadable = textField(field(own, 'in_force'), 'unreadable');
  stdout.write(
    inForce === undefined ? 'In force: the packs alone\n' : `In force: version ${inForce}, beside the packs\n`,
  );
  if (unreadable !== undefined) stdout.write(`Cannot be read, and no call is let through: ${plainText(unreadable)}\n`);
  if (versions.length > 0) stdout.write(tableHead(stdout, head));
  for (const one of versions)
    stdout.write(
      `${[
        column(String(numberField(one, 'version') ?? ''), 8),
        column(textField(one, 'state') ?? '', 10),
        column(timeText(numberField(one, 'made_ms') ?? 0), 20),
        column(textField(field(one, 'made_by'), 'name') ?? '', 16),
        plainText(textField(one, 'note') ?? ''),
      ].join('  ')}\n`,
    );
  for (const [of, noun] of [
    [listField(made, 'damaged'), 'Version'],
    [listField(own, 'damaged'), 'Document'],
  ] as const)
    for (const one of of)
      stdout.write(
        `${noun} ${plainText(String(numberField(one, 'version') ?? textField(one, 'id') ?? ''))} is damaged, found ${timeText(numberField(one, 'found_ms') ?? 0)}: ${plainText(textField(one, 'why') ?? '')}\n`,
      );
  const documents = listField(own, 'documents');
  stdout.write(`${counted(documents.length, 'document')}\n`);
  for (const one of documents)
    stdout.write(
      `  ${plainText(textField(one, 'id') ?? '')}: ${plainText(textField(one, 'name') ?? '')}, revision ${numberField(one, 'revision') ?? ''}, ${counted(numberField(one, 'tests') ?? 0, 'test')}${field(one, 'in_force') === true ? ', in force' : ''}\n`,
    );
}

/** Throws where it has a fault or a test that fails. */
async function check(asked: Asked, file: string, options: Options): Promise<void> {
  const { id, draft } = await readAgentPolicyFile(file);
  const answer = await send(asked, `${path}/check`, { draft, document: id });
  const { stdout } = asked.needs;
  if (options.json === true) stdout.write(`${jsonLine(answer)}\n`);
  const faults = listField(answer, 'faults');
  const failed = [...listField(answer, 'tests'), ...listField(answer, 'standing')].filter(
    (one) => field(one, 'passed') !== true,
  );
  if (options.json !== true) {
    for (const fault of faults)
      stdout.write(
        `${plainText(textField(fault, 'document') ?? '')}.cedar:${numberField(fault, 'line') ?? 0}:${numberField(fault, 'column') ?? 0}: ${plainText(textField(fault, 'message') ?? '')}\n`,
      );
    for (const one of failed)
      stdout.write(`fails: ${plainText(textField(one, 'name') ?? '')}: ${plainText(textField(one, 'reason') ?? '')}\n`);
  }
  const wrong = faults.length + failed.length;
  if (wrong > 0) throw new CliError('not_verified', `Cannot use "${file}": ${counted(wrong, 'fault')}`);
  if (options.json === true) return;
  const own = listField(answer, 'policies').filter((one) => textField(one, 'document') === id);
  stdout.write(
    `${counted(own.length, 'policy', 'policies')}, ${counted(listField(answer, 'tests').length, 'test')}: all well\n`,
  );
  const widened = listField(answer, 'widened').flatMap((one) => textField(one, 'action') ?? []);
  if (widened.length > 0)
    stdout.write(`Without a question at the worst it can be: ${[...new Set(widened)].join(', ')}\n`);
}

async function save(asked: Asked, file: string): Promise<void> {
  const { id, draft } = await readAgentPolicyFile(file);
  const standing = await read(asked, path);
  // One that cannot be read is saved anew in its place.
  const all = [...listField(standing, 'documents'), ...listField(standing, 'damaged')];
  const known = all.find((one) => textField(one, 'id') === id);
  const answer =
    known === undefined
      ? await send(asked, `${path}/documents`, { id, draft })
      : await send(asked, `${path}/documents/${id}`, { draft, expected: numberField(known, 'revision') ?? 1 }, 'PUT');
  const revision = numberField(field(answer, 'document'), 'revision') ?? '';
  asked.needs.stdout.write(`Saved ${id}, revision ${revision}; in force nowhere yet\n`);
}

async function stage(asked: Asked, body: { readonly note: string; readonly from?: number }): Promise<void> {
  const made = field(await send(asked, `${path}/versions`, { ...body }), 'version');
  asked.needs.stdout.write(`Staged version ${numberField(made, 'version') ?? ''}\n`);
  const opens = listField(made, 'openings').flatMap((one) => textField(one, 'id') ?? []);
  if (opens.length > 0)
    asked.needs.stdout.write(
      `It may let through what is not now, so somebody else must approve it: ${opens.map(plainText).join(', ')}\n`,
    );
}

async function replay(asked: Asked, body: JsonValue, options: Options): Promise<void> {
  const found = await watched(asked, {
    path: `${path}/replays`,
    body,
    result: 'replayed',
    words: 'Asking about recorded calls again',
  });
  const { stdout } = asked.needs;
  if (options.json === true) {
    stdout.write(`${jsonLine(found)}\n`);
    return;
  }
  const of = (name: string): number => numberField(found, name) ?? 0;
  stdout.write(
    `${of('different')} of the last ${counted(of('calls') - of('untold'), 'call')} of ${counted(of('agents'), 'agent')} would be judged otherwise, ${of('looser')} let through sooner\n`,
  );
  if (of('untold') > 0) stdout.write(`${of('untold')} more cannot be judged again\n`);
  for (const one of listField(found, 'differences')) {
    const said = (name: string): string => plainText(textField(one, name) ?? '');
    stdout.write(
      `${said('now')} → ${said('would')}  ${plainText(textField(field(one, 'agent'), 'name') ?? '')}  ${said('tool')}, ${said('action')}  ${counted(numberField(one, 'calls') ?? 0, 'call')}, last ${timeText(numberField(one, 'last_ms') ?? 0)} (${said('position')}): ${said('reason')}\n`,
    );
  }
  if (field(found, 'partly') === true) stdout.write('There are more kinds than these\n');
}

async function step(asked: Asked, version: number, name: 'activate' | 'approve'): Promise<void> {
  const versions = listField(await read(asked, `${path}/versions`), 'versions');
  const digestOf = (one: JsonValue | undefined): string => (one === undefined ? '' : (textField(one, 'digest') ?? ''));
  const made = versions.find((one) => numberField(one, 'version') === version);
  if (made === undefined)
    throw new CliError('usage', `Cannot find version ${version}`, { hint: 'sallyport agent policies list' });
  const expected = numberField(field(await read(asked, path), 'in_force'), 'version') ?? 0;
  const answer = await send(asked, `${path}/versions/${version}/${name}`, { expected, digest: digestOf(made) });
  const state = textField(field(answer, 'version'), 'state');
  asked.needs.stdout.write(
    state === 'active'
      ? `Version ${version} is in force for all runs\n`
      : `Version ${version} waits: somebody else must approve it (sallyport agent policies approve ${version})\n`,
  );
}
