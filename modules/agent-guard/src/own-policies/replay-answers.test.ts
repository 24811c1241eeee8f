// What organisations write about answers of tools, tried on recorded answers; and that a yes is to the text that asked.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import { answered, closeOwnHouses, judgeOf, openOwnHouse, omar, replayed, vera } from './own-policies.fixture.ts';
import type { OwnDraft } from '../decisions/own-policy.ts';

after(closeOwnHouses);

const careful: OwnDraft = {
  name: 'Answers',
  scope: { kind: 'all' },
  text: `@id("no-contacts") @words("Nobody knows who keeps the list of contacts")
forbid (principal, action == Agent::Action::"trust", resource == Agent::Tool::"search_contacts_by_name");
@id("no-mail-addresses") @words("Agents read no addresses of people")
forbid (principal, action == Agent::Action::"reveal", resource)
when { context.of == "personal" && context.kind == "email" };
`,
  tests: [],
};
const asking = (words: string, more = ''): OwnDraft => ({
  name: 'Programs',
  scope: { kind: 'all' },
  text: `@id("look-first") @words("${words}") @ask("person")
forbid (principal, action == Agent::Action::"network", resource)${more};
`,
  tests: [],
});

forEachDatabase((name, open) => {
  test(`answers that would be trusted or read otherwise are told before a version comes into force on ${name}`, async () => {
    const house = await openOwnHouse(open);
    const { own } = house;
    await house.addAgent('builder', 'ada');
    house.answers.push(
      answered('builder', 'search_contacts_by_name', { personal: [{ kind: 'email', count: 2 }] }),
      answered('builder', 'read_inbox', { personal: [{ kind: 'email', count: 1 }], secrets: [] }),
      answered('builder', 'search_contacts_by_name'),
      answered('nobody', 'search_contacts_by_name'),
    );
    await own.documents.create('answers', careful, vera);
    const { version, digest } = await own.versions.stage({ note: '' }, vera);
    const { answers } = await replayed(own, version, vera);
    assert.ok(answers !== undefined);
    assert.deepEqual([answers.answers, answers.different, answers.looser], [4, 3, 0]);
    assert.deepEqual(
      answers.differences.map(({ agent, tool, about, found, now, would, answers: count }) => [
        agent.id,
        tool,
        about,
        found,
        now,
        would,
        count,
      ]),
      [
        ['builder', 'search_contacts_by_name', 'trust', undefined, true, false, 2],
        ['builder', 'search_contacts_by_name', 'reveal', 'personal email', true, false, 1],
        ['builder', 'read_inbox', 'reveal', 'personal email', true, false, 1],
      ],
    );
    assert.deepEqual((await own.versions.get(version)).replayed?.answers, answers, 'it is kept with the version');
    await own.versions.activate(version, { expected: 0, digest }, vera);

    // Taking it away again is what opens.
    await own.documents.remove('answers', 1, vera);
    const gone = await own.versions.stage({ note: '' }, vera);
    const back = (await replayed(own, gone.version, vera)).answers;
    assert.deepEqual([back?.different, back?.looser], [3, 3]);
    assert.ok(back?.differences.every(({ now, would }) => !now && would));
  });

  test(`what asks is known by its text, not by its name on ${name}`, async () => {
    const house = await openOwnHouse(open);
    const { own } = house;
    const call = { tool: 'WebFetch', input: { url: 'https://docs.example/' } };
    const textsOf = () =>
      judgeOf(own, { agentId: 'builder' }, 'observe')(call).asks?.texts ?? assert.fail('nobody is asked');
    await own.documents.create('look', asking('Somebody looks first'), vera);
    await house.activate(vera);
    const first = textsOf();
    assert.equal(first.length, 1);
    assert.deepEqual(textsOf(), first, 'the same question');
    await own.documents.save('look', asking('Somebody looks first', ' unless { context.isRepeat }'), 1, vera);
    const { version, digest } = await own.versions.stage({ note: '' }, vera);
    await replayed(own, version, vera);
    await own.versions.activate(version, { expected: 1, digest }, vera);
    await own.versions.approve(version, { expected: 1, digest }, omar);
    assert.notDeepEqual(textsOf(), first, 'a yes to the one before is none to this');
  });
});
