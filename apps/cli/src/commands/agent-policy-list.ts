import { field, listField, numberField, textField } from '../json-reading.ts';
import { column, counted, jsonLine, plainText, tableHead, timeText } from '../terminal.ts';
import { damageLine, read, type AgentPolicyOptions } from './agent-policy-asking.ts';
import type { Asked } from './policy-past.ts';

const head = [['version', 8], ['state', 10], ['made', 20], ['by', 16], ['note']] as const;

/** What is in force, the versions, and the documents as they are being written. */
export async function listAgentPolicies(asked: Asked, options: AgentPolicyOptions): Promise<void> {
  const [own, made] = [await read(asked, ''), await read(asked, '/versions')];
  const { stdout } = asked.needs;
  const [versions, documents] = [listField(made, 'versions'), listField(own, 'documents')];
  const [damagedVersions, damagedDocuments] = [listField(made, 'damaged'), listField(own, 'damaged')];
  if (options.json === true) {
    stdout.write(
      `${jsonLine({ in_force: field(own, 'in_force') ?? {}, documents, versions, damaged: [...damagedDocuments, ...damagedVersions] })}\n`,
    );
    return;
  }
  const inForce = numberField(field(own, 'in_force'), 'version');
  const unreadable = textField(field(own, 'in_force'), 'unreadable');
  stdout.write(
    unreadable !== undefined
      ? `Cannot be read, and no call is let through: ${plainText(unreadable)}\n`
      : inForce === undefined
        ? 'In force: the packs alone\n'
        : `In force: version ${inForce}, beside the packs\n`,
  );
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
  for (const one of damagedVersions) stdout.write(damageLine('Version', one));
  for (const one of damagedDocuments) stdout.write(damageLine('Document', one));
  stdout.write(`${counted(documents.length, 'document')}\n`);
  for (const one of documents)
    stdout.write(
      `  ${plainText(textField(one, 'id') ?? '')}: ${plainText(textField(one, 'name') ?? '')}, revision ${numberField(one, 'revision') ?? ''}, ${counted(numberField(one, 'tests') ?? 0, 'test')}${field(one, 'in_force') === true ? ', in force' : ''}\n`,
    );
}
