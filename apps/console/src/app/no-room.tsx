import { Link } from 'wouter';
import { EmptyRoom } from '../parts/empty-room.tsx';

export function NoRoom() {
  return (
    <EmptyRoom title="There is no such room" action={<Link href="/">Go to the overview</Link>}>
      The address leads nowhere. It may be mistyped, or from another version.
    </EmptyRoom>
  );
}
