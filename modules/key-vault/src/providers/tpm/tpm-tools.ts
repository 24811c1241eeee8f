import { spawn } from 'node:child_process';
import { unavailable } from '../provider-failure.ts';

/** What one of tpm2-tools answered. */
export type TpmAnswer = {
  readonly output: Buffer;
  /** The TPM's own response code (TPM 2.0 part 2, 6.6.3), undefined when it was carried out. */
  readonly responseCode: number | undefined;
  readonly errors: string;
};

/** Runs a program of tpm2-tools. Secrets go through its pipes, never through its arguments. */
export type RunTpmTool = (
  program: string,
  parameters: readonly string[],
  options: { readonly input?: Buffer; readonly signal: AbortSignal },
) => Promise<TpmAnswer>;

const maxOutputBytes = 64 * 1024;

/**
 * Throws `provider_unavailable` when the program is not there, does not end in time, or never reached the TPM: only an
 * answer of the TPM itself says anything about what it holds.
 */
export function createTpmTools(needs: { readonly tcti: string; readonly timeoutMs: number }): RunTpmTool {
  return async (program, parameters, { input, signal }) => {
    const { promise, resolve, reject } = Promise.withResolvers<TpmAnswer>();
    const child = spawn(program, parameters, {
      env: { PATH: '/usr/local/bin:/usr/bin:/bin', LANG: 'C.UTF-8', TPM2TOOLS_TCTI: needs.tcti, TSS2_LOG: 'all+NONE' },
      stdio: ['pipe', 'pipe', 'pipe'],
      signal: AbortSignal.any([signal, AbortSignal.timeout(needs.timeoutMs)]),
      killSignal: 'SIGKILL',
    });
    const [output, errors] = [collect(child.stdout), collect(child.stderr)];
    child.once('error', (error) => reject(unavailable(`Cannot run ${program} (package tpm2-tools)`, error)));
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    child.once('close', (status) => {
      const text = errors().toString('utf8');
      const found = /\(0x([0-9A-Fa-f]{3,8})\) - tpm:/.exec(text)?.[1];
      const responseCode = found === undefined ? undefined : Number.parseInt(found, 16);
      if (status !== 0 && responseCode === undefined) {
        const why = text.split('\n').find((line) => line.startsWith('ERROR')) ?? '';
        reject(unavailable(`Cannot reach the TPM: ${program} ended with ${String(status)} ${why.slice(0, 200)}`));
      }
      resolve({ output: output(), responseCode, errors: text });
    });
    return promise;
  };
}

function collect(stream: NodeJS.ReadableStream): () => Buffer {
  const pieces: Buffer[] = [];
  let bytes = 0;
  stream.on('data', (piece: Buffer) => {
    bytes += piece.length;
    if (bytes <= maxOutputBytes) pieces.push(piece);
  });
  return () => Buffer.concat(pieces);
}
