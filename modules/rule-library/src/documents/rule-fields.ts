import type { Detection, DetectionItem, PatternToken, SigmaRule } from '@sallyport/sigma-rules';

/** The items of a rule, in the order of the text. */
export function itemsOf(rule: Pick<SigmaRule, 'detections'>): readonly DetectionItem[] {
  const items: DetectionItem[] = [];
  const visit = (detection: Detection): void => {
    if (detection.kind === 'item') items.push(detection.item);
    else detection.of.forEach(visit);
  };
  for (const detection of rule.detections.values()) visit(detection);
  return items;
}

/** Each field once. */
export function fieldsOf(rule: Pick<SigmaRule, 'detections'>): readonly string[] {
  return [...new Set(itemsOf(rule).flatMap(({ field }) => field ?? []))];
}

/** Whether any value at all of the field fits the item: one of those it lists is wildcards alone, with `all` each of them. */
export function fitsAnything({ values, quantifier }: DetectionItem): boolean {
  const isAny = (tests: DetectionItem['values'][number]): boolean =>
    tests.some((test) => test.kind === 'pattern' && isWild(test.tokens));
  return values.length > 0 && (quantifier === 'all' ? values.every(isAny) : values.some(isAny));
}

function isWild(tokens: readonly PatternToken[]): boolean {
  return tokens.length > 0 && tokens.every(({ kind }) => kind === 'many');
}
