import { IconDeviceDesktop, IconGavel, IconHash, IconUser } from '@tabler/icons-react';
import { Link } from 'wouter';
import { printable } from './printable.ts';

export type EntityKind = 'host' | 'user' | 'rule' | 'entry';
const icons = { host: IconDeviceDesktop, user: IconUser, rule: IconGavel, entry: IconHash };

/** An entity, looking the same everywhere; it leads to all events of it. */
export function Chip({
  kind,
  value,
  query,
}: {
  readonly kind: EntityKind;
  readonly value: string;
  readonly query: string;
}) {
  const Icon = icons[kind];
  return (
    <Link href={`/search?q=${encodeURIComponent(query)}`} className="chip" title={`All events of this ${kind}`}>
      <Icon aria-label={kind} /> {printable(value)}
    </Link>
  );
}
