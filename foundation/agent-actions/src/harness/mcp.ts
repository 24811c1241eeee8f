import { addHost, addPath, addRecipient, addStatements } from '../run/effects.ts';
import { disguisesOf } from '../content/look-alikes.ts';
import { effectOf, isList, isObject, whereOf } from './call.ts';
import type { Call } from './call.ts';
import { runShellText } from './shell-call.ts';

export type McpName = { readonly server: string; readonly tool: string };

/** `mcp__server__tool` of Claude Code and Codex, `mcp_server_tool` of Gemini CLI. */
export function mcpName(tool: string, server: string | undefined): McpName | undefined {
  if (server !== undefined)
    return {
      server,
      tool: tool.replace(/^mcp_{1,2}/, '').replace(new RegExp(`^${server.replaceAll(/[^\w-]/g, '.')}_{1,2}`), ''),
    };
  const long = /^mcp__(.+?)__(.+)$/.exec(tool);
  if (long !== null) return { server: long[1] ?? '', tool: long[2] ?? '' };
  const short = /^mcp_([^_]+)_(.+)$/.exec(tool);
  return short === null ? undefined : { server: short[1] ?? '', tool: short[2] ?? '' };
}

const verbs: readonly (readonly [
  RegExp,
  'read' | 'write' | 'delete' | 'execute' | 'message' | 'pay' | 'configure' | 'secret' | 'network',
])[] = [
  [
    /(?:^|_)(?:pay|payment|transfer|purchase|buy|order|checkout|charge|refund|invoice|withdraw|send_money|schedule_transaction|subscribe|book|reserve)(?:_|$)/,
    'pay',
  ],
  [
    /(?:^|_)(?:send|reply|forward|post|publish|notify|tweet|message|invite|share|email|dm|comment|broadcast|call)(?:_|$)/,
    'message',
  ],
  [/(?:^|_)(?:delete|remove|drop|destroy|purge|trash|archive|revoke|cancel|close|kick|ban)(?:_|$)/, 'delete'],
  [/(?:^|_)(?:secret|secrets|password|credential|credentials|token|key|keys)(?:_|$)/, 'secret'],
  [
    /(?:^|_)(?:exec|execute|run|eval|shell|bash|command|terminal|invoke|trigger|deploy|dispatch|script)(?:_|$)/,
    'execute',
  ],
  [
    /(?:^|_)(?:grant|permission|permissions|role|policy|settings|config|configure|enable|disable|webhook|install|approve|merge)(?:_|$)/,
    'configure',
  ],
  [
    /(?:^|_)(?:create|update|write|edit|set|add|put|insert|upload|move|rename|append|patch|modify|save|change|assign|upsert|replace|copy|push|commit|fork|star|draft|reschedule|mark|label)(?:_|$)/,
    'write',
  ],
  [/(?:^|_)(?:fetch|browse|navigate|goto|open|download|crawl|scrape|visit|request|http|url|webpage)(?:_|$)/, 'network'],
  [
    /(?:^|_)(?:get|list|read|search|find|query|view|show|describe|lookup|check|count|status|info|stat|tree|ls|diff|log|history|select|explain|resolve|summarize|analyze|snapshot|screenshot)(?:_|$)/,
    'read',
  ],
];

/** Words of a tool's name, of which the verb says what it most likely does. A name is a claim: it can make worse, and never certain. */
function kindOf(tool: string): (typeof verbs)[number][1] | undefined {
  const words = tool
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll(/[^A-Za-z0-9]+/g, '_')
    .toLowerCase();
  const first = /^(?:get|list|read|search|find|query|view|show|describe|lookup|check|count)_/.exec(words);
  if (first !== null && !/(?:secret|password|credential|token)s?(?:_|$)/.test(words) && !/_and_|_or_/.test(words))
    return 'read';
  return verbs.find(([pattern]) => pattern.test(words))?.[1];
}

/** A tool of an MCP server: known only by its name and its arguments, so what it does is never certain. */
export function addMcpCall(call: Call, { server, tool }: McpName): void {
  const kind = kindOf(tool);
  const name = `${server}/${tool}`;
  const disguises = disguisesOf(name);
  call.run.add(
    {
      kind:
        kind === undefined || kind === 'network' || kind === 'message' || kind === 'secret' ? (kind ?? 'other') : kind,
      target: { kind: 'name', of: 'tool', name },
      isCertain: false,
      doubt: 'unknown_tool',
      why:
        kind === undefined ? 'a tool of which only the name is known' : `taken by its name for one that does "${kind}"`,
    },
    { ...whereOf('', ''), disguises },
  );
  addValues(call, { value: call.input, path: '', depth: 0, kind });
}

type Values = {
  readonly value: unknown;
  readonly path: string;
  readonly depth: number;
  readonly kind: string | undefined;
};

const maxDepth = 8;
const maxEntries = 128;

/** What arguments look like counts, whatever the tool says: paths, addresses, recipients, commands, statements. */
function addValues(call: Call, { value, path, depth, kind }: Values): void {
  if (depth > maxDepth) {
    call.run.refuse(
      'too_deep',
      `Cannot judge argument "${path}": it is nested over ${maxDepth} deep`,
      whereOf(path, ''),
    );
    return;
  }
  if (typeof value === 'string') addText(call, path, value, kind);
  else if (isList(value)) {
    for (const [index, entry] of value.slice(0, maxEntries).entries())
      addValues(call, { value: entry, path: `${path}.${index}`, depth: depth + 1, kind });
    if (value.length > maxEntries)
      call.run.refuse(
        'too_many',
        `Cannot judge argument "${path}": it has over ${maxEntries} entries`,
        whereOf(path, ''),
      );
  } else if (isObject(value)) {
    const entries = Object.entries(value);
    for (const [key, entry] of entries.slice(0, maxEntries))
      addValues(call, { value: entry, path: path === '' ? key : `${path}.${key}`, depth: depth + 1, kind });
    if (entries.length > maxEntries)
      call.run.refuse(
        'too_many',
        `Cannot judge argument "${path}": it has over ${maxEntries} entries`,
        whereOf(path, ''),
      );
  }
}

function addText(call: Call, path: string, text: string, kind: string | undefined): void {
  const names = path
    .toLowerCase()
    .split('.')
    .filter((part) => !/^\d+$/.test(part));
  const key = names.at(-1) ?? '';
  const effect = effectOf(call, path, text);
  const sends = [text.slice(0, 200)];
  if (/^(?:command|cmd|shell|bash|script|shell_command)$/.test(key) && text.trim() !== '')
    runShellText(call, path, text);
  else if (
    /^(?:sql|query|statement|statements)$/.test(key) &&
    /^\s*(?:--|\/\*|\(?\s*(?:select|with|insert|update|delete|drop|create|alter|truncate|copy|attach|pragma|exec|execute|call|grant|revoke|merge|load|show|explain|set|begin|do|vacuum|use)\b)/i.test(
      text,
    )
  ) {
    addStatements(effect, { text });
  } else if (/^[a-z][a-z0-9+.-]*:\/\/\S+$/i.test(text.trim())) {
    if (/^file:/i.test(text))
      addPath(effect, 'read', { text: text.replace(/^file:(?:\/\/)?/i, '') }, { doubt: 'unknown_tool' });
    else
      addHost(
        effect,
        { text },
        { way: kind === 'read' || kind === 'network' ? 'fetch' : 'send', doubt: 'unknown_tool' },
      );
  } else if (
    /^(?:url|uri|link|href|endpoint|host|hostname|domain|webhook|server|site|website)$/.test(key) &&
    /^[\w.-]+\.[a-z]{2,}(?:[/:?].*)?$/i.test(text)
  ) {
    addHost(effect, { text }, { way: 'fetch', doubt: 'unknown_tool' });
  } else if (text.length <= 320 && /^[^\s@<>]+@[^\s@<>]+\.[^\s@<>]+$/.test(text))
    addRecipient(effect, { text }, kind === 'message' ? [] : sends);
  else if (
    /^(?:to|cc|bcc|recipient|recipients|attendees|participants|channel|channel_id|chat_id|phone|phone_number|user_email|invitees|receiver|iban)$/.test(
      key,
    ) &&
    kind !== 'read' &&
    text !== ''
  )
    addRecipient(effect, { text });
  else if (
    /(?:^|_)(?:path|paths|file|files|filename|filepath|dir|directory|folder|source|destination|src|dest|target)$/.test(
      key.replaceAll(/([a-z])([A-Z])/g, '$1_$2'),
    ) ||
    /^(?:\/|~\/|\.\.?\/)[^\s]*$/.test(text)
  ) {
    if (text === '' || /\s{2,}|\n/.test(text)) return;
    const isWriting = kind === 'write' || kind === 'delete' || kind === undefined || kind === 'execute';
    addPath(effect, kind === 'delete' ? 'delete' : isWriting ? 'write' : 'read', { text }, { doubt: 'unknown_tool' });
    if (isWriting) addPath(effect, 'read', { text }, { doubt: 'unknown_tool' });
  }
  // Images and links in texts carry data out when they are shown.
  for (const found of text
    .slice(0, 65_536)
    .matchAll(
      /!\[[^\]\n]{0,500}\]\(\s*<?(https?:\/\/[^\s)>]+)|<img\b[^>]{0,500}?\bsrc\s*=\s*["']?(https?:\/\/[^\s"'>]+)/gi,
    )) {
    addNamedHost(call, path, found[1] ?? found[2] ?? '');
  }
}

function addNamedHost(call: Call, path: string, url: string): void {
  addHost(effectOf(call, path, url), { text: url }, { way: 'send', sends: [url.slice(0, 1024)] });
}
