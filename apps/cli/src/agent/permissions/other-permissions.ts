import type { JsonObject, JsonValue } from '@sallyport/contracts';
import { field, listField, textField } from '../../json-reading.ts';
import { filledPattern } from './permission-rule.ts';
import type { PermissionFinding, PermissionRule, PermissionSet } from './permission-rule.ts';

type Effect = PermissionRule['effect'];

/** `tools` and `mcp` of Gemini CLI's settings, with the names they had before. */
export function geminiPermissions(settings: JsonObject): PermissionSet {
  const [tools, servers] = [field(settings, 'tools'), field(settings, 'mcp')];
  const texts = (owner: JsonValue | undefined, name: string): string[] =>
    listField(owner, name).filter((text) => typeof text === 'string');
  const ofTools: readonly (readonly [Effect, readonly string[]])[] = [
    ['allow', [...texts(tools, 'allowed'), ...texts(settings, 'allowedTools')]],
    ['deny', [...texts(tools, 'exclude'), ...texts(settings, 'excludeTools')]],
  ];
  const findings: PermissionFinding[] = [];
  if (texts(tools, 'core').length > 0 || texts(settings, 'coreTools').length > 0)
    findings.push({
      text: 'tools.core',
      words: 'leaves out all other tools there: policies do not need to know of them',
    });
  if (textField(field(settings, 'general'), 'defaultApprovalMode') === 'auto_edit')
    findings.push({ text: 'general.defaultApprovalMode: auto_edit', words: 'files are changed without asking there' });
  return {
    rules: [
      ...ofTools.flatMap(([effect, rules]) => rules.map((text) => geminiRule(text, effect))),
      ...texts(servers, 'excluded').map((server) => geminiServer(server, 'deny')),
      ...texts(servers, 'allowed').map((server) => geminiServer(server, 'allow')),
    ],
    findings,
  };
}

function geminiRule(text: string, effect: Effect): PermissionRule {
  const [, tool = text, specifier] = /^([\w.-]+)(?:\((.*)\))?$/s.exec(text) ?? [];
  const name = tool === 'ShellTool' ? 'run_shell_command' : tool;
  const input: JsonObject = name === 'run_shell_command' ? { command: specifier ?? 'make' } : {};
  return {
    harness: 'gemini-cli',
    text,
    effect,
    examples: [{ tool: name, input }],
    ...(specifier === undefined ? { whole: { tool: name } } : {}),
  };
}

function geminiServer(server: string, effect: Effect): PermissionRule {
  return {
    harness: 'gemini-cli',
    text: `mcp ${server}`,
    effect,
    examples: [{ tool: `mcp__${server}__tool`, input: {} }],
    whole: { server },
  };
}

/** `permissions` of Cursor's command line. */
export function cursorPermissions(settings: JsonObject): PermissionSet {
  const permissions = field(settings, 'permissions');
  const rules = (['allow', 'deny'] as const).flatMap((effect) =>
    listField(permissions, effect)
      .filter((text) => typeof text === 'string')
      .map((text) => cursorRule(text, effect)),
  );
  return { rules, findings: [] };
}

function cursorRule(text: string, effect: Effect): PermissionRule {
  const plain = { harness: 'cursor', text, effect } as const;
  const [, kind, specifier = ''] = /^(Shell|Read|Write|WebFetch|Mcp)\((.*)\)$/s.exec(text) ?? [];
  const isWhole = /^\**$/.test(specifier);
  const value = filledPattern(specifier);
  switch (kind) {
    case 'Shell':
      return {
        ...plain,
        examples: [{ tool: 'run_terminal_cmd', input: { command: isWhole ? 'make' : value.replace(':', ' ') } }],
        ...(isWhole ? { whole: { tool: 'run_terminal_cmd' } } : {}),
      };
    case 'Read':
      return { ...plain, examples: [{ tool: 'read_file', input: { file_path: value } }] };
    case 'Write':
      return { ...plain, examples: [{ tool: 'edit_file', input: { file_path: value } }] };
    case 'WebFetch':
      return { ...plain, examples: [{ tool: 'web_fetch', input: { url: `https://${value}/` } }] };
    case 'Mcp': {
      const [server = '', tool = ''] = specifier.split(':');
      return {
        ...plain,
        examples: [{ tool: `mcp__${filledPattern(server)}__${filledPattern(tool)}`, input: {} }],
        ...(server.includes('*') ? {} : /^\**$/.test(tool) ? { whole: { server } } : {}),
      };
    }
    default:
      return { ...plain, examples: [], isIdle: 'it is not written as a rule' };
  }
}

const codexEffects: Readonly<Record<string, Effect>> = { allow: 'allow', prompt: 'ask', forbidden: 'deny' };

/** `prefix_rule(...)` of Codex's rules; what else such a file computes is not read. */
export function codexRules(text: string): PermissionSet {
  const rules = [...text.matchAll(/prefix_rule\(([^)]{0,4000})\)/g)].map(([whole, body = '']): PermissionRule => {
    const effect = codexEffects[/decision\s*=\s*["'](\w+)["']/.exec(body)?.[1] ?? 'allow'] ?? 'ask';
    const pattern = /pattern\s*=\s*(\[.*\])/s.exec(body)?.[1] ?? '';
    // Of words to choose from the first stands for all.
    const words = [
      ...pattern.replaceAll(/\[\s*(["'][^"']*["'])[^[\]]*\](?=\s*[,\]])/g, '$1').matchAll(/["']([^"']*)["']/g),
    ];
    const command = words.map(([, word = '']) => word).join(' ');
    return {
      harness: 'codex',
      text: whole.replaceAll(/\s+/g, ' '),
      effect,
      examples: command === '' ? [] : [{ tool: 'Bash', input: { command } }],
      ...(command === '' ? { isIdle: 'it names no command' } : {}),
    };
  });
  return { rules, findings: [] };
}

/** Of Codex's `config.toml` the lines that open everything; it holds no rules. */
export function codexConfig(text: string): PermissionSet {
  const value = (name: string): string | undefined =>
    new RegExp(String.raw`^\s*${name}\s*=\s*["']?([\w-]+)["']?\s*(?:#.*)?$`, 'm').exec(text)?.[1];
  const findings: PermissionFinding[] = [];
  const approval = value('approval_policy');
  if (approval === 'never')
    findings.push({
      text: 'approval_policy = "never"',
      words: 'nothing is asked there: what policies ask about is refused',
    });
  if (value('sandbox_mode') === 'danger-full-access')
    findings.push({
      text: 'sandbox_mode = "danger-full-access"',
      words: 'no sandbox: a program that a command starts is held by nothing, whatever policies said of the command',
    });
  if (value('network_access') === 'true')
    findings.push({ text: 'network_access = true', words: 'the sandbox lets programs out to the network' });
  if (value('hooks') === 'false' || value('codex_hooks') === 'false')
    findings.push({
      text: 'features.hooks = false',
      words: 'no hook runs: nothing of this agent is judged or recorded',
    });
  return { rules: [], findings };
}
