/** A rule with one thing of its detection changed, or a correlation with one thing of its counting, under an id of its own. */
export type RuleMutant = { readonly id: string; readonly what: string; readonly text: string };

const alwaysName = '_always';
const neverName = '_never';
/** A field that no event has. */
const constants = `    ${alwaysName}:\n        no.such.field|exists: false\n    ${neverName}:\n        no.such.field|exists: true\n`;

/**
 * Every way to break a bundled rule that its events must notice: a search that holds always or never, a field that is no longer asked for, a
 * value that is no longer listed. Goes by the indentation of the pack (4, 8 and 12), so that it changes what people read and not what
 * was parsed of it.
 */
export function ruleMutants(text: string): RuleMutant[] {
  const lines = text.split('\n');
  const start = lines.indexOf('detection:');
  const end = lines.findIndex((line, at) => at > start && /^\S/.test(line));
  const conditionAt = lines.findIndex((line, at) => at > start && line.startsWith('    condition:'));
  const condition = lines[conditionAt] ?? '';
  const mutants: RuleMutant[] = [];
  const add = (what: string, changed: readonly string[]): void => {
    const id = `mutant-${idOf(text)}-${mutants.length}`;
    const body = changed
      .map((line) => (line.startsWith('id:') ? `id: ${id}` : line))
      .filter((line) => !line.startsWith('name:'))
      .join('\n');
    mutants.push({ id, what, text: body });
  };
  const without = (from: number, to: number): string[] => [...lines.slice(0, from), ...lines.slice(to)];
  for (const block of blocksOf(lines, { from: start + 1, to: end, indent: 4 })) {
    const search = /^ {4}([\w-]+):/.exec(lines[block.from] ?? '')?.[1] ?? '';
    if (search === 'condition') continue;
    const named = new RegExp(String.raw`(?<![\w*-])${search}(?![\w*-])`, 'g');
    for (const [word, constant] of [
      ['always holds', alwaysName],
      ['never holds', neverName],
    ] as const) {
      const changed = condition.replace(/(?<=condition:).*/, (rest) => rest.replaceAll(named, constant));
      if (changed !== condition)
        add(`${search} ${word}`, lines.with(conditionAt, changed).toSpliced(start + 1, 0, constants.trimEnd()));
    }
    const fields = blocksOf(lines, { from: block.from + 1, to: block.to, indent: 8 });
    for (const field of fields) {
      const line = lines[field.from] ?? '';
      if (fields.length > 1) add(`without ${search}: ${line.trim()}`, without(field.from, field.to));
      const values = blocksOf(lines, { from: field.from + 1, to: field.to, indent: 12 });
      if (values.length > 1)
        for (const value of values)
          add(`without ${search}: ${line.trim()} ${(lines[value.from] ?? '').trim()}`, without(value.from, value.to));
    }
  }
  return mutants;
}

/**
 * Every way to break a bundled correlation that its sequences must notice: a rule or a field of the group left out, all the time in the world,
 * one more or one less to count, any order where it asks for one.
 */
export function correlationMutants(text: string): RuleMutant[] {
  const lines = text.split('\n');
  const start = lines.indexOf('correlation:');
  const end = lines.findIndex((line, at) => at > start && /^\S/.test(line));
  const mutants: RuleMutant[] = [];
  const add = (what: string, changed: string): void => {
    const id = `mutant-${idOf(text)}-${mutants.length}`;
    mutants.push({ id, what, text: changed.replace(/^id: .*$/m, `id: ${id}`).replace(/^name: .*\n/m, '') });
  };
  const least = Number(/^ {8}gte: (\d+)$/m.exec(text)?.[1] ?? 0);
  for (const block of blocksOf(lines, { from: start + 1, to: end, indent: 4 })) {
    const entries = blocksOf(lines, { from: block.from + 1, to: block.to, indent: 8 });
    const key = /^ {4}([\w-]+):/.exec(lines[block.from] ?? '')?.[1] ?? '';
    if (key !== 'rules' && key !== 'group-by') continue;
    const isOnly = entries.length === 1;
    for (const entry of entries) {
      const from = isOnly ? block.from : entry.from;
      const rest = [...lines.slice(0, from), ...lines.slice(entry.to)].join('\n');
      // What one rule alone cannot be, it is counted as.
      const alone = rest.replace(/^( {4}type: )temporal.*$/m, '$1event_count\n    condition:\n        gte: 1');
      if (key === 'group-by' ? least !== 1 : !isOnly)
        add(
          `without ${key} ${(lines[entry.from] ?? '').trim()}`,
          key === 'rules' && entries.length === 2 ? alone : rest,
        );
    }
  }
  // A count of one is the same at any time and in any group.
  if (least !== 1) add('timespan 1000d', text.replace(/^( {4}timespan: ).*$/m, '$11000d'));
  if (text.includes('type: temporal_ordered'))
    add('in any order', text.replace('type: temporal_ordered', 'type: temporal'));
  const counting = (count: number): string => text.replace(/^( {8}gte: )\d+$/m, `$1${count}`);
  if (least > 1) add('one less', counting(least - 1));
  if (least > 0) add('one more', counting(least + 1));
  return mutants;
}

type Block = { readonly from: number; readonly to: number };

/** Lines that begin at an indentation, each with the deeper ones behind it. */
function blocksOf(lines: readonly string[], { from, to, indent }: Block & { readonly indent: number }): Block[] {
  const starts = Array.from({ length: to - from }, (_, at) => from + at).filter((at) =>
    new RegExp(`^ {${indent}}[^ ]`).test(lines[at] ?? ''),
  );
  return starts.map((begin, at) => ({ from: begin, to: starts[at + 1] ?? to }));
}

function idOf(text: string): string {
  return /^id: (.*)$/m.exec(text)?.[1] ?? '';
}
