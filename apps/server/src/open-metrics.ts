/** One figure, for each combination of labels. */
export type Family = {
  /** Without the `_total` of a counter. */
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly samples: readonly { readonly labels?: Readonly<Record<string, string>>; readonly value: number }[];
};

/** OpenMetrics 1.0 text (https://openmetrics.io). Values of labels may be any text; names are those of the program. */
export function openMetrics(families: readonly Family[]): string {
  const lines: string[] = [];
  for (const { name, type, help, samples } of families) {
    if (samples.length === 0) continue;
    lines.push(`# TYPE ${name} ${type}`, `# HELP ${name} ${escaped(help)}`);
    const sampleName = type === 'counter' ? `${name}_total` : name;
    for (const { labels = {}, value } of samples) lines.push(`${sampleName}${labelText(labels)} ${numberText(value)}`);
  }
  lines.push('# EOF', '');
  return lines.join('\n');
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escaped(text: string): string {
  return text.toWellFormed().replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  return Number.isFinite(value) ? String(value) : value > 0 ? '+Inf' : '-Inf';
}
