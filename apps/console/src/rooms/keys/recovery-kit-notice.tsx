import { useQuery } from '@tanstack/react-query';
import { Clock } from '../../parts/clock.tsx';
import { CopyBlock } from '../../parts/copy-block.tsx';
import { Notice } from '../../parts/notice.tsx';
import { recoveryKitQuery } from './vault-query.ts';

/** Said until there is a recovery kit of the keys in use: with this machine they would be lost. */
export function RecoveryKitNotice() {
  const { data } = useQuery(recoveryKitQuery);
  if (data === undefined) return null;
  if (data.state === 'current')
    return (
      <p className="small quiet">
        A recovery kit of these keys was made <Clock at={data.madeAtMs ?? 0} short={false} />.
      </p>
    );
  return (
    <Notice
      tone="warn"
      title={data.state === 'none' ? 'With this machine, its keys are lost' : 'The recovery kit is of former keys'}
    >
      <p>
        {data.state === 'none'
          ? 'No recovery kit was made. It is made on the machine itself, since it holds the master key, and opens with a code that is shown once.'
          : 'The master keys were replaced since it was made: what was sealed from then on, it does not open. Make a new one and destroy the former.'}
      </p>
      <CopyBlock title="On the machine" text="sallyport vault recovery-kit --out FILE --page PAGE.html" />
    </Notice>
  );
}
