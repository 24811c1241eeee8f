import type { Clock } from '@sallyport/platform/clock';
import { linuxState } from '@sallyport/platform/machine-state';
import type { Collector } from '../collectors/collector.ts';
import type { HostFiles } from '../host/host-files.ts';
import { present } from '../record.ts';

const lookEveryMs = 60_000;
const tellEveryMs = 3_600_000;

/** Tells how the machine is kept, as far as its files say: at the start, when it changes, and every hour. */
export function createPostureCollector({
  files,
  clock,
}: {
  readonly files: Pick<HostFiles, 'text' | 'list'>;
  readonly clock: Clock;
}): Collector {
  let told: { readonly said: string; readonly atMs: number } | undefined;
  return {
    name: 'posture',
    everyMs: lookEveryMs,
    collect() {
      const { system, kernel, diskEncrypted, firewall, secureBoot } = linuxState(files);
      const fields = present({
        system,
        kernel,
        disk_encrypted: diskEncrypted,
        firewall,
        secure_boot: secureBoot,
      });
      const said = JSON.stringify(fields);
      if (told?.said === said && clock.monotonicMs() - told.atMs < tellEveryMs) return { records: [] };
      told = { said, atMs: clock.monotonicMs() };
      return {
        records: [
          {
            kind: 'sensor',
            collector: 'sensor',
            lossy: false,
            timeMs: clock.nowMs(),
            event: 'sensor.posture',
            fields,
          },
        ],
      };
    },
    coverage: () => ({
      collector: 'posture',
      state: 'full',
      sees: 'whether the system encrypts its disks, and what its files say of firewall and secure boot',
      misses: '',
      remedy: undefined,
    }),
  };
}
