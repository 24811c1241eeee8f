import { formatPosition, isJsonObject, parsePosition } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import { isAuditRecord } from '@sallyport/ledger';
import { documentLimits as limits } from './document.ts';
import type { RuleTest, TimedEvent } from './document.ts';
import { RuleDocumentError } from './errors.ts';

/**
 * Tests as JSON has them: `name`, `expect`, and `event` or `events` (each with `after_seconds` and `event`); `rule` and `origin` are optional.
 * Throws `RuleDocumentError` `rule_document_invalid`, which names the test and never quotes its event.
 */
export function readTests(values: readonly unknown[]): readonly RuleTest[] {
  if (values.length > limits.tests) throw invalid(`there are ${values.length} tests, must be at most ${limits.tests}`);
  const bytes = bytesOf(values);
  if (bytes > limits.testBytes) throw invalid(`they have ${bytes} bytes, must be at most ${limits.testBytes}`);
  return values.map((value, place) => readTest(value, place + 1));
}

function bytesOf(values: readonly unknown[]): number {
  try {
    return Buffer.byteLength(JSON.stringify(values));
  } catch {
    throw invalid('they are nested too deep');
  }
}

function readTest(value: unknown, place: number): RuleTest {
  if (!isJsonObject(value)) throw invalid(`test ${place} is no object`);
  const { name, expect, rule, event, events, origin } = value;
  const named = typeof name === 'string' && name.trim() !== '' ? name.trim() : `Test ${place}`;
  if (named.length > limits.testName)
    throw invalid(`the name of test ${place} must have at most ${limits.testName} characters`);
  if (expect !== 'match' && expect !== 'no_match') throw invalid(`test ${place} must expect "match" or "no_match"`);
  if ((event === undefined) === (events === undefined)) throw invalid(`test ${place} must have "event" or "events"`);
  if (rule !== undefined && typeof rule !== 'string') throw invalid(`"rule" of test ${place} must be the id of a rule`);
  const from = typeof origin === 'string' ? parsePosition(origin) : undefined;
  if (origin !== undefined && from === undefined)
    throw invalid(`"origin" of test ${place} must be a position such as 1/42`);
  return {
    name: named,
    expect,
    ...(rule === undefined ? {} : { rule }),
    ...(event === undefined ? {} : { event: objectOf(event, place) }),
    ...(events === undefined ? {} : { events: timedEvents(events, place) }),
    ...(from === undefined ? {} : { origin: from }),
  };
}

function timedEvents(value: JsonValue, place: number): readonly TimedEvent[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > limits.eventsOfTest)
    throw invalid(`"events" of test ${place} must be a list of 1 to ${limits.eventsOfTest}`);
  let latest = 0;
  return value.map((one: JsonValue) => {
    const after = isJsonObject(one) ? (one['after_seconds'] ?? latest) : undefined;
    if (!isJsonObject(one) || typeof after !== 'number' || !(after >= latest && after <= 31_536_000))
      throw invalid(`each of "events" of test ${place} must have "event" and "after_seconds", which never goes back`);
    latest = after;
    return { afterSeconds: after, event: objectOf(one['event'], place) };
  });
}

function objectOf(value: JsonValue | undefined, place: number): JsonObject {
  if (!isJsonObject(value)) throw invalid(`the event of test ${place} must be a JSON object`);
  return value;
}

/** As JSON, for somebody: an event that was copied is shown to who may read it where it came from, and named only to others. */
export function testsShownTo(scopes: readonly string[], tests: readonly RuleTest[]): JsonObject[] {
  // Without metadata it is the record of a source, which no audit record has.
  const isAudit = (event: JsonObject): boolean => isJsonObject(event['metadata']) && isAuditRecord(event);
  const mayRead = (event: JsonObject): boolean =>
    scopes.includes('events:read') && (scopes.includes('audit:read') || !isAudit(event));
  const json = testsJson(tests);
  return tests.map((test, place) => {
    const { event: _event, events: _events, ...rest } = json[place] ?? {};
    const events = test.events?.map(({ event }) => event) ?? [test.event ?? {}];
    const isShown = test.origin === undefined || events.every(mayRead);
    return isShown ? (json[place] ?? {}) : { ...rest, hidden: true };
  });
}

/** The same, as JSON. */
export function testsJson(tests: readonly RuleTest[]): JsonObject[] {
  return tests.map(({ name, expect, rule, event, events, origin }) => ({
    name,
    expect,
    ...(rule === undefined ? {} : { rule }),
    ...(event === undefined ? {} : { event }),
    ...(events === undefined
      ? {}
      : { events: events.map((one) => ({ after_seconds: one.afterSeconds, event: one.event })) }),
    ...(origin === undefined ? {} : { origin: formatPosition(origin) }),
  }));
}

function invalid(what: string): RuleDocumentError {
  return new RuleDocumentError('rule_document_invalid', `Cannot take the tests: ${what}`);
}
