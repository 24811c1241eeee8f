import type { JsonValue } from '@sallyport/contracts';
import { CliError } from '../errors.ts';
import { field, listField, numberField, textField } from '../json-reading.ts';
import { jsonLine, plainText } from '../terminal.ts';
import { openingIds, read, send, type AgentPolicyOptions } from './agent-policy-asking.ts';
import type { Asked } from './policy-past.ts';

export type VersionOptions = AgentPolicyOptions;
export type StageOptions = VersionOptions & { note?: string };

export async function stage(
  asked: Asked,
  body: { readonly note: string; readonly from?: number },
  { json }: VersionOptions,
): Promise<void> {
  const answer = await send(asked, '/versions', { ...body });
  const { stdout } = asked.needs;
  if (json === true) {
    stdout.write(`${jsonLine(answer)}\n`);
    return;
  }
  const made = field(answer, 'version');
  stdout.write(`Staged version ${numberField(made, 'version') ?? ''}\n`);
  const opens = openingIds(made);
  if (opens.length > 0)
    stdout.write(
      `It may let through what is not now, so somebody else must approve it: ${opens.map(plainText).join(', ')}\n`,
    );
}

/** Puts it into force as it was listed: a version that is another by then, or on top of another, is refused by the server. */
export async function step(
  asked: Asked,
  { version, name }: { readonly version: number; readonly name: 'activate' | 'approve' },
  { json }: VersionOptions,
): Promise<void> {
  const versions = listField(await read(asked, '/versions'), 'versions');
  const made = versions.find((one) => numberField(one, 'version') === version);
  if (made === undefined)
    throw new CliError('usage', `Cannot find version ${version}`, { hint: 'sallyport agent policies list' });
  const expected = numberField(field(await read(asked, ''), 'in_force'), 'version') ?? 0;
  const digest = textField(made, 'digest') ?? '';
  const answer = await send(asked, `/versions/${version}/${name}`, { expected, digest });
  const { stdout } = asked.needs;
  const state = textField(field(answer, 'version'), 'state');
  stdout.write(
    json === true
      ? `${jsonLine(answer)}\n`
      : state === 'active'
        ? `Version ${version} is in force for all runs\n`
        : `Version ${version} waits: somebody else must approve it (sallyport agent policies approve ${version})\n`,
  );
}

export async function withdraw(asked: Asked, version: number, { json }: VersionOptions): Promise<void> {
  const answer = await send(asked, `/versions/${version}/withdraw`);
  asked.needs.stdout.write(
    json === true ? `${jsonLine(answer)}\n` : `Withdrew version ${version}: it never comes into force\n`,
  );
}

export async function prospect(asked: Asked, version: number, { json }: VersionOptions): Promise<void> {
  const told = await read(asked, `/versions/${version}/prospect`);
  const { stdout } = asked.needs;
  if (json === true) {
    stdout.write(`${jsonLine(told)}\n`);
    return;
  }
  const openings = listField(told, 'openings');
  const against = numberField(told, 'against') ?? 0;
  const than = against === 0 ? 'the packs alone' : `version ${against}`;
  stdout.write(
    openings.length === 0
      ? `Version ${version} lets nothing through that ${than} would not\n`
      : `Version ${version} may let through what ${than} would not:\n`,
  );
  for (const one of openings)
    stdout.write(
      `  ${textField(one, 'kind') === 'permit' ? 'permits' : 'forbids no more'}: ${plainText(textField(one, 'id') ?? '')}: ${plainText(textField(one, 'words') ?? '')}\n`,
    );
  const widened = listField(told, 'widened').flatMap((one) => textField(one, 'action') ?? []);
  if (widened.length > 0)
    stdout.write(`Without a question at the worst it can be: ${[...new Set(widened)].map(plainText).join(', ')}\n`);
  const barred = listField(told, 'second_person').filter((one) => typeof one === 'string');
  if (barred.length > 0) stdout.write(`Somebody else must approve it: not ${barred.map(plainText).join(', not ')}\n`);
  const doubt = textField(told, 'doubt');
  if (doubt !== undefined) stdout.write(`Nobody can tell what is in force: ${plainText(doubt)}\n`);
}

const marks: Readonly<Record<string, string>> = { same: ' ', removed: '-', added: '+' };

export async function differences(
  asked: Asked,
  { from, to }: { readonly from: number | undefined; readonly to: number | undefined },
  { json }: VersionOptions,
): Promise<void> {
  const earlier = from ?? (await inForce(asked));
  const told = await read(asked, `/differences?from=${earlier}${to === undefined ? '' : `&to=${to}`}`);
  const { stdout } = asked.needs;
  if (json === true) {
    stdout.write(`${jsonLine(told)}\n`);
    return;
  }
  const different = listField(told, 'documents').filter((one) => textField(one, 'change') !== 'same');
  if (different.length === 0) stdout.write('Not a line differs\n');
  for (const one of different) {
    const said = (name: string): string => plainText(textField(one, name) ?? '');
    stdout.write(`${said('name')} (${said('id')}.cedar): ${said('change')}\n`);
    const [was, is] = [aboutText(field(one, 'was')), aboutText(field(one, 'is'))];
    if (was !== undefined && is !== undefined && was !== is)
      stdout.write(`  it was about ${was}, and is about ${is}\n`);
    for (const line of listField(one, 'lines'))
      stdout.write(`${marks[textField(line, 'kind') ?? ''] ?? ' '} ${plainText(textField(line, 'text') ?? '')}\n`);
    if (field(one, 'tests_changed') === true) stdout.write('  its tests changed, too\n');
  }
}

/** Compared with nothing, everything would be new: where nobody can tell what is in force, the version must be named. */
async function inForce(asked: Asked): Promise<number> {
  const standing = field(await read(asked, ''), 'in_force');
  if (textField(standing, 'unreadable') !== undefined)
    throw new CliError('usage', 'Cannot compare with what is in force: nobody can tell what that is', {
      hint: 'name the version: sallyport agent policies diff 1',
    });
  return numberField(standing, 'version') ?? 0;
}

function aboutText(scope: JsonValue | undefined): string | undefined {
  const kind = scope === undefined ? undefined : textField(scope, 'kind');
  if (scope === undefined || kind === undefined) return undefined;
  const value = textField(scope, 'id') ?? textField(scope, 'name');
  return plainText(value === undefined ? 'all agents' : `${kind} ${value}`);
}
