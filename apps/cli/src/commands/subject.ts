import { textsOf } from '@sallyport/contracts';
import type { Command } from 'commander';
import { field, listField, numberField, textField } from '../json-reading.ts';
import type { CliNeeds } from '../needs.ts';
import { asTyped, counted, jsonLine, plainText, shortText, styled, tableHead } from '../terminal.ts';
import { openOperatorClient, withConnection } from './connection.ts';
import { saveDownload } from './save-download.ts';
import { holdSubject, listHolds, type HoldOptions } from './subject-hold.ts';
import { ask, namesIn, type Names, type Options } from './subject-asking.ts';

type DeclareOptions = Options & { kind?: string; path?: string[]; source?: string[]; except?: string[] };

/** What is held on somebody, and its end. Names travel in bodies, never in addresses. */
export function addSubjectCommands(program: Command, needs: CliNeeds): void {
  const subject = program
    .command('subject')
    .description('personal data: declare it, find, export and erase what is held on somebody')
    .summary('what is held on somebody');
  const add = (name: string): Command =>
    withConnection(subject.command(name))
      .option('--data <dir>', 'data directory of the server on this machine (SALLYPORT_DATA, else ./data)')
      .option('--json', 'print JSON');
  const about = (name: string): Command =>
    add(name)
      .option('--user-name <name...>', 'as events write it')
      .option('--email <address...>')
      .option('--phone <number...>')
      .option('--ip <address...>')
      .option('--custom <value...>', 'of a declaration of your own')
      .option('--shared <day...>', 'all those of a day there was no key left for, YYYY-MM-DD');
  add('declarations')
    .description('which fields of events are declared to name somebody')
    .action((options: Options) => listDeclarations(options, needs));
  add('declare')
    .description('declare fields that name somebody, for everything recorded from now on')
    .argument('<name>', 'a preset (user-names, email-addresses, phone-numbers, client-addresses) or a name of your own')
    .option('--kind <kind>', 'user-name, email, phone, ip or custom')
    .option('--path <path...>', 'where it stands, such as actor.user.name or **.user.name')
    .option('--source <name...>', 'only events of these sources (default: all, findings and audit records too)')
    .option('--except <value...>', 'values that are nobody’s')
    .action((name: string, options: DeclareOptions) => declare(name, options, needs));
  add('undeclare')
    .description('seal these fields no longer; what was sealed stays so')
    .argument('<name>')
    .action((name: string, options: Options) => undeclare(name, options, needs));
  about('find')
    .description('what is held on somebody')
    .action((options: Options & Names) => find(options, needs));
  about('export')
    .description('save everything that is held on somebody as JSON')
    .requiredOption('--out <file>', 'where to save it; an existing file is not overwritten')
    .option('--reason <text>', 'by what right or ticket, kept for good: not who asks', 'asked for on the command line')
    .action((options: Options & Names & { out: string; reason: string }) => exportSubject(options, needs));
  about('erase')
    .description('ask for the erasure of somebody: two people sign it, and it waits')
    .option('--reason <text>', 'by what right or ticket, kept for good: not who asks', 'asked for on the command line')
    .action((options: Options & Names & { reason: string }) => erase(options, needs));
  about('hold')
    .description('a legal hold on one person: nobody erases them until two people release it')
    .requiredOption('--case <name>', 'what the case is known by: not the person, everybody who sees holds reads it')
    .option('--days', 'keep the days too on which something was recorded of them, whole and of every class')
    .option('--reason <text>', 'kept in the vault and the audit trail', 'asked for on the command line')
    .action((options: HoldOptions) => holdSubject(options, needs));
  add('holds')
    .description('legal holds on one person each')
    .action((options: Options) => listHolds(options, needs));
  add('requests')
    .description('what people asked, and how far it is')
    .action((options: Options) => listRequests(options, needs));
}

async function listDeclarations(options: Options, needs: CliNeeds): Promise<void> {
  const answer = await ask(options, needs, { path: '/v1/personal-data/declarations' });
  if (options.json === true) {
    needs.stdout.write(`${jsonLine(answer)}\n`);
    return;
  }
  const declarations = listField(answer, 'declarations');
  if (declarations.length === 0)
    needs.stderr.write(
      `Nothing is declared: names stand readable in what is recorded\nhint: ${asTyped('sallyport subject declare user-names', needs.configuration.command)}\n`,
    );
  else needs.stdout.write(tableHead(needs.stdout, [['name', 18], ['kind', 10], ['of sources', 16], ['fields']]));
  for (const one of declarations) {
    const sources = listField(one, 'sources');
    const paths = listField(one, 'paths').filter((path) => typeof path === 'string');
    const where = sources.length === 0 ? 'all sources' : textsOf(sources).join(' ');
    const kind = shortText(textField(one, 'kind') ?? '', 12).padEnd(10);
    needs.stdout.write(
      `${shortText(textField(one, 'name') ?? '', 50).padEnd(18)}  ${kind}  ${shortText(where, 60).padEnd(16)}  ${shortText(paths.join(' '), 160)}\n`,
    );
  }
  const sealed = numberField(field(answer, 'subjects'), 'sealed') ?? 0;
  const erased = numberField(field(answer, 'subjects'), 'erased') ?? 0;
  needs.stdout.write(`${counted(sealed, 'subject')} sealed, ${erased} erased\n`);
}

async function declare(name: string, options: DeclareOptions, needs: CliNeeds): Promise<void> {
  const { kind, path, source, except } = options;
  const answer = await ask(options, needs, {
    method: 'PUT',
    path: `/v1/personal-data/declarations/${encodeURIComponent(name)}`,
    body: {
      ...(kind === undefined && path === undefined ? { preset: name } : {}),
      ...(kind === undefined ? {} : { kind }),
      ...(path === undefined ? {} : { paths: path }),
      ...(source === undefined ? {} : { sources: source }),
      ...(except === undefined ? {} : { except }),
    },
  });
  if (options.json === true) needs.stdout.write(`${jsonLine(answer)}\n`);
  else {
    const what = source === undefined ? 'everything recorded' : `what ${source.map(plainText).join(', ')} sends`;
    needs.stdout.write(`Declared ${plainText(name)}: sealed in ${what} from now on\n`);
  }
  needs.stderr.write('hint: what was recorded before stays as it is, and goes when its day expires\n');
}

async function undeclare(name: string, options: Options, needs: CliNeeds): Promise<void> {
  const path = `/v1/personal-data/declarations/${encodeURIComponent(name)}`;
  const client = openOperatorClient(options, needs);
  try {
    await client.text({ method: 'DELETE', path, signal: needs.signal });
  } finally {
    client.close();
  }
  needs.stdout.write(`Sealed no longer: ${plainText(name)}\n`);
}

async function find(options: Options & Names, needs: CliNeeds): Promise<void> {
  const answer = await ask(options, needs, {
    method: 'POST',
    path: '/v1/personal-data/subjects',
    body: { about: namesIn(options) },
  });
  if (options.json === true) {
    needs.stdout.write(`${jsonLine(answer)}\n`);
    return;
  }
  for (const one of listField(answer, 'subjects')) {
    const state = textField(one, 'state') ?? '';
    const since = textField(one, 'since');
    const value = shortText(textField(one, 'value') ?? '', 80);
    const style = state === 'sealed' ? 'green' : 'yellow';
    needs.stdout.write(
      `${shortText(textField(one, 'kind') ?? '', 12).padEnd(10)}  ${value}  ${styled(needs.stdout, style, shortText(state, 12))}${since === undefined ? '' : `  since ${shortText(since, 40)}`}\n`,
    );
  }
  const more = field(answer, 'complete') === false ? ' or more' : '';
  needs.stdout.write(`${counted(numberField(answer, 'entries') ?? 0, 'entry', 'entries')}${more}\n`);
  needs.stderr.write(
    `hint: what was recorded before a declaration is not counted; ${asTyped('sallyport search', needs.configuration.command)} finds it by its words\n`,
  );
}

async function exportSubject(
  options: Options & Names & { out: string; reason: string },
  needs: CliNeeds,
): Promise<void> {
  const request = await ask(options, needs, {
    method: 'POST',
    path: '/v1/personal-data/requests',
    body: { kind: 'access', about: namesIn(options), reason: options.reason },
  });
  const id = textField(request, 'id') ?? '';
  const client = openOperatorClient(options, needs);
  try {
    const path = `/v1/personal-data/requests/${encodeURIComponent(id)}/export`;
    await saveDownload(await client.open({ path, signal: needs.signal }), options.out);
  } finally {
    client.close();
  }
  if (options.json === true) needs.stdout.write(`${jsonLine(request)}\n`);
  else needs.stdout.write(`Saved what is held in ${plainText(options.out)}, as request ${shortText(id, 20)}\n`);
  needs.stderr.write('hint: events may name others too: look before you hand it on\n');
}

async function erase(options: Options & Names & { reason: string }, needs: CliNeeds): Promise<void> {
  const request = await ask(options, needs, {
    method: 'POST',
    path: '/v1/personal-data/requests',
    body: { kind: 'erasure', about: namesIn(options), reason: options.reason },
  });
  if (options.json === true) {
    needs.stdout.write(`${jsonLine(request)}\n`);
    return;
  }
  const destruction = shortText(textField(field(request, 'destruction'), 'id') ?? '', 40);
  needs.stdout.write(
    `Asked, as request ${shortText(textField(request, 'id') ?? '', 20)}: nothing is erased yet\n` +
      `Two people sign destruction ${destruction} in the console, and it waits\n`,
  );
  needs.stderr.write(`next: ${asTyped('sallyport subject requests', needs.configuration.command)}\n`);
}

async function listRequests(options: Options, needs: CliNeeds): Promise<void> {
  const answer = await ask(options, needs, { path: '/v1/personal-data/requests' });
  if (options.json === true) {
    needs.stdout.write(`${jsonLine(answer)}\n`);
    return;
  }
  const requests = listField(answer, 'requests');
  if (requests.length === 0) needs.stderr.write('Nobody has asked yet\n');
  else
    needs.stdout.write(
      tableHead(needs.stdout, [['id', 16], ['kind', 7], ['state', 10], ['asked', 24], ['destruction', 32], ['reason']]),
    );
  for (const one of requests) {
    const destruction = field(one, 'destruction');
    const columns = [
      shortText(textField(one, 'id') ?? '', 20).padEnd(16),
      shortText(textField(one, 'kind') ?? '', 10).padEnd(7),
      shortText(textField(one, 'state') ?? '', 12).padEnd(10),
      shortText(textField(one, 'asked_at') ?? '', 40),
      shortText(textField(destruction, 'id') ?? '-', 40).padEnd(32),
      shortText(textField(one, 'reason') ?? '', 80),
    ];
    needs.stdout.write(`${columns.join('  ').trimEnd()}\n`);
  }
}
