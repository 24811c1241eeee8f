import { Button } from '@mantine/core';
import { Link } from 'wouter';
import { Clock } from '../../parts/clock.tsx';
import { Notice, ProblemNotice } from '../../parts/notice.tsx';
import { plural } from '../../parts/numbers.ts';
import { printable } from '../../parts/printable.ts';

type Found = { readonly why: string; readonly found: string | number };
export type DamagedDocument = Found & { readonly id: string; readonly revision: number };
export type DamagedVersion = Found & { readonly version: number };

const shown = 5;

function FoundAt({ found }: Pick<Found, 'found'>) {
  return (
    <>
      Found <Clock at={found} short={false} />
    </>
  );
}

/** Versions that somebody changed in the database: which, since when it is known, and what is left to do. */
export function DamagedVersions({ damaged }: { readonly damaged: readonly DamagedVersion[] }) {
  if (damaged.length === 0) return null;
  return (
    <Notice
      tone="bad"
      title={`${plural(damaged.length, 'version')} in the database ${damaged.length === 1 ? 'is' : 'are'} not as sealed, and good for nothing`}
    >
      <p>
        Somebody changed it there, or the disk did; nobody can tell when. Stage anew what is still wanted, and look for
        who can write to the control database.
      </p>
      <ul>
        {damaged.slice(0, shown).map(({ version, why, found }) => (
          <li key={version}>
            <FoundAt found={found} />: {printable(why)}
          </li>
        ))}
      </ul>
      {damaged.length > shown ? <p className="small">And {damaged.length - shown} more.</p> : null}
    </Notice>
  );
}

/** Documents that do not open: nothing is staged of the documents as they are until each was written anew or deleted. */
export function DamagedDocuments({
  damaged,
  address,
  mayWrite,
  remove,
}: {
  readonly damaged: readonly DamagedDocument[];
  readonly address: string;
  readonly mayWrite: boolean;
  readonly remove: {
    readonly isPending: boolean;
    readonly error: unknown;
    mutate(one: DamagedDocument): void;
  };
}) {
  if (damaged.length === 0) return null;
  const isOne = damaged.length === 1;
  return (
    <Notice
      tone="bad"
      title={`${plural(damaged.length, 'policy', 'policies')} ${isOne ? 'was' : 'were'} changed in the database, and cannot be read`}
    >
      <p>
        What is in force stays as it is. Until {isOne ? 'it is' : 'each is'} written anew or deleted nothing is staged
        of what is written here; an earlier version can be staged again. Look for who can write to the control database.
      </p>
      {remove.error === null ? null : <ProblemNotice problem={remove.error} />}
      <ul className="lines wrapping">
        {damaged.map((one) => (
          <li key={one.id}>
            <span className="line-main">
              <span className="line-name">
                <code>{one.id}</code>, revision {one.revision}
              </span>
              <span className="quiet small">
                <FoundAt found={one.found} />: {printable(one.why)}
              </span>
            </span>
            {mayWrite ? (
              <span className="row">
                <Button
                  component={Link}
                  href={`${address}?document=${one.id}`}
                  size="xs"
                  variant="default"
                  aria-label={`Write it anew: ${one.id}`}
                >
                  Write it anew
                </Button>
                <Button
                  size="xs"
                  variant="default"
                  aria-label={`Delete it: ${one.id}`}
                  loading={remove.isPending}
                  onClick={() => remove.mutate(one)}
                >
                  Delete it
                </Button>
              </span>
            ) : null}
          </li>
        ))}
      </ul>
    </Notice>
  );
}

/** Over the editor of one that cannot be read: what stands in its place now, and what saving it does. */
export function WrittenAnew({ why, found, ofVersion }: Found & { readonly ofVersion: number | undefined }) {
  return (
    <Notice tone="bad" title="What was written here was changed in the database, and cannot be read">
      <p>
        {ofVersion === undefined
          ? 'It is in force nowhere: what stands below is an example.'
          : `What stands below is how it is in force, in version ${ofVersion}.`}{' '}
        Saving puts it in its place. Nobody can tell who wrote it before: whatever it opens somebody else must approve.
      </p>
      <p className="small">
        <FoundAt found={found} />: {printable(why)}
      </p>
    </Notice>
  );
}
