import { plainSpelling } from './spellings.ts';

const maxHostLength = 40;
const maxLabels = 3;

/**
 * Whether asking for an address could carry out what a session knows. A short host name alone can carry next to nothing; a path, a query, a
 * port, long names and runs of digits can. What is no address carries.
 */
export function carriesOut(address: string): boolean {
  const bare = plainSpelling(address)
    .replace(/^https?:\/\//, '')
    .replace(/\/$/, '');
  if (!/^[a-z\d.-]+$/.test(bare) || bare.length > maxHostLength) return true;
  const labels = bare.split('.').filter((label) => label !== 'www');
  return (
    labels.length > maxLabels || /\d{5}/.test(bare) || labels.some((label) => /^(?=.*\d)[a-z\d]{16,}$/.test(label))
  );
}
