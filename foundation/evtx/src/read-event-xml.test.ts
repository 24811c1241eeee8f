import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { eventXml } from './event-xml.ts';
import type { EventElement } from './event-element.ts';
import { readEventXml } from './index.ts';
import type { EventXmlOptions, JsonValue } from './index.ts';
import { limits } from './limits.ts';

function read(text: string, options?: EventXmlOptions): JsonValue {
  const result = readEventXml(text, options);
  assert.ok(result.kind === 'event', JSON.stringify(result));
  return result.event;
}

function codeOf(text: string): string {
  const result = readEventXml(text);
  return result.kind === 'damaged' ? result.code : 'none';
}

const sysmon = `<?xml version="1.0" encoding="utf-8"?>
<!-- exported -->
<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'>
  <System>
    <Provider Name='Microsoft-Windows-Sysmon' Guid='{5770385f-c22a-43e0-bf4c-06f5698ffbd9}'/>
    <EventID Qualifiers="0">1</EventID><Version>5</Version><Level>4</Level>
    <Keywords>0x8000000000000000</Keywords>
    <TimeCreated SystemTime='2025-11-27T07:40:10.165324900Z'/>
    <EventRecordID>18446744073709551615</EventRecordID>
    <Correlation/>
    <Execution ProcessID='3544' ThreadID='4272'/>
    <Security UserID='S-1-5-18'/>
  </System>
  <EventData>
    <Data Name='ProcessGuid'>{0197231e-005a-6928-a50b-000000000d00}</Data>
    <Data Name='ProcessId'>4460</Data>
    <Data Name='CommandLine'>cmd /c &quot;a &amp; b&quot; &lt;x&gt; &#x20AC;&#13;</Data>
    <Data Name='Empty'></Data>
    <Data><![CDATA[<raw> & ]]></Data>
  </EventData>
  <RenderingInfo Culture='en-US'><Message>said</Message></RenderingInfo>
</Event>
`;

test('the XML of an event gives the JSON its binary form gives', () => {
  assert.deepEqual(read(sysmon), {
    Event: {
      '#attributes': { xmlns: 'http://schemas.microsoft.com/win/2004/08/events/event' },
      System: {
        Provider: {
          '#attributes': { Name: 'Microsoft-Windows-Sysmon', Guid: '5770385F-C22A-43E0-BF4C-06F5698FFBD9' },
        },
        EventID: { '#attributes': { Qualifiers: 0 }, '#text': 1 },
        Version: 5,
        Level: 4,
        Keywords: '0x8000000000000000',
        TimeCreated: { '#attributes': { SystemTime: '2025-11-27T07:40:10.1653249Z' } },
        EventRecordID: '18446744073709551615',
        Correlation: null,
        Execution: { '#attributes': { ProcessID: 3544, ThreadID: 4272 } },
        Security: { '#attributes': { UserID: 'S-1-5-18' } },
      },
      EventData: {
        ProcessGuid: '{0197231e-005a-6928-a50b-000000000d00}',
        ProcessId: '4460',
        CommandLine: 'cmd /c "a & b" <x> €\r',
        Empty: '',
        Data: { '#text': '<raw> & ' },
      },
      RenderingInfo: { '#attributes': { Culture: 'en-US' }, Message: 'said' },
    },
  });
  assert.match(JSON.stringify(read(sysmon, { guids: 'braced' })), /"Guid":"\{5770385F-C22A-43E0-BF4C-06F5698FFBD9\}"/);
});

test('line ends are one line feed, in attributes a space', () => {
  assert.deepEqual(read('\ufeff<Event a="x\r\ny"><UserData>1\r\n2\r3</UserData></Event>'), {
    Event: { '#attributes': { a: 'x y' }, UserData: '1\n2\n3' },
  });
});

test('what is no event in XML has a code and a place', () => {
  const cases: Readonly<Record<string, readonly string[]>> = {
    xml_doctype: [
      '<!DOCTYPE Event [<!ENTITY a "b">]><Event/>',
      '<?xml version="1.0"?><!DOCTYPE x SYSTEM "file:///etc/passwd"><Event/>',
    ],
    xml_entity: [
      '<Event>&a;</Event>',
      '<Event>&amp</Event>',
      '<Event>a & b</Event>',
      '<Event>&#x110000;</Event>',
      '<Event a="&b;"/>',
    ],
    xml_character: ['<Event>\0</Event>', '<Event>&#0;</Event>'],
    xml_root: ['<Events><Event/></Events>', '<html></html>'],
    xml_syntax: [
      '',
      'text',
      '<Event>',
      '<Event></System>',
      '<Event><a></Event></a>',
      '<Event/><Event/>',
      '<Event/>x',
      '<Event a="1" a="2"/>',
      '<Event a=1/>',
      '<Event a="1"b="2"/>',
      '<Event a="<"/>',
      '<Event a="1/>',
      '<Event><!-- </Event>',
      '<Event><![CDATA[ </Event>',
      '<1Event/>',
      '< Event/>',
    ],
    xml_too_deep: [`<Event>${'<a>'.repeat(100)}${'</a>'.repeat(100)}</Event>`],
    xml_too_many_elements: [`<Event>${'<a/>'.repeat(limits.xmlElements)}</Event>`],
    xml_too_long: [`<Event>${' '.repeat(limits.xmlCharacters)}</Event>`],
  };
  for (const [code, texts] of Object.entries(cases)) {
    for (const text of texts) assert.equal(codeOf(text), code, text.slice(0, 80));
  }
  assert.deepEqual(readEventXml('<Event><a></b></Event>'), {
    kind: 'damaged',
    code: 'xml_syntax',
    offset: 13,
    why: 'The end of "a" is missing',
  });
});

const xmlText = fc
  .string({ maxLength: 16, unit: 'grapheme' })
  .map((text) => text.replaceAll(/[\u0000-\u001f\ufffe\uffff]/g, '.'));
const xmlName = fc.stringMatching(/^[A-Za-z_][\w.-]{0,8}$/);
const { element } = fc.letrec<{ element: EventElement }>((tie) => ({
  element: fc.record({
    name: xmlName,
    attributes: fc.uniqueArray(
      fc.tuple(
        xmlName,
        xmlText.filter((text) => text !== ''),
      ),
      { maxLength: 3, selector: ([name]) => name },
    ),
    content: fc.oneof(
      { maxDepth: 4 },
      xmlText.map((text) => (text === '' ? [] : [text])),
      fc.array(tie('element'), { maxLength: 4 }),
    ),
  }),
}));

test('an event written as XML and read again is the same, and writing it again gives the same text', () => {
  fc.assert(
    fc.property(fc.array(element, { maxLength: 4 }), (content) => {
      const text = eventXml([{ name: 'Event', attributes: [], content }]);
      const first = readEventXml(text);
      assert.equal(first.kind, 'event');
      assert.deepEqual(readEventXml(text.replaceAll('/>', ' />')), first);
    }),
    { numRuns: 200 },
  );
  const text = eventXml([
    {
      name: 'Event',
      attributes: [],
      content: [{ name: 'a"><b', attributes: [['x=', '\r"']], content: ['\u0001\r<'] }],
    },
  ]);
  assert.equal(text, '<Event><a___b x_="&#13;&quot;">\ufffd&#13;&lt;</a___b></Event>');
  assert.deepEqual(read(text), { Event: { a___b: { '#attributes': { x_: '\r"' }, '#text': '\ufffd\r<' } } });
});

test('no text makes the reader throw, nor look at a character too often', () => {
  const pieces = fc.constantFrom(
    '<Event>',
    '</Event>',
    '<a',
    '>',
    '/>',
    '</a>',
    '<!--',
    '-->',
    '<![CDATA[',
    ']]>',
    '&',
    '&amp;',
    '"',
    "'",
    '=',
    ' ',
    'x',
    '<?',
    '?>',
    '\0',
    '\ud800',
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 60 }), (parts) => {
      const text = parts.join('');
      readEventXml(text);
      readEventXml(`<Event>${text}</Event>`);
    }),
    { numRuns: 1_000 },
  );
  const length = 300_000;
  for (const piece of ['<', '&', '<a ', '<!--', '<![CDATA[', '&#', ' ', '<a a="', '\r'])
    readEventXml(`<Event>${piece.repeat(length / piece.length)}`);
});
