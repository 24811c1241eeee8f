import { codeOf, messageOf } from '@sallyport/platform/errors';
import type { JsonObject } from '@sallyport/contracts';
import { copyFileSync, existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname } from 'node:path';
import { settingsFile, withHooks } from '../agent/harness-settings.ts';
import type { SettableHarness, SettingsScope } from '../agent/harness-settings.ts';
import { workspaceFacts } from '../agent/workspace-facts.ts';
import { defaultServer } from '../config.ts';
import { CliError } from '../errors.ts';
import { isJsonObject, parseJson } from '../json-reading.ts';
import type { CliNeeds } from '../needs.ts';
import { readBoundedFileSync } from '../regular-file.ts';
import { plainText } from '../terminal.ts';

export type AgentSetupOptions = {
  server?: string;
  scope: SettingsScope;
  guard: string;
  failOpen?: true;
  file?: string;
  write?: true;
};

const maxSettingsBytes = 4 * 1024 * 1024;

/** Shows the settings a harness needs to ask us, or writes them and keeps the file there was. */
export function setUpHarness(harness: SettableHarness, options: AgentSetupOptions, needs: CliNeeds): void {
  const { stdout, stderr, configuration } = needs;
  const server = (options.server ?? configuration.connection().server ?? defaultServer).replace(/\/+$/, '');
  const { workspace } = workspaceFacts(process.cwd());
  const file = options.file ?? settingsFile(harness, options.scope, { home: homedir(), project: workspace });
  if (file === undefined)
    throw new CliError('usage', `Cannot write managed settings of ${harness}: it has no file for them`, {
      hint: 'write them for the user: --scope user',
    });
  const before = readSettings(file);
  const after = withHooks(harness, before ?? {}, {
    server,
    guard: options.guard,
    failsOpen: options.failOpen === true,
    scope: options.scope,
  });
  const text = `${JSON.stringify(after, null, 2)}\n`;
  if (options.write !== true) {
    stdout.write(text);
    stderr.write(`This would stand in ${plainText(file)}; with --write it does\n`);
    return;
  }
  if (before !== undefined && JSON.stringify(before) === JSON.stringify(after)) {
    stderr.write(`${plainText(file)} has the hooks already\n`);
    return;
  }
  writeSettings(file, text, before !== undefined);
  stdout.write(`${plainText(file)}\n`);
  stderr.write(
    `${before === undefined ? 'Written' : `Written; what stood there before is in ${plainText(file)}.before-sallyport`}. ` +
      'Start the agent with: sallyport agent run -- PROGRAM\n',
  );
}

function readSettings(file: string): JsonObject | undefined {
  if (!existsSync(file)) return undefined;
  const read = parseJson(readBoundedFileSync(file, maxSettingsBytes).toString('utf8'));
  if (isJsonObject(read)) return read;
  throw new CliError('configuration_invalid', `Cannot read "${file}": must be a JSON object`, {
    hint: 'comments are no JSON; take them out, or name another file with --file',
  });
}

function writeSettings(file: string, text: string, isThere: boolean): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    if (isThere) copyFileSync(file, `${file}.before-sallyport`);
    // Whole or not at all: a harness that reads half a file has no hooks.
    writeFileSync(`${file}.new`, text, { mode: 0o644 });
    renameSync(`${file}.new`, file);
  } catch (error) {
    throw new CliError('output_unwritable', `Cannot write "${file}": ${codeOf(error) ?? messageOf(error)}`, {
      cause: error,
      hint: 'managed settings are for root to write',
    });
  }
}
