import { isWithin } from '@sallyport/detection';
import type { CorrelationMatch } from '@sallyport/detection';
import { compileGroupCondition, parseExceptionCondition } from '@sallyport/sigma-rules';
import type { ExceptionText } from './exception.ts';

export type GroupCondition = (match: Pick<CorrelationMatch, 'fields' | 'events' | 'about'>) => boolean;

/**
 * Whether an exception holds for a correlation that came true: judged by the values of its group, under the names it groups by, and
 * `sallyport.events`, how many events it rests on. The values are those its finding names, so that a stored finding gives the same answer.
 */
export function groupConditionOf(text: Pick<ExceptionText, 'condition' | 'host' | 'user' | 'site'>): GroupCondition {
  const parsed = parseExceptionCondition(text.condition);
  if (parsed.kind === 'refused') return () => false;
  const holds = compileGroupCondition(parsed.condition);
  return ({ fields, events, about }) =>
    isWithin(text, () => about) &&
    holds({ ...Object.fromEntries(fields.map(({ field, value }) => [field, value])), 'sallyport.events': events });
}
