import { IconKey, IconMessageBolt, IconRulerOff, IconUser } from '@tabler/icons-react';
import { printable } from '../../parts/printable.ts';
import type { StepNote } from './step-content.ts';

const icons = { secret: IconKey, personal: IconUser, signal: IconMessageBolt, cut: IconRulerOff } as const;

/** What was found in a step, beside its icon: the words say it alone. */
export function StepContentNote({ note: { of, words } }: { readonly note: StepNote }) {
  const Icon = icons[of];
  return (
    <span className="small breaks step-note" data-of={of}>
      <Icon size={14} aria-hidden="true" />
      <span>{printable(words)}</span>
    </span>
  );
}
