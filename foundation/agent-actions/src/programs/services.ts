import { addProgram } from '../run/effects.ts';
import type { Invocation } from '../run/run.ts';
import { shown, unknown } from '../run/text.ts';
import type { Value } from '../run/text.ts';
import { givenFromElsewhere } from './project-programs.ts';

/** Words of command lines of services that look and change nothing, nor show a secret. What is in front of them must be words too: no option. */
const looking: ReadonlyMap<string, RegExp> = new Map([
  [
    'gh',
    /^(?:(?:pr|issue|run|repo|release|workflow|label|milestone) (?:view|list|status|diff|checks)|search \w+|status)$/,
  ],
  ['glab', /^(?:mr|issue|ci|repo|release) (?:view|list|diff|status)$/],
  ['kubectl', /^(?:get|describe|logs|explain|top|version|api-resources|cluster-info)(?: |$)(?!.*secret)/],
  ['helm', /^(?:template|lint|list|show|status|history|version)(?: |$)/],
  ['terraform', /^(?:fmt|validate|version|providers)(?: |$)/],
  ['tofu', /^(?:fmt|validate|version|providers)(?: |$)/],
]);

/** Options with which looking is something else: a program that is run, settings from elsewhere, a page that opens. */
const notLooking =
  /^--(?:kubeconfig|post-renderer|raw|web|plugin-dir|config|repository-config|registry-config|server|token)(?:=|$)|^-w$/;

export function serviceProgram(invocation: Invocation): Value {
  const { name, arguments: given } = invocation;
  const words = given.map(({ text }) => shown(text));
  const first = words.findIndex((word) => word.startsWith('-'));
  const said = words.slice(0, first === -1 ? undefined : first);
  const rule = looking.get(name);
  const isLooking =
    rule !== undefined &&
    (rule.test(said.slice(0, 2).join(' ')) || rule.test(said[0] ?? '')) &&
    !words.some((word) => notLooking.test(word) || /secret/i.test(word)) &&
    givenFromElsewhere(invocation) === undefined;
  addProgram(
    invocation,
    { name, classes: [isLooking ? 'tool' : 'remote'], arguments: given },
    isLooking
      ? {}
      : { doubt: 'unknown_until_run', why: 'acts on a service elsewhere with the credentials of this machine' },
  );
  return [unknown(`what "${name}" prints`)];
}
