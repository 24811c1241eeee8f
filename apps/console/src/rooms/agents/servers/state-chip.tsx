import { IconBan, IconCheck, IconHourglass, IconReplace } from '@tabler/icons-react';
import { serverStateWords, toolStateWords } from './server-words.ts';
import type { ServerTool, ToolServer } from './servers-query.ts';

const icons = {
  quarantined: IconHourglass,
  new: IconHourglass,
  changed: IconReplace,
  approved: IconCheck,
  blocked: IconBan,
} as const;

/** How a server or a tool stands, as shape and words. */
export function StateChip({ state }: { readonly state: ToolServer['state'] | ServerTool['state'] }) {
  const Icon = icons[state];
  const words = { ...serverStateWords, ...toolStateWords };
  return (
    <span className="chip pin-state" data-state={state}>
      <Icon aria-hidden="true" /> {words[state]}
    </span>
  );
}
