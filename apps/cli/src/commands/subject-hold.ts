import type { JsonValue } from '@sallyport/contracts';
import { listField, numberField, textField } from '../json-reading.ts';
import type { CliNeeds } from '../needs.ts';
import { counted, jsonLine, shortText } from '../terminal.ts';
import { ask, namesIn, type Names, type Options } from './subject-asking.ts';

export type HoldOptions = Options & Names & { case: string; days?: true; reason: string };

export async function holdSubject(options: HoldOptions, needs: CliNeeds): Promise<void> {
  const hold = await ask(options, needs, {
    method: 'POST',
    path: '/v1/personal-data/holds',
    body: {
      about: namesIn(options),
      name: options.case,
      reason: options.reason,
      ...(options.days === true ? { days: true } : {}),
    },
  });
  if (options.json === true) needs.stdout.write(`${jsonLine(hold)}\n`);
  else needs.stdout.write(`Held: ${holdLine(hold)}\n`);
  if (options.days !== true)
    needs.stderr.write(
      'hint: days on which something was recorded of them go by their policies; --days keeps those there are\n',
    );
}

export async function listHolds(options: Options, needs: CliNeeds): Promise<void> {
  const answer = await ask(options, needs, { path: '/v1/personal-data/holds' });
  if (options.json === true) {
    needs.stdout.write(`${jsonLine(answer)}\n`);
    return;
  }
  const holds = listField(answer, 'holds');
  if (holds.length === 0) needs.stderr.write('Nobody is held\n');
  for (const hold of holds) needs.stdout.write(`${holdLine(hold)}\n`);
}

function holdLine(hold: JsonValue): string {
  const names = listField(hold, 'about').flatMap((one) => textField(one, 'value') ?? []);
  const [id, name] = [textField(hold, 'id') ?? '', textField(hold, 'name') ?? ''];
  const about = names.length === 0 ? 'a person' : names.join(', ');
  return `${shortText(id, 32)}  ${shortText(name, 80)}: ${shortText(about, 200)}, ${counted(numberField(hold, 'keys') ?? 0, 'key')}`;
}
