/** Which techniques the rules in force see: MITRE's tables, detection's rules and sources, and how often rules fired. */
import { attackFrameworks } from '@sallyport/content/attack';
import type { Detection } from '@sallyport/detection';
import type { Alerts } from '@sallyport/incident-response';
import type { Clock } from '@sallyport/platform/clock';
import { createThreatCoverage } from '@sallyport/threat-coverage';
import type { ThreatCoverage } from '@sallyport/threat-coverage';

export function createCoverage(needs: {
  readonly detection: Pick<Detection, 'ruleSet' | 'logSources'>;
  readonly alerts: Pick<Alerts, 'ruleTallies'>;
  readonly clock: Clock;
}): ThreatCoverage {
  return createThreatCoverage({
    frameworks: attackFrameworks(),
    rules: () => needs.detection.ruleSet().rules,
    arrivals: () => needs.detection.logSources(),
    fires: async () =>
      new Map(
        (await needs.alerts.ruleTallies()).map((tally) => [
          tally.ruleId,
          { day: tally.firesInDay, month: tally.firesInMonth },
        ]),
      ),
    clock: needs.clock,
  });
}
