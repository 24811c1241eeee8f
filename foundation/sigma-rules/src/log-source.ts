import { applicationLogSourceOf } from './application-log-source.ts';
import type { EventLogSource } from './event-log-source.ts';
import { sigmaEventOf } from './event-view.ts';
import type { SigmaEvent } from './event-view.ts';
import type { JsonObject } from './json.ts';
import type { SigmaLogSource } from './rule.ts';
import {
  listedWindowsServices,
  windowsCategoriesOf,
  windowsChannelOf,
  windowsServicesOf,
} from './windows-log-source.ts';

export function logSourceOf(record: JsonObject): EventLogSource {
  return logSourceOfEvent(sigmaEventOf(record));
}

/** The same as `logSourceOf`, for a record that is flattened already. */
export function logSourceOfEvent(event: SigmaEvent): EventLogSource {
  function textOf(field: string): string | undefined {
    const scalar = event.valuesOf(field)?.[0]?.scalar;
    return scalar === null || scalar === undefined ? undefined : String(scalar);
  }
  return windowsLogSourceOf(textOf) ?? applicationLogSourceOf(textOf, (field) => event.valuesOf(field) !== undefined);
}

function windowsLogSourceOf(textOf: (field: string) => string | undefined): EventLogSource | undefined {
  const eventId = textOf('EventID');
  if (eventId === undefined) return undefined;
  const channel = windowsChannelOf(textOf('Channel'), textOf('Provider_Name'));
  if (channel === undefined) return undefined;
  if (channel === 'linux-sysmon/operational') {
    return {
      product: 'linux',
      category: windowsCategoriesOf('microsoft-windows-sysmon/operational', eventId) ?? [],
      service: ['sysmon'],
    };
  }
  const category = windowsCategoriesOf(channel, eventId);
  const service = windowsServicesOf(channel);
  return {
    product: 'windows',
    ...(category === undefined ? {} : { category }),
    ...(service === undefined ? { unlistedChannel: true } : { service }),
  };
}

/**
 * False only where the two contradict each other: a dimension is known on both sides and differs. Whatever cannot be told is
 * evaluated, so routing loses no match.
 */
export function matchesLogSource(
  rule: Pick<SigmaLogSource, 'category' | 'product' | 'service'>,
  source: EventLogSource,
): boolean {
  if (rule.product !== undefined && source.product !== undefined && rule.product !== source.product) return false;
  if (rule.category !== undefined && source.category !== undefined && !source.category.includes(rule.category))
    return false;
  if (rule.service === undefined) return true;
  if (source.service !== undefined) return source.service.includes(rule.service);
  return !(source.unlistedChannel === true && listedWindowsServices.has(rule.service));
}
