import type { ShownHold, ShownIntent } from '@sallyport/key-vault/server';
import { typedApp } from '@sallyport/platform/http';
import type { RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import type { Static } from 'typebox';
import type { ClassView } from './overview.ts';
import type { Retention } from './retention.ts';
import {
  classParams,
  ErasedDays,
  Hold,
  HoldBody,
  Overview,
  PolicyBody,
  PolicyStep,
  ProfilesBody,
  SourceBody,
  sourceParams,
} from './schema.ts';

const tags = ['retention'];
const manage = { scope: 'vault:manage', stepUp: true } as const;
const maxErased = 1000;

/** `/v1/retention`: classes with their clocks, policies, classes of sources, legal holds, what was erased. */
export function createRetentionRoutes(retention: Retention): RoutePlugin {
  return async (plain) => {
    const app = typedApp(plain);
    app.get(
      '/v1/retention',
      {
        config: { scope: 'vault:read' },
        schema: { summary: 'How long each class is kept, and what expires when', tags, response: { 200: Overview } },
      },
      async () => {
        const { classes, profiles, holds, expiries, clock, recordings } = await retention.overview();
        return {
          classes: classes.map(shownClass),
          profiles: [...profiles],
          holds: holds.map(shownHold),
          expiries: expiries.map((intent) => ({
            ...shownStep(intent),
            labels: intent.keys.map(({ label }) => label),
            kept: intent.kept.map(({ keyId, why, by }) => ({
              label: intent.keys.find(({ id }) => id === keyId)?.label ?? keyId,
              why: `${why}: ${by}`,
            })),
          })),
          clock: { ledger_time: iso(clock.ledgerMs), evidence: clock.evidence },
          recordings:
            recordings === undefined
              ? null
              : { keep_days: recordings.days, bytes: recordings.bytes, used_bytes: recordings.usedBytes },
        };
      },
    );
    app.get(
      '/v1/retention/erased',
      {
        config: { scope: 'vault:read' },
        schema: {
          summary: 'Days whose keys were destroyed, and the receipts of everybody who kept copies; the newest first',
          tags,
          querystring: Type.Object(
            { limit: Type.Optional(Type.Integer({ minimum: 1, maximum: maxErased, description: 'Default 100' })) },
            { additionalProperties: false },
          ),
          response: { 200: ErasedDays },
        },
      },
      async ({ query }) => ({
        erased: (await retention.forgetting.list(query.limit ?? 100)).map((key) => ({
          key_id: key.keyId,
          label: key.label,
          destroyed_at: iso(key.destroyedAtMs),
          events: key.events,
          forgotten_at: isoOrNull(key.forgottenAtMs),
          receipts: key.receipts.map(({ keeper, changed, atMs }) => ({ keeper, changed, at: iso(atMs) })),
          waiting: key.waiting.map(({ keeper, error }) => ({ keeper, error: error ?? null })),
        })),
      }),
    );
    app.put(
      '/v1/retention/classes/:class',
      {
        config: manage,
        schema: {
          summary: 'Keep a class for some days, or for ever; a shorter keeping waits for two people and for time',
          tags,
          params: classParams,
          body: PolicyBody,
          response: { 202: PolicyStep },
        },
      },
      async ({ params, body, principal }, reply) => {
        const asked = { class: params.class, keepDays: body.keep_days, reason: body.reason, actor: principal };
        return reply.code(202).send(shownPolicy(await retention.changePolicy(asked)));
      },
    );
    app.put(
      '/v1/retention/profiles',
      {
        config: manage,
        schema: {
          summary: 'Choose the laws that set a minimum',
          tags,
          body: ProfilesBody,
          response: { 204: Type.Null() },
        },
      },
      async ({ body, principal }, reply) => {
        await retention.setProfiles(body.profiles, principal);
        return reply.code(204).send(null);
      },
    );
    app.put(
      '/v1/retention/sources/:source',
      {
        config: manage,
        schema: {
          summary: 'Give a source a class, from its next event on',
          tags,
          params: sourceParams,
          body: SourceBody,
          response: { 204: Type.Null() },
        },
      },
      async ({ params, body, principal }, reply) => {
        await retention.sources.set(params.source, body.class, principal);
        return reply.code(204).send(null);
      },
    );
    app.delete(
      '/v1/retention/sources/:source',
      {
        config: manage,
        schema: {
          summary: 'Put a source back into `events`, from its next event on',
          tags,
          params: sourceParams,
          response: { 204: Type.Null() },
        },
      },
      async ({ params, principal }, reply) => {
        await retention.sources.clear(params.source, principal);
        return reply.code(204).send(null);
      },
    );
    app.post(
      '/v1/retention/holds',
      {
        config: manage,
        schema: {
          summary:
            'Place a legal hold on whole days of classes, or of the class of a source; it ends by two signatures at `/v1/vault/holds`',
          tags,
          body: HoldBody,
          response: { 201: Hold },
        },
      },
      async ({ body, principal }, reply) => {
        const { name, reason, classes, source, from_day: fromDay, to_day: toDay } = body;
        const placed = await retention.holds.place({
          name,
          reason,
          actor: principal,
          ...(classes === undefined ? {} : { classes }),
          ...(source === undefined ? {} : { source }),
          ...(fromDay === undefined ? {} : { fromDay }),
          ...(toDay === undefined ? {} : { toDay }),
        });
        return reply.code(201).send(shownHold(placed));
      },
    );
  };
}

function shownStep({ id, stage, atMs, by, reason, signatures, obstacles }: ShownIntent) {
  return {
    id,
    stage,
    at: iso(atMs),
    by,
    reason,
    signatures: signatures.length,
    obstacles: obstacles.map(({ message }) => message),
  };
}

function shownPolicy(intent: ShownIntent): Static<typeof PolicyStep> {
  return { ...shownStep(intent), keep_days: intent.policy?.keepDays ?? null };
}

function shownClass(view: ClassView) {
  return {
    name: view.name,
    about: view.about,
    keep_days: view.keepDays,
    agreed_at: isoOrNull(view.agreedAtMs),
    minimum_days: view.minimumDays,
    recommended_days: view.recommendedDays,
    recommended_because: view.recommendedBecause,
    waiting: view.waiting.map(shownPolicy),
    kept: {
      days: view.kept.days,
      events: view.kept.events,
      bytes: view.kept.bytes,
      oldest_day: view.kept.oldestDay ?? null,
      newest_day: view.kept.newestDay ?? null,
    },
    next_expiry: isoOrNull(view.nextExpiryMs),
    due_days: view.dueDays,
    held_days: view.heldDays,
    erased: { ...view.erased },
    sources: [...view.sources],
  };
}

function shownHold(hold: ShownHold): Static<typeof Hold> {
  const { selector } = hold;
  return {
    id: hold.id,
    name: hold.name,
    reason: hold.reason,
    by: hold.by,
    at: iso(hold.atMs),
    classes: [...(selector?.classes ?? [])],
    from_day: selector?.fromDay ?? null,
    to_day: selector?.toDay ?? null,
    keys: hold.keyIds.length + (hold.leftOut ?? 0),
  };
}

function iso(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

function isoOrNull(timeMs: number | undefined): string | null {
  return timeMs === undefined ? null : iso(timeMs);
}
