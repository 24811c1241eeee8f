import { useCallback } from 'react';
import { useSearchParams } from 'wouter';

export type AddressChanges = Readonly<Record<string, string | undefined>>;

/** The state of a room: the query of the address bar. A change is a step of the history unless it says otherwise. */
export function useAddress(): {
  readonly get: (name: string) => string | undefined;
  readonly change: (changes: AddressChanges, options?: { readonly replace?: boolean }) => void;
} {
  const [parameters, setParameters] = useSearchParams();
  const get = useCallback((name: string) => parameters.get(name) ?? undefined, [parameters]);
  const change = useCallback(
    (changes: AddressChanges, options?: { readonly replace?: boolean }) => {
      setParameters(
        (before) => {
          const after = new URLSearchParams(before);
          for (const [name, value] of Object.entries(changes)) {
            if (value === undefined || value === '') after.delete(name);
            else after.set(name, value);
          }
          return after;
        },
        { replace: options?.replace ?? false },
      );
    },
    [setParameters],
  );
  return { get, change };
}
