/** What looks at events: rules on the stream and over what is kept, and what is usual of whom. */
import { createSecretKey } from 'node:crypto';
import { join } from 'node:path';
import { createBehaviour, createBehaviourRoutes } from '@sallyport/behaviour';
import type { Behaviour } from '@sallyport/behaviour';
import { rulesDirectory } from '@sallyport/content';
import { createDetection, createDetectionRoutes } from '@sallyport/detection';
import type { Detection } from '@sallyport/detection';
import type { EventSearch } from '@sallyport/event-search';
import { createHunting, createHuntingRoutes } from '@sallyport/hunting';
import type { Hunting, HuntingNeeds } from '@sallyport/hunting';
import type { Projection } from '@sallyport/ledger';
import type { RoutePlugin } from '@sallyport/platform/http';
import { createDocumentRoutes, createDocumentSources, createRuleDocuments } from '@sallyport/rule-library';
import type { RuleDocuments } from '@sallyport/rule-library';
import { createRulePackRoutes, createRulePacks } from '@sallyport/rule-library/packs';
import type { RulePacks } from '@sallyport/rule-library/packs';
import { createRuleExceptionRoutes, createRuleExceptions } from '@sallyport/rule-exceptions';
import type { RuleExceptionNeeds, RuleExceptions } from '@sallyport/rule-exceptions';
import type { Custody, CommonNeeds } from './custody.ts';
import { secretKey } from './secret-key.ts';
import { secretNames } from './secret-names.ts';
import { delay } from './timers.ts';

/** Further behind the ledger than this, rules on the stream have the machine to themselves. */
const huntingLagEvents = 5000;

export type AnalysisNeeds = CommonNeeds &
  Pick<Custody, 'database' | 'ledger' | 'outbox'> & {
    readonly search: EventSearch;
    /** Rules of one's own are in `rules` of it. */
    readonly dataDirectory: string;
    /** What whoever began a job may do by now. */
    readonly scopesOf: Required<HuntingNeeds>['scopesOf'];
    /** What was found so far; asked when everything stands. */
    readonly stored: () => Pick<RuleExceptionNeeds, 'findings' | 'countFindings'>;
  };

export type Analysis = {
  readonly detection: Detection;
  readonly exceptions: RuleExceptions;
  readonly hunting: Hunting;
  readonly behaviour: Behaviour;
  readonly ruleDocuments: RuleDocuments;
  readonly rulePacks: RulePacks;
  readonly routes: readonly RoutePlugin[];
  /** Those beside detection and behaviour. */
  readonly projections: readonly Projection[];
};

export async function createAnalysis({
  search,
  dataDirectory,
  stored,
  scopesOf,
  ...needs
}: AnalysisNeeds): Promise<Analysis> {
  const { ledger, log } = needs;
  const sealingKey = await secretKey(ledger.secrets, secretNames.ruleDocuments);
  const documentsInForce = createDocumentSources({ ...needs, sealingKey });
  const exceptions = createRuleExceptions({
    ...needs,
    sealingKey: await secretKey(ledger.secrets, secretNames.ruleExceptions),
    rules: () => detection.ruleSet().rules,
    sources: () => detection.sources(),
    openMatcher: (sources) => detection.openMatcher(sources),
    findings: (asked) => stored().findings(asked),
    countFindings: (asked) => stored().countFindings(asked),
  });
  const rulePacks = await createRulePacks({
    ...needs,
    sealingKey: await secretKey(ledger.secrets, secretNames.rulePacks),
    directory: join(dataDirectory, 'rule-packs'),
    inForce: { reload: (actor) => detection.reload(actor), rules: () => detection.ruleSet().rules },
    hunts: {
      start: ({ text, from, by }) => hunting.start({ rules: { kind: 'typed', text }, filter: { from }, by }),
    },
  });
  const detection = await createDetection({
    ...needs,
    exceptions: exceptions.live,
    correlationKey: await secretKey(ledger.secrets, secretNames.correlations),
    ruleDirectories: [
      { name: 'bundled', path: rulesDirectory },
      { name: 'own', path: join(dataDirectory, 'rules') },
    ],
    ruleSources: async () => [...(await documentsInForce()), ...(await rulePacks.sources())],
  });
  const ruleDocuments = createRuleDocuments({ ...needs, sealingKey, detection });
  const hunting = createHunting({
    ...needs,
    delay,
    rows: search.rows,
    rules: { sources: () => detection.sources(), open: (sources) => detection.openMatcher(sources) },
    sealingKey: await secretKey(ledger.secrets, secretNames.hunts),
    mayRun: () => (detection.health().lag ?? 0) < huntingLagEvents,
    scopesOf,
    log: (message, details) => log.info(message, details),
  });
  const behaviour = createBehaviour({
    ...needs,
    sealingKey: createSecretKey(await secretKey(ledger.secrets, secretNames.behaviour)),
  });
  return {
    detection,
    exceptions,
    hunting,
    behaviour,
    ruleDocuments,
    rulePacks,
    routes: [
      createDetectionRoutes(detection),
      createDocumentRoutes({ documents: ruleDocuments, fileOf: (id) => detection.rule(id).file }),
      createRuleExceptionRoutes(exceptions, needs),
      ...createRulePackRoutes(rulePacks),
      createHuntingRoutes(hunting),
      createBehaviourRoutes(behaviour),
    ],
    projections: [ruleDocuments.projection],
  };
}
