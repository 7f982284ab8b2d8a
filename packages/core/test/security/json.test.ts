import { expect } from 'chai';
import { describe, it } from 'mocha';

import { parseJson } from '../../src/security/json.js';

describe('parseJson', () => {
  const parse = (json: string) => parseJson(Buffer.from(json));
  const nested = (opening: string, closing: string, levels: number) =>
    opening.repeat(levels) + closing.repeat(levels);

  for (const [what, json] of [
    ['40 levels of arrays', nested('[', ']', 40)],
    ['40 levels of objects', `${'{"a":'.repeat(39)}{}${'}'.repeat(39)}`],
    ['more arrays beside each other than may be within each other', `[${Array(100).fill('[]').join()}]`],
    ['more objects beside each other than may be within each other', `[${Array(100).fill('{}').join()}]`],
    ['brackets in a text', JSON.stringify('[{'.repeat(100))],
    ['brackets behind a quote in a text', JSON.stringify(`"${'[{'.repeat(100)}`)],
    ['brackets behind a backslash in a text', JSON.stringify(`\\"\\\\${'[{'.repeat(100)}`)],
  ] as const) {
    it(`reads ${what}`, () => {
      expect(parse(json)).to.deep.equal(JSON.parse(json));
    });
  }

  for (const [what, json] of [
    ['41 levels of arrays', nested('[', ']', 41)],
    ['41 levels of objects', `${'{"a":'.repeat(40)}{}${'}'.repeat(40)}`],
    ['41 levels behind a text that ends in a backslash', `["\\\\",${nested('[', ']', 40)}]`],
    ['41 levels behind many arrays', `[${'[],'.repeat(20)}${nested('[', ']', 40)}]`],
    ['41 levels behind an empty text', `["",${nested('[', ']', 40)}]`],
  ] as const) {
    it(`refuses ${what} before it reads them`, () => {
      expect(() => parse(json))
        .to.throw('the message is nested more than 40 levels deep')
        .with.property('code', 'MESSAGE_MALFORMED');
    });
  }

  it('keeps the digits of integers that a number cannot hold', () => {
    expect(parse('{"a":[18446744073709551615,{"b":9007199254740993}],"c":7}')).to.deep.equal({
      a: ['18446744073709551615', { b: '9007199254740993' }],
      c: 7,
    });
  });

  for (const [what, bytes] of [
    ['nothing', Buffer.alloc(0)],
    ['half of a message', Buffer.from('{"a":')],
    ['bytes that are no UTF-8', Buffer.from([0x22, 0xff, 0x22])],
    ['a text that is not closed', Buffer.from('"a\\')],
  ] as const) {
    it(`refuses ${what}`, () => {
      expect(() => parseJson(bytes))
        .to.throw('the message is not JSON in UTF-8')
        .with.property('code', 'MESSAGE_MALFORMED');
    });
  }

  for (const [what, json] of [
    ['equal keys in different objects', '[{"a":1},{"a":{"a":2}}]'],
    ['colons and quotes in texts', '{"a:":"b:\\":","c":"::"}'],
    ['a key named __proto__', '{"__proto__":{"a":1},"b":2}'],
  ] as const) {
    it(`reads ${what}`, () => {
      expect(JSON.stringify(parse(json))).to.equal(JSON.stringify(JSON.parse(json)));
    });
  }

  for (const json of [
    '{"a":1,"a":2}',
    '{"a":1,"\\u0061":1}',
    '[{"b":{"c":[{"a":1,"d":2,"a":1}]}}]',
    '{"__proto__":1,"__proto__":2}',
  ]) {
    it(`refuses an object with the same key twice: ${json}`, () => {
      expect(() => parse(json))
        .to.throw('the message has an object with the same key twice')
        .with.property('code', 'MESSAGE_MALFORMED');
    });
  }
});
