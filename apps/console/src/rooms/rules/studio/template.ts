/** What a new rule begins as: honoured as it stands, and nothing in it is meant to stay. */
export function ruleTemplate(id: string, day: string): string {
  return `title: What it finds, in a few words
id: ${id}
status: experimental
description: What it means when it matches, and what to do first.
author: ''
date: ${day}
tags:
    - attack.execution
    - attack.t1059.001
logsource:
    product: windows
    category: process_creation
detection:
    selection:
        Image|endswith: '\\powershell.exe'
        CommandLine|contains: '-enc'
    condition: selection
falsepositives:
    - Scripts of administrators
level: medium
`;
}

/** A rule in force as a rule of one's own: another id, so that both can be told apart, and where it came from. */
export function copyOf(text: string, newId: () => string): string {
  return text.replaceAll(/^id:\s*['"]?([^\s'"#]+)['"]?[ \t]*$/gm, (_line, id: string) => {
    const made = `id: ${newId()}`;
    return /^related:/m.test(text) ? made : `${made}\nrelated:\n    - id: ${id}\n      type: derived`;
  });
}
