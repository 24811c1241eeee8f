import type { ToolEffect } from './tool-lexicon.ts';
import { stem, stems } from './word-stems.ts';

/** Verbs with which a person asks for something to be done. Broader than those of tools: people do not speak in names of functions. */
export const askingVerbs: Readonly<Record<Exclude<ToolEffect, 'read' | 'other'>, ReadonlySet<string>>> = {
  message: stems(
    'send put give append email message text dm forward reply respond notify inform tell invite post publish share write submit tweet announce comment contact ask congratulate thank remind welcome greet mail ping update let deliver pass relay broadcast report answer respond message call wish warn apologize apologise say copy repeat encourage introduce',
  ),
  pay: stems(
    'pay transfer refund wire reimburse donate buy purchase order subscribe book reserve rent settle return send repay tip charge renew checkout hire',
  ),
  write: stems(
    'create add make remind set schedule reschedule move change update edit modify append write put save rename record mark adjust correct fix replace insert fill complete upload register log draft prepare generate arrange plan organise organize extend shorten postpone push enter note store copy archive label tag assign merge close open start stop increase decrease raise lower turn enable disable block',
  ),
  delete: stems(
    'delete remove cancel clear erase drop discard purge trash clean kick ban unsubscribe revoke wipe empty undo uninstall throw expel dismiss take',
  ),
  grant: stems(
    'share invite grant give add allow permit authorize authorise assign promote make let onboard enrol enroll bring put move',
  ),
  credential: stems('change reset update set rotate replace renew make choose create'),
  execute: stems('run execute start deploy install build test launch rerun compile restart do'),
  network: stems('visit open fetch download browse go check read look see get summarize summarise find'),
};

/** Verbs that say nothing without what they are about: `make a payment` and `make a note` have one verb. */
export const broadVerbs = stems(
  'get make do add create set update change put new send post write let give give bring start open see look check',
);

/** Words for the same kind of thing. A tool of events is covered by a person who speaks of a meeting. */
const nounGroups: readonly ReadonlySet<string>[] = [
  stems('event meeting appointment calendar remind reminder entry invite invitation lunch dinner breakfast agenda'),
  stems('file document doc docx pdf list note folder spreadsheet sheet xlsx txt drive page memo draft report'),
  stems('email mail inbox mailbox letter newsletter'),
  stems('message dm chat channel thread conversation post inbox'),
  stems(
    'money payment transaction bill invoice rent refund transfer fee subscription order amount iban bank debt loan salary deposit dollar euro pound usd eur gbp',
  ),
  stems('user member account person colleague friend profile teammate guest employee contact'),
  stems('info information detail data profile address street city phone settings preference'),
  stems('hotel room stay accommodation hostel lodging inn guesthouse apartment motel suite'),
  stems('restaurant table dinner lunch breakfast brunch eatery cafe bistro diner pub bar'),
  stems('car rental vehicle van truck suv taxi scooter'),
  stems('flight plane ticket seat airline fare'),
  stems('train bus ticket seat journey'),
  stems('booking reservation'),
  stems('issue ticket bug task todo card story'),
  stems('repository repo branch commit pull merge request pr code'),
  stems('password passphrase login credential secret pin'),
  stems('product item article cart basket purchase'),
  stems('webpage website site web url link blog'),
  stems('photo picture image video album'),
  stems('record row entry table database contact'),
];

/** Whether two stems speak of one kind of thing. */
export function isSameKind(a: string, b: string): boolean {
  return a === b || nounGroups.some((group) => group.has(a) && group.has(b));
}

/** What stands before a noun, not a verb: `the email`, `my order`. */
export const beforeNouns = new Set(
  "the a an my your his her its their our this that these those each every any all last first latest next new of for in on from by via recent unread received same direct which what such some no other 's one two three both upcoming standing with about most more many as".split(
    ' ',
  ),
);

export const negations = new Set(['not', "don't", 'dont', 'never', 'without', "won't", "shouldn't", 'avoid', 'except']);

/** What has happened already is not asked for. */
export const pastForms = new Set(
  'sent paid made wrote written bought sold told gave given shared forwarded'.split(' '),
);

export const everyWords = new Set(
  'all every each everyone everybody both anyone anybody everything'.split(' ').map(stem),
);

/** After such a word a name is where something comes from, not where it goes. */
export const sourceWords = new Set(
  'from by about that than did does has had whose who what why when where how if whether said since until'.split(' '),
);
