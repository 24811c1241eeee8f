import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants, setPriority } from 'node:os';
import { parseAnswer, requestLine } from './scan-frames.ts';
import type { ScanAnswer, ScanRequest } from './scan-frames.ts';

/** The running process that matches. Whatever goes wrong with it rejects; then it is of no more use. */
export type ScanChild = {
  isAlive(): boolean;
  nextId(): number;
  send(request: ScanRequest, content: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void>;
  /** To what was sent last. Rejects after `timeoutMs`, and when the process ends. */
  answer(timeoutMs: number): Promise<ScanAnswer>;
  /** Its processor time, as it last said. */
  usedMs(): number;
  kill(): void;
};

const maxLineCharacters = 1 << 20;
/** 96 MiB for the engine, of 64 KiB each. */
const maxMemoryPages = 1536;

/** No environment, no other files, no processes, no add-ons: of what its user may do hardly anything is left to it. */
export function startScanChild(program: { readonly file: string; readonly reads: readonly string[] }): ScanChild {
  const child = spawn(
    process.execPath,
    [
      '--permission',
      ...program.reads.map((folder) => `--allow-fs-read=${folder}`),
      `--wasm-max-mem-pages=${maxMemoryPages}`,
      '--max-old-space-size=64',
      '--max-semi-space-size=1',
      '--disable-warning=ExperimentalWarning',
      '--disable-warning=SecurityWarning',
      program.file,
    ],
    { stdio: ['pipe', 'pipe', 'ignore'], env: {}, cwd: '/' },
  );
  let end: string | undefined;
  let used = 0;
  let ids = 0;
  let rest = '';
  const answers: ScanAnswer[] = [];
  let wake: () => void = () => undefined;

  /** When the pipe takes more again, or never will. */
  const drained = async (): Promise<void> => {
    const over = new AbortController();
    const taken = once(child.stdin, 'drain', { signal: over.signal });
    const gone = once(child, 'close', { signal: over.signal });
    await Promise.race([taken, gone]).finally(() => over.abort());
    await Promise.allSettled([taken, gone]);
  };

  const stop = (why: string): void => {
    end ??= why;
    child.kill('SIGKILL');
    wake();
  };
  const endWithUs = (): void => void child.kill('SIGKILL');
  process.once('exit', endWithUs);
  child.once('error', (error) => stop(`it cannot be started: ${error.message}`));
  child.once('close', (code, signal) => {
    process.off('exit', endWithUs);
    stop(`it ended with ${signal ?? code ?? 'nothing'}`);
  });
  child.stdin.on('error', (error) => stop(error.message));
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > maxLineCharacters) stop('it says too much');
    for (const line of lines) {
      const answer = parseAnswer(line);
      if (answer === undefined) stop('it says what it should not');
      else {
        used = Math.max(used, answer.usedMs);
        answers.push(answer);
      }
    }
    wake();
  });
  if (child.pid !== undefined) {
    try {
      setPriority(child.pid, constants.priority.PRIORITY_LOW);
    } catch {
      // It is over already, which is told.
    }
  }

  return {
    isAlive: () => end === undefined,
    nextId: () => (ids += 1),
    async send(request, content) {
      if (end !== undefined) throw new Error(`The process that matches is gone: ${end}`);
      child.stdin.write(requestLine(request));
      for await (const piece of content) if (!child.stdin.write(piece)) await drained();
    },
    async answer(timeoutMs) {
      const timer = setTimeout(() => stop(`it took longer than ${timeoutMs} ms`), timeoutMs);
      try {
        while (answers.length === 0) {
          if (end !== undefined) throw new Error(`The process that matches is gone: ${end}`);
          const { promise, resolve } = Promise.withResolvers<void>();
          wake = resolve;
          await promise;
        }
      } finally {
        clearTimeout(timer);
      }
      const [answer] = answers.splice(0, 1);
      if (answer === undefined) throw new Error('The process that matches said nothing');
      return answer;
    },
    usedMs: () => used,
    kill: () => stop('it was ended'),
  };
}
