import { quoteValue } from './quote-value.ts';
import type { Source } from './origins.ts';
import type { JudgedValue } from './standing.ts';

/** How values that are not the person's came to a call, in words; empty where all are. Of many values the first are said. */
export function sayPath(values: readonly JudgedValue[], untrusted: readonly Source[]): string {
  const said = values.slice(0, 4).map(({ argument, text, finding, standing }) => {
    const value = `${argument} ${quoteValue(argument, text)}`;
    if (standing === 'named' || standing === 'mentioned') return `${value} is in your prompt`;
    const from = sayList(finding.sources.map(({ words }) => words));
    if (finding.how === 'nowhere')
      return untrusted.length === 0
        ? `${value} is the agent's own`
        : `${value} is the agent's own, made after it read ${sayList(untrusted.map(({ words }) => words))}`;
    if (finding.how === 'in parts') return `${value} was put together, also from ${from}`;
    return `${value} stands ${finding.how} in ${from}`;
  });
  const more = values.length - said.length;
  return `${said.join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
}

function sayList(words: readonly string[]): string {
  const all = [...new Set(words)];
  return all.length <= 3
    ? all.join(' and ') || 'nothing that was seen'
    : `${all.slice(0, 3).join(', ')} and ${all.length - 3} more`;
}
