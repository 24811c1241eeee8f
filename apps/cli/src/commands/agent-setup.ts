import { codeOf, messageOf } from '@sallyport/platform/errors';
import { diffLines } from '@sallyport/platform/line-diff';
import type { JsonObject } from '@sallyport/contracts';
import { copyFileSync, existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname } from 'node:path';
import { settableHarnesses, settingsFile, withHooks } from '../agent/harness-settings.ts';
import type { SettableHarness, SettingsScope } from '../agent/harness-settings.ts';
import { findHarness, holesOf, postsHooksSafely, versionIn } from '../agent/harness-versions.ts';
import { hookInSettings } from '../agent/hook-in-settings.ts';
import { mcpServersOf } from '../agent/mcp-servers.ts';
import type { McpServers } from '../agent/mcp-servers.ts';
import { selfTest } from '../agent/self-test.ts';
import { workspaceFacts } from '../agent/workspace-facts.ts';
import { defaultServer, searchPath } from '../config.ts';
import { CliError } from '../errors.ts';
import { isJsonObject, parseJson } from '../json-reading.ts';
import type { CliNeeds } from '../needs.ts';
import { readBoundedFileSync } from '../regular-file.ts';
import { plainText, styled, tableHead } from '../terminal.ts';
import { offerGateway, proveServers } from './agent-setup-servers.ts';
import type { WrapConsent } from './agent-setup-servers.ts';
import { withClient, type ConnectionOptions } from './connection.ts';

export type AgentSetupOptions = ConnectionOptions & {
  scope: SettingsScope;
  guard: string;
  failOpen?: true;
  file?: string;
  forVersion?: string;
  shim?: true;
  json?: true;
  write?: true;
  /** Commander's name of `--no-test`. */
  test: boolean;
  testOnly?: true;
  yes?: true;
  /** Commander's name of `--no-wrap`. */
  wrap: boolean;
};

const maxSettingsBytes = 4 * 1024 * 1024;
const around = 3;

/** Every harness found here, with its version, what that lets through, and whether its settings have our hooks. */
export async function listHarnesses(options: AgentSetupOptions, { stdout, stderr }: CliNeeds): Promise<void> {
  const { workspace } = workspaceFacts(process.cwd());
  stdout.write(tableHead(stdout, [['harness', 12], ['version', 12], ['hooks', 8], ['program']]));
  let count = 0;
  for (const harness of settableHarnesses) {
    const found = await findHarness(harness, searchPath());
    if (found === undefined) continue;
    count += 1;
    const file = settingsFile(harness, options.scope, { home: homedir(), project: workspace });
    const settings = file === undefined || !existsSync(file) ? undefined : readSettings(file);
    const hooks = settings !== undefined && hookInSettings(harness, settings) !== undefined ? 'set up' : 'none';
    const version = found.version ?? 'unknown';
    stdout.write(`${harness.padEnd(12)}  ${version.padEnd(12)}  ${hooks.padEnd(8)}  ${plainText(found.file)}\n`);
    sayHoles(harness, found.version, stderr);
  }
  stderr.write(count === 0 ? 'No harness is on the search path\n' : 'Set one up: sallyport agent setup HARNESS\n');
}

/** Shows what would change in the settings of a harness so that it asks us, or changes it; then tries what stands there. */
export async function setUpHarness(
  harness: SettableHarness,
  options: AgentSetupOptions,
  needs: CliNeeds,
): Promise<void> {
  const { stdout, stderr, configuration } = needs;
  const { workspace } = workspaceFacts(process.cwd());
  const file = options.file ?? settingsFile(harness, options.scope, { home: homedir(), project: workspace });
  if (file === undefined)
    throw new CliError('usage', `Cannot write managed settings of ${harness}: it has no file for them`, {
      hint: 'write them for the user: --scope user',
    });
  const version = await versionOf(harness, options, needs);
  sayHoles(harness, version, stderr);
  const before = readSettings(file);
  const failsOpen = options.failOpen === true;
  const posts = harness === 'claude-code' && options.shim !== true && postsHooksSafely(version, { failsOpen });
  const after = withHooks(harness, before ?? {}, {
    server: (options.server ?? configuration.connection().server ?? defaultServer).replace(/\/+$/, ''),
    guard: options.guard,
    failsOpen,
    scope: options.scope,
    posts,
  });
  const text = `${JSON.stringify(after, null, 2)}\n`;
  const isThere = before !== undefined && JSON.stringify(before) === JSON.stringify(after);
  if (options.testOnly !== true) {
    if (options.json === true) stdout.write(text);
    else showChange(before, text, needs);
    if (isThere) stderr.write(`${plainText(file)} has the hooks already\n`);
    else if (options.write !== true) stderr.write(`This would stand in ${plainText(file)}; with --write it does\n`);
    else {
      writeSettings(file, text, before !== undefined);
      const kept = before === undefined ? '' : `; what stood there before is in ${plainText(file)}.before-sallyport`;
      stderr.write(`${plainText(file)} is written${kept}\n`);
    }
  }
  // Beside another file than the harness's own nothing of the harness is touched.
  const servers =
    options.wrap && options.file === undefined
      ? mcpServersOf(harness, options.scope, { home: homedir(), project: workspace })
      : undefined;
  let consent: WrapConsent = 'unasked';
  if (servers !== undefined && options.testOnly !== true && options.json !== true)
    consent = await offerGateway(
      servers,
      {
        guard: options.guard,
        isWritten: options.write === true,
        isAgreed: options.yes === true,
        isTried: options.test,
      },
      needs,
    );
  sayWhatIsLeft(harness, { posts }, needs);
  if (options.testOnly === true || (options.write === true && options.test)) {
    // A project's settings may be anybody's: what they start in place of what we would write is not started with a run's credential.
    if (options.testOnly === true && options.scope === 'project' && options.file === undefined && !isThere)
      throw new CliError(
        'configuration_invalid',
        `Cannot try the hooks of "${file}": must be as they would be written`,
        {
          hint: `sallyport agent setup ${harness} --scope project --write`,
        },
      );
    await prove(harness, { file, version, failsOpen, servers, consent }, options, needs);
  }
}

/** What changed, line by line, with what stands around it. */
function showChange(before: JsonObject | undefined, after: string, { stdout }: CliNeeds): void {
  const lines = diffLines(before === undefined ? '' : `${JSON.stringify(before, null, 2)}\n`, after);
  const isNear = lines.map((_line, at) =>
    lines.slice(Math.max(0, at - around), at + around + 1).some(({ kind }) => kind !== 'same'),
  );
  const marks = { same: ' ', removed: '-', added: '+' } as const;
  const styles = { same: 'dim', removed: 'red', added: 'green' } as const;
  for (const [at, { kind, text }] of lines.entries()) {
    if (isNear[at] === true) stdout.write(`${styled(stdout, styles[kind], `${marks[kind]} ${plainText(text)}`)}\n`);
    else if (isNear[at - 1] === true) stdout.write('…\n');
  }
}

/** As somebody says it is, or as its program here tells. */
async function versionOf(
  harness: SettableHarness,
  { forVersion }: AgentSetupOptions,
  { stderr }: CliNeeds,
): Promise<string | undefined> {
  if (forVersion !== undefined) {
    const version = versionIn(forVersion);
    if (version === forVersion) return version;
    throw new CliError('usage', `Cannot read version "${plainText(forVersion)}": must be three numbers, as 2.1.330`);
  }
  const found = await findHarness(harness, searchPath());
  if (found === undefined)
    stderr.write(`${harness} is not on the search path; what follows is for any version (--for-version names one)\n`);
  else stderr.write(`${harness} ${found.version ?? 'of unknown version'}: ${plainText(found.file)}\n`);
  return found?.version;
}

function sayHoles(harness: SettableHarness, version: string | undefined, stderr: CliNeeds['stderr']): void {
  for (const { fixedIn, words } of holesOf(harness, version)) stderr.write(`  before ${fixedIn}: ${words}\n`);
}

function sayWhatIsLeft(harness: SettableHarness, { posts }: { readonly posts: boolean }, { stderr }: CliNeeds): void {
  if (harness === 'codex')
    stderr.write(
      'Codex passes over hooks that nobody has looked at, without a word: start it, type /hooks, and trust these. ' +
        'After each change of them anew\n',
    );
  stderr.write(
    posts || harness === 'cursor'
      ? 'Start the agent with: sallyport agent run -- PROGRAM\n'
      : 'Start the agent with: sallyport agent run -- PROGRAM; or sign in with sallyport login, and each conversation begins a run by itself\n',
  );
}

/** Tries what stands in the file. Throws `CliError` `incomplete` when something does not hold. */
async function prove(
  harness: SettableHarness,
  {
    file,
    version,
    failsOpen,
    servers,
    consent,
  }: {
    readonly file: string;
    readonly version: string | undefined;
    readonly failsOpen: boolean;
    readonly servers: McpServers | undefined;
    readonly consent: WrapConsent;
  },
  options: AgentSetupOptions,
  needs: CliNeeds,
): Promise<void> {
  const hook = hookInSettings(harness, readSettings(file) ?? {});
  if (hook === undefined)
    throw new CliError('configuration_invalid', `Cannot try the hooks of "${file}": it has none of ours`, {
      hint: `sallyport agent setup ${harness} --write`,
    });
  const marks = { proved: 'proved ', failed: 'FAILED ', untried: 'stands ' } as const;
  let failed = 0;
  await withClient(options, needs, async (client) => {
    const proofs = [...(await selfTest(client, needs, { harness, version, hook, failsOpen }))];
    if (servers !== undefined && servers.whyNot === undefined)
      proofs.push(
        ...(await proveServers(
          client,
          {
            file: servers.file,
            harness,
            guard: options.guard,
            scope: options.scope,
            consent,
            isAgreed: options.yes === true,
          },
          needs,
        )),
      );
    for (const { state, words } of proofs) {
      needs.stdout.write(`${marks[state]} ${plainText(words)}\n`);
      failed += state === 'failed' ? 1 : 0;
    }
  });
  if (failed > 0)
    throw new CliError(
      'incomplete',
      `Cannot vouch for the hooks in "${file}": ${failed} of what was tried does not hold`,
      {
        hint: `what stood there before: ${file}.before-sallyport`,
      },
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
