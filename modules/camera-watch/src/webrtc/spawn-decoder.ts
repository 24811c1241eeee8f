import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';

/** A picture of 4096 × 2048 in H.264 may refer to sixteen others, which are all held: with the program that takes less. */
const maxMemoryKibibytes = 819_200;
/** No memory beyond that, no file written, no core dumped. Where a system does not know one of these, the others hold. */
const limited = 'ulimit -v "$1" 2>/dev/null; ulimit -f 0 2>/dev/null; ulimit -c 0 2>/dev/null; shift; exec "$@"';

/** ffmpeg with an empty environment, bounds of its own and so many pipes: it parses what a hostile sender made. */
export function spawnDecoder(ffmpeg: string, flags: readonly string[], pipes: 3 | 4): ChildProcessWithoutNullStreams {
  return spawn('/bin/sh', ['-c', limited, 'sh', String(maxMemoryKibibytes), ffmpeg, ...flags], {
    env: {},
    stdio: Array.from({ length: pipes }, () => 'pipe' as const),
    cwd: '/',
  });
}
