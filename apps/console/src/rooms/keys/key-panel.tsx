import { Button } from '@mantine/core';
import { Clock } from '../../parts/clock.tsx';
import { CopyField } from '../../parts/copy-field.tsx';
import { plural } from '../../parts/numbers.ts';
import { printable } from '../../parts/printable.ts';
import { SidePanel } from '../../parts/side-panel.tsx';
import { changeWords, rotationOf } from './key-changes.ts';
import { versionsOf } from './key-groups.ts';
import { KeyStateMark } from './key-state.tsx';
import { keyTitle, purposeWhat, stageWords, stateMeaning, whoWords } from './key-words.ts';
import type { KeyState, VaultKey } from './vault-query.ts';

/** All that is known of one key but its bytes, and what can be done with it. */
export function KeyPanel({
  keyEntry,
  keys,
  names,
  onOpen,
  onClose,
  actions,
}: {
  readonly keyEntry: VaultKey;
  readonly keys: readonly VaultKey[];
  readonly names: ReadonlyMap<string, string>;
  readonly onOpen: (id: string) => void;
  readonly onClose: () => void;
  /** Undefined for whoever may only look. */
  readonly actions?: { readonly change: (to: KeyState) => void; readonly rotate: () => void } | undefined;
}) {
  const { id, level, purpose, state, version, wraps, wrappedBy, stage, history } = keyEntry;
  const stagePart = stageWords(stage);
  const parent = keys.find((key) => key.id === wrappedBy);
  const versions = versionsOf(keys, keyEntry);
  const replaced = state === 'active' || level !== 'data' ? rotationOf(keyEntry) : undefined;
  const isNewest = versions[0]?.id === id || level === 'epoch';
  return (
    <SidePanel
      title={keyTitle(keyEntry)}
      label={`${keyTitle(keyEntry)}, version ${version}`}
      onClose={onClose}
      above={<KeyStateMark state={state} />}
    >
      <p>
        {stateMeaning[state]}
        {stagePart === undefined ? '' : ` It ${stagePart}.`}
      </p>
      <dl className="facts">
        <div>
          <dt>For</dt>
          <dd>
            {level === 'epoch'
              ? 'wraps the keys of all purposes, and seals the list of keys'
              : level === 'purpose'
                ? `its data keys: each ${purposeWhat(purpose)}`
                : keyEntry.usedFor}
          </dd>
        </div>
        <div>
          <dt>Algorithm</dt>
          <dd>{keyEntry.algorithm}</dd>
        </div>
        <div>
          <dt>Made</dt>
          <dd>
            <Clock at={keyEntry.createdAtMs} short={false} />
          </dd>
        </div>
        <div>
          <dt>Under</dt>
          <dd>
            {parent === undefined ? (
              wrappedBy
            ) : (
              <button type="button" className="plain-button" onClick={() => onOpen(parent.id)}>
                {keyTitle(parent)}, version {parent.version}
              </button>
            )}
          </dd>
        </div>
        {level === 'data' ? null : (
          <div>
            <dt>Wraps</dt>
            <dd>{wraps === 0 ? 'nothing any more' : plural(wraps, 'key')}</dd>
          </div>
        )}
        <div>
          <dt>Id</dt>
          <dd className="mono">{id}</dd>
        </div>
      </dl>
      {actions === undefined ? null : (
        <section aria-label="What can be done">
          <h3>What can be done</h3>
          <div className="row">
            {replaced !== undefined && isNewest && (level !== 'epoch' || state === 'active') ? (
              <Button size="compact-sm" onClick={actions.rotate}>
                {replaced.verb}…
              </Button>
            ) : null}
            {keyEntry.changes.map((to) => (
              <Button
                key={to}
                size="compact-sm"
                variant="default"
                {...(to === 'compromised' ? { color: 'red' } : {})}
                onClick={() => actions.change(to)}
              >
                {changeWords(keyEntry, to).verb}…
              </Button>
            ))}
          </div>
          {keyEntry.changes.length === 0 ? <p className="small quiet">Its state is final.</p> : null}
        </section>
      )}
      {versions.length < 2 ? null : (
        <section aria-label="Versions">
          <h3>Versions</h3>
          <ul className="lines">
            {versions.map((other) => (
              <li key={other.id}>
                <span className="line-main">
                  <button
                    type="button"
                    className="plain-button"
                    aria-current={other.id === id}
                    onClick={() => onOpen(other.id)}
                  >
                    Version {other.version}
                  </button>
                  <span className="small quiet">
                    <Clock at={other.createdAtMs} short={false} />
                  </span>
                </span>
                <KeyStateMark state={other.state} />
              </li>
            ))}
          </ul>
        </section>
      )}
      <section aria-label="History">
        <h3>History</h3>
        <ol className="key-history">
          {history.toReversed().map(({ atMs, state: then, by, reason }, at) => (
            <li key={`${atMs}-${at}`}>
              <KeyStateMark state={then} />
              <span className="small">
                {printable(reason)}
                <span className="quiet">
                  {' '}
                  · {printable(whoWords(by, names))}, <Clock at={atMs} short={false} />
                </span>
              </span>
            </li>
          ))}
        </ol>
      </section>
      {level === 'data' && purpose === 'block-data' ? (
        <section aria-label="In a terminal">
          <CopyField
            value={`./sallyport vault rotate data --label ${keyEntry.label}`}
            label="the command that replaces it"
          />
        </section>
      ) : null}
    </SidePanel>
  );
}
