/** As much of an alert as a condition is proposed from. */
export type AlertFacts = {
  readonly matched: readonly { readonly field: string; readonly value: string }[];
  /** Events it rests on besides the one it came true with: the fields are those of a correlation then. */
  readonly related: readonly string[];
  readonly host?: string | undefined;
  readonly user?: string | undefined;
  readonly source?: string | undefined;
};

export type Suggestion = { readonly field: string; readonly value: string };

/** Findings cut values there. */
const cutAt = 512;

/** The fields that have the same value in all of the alerts, as rules see them. */
export function suggestionsOf(alerts: readonly AlertFacts[]): Suggestion[] {
  const [first, ...others] = alerts.map(factsOf);
  return (first ?? []).filter((one) =>
    others.every((facts) => facts.some(({ field, value }) => field === one.field && value === one.value)),
  );
}

function factsOf({ matched, related, host, user, source }: AlertFacts): Suggestion[] {
  const stamped = [
    ['sallyport.user', user],
    ['sallyport.host', host],
    ['sallyport.source', source],
  ] as const;
  const facts = [
    ...matched,
    ...(related.length > 0 ? [] : stamped.flatMap(([field, value]) => (value === undefined ? [] : [{ field, value }]))),
  ];
  const named = facts.filter(({ field, value }) => field.trim() !== '' && !field.includes('|') && value !== 'null');
  // Of a field that matched with several values the first says enough.
  return [...new Map(named.toReversed().map((one) => [one.field, one])).values()].toReversed();
}

/** The condition that selects events with these values; empty without any. */
export function conditionOf(picked: readonly Suggestion[]): string {
  if (picked.length === 0) return '';
  const lines = picked.map(({ field, value }) => {
    const name = value.length >= cutAt ? `${field}|startswith` : field;
    return `  ${keyText(name)}: ${valueText(value.slice(0, cutAt))}`;
  });
  return `known:\n${lines.join('\n')}\ncondition: known\n`;
}

function keyText(name: string): string {
  return /^[A-Za-z_][\w.|]*$/.test(name) ? name : JSON.stringify(name);
}

/** `*`, `?` and a backslash before one of them, or before another, would mean something else in Sigma. */
function valueText(value: string): string {
  const escaped = value.replaceAll(/\\(?=[\\*?])/g, String.raw`\\`).replaceAll(/[*?]/g, String.raw`\$&`);
  return /^[\x20-\x7e]*$/.test(escaped) ? `'${escaped.replaceAll("'", "''")}'` : JSON.stringify(escaped);
}
