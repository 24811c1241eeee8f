import { Link } from 'wouter';
import type { Me } from '../../api/queries.ts';
import { useAddress } from '../../app/address.ts';
import { RoomHead } from '../../parts/room-head.tsx';
import { AddSource } from './add-source.tsx';

/** Three clicks from "something sends logs" to "its first event is here". */
export function AddSourceRoom({ me }: { readonly me: Me }) {
  const { get, change } = useAddress();
  return (
    <div className="room-inner">
      <RoomHead title="Add a source" lead="Choose what sends, name it, copy. This page then waits for its first event.">
        <Link href="/sources" className="small">
          All sources
        </Link>
      </RoomHead>
      <AddSource me={me} kind={get('kind')} onKind={(kind) => change({ kind })} />
    </div>
  );
}
