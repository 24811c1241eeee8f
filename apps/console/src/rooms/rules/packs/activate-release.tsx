import { Button, Checkbox, Modal } from '@mantine/core';
import { useState } from 'react';
import { ProblemNotice } from '../../../parts/notice.tsx';
import { formatCount } from '../../../parts/numbers.ts';
import type { Difference, ShownPack, ShownVersion } from './packs-queries.ts';
import { usePackChange } from './use-pack-change.ts';

/** Puts a release into force, after it was said what that changes. */
export function ActivateRelease({
  pack,
  release,
  summary,
}: {
  readonly pack: ShownPack;
  readonly release: ShownVersion;
  readonly summary: Difference['summary'] | undefined;
}) {
  const [isOpen, setOpen] = useState(false);
  const [isOlderMeant, setOlderMeant] = useState(false);
  const { mutate, isPending, error } = usePackChange('POST /v1/rules/packs/{name}/activate');
  const current = pack.versions.find(({ version }) => version === pack.in_force);
  const isOlder = current !== undefined && release.created <= current.created;
  if (release.version === pack.in_force && pack.damage === null) return null;
  return (
    <>
      <Button disabled={summary === undefined} onClick={() => setOpen(true)}>
        Put into force
      </Button>
      {!isOpen || summary === undefined ? null : (
        <Modal opened onClose={() => setOpen(false)} title={`Put ${pack.name} ${release.version} into force`}>
          <div className="stack">
            <ul className="plain-points">
              <li>
                Rules that begin: {formatCount(summary.added)}; that end: {formatCount(summary.removed)}; that change:{' '}
                {formatCount(summary.changed)}.
              </li>
              <li>The rules before match until the new ones are loaded; that takes some seconds.</li>
              <li>
                {current === undefined
                  ? 'Removing the pack takes it back.'
                  : `${current.version} is kept: one step goes back to it.`}
              </li>
            </ul>
            {isOlder ? (
              <Checkbox
                label={`It was not made after ${current.version}: I mean to go back`}
                checked={isOlderMeant}
                onChange={(event) => setOlderMeant(event.currentTarget.checked)}
              />
            ) : null}
            {error === null ? null : <ProblemNotice problem={error} />}
            <div className="row">
              <Button
                loading={isPending}
                disabled={isOlder && !isOlderMeant}
                onClick={() =>
                  mutate(
                    {
                      params: { name: pack.name },
                      body: { version: release.version, ...(isOlder ? { older: true } : {}) },
                    },
                    { onSuccess: () => setOpen(false) },
                  )
                }
              >
                Put into force
              </Button>
              <Button variant="default" onClick={() => setOpen(false)}>
                Cancel
              </Button>
            </div>
          </div>
        </Modal>
      )}
    </>
  );
}
