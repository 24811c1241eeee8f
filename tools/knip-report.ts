// A knip reporter that says how much knip looked at, which its own reporters do not when nothing is wrong.
import type { Reporter } from 'knip';

const report: Reporter = ({ counters }) => {
  process.stdout.write(`looked at ${String(counters.processed)} files\n`);
};

export default report;
