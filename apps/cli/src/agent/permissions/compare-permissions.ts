import type { CallJudge } from '@sallyport/agent-guard/replay';
import type { AgentVerdict } from '@sallyport/contracts';
import type { PermissionRule } from './permission-rule.ts';

/**
 * How a rule stands to the policies:
 * `covered`: they say the same, or stricter, without it; `wider`: it lets through what they ask about or refuse, and they do so all the same;
 * `stricter`: it asks or refuses where they let through, and a policy can say it; `beyond`: the same, and no policy here can say it, so that
 * it must stay where it is; `idle`: its harness does not go by it.
 */
export type RuleStanding = 'covered' | 'wider' | 'stricter' | 'beyond' | 'idle';

export type ComparedRule = {
  readonly rule: PermissionRule;
  readonly standing: RuleStanding;
  readonly words: string;
};

const strength: Readonly<Record<AgentVerdict, number>> = { allow: 0, ask: 1, deny: 2 };
const said: Readonly<Record<AgentVerdict, string>> = {
  allow: 'let it through',
  ask: 'ask about it',
  deny: 'refuse it',
};

/** Asks the policies about the calls a rule speaks of, with and without words of others before them; nobody asked for them. */
export function compareRule(
  rule: PermissionRule,
  judge: CallJudge,
  place: { readonly workspace: string; readonly home: string },
): ComparedRule {
  if (rule.isIdle !== undefined) return { rule, standing: 'idle', words: rule.isIdle };
  const verdicts = rule.examples.flatMap(({ tool, input }) =>
    [false, true].map((isTainted) => judge({ harness: rule.harness, tool, input, ...place, isTainted }).verdict),
  );
  if (verdicts.length === 0) return { rule, standing: 'beyond', words: 'nothing says which calls it speaks of' };
  const sorted = verdicts.toSorted((a, b) => strength[a] - strength[b]);
  const [mildest = 'deny', strictest = 'deny'] = [sorted[0], sorted.at(-1)];
  if (rule.effect === 'allow') {
    if (strictest === 'allow') return { rule, standing: 'covered', words: 'policies let it through as well' };
    const when = mildest === strictest ? '' : ', some of it or once words of others came in';
    return { rule, standing: 'wider', words: `policies ${said[strictest]}${when}; the rule does not change that` };
  }
  if (strength[mildest] >= strength[rule.effect])
    return { rule, standing: 'covered', words: `policies ${said[mildest]} without it` };
  return rule.whole === undefined
    ? {
        rule,
        standing: 'beyond',
        words: `policies ${said[mildest]}, and know tools and what they do, not these words: leave it where it is, it holds there beside them`,
      }
    : { rule, standing: 'stricter', words: `policies ${said[mildest]}: it is in the draft` };
}

/** A policy for each rule that a policy can say and none says yet, with its words; empty where there is none. */
export function draftOf(compared: readonly ComparedRule[]): string {
  const policies = compared
    .filter(({ standing }) => standing === 'stricter')
    .map(({ rule }, at) => policyOf(rule, `imported-${at + 1}`));
  if (policies.length === 0) return '';
  return [
    '// Draft, made of rules that a harness had: read it before it becomes part of a pack.',
    // A pack that lets nothing through would be refused, and these only take away.
    ...policies,
    '',
  ].join('\n\n');
}

function policyOf({ text, effect, whole }: PermissionRule, id: string): string {
  const of =
    whole === undefined ? '' : 'tool' in whole ? `, resource == Agent::Tool::${quoted(whole.tool)}` : ', resource';
  const when = whole !== undefined && 'server' in whole ? `\nwhen { resource.server == ${quoted(whole.server)} }` : '';
  const ask = effect === 'ask';
  return [
    `@id(${quoted(id)})`,
    ...(ask ? ['@ask("person")'] : []),
    `@words(${quoted(`${ask ? 'Asked about' : 'Refused'} by the rule ${text}`)})`,
    `forbid (principal, action in [${actions}]${of})${when}${ask ? '\nunless { context.approved }' : ''};`,
  ].join('\n');
}

const actions = [
  'read',
  'write',
  'delete',
  'execute',
  'network',
  'secret',
  'message',
  'pay',
  'grant',
  'credential',
  'configure',
  'other',
]
  .map((action) => `Agent::Action::"${action}"`)
  .join(', ');

/** A string of Cedar. What is no plain letter is written as its number: nothing in a rule ends the string or hides in it. */
function quoted(text: string): string {
  const plain = Array.from(text.slice(0, 500).toWellFormed()).map((character) => {
    const code = character.codePointAt(0) ?? 0xfffd;
    if (character === '"' || character === '\\') return `\\${character}`;
    return code >= 0x20 && code < 0x7f ? character : `\\u{${code.toString(16)}}`;
  });
  return `"${plain.join('')}"`;
}
