import { Clock } from '../../../parts/clock.tsx';
import { ProblemNotice } from '../../../parts/notice.tsx';
import { plural } from '../../../parts/numbers.ts';
import { printable } from '../../../parts/printable.ts';
import type { ShownPack } from './packs-queries.ts';
import { usePackChange } from './use-pack-change.ts';

/** Rules that somebody switched off, with why: they stay off in later releases. */
export function SwitchedOff({ pack, canManage }: { readonly pack: ShownPack; readonly canManage: boolean }) {
  const { mutate, isPending, error } = usePackChange('DELETE /v1/rules/packs/{name}/off/{rule}');
  if (pack.off.length === 0) return null;
  return (
    <details>
      <summary>{plural(pack.off.length, 'rule')} switched off</summary>
      {error === null ? null : <ProblemNotice problem={error} />}
      <ul className="stack tight pack-list">
        {pack.off.map((one) => (
          <li key={one.rule} className="row spread">
            <span>
              {printable(one.title)} <span className="quiet small">{printable(one.reason)}</span>
            </span>
            <span className="quiet small">
              {printable(one.by.name)} · <Clock at={one.at} />{' '}
              {canManage ? (
                <button
                  type="button"
                  className="plain-button"
                  disabled={isPending}
                  aria-label={`Switch on ${one.title}`}
                  onClick={() => mutate({ params: { name: pack.name, rule: one.rule } })}
                >
                  Switch on
                </button>
              ) : null}
            </span>
          </li>
        ))}
      </ul>
    </details>
  );
}
