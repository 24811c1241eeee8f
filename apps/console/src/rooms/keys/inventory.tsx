import { Button, SegmentedControl } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useInfiniteQuery, useMutation, useQuery } from '@tanstack/react-query';
import { callText } from '../../api/call.ts';
import { useAddress } from '../../app/address.ts';
import { Clock } from '../../parts/clock.tsx';
import { LevelMark } from '../../parts/level.tsx';
import { Loading } from '../../parts/loading.tsx';
import { Notice, ProblemNotice } from '../../parts/notice.tsx';
import { formatCount, plural } from '../../parts/numbers.ts';
import { printable } from '../../parts/printable.ts';
import { downloadText } from '../../seal/download.ts';
import { AssetTable } from './asset-table.tsx';
import { assetsQuery, weakQuery } from './inventory-query.ts';
import type { Asset, AssetKind } from './inventory-query.ts';
import { assetKindNames, reasonStep, reasonWord, worstFirst, worstOf } from './inventory-words.ts';

const kinds: readonly AssetKind[] = ['key', 'certificate', 'protocol', 'algorithm', 'library', 'store'];

/** Every key, certificate, protocol, algorithm and library in use: what is weak or near its end first, and how each is known. */
export function Inventory() {
  const { get, change } = useAddress();
  const weak = useQuery(weakQuery);
  const kind = kinds.find((one) => one === get('kind')) ?? 'key';
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(assetsQuery(kind));
  const cbom = useMutation({
    mutationFn: () => callText('GET /v1/inventory/crypto/cbom', {}),
    onSuccess: (text) => downloadText('sallyport.cbom.cdx.json', text, 'application/vnd.cyclonedx+json'),
  });
  const first = data?.pages[0];
  const assets = data?.pages.flatMap((page) => page.assets) ?? [];
  return (
    <>
      <section className="sheet" aria-labelledby="attention">
        <div className="sheet-head">
          <h2 id="attention">Weak, late or near the end</h2>
          {weak.data === undefined ? null : (
            <span className="quiet small">
              asked <Clock at={weak.data.at_ms} />
            </span>
          )}
          <Button
            size="compact-sm"
            variant="default"
            leftSection={<IconDownload size={16} aria-hidden="true" />}
            loading={cbom.isPending}
            onClick={() => cbom.mutate()}
          >
            CycloneDX (CBOM)
          </Button>
        </div>
        {cbom.error === null ? null : <ProblemNotice problem={cbom.error} />}
        {weak.error === null ? null : <ProblemNotice problem={weak.error} retry={() => void weak.refetch()} />}
        {weak.data === undefined && weak.error === null ? <Loading heights={[60]} /> : null}
        {weak.data === undefined ? null : <Attention assets={weak.data.assets} notAsked={weak.data.not_asked} />}
      </section>
      <section className="sheet" aria-labelledby="inventory">
        <div className="sheet-head">
          <h2 id="inventory">Inventory</h2>
          <span className="quiet small">what is in use, where, and how that is known</span>
        </div>
        <div className="segments-scroll" tabIndex={0} role="group" aria-label="Kinds, to choose from">
          <SegmentedControl
            aria-label="Kind"
            value={kind}
            data={kinds.map((value) => ({
              value,
              label: `${assetKindNames[value]}${first === undefined ? '' : ` ${formatCount(first.counts[value] ?? 0)}`}`,
            }))}
            onChange={(value) => change({ kind: value })}
          />
        </div>
        {error === null ? null : <ProblemNotice problem={error} retry={() => void refetch()} />}
        {data === undefined && error === null ? <Loading heights={[44, 44, 44, 44]} /> : null}
        {data === undefined ? null : <AssetTable assets={worstFirst(assets)} label={assetKindNames[kind]} />}
        {hasNextPage ? (
          <div>
            <Button variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
              Show more of {formatCount(first?.total ?? 0)}
            </Button>
          </div>
        ) : null}
      </section>
    </>
  );
}

function Attention({
  assets,
  notAsked,
}: {
  readonly assets: readonly Asset[];
  readonly notAsked: readonly { readonly source: string; readonly reason: string }[];
}) {
  return (
    <>
      {notAsked.length === 0 ? null : (
        <Notice
          tone="warn"
          title={`${plural(notAsked.length, 'source')} did not answer: what it holds is missing here`}
        >
          {notAsked.map(({ source, reason }) => (
            <p key={source}>
              {source}: {reason}
            </p>
          ))}
        </Notice>
      )}
      {assets.length === 0 ? (
        <Notice tone="good" title="Nothing is weak, and nothing ends soon">
          <p>Looked at again every half minute while this page is open, and by the server every hour.</p>
        </Notice>
      ) : (
        <ul className="lines" aria-label="Weak, late or near the end">
          {worstFirst(assets).map((asset) => {
            const worst = worstOf(asset);
            return worst === undefined ? null : (
              <li key={asset.id}>
                <LevelMark level={worst.level} />
                <span className="line-main">
                  <span className="line-name">{printable(worst.message)}</span>
                  <span className="small quiet">
                    {reasonWord(worst.reason)} · {reasonStep(worst.reason)}
                    {asset.weaknesses.length > 1 ? ` And ${plural(asset.weaknesses.length - 1, 'more reason')}.` : ''}
                  </span>
                </span>
              </li>
            );
          })}
        </ul>
      )}
    </>
  );
}
