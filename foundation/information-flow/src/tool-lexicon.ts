import { stems } from './word-stems.ts';

/** What a call does, as far as its tool's words tell. */
export const toolEffects = [
  'read',
  'write',
  'delete',
  'message',
  'network',
  'pay',
  'grant',
  'credential',
  'execute',
  'other',
] as const;
export type ToolEffect = (typeof toolEffects)[number];

/** What an argument is for. */
export type ArgumentRole =
  | 'destination'
  | 'address'
  | 'amount'
  | 'content'
  | 'object'
  | 'credential'
  | 'command'
  | 'query'
  | 'time'
  | 'setting';

type VerbRule = { readonly effect: ToolEffect; readonly verbs: ReadonlySet<string>; readonly why: string };

/**
 * By what the first verb of a name says. A verb that stands nowhere is no reading: the effect is `other`, and policies treat it as the worst.
 * The order counts where a verb has two meanings.
 */
export const verbRules: readonly VerbRule[] = [
  {
    effect: 'read',
    verbs: stems(
      'get give return list search find read fetch query lookup look show view describe check count browse retrieve open download summarize summarise compare calculate compute convert translate analyze analyse preview validate verify explain inspect status ping resolve scan watch load tail head diff whoami is has see peek estimate export recommend suggest filter sort detect extract parse measure monitor track select',
    ),
    why: 'is a word for reading',
  },
  {
    effect: 'delete',
    verbs: stems(
      'delete remove drop clear purge erase destroy wipe trash unlink uninstall cancel revoke terminate kick ban empty discard detach prune truncate evict expire void block deactivate unsubscribe rm del',
    ),
    why: 'is a word for taking away',
  },
  {
    effect: 'pay',
    verbs: stems(
      'pay transfer purchase buy order checkout refund donate wire charge withdraw deposit tip book reserve rent invest trade sell bid bet redeem reimburse remit settle subscribe renew',
    ),
    why: 'is a word for moving or owing money',
  },
  {
    effect: 'message',
    verbs: stems(
      'send email message notify post publish forward reply respond tweet broadcast submit dm call sms text announce comment contact page alert tell webhook emit push deliver mention remind dispatch say speak whisper',
    ),
    why: 'is a word for sending to others',
  },
  {
    effect: 'grant',
    verbs: stems(
      'share grant invite authorize authorise permit allow unblock whitelist allowlist entitle delegate promote assign approve',
    ),
    why: 'is a word for giving others access',
  },
  {
    effect: 'execute',
    verbs: stems(
      'run exec execute eval shell bash command script deploy invoke trigger spawn launch install build start',
    ),
    why: 'is a word for running something',
  },
  {
    effect: 'write',
    verbs: stems(
      'create reset rotate regenerate add update set edit modify change append write insert upsert put save rename move copy mark tag label reschedule schedule archive restore upload store record register configure enable disable toggle merge commit close reopen complete pin star like vote rate review join leave stop restart new make draft replace patch import sync attach link fork log apply adjust increase decrease fill import plan',
    ),
    why: 'is a word for changing something',
  },
];

/** What is changed can weigh more than how: `update_password` sets a credential, `schedule_transaction` moves money. */
export const nounRules: readonly {
  readonly effect: ToolEffect;
  readonly nouns: ReadonlySet<string>;
  readonly why: string;
}[] = [
  {
    effect: 'credential',
    nouns: stems(
      'password passwd passphrase credential secret mfa totp passkey passcode pincode apikey key token certificate',
    ),
    why: 'names a credential',
  },
  {
    effect: 'pay',
    nouns: stems(
      'money payment transaction fund payout purchase transfer wallet iban invoice subscription order booking reservation donation wager',
    ),
    why: 'names money or an obligation',
  },
  {
    effect: 'grant',
    nouns: stems('permission role access collaborator member privilege membership acl admin owner'),
    why: 'names rights of others',
  },
  {
    effect: 'message',
    nouns: stems('email message sms tweet notification webhook'),
    why: 'names something that is sent',
  },
];

/** What is somebody's own and nobody else's to know. */
export const sensitiveNouns = stems(
  'password passphrase credential secret token key iban passport card ssn account balance transaction payment user profile personal private inbox email message file document drive calendar event contact note medical health salary payroll code info information history dm chat',
);

/**
 * Results that the operator of a service keeps, not whoever writes to the person: who is in a directory, what time it is, one's own account. Short
 * and structured; policies may trust them.
 */
export const directoryNouns = stems(
  'user member contact channel room space workspace department group team employee staff directory participant person people colleague timezone',
);
/** Where many read and write. */
export const placeNouns = stems('channel room space workspace group forum');
export const clockNouns = stems('day date time today now timezone clock');
export const ownNouns = stems('balance iban me self profile whoami');

type RoleRule = { readonly role: ArgumentRole; readonly names: ReadonlySet<string>; readonly why: string };

/** By what the words of a parameter's name say, the last word first: `recipient_email` is an e-mail address, `email_id` an object. */
export const roleRules: readonly RoleRule[] = [
  { role: 'credential', names: stems('password passwd passphrase secret pin otp credential'), why: 'is a credential' },
  { role: 'command', names: stems('command cmd script code shell program sql statement expression'), why: 'is run' },
  {
    role: 'address',
    names: stems('url uri link endpoint host hostname domain webhook website site callback origin href server'),
    why: 'is an address on a network',
  },
  {
    role: 'destination',
    names: stems(
      'recipient to cc bcc email address phone iban account participant attendee invitee guest channel user username member collaborator assignee receiver beneficiary payee destination dest target room space workspace forum feed board mailbox chat team handle person contact audience group topic reviewer owner bucket repo repository',
    ),
    why: 'chooses whom or where',
  },
  { role: 'amount', names: stems('amount price total sum value fee budget cost quantity credit'), why: 'is an amount' },
  {
    role: 'time',
    names: stems(
      'date time day start end month year hour minute deadline due when until from since before after duration at checkin checkout timezone weekday schedule expiry',
    ),
    why: 'is a time',
  },
  {
    role: 'query',
    names: stems('query search filter keyword term pattern criteria prefix sort'),
    why: 'is what is looked for',
  },
  {
    role: 'setting',
    names: stems(
      'limit offset page count size format recurring flag enabled permission role type kind status priority language locale currency unit color colour mode force recursive verbose all n max min level is has',
    ),
    why: 'says how',
  },
  {
    role: 'content',
    names: stems(
      'body content text message subject title description comment note summary data payload html markdown caption reason details attachment attachments quote memo bio html remark review template',
    ),
    why: 'is what is written or sent',
  },
  {
    role: 'object',
    names: stems(
      'id ids number no uuid guid key ref slug name path file filename folder directory document event thread ticket issue item object record row order booking reservation transaction hotel restaurant flight company product sku plan car show movie seat project task list label tag branch commit table database resource location street city country first last',
    ),
    why: 'is the thing that is meant',
  },
];
