import { Button } from '@mantine/core';
import { useState } from 'react';
import { Clock } from '../../parts/clock.tsx';
import { formatCount, plural } from '../../parts/numbers.ts';
import { KeyStateMark } from './key-state.tsx';
import { keyTitle, purposeName } from './key-words.ts';
import type { VaultKey } from './vault-query.ts';

const atOnce = 60;

/** A line a key; a class kept for years has thousands, so that they come a page at a time. */
export function KeyRows({
  keys,
  label,
  onOpen,
  withPurpose = false,
}: {
  readonly keys: readonly VaultKey[];
  readonly label: string;
  readonly onOpen: (id: string) => void;
  readonly withPurpose?: boolean;
}) {
  const [shown, setShown] = useState(atOnce);
  return (
    <>
      <ul className="key-rows" aria-label={label}>
        {keys.slice(0, shown).map((key) => (
          <li key={key.id}>
            <KeyStateMark state={key.state} />
            <span className="line-main">
              <button type="button" id={`row-${key.id}`} className="plain-button" onClick={() => onOpen(key.id)}>
                {keyTitle(key)}
              </button>
              <span className="small quiet">
                version {key.version}
                {withPurpose && key.level === 'data' ? ` · ${purposeName(key.purpose)}` : ''}
                {key.wraps > 0 ? ` · wraps ${plural(key.wraps, 'key')}` : ''}
              </span>
            </span>
            <span className="small quiet">
              <Clock at={key.createdAtMs} short={false} />
            </span>
          </li>
        ))}
      </ul>
      {keys.length > shown ? (
        <div>
          <Button variant="default" size="compact-sm" onClick={() => setShown(shown + atOnce)}>
            Show more of {formatCount(keys.length)}
          </Button>
        </div>
      ) : null}
    </>
  );
}
