import { useRef } from 'react';
import { columnWidth } from './columns.ts';
import type { Column } from './columns.ts';

const stepPixels = 16;

/** Names the columns; their right edges are dragged, or moved with the arrow keys. */
export function EventHead({
  columns,
  onColumns,
}: {
  readonly columns: readonly Column[];
  readonly onColumns: (columns: readonly Column[], isDone: boolean) => void;
}) {
  const resize = (id: string, width: number, isDone: boolean): void =>
    onColumns(
      columns.map((column) => (column.id === id ? { ...column, width: columnWidth(width) } : column)),
      isDone,
    );
  return (
    <div role="row" className="event-head" aria-rowindex={1}>
      {columns.map((column) => (
        <span key={column.id} role="columnheader">
          <span>{column.label}</span>
          <ColumnEdge column={column} onResize={(width, isDone) => resize(column.id, width, isDone)} />
        </span>
      ))}
      <span role="columnheader">
        <span>What happened</span>
      </span>
      <span role="columnheader">
        <span className="visually-hidden">Seal</span>
      </span>
    </div>
  );
}

function ColumnEdge({
  column: { label, width },
  onResize,
}: {
  readonly column: Column;
  readonly onResize: (width: number, isDone: boolean) => void;
}) {
  const start = useRef<{ x: number; width: number }>(undefined);
  return (
    <span
      className="column-edge"
      role="separator"
      aria-orientation="vertical"
      aria-label={`Width of ${label}`}
      aria-valuenow={width}
      tabIndex={0}
      onKeyDown={(event) => {
        const by = event.key === 'ArrowLeft' ? -stepPixels : event.key === 'ArrowRight' ? stepPixels : 0;
        if (by === 0) return;
        event.preventDefault();
        event.stopPropagation();
        onResize(width + by, true);
      }}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        start.current = { x: event.clientX, width };
      }}
      onPointerMove={(event) => {
        if (start.current !== undefined) onResize(start.current.width + event.clientX - start.current.x, false);
      }}
      onPointerUp={(event) => {
        if (start.current !== undefined) onResize(start.current.width + event.clientX - start.current.x, true);
        start.current = undefined;
      }}
    />
  );
}
