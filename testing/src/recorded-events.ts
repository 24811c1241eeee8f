// What a server holds, read completely through its documented API.
import { verifyEvidence } from '@sallyport/ledger/evidence';
import type { ServerUnderTest } from './server-under-test.ts';

export type RecordedEvent = {
  readonly position: string;
  readonly received: string;
  readonly event: {
    readonly class_uid: number;
    readonly message?: string;
    readonly raw_data?: string;
    readonly metadata?: { readonly event_code?: string };
    readonly finding_info?: { readonly analytic?: { readonly uid?: string } };
    readonly unmapped?: { readonly sallyport?: Readonly<Record<string, unknown>> };
  } | null;
};

export type RecordedAlert = {
  readonly id: string;
  readonly state: string;
  readonly rule_id: string;
  readonly finding: string;
  readonly input: string;
  /** Findings it stands for. */
  readonly count: number;
};

/** Every event search knows, oldest first. */
export async function searchEverything(server: ServerUnderTest, query?: string): Promise<RecordedEvent[]> {
  const found: RecordedEvent[] = [];
  for (let after: string | undefined = ''; after !== undefined;) {
    const parameters = new URLSearchParams({ sort: 'oldest', limit: '1000' });
    if (query !== undefined) parameters.set('q', query);
    if (after !== '') parameters.set('after', after);
    const answer = await server.ask({ path: `/v1/events?${parameters.toString()}` });
    if (answer.status !== 200) throw new Error(`Search answers ${answer.status}: ${answer.text.slice(0, 500)}`);
    const page: { events: RecordedEvent[]; next?: string } = JSON.parse(answer.text);
    found.push(...page.events);
    after = page.next;
  }
  return found;
}

/** Every alert, newest first. */
export async function listAlerts(server: ServerUnderTest): Promise<RecordedAlert[]> {
  const found: RecordedAlert[] = [];
  for (let after: string | undefined = ''; after !== undefined;) {
    const answer = await server.ask({ path: `/v1/alerts?limit=200${after === '' ? '' : `&after=${after}`}` });
    if (answer.status !== 200) throw new Error(`Alerts answers ${answer.status}: ${answer.text.slice(0, 500)}`);
    const page: { alerts: RecordedAlert[]; next?: string } = JSON.parse(answer.text);
    found.push(...page.alerts);
    after = page.next;
  }
  return found;
}

/** The newest findings of an alert, at most 100, as `finding input`. */
export async function findingsOf(server: ServerUnderTest, { id }: RecordedAlert): Promise<string[]> {
  const answer = await server.ask({ path: `/v1/alerts/${id}` });
  if (answer.status !== 200) throw new Error(`Alert ${id} answers ${answer.status}: ${answer.text.slice(0, 500)}`);
  const { findings }: { findings: { position: string; input: string }[] } = JSON.parse(answer.text);
  return findings.map(({ position, input }) => `${position} ${input}`);
}

export async function verifierKeyOf(server: ServerUnderTest, log = 1): Promise<string> {
  const answer = await server.askLocally({ path: '/v1/ledger' });
  const { logs }: { logs: { number: number; verifier_key: string }[] } = JSON.parse(answer.text);
  const found = logs.find(({ number }) => number === log);
  if (found === undefined) throw new Error(`The server has no log ${log}: ${answer.text}`);
  return found.verifier_key;
}

/** The event at a position as the ledger proves it, checked under the given key. */
export async function provenEvent(server: ServerUnderTest, position: string, verifierKey: string): Promise<unknown> {
  const answer = await server.ask({ path: `/v1/ledger/proof/${position}` });
  if (answer.status !== 200) throw new Error(`No proof of ${position}: ${answer.status} ${answer.text.slice(0, 500)}`);
  const verified = verifyEvidence(answer.text, { verifierKey });
  if (!verified.ok) throw new Error(`The proof of ${position} does not verify: ${verified.reason}`);
  if (verified.index !== Number(position.split('/')[1])) throw new Error(`The proof is not of ${position}`);
  return verified.event;
}
