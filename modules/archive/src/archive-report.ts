import type { Verification } from './archive-checks.ts';
import type { LogProgress } from './archive-round.ts';
import type { ArchiveTotals } from './archive-cursor.ts';
import type { ArchivedFile } from './archived-file.ts';
import type { OpenedPlace } from './file-keeper.ts';
import type { ArchiveSettings } from './settings.ts';

export type ArchiveFailure = {
  readonly code: string;
  readonly message: string;
  readonly sinceMs: number;
  readonly nextTryMs: number;
};
export type ArchiveReport =
  | { readonly kind: 'off' }
  | {
      readonly kind: 'on';
      readonly settings: ArchiveSettings;
      readonly place: OpenedPlace['place']['facts'];
      /** `paused`: left to intake. `waiting`: everything due is archived. */
      readonly state: 'archiving' | 'paused' | 'waiting' | 'failing';
      readonly failure: ArchiveFailure | undefined;
      readonly logs: readonly LogProgress[];
      readonly totals: ArchiveTotals;
      readonly troubled: readonly ArchivedFile[];
      readonly newestVault: ArchivedFile | undefined;
      readonly verification: Verification | undefined;
      readonly lagMs: number;
      readonly isLate: boolean;
    };
