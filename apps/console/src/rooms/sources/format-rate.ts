/** Events a second: `0`, `0.02`, `3.4`, `1,200`. */
export function formatRate(perSecond: number): string {
  if (perSecond <= 0) return '0';
  if (perSecond < 0.1) return perSecond < 0.01 ? '< 0.01' : perSecond.toFixed(2);
  return perSecond < 10 ? perSecond.toFixed(1) : new Intl.NumberFormat().format(Math.round(perSecond));
}
