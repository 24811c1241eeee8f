import { CodedError } from '@sallyport/platform/errors';
import type { ProblemTable } from '@sallyport/platform/http';

export type RetentionErrorCode =
  | 'class_invalid'
  | 'class_reserved'
  | 'class_kept_shorter'
  | 'classes_too_many'
  | 'class_unknown'
  | 'keeping_too_short'
  | 'quotes_kept_longer'
  | 'hold_invalid'
  | 'source_class_unknown';

export class RetentionError extends CodedError<RetentionErrorCode> {}

export const retentionProblems: ProblemTable = {
  class_invalid: { status: 400, title: 'This is no name for a retention class' },
  class_reserved: { status: 409, title: 'This class is not for sources' },
  class_kept_shorter: { status: 409, title: 'Keeping less takes two people' },
  classes_too_many: { status: 409, title: 'There are too many classes of sources' },
  class_unknown: { status: 404, title: 'There is no such retention class' },
  keeping_too_short: { status: 409, title: 'It must be kept longer' },
  quotes_kept_longer: { status: 409, title: 'Findings quote events' },
  hold_invalid: { status: 400, title: 'This is no legal hold' },
  source_class_unknown: { status: 404, title: 'This source has no class of its own' },
} satisfies Record<RetentionErrorCode, { status: number; title: string }>;
