import { createHash } from 'node:crypto';
import { constants, existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { messageOf } from '@sallyport/platform/errors';
import { walkFiles } from '../collectors/walk-files.ts';
import type { HostFiles } from '../host/host-files.ts';
import { startScanChild } from './scan-child.ts';
import type { ScanChild } from './scan-child.ts';
import type { RuleMatch } from './scan-frames.ts';

export type ScanOutcome =
  | { readonly kind: 'scanned'; readonly sha256: string; readonly matches: readonly RuleMatch[] }
  | { readonly kind: 'too_large'; readonly bytes: number }
  /** The file or the rules were too much for the engine: it was ended, and begins anew with the next file. */
  | { readonly kind: 'failed'; readonly sha256: string | undefined; readonly reason: string }
  /** Gone, changed while it was read, or not readable here. */
  | { readonly kind: 'unread' };

export type YaraScanner = {
  /** Whether the rules changed since it was last asked. */
  refresh(): boolean;
  /** Of the files of rules as they are. */
  stamp(): string;
  /** One after another. `path` is as this process opens it. Never rejects. */
  scan(path: string): Promise<ScanOutcome>;
  /** Processor time of the processes that match, milliseconds. */
  usedMs(): number;
  /** Rules that could be compiled; undefined before the first file. */
  ruleFiles(): number | undefined;
  problem(): string | undefined;
  close(): void;
};

export type YaraLimits = {
  /** Larger files are not looked into. */
  readonly maxFileBytes: number;
  readonly maxRuleBytes: number;
  /** Asked of the engine; twice as long, and the process is killed. */
  readonly scanMs: number;
  readonly compileMs: number;
  /** After so long without a file the process ends. */
  readonly idleMs: number;
};

export const defaultYaraLimits: YaraLimits = {
  maxFileBytes: 16 << 20,
  maxRuleBytes: 4 << 20,
  scanMs: 10_000,
  compileMs: 60_000,
  idleMs: 10_000,
};

const chunkBytes = 256 * 1024;

/** Matches files with YARA rules in a process of its own, which runs only while there is something to match. */
export function createYaraScanner(needs: {
  readonly files: HostFiles;
  /** Files of rules, or folders of `.yar` and `.yara`. */
  readonly paths: readonly string[];
  /** What the process runs; it may read the folders given with it and nothing else. */
  readonly program: { readonly file: string; readonly reads: readonly string[] };
  readonly limits?: YaraLimits;
}): YaraScanner {
  const { files, paths, program, limits = defaultYaraLimits } = needs;
  let child: ScanChild | undefined;
  let earlierUsedMs = 0;
  let stamp = '';
  let missing: string | undefined;
  let refused: { readonly file: string; readonly reason: string } | undefined;
  let compiled: number | undefined;
  let failure: string | undefined;
  let idle: NodeJS.Timeout | undefined;
  let last: Promise<unknown> = Promise.resolve();

  function ruleFiles(): string[] {
    return [...walkFiles(files, paths, () => false)].filter(
      (path) => files.facts(path)?.kind === 'file' && (paths.includes(path) || /\.yara?$/.test(path)),
    );
  }

  function end(): void {
    clearTimeout(idle);
    if (child === undefined) return;
    earlierUsedMs += child.usedMs();
    child.kill();
    child = undefined;
  }

  async function ready(): Promise<ScanChild> {
    if (child?.isAlive() === true) return child;
    end();
    if (!existsSync(program.file)) throw new Error(`${program.file} is not installed`);
    const started = startScanChild(program);
    child = started;
    let room = limits.maxRuleBytes;
    for (const path of ruleFiles()) {
      const bytes = files.bytes(path, room + 1);
      if (bytes === undefined || bytes.length > room) {
        refused = { file: path, reason: bytes === undefined ? 'it cannot be read' : 'the rules are too long together' };
        continue;
      }
      room -= bytes.length;
      await started.send({ kind: 'rules', name: path, bytes: bytes.length }, [bytes]);
    }
    await started.send({ kind: 'build' }, []);
    const built = await started.answer(limits.compileMs);
    if (built.kind !== 'ready') throw new Error('The rules could not be compiled');
    compiled = built.rules;
    refused = built.refused[0] ?? refused;
    return started;
  }

  /** That it cannot begin is no fault of a file. */
  async function readyOrNot(): Promise<ScanChild | undefined> {
    try {
      const running = await ready();
      failure = undefined;
      return running;
    } catch (error) {
      end();
      failure = messageOf(error);
      return undefined;
    }
  }

  async function look(path: string): Promise<ScanOutcome> {
    clearTimeout(idle);
    let file: FileHandle;
    try {
      // A pipe that was put in the place of the file must not hold the sensor up.
      file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    } catch {
      endLater();
      return { kind: 'unread' };
    }
    let sha256: string | undefined;
    try {
      const stat = await file.stat();
      if (!stat.isFile()) return { kind: 'unread' };
      if (stat.size > limits.maxFileBytes) return { kind: 'too_large', bytes: stat.size };
      const running = await readyOrNot();
      if (running === undefined) return { kind: 'unread' };
      const hash = createHash('sha256');
      let isWhole = true;
      const request = { kind: 'scan', id: running.nextId(), bytes: stat.size, timeoutMs: limits.scanMs } as const;
      await running.send(
        request,
        contentOf(file, stat.size, hash, () => (isWhole = false)),
      );
      sha256 = hash.digest('hex');
      const answer = await running.answer(limits.scanMs * 2);
      if (answer.kind === 'scanned')
        return isWhole ? { kind: 'scanned', sha256, matches: answer.matches } : { kind: 'unread' };
      if (answer.kind === 'failed') return { kind: 'failed', sha256, reason: answer.reason };
      throw new Error('The answer is not about this file');
    } catch (error) {
      end();
      failure = messageOf(error);
      return { kind: 'failed', sha256, reason: failure };
    } finally {
      await file.close().catch(() => undefined);
      endLater();
    }
  }

  function endLater(): void {
    clearTimeout(idle);
    idle = setTimeout(end, limits.idleMs).unref();
  }

  return {
    refresh() {
      const now = ruleFiles().map((path) => {
        const facts = files.facts(path);
        return `${path} ${facts?.inode ?? 0} ${facts?.size ?? 0} ${facts?.modifiedMs ?? 0} ${facts?.changedMs ?? 0}`;
      });
      missing = paths.find((path) => files.facts(path) === undefined);
      const before = stamp;
      stamp = now.join('\n');
      if (stamp === before) return false;
      refused = undefined;
      compiled = undefined;
      // What is being matched is matched with the old rules to its end.
      last = last.then(end);
      return true;
    },
    stamp: () => stamp,
    scan(path) {
      const outcome = last.then(() => look(path));
      last = outcome;
      return outcome;
    },
    usedMs: () => earlierUsedMs + (child?.usedMs() ?? 0),
    ruleFiles: () => compiled,
    problem() {
      if (missing !== undefined) return `the YARA rules ${missing} are not there`;
      if (refused !== undefined) return `the YARA rules ${refused.file} cannot be used: ${refused.reason}`;
      return failure === undefined ? undefined : `matching with YARA rules failed: ${failure}`;
    },
    close: end,
  };
}

/** Exactly `size` bytes: what the file lacks by now is zeros, which is told. */
async function* contentOf(
  file: FileHandle,
  size: number,
  hash: { update(bytes: Uint8Array): unknown },
  onShort: () => void,
): AsyncGenerator<Uint8Array> {
  for (let left = size; left > 0;) {
    // A buffer of its own for each piece: the pipe may still hold the one before.
    const piece = Buffer.alloc(Math.min(chunkBytes, left));
    const { bytesRead } = await file.read(piece, 0, piece.length, null);
    if (bytesRead === 0) onShort();
    const taken = bytesRead === 0 ? piece : piece.subarray(0, bytesRead);
    hash.update(taken);
    left -= taken.length;
    yield taken;
  }
}
