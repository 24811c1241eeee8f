import { Button, Checkbox } from '@mantine/core';
import { plural } from '../../../parts/numbers.ts';
import { printable } from '../../../parts/printable.ts';
import { kindWords } from './server-words.ts';
import type { ServerTool, ServerWithTools } from './servers-query.ts';
import { StateChip } from './state-chip.tsx';
import { TextParts } from './text-parts.tsx';
import { ToolSheet } from './tool-sheet.tsx';

/** Tools, or what else is pinned of a server: how each stands, what it says of itself, and, opened, all of it. */
export function PinnedList({
  server,
  items,
  open,
  canManage,
  isWaiting,
  isChosen,
  onChoose,
  onOpen,
}: {
  readonly server: ServerWithTools;
  readonly items: readonly ServerTool[];
  readonly open: string | undefined;
  readonly canManage: boolean;
  readonly isWaiting: (item: ServerTool) => boolean;
  readonly isChosen: (item: ServerTool) => boolean;
  readonly onChoose: (items: readonly ServerTool[], isChosen: boolean) => void;
  readonly onOpen: (id: string | undefined) => void;
}) {
  return (
    <ul className="lines wrapping pinned-tools">
      {items.map((item) => {
        const isOpen = item.id === open;
        return (
          <li key={item.id} data-open={isOpen}>
            {canManage && isWaiting(item) ? (
              <Checkbox
                aria-label={`Choose ${item.name}`}
                checked={isChosen(item)}
                onChange={(event) => onChoose([item], event.currentTarget.checked)}
              />
            ) : null}
            <span className="line-main">
              <span className="line-name breaks">
                {item.kind === 'tool' ? null : <span className="quiet">{kindWords[item.kind]} </span>}
                {item.kind === 'instructions' ? null : printable(item.name)} <StateChip state={item.state} />
              </span>
              <span className="quiet small">
                <TextParts parts={item.description} />
              </span>
              {item.warnings === 0 ? null : (
                <span className="small pin-warning">{plural(item.warnings, 'thing')} to look at</span>
              )}
            </span>
            <Button
              size="compact-sm"
              variant="default"
              aria-expanded={isOpen}
              aria-label={`${isOpen ? 'Close' : 'Look at'} ${item.name}`}
              onClick={() => onOpen(isOpen ? undefined : item.id)}
            >
              {isOpen ? 'Close' : 'Look at'}
            </Button>
            {isOpen ? <ToolSheet key={item.digest} server={server} tool={item} canManage={canManage} /> : null}
          </li>
        );
      })}
    </ul>
  );
}
