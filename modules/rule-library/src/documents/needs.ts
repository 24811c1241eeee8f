import type { Detection } from '@sallyport/detection';
import type { Ledger, Outbox } from '@sallyport/ledger';
import type { Clock } from '@sallyport/platform/clock';
import type { DocumentStoreNeeds } from './document-store.ts';
import type { RuleReaderNeeds } from './rule-reader.ts';

export type RuleDocumentsNeeds = DocumentStoreNeeds & {
  readonly detection: Pick<Detection, 'openMatcher' | 'reload' | 'ruleSet' | 'sources'>;
  readonly ledger: Pick<Ledger, 'head' | 'read'>;
  readonly outbox: Pick<Outbox, 'record' | 'flushed'>;
  readonly clock: Clock;
  readonly limits?: RuleReaderNeeds['limits'];
};
