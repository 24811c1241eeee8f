import type { Run } from './agents-query.ts';

const whole = new Intl.NumberFormat('en');

/** `1,234 tokens`. */
export function tokenWords(count: number): string {
  return `${whole.format(count)} ${count === 1 ? 'token' : 'tokens'}`;
}

/** What the model of a run took, as its harness tells. Some reckon no costs: that is not nothing. */
export function usageWords({
  input_tokens: input,
  output_tokens: output,
  cost_usd: usd,
}: NonNullable<Run['usage']>): string {
  return [`${tokenWords(input)} in`, `${tokenWords(output)} out`, ...(usd === 0 ? [] : [dollarWords(usd)])].join(', ');
}

/** Small sums with as many digits as say something. */
export function dollarWords(usd: number): string {
  if (usd > 0 && usd < 0.0001) return 'less than $0.0001';
  return `$${usd.toFixed(usd < 1 ? 4 : 2)}`;
}
