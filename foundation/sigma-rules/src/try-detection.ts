import { compileRule } from './compile-rule.ts';
import type { CompiledRule } from './compile-rule.ts';
import { sigmaEventOf } from './event-view.ts';
import type { JsonObject } from './json.ts';
import { parseSigmaRules } from './parse-rules.ts';
import type { PlaceholderTable } from './placeholders.ts';
import type { SigmaRefusal } from './refusal.ts';

/** Used by tests: a rule around one `detection`, given as YAML lines without indentation (`condition` is `sel` unless it is there). */
export function ruleText(detection: string, logsource = 'category: test'): string {
  const lines = detection.includes('condition:') ? detection : `${detection}\ncondition: sel`;
  const indented = lines
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n');
  return `title: A test\nid: 0c7f3a4e-6f0e-4c89-9d3b-1a2b3c4d5e6f\nlogsource:\n    ${logsource}\ndetection:\n${indented}\n`;
}

/** The compiled rule, or its refusal. */
export function compiled(detection: string, placeholders: PlaceholderTable = {}): CompiledRule | SigmaRefusal {
  const { rules, refusals } = parseSigmaRules(ruleText(detection), { file: 'test.yml', placeholders });
  const [refusal] = refusals;
  if (refusal !== undefined) return refusal;
  const [rule] = rules;
  if (rule === undefined) throw new TypeError('The text held no rule');
  return compileRule(rule);
}

/** Whether the detection holds for the record. Throws when the rule is refused. */
export function holds(detection: string, record: JsonObject, placeholders: PlaceholderTable = {}): boolean {
  const rule = compiled(detection, placeholders);
  if ('code' in rule) throw new TypeError(`${rule.code}: ${rule.reason}`);
  return rule.matches(sigmaEventOf(record));
}

/** The code with which the detection is refused, or undefined when it is not. */
export function refusalCode(detection: string, placeholders: PlaceholderTable = {}): string | undefined {
  const rule = compiled(detection, placeholders);
  return 'code' in rule ? rule.code : undefined;
}
