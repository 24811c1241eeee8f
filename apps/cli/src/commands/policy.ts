import type { JsonValue } from '@sallyport/contracts';
import type { Command } from 'commander';
import { CliError } from '../errors.ts';
import { field, listField, numberField, textField } from '../json-reading.ts';
import type { CliNeeds } from '../needs.ts';
import { column, counted, jsonLine, plainText, tableHead, timeText } from '../terminal.ts';
import { jsonBody, withClient, withConnection, type ConnectionOptions } from './connection.ts';
import { wholeNumber } from './option-values.ts';
import { differences, past, replay, watchImpact } from './policy-past.ts';
import type { Asked, ReplayOptions } from './policy-past.ts';
import { readPolicyDirectory, writePolicyDirectory } from './policy-files.ts';
import type { PolicyFile } from './policy-files.ts';

type Options = ConnectionOptions & { json?: true };
type StageOptions = Options & { note?: string };
type WhyOptions = Options & { user?: string; key?: string; as?: string; role: string[]; site?: string };

const path = '/v1/policy';
const versionHead = [['version', 8], ['state', 10], ['made', 20], ['by', 16], ['note']] as const;
const collect = (value: string, before: string[]): string[] => [...before, value];

/** `policy`: who may do what, as text in files, in versions, with tests. */
export function addPolicyCommands(program: Command, needs: CliNeeds): void {
  const policy = program
    .command('policy')
    .description('who may do what: policies as text, their tests, what they change');
  const add = (command: Command): Command => withConnection(command).option('--json', 'print JSON');
  const run = (options: Options, work: (asked: Asked) => Promise<void>): Promise<void> =>
    withClient(options, needs, (client) => work({ client, needs }));
  const number = wholeNumber(1, 1_000_000_000);

  add(policy.command('show'))
    .description('what is in force, its versions, and the documents as they are being written')
    .action((options: Options) => run(options, (asked) => show(asked, options)));
  add(policy.command('check'))
    .description('read the *.cedar files of a directory, as the server would; nothing is kept')
    .argument('<directory>', 'with ID.cedar and ID.test.json')
    .action((directory: string, options: Options) => run(options, (asked) => check(asked, directory, options)));
  add(policy.command('test'))
    .description('run the tests of a directory’s policies; nothing is kept')
    .argument('<directory>', 'with ID.cedar and ID.test.json')
    .action((directory: string, options: Options) => run(options, (asked) => check(asked, directory, options)));
  add(policy.command('import'))
    .description('make the documents on the server those of a directory; nothing comes into force')
    .argument('<directory>', 'with ID.cedar and ID.test.json')
    .action((directory: string, options: Options) => run(options, (asked) => bringIn(asked, directory, options)));
  add(policy.command('export'))
    .description('write the documents on the server into a directory')
    .argument('<directory>', 'made where there is none')
    .action((directory: string, options: Options) => run(options, (asked) => bringOut(asked, directory)));
  add(policy.command('stage'))
    .description('make a version of the documents as they are: every test must hold')
    .option('--note <text>', 'what was changed, for those who come later')
    .action((options: StageOptions) =>
      run(options, async (asked) => {
        await stage(asked, { note: options.note ?? '' }, options);
      }),
    );
  add(policy.command('impact'))
    .description('who would gain and lose what if a version came into force now')
    .argument('<version>', 'its number', number)
    .action((version: number, options: Options) => run(options, (asked) => impact(asked, version, options)));
  add(policy.command('activate'))
    .description('put a version into force at once; it may have to wait for somebody else')
    .argument('<version>', 'its number', number)
    .action((version: number, options: Options) => run(options, (asked) => step(asked, version, 'activate', options)));
  add(policy.command('approve'))
    .description('put a version that waits into force, as somebody else')
    .argument('<version>', 'its number', number)
    .action((version: number, options: Options) => run(options, (asked) => step(asked, version, 'approve', options)));
  add(policy.command('rollback'))
    .description('make a version of an earlier one’s documents and put it into force')
    .argument('<version>', 'the earlier one; 0: the bundled policies alone', wholeNumber(0, 1_000_000_000))
    .action((version: number, options: Options) =>
      run(options, async (asked) => {
        const made = await stage(asked, { note: `Back to version ${version}`, from: version }, options);
        await step(asked, made, 'activate', options);
      }),
    );
  add(policy.command('diff'))
    .description('what differs between two versions, line by line')
    .argument(
      '[from]',
      'the earlier one; 0: none of your own; left out: what is in force',
      wholeNumber(0, 1_000_000_000),
    )
    .argument('[to]', 'the later one; left out: the documents as they are', wholeNumber(0, 1_000_000_000))
    .action((from: number | undefined, to: number | undefined, options: Options) =>
      run(options, (asked) => differences(asked, from, to, options)),
    );
  add(policy.command('replay'))
    .description(
      'ask the decisions recorded last again of a version, or of the documents as they are: which would be different',
    )
    .argument('[version]', 'its number; 0: the bundled policies alone', wholeNumber(0, 1_000_000_000))
    .option('--last <records>', 'how many records', wholeNumber(1, 10_000), 10_000)
    .action((version: number | undefined, options: ReplayOptions) =>
      run(options, (asked) => replay(asked, version, options)),
    );
  add(policy.command('past'))
    .description('why a request was refused or let through, by the policies in force then')
    .argument('<decision>', 'its position (1/4711), or the id that whoever was refused was told')
    .action((decision: string, options: Options) => run(options, (asked) => past(asked, decision, options)));
  add(policy.command('why'))
    .description('why somebody may or may not do something')
    .argument('<action>', 'for example cameras:export')
    .option('--user <id>', 'a person by id')
    .option('--as <kind>', 'user, key, service, operator or device', 'user')
    .option('--role <role>', 'somebody with this role; may be given again', collect, [])
    .option('--site <name>', 'at this site')
    .action((action: string, options: WhyOptions) => run(options, (asked) => why(asked, action, options)));
}

function send(
  { client, needs }: Asked,
  to: string,
  body: JsonValue,
  method: 'POST' | 'PUT' = 'POST',
): Promise<JsonValue> {
  return client.json({ path: to, signal: needs.signal, method, ...jsonBody(body) });
}

const read = ({ client, needs }: Asked, from: string): Promise<JsonValue> =>
  client.json({ path: from, signal: needs.signal });

async function show(asked: Asked, options: Options): Promise<void> {
  const [versions, documents] = [await read(asked, `${path}/versions`), await read(asked, `${path}/documents`)];
  const { stdout } = asked.needs;
  if (options.json === true) {
    stdout.write(`${jsonLine({ versions, documents })}\n`);
    return;
  }
  const inForce = field(versions, 'in_force');
  const number = numberField(inForce, 'version') ?? 0;
  stdout.write(
    number === 0
      ? 'In force: the bundled policies alone\n'
      : `In force: version ${number}, over the bundled policies\n`,
  );
  const unreadable = textField(inForce, 'unreadable');
  if (unreadable !== undefined) stdout.write(`Cannot be read: ${plainText(unreadable)}\n`);
  const all = listField(versions, 'versions');
  if (all.length > 0) stdout.write(tableHead(stdout, versionHead));
  for (const one of all)
    stdout.write(
      `${[
        column(String(numberField(one, 'version') ?? ''), 8),
        column(textField(one, 'state') ?? '', 10),
        column(timeText(field(one, 'made')), 20),
        column(textField(one, 'made_by') ?? '', 16),
        plainText(textField(one, 'note') ?? ''),
      ].join('  ')}\n`,
    );
  const drafts = listField(documents, 'documents');
  stdout.write(`${counted(drafts.length, 'document')}\n`);
  for (const one of drafts)
    stdout.write(
      `  ${plainText(textField(one, 'id') ?? '')}: ${plainText(textField(one, 'name') ?? '')}, revision ${numberField(one, 'revision') ?? ''}, ${counted(numberField(one, 'tests') ?? 0, 'test')}\n`,
    );
}

/** Every document beside those on the server; throws where one has a fault or a test that fails. */
async function check(asked: Asked, directory: string, options: Options): Promise<void> {
  const files = await readPolicyDirectory(directory);
  const { stdout } = asked.needs;
  let wrong = 0;
  let tests = 0;
  for (const { id, name, text, tests: written } of files) {
    const answer = await send(asked, `${path}/check`, { name, text, tests: written, document: id });
    if (options.json === true) stdout.write(`${jsonLine({ document: id, ...asObject(answer) })}\n`);
    for (const fault of listField(answer, 'faults')) {
      wrong += 1;
      stdout.write(
        `${id}.cedar:${numberField(fault, 'line') ?? 0}:${numberField(fault, 'column') ?? 0}: ${plainText(textField(fault, 'message') ?? '')}\n`,
      );
    }
    for (const result of [...listField(answer, 'tests'), ...listField(answer, 'standing')]) {
      tests += 1;
      if (field(result, 'passed') === true) continue;
      wrong += 1;
      stdout.write(
        `${id}: fails: ${plainText(textField(result, 'name') ?? '')}: ${plainText(textField(result, 'reason') ?? '')}\n`,
      );
    }
  }
  if (wrong > 0)
    throw new CliError('not_verified', `Cannot use the policies of "${directory}": ${counted(wrong, 'fault')}`);
  if (options.json !== true)
    stdout.write(`${counted(files.length, 'document')}, ${counted(tests, 'test')}: all well\n`);
}

const asObject = (value: JsonValue): object => (typeof value === 'object' && value !== null ? value : {});

async function bringIn(asked: Asked, directory: string, options: Options): Promise<void> {
  const files = await readPolicyDirectory(directory);
  const there = new Map(
    listField(await read(asked, `${path}/documents`), 'documents').map((one) => [
      textField(one, 'id') ?? '',
      numberField(one, 'revision') ?? 0,
    ]),
  );
  for (const { id, name, text, tests } of files) {
    const expected = there.get(id);
    there.delete(id);
    if (expected === undefined) await send(asked, `${path}/documents`, { id, name, text, tests });
    else await send(asked, `${path}/documents/${id}`, { name, text, tests, expected }, 'PUT');
  }
  for (const [id, expected] of there)
    await asked.client.json({
      path: `${path}/documents/${id}?expected=${expected}`,
      signal: asked.needs.signal,
      method: 'DELETE',
    });
  if (options.json !== true)
    asked.needs.stdout.write(
      `${counted(files.length, 'document')} saved, ${there.size} deleted; nothing is in force yet\n`,
    );
}

async function bringOut(asked: Asked, directory: string): Promise<void> {
  const documents = listField(await read(asked, `${path}/documents`), 'documents');
  const files: PolicyFile[] = [];
  for (const one of documents) {
    const id = textField(one, 'id') ?? '';
    const whole = await read(asked, `${path}/documents/${encodeURIComponent(id)}`);
    files.push({
      id,
      name: textField(one, 'name') ?? id,
      text: textField(whole, 'text') ?? '',
      tests: field(whole, 'tests') ?? [],
    });
  }
  writePolicyDirectory(directory, files);
  asked.needs.stdout.write(`${counted(files.length, 'document')} written to ${plainText(directory)}\n`);
}

async function stage(asked: Asked, body: { note: string; from?: number }, options: Options): Promise<number> {
  const answer = await send(asked, `${path}/versions`, body);
  const made = numberField(field(answer, 'version'), 'version') ?? 0;
  asked.needs.stdout.write(
    options.json === true ? `${jsonLine(answer)}\n` : `Version ${made} is staged; see: policy impact ${made}\n`,
  );
  return made;
}

async function impact(asked: Asked, version: number, options: Options): Promise<void> {
  const answer = await watchImpact(asked, version);
  const { stdout } = asked.needs;
  if (options.json === true) {
    stdout.write(`${jsonLine(answer)}\n`);
    return;
  }
  const changes = listField(answer, 'changes');
  if (changes.length === 0) stdout.write('Nobody there is gains or loses anything\n');
  for (const change of changes) {
    const subjects = listField(change, 'subjects');
    const names = subjects.slice(0, 12).map((one) => textField(one, 'name') ?? '');
    const more = (numberField(change, 'count') ?? 0) - names.length;
    const where = [textField(change, 'site'), textField(change, 'when')].filter((one) => one !== undefined).join(' ');
    stdout.write(
      `${textField(change, 'from') ?? ''} → ${textField(change, 'to') ?? ''}  ${textField(change, 'action') ?? ''}${where === '' ? '' : ` (${plainText(where)})`}: ${plainText(names.join(', '))}${more > 0 ? ` and ${more} more` : ''}\n`,
    );
  }
  for (const one of listField(answer, 'second_person'))
    stdout.write(`Somebody else must approve: ${plainText(textField(one, 'name') ?? '')} may gain\n`);
  if (field(answer, 'partly') === true) stdout.write('There are too many to ask about all: this is a part of it\n');
}

async function step(asked: Asked, version: number, name: 'activate' | 'approve', options: Options): Promise<void> {
  const expected = numberField(field(await read(asked, `${path}/versions`), 'in_force'), 'version') ?? 0;
  const answer = await send(asked, `${path}/versions/${version}/${name}`, { expected });
  const state = textField(field(answer, 'version'), 'state');
  if (options.json === true) asked.needs.stdout.write(`${jsonLine(answer)}\n`);
  else
    asked.needs.stdout.write(
      state === 'active'
        ? `Version ${version} is in force\n`
        : `Version ${version} waits for somebody else to approve it\n`,
    );
}

async function why(asked: Asked, action: string, options: WhyOptions): Promise<void> {
  const principal = {
    kind: options.as ?? 'user',
    ...(options.user === undefined ? {} : { id: options.user }),
    ...(options.role.length === 0 ? {} : { roles: options.role }),
  };
  const resource = options.site === undefined ? {} : { resource: { kind: 'site', id: options.site } };
  const answer = await send(asked, `${path}/explain`, { principal, action, ...resource });
  const { stdout } = asked.needs;
  if (options.json === true) {
    stdout.write(`${jsonLine(answer)}\n`);
    return;
  }
  stdout.write(`${textField(answer, 'answer') ?? ''}: ${plainText(textField(answer, 'reason') ?? '')}\n`);
  for (const one of listField(answer, 'policies')) {
    stdout.write(
      `  ${textField(one, 'effect') ?? ''} ${plainText(textField(one, 'id') ?? '')} (${plainText(textField(one, 'file') ?? '')})\n`,
    );
    for (const fact of listField(one, 'facts'))
      stdout.write(
        `    ${textField(fact, 'of') ?? ''}.${textField(fact, 'name') ?? ''} = ${plainText(jsonLine(field(fact, 'value') ?? null))}\n`,
      );
  }
  for (const way of listField(answer, 'ways'))
    stdout.write(`  would do: ${plainText(textField(way, 'words') ?? '')}\n`);
}
