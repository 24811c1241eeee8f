// The intake of a server in memory, behind the sensor's transport: numbers per key and source, recorded once, another event under
// a known number refused, with every kind of trouble.
import { gunzipSync } from 'node:zlib';
import type { Answer, Question, Transport } from '../send/transport.ts';

export type ServerDouble = Transport & {
  /** Lines recorded under a source, by number; of one key, or the only one. */
  recorded(source: string, key?: string): ReadonlyMap<number, string>;
  /** Every line there is, in the order of recording. */
  lines(): readonly string[];
  sources(): readonly string[];
  /** Keys that are refused. */
  readonly revoked: Set<string>;
  /** Answers the following requests: an answer instead of recording, or a break after having recorded. */
  trouble(
    decide: ((question: Question) => Partial<Answer> | 'break' | 'record and break' | undefined) | undefined,
  ): void;
  questions: number;
};

export function createServerDouble(): ServerDouble {
  const streams = new Map<string, Map<number, string>>();
  const lines: string[] = [];
  const nameOf = (source: string, key = ''): string => `${source} ${key}`.trim();
  let decide: ((question: Question) => Partial<Answer> | 'break' | 'record and break' | undefined) | undefined;
  const answer = (given: Partial<Answer>): Answer => ({
    status: 200,
    body: '',
    bytes: new Uint8Array(),
    retryAfter: undefined,
    dateMs: undefined,
    ...given,
  });
  const server: ServerDouble = {
    questions: 0,
    revoked: new Set(),
    recorded: (source, key) => streams.get(nameOf(source, key)) ?? new Map(),
    lines: () => lines,
    sources: () => [...streams.keys()],
    trouble(given) {
      decide = given;
    },
    close() {},
    async ask(question) {
      server.questions += 1;
      const decided = decide?.(question);
      if (decided === 'break') throw new Error('Connection refused');
      if (decided !== undefined && decided !== 'record and break') return answer(decided);
      const query = new URL(question.path, 'http://server').searchParams;
      const source = query.get('source') ?? '';
      const sequence = Number(query.get('sequence'));
      const isCompressed = question.headers?.['content-encoding'] === 'gzip';
      const body = Buffer.from(question.body ?? []);
      const sent = (isCompressed ? gunzipSync(body) : body).toString().trimEnd().split('\n');
      if (question.key !== undefined && server.revoked.has(question.key)) return answer({ status: 401 });
      const name = nameOf(source, question.key);
      const stream = streams.get(name) ?? new Map<number, string>();
      streams.set(name, stream);
      let alreadyKnown = 0;
      for (const [at, line] of sent.entries()) {
        const known = stream.get(sequence + at);
        if (known === undefined) {
          stream.set(sequence + at, line);
          lines.push(line);
        } else if (known === line) alreadyKnown += 1;
        else {
          const details = { conflict_sequence: sequence + at, next_sequence: sequence };
          return answer({ status: 409, body: JSON.stringify({ code: 'sequence_conflict', details }) });
        }
      }
      if (decided === 'record and break') throw new Error('Connection reset');
      const runs = [{ sequence, log: 1, index: sequence, count: sent.length }];
      return answer({
        body: JSON.stringify({ accepted: sent.length - alreadyKnown, already_known: alreadyKnown, runs }),
      });
    },
  };
  return server;
}
