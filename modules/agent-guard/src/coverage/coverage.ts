/** A part of the product that does something about a threat. */
export type Means = 'hooks' | 'gateway' | 'sessions' | 'approvals' | 'stops' | 'redaction' | 'ledger' | 'behaviour';

/** What is done about one threat that others have named. */
export type Covered = {
  readonly list: 'OWASP Agentic 2026' | 'OWASP LLM 2025' | 'MITRE ATLAS';
  readonly id: string;
  readonly name: string;
  /** Policies that hold it, without the name of their pack. */
  readonly policies: readonly string[];
  /** Bundled rules of agents that tell of it, by file. */
  readonly rules: readonly string[];
  readonly means: readonly Means[];
  /** What is done. */
  readonly words: string;
  /** What is not. */
  readonly gap: string;
};

const agentic = 'OWASP Agentic 2026';
const model = 'OWASP LLM 2025';
const atlas = 'MITRE ATLAS';

/** Says as much of what is not done as of what is: a list that covers everything is believed by nobody. */
export const coverage: readonly Covered[] = [
  {
    list: agentic,
    id: 'ASI01',
    name: 'Goal Hijack',
    policies: ['chosen-by-others', 'two-of-three', 'not-asked-for', 'delegated', 'carries'],
    rules: ['untrusted-then-new-place', 'tainted-command', 'tainted-new-destination', 'prompt-from-outside'],
    means: ['hooks', 'gateway', 'redaction'],
    words:
      'What untrusted content says chooses no command, recipient, amount or access; what nobody asked for is asked about or refused.',
    gap: 'What the agent thinks is not looked at: a hijacked agent that does only what the person asked for, with other content, goes on.',
  },
  {
    list: agentic,
    id: 'ASI02',
    name: 'Tool Misuse',
    policies: ['uncertain', 'many', 'delete', 'unclear', 'statement', 'sends', 'execute'],
    rules: ['sent-out', 'sent-to-new-place', 'paid-unattended', 'encoded-arguments'],
    means: ['hooks', 'gateway', 'approvals'],
    words:
      'Each call is read word by word: what a command, a query or a tool does to what decides, not what it is called.',
    gap: 'Code that a build or a script of the workspace runs is known as that, not read.',
  },
  {
    list: agentic,
    id: 'ASI03',
    name: 'Identity & Privilege Abuse',
    policies: ['grant', 'credential', 'secret', 'powerful-program'],
    rules: [
      'beyond-parent-attempted',
      'beyond-parent-allowed',
      'secret-read',
      'used-from-two-addresses',
      'machine-proof-refused',
    ],
    means: ['sessions', 'hooks', 'ledger'],
    words:
      'Each run has a credential of minutes that can only report; an agent may never more than whom it belongs to; a sub-agent never more than its parent.',
    gap: 'Credentials that lie on the machine are the machine’s: reading them is asked about, a program that reads them by itself is not seen.',
  },
  {
    list: agentic,
    id: 'ASI04',
    name: 'Supply Chain',
    policies: ['new-server', 'packages', 'runs-later'],
    rules: ['server-added', 'unapproved-server-used', 'tool-description-changed', 'tool-changed-then-used'],
    means: ['gateway', 'hooks'],
    words: 'A tool server is held until somebody approved it, its tools by what they were when that was done.',
    gap: 'What an approved server does on its own machine nobody sees; packages are not looked into.',
  },
  {
    list: agentic,
    id: 'ASI05',
    name: 'Unexpected Code Execution',
    policies: ['execute', 'uncertain', 'runs-later', 'powerful-program', 'guards'],
    rules: ['executed', 'ran-then-host-noticed', 'startup-file-written', 'own-guard-attempted'],
    means: ['hooks', 'approvals'],
    words:
      'Shell commands are parsed with all they start; what is only known when it runs is uncertain, and asked about.',
    gap: 'There is no sandbox: what is let through runs with the rights of whoever started the agent.',
  },
  {
    list: agentic,
    id: 'ASI06',
    name: 'Memory & Context Poisoning',
    policies: ['runs-later', 'guards', 'two-of-three'],
    rules: ['memory-written-from-untrusted', 'untrusted-content-read'],
    means: ['hooks'],
    words:
      'Files of instructions and memory are classes of their own: writing them is asked about. A conversation that goes on from before counts as untrusted.',
    gap: 'What a harness keeps elsewhere, in its own cloud, is not seen.',
  },
  {
    list: agentic,
    id: 'ASI07',
    name: 'Insecure Inter-Agent Communication',
    policies: ['chosen-by-others'],
    rules: ['beyond-parent-attempted'],
    means: ['hooks', 'sessions'],
    words:
      'What another agent says is no word of the person: a prompt inside a sub-agent is untrusted, and what one of them read, all have.',
    gap: 'Agents that speak to each other past harness and gateway are not seen.',
  },
  {
    list: agentic,
    id: 'ASI08',
    name: 'Cascading Failures',
    policies: ['again', 'many'],
    rules: ['many-denials', 'stopped-and-goes-on'],
    means: ['stops', 'gateway', 'behaviour'],
    words:
      'One switch for a run, an agent, a person, a model or all; what was asked for once is done once; calls are limited by number and size at the gateway.',
    gap: 'Money an agent spends at its model’s provider is told of where the harness tells it, and limited nowhere.',
  },
  {
    list: agentic,
    id: 'ASI09',
    name: 'Human-Agent Trust Exploitation',
    policies: ['two-of-three', 'recipient', 'payee', 'amount', 'link'],
    rules: [
      'approval-fatigue',
      'approved-in-seconds',
      'tainted-command-approved-in-seconds',
      'many-denials-then-allowed',
    ],
    means: ['approvals'],
    words:
      'Who is asked sees the call itself, where its values came from and by which policy it is asked; a yes holds for what was shown.',
    gap: 'Whether somebody understood what they said yes to nobody can tell; haste and floods are told of.',
  },
  {
    list: agentic,
    id: 'ASI10',
    name: 'Rogue Agents',
    policies: ['guards', 'disguised-host'],
    rules: ['hook-silent', 'own-guard-changed', 'outside-hours', 'stopped-and-goes-on'],
    means: ['stops', 'sessions', 'behaviour', 'ledger'],
    words:
      'A run whose hooks fall silent is told of; what holds an agent is changed by no agent; how each behaves is learnt.',
    gap: 'Hooks are kept by the harness: one that was changed does not call them. The gateway and the machine’s sensor are what is left then.',
  },
  {
    list: model,
    id: 'LLM01',
    name: 'Prompt Injection',
    policies: ['chosen-by-others', 'two-of-three', 'carries'],
    rules: ['prompt-from-outside', 'tainted-command'],
    means: ['hooks', 'gateway', 'redaction'],
    words:
      'Taken as certain to happen: what it can lead to is held by where values come from. Signs of it are recorded as weak evidence.',
    gap: 'The text reaches the model; what it makes of it without a call is not held.',
  },
  {
    list: model,
    id: 'LLM02',
    name: 'Sensitive Information Disclosure',
    policies: ['secret', 'two-of-three', 'recipient', 'sends'],
    rules: ['secret-read', 'many-secrets-read', 'untrusted-then-secret-then-sent'],
    means: ['redaction', 'hooks', 'gateway'],
    words:
      'Secrets and personal data are found and taken out where a harness lets us; reading secrets and sending after it are asked about.',
    gap: 'What the model’s provider is sent by the harness itself passes nothing of ours.',
  },
  {
    list: model,
    id: 'LLM03',
    name: 'Supply Chain',
    policies: ['new-server', 'packages'],
    rules: ['server-added', 'tool-redefined'],
    means: ['gateway'],
    words: 'Servers and tools are approved by people, and held when they change.',
    gap: 'Where a model comes from and what it was trained on is not looked at.',
  },
  {
    list: model,
    id: 'LLM04',
    name: 'Data and Model Poisoning',
    policies: [],
    rules: ['memory-written-from-untrusted'],
    means: ['ledger'],
    words: 'What is written into an agent’s memory after untrusted content is told of.',
    gap: 'Training is outside of this product.',
  },
  {
    list: model,
    id: 'LLM05',
    name: 'Improper Output Handling',
    policies: ['uncertain', 'link', 'carries', 'statement'],
    rules: ['encoded-arguments', 'executed'],
    means: ['hooks', 'gateway'],
    words: 'What the model puts into a call is judged like a stranger’s input, encodings undone first.',
    gap: 'Text that is shown to a person, with its links and pictures, is looked at where it is a call only.',
  },
  {
    list: model,
    id: 'LLM06',
    name: 'Excessive Agency',
    policies: ['not-asked-for', 'write-not-asked-for', 'again', 'outside', 'workspace'],
    rules: ['paid-unattended', 'tool-used'],
    means: ['sessions', 'hooks', 'approvals', 'stops'],
    words:
      'A call goes ahead as far as the person’s words cover it, once for each time they asked; nothing more without a yes.',
    gap: 'In the pack observe everything goes ahead.',
  },
  {
    list: model,
    id: 'LLM07',
    name: 'System Prompt Leakage',
    policies: [],
    rules: [],
    means: [],
    words: '',
    gap: 'Not looked at: a system prompt should hold no secret, and none of ours does.',
  },
  {
    list: model,
    id: 'LLM08',
    name: 'Vector and Embedding Weaknesses',
    policies: [],
    rules: ['untrusted-content-read'],
    means: [],
    words: 'What a search brings back is untrusted content like any other.',
    gap: 'Stores of vectors are not looked into.',
  },
  {
    list: model,
    id: 'LLM09',
    name: 'Misinformation',
    policies: [],
    rules: [],
    means: [],
    words: '',
    gap: 'Not looked at: whether what a model says is true.',
  },
  {
    list: model,
    id: 'LLM10',
    name: 'Unbounded Consumption',
    policies: ['many'],
    rules: ['many-denials'],
    means: ['gateway', 'sessions', 'stops'],
    words: 'Runs, calls, sizes and times are limited.',
    gap: 'What is spent at a model’s provider is told of where the harness tells it, and limited nowhere.',
  },
  {
    list: atlas,
    id: 'AML.T0051',
    name: 'LLM Prompt Injection',
    policies: ['chosen-by-others', 'two-of-three'],
    rules: ['untrusted-then-new-place', 'untrusted-then-secret-then-sent', 'tainted-command'],
    means: ['hooks', 'gateway'],
    words: 'Held by what it can lead to.',
    gap: 'The injection itself is not kept from the model.',
  },
  {
    list: atlas,
    id: 'AML.T0053',
    name: 'AI Agent Tool Invocation',
    policies: ['not-asked-for', 'uncertain'],
    rules: ['tool-used', 'approval-fatigue', 'beyond-parent-attempted'],
    means: ['hooks', 'gateway', 'approvals'],
    words: 'Each call of a tool is judged before it goes.',
    gap: 'Tools a harness runs without its hooks are not seen.',
  },
  {
    list: atlas,
    id: 'AML.T0086',
    name: 'Exfiltration via AI Agent Tool Invocation',
    policies: ['two-of-three', 'recipient', 'carries', 'sends'],
    rules: ['sent-to-new-place', 'tainted-new-destination', 'untrusted-then-secret-then-sent'],
    means: ['hooks', 'gateway', 'redaction'],
    words:
      'Where something goes must be the person’s word; an address that could carry what was read counts as sending.',
    gap: 'To whom the person named goes whatever the session knows.',
  },
  {
    list: atlas,
    id: 'AML.T0010',
    name: 'AI Supply Chain Compromise',
    policies: ['new-server', 'packages'],
    rules: ['server-added', 'unapproved-server-used', 'new-server-then-secret'],
    means: ['gateway'],
    words: 'Tool servers are approved and pinned.',
    gap: 'Models and data sets are not looked at.',
  },
  {
    list: atlas,
    id: 'AML.T0055',
    name: 'Unsecured Credentials',
    policies: ['secret', 'credential', 'disguised-host'],
    rules: ['secret-read', 'many-secrets-read', 'cloud-credentials-service'],
    means: ['hooks', 'redaction'],
    words: 'Files, variables and services that hold credentials are known; reading them is asked about or refused.',
    gap: 'A program of the workspace that reads them is not seen by a hook.',
  },
];
