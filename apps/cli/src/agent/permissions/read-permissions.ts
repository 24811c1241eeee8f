import { basename, dirname } from 'node:path';
import { CliError } from '../../errors.ts';
import { field, isJsonObject, listField, parseJson } from '../../json-reading.ts';
import { claudePermissions } from './claude-permissions.ts';
import { codexConfig, codexRules, cursorPermissions, geminiPermissions } from './other-permissions.ts';
import type { PermissionSet } from './permission-rule.ts';

/** Reads a file by its name and what it holds. Throws `CliError` `input_unreadable`. */
export function readPermissions(path: string, text: string): PermissionSet {
  const name = basename(path);
  if (name.endsWith('.rules')) return codexRules(text);
  if (name.endsWith('.toml')) return codexConfig(text);
  const settings = parseJson(text);
  if (!isJsonObject(settings))
    throw new CliError('input_unreadable', `Cannot read "${path}": must be a JSON object, or named .toml or .rules`, {
      hint: 'settings.json of Claude Code or Gemini CLI, cli-config.json of Cursor, config.toml or a .rules file of Codex',
    });
  const folder = basename(dirname(path));
  if (folder === '.gemini' || isAnyOf(settings, ['tools', 'mcp', 'coreTools', 'excludeTools', 'allowedTools']))
    return geminiPermissions(settings);
  const permissions = field(settings, 'permissions');
  const isCursor = ['allow', 'deny'].some((effect) =>
    listField(permissions, effect).some((rule) => typeof rule === 'string' && /^(?:Shell|Mcp)\(/.test(rule)),
  );
  return folder === '.cursor' || isCursor ? cursorPermissions(settings) : claudePermissions(settings);
}

function isAnyOf(settings: Readonly<Record<string, unknown>>, names: readonly string[]): boolean {
  return names.some((name) => settings[name] !== undefined);
}
