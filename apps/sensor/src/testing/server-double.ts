// The intake of a server in memory, behind the sensor's transport: numbers per source, recorded once, with every kind of trouble.
import { gunzipSync } from 'node:zlib';
import type { Answer, Question, Transport } from '../send/transport.ts';

export type ServerDouble = Transport & {
  /** Lines recorded under a source, by number. */
  recorded(source: string): ReadonlyMap<number, string>;
  sources(): readonly string[];
  /** Answers the following requests: an answer instead of recording, or a break after having recorded. */
  trouble(
    decide: ((question: Question) => Partial<Answer> | 'break' | 'record and break' | undefined) | undefined,
  ): void;
  questions: number;
};

export function createServerDouble(): ServerDouble {
  const streams = new Map<string, Map<number, string>>();
  let decide: ((question: Question) => Partial<Answer> | 'break' | 'record and break' | undefined) | undefined;
  const answer = (given: Partial<Answer>): Answer => ({
    status: 200,
    body: '',
    retryAfter: undefined,
    dateMs: undefined,
    ...given,
  });
  const server: ServerDouble = {
    questions: 0,
    recorded: (source) => streams.get(source) ?? new Map(),
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
      const lines = (isCompressed ? gunzipSync(body) : body).toString().trimEnd().split('\n');
      const stream = streams.get(source) ?? new Map<number, string>();
      streams.set(source, stream);
      let alreadyKnown = 0;
      for (const [at, line] of lines.entries()) {
        if (stream.has(sequence + at)) alreadyKnown += 1;
        else stream.set(sequence + at, line);
      }
      if (decided === 'record and break') throw new Error('Connection reset');
      const runs = [{ sequence, log: 1, index: sequence, count: lines.length }];
      return answer({
        body: JSON.stringify({ accepted: lines.length - alreadyKnown, already_known: alreadyKnown, runs }),
      });
    },
  };
  return server;
}
