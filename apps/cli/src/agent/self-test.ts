import type { JsonObject } from '@sallyport/contracts';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { ApiClient } from '../http-client.ts';
import { listField, numberField, textField } from '../json-reading.ts';
import type { CliNeeds } from '../needs.ts';
import { beginRun, caFileOf, endRun, serverOf } from './begin-run.ts';
import type { BegunRun } from './begin-run.ts';
import { askingEvent } from './harness-settings.ts';
import type { SettableHarness } from './harness-settings.ts';
import { isAtLeast } from './harness-versions.ts';
import type { HookInSettings } from './hook-in-settings.ts';
import { tryHook } from './try-hook.ts';
import { workspaceFacts } from './workspace-facts.ts';

/** One thing that was tried. `untried`: it stands in the settings, and only the harness itself could show it. */
export type Proof = { readonly state: 'proved' | 'failed' | 'untried'; readonly words: string };

/**
 * Gives the hook that stands in the settings what the harness would, in a run of its own: a call that may go ahead, one that never may, and
 * one while the server cannot be reached. Throws `CliError` where no run can be begun.
 */
export async function selfTest(
  client: ApiClient,
  needs: Pick<CliNeeds, 'signal'>,
  tested: {
    readonly harness: SettableHarness;
    readonly version: string | undefined;
    readonly hook: HookInSettings;
    readonly failsOpen: boolean;
  },
): Promise<readonly Proof[]> {
  const { harness, version, hook, failsOpen } = tested;
  const run = await beginRun(client, needs, {
    harness,
    name: `set-up test of ${harness}`,
    isAttended: false,
    version,
  });
  const caFile = caFileOf(client);
  const environment = {
    SALLYPORT_AGENT_TOKEN: run.token,
    SALLYPORT_AGENT_SESSION: run.id,
    SALLYPORT_AGENT_SERVER: serverOf(client),
    ...(caFile === undefined ? {} : { SALLYPORT_AGENT_CA: caFile }),
  };
  const { workspace } = workspaceFacts(process.cwd());
  const attempt = (way: HookInSettings, input: JsonObject, more: Readonly<Record<string, string>> = {}) =>
    tryHook(way, {
      harness,
      body: hookBody(harness, run, { workspace, input }),
      environment: { ...environment, ...more },
      caFile,
    });
  try {
    const harmless = await attempt(hook, { file_path: join(workspace, 'README.md') });
    const forbidden = await attempt(hook, { file_path: join(workspace, '.claude/settings.json'), content: '{}' });
    const judged = await judgedCalls(client, run, needs);
    const nowhere = `http://127.0.0.1:${await closedPort()}`;
    const lost = await attempt(elsewhere(hook, nowhere), { file_path: 'x' }, { SALLYPORT_AGENT_SERVER: nowhere });
    return [
      harmless.kind === 'passed'
        ? { state: 'proved', words: 'a harmless call goes from these settings to the server, and ahead' }
        : { state: 'failed', words: `a harmless call did not go ahead: ${harmless.reason}` },
      forbidden.kind === 'refused'
        ? { state: 'proved', words: `a call that changes what guards the agent is refused: ${forbidden.reason}` }
        : {
            state: 'failed',
            words: `a call that changes what guards the agent was not refused${forbidden.kind === 'failed' ? `: ${forbidden.reason}` : ''}`,
          },
      judged >= 2
        ? { state: 'proved', words: `the server judged and recorded both, in session ${run.id}` }
        : { state: 'failed', words: `the server recorded ${judged} of 2 calls in session ${run.id}` },
      lostProof(hook, lost.kind, { failsOpen, version }),
    ];
  } finally {
    await endRun(client, run, needs);
  }
}

/** Of a server that cannot be reached. */
function lostProof(
  hook: HookInSettings,
  lost: 'passed' | 'refused' | 'failed',
  { failsOpen, version }: { readonly failsOpen: boolean; readonly version: string | undefined },
): Proof {
  if (hook.kind === 'command') {
    const wanted = failsOpen ? 'passed' : 'refused';
    const words = failsOpen
      ? 'a call goes ahead while the server cannot be reached, as chosen'
      : 'while the server cannot be reached nothing goes ahead';
    return lost === wanted ? { state: 'proved', words } : { state: 'failed', words: `not shown: ${words}` };
  }
  if (failsOpen)
    return { state: 'untried', words: 'Claude Code lets calls go ahead while it cannot post its hooks, as chosen' };
  const known = hook.blocksOnFailure && isAtLeast(version, '2.1.295');
  return known
    ? {
        state: 'untried',
        words: `"onFailure": "block" stands in the settings and ${version ?? ''} knows it: what cannot be asked is refused by Claude Code itself`,
      }
    : {
        state: 'failed',
        words: 'a call goes ahead while the server cannot be reached: this version does not know "onFailure"',
      };
}

/** The same way to another server. */
function elsewhere(hook: HookInSettings, server: string): HookInSettings {
  return hook.kind === 'command' ? hook : { ...hook, url: `${server}${new URL(hook.url).pathname}` };
}

async function judgedCalls(client: ApiClient, run: BegunRun, { signal }: Pick<CliNeeds, 'signal'>): Promise<number> {
  const answer = await client.json({ path: '/v1/agent/sessions/own', query: { open: 'true' }, signal });
  const session = listField(answer, 'sessions').find((one) => textField(one, 'id') === run.id);
  return numberField(session, 'calls_judged') ?? 0;
}

/** As the harness says it. */
function hookBody(
  harness: SettableHarness,
  run: BegunRun,
  { workspace, input }: { readonly workspace: string; readonly input: JsonObject },
): JsonObject {
  const isWrite = input['content'] !== undefined;
  const call = { hook_event_name: askingEvent[harness], cwd: workspace, tool_input: input };
  const conversation = `set-up-test-${run.id}`;
  switch (harness) {
    case 'claude-code':
      return {
        ...call,
        session_id: conversation,
        transcript_path: '',
        tool_name: isWrite ? 'Write' : 'Read',
        tool_use_id: `set-up-${isWrite ? 2 : 1}`,
      };
    case 'codex':
      return {
        ...call,
        session_id: conversation,
        turn_id: '1',
        transcript_path: null,
        model: '',
        permission_mode: 'default',
        tool_use_id: `set-up-${isWrite ? 2 : 1}`,
        ...codexCall(input),
      };
    case 'gemini-cli':
      return { ...call, session_id: conversation, tool_name: isWrite ? 'write_file' : 'read_file' };
    case 'cursor':
      return {
        ...call,
        conversation_id: conversation,
        workspace_roots: [workspace],
        tool_name: isWrite ? 'Write' : 'Read',
      };
  }
}

/** Codex reads by commands and writes by patches. */
function codexCall({ file_path: file, content }: JsonObject): JsonObject {
  if (typeof file !== 'string' || content === undefined)
    return { tool_name: 'Bash', tool_input: { command: `cat ${JSON.stringify(file ?? '')}` } };
  return {
    tool_name: 'apply_patch',
    tool_input: { command: `*** Begin Patch\n*** Add File: ${file}\n+{}\n*** End Patch\n` },
  };
}

/** A port of this machine where nothing listens. */
function closedPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const bound = probe.address();
      probe.close(() => resolve(typeof bound === 'object' && bound !== null ? bound.port : 0));
    });
  });
}
