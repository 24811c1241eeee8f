import { useQuery } from '@tanstack/react-query';
import type { Me } from '../../../api/queries.ts';
import { useAddress } from '../../../app/address.ts';
import { may } from '../../../app/rooms.ts';
import { CopyBlock } from '../../../parts/copy-block.tsx';
import { EmptyRoom } from '../../../parts/empty-room.tsx';
import { Loading } from '../../../parts/loading.tsx';
import { ProblemNotice } from '../../../parts/notice.tsx';
import { RoomHead } from '../../../parts/room-head.tsx';
import { ImportPack } from './import-pack.tsx';
import { PackKeys } from './pack-keys.tsx';
import { PackSheet } from './pack-sheet.tsx';
import { packsQuery } from './packs-queries.ts';
import { ReleaseView } from './release-view.tsx';

/** Releases of rules by others: what each would change, which is in force, and who may sign them. */
export function PacksPage({ me }: { readonly me: Me }) {
  const { get, change } = useAddress();
  const { data, error, refetch } = useQuery(packsQuery);
  const [name, version] = [get('pack'), get('version')];
  const pack = data?.packs.find((one) => one.name === name);
  const release = pack?.versions.find((one) => one.version === version);
  const canManage = may(me, 'rules:manage');
  if (pack !== undefined && release !== undefined)
    return (
      <ReleaseView
        key={`${pack.name}/${release.version}`}
        pack={pack}
        release={release}
        me={me}
        onClose={() =>
          change({ pack: undefined, version: undefined, rule: undefined, change: undefined, q: undefined })
        }
      />
    );
  return (
    <div className="room-inner">
      <RoomHead
        title="Rule packs"
        lead="Releases of rules by others, signed. Nothing of one is in force until somebody has seen what it changes and says so."
      >
        {canManage ? <ImportPack onImported={(taken) => change({ pack: taken.name, version: taken.version })} /> : null}
      </RoomHead>
      {error === null ? null : <ProblemNotice problem={error} retry={() => void refetch()} />}
      {data === undefined && error === null ? <Loading heights={[180, 120]} /> : null}
      {data?.packs.length === 0 ? (
        <div className="sheet">
          <EmptyRoom title="No packs yet">
            Rules of SigmaHQ, or of anybody whose key you trust. Fetch a release, make a pack of it, trust the key, and
            import it here:
          </EmptyRoom>
          <CopyBlock
            title="Make a rule pack of a release"
            text={
              './sallyport rules pack key example.com/rules -o rules.key\n./sallyport rules pack build sigma_core.zip --name sigmahq-core --version r2026-08-05 --key rules.key -o sigmahq-core.pack'
            }
          />
        </div>
      ) : null}
      {data?.packs.map((one) => (
        <PackSheet
          key={one.name}
          pack={one}
          canManage={canManage}
          onOpen={(opened) => change({ pack: one.name, version: opened })}
        />
      ))}
      <PackKeys canManage={may(me, 'settings:manage')} />
    </div>
  );
}
