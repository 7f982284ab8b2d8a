import { expect } from 'chai';
import { describe, it } from 'mocha';
import { fitOutput, piecesOf } from '../../src/request/fit-output.js';
import { maxReplyBytes } from '../../src/request/replier.js';

const sizeOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value));
const x = (length: number) => 'x'.repeat(length);

describe('outputs that are too large for a reply', () => {
  it('leaves outputs alone that fit', () => {
    const data = { text: x(700_000), list: [1] };
    expect(fitOutput(data, 'OK')).to.deep.equal({ data, statusmsg: 'OK' });
  });

  const kinds: readonly (readonly [string, Record<string, unknown>])[] = [
    ['a text', { out: x(3_000_000) }],
    ['a text of letters of several bytes', { out: 'é'.repeat(1_000_000) }],
    ['a text that JSON escapes', { out: '\u0001'.repeat(1_000_000) }],
    ['a text of letters outside the basic plane', { out: '\u{1f600}'.repeat(500_000) }],
    ['a text that begins with long escapes', { out: '\u0001'.repeat(300_000) + x(1_000_000) }],
    [
      'many items',
      { items: Array.from({ length: 100_000 }, (_, index) => ({ index, name: `name ${index}` })) },
    ],
    ['one large item', { items: [x(2_000_000)] }],
    [
      'many facts',
      { facts: Object.fromEntries(Array.from({ length: 60_000 }, (_, i) => [`fact${i}`, x(20)])) },
    ],
    ['one large fact', { facts: { a: 1, big: { text: x(3_000_000), small: true }, z: 2 } }],
    ['two large outputs', { one: x(2_000_000), two: Array.from({ length: 50_000 }, () => x(20)) }],
    ['a long name', { out: { [x(800_000)]: 1, short: 2 } }],
    [
      'many outputs',
      Object.fromEntries(Array.from({ length: 30_000 }, (_, index) => [`out${index}`, x(60)])),
    ],
  ];
  for (const [what, data] of kinds)
    it(`makes ${what} fit, in the same types, and says so`, () => {
      const fitted = fitOutput({ ...data, state: 'running' }, 'OK');
      expect(sizeOf(fitted) + 4096).to.be.at.most(maxReplyBytes);
      for (const [name, value] of Object.entries(data)) {
        expect(fitted.data, name).to.have.property(name);
        expect(typeof fitted.data[name]).to.equal(typeof value);
        expect(Array.isArray(fitted.data[name])).to.equal(Array.isArray(value));
      }
      expect(fitted.statusmsg).to.match(/^OK; too large for one reply, so cut: /);
      expect(fitted['x-cut']).to.be.an('object').that.is.not.empty;
    });

  it('uses most of the room that there is', () => {
    for (const [what, data] of kinds.filter(([name]) => name !== 'a long name' && name !== 'many outputs'))
      expect(sizeOf(fitOutput(data, 'OK')), what).to.be.at.least(maxReplyBytes * 0.55);
  });

  it('keeps small outputs whole, and the small facts of a large inventory', () => {
    const facts = { hostname: 'web1', os: { family: 'Debian' }, blob: x(3_000_000) };
    const data = { agents: ['rpcutil'], classes: ['base'], facts, version: '1' };
    const fitted = fitOutput(data, 'OK');
    expect(fitted.data).to.deep.include({ agents: ['rpcutil'], classes: ['base'], version: '1' });
    expect(fitted.data.facts).to.deep.include({ hostname: 'web1', os: { family: 'Debian' } });
    expect(Object.keys(fitted.data.facts as object)).to.deep.equal(['hostname', 'os', 'blob']);
    expect(fitted['x-cut']).to.deep.equal({ facts: sizeOf(facts) + 9 });
    expect(fitted.statusmsg).to.equal('OK; too large for one reply, so cut: facts (0.7 of 2.9 MiB)');
  });

  const keyed = (count: number, value: unknown) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, value]));
  const tooMany: readonly (readonly [string, Record<string, unknown>])[] = [
    ['200,000 texts', keyed(200_000, x(40))],
    ['200,000 numbers', keyed(200_000, 1)],
    ['200,000 nested arrays', keyed(200_000, [[[x(40)]]])],
    ['an output with a name that is too long', { [x(1_000_000)]: 1, [`${x(999_999)}y`]: 'text' }],
    [
      'long names that JSON escapes',
      Object.fromEntries(
        Array.from({ length: 1000 }, (_, index) => [`${'\u0001'.repeat(2000)}${index}`, x(10)]),
      ),
    ],
  ];
  for (const [what, data] of tooMany)
    it(`makes ${what} fit, and says how many it left out`, () => {
      const fitted = fitOutput({ s: 1, ...data }, 'OK');
      expect(sizeOf(fitted) + 4096).to.be.at.most(maxReplyBytes);
      expect(fitted.data.s).to.equal(1);
      const names = Object.keys(fitted.data);
      expect(names).to.deep.equal(['s', ...Object.keys(data)].filter((name) => name in fitted.data));
      const lost = Object.keys(data).length + 1 - names.length;
      const [, leftOut = ''] = /left out: (.+)/s.exec(fitted.statusmsg) ?? [];
      const named = (leftOut.match(/ (MiB|bytes)\)/g) ?? []).length;
      const [, more = '0'] = / and (\d+) more$/.exec(leftOut) ?? [];
      expect(named + Number(more))
        .to.equal(lost)
        .and.above(0);
      expect(named).to.be.at.most(5);
      expect(fitted.statusmsg).to.have.length.below(2000);
      expect(Object.keys(fitted['x-cut'] ?? {})).to.have.length.within(1, 10);
      expect(sizeOf(fitted['x-cut'])).to.be.below(8000);
    });

  it('leaves out no more than it must', () => {
    const { data, statusmsg } = fitOutput(keyed(200_000, x(40)), 'OK');
    expect(Object.keys(data)).to.have.length.above(40_000);
    expect(statusmsg).to.match(
      /so cut: k0 \(2 of 48 bytes\), .+; left out: k\d+ \(\d+ bytes\), .+ and \d+ more$/,
    );
  });

  it('keeps the beginning and the end of a text', () => {
    const { data } = fitOutput({ out: `begin${x(2_000_000)}end` }, 'OK');
    expect(data.out).to.match(/^beginx+\n\[… \d+ characters left out …\]\nx+end$/);
  });

  it('leaves room for the growth of outputs that are encrypted', () => {
    const data = { hush: x(700_000) };
    const { data: kept } = fitOutput(data, 'OK', ['hush']);
    expect(Math.ceil(sizeOf(kept) / 3) * 4).to.be.below(maxReplyBytes);
    expect(fitOutput(data, 'OK', ['other']).data).to.equal(data);
  });

  it('cuts a long status message', () => {
    const { statusmsg } = fitOutput({}, `begin${x(5000)}end`);
    expect(statusmsg).to.have.length.within(2000, 2048);
    expect(statusmsg).to.match(/^beginx+\n\[… 2960 characters left out …\]\nx+end$/);
  });
});

describe('progress that is too large for a reply', () => {
  it('comes in pieces without a loss', () => {
    const text = `${x(99_999)}\u{1f600}${x(250_000)}`;
    const pieces = piecesOf(text) as string[];
    expect(pieces.join('')).to.equal(text);
    expect(pieces).to.have.length(4);
    for (const piece of pieces) expect(Buffer.from(piece).toString()).to.equal(piece);
  });

  it('is cut if it is not a text', () => {
    expect(piecesOf({ percent: 50 })).to.deep.equal([{ percent: 50 }]);
    const [piece] = piecesOf({ percent: 50, log: x(2_000_000) });
    expect(piece).to.include({ percent: 50 });
    expect(sizeOf(piece)).to.be.below(maxReplyBytes);
  });
});
