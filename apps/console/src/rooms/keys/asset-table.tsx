import { IconEar, IconFileText } from '@tabler/icons-react';
import { EmptyRoom } from '../../parts/empty-room.tsx';
import { LevelMark } from '../../parts/level.tsx';
import { printable } from '../../parts/printable.ts';
import type { Asset } from './inventory-query.ts';
import { ageWords, knownWords, strengthWords, whatWords, worstOf } from './inventory-words.ts';

/** One row an asset; what it is, what it is worth, how old, whose, and how that is known. */
export function AssetTable({ assets, label }: { readonly assets: readonly Asset[]; readonly label: string }) {
  if (assets.length === 0)
    return (
      <EmptyRoom title="None of this kind">Nothing of it is in use here. The other kinds may have something.</EmptyRoom>
    );
  return (
    <div className="table-wrap" tabIndex={0} role="group" aria-label={`${label}, as a table`}>
      <table className="plain assets">
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">What</th>
            <th scope="col">Worth</th>
            <th scope="col">Age and end</th>
            <th scope="col">Owner, place</th>
            <th scope="col">Known</th>
          </tr>
        </thead>
        <tbody>
          {assets.map((asset) => {
            const worst = worstOf(asset);
            const isAsked = asset.known === 'asked';
            const Known = isAsked ? IconEar : IconFileText;
            return (
              <tr key={asset.id}>
                <td>
                  {printable(asset.name)}
                  {asset.count === undefined || asset.count < 2 ? null : (
                    <span className="quiet"> × {asset.count}</span>
                  )}
                  {worst === undefined ? null : (
                    <>
                      {' '}
                      <LevelMark level={worst.level} />
                    </>
                  )}
                  <span className="small quiet asset-line">{printable(asset.used_for)}</span>
                  {(asset.in_clear ?? []).length === 0 ? null : (
                    <span className="small asset-line">In clear: {(asset.in_clear ?? []).join(', ')}</span>
                  )}
                </td>
                <td>
                  {whatWords(asset)}
                  {asset.state === undefined || asset.state === 'active' ? null : (
                    <span className="small quiet asset-line">{asset.state}</span>
                  )}
                  {(asset.cipher_suites ?? []).length === 0 ? null : (
                    <span className="small quiet asset-line">{(asset.cipher_suites ?? []).join(', ')}</span>
                  )}
                </td>
                <td>{strengthWords(asset) ?? <span className="quiet">not said</span>}</td>
                <td>{ageWords(asset)}</td>
                <td>
                  {asset.owner}
                  <span className="small quiet asset-line">{printable(asset.where)}</span>
                </td>
                <td>
                  <span className="row nowrap small">
                    <Known size={16} stroke={1.7} aria-hidden="true" />
                    <span>{knownWords(asset)}</span>
                  </span>
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
