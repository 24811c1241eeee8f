import type { JsonObject } from '@sallyport/contracts';
import type { AuditEvent } from '@sallyport/ledger';
import type { Principal } from '@sallyport/platform/http';
import { bash, facts, openHouse, type House } from '../agent-guard.fixture.ts';
import type { AgentGuard } from '../index.ts';
import { createNoticeChoices } from './notice-choices.ts';
import { createTestNotice } from './test-notice.ts';

type Mail = { readonly to: string; readonly subject: string; readonly text: string };

/** People with mail boxes, agents that ask, and a post office that can be shut. */
export async function openDesk(open: Parameters<typeof openHouse>[0]) {
  const house = await openHouse(open, { maxWaitingPerSession: 200, maxWaitingPerAgent: 200 });
  house.verdict = 'ask';
  // Each call is a question of its own.
  house.asks = { ...house.asks, isCertain: false };
  house.owners.set('ann', { name: 'Ann', scopes: ['agents:run', 'agents:approve'] });
  house.owners.set('bea', { name: 'Bea', scopes: ['agents:run', 'agents:approve'] });
  const mails: Mail[] = [];
  /** What people hold for a time. */
  const forNow = new Map<string, readonly string[]>();
  const post: {
    isShut: boolean;
    tried: number;
    holdsFor: Readonly<Record<string, Promise<void>>>;
    signals: AbortSignal[];
  } = { isShut: false, tried: 0, holdsFor: {}, signals: [] };
  house.telling = {
    async deliver({ userId, subject, text, signal }) {
      post.tried += 1;
      post.signals.push(signal);
      await post.holdsFor[userId];
      if (post.isShut) throw new TypeError('Cannot send: 550 <ada@home.example> is shut');
      mails.push({ to: userId, subject, text: text('Acme') });
      return { kind: 'sent', to: `${userId[0]}…@acme.example` };
    },
    reach: async () => 'ready',
    approvers: async (wanted) =>
      [...house.owners].flatMap(([id, { scopes }]) =>
        wanted(id) && [...scopes, ...(forNow.get(id) ?? [])].includes('agents:approve') ? [{ id }] : [],
      ),
    holdsForNow: async (userId, scope) => forNow.get(userId)?.includes(scope) === true,
    origin: () => 'https://gate.acme.example',
  };
  const needs = {
    ...house,
    log: () => undefined,
    outbox: {
      record: async (_transaction: unknown, event: AuditEvent) => void house.changes.push(event),
      flushed: async () => undefined,
    },
  };
  const choices = createNoticeChoices(needs);
  const tryOut = createTestNotice({
    ...needs,
    telling: { deliver: (message) => house.telling.deliver(message), origin: () => house.telling.origin() },
  });
  const { guard } = house;
  const wait = async (ms: number): Promise<void> => {
    await guard.notices.settled();
    house.clock.advance(ms);
    guard.notices.tick();
    await guard.notices.settled();
  };
  return { house, guard, mails, post, choices, forNow, tryOut, wait };
}

export async function runOf(guard: AgentGuard, by: Principal) {
  const { session } = await guard.sessions.begin({ by, name: 'builder', harness: 'codex', facts });
  let number = 0;
  return (command: string): Promise<JsonObject> => {
    number += 1;
    return guard.hooks.answer({
      sessionId: session.id,
      harness: 'codex',
      body: bash(command, { tool_use_id: `t${number}` }),
      waiting: { waitMs: 60 * 60_000 },
    });
  };
}

export function untilWaiting(guard: AgentGuard, count: number): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (guard.approvals.waiting().length !== count) return;
      stop();
      resolve();
    };
    const stop = guard.approvals.onChange(look);
    look();
  });
}

/** Those of theirs. */
export async function refuseAll(guard: AgentGuard, by: Principal): Promise<void> {
  const own = guard.approvals.waiting().filter(({ approval: { owner } }) => owner.id === by.id);
  for (const { approval, question } of own)
    await guard.approvals.answer({
      id: approval.id,
      by,
      answer: 'refuse',
      scope: 'once',
      digest: question.digest,
      words: '',
      isProved: true,
    });
}

/** What the trail says of each message. */
export const told = (house: House): unknown[] =>
  house.changes.flatMap(({ event }) => {
    if (event['message'] !== 'agent.notice') return [];
    const { target, details } = JSON.parse(JSON.stringify(event['unmapped'])).sallyport;
    return [{ user: target.id, status: event['status_id'], ...details, questions: details.questions.length }];
  });
