/** Risk as a number, a word and a bar: none of the three is needed. */
export function RiskMark({ risk }: { readonly risk: number }) {
  return (
    <span className="risk-mark">
      <span className="number">{risk}</span>
      <span className="level-track" aria-hidden="true">
        <span className="level-fill" data-level={levelOf(risk)} style={{ width: `${risk}%` }} />
      </span>
      <span className="small">{riskWord(risk)}</span>
    </span>
  );
}

function levelOf(risk: number): string {
  if (risk >= 75) return 'critical';
  if (risk >= 50) return 'high';
  return risk >= 25 ? 'medium' : 'low';
}

/** How high a risk is. */
export function riskWord(risk: number): string {
  if (risk >= 75) return 'very high';
  if (risk >= 50) return 'high';
  if (risk >= 25) return 'raised';
  return risk > 0 ? 'low' : 'none';
}
