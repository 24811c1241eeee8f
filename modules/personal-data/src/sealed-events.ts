import { formatPosition } from '@sallyport/contracts';
import type { Position } from '@sallyport/contracts';
import { eventsOf } from './events-of.ts';
import type { Identifier } from './identifiers.ts';
import type { PersonalDataNeeds } from './needs.ts';
import { keyIdsOf, openBody } from './open-body.ts';
import type { SubjectDirectory } from './subject-directory.ts';
import type { SubjectStore } from './subject-store.ts';

export type FoundEvents = {
  readonly entries: number;
  /** False: there are more than were counted. */
  readonly isComplete: boolean;
  readonly first: { readonly position: Position; readonly receivedAtMs: number } | undefined;
  readonly last: { readonly position: Position; readonly receivedAtMs: number } | undefined;
};

const mostCounted = 10_000;

type Reading = Pick<PersonalDataNeeds, 'ledger'> & {
  readonly store: SubjectStore;
  readonly directory: SubjectDirectory;
};

/** What is sealed under these keys, counted as far as it goes. */
export async function countEvents(needs: Reading, keyIds: ReadonlySet<string>): Promise<FoundEvents> {
  let entries = 0;
  let first: FoundEvents['first'];
  let last: FoundEvents['last'];
  for await (const events of eventsOf(needs, keyIds)) {
    entries += events.length;
    first ??= events[0];
    last = events.at(-1);
    if (entries >= mostCounted) break;
  }
  const pick = (event: FoundEvents['first']): FoundEvents['first'] =>
    event === undefined ? undefined : { position: event.position, receivedAtMs: event.receivedAtMs };
  return { entries, isComplete: entries < mostCounted, first: pick(first), last: pick(last) };
}

/** All of it, opened, piece by piece as JSON text. */
export async function* exportOf(
  needs: Reading,
  request: {
    readonly id: string;
    readonly about: readonly Identifier[] | undefined;
    readonly keyIds: readonly string[];
  },
): AsyncGenerator<string> {
  const head = {
    format: 'sallyport-subject-export@v1',
    request: request.id,
    about: request.about ?? null,
  };
  yield `${JSON.stringify(head).slice(0, -1)},"events":[`;
  let count = 0;
  for await (const events of eventsOf(needs, new Set(request.keyIds))) {
    const texts = events.map(({ body }) => Buffer.from(body ?? []).toString('utf8'));
    const keys = await needs.directory.open(new Set(texts.flatMap((text) => [...keyIdsOf(text)])));
    const lines = events.map(({ position, receivedAtMs }, at) => {
      const { text } = openBody(texts[at] ?? '', (id) => keys.get(id) ?? 'lost');
      const where = { position: formatPosition(position), received_at: new Date(receivedAtMs).toISOString() };
      return `${JSON.stringify(where).slice(0, -1)},"event":${text.trim()}}`;
    });
    yield `${count === 0 ? '' : ','}\n${lines.join(',\n')}`;
    count += events.length;
  }
  yield `\n],"count":${count}}\n`;
}
