// One story: who may what is looked at, a policy is written wrong and mended, tried, staged, and put into force; and somebody asks why.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import type { RoomUnderTest } from '../room-under-test.ts';

let room: RoomUnderTest;
const press = (name: string): Promise<void> => room.page.getByRole('button', { name, exact: true }).click();

/** Told in order, in a house without policies of its own, of which Ada knows only herself. */
export function policyRoomStory(house: () => Promise<RoomUnderTest>): void {
  before(async () => {
    room = await house();
  });

  test('who may what is a table that is asked of the policies in force', async () => {
    await room.visit('/people/policy?tab=matrix', 'Policy');
    const row = room.page.getByRole('row', { name: /users:manage/ });
    await row.waitFor();
    assert.match(await row.innerText(), /✓/);
    await room.atRest('policy-matrix');
  });

  test('a policy is written; a mistake is told with its line; mended, it is staged, looked at and in force', async () => {
    await room.visit('/people/policy?document=new', 'New policy');
    await room.page.getByText('1 policy understood').waitFor();
    await room.page.getByText('An analyst exports nothing').first().waitFor();
    const editor = room.page.getByRole('textbox', { name: 'Policy, in Cedar' });
    const text = await editor.innerText();
    await editor.click();
    await room.page.keyboard.press('ControlOrMeta+a');
    await room.page.keyboard.insertText(text.replace('Role::"analyst"', 'Role::"analist"'));
    await room.page
      .getByRole('button', { name: /^Line \d+, column \d+$/ })
      .first()
      .waitFor();
    await room.atRest('policy-fault');
    await editor.click();
    await room.page.keyboard.press('ControlOrMeta+a');
    await room.page.keyboard.insertText(text);
    await room.page.getByText('1 policy understood').waitFor();
    await room.page.getByLabel('Name', { exact: true }).fill('Exports');
    await press('Save');
    await room.page.getByRole('heading', { name: 'Exports' }).waitFor();
    await room.atRest('policy-editor');
    await room.visit('/people/policy', 'Policy');
    await room.page.getByText('Not in force').waitFor();
    await press('Stage what is written');
    await room.page.getByText('Nobody there is would gain or lose anything').waitFor();
    await room.atRest('policy-impact');
    await room.page.getByText('What differs in the texts, line by line').click();
    await room.page.getByRole('group', { name: 'Exports, side by side' }).waitFor();
    await room.atRest('policy-differences');
    await room.page.setViewportSize({ width: 380, height: 800 });
    await room.page.getByLabel('Exports, line by line').waitFor();
    await room.atRest('policy-differences-narrow', ['light']);
    await press('Put into force');
    await room.page.getByText('In force', { exact: true }).first().waitFor();
  });

  test('why somebody may not is said with the policy and what would change it', async () => {
    await room.visit('/people/policy?tab=why&who=role%2Fanalyst&action=cameras%3Aexport', 'Policy');
    await press('Ask');
    await room.page.getByText('No, they may not').waitFor();
    await room.page.getByText('Analysts export no recordings').first().waitFor();
    await room.atRest('policy-why');
  });

  test('what was decided is asked again of what is written, with how far it is and what would be different', async () => {
    await room.visit('/people/policy', 'Policy');
    await press('Replay');
    await room.page.getByText(/^None of the last [\d,]+ requests would be answered otherwise$/).waitFor();
    await room.visit('/people/policy?document=exports', 'Exports');
    const editor = room.page.getByRole('textbox', { name: 'Policy, in Cedar' });
    const text = await editor.innerText();
    await editor.click();
    await room.page.keyboard.press('ControlOrMeta+a');
    // Changes are recorded at once; reads are gathered for a minute first.
    await room.page.keyboard.insertText(
      text.replace('Role::"analyst"', 'Role::"admin"').replace('Action::"cameras:export"', 'Action::"settings:manage"'),
    );
    await room.page.getByText('1 policy understood').waitFor();
    await press('Save');
    await room.page.getByText('Saved, and in force nowhere yet').first().waitFor();
    await room.visit('/people/policy', 'Policy');
    await press('Replay');
    await room.page.getByText(/^[\d,]+ of the last [\d,]+ requests would be answered otherwise$/).waitFor();
    await room.page.getByText('Yes → No').first().waitFor();
    await room.atRest('policy-replay');
  });

  test('a refusal is told with an id, and by it and by its record is explained as it was', async () => {
    const refused = await room.page.evaluate(async () => {
      const answer = await fetch('/v1/cameras/frames', {
        method: 'POST',
        headers: { 'x-sallyport': '1', 'content-type': 'image/jpeg' },
        body: 'x',
      });
      return { status: answer.status, id: answer.headers.get('x-correlation-id') ?? '' };
    });
    assert.equal(refused.status, 403);
    await room.visit('/people/policy?tab=why', 'Policy');
    // Recorded before the answer; found as soon as the store has it.
    for (;;) {
      await room.page.getByLabel('A refusal of the past').fill(refused.id);
      await press('Explain');
      await room.page.getByText(/^It was refused$|^Cannot find a refusal/).waitFor();
      if (await room.page.getByText('It was refused', { exact: true }).isVisible()) break;
      await room.visit('/people/policy?tab=why', 'Policy');
    }
    await room.page.getByText(/^Ada.* asked for cameras:send/).waitFor();
    await room.page.getByText('Version 1 of your policies was in force.').waitFor();
    await room.atRest('policy-past');
    await room.visit('/people?tab=audit&action=request.denied', 'People & access');
    await room.page.getByRole('link', { name: 'Why?' }).first().click();
    await room.page.getByText('It was refused', { exact: true }).waitFor();
  });
}
