import { IconBuildingCommunity, IconCertificate, IconWorld } from '@tabler/icons-react';
import type { CertificateKind } from './https-query.ts';

const choices: readonly {
  readonly kind: CertificateKind;
  readonly icon: typeof IconWorld;
  readonly title: string;
  readonly words: string;
  readonly best: string;
}[] = [
  {
    kind: 'authority',
    icon: IconBuildingCommunity,
    title: 'This server’s own authority',
    words: 'Made here, renewed by itself. Every machine that visits must trust it, once.',
    best: 'Best for an intranet, and without the internet',
  },
  {
    kind: 'own',
    icon: IconCertificate,
    title: 'A certificate you have',
    words: 'From your company or a provider, as PEM files. You bring the next one before it ends.',
    best: 'Best where somebody issues certificates',
  },
  {
    kind: 'acme',
    icon: IconWorld,
    title: 'Let’s Encrypt, or another ACME server',
    words: 'Ordered and renewed by itself, trusted everywhere at once. It must be able to reach the name.',
    best: 'Best for a public name',
  },
];

/** One of three, as large radio buttons. */
export function ChoiceCards({
  value,
  onChange,
}: {
  readonly value: CertificateKind;
  readonly onChange: (kind: CertificateKind) => void;
}) {
  return (
    <fieldset className="choice-cards">
      <legend>Where does the certificate come from?</legend>
      {choices.map(({ kind, icon: Icon, title, words, best }) => (
        <label key={kind} className="choice-card" data-chosen={value === kind}>
          <input type="radio" name="certificate" checked={value === kind} onChange={() => onChange(kind)} />
          <Icon size={24} stroke={1.5} aria-hidden="true" />
          <strong>{title}</strong>
          <span className="quiet">{words}</span>
          <span className="small choice-best">{best}</span>
        </label>
      ))}
    </fieldset>
  );
}
