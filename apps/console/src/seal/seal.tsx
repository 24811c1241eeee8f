import { Tooltip } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { SealDrawing } from './seal-drawing.tsx';
import type { SealState } from './seal-drawing.tsx';
import { sealQuery } from './seal-query.ts';
import type { SealCheck } from './seal-query.ts';
import { useMayCheck } from './use-may-check.ts';

const words: Readonly<Record<SealState, string>> = {
  recorded: 'Recorded: click to check the proof in this browser',
  checking: 'Checking the proof…',
  verified: 'Verified in this browser',
  broken: 'Does not verify',
};

export function sealState(check: SealCheck | undefined, isFetching: boolean): SealState {
  if (check !== undefined) return check.result.ok ? 'verified' : 'broken';
  return isFetching ? 'checking' : 'recorded';
}

/** The small seal of one ledger entry. Grey until somebody asks; then the proof is checked here and now. */
export function Seal({ position }: { readonly position: string }) {
  const { data, isFetching, refetch } = useQuery({ ...sealQuery(position), enabled: false });
  const mayCheck = useMayCheck();
  const state = sealState(data, isFetching);
  const said = mayCheck ? words[state] : 'Recorded: your role cannot check seals';
  return (
    <Tooltip label={said} openDelay={300}>
      <button
        type="button"
        className="seal"
        data-state={state}
        aria-label={`Seal of ${position}: ${said}`}
        aria-disabled={!mayCheck}
        onClick={(event) => {
          event.stopPropagation();
          if (mayCheck) void refetch();
        }}
      >
        <SealDrawing state={state} />
      </button>
    </Tooltip>
  );
}
