const whole = new Intl.NumberFormat('en');

/** `1,234 tokens`. */
export function tokenWords(count: number): string {
  return `${whole.format(count)} ${count === 1 ? 'token' : 'tokens'}`;
}

/** Small sums with as many digits as say something. */
export function dollarWords(usd: number): string {
  if (usd > 0 && usd < 0.0001) return 'less than $0.0001';
  return `$${usd.toFixed(usd < 1 ? 4 : 2)}`;
}
