import type { EventRow } from '../../../api/queries.ts';

/** A test as the API takes it. */
export type RuleTestDraft = {
  readonly name: string;
  readonly expect: 'match' | 'no_match';
  readonly rule?: string;
  readonly event?: unknown;
  readonly events?: unknown;
  readonly origin?: string;
};

/** What the server gave back, where it is a test. */
export function testsIn(values: readonly unknown[]): readonly RuleTestDraft[] {
  return values.flatMap((value) => {
    if (typeof value !== 'object' || value === null || !('name' in value) || typeof value.name !== 'string') return [];
    const { name } = value;
    const expect = 'expect' in value && value.expect === 'no_match' ? 'no_match' : 'match';
    return [
      {
        name,
        expect,
        ...('rule' in value && typeof value.rule === 'string' ? { rule: value.rule } : {}),
        ...('event' in value ? { event: value.event } : {}),
        ...('events' in value ? { events: value.events } : {}),
        ...('origin' in value && typeof value.origin === 'string' ? { origin: value.origin } : {}),
      },
    ];
  });
}

/**
 * A test out of an event that is kept. Where the original is a record of its own that record is taken, which is what rules see and what people can edit;
 * else the whole event.
 */
export function testFromEvent(position: string, event: EventRow, name: string): RuleTestDraft {
  return { name, expect: 'match', event: recordOf(event.event), origin: position };
}

function recordOf(event: unknown): unknown {
  if (typeof event !== 'object' || event === null || !('raw_data' in event) || typeof event.raw_data !== 'string')
    return event;
  // What intake read out of a text is what rules see; it is only there with the whole event.
  if ('unmapped' in event && typeof event.unmapped === 'object' && event.unmapped !== null) {
    const read = 'record' in event.unmapped ? event.unmapped.record : undefined;
    if (typeof read === 'object' && read !== null) return event;
  }
  try {
    const record: unknown = JSON.parse(event.raw_data);
    return typeof record === 'object' && record !== null && !Array.isArray(record) ? record : event;
  } catch {
    return event;
  }
}
