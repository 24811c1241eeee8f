import { useEffect } from 'react';
import type { ReactNode } from 'react';

/** The name of the room, in the page and in the window's title, and one sentence on what it is for. */
export function RoomHead({
  title,
  lead,
  children,
}: {
  readonly title: string;
  readonly lead?: ReactNode;
  readonly children?: ReactNode;
}) {
  useEffect(() => {
    document.title = `${title} · Sallyport`;
  }, [title]);
  return (
    <header className="room-head">
      <div>
        <h1>{title}</h1>
        {lead === undefined ? null : <p>{lead}</p>}
      </div>
      {children}
    </header>
  );
}
