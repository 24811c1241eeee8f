import type { ActionsOfCall, AgentAction, PathClass } from './action.ts';

// A plain policy for judging the corpus: not the product's, only enough to see that what matters was found.

const guarded: ReadonlySet<PathClass> = new Set([
  'harness-settings',
  'instructions',
  'git-hooks',
  'git-config',
  'shell-startup',
  'secret',
  'system',
  'scheduled',
  'device',
  'process',
]);
const knownHosts = new Set(['github.com', 'registry.npmjs.org', 'pypi.org']);

export function corpusVerdict({ actions, refusals }: ActionsOfCall): 'allow' | 'ask' | 'deny' {
  const verdicts = new Set(actions.map(verdictOf));
  if (verdicts.has('deny')) return 'deny';
  return refusals.length > 0 || verdicts.has('ask') ? 'ask' : 'allow';
}

function verdictOf({ kind, target, isCertain, doubt, disguises = [] }: AgentAction): 'allow' | 'ask' | 'deny' {
  if (kind === 'secret' || kind === 'configure') return 'deny';
  if (target.kind === 'path') {
    const isChange = kind === 'write' || kind === 'delete';
    if (isChange && target.classes.some((name) => guarded.has(name)) && doubt !== 'unknown_program') return 'deny';
    if (kind === 'delete' && target.classes.includes('outside') && !target.classes.includes('temporary')) return 'deny';
    const isFar = target.classes.includes('outside') && !target.classes.includes('temporary');
    if (isFar && !/\.pub$|\/known_hosts$/.test(target.path)) return 'ask';
  }
  if (target.kind === 'host') {
    if (target.classes.some((name) => name === 'metadata' || name === 'disguised' || name === 'look-alike'))
      return 'deny';
    const isFree = target.way === 'fetch' && (target.classes.includes('loopback') || knownHosts.has(target.host));
    if (!isFree) return 'ask';
  }
  if (target.kind === 'statement' && (target.class === 'dangerous' || target.class === 'unknown')) return 'ask';
  if (target.kind === 'program' && target.classes.some((name) => name === 'privilege' || name === 'firewall'))
    return 'ask';
  if (target.kind === 'name' && target.of === 'process') return 'ask';
  if (kind === 'message' || kind === 'pay' || disguises.length > 0) return 'ask';
  return isCertain || doubt === 'project_code' ? 'allow' : 'ask';
}
