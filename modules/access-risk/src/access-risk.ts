import { comparePositions, formatPosition, ocsfClass } from '@sallyport/contracts';
import type { Position } from '@sallyport/contracts';
import { auditEvent } from '@sallyport/ledger';
import type { LedgerRange, Projection } from '@sallyport/ledger';
import type { Client, Principal } from '@sallyport/platform/http';
import { createTurns } from '@sallyport/platform/turns';
import { mayAnswer } from './answers.ts';
import { createCampaigns } from './campaigns.ts';
import { AccessRiskError } from './errors.ts';
import { erasedBy, forgetIn } from './forget.ts';
import type { ErasedRange } from './forget.ts';
import { sourceOf } from './geo/address.ts';
import { hasKnownKey, judgeSignIn } from './judge.ts';
import { createLearner } from './learner.ts';
import type { Outcome } from './learner.ts';
import type { AccessRiskNeeds } from './needs.ts';
import { createPeopleBook, rowId } from './people-book.ts';
import { createReactor } from './react.ts';
import { answerAction } from './read-event.ts';
import { riskOf } from './risk.ts';
import { defaultSettings, parseSettings, settingsEvent } from './risk-settings.ts';
import type { RiskSettings } from './risk-settings.ts';
import { previewSettings } from './settings-preview.ts';
import type { SettingsPreview } from './settings-preview.ts';
import { readSettings, writeSettings } from './settings-store.ts';
import { newState } from './state.ts';
import type { SignIn, State } from './state.ts';
import { clearStates, readCursor, readStates, saveStates } from './state-store.ts';
import { overviewOf, personOf } from './view.ts';
import type { PersonOverview, PersonRisk } from './view.ts';

/** How much somebody is at risk by how they come and go; as behaviour's fact of what they do. */
export type AccessRiskFact = {
  readonly value: number;
  /** Until when everything that happened is in it. */
  readonly asOfMs: number;
  readonly freshUntilMs: number;
  readonly reasons: readonly string[];
};

export type SignInRisk = {
  /** 0 to 100 */
  readonly value: number;
  readonly reasons: readonly string[];
  /** A factor that cannot be phished, or two full ones, must be asked. Never because of what strangers tried against a browser we know. */
  readonly needsStronger: boolean;
};

export type AccessRiskHealth = {
  /** Of ours about who comes and goes, since the process started. */
  readonly events: number;
  readonly signals: number;
  readonly heldBack: number;
  readonly people: number;
  readonly evicted: number;
  readonly sources: number;
  readonly unreadableStates: number;
  readonly cursor: Position;
  readonly lag: number | undefined;
};

export type AccessRisk = {
  readonly projection: Projection;
  /** Of somebody who would come in now: from memory, learns nothing, never throws. */
  riskOf(
    user: { readonly id: string; readonly name: string },
    client: Pick<Client, 'address' | 'agent'> & { readonly browserKey?: string },
  ): SignInRisk;
  /** Of a session its own and what no session has alone; of a key or service all. Undefined for the operator and devices. */
  fact(principal: Pick<Principal, 'kind' | 'id' | 'sessionId'>): AccessRiskFact | undefined;
  /** Everybody with some risk or history, most at risk first. */
  overview(filter: { readonly limit: number; readonly after?: number }): {
    readonly people: readonly PersonOverview[];
    readonly total: number;
  };
  person(kind: State['kind'], id: string): PersonRisk | undefined;
  /** Newest first. */
  signInsOf(userId: string): readonly SignIn[];
  /** Throws `sign_in_unknown`, `sign_in_own_answer`. Done when it resolves: after "not me" other sessions have ended. */
  answer(request: { readonly by: Principal; readonly signIn: string; readonly answer: 'me' | 'not-me' }): Promise<void>;
  /** From which risk on what happens. */
  settings(): RiskSettings;
  /** Whom other settings would have concerned. Throws `risk_settings_invalid`. */
  preview(after: RiskSettings): SettingsPreview;
  /** At once here, within seconds on other servers. Throws `risk_settings_invalid`. */
  changeSettings(request: { readonly to: RiskSettings; readonly by: Principal }): Promise<RiskSettings>;
  /** Takes out what was learnt from events that were erased; says how many things. */
  forget(ranges: readonly ErasedRange[]): Promise<number>;
  health(): AccessRiskHealth;
  /** Saves what was learnt. Call it after the runner has stopped. */
  close(): Promise<void>;
};

const findingsPerAppend = 500;
const factFreshMs = 300_000;
/** Another server changed them: heard of within this time. */
const settingsMs = 10_000;
/** What happened longer ago is learnt from, and told and done to nobody: a first start reads years. */
const tellWithinMs = 7 * 86_400_000;

export function createAccessRisk(needs: AccessRiskNeeds): AccessRisk {
  const { database, ledger, clock, sealingKey, locate } = needs;
  const book = createPeopleBook(needs.limits?.people ?? 100_000);
  const campaigns = createCampaigns(needs.limits);
  let current = defaultSettings;
  let settingsReadMs = -Infinity;
  const settings = (): RiskSettings => current;
  const learner = createLearner({ book, campaigns, locate, key: sealingKey, settings });
  const reactor = createReactor({ ...needs, settings });
  const inTurn = createTurns();
  const checkpointEvents = needs.limits?.checkpointEvents ?? 2000;
  const checkpointMs = needs.limits?.checkpointMs ?? 30_000;
  let cursor: Position | undefined;
  let unsaved = 0;
  let savedAtMs = clock.monotonicMs();
  let unreadableStates = 0;
  let learntToMs = 0;
  /** Whether memory holds what comes before `cursor`, no less and no more. */
  let isWhole = false;

  async function lookAtSettings(): Promise<void> {
    if (clock.monotonicMs() - settingsReadMs < settingsMs) return;
    settingsReadMs = clock.monotonicMs();
    current = await readSettings(database, needs);
  }

  async function checkpoint(position: Position): Promise<void> {
    const changes = book.takeChanges();
    await database
      .transaction()
      .execute((transaction) =>
        saveStates(transaction, needs, { ...changes, campaigns: campaigns.state(), cursor: position }),
      );
    unsaved = 0;
    savedAtMs = clock.monotonicMs();
  }

  async function restore(stored: Position): Promise<void> {
    const saved = await readStates(database, needs);
    book.restore(saved.states);
    campaigns.restore(saved.campaigns);
    unreadableStates = saved.unreadable;
    unsaved = 0;
    cursor = stored;
    isWhole = true;
  }

  async function load(head: Position): Promise<{ cursor: Position }> {
    await lookAtSettings();
    const stored = await readCursor(database);
    if (comparePositions(stored, head) > 0) {
      // The control database is newer than the ledger: what was learnt may come from events that are no more.
      book.restore([]);
      campaigns.restore(undefined);
      await database.transaction().execute(async (transaction) => {
        await clearStates(transaction);
        await saveStates(transaction, needs, { changed: [], removed: [], campaigns: campaigns.state(), cursor: head });
      });
      cursor = head;
      isWhole = true;
      return { cursor: head };
    }
    await restore(stored);
    if (unreadableStates > 0)
      needs.log.warn('Some of what was learnt about sign-ins cannot be read', { people: unreadableStates });
    return { cursor: stored };
  }

  async function tell(tellings: Outcome['tellings']): Promise<void> {
    for (let from = 0; from < tellings.length; from += findingsPerAppend) {
      const some = tellings.slice(from, from + findingsPerAppend);
      const positions = await ledger.append({
        collector: 'access-risk',
        priority: 'control',
        retention: 'findings',
        entries: some.map(({ entry }) => entry),
      });
      for (const [at, { told }] of some.entries()) {
        const position = positions[at];
        if (position !== undefined) told?.(formatPosition(position));
      }
    }
  }

  async function apply(range: LedgerRange): Promise<void> {
    if (!isWhole)
      throw new AccessRiskError('risk_learning_interrupted', 'Cannot learn on: the last checkpoint must be read');
    isWhole = false;
    await lookAtSettings();
    const tellings: Outcome['tellings'][number][] = [];
    const reactions: Outcome['reactions'][number][] = [];
    const before = learner.counts().events;
    const nowMs = clock.nowMs();
    for (const event of range.events) {
      const outcome = learner.observe(event);
      if (nowMs - event.receivedAtMs > tellWithinMs) continue;
      tellings.push(...outcome.tellings);
      if (reactor.isTimely(event)) reactions.push(...outcome.reactions);
    }
    await tell(tellings);
    // Before the cursor is saved: after a crash they are done again, which changes nothing where they were done.
    for (const reaction of reactions) await reactor.react(reaction);
    cursor = range.to;
    learntToMs = Math.max(learntToMs, range.events.at(-1)?.receivedAtMs ?? 0);
    unsaved += learner.counts().events - before;
    if (unsaved >= checkpointEvents || clock.monotonicMs() - savedAtMs >= checkpointMs) await checkpoint(range.to);
    isWhole = true;
  }

  async function forget(ranges: readonly ErasedRange[]): Promise<number> {
    const isErased = erasedBy(ranges);
    if (!isWhole) await restore(await readCursor(database));
    isWhole = false;
    let forgotten = 0;
    for (const [id, state] of book.entries().toArray()) {
      if (isErased(state.event)) {
        book.remove(id);
        forgotten += 1;
        continue;
      }
      const here = forgetIn(state, isErased);
      if (here > 0) book.keep(id, state);
      forgotten += here;
    }
    if (cursor !== undefined) await checkpoint(cursor);
    isWhole = true;
    return forgotten;
  }

  const stateOf = (kind: State['kind'], id: string): State | undefined => book.get(rowId(sealingKey, kind, id));

  return {
    projection: {
      name: 'access-risk',
      load: (head) => inTurn(() => load(head)),
      apply: (range) => inTurn(() => apply(range)),
    },

    riskOf(user, { address, agent, browserKey }) {
      const nowMs = clock.nowMs();
      const state = stateOf('user', user.id) ?? newState({ kind: 'user', ...user }, nowMs, '');
      const source = sourceOf(address);
      const attempt = {
        atMs: nowMs,
        clockMs: nowMs,
        address,
        source,
        agent,
        ...(browserKey === undefined ? {} : { browserKey }),
        place: locate(address),
        isCampaign: campaigns.isActive(source, nowMs),
      };
      const { value, reasons } = riskOf(judgeSignIn(state, attempt), nowMs);
      const needsStronger = value >= current.stronger_from && !hasKnownKey(state, attempt);
      return { value, reasons: reasons.map(({ words }) => words), needsStronger };
    },

    fact({ kind, id, sessionId }) {
      if (kind !== 'user' && kind !== 'key' && kind !== 'service') return undefined;
      const nowMs = clock.nowMs();
      const reasons = (stateOf(kind, id)?.reasons ?? []).filter(
        ({ session }) => session === undefined || sessionId === undefined || session === sessionId,
      );
      const risk = riskOf(reasons, nowMs);
      const isCaughtUp = cursor !== undefined && comparePositions(cursor, ledger.head()) >= 0;
      const asOfMs = isCaughtUp ? nowMs : Math.min(learntToMs, nowMs);
      return {
        value: risk.value,
        asOfMs,
        freshUntilMs: asOfMs + factFreshMs,
        reasons: risk.reasons.map(({ words }) => words),
      };
    },

    overview({ limit, after = 0 }) {
      const nowMs = clock.nowMs();
      const all = book
        .entries()
        .map(([, state]) => overviewOf(state, nowMs))
        .toArray()
        .toSorted((a, b) => b.risk.value - a.risk.value || b.lastSeenMs - a.lastSeenMs || (a.id < b.id ? -1 : 1));
      return { people: all.slice(after, after + limit), total: all.length };
    },

    person(kind, id) {
      const state = stateOf(kind, id);
      return state === undefined ? undefined : personOf(state, clock.nowMs());
    },

    signInsOf: (userId) => (stateOf('user', userId)?.recent ?? []).toReversed(),

    async answer({ by, signIn: id, answer }) {
      const state = by.kind === 'user' ? stateOf('user', by.id) : undefined;
      const signIn = state?.recent.find((one) => one.id === id);
      if (state === undefined || signIn === undefined)
        throw new AccessRiskError(
          'sign_in_unknown',
          `Cannot find the sign-in "${id.slice(0, 40)}": must be one of your recent ones`,
        );
      const session = by.sessionId ?? '';
      const nowMs = clock.nowMs();
      if (!mayAnswer(state, signIn, { session, answer }, nowMs))
        throw new AccessRiskError(
          'sign_in_own_answer',
          'Cannot take this answer: must come from another session, in a browser you use as ever',
          {
            hint: 'sign in where you usually do, or ask an administrator',
          },
        );
      const event = auditEvent({
        nowMs,
        actor: { kind: by.kind, id: by.id, name: by.name },
        action: answerAction,
        classUid: ocsfClass.entityManagement,
        activityId: 3,
        outcome: 'success',
        target: { type: 'sign-in', id },
        details: { sign_in: id, answer, session },
      });
      await database.transaction().execute((transaction) => needs.outbox.record(transaction, event));
      await needs.outbox.flushed();
      if (answer === 'not-me')
        await reactor.react({
          kind: 'not-me',
          userId: by.id,
          userName: by.name,
          exceptSession: session,
          saidMs: nowMs,
        });
    },

    settings,
    preview: (after) =>
      previewSettings(
        book
          .entries()
          .map(([, state]) => state)
          .toArray(),
        { before: current, after: parseSettings(after), nowMs: clock.nowMs() },
      ),
    async changeSettings({ to, by }) {
      const after = parseSettings(to);
      await database.transaction().execute(async (transaction) => {
        const before = await readSettings(transaction, needs);
        await writeSettings(transaction, needs, after);
        await needs.outbox.record(transaction, settingsEvent({ nowMs: clock.nowMs(), by, before, after }));
      });
      current = after;
      settingsReadMs = clock.monotonicMs();
      await needs.outbox.flushed();
      return after;
    },

    forget: (ranges) => inTurn(() => forget(ranges)),

    health() {
      const head = ledger.head();
      const { sources } = campaigns.size();
      return {
        ...learner.counts(),
        people: book.size(),
        evicted: book.evicted(),
        sources,
        unreadableStates,
        cursor: cursor ?? head,
        lag: cursor?.log === head.log ? head.index - cursor.index : undefined,
      };
    },

    close: () => inTurn(async () => (cursor === undefined || !isWhole ? undefined : checkpoint(cursor))),
  };
}
