import { findingLevels } from '@sallyport/contracts';
import type { FindingLevel } from '@sallyport/contracts';
import type { Clock } from '@sallyport/platform/clock';
import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import type { Alerts } from './alerts.ts';
import { dayMs } from './rule-tally.ts';
import type { RuleTally } from './rule-tally.ts';
import { judge } from './scorecard.ts';

/** A rule in force, as far as its scorecard shows it. */
export type KnownRule = {
  readonly id: string;
  readonly title: string;
  readonly level: FindingLevel;
  readonly generates: boolean;
};

/** What rules cost together, and each. */
export type RuleCosts = {
  readonly micros: number;
  /** Events that were measured. */
  readonly measured: number;
  readonly rules: ReadonlyMap<
    string,
    { readonly micros: number; readonly candidates: number; readonly matches: number }
  >;
};

/** Fewer measured events than this say nothing about shares. */
const leastMeasured = 1_000;
const costlyShare = 0.05;

const Count = Type.Integer({ minimum: 0 });

const Scorecard = Type.Object({
  rule_id: Type.String(),
  title: Type.String(),
  level: Type.Enum(findingLevels),
  in_force: Type.Boolean({ description: 'False: a built-in check, or a rule that is not loaded any more' }),
  fires_24h: Count,
  fires_30d: Count,
  open: Type.Integer({ description: 'Alerts of the last 30 days that are new or acknowledged' }),
  closed: Count,
  suppressed: Count,
  hidden_30d: Type.Integer({ description: 'Matches that exceptions hid: they are no findings' }),
  dispositions: Type.Object({ true_positive: Count, benign: Count, expected: Count, false_positive: Count }),
  judged: Type.Integer({ description: 'Sum of the dispositions' }),
  false_positive_ratio: Type.Union([Type.Number(), Type.Null()], { description: 'Of the judged; null without any' }),
  processor_share: Type.Union([Type.Number({ minimum: 0, maximum: 1 }), Type.Null()], {
    description:
      'Of the processor time of all rules in 30 days, estimated from every 61st event; null while too few were measured',
  }),
  candidates_30d: Type.Integer({ description: 'How often it was evaluated, estimated as well' }),
  matches_30d: Type.Integer({ description: 'How often it matched, findings or not, estimated as well' }),
  is_costly: Type.Boolean({ description: `It takes ${costlyShare * 100} % of that time or more` }),
  verdict: Type.Enum(['keep', 'tune', 'retire']),
  reason: Type.String(),
});

const sorts = ['fires', 'false_positives', 'cost', 'title'] as const;

/** `GET /v1/rules/scorecards`: what each rule is worth. */
export function createScorecardRoutes(needs: {
  readonly alerts: Pick<Alerts, 'ruleTallies'>;
  readonly rules: () => readonly KnownRule[];
  /** Matches that exceptions hid since then, by rule. */
  readonly hidden: (sinceMs: number) => Promise<ReadonlyMap<string, number>>;
  /** What rules cost since then. */
  readonly costs: (sinceMs: number) => Promise<RuleCosts>;
  readonly clock: Clock;
}): RoutePlugin {
  return async (fastify) => {
    typedApp(fastify).get(
      '/v1/rules/scorecards',
      {
        config: { scope: 'alerts:read' },
        schema: {
          summary:
            'How often each rule fired, what its alerts turned out to be, and whether to keep, tune or retire it',
          tags: ['rules'],
          querystring: Type.Object(
            {
              sort: Type.Optional(Type.Enum(sorts, { description: 'Default `fires` (30 days), most first' })),
              limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 5000, description: 'Default 100' })),
            },
            { additionalProperties: false },
          ),
          response: {
            200: Type.Object({
              total: Type.Integer({ description: 'Rules there are cards of' }),
              scorecards: Type.Array(Scorecard),
            }),
          },
        },
      },
      async (request, reply) => {
        const { sort = 'fires', limit = 100 } = request.query;
        const sinceMs = needs.clock.nowMs() - 30 * dayMs;
        const [hidden, costs] = [await needs.hidden(sinceMs), await needs.costs(sinceMs)];
        const cards = scorecards(await needs.alerts.ruleTallies(), needs.rules()).map((card) => ({
          ...card,
          ...costOf(card.rule_id, costs),
          hidden_30d: hidden.get(card.rule_id) ?? 0,
        }));
        return reply.send({ total: cards.length, scorecards: cards.toSorted(orders[sort]).slice(0, limit) });
      },
    );
  };
}

type Card = ReturnType<typeof cardOf> & ReturnType<typeof costOf> & { readonly hidden_30d: number };

const byTitle = (a: Card, b: Card): number => (a.title < b.title ? -1 : a.title > b.title ? 1 : 0);
const byFires = (a: Card, b: Card): number => b.fires_30d - a.fires_30d || byTitle(a, b);
const orders = {
  title: byTitle,
  fires: byFires,
  cost: (a: Card, b: Card): number => (b.processor_share ?? -1) - (a.processor_share ?? -1) || byFires(a, b),
  false_positives: (a: Card, b: Card): number =>
    (b.false_positive_ratio ?? -1) - (a.false_positive_ratio ?? -1) || b.judged - a.judged || byFires(a, b),
} as const;

function costOf(ruleId: string, { micros, measured, rules }: RuleCosts) {
  const cost = rules.get(ruleId);
  const share = measured < leastMeasured || micros === 0 ? undefined : (cost?.micros ?? 0) / micros;
  return {
    processor_share: share === undefined ? null : Math.round(share * 10_000) / 10_000,
    candidates_30d: cost?.candidates ?? 0,
    matches_30d: cost?.matches ?? 0,
    is_costly: share !== undefined && share >= costlyShare,
  };
}

/** Rules that make findings, and whatever else found something. */
function scorecards(tallies: readonly RuleTally[], rules: readonly KnownRule[]): ReturnType<typeof cardOf>[] {
  const found = new Map(tallies.map((tally) => [tally.ruleId, tally]));
  const known = new Set(rules.map(({ id }) => id));
  return [
    ...rules
      .filter(({ id, generates }) => generates || found.has(id))
      .map((rule) => cardOf(rule, true, found.get(rule.id))),
    ...tallies
      .filter(({ ruleId }) => !known.has(ruleId))
      .map((tally) => cardOf({ id: tally.ruleId, title: tally.title, level: tally.level }, false, tally)),
  ];
}

const nothing: Pick<RuleTally, 'firesInDay' | 'firesInMonth' | 'states' | 'dispositions'> = {
  firesInDay: 0,
  firesInMonth: 0,
  states: { new: 0, acknowledged: 0, closed: 0, suppressed: 0 },
  dispositions: { true_positive: 0, benign: 0, expected: 0, false_positive: 0 },
};

function cardOf(rule: Pick<KnownRule, 'id' | 'title' | 'level'>, isInForce: boolean, tally: typeof nothing = nothing) {
  const { judged, falsePositiveRatio, verdict, reason } = judge(tally);
  return {
    rule_id: rule.id,
    title: rule.title,
    level: rule.level,
    in_force: isInForce,
    fires_24h: tally.firesInDay,
    fires_30d: tally.firesInMonth,
    open: tally.states.new + tally.states.acknowledged,
    closed: tally.states.closed,
    suppressed: tally.states.suppressed,
    dispositions: { ...tally.dispositions },
    judged,
    false_positive_ratio: falsePositiveRatio ?? null,
    verdict,
    reason,
  };
}
