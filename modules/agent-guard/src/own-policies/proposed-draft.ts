import { visibleLine } from '../approvals/visible-text.ts';
import type { Proposal } from '../approvals/proposals.ts';
import type { OwnDraft } from '../decisions/own-policy.ts';
import { permitted } from '../decisions/read-own.ts';

/**
 * What somebody proposed who was asked about a call, as text to go on from: it lets such calls of that agent go where they had said yes, and forbids
 * them where they had said no. It is about all calls of the tool that do the same: whoever writes it on says when.
 */
export function proposedDraft({ id, agentId, tool, title, policies, kinds, answer, words, by }: Proposal): {
  readonly id: string;
  readonly draft: OwnDraft;
} {
  const actions = [...new Set(kinds)].filter((kind) => permitted.has(kind));
  const isYes = answer === 'granted' && actions.length > 0 && actions.length === new Set(kinds).size;
  const name = visibleLine(words, 100);
  const head = `@id("proposal-${id}")\n@words(${JSON.stringify(visibleLine(words, 150))})`;
  const about = `  principal,\n  action${actions.length === 0 ? '' : ` in [${actions.map((one) => `Agent::Action::"${one}"`).join(', ')}]`},\n  resource == Agent::Tool::${JSON.stringify(visibleLine(tool, 200))}`;
  const lines = [
    `// ${visibleLine(by.name, 80)} was asked: ${visibleLine(title, 200)}`,
    `// Asked by: ${policies.map((one) => visibleLine(one, 80)).join(', ')}`,
    `// Their words: ${visibleLine(words, 500)}`,
    '// This is about all such calls of the tool. Say when, by what is known of a call: docs/agents.md.',
    head,
    `${isYes ? 'permit' : 'forbid'} (\n${about}\n)${isYes ? '\nwhen { context.isCertain && context.intent != "none" }' : ''};`,
    '',
  ];
  return {
    id: `proposal-${id}`,
    draft: { name, scope: { kind: 'agent', id: agentId }, text: lines.join('\n'), tests: [] },
  };
}
