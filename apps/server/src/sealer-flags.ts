import { CodedError } from '@sallyport/platform/errors';
import type { ServerConfig } from './config.ts';

export type SealerFlags = Pick<ServerConfig, 'dataDirectory' | 'unsealing' | 'diskWatermarkBytes' | 'diskReserveBytes'>;

/** What the server tells the sealer on its command line: places and sizes, never a secret. */
export function formatSealerFlags(config: SealerFlags): string[] {
  const { unsealing } = config;
  const place = unsealing.kind === 'file' ? unsealing.path : unsealing.file;
  return [
    config.dataDirectory,
    unsealing.kind,
    place,
    String(config.diskWatermarkBytes),
    String(config.diskReserveBytes),
  ];
}

export function parseSealerFlags(flags: readonly string[]): SealerFlags {
  const [dataDirectory, kind, place, watermark, reserve] = flags;
  if (dataDirectory === undefined || place === undefined || (kind !== 'file' && kind !== 'passphrase')) {
    throw new CodedError('config_invalid', 'Cannot start the sealer: it is started by the server, not by hand', {
      hint: 'npm start',
    });
  }
  return {
    dataDirectory,
    unsealing: kind === 'file' ? { kind, path: place } : { kind, file: place },
    diskWatermarkBytes: Number(watermark),
    diskReserveBytes: Number(reserve),
  };
}
