import { join } from 'node:path';
import { fetchedWeightsDirectory } from '@sallyport/content';
import { compileCacheEnvironment } from '@sallyport/platform/compile-cache';
import type { FramePeer } from '@sallyport/platform/frames';
import { startChild } from './child-process.ts';
import type { ServerConfig } from './config.ts';
import { formatSealerFlags } from './sealer-flags.ts';

/** The server's child processes, as they were last started. */
export type Children = {
  startSealer(): Promise<FramePeer>;
  startStore(): Promise<FramePeer>;
  /** One more process that looks at pictures; ends with its connection. */
  startPerceiver(): Promise<FramePeer>;
  /** A process for one sender by WebRTC; ends with its connection. */
  startWebrtc(): Promise<FramePeer>;
  /** Process ids; undefined before the first start. */
  pids(): { readonly sealer: number | undefined; readonly store: number | undefined };
};

export function createChildren(config: ServerConfig): Children {
  let sealer: number | undefined;
  let store: number | undefined;
  // Neither child gets the server's environment: it may hold a database address with a password.
  const environment = { PATH: '/usr/local/bin:/usr/bin:/bin', LANG: 'C.UTF-8', ...compileCacheEnvironment() };
  return {
    async startSealer() {
      const entry = new URL('./sealer.ts', import.meta.url);
      const child = startChild({
        entry,
        engineFlags: sealerEngineFlags,
        flags: formatSealerFlags(config),
        environment,
      });
      sealer = child.pid;
      return child.peer;
    },
    async startStore() {
      const child = startChild({ entry: new URL('./store.ts', import.meta.url), flags: [], environment });
      store = child.pid;
      return child.peer;
    },
    async startPerceiver() {
      const entry = new URL('./perceiver.ts', import.meta.url);
      const flags = weightsDirectories(config);
      return startChild({ entry, flags, environment, maxFrameBytes: maxPerceiverFrameBytes }).peer;
    },
    async startWebrtc() {
      const entry = new URL('./webrtc.ts', import.meta.url);
      return startChild({ entry, flags: [], environment, maxFrameBytes: maxWebrtcFrameBytes }).peer;
    },
    pids: () => ({ sealer, store }),
  };
}

/**
 * Nearly all it makes is gone once the entry is written. With the megabyte V8 begins with, and goes back to, a collection of rubbish
 * came every few dozen entries and took what was under way for old: one of everything followed, and every caller waits behind both.
 */
const sealerEngineFlags = ['--min-semi-space-size=16'];

/** A picture and what was learnt of its camera; a perceiver that was taken over cannot have us hold more. */
const maxPerceiverFrameBytes = 2 * 1024 * 1024;

/** A picture of at most 1 MiB and what is said of it. */
const maxWebrtcFrameBytes = 1024 * 1024 + 64 * 1024;

/** Where weights may be: what the operator chose, the data directory, what the launcher fetched. */
function weightsDirectories({ dataDirectory, modelsDirectory }: ServerConfig): string[] {
  const chosen = modelsDirectory === undefined ? [] : [modelsDirectory];
  return [...chosen, join(dataDirectory, 'models'), fetchedWeightsDirectory];
}
