import type { JsonValue } from '@sallyport/contracts';
import type { Command } from 'commander';
import { CliError } from '../errors.ts';
import type { ApiClient } from '../http-client.ts';
import { field, listField, numberField, parseJson, textField } from '../json-reading.ts';
import type { CliNeeds } from '../needs.ts';
import { readBoundedFile } from '../regular-file.ts';
import { column, counted, jsonLine, plainText, shortText, tableHead, timeText } from '../terminal.ts';
import { jsonBody, withClient, withConnection, type ConnectionOptions } from './connection.ts';
import { wholeNumber } from './option-values.ts';

type Options = ConnectionOptions & { json?: true };
type FileOptions = Options & { tests?: string; document?: string; expected?: number; note?: string; name?: string };
type VersionOptions = Options & { version?: number };
type Asked = { readonly client: ApiClient; readonly needs: CliNeeds };

const path = '/v1/rules/documents';
const maxTextBytes = 256 * 1024;
const maxTestBytes = 1024 * 1024;
const listHead = [['document', 24], ['state', 8], ['version', 7], ['saved', 20], ['by', 16], ['name']] as const;

/** Rules that people write: drafts, their versions, staging, and putting them into force. */
export function addRuleDocumentCommands(rules: Command, needs: CliNeeds): void {
  const add = (command: Command): Command => withConnection(command).option('--json', 'print JSON');
  const run = (options: Options, work: (client: ApiClient) => Promise<void>): Promise<void> =>
    withClient(options, needs, work);
  const version = wholeNumber(1, 1_000_000_000);

  add(rules.command('list'))
    .description('list the rule documents of the library, those changed last first')
    .action((options: Options) => run(options, (client) => list({ client, needs }, options)));
  add(rules.command('show'))
    .description('print the text of a rule document')
    .argument('<document>', 'id of the document')
    .option('--version <number>', 'an earlier version', version)
    .action((id: string, options: VersionOptions) => run(options, (client) => show({ client, needs }, id, options)));
  add(rules.command('versions'))
    .description('print who saved which version of a rule document, newest first')
    .argument('<document>', 'id of the document')
    .action((id: string, options: Options) => run(options, (client) => versions({ client, needs }, id, options)));
  add(rules.command('check'))
    .description('tell what can be honoured of a Sigma file, and what its tests come to; nothing is kept')
    .argument('<file>', 'Sigma rules')
    .option('--tests <tests.json>', 'a list of tests: name, expect (match, no_match), event')
    .action((file: string, options: FileOptions) => run(options, (client) => check({ client, needs }, file, options)));
  add(rules.command('save'))
    .description('keep a Sigma file as a draft, or as another version of a document')
    .argument('<file>', 'Sigma rules')
    .option('--tests <tests.json>', 'a list of tests: name, expect (match, no_match), event')
    .option('--document <id>', 'the document it is another version of')
    .option('--expected <version>', 'the version it is made from: refused when somebody saved meanwhile', version)
    .option('--name <name>', 'what people call it; the title of its first rule otherwise')
    .option('--note <note>', 'what was changed')
    .action((file: string, options: FileOptions) => run(options, (client) => save({ client, needs }, file, options)));
  for (const [step, description] of [
    ['stage', 'match the newest version on what comes in, without alerts'],
    ['activate', 'put the version in staging into force'],
  ] as const)
    add(rules.command(step))
      .description(description)
      .argument('<document>', 'id of the document')
      .option('--version <number>', 'only this version', version)
      .action((id: string, options: VersionOptions) =>
        run(options, async (client) => {
          const shown = await read({ client, needs }, id);
          const field = step === 'stage' ? 'version' : 'staged_version';
          const wanted =
            options.version ?? numberField(fieldOf(shown), field) ?? numberField(fieldOf(shown), 'version');
          tell(needs, options, await post({ client, needs }, `${id}/${step}`, { version: wanted ?? 1 }));
        }),
      );
  for (const [step, description] of [
    ['unstage', 'take a rule document out of staging'],
    ['retire', 'take a rule document out of force and of staging; its versions stay'],
  ] as const)
    add(rules.command(step))
      .description(description)
      .argument('<document>', 'id of the document')
      .action((id: string, options: Options) =>
        run(options, async (client) => tell(needs, options, await post({ client, needs }, `${id}/${step}`))),
      );
}

const fieldOf = (answer: JsonValue): JsonValue => field(answer, 'document') ?? null;

function read({ client, needs }: Asked, id: string): Promise<JsonValue> {
  return client.json({ path: `${path}/${encodeURIComponent(id)}`, signal: needs.signal });
}

function post({ client, needs }: Asked, below: string, body?: JsonValue): Promise<JsonValue> {
  const [id = '', ...rest] = below.split('/');
  return client.json({
    path: [path, encodeURIComponent(id), ...rest].join('/'),
    method: 'POST',
    signal: needs.signal,
    ...(body === undefined ? {} : jsonBody(body)),
  });
}

async function list({ client, needs }: Asked, options: Options): Promise<void> {
  const documents = listField(await client.json({ path, signal: needs.signal }), 'documents');
  if (options.json === true) {
    for (const one of documents) needs.stdout.write(`${jsonLine(one)}\n`);
    return;
  }
  needs.stdout.write(tableHead(needs.stdout, listHead));
  for (const one of documents) needs.stdout.write(`${rowOf(one)}\n`);
}

function rowOf(document: JsonValue): string {
  const head = field(document, 'head') ?? null;
  return [
    column(textField(document, 'id') ?? '', 24),
    column(textField(document, 'state') ?? '', 8),
    String(numberField(document, 'version') ?? 0).padStart(7),
    column(timeText(textField(head, 'saved') ?? ''), 20),
    column(shortText(textField(head, 'by') ?? '', 16), 16),
    plainText(textField(document, 'name') ?? ''),
  ]
    .join('  ')
    .trimEnd();
}

function tell(needs: CliNeeds, options: Options, document: JsonValue): void {
  needs.stdout.write(options.json === true ? `${jsonLine(document)}\n` : `${rowOf(document)}\n`);
}

async function show(asked: Asked, id: string, options: VersionOptions): Promise<void> {
  const { client, needs } = asked;
  const answer =
    options.version === undefined
      ? await read(asked, id)
      : await client.json({
          path: `${path}/${encodeURIComponent(id)}/versions/${options.version}`,
          signal: needs.signal,
        });
  const text = textField(answer, 'text') ?? '';
  const lines = text.split('\n').map(plainText).join('\n');
  needs.stdout.write(options.json === true ? `${jsonLine(answer)}\n` : lines);
}

async function versions(asked: Asked, id: string, options: Options): Promise<void> {
  const answer = await read(asked, id);
  for (const one of listField(answer, 'versions')) {
    const line = [
      String(numberField(one, 'version') ?? 0).padStart(5),
      timeText(textField(one, 'saved') ?? ''),
      column(shortText(textField(one, 'by') ?? '', 16), 16),
      (textField(one, 'text_sha256') ?? '').slice(0, 12),
      plainText(textField(one, 'note') ?? ''),
    ];
    asked.needs.stdout.write(options.json === true ? `${jsonLine(one)}\n` : `${line.join('  ').trimEnd()}\n`);
  }
}

async function draftOf(file: string, { tests }: FileOptions) {
  const text = (await readBoundedFile(file, maxTextBytes)).toString('utf8');
  if (tests === undefined) return { text };
  const read = parseJson((await readBoundedFile(tests, maxTestBytes)).toString('utf8'));
  if (!Array.isArray(read))
    throw new CliError('input_unreadable', `Cannot read tests from "${tests}": it must be a JSON list`);
  return { text, tests: read };
}

async function check(asked: Asked, file: string, options: FileOptions): Promise<void> {
  const { client, needs } = asked;
  const body = await draftOf(file, options);
  const checked = await client.json({
    path: '/v1/rules/check',
    method: 'POST',
    signal: needs.signal,
    ...jsonBody(body),
  });
  if (options.json === true) needs.stdout.write(`${jsonLine(checked)}\n`);
  else report(needs, checked, file);
  refuseUnsound(checked, file);
}

/** One line each: what is understood, refused, odd, and what tests came to. */
function report({ stdout }: CliNeeds, checked: JsonValue, file: string): void {
  const line = (one: JsonValue, what: string): string =>
    `${plainText(file)}:${numberField(one, 'line') ?? 1}  ${what}  ${plainText(textField(one, 'message') ?? textField(one, 'title') ?? '')}\n`;
  for (const one of listField(checked, 'rules')) stdout.write(line(one, textField(one, 'kind') ?? 'rule'));
  for (const one of listField(checked, 'refusals')) stdout.write(line(one, 'refused'));
  for (const one of listField(checked, 'warnings')) stdout.write(line(one, 'note'));
  for (const one of listField(checked, 'tests')) {
    const passed = field(one, 'passed') === true;
    const reason = textField(one, 'reason');
    const name = plainText(textField(one, 'name') ?? '');
    stdout.write(
      `test ${passed ? 'holds' : 'fails'}  ${name}${reason === undefined ? '' : `: ${plainText(reason)}`}\n`,
    );
  }
}

function refuseUnsound(checked: JsonValue, file: string): void {
  const refused = listField(checked, 'refusals').length;
  const failed = listField(checked, 'tests').filter((one) => field(one, 'passed') !== true).length;
  if (refused + failed > 0)
    throw new CliError(
      'no_rules',
      `Cannot honour all of "${file}": ${counted(refused, 'refusal')}, ${counted(failed, 'failed test')}`,
    );
}

async function save(asked: Asked, file: string, options: FileOptions): Promise<void> {
  const { client, needs } = asked;
  const { document, expected, name, note } = options;
  if ((document === undefined) !== (expected === undefined))
    throw new CliError('usage', 'Cannot save a version: --document and --expected go together', {
      hint: 'sallyport rules versions ID tells the newest version',
    });
  const body = {
    ...(await draftOf(file, options)),
    ...(name === undefined ? {} : { name }),
    ...(note === undefined ? {} : { note }),
    ...(expected === undefined ? {} : { expected }),
  };
  const saved =
    document === undefined
      ? await client.json({ path, method: 'POST', signal: needs.signal, ...jsonBody(body) })
      : await post(asked, `${document}/versions`, body);
  if (options.json === true) needs.stdout.write(`${jsonLine(saved)}\n`);
  else {
    report(needs, field(saved, 'check') ?? null, file);
    tell(needs, {}, fieldOf(saved));
  }
}
