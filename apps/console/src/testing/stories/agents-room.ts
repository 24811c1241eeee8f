import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { isJsonObject } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import type { RoomUnderTest } from '../room-under-test.ts';

let room: RoomUnderTest;
let run: { readonly id: string; readonly token: string };
const hostile = 'notes <img src=x onerror="document.title=1">.txt';
const post = (path: string, body: JsonObject, key?: string): Promise<JsonObject> => room.post(path, body, key);

function hook(body: JsonObject, of: { readonly token: string } = run): Promise<JsonObject> {
  return post('/v1/agent/hooks/claude-code', { session_id: 'h', cwd: '/home/kim/shop', ...body }, of.token);
}

function call(tool: string, input: JsonObject, of = run): Promise<JsonObject> {
  return hook({ hook_event_name: 'PreToolUse', tool_name: tool, tool_input: input, tool_use_id: `t-${tool}` }, of);
}

async function begin(agent: string): Promise<typeof run> {
  const { session, token } = await post('/v1/agent/sessions', {
    agent,
    harness: 'claude-code',
    workspace: '/home/kim/shop',
    home: '/home/kim',
    host: 'ws-4',
    repository: 'https://git.example/shop.git',
    branch: 'main',
    attended: true,
    harness_version: '2.1.330',
    machine: { system: 'Debian GNU/Linux 12', disk_encrypted: 'no', firewall: 'yes' },
  });
  assert.ok(isJsonObject(session) && typeof session['id'] === 'string' && typeof token === 'string');
  return { id: session['id'], token };
}

/** OTLP as Claude Code sends it. */
function telemetry(): JsonObject {
  const record = (attributes: Readonly<Record<string, string>>): JsonObject => ({
    attributes: Object.entries(attributes).map(([key, value]) => ({ key, value: { stringValue: value } })),
  });
  const called = { input_tokens: '1200', output_tokens: '34', cache_read_tokens: '500', cost_usd: '0.0125' };
  return {
    resourceLogs: [
      {
        scopeLogs: [
          {
            logRecords: [
              record({ 'event.name': 'api_request', model: 'claude-x', ...called }),
              record({ 'event.name': 'tool_result', tool_name: 'Bash', tool_use_id: 'unasked', success: 'true' }),
            ],
          },
        ],
      },
    ],
  };
}

/** So many steps at once. */
function manyAnswers(count: number): JsonObject {
  const logRecords = Array.from({ length: count }, (_, number): JsonObject => {
    const said = { 'event.name': 'api_request', model: `model-${number}`, input_tokens: '12', output_tokens: '3' };
    return { attributes: Object.entries(said).map(([key, value]) => ({ key, value: { stringValue: value } })) };
  });
  return { resourceLogs: [{ scopeLogs: [{ logRecords }] }] };
}

/** Told in order, in a house in which no agent was run. */
export function agentsRoomStory(house: () => Promise<RoomUnderTest>): void {
  before(async () => {
    room = await house();
  });

  test('Before any agent was run the room says how to run one', async () => {
    await room.visit('/agents', 'Agents');
    await room.page.getByText('sallyport agent run -- claude').waitFor();
    await room.atRest('agents-none');
  });

  test('The map of threats says of each what is done and what is not', async () => {
    await room.visit('/agents/coverage', 'Coverage');
    const agentic = room.page.getByRole('region', { name: 'OWASP Agentic 2026' });
    await agentic.getByText('Goal Hijack').waitFor();
    assert.equal(await agentic.getByText('Not held:').count(), 10);
    await room.atRest('agents-coverage');
    await room.visit('/agents', 'Agents');
  });

  test('A run shows whose it is, and each step with what was decided and why', async () => {
    run = await begin('builder <b>');
    await hook({ hook_event_name: 'UserPromptSubmit', prompt: 'Read my notes' });
    await call('Read', { file_path: `/home/kim/shop/${hostile}` });
    await call('Write', { file_path: '/home/kim/shop/.claude/settings.json', content: '{}' });
    await post('/v1/agent/telemetry', telemetry(), run.token);
    await room.server.caughtUp();
    const { page } = room;
    await page.getByRole('region', { name: 'Going on' }).getByText('builder <b>').waitFor();
    await page.getByRole('button', { name: /^Open run/ }).click();
    const panel = page.getByRole('complementary');
    await panel.getByText('https://git.example/shop.git').waitFor();
    const steps = panel.getByRole('list', { name: 'What it did, newest first' });
    await steps
      .getByText(/settings\.json/)
      .first()
      .waitFor();
    await steps.getByText('refused', { exact: true }).waitFor();
    await steps.getByText(/does not change what guards it/).waitFor();
    await steps.getByText('went ahead', { exact: true }).first().waitFor();
    await steps.getByText('The run began').waitFor();
    // As the harness tells: what its model took, and a call that none of its hooks asked about.
    await steps
      .getByText('claude-x answered: 1,700 tokens in, 500 tokens of them from a cache, 34 tokens out, $0.0125')
      .waitFor();
    await steps.getByText('Bash ran, and no hook asked about it').waitFor();
    await panel.getByText('1,700 tokens in, 34 tokens out, $0.0125, as the harness tells').waitFor();
    await panel.getByText(/2 calls decided, 1 refused/).waitFor();
    assert.equal(await page.title().then((title) => title === '1'), false);
    // How its machine is kept, and whose word that is.
    const machine = panel.getByRole('region', { name: 'Machine' });
    await machine.getByText('Machine: weak').waitFor();
    await machine.getByText('its disks are not all encrypted').waitFor();
    await machine.getByText('What is known of it, and from where').click();
    await machine.getByText('yes, says the machine itself').waitFor();
    await room.atRest('agents-run');
  });

  test('What was found about an agent is its risk, with why; its alerts lead there, and back to agent and run', async () => {
    const { page } = room;
    await room.visit('/agents', 'Agents');
    const agents = page.getByRole('region', { name: 'Agents', exact: true });
    await agents.getByText(/^risk \d+, /).waitFor();
    await agents.getByRole('button', { name: 'builder <b>', exact: true }).click();
    const panel = page.getByRole('complementary', { name: 'Agent builder <b>' });
    const found = panel.getByRole('list', { name: 'Why' }).getByRole('link').first();
    await found.waitFor();
    await panel.getByText(/75 or more, it would be asked about/).waitFor();
    await panel.getByText(/From a risk of 90 on of whoever it acts for, it is asked about the same/).waitFor();
    await room.atRest('agents-agent');
    await found.click();
    await page.getByRole('complementary').getByRole('link', { name: 'Other alerts of this agent' }).waitFor();
    await page.getByRole('button', { name: 'Any agent' }).waitFor();
    await page
      .getByRole('complementary')
      .getByText(/ × agent at risk /)
      .waitFor();
    await page
      .getByRole('complementary')
      .getByRole('link', { name: 'Other alerts of this agent' })
      .scrollIntoViewIfNeeded();
    await room.atRest('agents-alert');
    await page.getByRole('link', { name: 'The run it happened in' }).click();
    await page
      .getByRole('complementary', { name: `Run ${run.id}` })
      .getByText('https://git.example/shop.git')
      .waitFor();
    await page.getByRole('button', { name: 'Close' }).click();
    await panel.getByRole('heading', { name: 'Its runs' }).waitFor();
    await room.visit('/agents?run=0000000000000000', 'Agents');
    await page.getByText(/^The run you came for is not among the newest/).waitFor();
    // Behaviour knows it by its id; people know it by its name.
    await room.visit('/entities?kind=agent', 'Entities');
    await page.getByRole('button', { name: 'builder <b>', exact: true }).click();
    const entity = page.getByRole('complementary', { name: 'builder <b>' });
    await entity.getByRole('link', { name: 'The agent' }).waitFor();
    await room.atRest('entities-agent');
  });

  test('A step says what secrets went in and out of it, what the agent read instead, and what was put back; never a value', async () => {
    // Nobody's, and put together here, so that no scanner takes this file for a leak.
    const secret = ['sk', 'live', 'Zx81QpLm93TyRw72KdVb'].join('_');
    const file_path = '/home/kim/shop/payments.txt';
    const payments = await begin('payments');
    await call('Read', { file_path }, payments);
    const finished = {
      hook_event_name: 'PostToolUse',
      tool_name: 'Read',
      tool_input: { file_path },
      tool_use_id: 't-Read',
      tool_response: {
        type: 'text',
        file: { filePath: file_path, content: `stripe = ${secret}\nto kim@shop.example\n` },
      },
    };
    const read = await hook(finished, payments);
    const token = /<secret:stripe-key:[^>]+>/.exec(JSON.stringify(read))?.[0] ?? 'no token';
    const written = await call(
      'Write',
      { file_path: '/home/kim/shop/copy.txt', content: `stripe = ${token}\n` },
      payments,
    );
    assert.ok(JSON.stringify(written).includes(secret), 'it runs with the value');
    await room.server.caughtUp();
    const { page } = room;
    await room.visit(`/agents?run=${payments.id}`, 'Agents');
    const steps = page.getByRole('complementary').getByRole('list', { name: 'What it did, newest first' });
    await steps.getByText('1 kept back: the agent reads a token').waitFor();
    await steps.getByText('1 token put back for this call').waitFor();
    await steps.getByText('1 secret (stripe key)').first().waitFor();
    await steps.getByText(/^1 piece of personal data \(e-mail/).waitFor();
    assert.equal((await page.content()).includes(secret), false);
    await steps.getByText('1 kept back: the agent reads a token').scrollIntoViewIfNeeded();
    await room.atRest('agents-redaction');
  });

  test('Of a long run a part of its steps is shown, and the others are a key away, in the address too', async () => {
    const long = await begin('long');
    await post('/v1/agent/telemetry', manyAnswers(250), long.token);
    await room.server.caughtUp();
    const { page } = room;
    await room.visit(`/agents?run=${long.id}`, 'Agents');
    const panel = page.getByRole('complementary');
    const steps = panel.getByRole('list', { name: 'What it did, newest first' });
    await steps.getByText('model-249 answered').waitFor();
    assert.equal(await steps.getByText('The run began').count(), 0);
    await panel.getByRole('button', { name: 'Earlier steps' }).focus();
    await page.keyboard.press('Enter');
    await steps.getByText('The run began').waitFor();
    // Whoever came by keyboard goes on at the first of them.
    await page.locator('.agent-steps > li:first-child:focus').getByText('model-49 answered').waitFor();
    await room.atRest('agents-run-earlier');
    await page.reload();
    await steps.getByText('The run began').waitFor();
    assert.equal(await steps.getByText(/^model-50 /).count(), 0);
    await panel.getByRole('button', { name: 'Later steps' }).click();
    await steps.getByText('model-249 answered').waitFor();
    await steps.getByText('model-50 answered').waitFor();
    await page.goBack();
    await steps.getByText('The run began').waitFor();
    await panel.getByRole('button', { name: 'Newest steps' }).click();
    await steps.getByText('model-249 answered').waitFor();
    assert.equal(new URL(page.url()).search, `?run=${long.id}`);
  });

  test('All agents are stopped with one reason, the agent hears it, and they are let go on again', async () => {
    const { page } = room;
    await page.getByRole('button', { name: 'Stop all agents' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Why').fill('one of them sends mail');
    await dialog.getByRole('button', { name: 'Stop now' }).click();
    await dialog.waitFor({ state: 'detached' });
    const stopped = page.getByRole('region', { name: 'Stopped' });
    await stopped.getByText('All agents are stopped').waitFor();
    assert.match(JSON.stringify(await call('Read', { file_path: 'a' })), /one of them sends mail/);
    await room.atRest('agents-stopped');
    await stopped.getByRole('button', { name: 'Let go on' }).click();
    await stopped.waitFor({ state: 'detached' });
    assert.doesNotMatch(JSON.stringify(await call('Read', { file_path: 'a' })), /deny/);
  });

  test('The policies an agent is judged by are tried on what it did, then chosen, from its next call on', async () => {
    const { page } = room;
    assert.doesNotMatch(JSON.stringify(await call('Bash', { command: 'ls src' })), /deny|ask/);
    await room.server.caughtUp();
    const chosen = page.waitForResponse(
      // The first is to be signed by the session's key.
      (response) => response.request().method() === 'PATCH' && response.status() === 200,
    );
    await page.getByRole('combobox', { name: 'Policies of builder <b>' }).click();
    await page.getByRole('option', { name: /^Locked down/ }).click();
    const dialog = page.getByRole('dialog', { name: /^Policies of builder <b>/ });
    const otherwise = dialog.getByRole('region', { name: 'What would have been otherwise' });
    await otherwise.getByText(/1 would have been answered otherwise/).waitFor();
    await otherwise.getByText('Bash · execute · would be asked about').waitFor();
    await room.atRest('agents-policies-tried');
    await dialog.getByRole('button', { name: 'Use these policies' }).click();
    assert.match((await chosen).url(), /\/v1\/agents\//);
    assert.match(JSON.stringify(await call('Bash', { command: 'make' })), /A person sees what runs/);
    assert.deepEqual(room.faults, []);
  });
}
