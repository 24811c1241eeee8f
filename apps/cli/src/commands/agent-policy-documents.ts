import { isDeepStrictEqual } from 'node:util';
import { isJsonObject } from '@sallyport/contracts';
import type { JsonValue } from '@sallyport/contracts';
import type { Command } from 'commander';
import { CliError } from '../errors.ts';
import { field, listField, numberField, textField } from '../json-reading.ts';
import type { CliNeeds } from '../needs.ts';
import { counted, jsonLine, plainText } from '../terminal.ts';
import { agentPoliciesPath, read, send, type AgentPolicyOptions } from './agent-policy-asking.ts';
import {
  agentPolicyFileWords,
  agentPolicyId,
  agentPolicyText,
  readAgentPolicyPaths,
  writeAgentPolicyFiles,
  type AgentPolicyFile,
} from './agent-policy-file.ts';
import { withClient } from './connection.ts';
import { wholeNumber } from './option-values.ts';
import type { Asked } from './policy-past.ts';

type Options = AgentPolicyOptions;
type ShowOptions = Options & { in?: number };
type ImportOptions = Options & { dryRun?: true };

/** Documents of policies for agents as they are being written, and the files they are kept in elsewhere. */
export function addAgentPolicyDocumentCommands(add: (name: string, words: string) => Command, needs: CliNeeds): void {
  const run = (options: Options, work: (asked: Asked) => Promise<void>): Promise<void> =>
    withClient(options, needs, (client) => work({ client, needs }));
  add('show', 'a document as the file it would be kept in (agents:read)')
    .argument('<document>', 'its id')
    .option('--in <version>', 'as it is in that version', wholeNumber(1, 1_000_000_000))
    .action((id: string, options: ShowOptions) => run(options, (asked) => show(asked, id, options)));
  add('check', 'read documents as the server would, and run their tests; nothing is kept (agents:read)')
    .argument('<path...>', `${agentPolicyFileWords}; or a folder of them`)
    .action((paths: string[], options: Options) => run(options, (asked) => check(asked, paths, options)));
  add('save', 'keep a document on the server; it is in force nowhere (agents:manage)')
    .argument('<path...>', `${agentPolicyFileWords}; or a folder of them`)
    .action((paths: string[], options: Options) => run(options, (asked) => save(asked, paths, options)));
  add('delete', 'take a document away; versions that hold it stay (agents:manage)')
    .argument('<document>', 'its id')
    .action((id: string, options: Options) => run(options, (asked) => remove(asked, id, options)));
  add('import', 'make the documents on the server those of a folder; nothing comes into force (agents:manage)')
    .argument('<folder>', 'with ID.cedar and ID.test.json')
    .option('--dry-run', 'only say what would be saved and deleted; exit code 1 where anything would')
    .action((folder: string, options: ImportOptions) => run(options, (asked) => bringIn(asked, folder, options)));
  add('export', 'write the documents on the server into a folder (agents:read)')
    .argument('<folder>', 'made where there is none')
    .action((folder: string, options: Options) => run(options, (asked) => bringOut(asked, folder, options)));
}

/** Of the server, as a file would hold it. */
function asFile(id: string, said: JsonValue | undefined, whole: JsonValue): AgentPolicyFile {
  return {
    id,
    draft: {
      name: textField(said, 'name') ?? id,
      scope: field(said, 'scope') ?? { kind: 'all' },
      text: textField(whole, 'text') ?? '',
      tests: field(whole, 'tests') ?? [],
    },
  };
}

async function documentOf(asked: Asked, id: string): Promise<AgentPolicyFile> {
  const whole = await read(asked, `/documents/${encodeURIComponent(id)}`);
  return asFile(id, field(whole, 'document'), whole);
}

async function show(asked: Asked, text: string, options: ShowOptions): Promise<void> {
  const id = agentPolicyId(text, 'show');
  const file = options.in === undefined ? await documentOf(asked, id) : await inVersion(asked, id, options.in);
  const { stdout } = asked.needs;
  if (options.json === true) {
    stdout.write(`${jsonLine({ id, ...file.draft })}\n`);
    return;
  }
  const lines = agentPolicyText(file).split('\n').map(plainText).join('\n');
  stdout.write(lines.endsWith('\n') ? lines : `${lines}\n`);
}

async function inVersion(asked: Asked, id: string, version: number): Promise<AgentPolicyFile> {
  const found = listField(await read(asked, `/versions/${version}`), 'texts').find(
    (one) => textField(one, 'id') === id,
  );
  if (found !== undefined) return asFile(id, found, found);
  throw new CliError('usage', `Cannot show "${plainText(id)}": version ${version} holds no such document`, {
    hint: `see which it holds: sallyport agent policies diff 0 ${version}`,
  });
}

/** Throws where any has a fault or a test that fails. */
async function check(asked: Asked, paths: readonly string[], options: Options): Promise<void> {
  const { stdout } = asked.needs;
  const files = await readAgentPolicyPaths(paths);
  const [wrong, policies, tests, widened] = [[0], [0], [0], new Set<string>()];
  for (const { id, draft } of files) {
    const answer = await send(asked, '/check', { draft, document: id });
    const faults = listField(answer, 'faults');
    const failed = [...listField(answer, 'tests'), ...listField(answer, 'standing')].filter(
      (one) => field(one, 'passed') !== true,
    );
    wrong.push(faults.length + failed.length);
    policies.push(listField(answer, 'policies').filter((one) => textField(one, 'document') === id).length);
    tests.push(listField(answer, 'tests').length);
    for (const one of listField(answer, 'widened')) widened.add(textField(one, 'action') ?? '');
    if (options.json === true) {
      stdout.write(`${jsonLine({ document: id, ...(isJsonObject(answer) ? answer : {}) })}\n`);
      continue;
    }
    for (const fault of faults)
      stdout.write(
        `${plainText(textField(fault, 'document') ?? '')}.cedar:${numberField(fault, 'line') ?? 0}:${numberField(fault, 'column') ?? 0}: ${plainText(textField(fault, 'message') ?? '')}\n`,
      );
    for (const one of failed)
      stdout.write(`fails: ${plainText(textField(one, 'name') ?? '')}: ${plainText(textField(one, 'reason') ?? '')}\n`);
  }
  const sum = (counts: readonly number[]): number => counts.reduce((all, one) => all + one, 0);
  if (sum(wrong) > 0)
    throw new CliError('not_verified', `Cannot use "${paths.join('", "')}": ${counted(sum(wrong), 'fault')}`);
  if (options.json === true) return;
  const among = files.length === 1 ? '' : `${counted(files.length, 'document')}, `;
  stdout.write(`${among}${counted(sum(policies), 'policy', 'policies')}, ${counted(sum(tests), 'test')}: all well\n`);
  if (widened.size > 0)
    stdout.write(`Without a question at the worst it can be: ${[...widened].map(plainText).join(', ')}\n`);
}

/** Those on the server, also such as cannot be read: they are saved anew in their place, or deleted. */
async function standing(asked: Asked): Promise<ReadonlyMap<string, { readonly revision: number; isDamaged: boolean }>> {
  const told = await read(asked, '');
  const entry = (one: JsonValue, isDamaged: boolean) =>
    [textField(one, 'id') ?? '', { revision: numberField(one, 'revision') ?? 1, isDamaged }] as const;
  return new Map([
    ...listField(told, 'documents').map((one) => entry(one, false)),
    ...listField(told, 'damaged').map((one) => entry(one, true)),
  ]);
}

async function saveOne(asked: Asked, { id, draft }: AgentPolicyFile, expected: number | undefined): Promise<JsonValue> {
  return expected === undefined
    ? await send(asked, '/documents', { id, draft })
    : await send(asked, `/documents/${id}`, { draft, expected }, 'PUT');
}

async function save(asked: Asked, paths: readonly string[], options: Options): Promise<void> {
  const files = await readAgentPolicyPaths(paths);
  const known = await standing(asked);
  for (const file of files) {
    const answer = await saveOne(asked, file, known.get(file.id)?.revision);
    const revision = numberField(field(answer, 'document'), 'revision') ?? '';
    asked.needs.stdout.write(
      options.json === true
        ? `${jsonLine(answer)}\n`
        : `Saved ${file.id}, revision ${revision}; in force nowhere yet\n`,
    );
  }
}

async function removeOne({ client, needs }: Asked, id: string, expected: number): Promise<void> {
  await client.text({
    method: 'DELETE',
    path: `${agentPoliciesPath}/documents/${encodeURIComponent(id)}?expected=${expected}`,
    signal: needs.signal,
  });
}

async function remove(asked: Asked, id: string, options: Options): Promise<void> {
  const known = (await standing(asked)).get(id);
  if (known === undefined)
    throw new CliError('usage', `Cannot delete "${plainText(id)}": there is no such document`, {
      hint: 'see which there are: sallyport agent policies list',
    });
  await removeOne(asked, id, known.revision);
  asked.needs.stdout.write(
    options.json === true
      ? `${jsonLine({ deleted: id, revision: known.revision })}\n`
      : `Deleted ${plainText(id)}; what is in force stays until another version is\n`,
  );
}

/** Broken off in the middle, it is begun anew and goes on: what is as in its file already is left alone. */
async function bringIn(asked: Asked, folder: string, options: ImportOptions): Promise<void> {
  const files = await readAgentPolicyPaths([folder]);
  const known = await standing(asked);
  const saved: string[] = [];
  const deleted = [...known.keys()].filter((id) => files.every((file) => file.id !== id));
  for (const file of files) {
    const there = known.get(file.id);
    const isSame =
      there?.isDamaged === false && isDeepStrictEqual((await documentOf(asked, file.id)).draft, file.draft);
    if (isSame) continue;
    if (options.dryRun !== true) await saveOne(asked, file, there?.revision);
    saved.push(file.id);
  }
  if (options.dryRun !== true) for (const id of deleted) await removeOne(asked, id, known.get(id)?.revision ?? 1);
  tellBrought(asked, { saved, deleted, same: files.length - saved.length }, options);
}

function tellBrought(
  { needs: { stdout } }: Asked,
  { saved, deleted, same }: { readonly saved: string[]; readonly deleted: string[]; readonly same: number },
  { json, dryRun }: ImportOptions,
): void {
  const isDry = dryRun === true;
  if (json === true) stdout.write(`${jsonLine({ saved, deleted, same, dry_run: isDry })}\n`);
  else {
    for (const id of saved) stdout.write(`${isDry ? 'would save' : 'saved'}    ${id}\n`);
    for (const id of deleted) stdout.write(`${isDry ? 'would delete' : 'deleted'}  ${plainText(id)}\n`);
    stdout.write(
      `${counted(saved.length, 'document')} ${isDry ? 'to save' : 'saved'}, ${deleted.length} ${isDry ? 'to delete' : 'deleted'}, ${same} as they were; nothing is in force yet\n`,
    );
  }
  if (isDry && saved.length + deleted.length > 0)
    throw new CliError('not_verified', 'The documents on the server are not those of the folder', {
      hint: 'make them so: the same command without --dry-run',
    });
}

async function bringOut(asked: Asked, folder: string, options: Options): Promise<void> {
  const files: AgentPolicyFile[] = [];
  const known = await standing(asked);
  for (const [id, { isDamaged }] of known) {
    // One that was written over would be lost without a word in the next import.
    if (isDamaged)
      throw new CliError('request_refused', `Cannot export "${plainText(id)}": it is not as it was sealed`, {
        hint: 'save it anew from its file, or delete it: sallyport agent policies list says why',
      });
    files.push(await documentOf(asked, id));
  }
  writeAgentPolicyFiles(folder, files);
  asked.needs.stdout.write(
    options.json === true
      ? `${jsonLine({ written: files.map(({ id }) => id) })}\n`
      : `${counted(files.length, 'document')} written to ${plainText(folder)}\n`,
  );
}
