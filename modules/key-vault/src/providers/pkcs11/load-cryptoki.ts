import { refused, unavailable } from '../provider-failure.ts';
import { functionCount, functionPlaces } from './cryptoki-names.ts';
import type { CryptokiLibrary } from './cryptoki.ts';

/**
 * Loads a PKCS #11 library into this process, which from then on does what that library does: only ever in the provider's
 * own process. Structures are laid out as on 64-bit little-endian Unix, where CK_ULONG has 8 bytes.
 */
export async function loadCryptoki(path: string): Promise<CryptokiLibrary> {
  if (process.platform === 'win32' || (process.arch !== 'x64' && process.arch !== 'arm64')) {
    throw refused(`Cannot use PKCS #11 on ${process.platform} ${process.arch}, must be 64-bit Linux`);
  }
  const { default: koffi } = await import('koffi').catch((error: unknown) => {
    throw unavailable('Cannot load koffi, which calls PKCS #11 libraries', error);
  });
  const { loaded, list } = ((): { loaded: unknown; list: readonly unknown[] } => {
    try {
      const library = koffi.load(path);
      const getFunctionList = library.func('unsigned long C_GetFunctionList(_Out_ void **list)');
      const pointer: unknown[] = [null];
      if (getFunctionList(pointer) !== 0) throw new Error('C_GetFunctionList failed');
      const layout = koffi.struct({ version: 'uint64', functions: koffi.array('void *', functionCount) });
      const decoded: unknown = koffi.decode(pointer[0], layout);
      if (
        typeof decoded === 'object' &&
        decoded !== null &&
        'functions' in decoded &&
        Array.isArray(decoded.functions)
      ) {
        return { loaded: library, list: decoded.functions };
      }
      throw new Error('its function list is not one');
    } catch (error) {
      throw unavailable(`Cannot load the PKCS #11 library "${path}"`, error);
    }
  })();
  const prototypes = new Map<string, ReturnType<typeof koffi.proto>>();
  return {
    loaded,
    address: (buffer) => koffi.address(buffer),
    call(name, ...parameters) {
      const signature = parameters.map((value) => (typeof value === 'bigint' ? 'uint64' : 'void *'));
      const key = signature.join();
      const prototype = prototypes.get(key) ?? koffi.proto('unsigned long', signature);
      prototypes.set(key, prototype);
      const pointer = list[functionPlaces[name]];
      if (typeof pointer !== 'bigint' || pointer === 0n) throw refused(`The PKCS #11 library lacks ${name}`);
      return Number(koffi.call(pointer, prototype, ...parameters));
    },
  };
}
