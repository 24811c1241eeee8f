import { factWords } from './fact-words.ts';
import type { PastExplained } from './past-explained.ts';
import type { Answer } from './policy-test.ts';
import type { RecordedDecision } from './recorded-decision.ts';

const answers: Readonly<Record<Answer, string>> = {
  allow: 'yes',
  deny: 'no',
  needs_proof: 'yes, after proving anew who they are',
};

/** Refusals that are none of the policies'. */
const others: Readonly<Record<string, string>> = {
  authentication_required: 'nobody said who they are',
  authentication_failed: 'the key or session was not accepted',
  rate_limited: 'too many requests came from there',
  key_proof_required: 'the browser did not sign the request with the key of its session',
  step_up_required: 'a fresh proof of who they are was asked for',
  request_invalid: 'the request could not be understood',
};

/** Who asked for what, what was answered, why, and what would be answered now: one sentence after another. */
export function pastStory({
  decision,
  request,
  atTheTime,
  untold,
  now,
}: Omit<PastExplained, 'story'>): readonly string[] {
  const { outcome, code, reason, count } = decision;
  const story = [whoAskedWhat(decision, request?.asked['resource'])];
  if (count > 1) story.push(`The record stands for ${count} requests of theirs.`);
  const byPolicy = request !== undefined && request.answer !== 'allow';
  if (outcome === 'allowed') story.push('It was let through.');
  else if (byPolicy) story.push(`It was refused${reason === undefined ? '' : `: ${reason}`}.`);
  else
    story.push(
      `It was refused ${request === undefined ? 'before' : 'after'} the policies were asked: ${others[code] ?? `“${code}”`}.`,
    );
  if (atTheTime !== undefined) {
    const { version, explained, agrees } = atTheTime;
    story.push(
      version === 0
        ? 'The built-in policies alone were in force.'
        : `Version ${version} of your policies was in force.`,
    );
    for (const { id, words, effect, own, facts } of explained.policies) {
      story.push(
        `${effect === 'forbid' ? 'Forbidden' : 'Allowed'} by “${words}” (${id}, ${own ? 'yours' : 'built in'}).`,
      );
      for (const fact of facts) story.push(`${factWords(fact)}.`);
    }
    if (explained.policies.length === 0 && explained.answer === 'deny')
      story.push(`No policy allowed it: ${explained.decision.reason}.`);
    if (explained.roles.length > 0) story.push(`Roles that counted: ${explained.roles.join(', ')}.`);
    if (!agrees) story.push('Asked again, those policies answer otherwise: a fact that counted is not in the record.');
  }
  if (untold !== undefined && decision.who !== undefined)
    story.push(`The policies of then cannot be asked: ${untold}.`);
  if (now !== undefined)
    story.push(
      now.answer === request?.answer
        ? `By what is in force now the answer would be the same: ${answers[now.answer]}.`
        : `By what is in force now the answer would be ${answers[now.answer]}: ${now.reason}.`,
    );
  return story;
}

function whoAskedWhat(decision: RecordedDecision, resource: unknown): string {
  const { who, requests, address, atMs, method, route } = decision;
  const [request] = requests;
  const name = who === undefined ? 'Somebody unknown' : who.kind === 'user' ? who.name : `${who.kind} ${who.name}`;
  const wanted = request === undefined ? '' : ` for ${request.action}${about(resource)}`;
  const way = request?.route ?? `${method} ${route}`.trim();
  return `${name} asked${wanted} (${way}) at ${new Date(atMs).toISOString()}, from ${address === 'local' ? 'this machine' : address}.`;
}

function about(resource: unknown): string {
  if (typeof resource !== 'object' || resource === null || !('kind' in resource) || !('id' in resource)) return '';
  const site = 'site' in resource && resource.site !== '' ? ` at site ${String(resource.site)}` : '';
  return ` about ${String(resource.kind)} ${String(resource.id)}${site}`;
}
