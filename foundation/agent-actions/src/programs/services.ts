import { addHost, addName, addPath, addProgram } from '../run/effects.ts';
import type { Invocation } from '../run/run.ts';
import { known, shown, unknown } from '../run/text.ts';
import type { Text, Value } from '../run/text.ts';
import { isSteeredByVariables, mayBeOption } from './looking.ts';
import { givenFromElsewhere } from './project-programs.ts';

type Looking = {
  /** The first words that look and change nothing, nor show a secret. In front of them stand no options. */
  readonly words: RegExp;
  /** The options with which it still only looks. Any other may name a server, settings, a program or a file. */
  readonly options: RegExp;
};

const ghOptions =
  /^(?:-[RqtLsaAlSBHdcjveubimFGOprf]|-L\d+|--(?:repo|json|jq|template|limit|state|assignee|author|label|search|base|head|draft|comments|log|log-failed|job|exit-status|verbose|attempt|workflow|branch|status|event|user|commit|created|name-only|patch|color|required|watch|fail-fast|interval|archived|no-archived|fork|source|language|visibility|topic|order|sort|owner|match|app|milestone|mention|project|yaml|ref|exclude-drafts|exclude-pre-releases|closed|updated|merged|merged-at|review|reviewed-by|review-requested|involves|commenter|filename|extension|size|stars|include-prs|org|exclude)(?:=.*)?)$/s;
/** What runs the project's own configuration, or asks the places it names, without changing any. What shows values of secrets is not among them. */
const planning: ReadonlyMap<string, Looking> = new Map(
  ['terraform', 'tofu'].map((name) => [
    name,
    {
      words: /^(?:plan|show|output|graph|state (?:list|show)|workspace (?:list|show))(?: |$)/,
      options:
        /^--?(?:out|no-color|var|var-file|target|refresh|refresh-only|input|compact-warnings|detailed-exitcode|lock|lock-timeout|parallelism|destroy|replace|concise|type)(?:=.*)?$/s,
    },
  ]),
);
const terraform: Looking = {
  words: /^(?:fmt|validate|version|providers(?! (?:mirror|lock)))(?: |$)/,
  options: /^--?(?:check|diff|recursive|json|no-color|no-tests|(?:write|list)=(?:true|false))$/,
};

const looking: ReadonlyMap<string, Looking> = new Map([
  [
    'gh',
    {
      words:
        /^(?:(?:pr|issue|run|repo|release|workflow|label|milestone) (?:view|list|status|diff|checks|watch)|search \w+|status|auth status)$/,
      options: ghOptions,
    },
  ],
  [
    'glab',
    {
      words: /^(?:mr|issue|ci|repo|release) (?:view|list|diff|status)$/,
      options:
        /^(?:-[RFPpcaAlmMsdbrlSO]|--(?:repo|output|per-page|page|comments|assignee|author|label|state|milestone|search|merged|closed|opened|all|draft|source-branch|target-branch|branch|raw|color|reviewer|compact|sort|order|output-format|live)(?:=.*)?)$/s,
    },
  ],
  [
    'kubectl',
    {
      words:
        /^(?:(?:get|describe|logs|explain|top|version|api-resources|cluster-info)(?: |$)(?!.*secret)|config (?:current-context|get-contexts|get-clusters)$|rollout (?:status|history)$|auth (?:can-i|whoami)$)/,
      options:
        /^(?:-[AnolcLwpf]|-[nlcL]=?[\w./=,!-]+|-o=?(?:json|yaml|wide|name|(?:jsonpath|custom-columns|go-template)=.*)|--(?:namespace|output|all-namespaces|selector|tail|follow|watch|watch-only|container|all-containers|since|since-time|timestamps|previous|show-labels|field-selector|sort-by|no-headers|limit-bytes|prefix|max-log-requests|ignore-not-found|chunk-size|label-columns|show-kind|show-events|show-managed-fields|recursive|api-version|api-group|namespaced|verbs|client|containers|sum|request-timeout|ignore-errors|pod-running-timeout)(?:=(?!.*-file).*)?)$/s,
    },
  ],
  [
    'helm',
    {
      words: /^(?:template|lint|list|show|status|history|version)(?: |$)/,
      options:
        /^(?:-[nfAosaqmrdg]|--(?:namespace|values|set|set-string|set-json|version|all-namespaces|output|show-only|include-crds|skip-crds|strict|debug|devel|all|short|max|filter|offset|reverse|date|deployed|failed|pending|superseded|uninstalled|uninstalling|revision|skip-tests|no-hooks|is-upgrade|release-name|name-template|generate-name|kube-version|api-versions|with-subcharts|quiet|no-headers|create-namespace)(?:=.*)?)$/s,
    },
  ],
  ['terraform', terraform],
  ['tofu', terraform],
]);

/** `gh api path`, only read: without fields, which would make it a change, and not of what signs in. */
function isApiLook(name: string, words: readonly string[]): boolean {
  const [api, path = '', ...rest] = words;
  if (
    name !== 'gh' ||
    api !== 'api' ||
    !/^\/?(?:repos|orgs|users|search|licenses|gitignore|rate_limit)(?:[/?]|$)/.test(path)
  )
    return false;
  if (/secret|token|key|hooks|variables|%|\.\./i.test(path)) return false;
  return rest.every((word, at) =>
    word.startsWith('-')
      ? /^(?:--jq|-q|--template|-t|--paginate|--slurp|--cache)(?:=|$)/.test(word)
      : /^(?:--jq|-q|--template|-t|--cache)$/.test(rest[at - 1] ?? ''),
  );
}

/** What is asked of an answer may show the environment, which holds what signs in: `--jq env`, `--jq '$ENV.GH_TOKEN'`. */
function showsEnvironment(words: readonly string[]): boolean {
  return (
    words.some((word) => /^(?:-[A-Za-z]*[qt]|--(?:jq|template)(?:=|$))/.test(word)) &&
    words.some((word) => /\benv\b|\$__|\binput/i.test(word))
  );
}

/** `kubectl -n name get`, `terraform -chdir=directory plan`: what only says where within the same cluster or project. */
function behindPlace({ name, arguments: given }: Invocation): readonly Text[] {
  const [first, second] = given;
  if (/^(?:kubectl|helm)$/.test(name)) {
    if (/^(?:-n|--namespace)$/.test(first?.text ?? '') && second !== undefined && /^[\w.-]+$/.test(second.text))
      return given.slice(2);
    if (/^(?:-n|--namespace=)[\w.-]+$/.test(first?.text ?? '')) return given.slice(1);
  }
  return /^(?:terraform|tofu)$/.test(name) && /^-chdir=./.test(first?.text ?? '') ? given.slice(1) : given;
}

/** Prints what is in a file, by the name of the file. */
const fileWords = /(?:jsonpath|custom-columns|go-template|template)-?file=/;

export function serviceProgram(invocation: Invocation): Value {
  const { name } = invocation;
  const given = behindPlace(invocation);
  const words = given.map(({ text }) => shown(text));
  const first = words.findIndex((word) => word.startsWith('-'));
  const said = words.slice(0, first === -1 ? undefined : first);
  const rule = looking.get(name);
  const isElsewhere =
    rule !== undefined && [namesServer(invocation), givenFromElsewhere(invocation) !== undefined].includes(true);
  const isLooking =
    rule !== undefined &&
    !isElsewhere &&
    (rule.words.test(said.slice(0, 2).join(' ')) || (said.length < 2 && rule.words.test(said[0] ?? ''))) &&
    words.every((word) => !word.startsWith('-') || rule.options.test(word)) &&
    !words.some((word) => /secret/i.test(word) || fileWords.test(word)) &&
    !showsEnvironment(words) &&
    !(said[0] === 'auth' && words.some((word) => word.startsWith('-'))) &&
    // It follows a log, and names a file elsewhere.
    !(name === 'kubectl' && words.includes('-f') && said[0] !== 'logs') &&
    !given.some(({ text }) => mayBeOption(text)) &&
    !isSteeredByVariables(invocation);
  const isAsking =
    !isElsewhere && isApiLook(name, words) && !showsEnvironment(words) && !given.some(({ text }) => mayBeOption(text));
  if (isAsking) addName(invocation, 'network', { of: 'setting', name: `server of ${name}` });
  const plan = planning.get(name);
  const isPlanning =
    plan !== undefined &&
    !isElsewhere &&
    plan.words.test(said.slice(0, 2).join(' ')) &&
    words.every((word) => !word.startsWith('-') || plan.options.test(word)) &&
    // The value of one output is shown whatever it is.
    !(said[0] === 'output' && words.length > 1) &&
    !given.some(({ text }) => mayBeOption(text)) &&
    !isSteeredByVariables(invocation);
  if (isPlanning) {
    for (const [index, word] of words.entries()) {
      const [, option, joined] = /^--?(out|var-file)(?:=(.*))?$/s.exec(word) ?? [];
      if (option !== undefined)
        addPath(invocation, option === 'out' ? 'write' : 'read', known(joined ?? words[index + 1] ?? ''));
      // `show file`: a plan or a state, with all its values.
      else if (said[0] === 'show' && index > 0 && !word.startsWith('-')) addPath(invocation, 'read', known(word));
    }
    addProgram(
      invocation,
      { name: `${name} ${said[0] ?? ''}`, classes: ['build', 'project-code'], arguments: given },
      {
        doubt: 'project_code',
        why: 'runs what the configuration of the project says, with the credentials of this machine',
      },
    );
    return [unknown(`what "${name}" prints`)];
  }
  addProgram(
    invocation,
    { name, classes: [isLooking || isAsking ? 'tool' : 'remote'], arguments: given },
    isLooking || isAsking
      ? {}
      : { doubt: 'unknown_until_run', why: 'acts on a service elsewhere with the credentials of this machine' },
  );
  return [unknown(`what "${name}" prints`)];
}

/** A server that the command line names gets the credentials of this machine: it is told as a host that something is sent to. */
function namesServer(invocation: Invocation): boolean {
  const hosts = invocation.arguments.flatMap((text, index, all) => serverOf(invocation.name, text, all[index + 1]));
  for (const host of hosts)
    addHost(invocation, host, { way: 'send', scheme: 'https', sends: ['the credentials of this machine'] });
  return hosts.length > 0;
}

function serverOf(name: string, text: Text, next: Text = known('')): readonly Text[] {
  const option = /^(?:kubectl|helm)$/.test(name)
    ? /^(?:--(?:server|kube-apiserver)(?:=([\s\S]*))?|-A?s=?([\s\S]*))$/.exec(text.text)
    : /^(?:-R|--(?:repo|hostname))(?:=([\s\S]*))?$/.exec(text.text);
  // `helm template -s file`: which parts are shown.
  const isOther = option === null || (name === 'helm' && text.text.startsWith('-s'));
  const joined = option?.[1] ?? option?.[2] ?? '';
  const value: Text = isOther ? text : joined === '' ? next : { ...text, text: joined };
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(value.text)) return [value];
  if (isOther) return [];
  if (name !== 'gh' && name !== 'glab') return [value];
  // `host/owner/name`
  const [host = ''] = value.text.split('/');
  return value.text.split('/').length > 2 || (option?.[0] ?? '').startsWith('--hostname')
    ? [{ ...value, text: host }]
    : [];
}
