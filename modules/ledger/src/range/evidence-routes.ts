import { Readable } from 'node:stream';
import { ocsfClass } from '@sallyport/contracts';
import type { Clock } from '@sallyport/platform/clock';
import { safeFileName } from '@sallyport/platform/csv';
import { typedApp } from '@sallyport/platform/http';
import type { Principal, RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import { auditEvent } from '../audit-event.ts';
import type { AuditEvent } from '../audit-event.ts';
import { LedgerError } from '../errors.ts';
import type { EvidenceOpenings } from '../evidence-openings.ts';
import type { LedgerClient } from '../ledger-client.ts';
import { exportRange, rangeLimits } from './export-range.ts';
import type { RangeRequest } from './export-range.ts';
import type { RangeBounds } from './range-prover.ts';

export type EvidenceNeeds = {
  readonly clock: Clock;
  /** Resolves when the event is durable: nothing is exported that was not recorded. */
  readonly recordAudit: (event: AuditEvent) => Promise<void>;
  /** What the sealed texts of a marked body say, as far as anybody here can tell. */
  readonly openings?: (marked: string) => Promise<EvidenceOpenings>;
  /** Collectors whose names a file may give away besides those asked for. */
  readonly knownSources: () => Promise<readonly string[]>;
  /** The events at positions [from, to) of a log that fit a query, as far as the caller may see them. Throws what search throws. */
  readonly matches: (query: EvidenceQuery, principal: Principal) => Promise<ReadonlySet<number>>;
};

export type EvidenceQuery = {
  readonly text: string;
  readonly log: number;
  readonly from: number;
  readonly to: number;
  readonly fromMs: number | undefined;
  readonly toMs: number | undefined;
};

const maxAtOnce = 2;
const index = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const instant = Type.String({ format: 'date-time' });

const RangeQuery = Type.Object(
  {
    log: Type.Optional(Type.Integer({ minimum: 1, maximum: 999_999_999, description: 'Default: the newest' })),
    first: Type.Optional(Type.Integer({ ...index, description: 'Positions from this one on, instead of times' })),
    past: Type.Optional(Type.Integer({ ...index, description: 'and before this one' })),
    from: Type.Optional(Type.String({ ...instant, description: 'Received at this time or later' })),
    to: Type.Optional(Type.String({ ...instant, description: 'Received before this time' })),
    collectors: Type.Optional(
      Type.String({
        maxLength: 8192,
        description: 'Names as the ledger has them, such as intake/web-1, one a line',
      }),
    ),
    classes: Type.Optional(
      Type.String({ pattern: '^\\d{1,10}(,\\d{1,10}){0,99}$', description: 'OCSF class ids, separated by commas' }),
    ),
    q: Type.Optional(
      Type.String({ maxLength: 8192, description: 'Marks what fits this query; takes `events:read` too' }),
    ),
    bodies: Type.Optional(
      Type.Enum(['all', 'matches'], {
        description: 'With q: whether the content of other events is left out; default all',
      }),
    ),
    names: Type.Optional(
      Type.Enum(['asked', 'all'], {
        description: 'all: name the other sources too, so that nobody need take our word that they are others',
      }),
    ),
    witnessed: Type.Optional(
      Type.Boolean({ description: 'Only against a checkpoint that enough witnesses have cosigned' }),
    ),
  },
  { additionalProperties: false },
);

/** `GET /v1/ledger/evidence`: all events of a range with everything needed to check offline that none is left out. */
export function createEvidenceRoutes(
  ledger: Pick<LedgerClient, 'head' | 'ranges' | 'cosigned' | 'verifierKey'>,
  needs: EvidenceNeeds,
): RoutePlugin {
  let underWay = 0;
  return async (plain) => {
    typedApp(plain).get(
      '/v1/ledger/evidence',
      {
        config: { scope: 'ledger:read', endsByItself: true },
        schema: {
          summary: 'All events of a range, provably all; recorded in the audit trail before the first line',
          tags: ['ledger'],
          produces: ['text/plain'],
          querystring: RangeQuery,
          response: {
            200: {
              description:
                'Range evidence; `sallyport-entries` says how many leaves follow, `sallyport-events` how many events are claimed',
              content: { 'text/plain': { schema: Type.Unsafe<Readable>({ type: 'string' }) } },
            },
          },
        },
      },
      async ({ query, principal }, reply) => {
        const log = query.log ?? ledger.head().log;
        const bounds = boundsOf(query);
        if (query.q !== undefined && !principal.scopes.includes('events:read'))
          throw new LedgerError('evidence_refused', 'Cannot mark what fits a query: must be allowed "events:read"');
        if (query.bodies === 'matches' && query.q === undefined)
          throw new LedgerError('evidence_refused', 'Cannot leave out what does not fit: there is no query');
        if (underWay >= maxAtOnce)
          throw new LedgerError('overloaded', `Cannot export evidence: ${underWay} exports are under way already`);
        underWay += 1;
        let isUnderWay = true;
        /** However it ends: a client that hangs up may end the reply and the stream with an error each. */
        const end = (): void => {
          if (isUnderWay) underWay -= 1;
          isUnderWay = false;
        };
        try {
          const exported = await exportRange(
            {
              ...ledger,
              knownSources: needs.knownSources,
              ...(needs.openings === undefined ? {} : { openings: needs.openings }),
            },
            requestOf(query, { log, bounds, principal, needs }),
          );
          const { from, to } = exported.head;
          await needs.recordAudit(
            auditEvent({
              nowMs: needs.clock.nowMs(),
              actor: { kind: principal.kind, id: principal.id, name: principal.name },
              action: 'evidence.export',
              classUid: ocsfClass.apiActivity,
              activityId: 2,
              outcome: 'success',
              target: { type: 'log', id: String(log) },
              details: {
                first: from,
                past: to,
                from: query.from ?? '',
                to: query.to ?? '',
                collectors: query.collectors ?? '',
                classes: query.classes ?? '',
                q: query.q ?? '',
                bodies: query.bodies ?? 'all',
                events: exported.claimed,
              },
            }),
          );
          const stream = Readable.from(exported.parts(), { objectMode: false, highWaterMark: 65_536 });
          stream.once('close', end);
          const name = safeFileName(['evidence', `log-${log}`, `${from}-${to - 1}`], 'txt');
          return await reply
            .header('content-type', 'text/plain; charset=utf-8')
            .header('content-disposition', `attachment; filename="${name}"`)
            .header('cache-control', 'no-store')
            .header('sallyport-entries', String(to - from))
            .header('sallyport-events', String(exported.claimed))
            .send(stream);
        } catch (error) {
          end();
          throw error;
        }
      },
    );
  };
}

type Asked = {
  readonly first?: number;
  readonly past?: number;
  readonly from?: string;
  readonly to?: string;
  readonly collectors?: string;
  readonly classes?: string;
  readonly q?: string;
  readonly bodies?: 'all' | 'matches';
  readonly names?: 'asked' | 'all';
  readonly witnessed?: boolean;
};

function boundsOf({ first, past, from, to }: Asked): RangeBounds {
  const hasPositions = first !== undefined || past !== undefined;
  if (!hasPositions) return { kind: 'times', fromMs: instantOf(from), toMs: instantOf(to) };
  if (first === undefined || past === undefined || from !== undefined || to !== undefined)
    throw new LedgerError('evidence_refused', 'Cannot tell the range: give both first and past, or from and to');
  return { kind: 'positions', from: first, to: past };
}

function instantOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Math.max(0, Date.parse(text));
}

function requestOf(
  asked: Asked,
  about: {
    readonly log: number;
    readonly bounds: RangeBounds;
    readonly principal: Principal;
    readonly needs: EvidenceNeeds;
  },
): RangeRequest {
  const { log, bounds, principal, needs } = about;
  const { q } = asked;
  const listOf = (text: string | undefined, separator: string): string[] => [
    ...new Set((text ?? '').split(separator).filter((part) => part !== '')),
  ];
  const time = bounds.kind === 'times' ? bounds : { fromMs: undefined, toMs: undefined };
  return {
    log,
    bounds,
    sources: listOf(asked.collectors, '\n'),
    classes: listOf(asked.classes, ',').map(Number),
    nameOthers: asked.names === 'all',
    witnessed: asked.witnessed === true,
    bodies: asked.bodies ?? 'all',
    query:
      q === undefined
        ? undefined
        : {
            text: q,
            matches: (from, to) =>
              needs.matches({ text: q, log, from, to, fromMs: time.fromMs, toMs: time.toMs }, principal),
          },
    mayReadAudit: principal.scopes.includes('audit:read'),
    limits: rangeLimits,
  };
}
