/** Of which questions mail is sent. */
export const noticeWords = {
  none: 'Of none',
  own: 'Of agents of one’s own, and of service accounts one answers for',
  all: 'Of all that one may answer',
} as const;
