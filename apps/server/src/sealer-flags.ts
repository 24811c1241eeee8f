import { CodedError } from '@sallyport/platform/errors';
import type { ServerConfig } from './config.ts';

export type SealerFlags = Pick<
  ServerConfig,
  'dataDirectory' | 'unsealing' | 'diskWatermarkBytes' | 'diskReserveBytes' | 'keyProviderFile' | 'destructionWaitMs'
>;

/** What the server tells the sealer on its command line: places and sizes, never a secret. */
export function formatSealerFlags(config: SealerFlags): string[] {
  const { unsealing } = config;
  const place = unsealing.kind === 'passphrase' ? unsealing.file : unsealing.path;
  return [
    config.dataDirectory,
    unsealing.kind,
    place,
    String(config.diskWatermarkBytes),
    String(config.diskReserveBytes),
    config.keyProviderFile ?? '',
    String(config.destructionWaitMs),
  ];
}

export function parseSealerFlags(flags: readonly string[]): SealerFlags {
  const [dataDirectory, kind, place, watermark, reserve, keyProviderFile = '', waitMs] = flags;
  const isKind = kind === 'file' || kind === 'credential' || kind === 'passphrase';
  if (dataDirectory === undefined || place === undefined || !isKind) {
    throw new CodedError('config_invalid', 'Cannot start the sealer: it is started by the server, not by hand', {
      hint: 'npm start',
    });
  }
  return {
    dataDirectory,
    unsealing: kind === 'passphrase' ? { kind, file: place } : { kind, path: place },
    diskWatermarkBytes: Number(watermark),
    diskReserveBytes: Number(reserve),
    destructionWaitMs: Number(waitMs),
    ...(keyProviderFile === '' ? {} : { keyProviderFile }),
  };
}
