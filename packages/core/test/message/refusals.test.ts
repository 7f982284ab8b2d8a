import { expect } from 'chai';
import { describe, it } from 'mocha';
import {
  encodeRefusals,
  mostRefused,
  parseRefusals,
  type RefusedClient,
} from '../../src/message/refusals.js';

const refused: RefusedClient = {
  address: '192.0.2.7',
  name: 'web7.example.net',
  reason: 'the enrolment token expired',
  first: 1,
  last: 2,
  count: 3,
};
const bytes = (value: unknown) => Buffer.from(JSON.stringify(value));

describe('a report of refused clients', () => {
  it('is read as it was written', () => {
    const nameless = { address: '192.0.2.8', reason: 'no CONNECT', first: 1, last: 1, count: 1 };
    expect(parseRefusals(encodeRefusals([refused, nameless]))).to.deep.equal([refused, nameless]);
  });

  it('has a bounded number of clients, with short texts on one line', () => {
    const many = Array.from({ length: mostRefused + 5 }, () => ({
      ...refused,
      address: `a\nb${'x'.repeat(1000)}`,
      name: `web\u001b[31m${'y'.repeat(1000)}`,
      reason: `one\r\ntwo${'z'.repeat(1000)}`,
    }));
    const report = encodeRefusals(many);
    expect(report.length).to.be.below(128 * 1024);
    for (const read of [
      parseRefusals(report),
      parseRefusals(bytes({ type: 'refusals', clients: many.slice(0, 9) })),
    ])
      for (const { address, name = '', reason } of read) {
        expect(address.length).to.be.at.most(64);
        expect(name.length).to.be.at.most(255);
        expect(reason.length).to.be.at.most(500);
        expect(`${address}${name}${reason}`).to.not.match(/\p{Cc}/u);
      }
    expect(parseRefusals(report)).to.have.length(mostRefused);
  });

  for (const [what, payload] of [
    ['no JSON', Buffer.from('{')],
    ['no object', bytes(null)],
    ['another type', bytes({ type: 'event', clients: [refused] })],
    ['no list', bytes({ type: 'refusals', clients: { 0: refused } })],
    ['too many bytes', bytes({ type: 'refusals', clients: [refused], more: 'x'.repeat(200_000) })],
    ['no client', bytes({ type: 'refusals', clients: [null, 7, []] })],
    ['a client without an address', bytes({ type: 'refusals', clients: [{ ...refused, address: 7 }] })],
    [
      'times that are not times',
      bytes({
        type: 'refusals',
        clients: [
          { ...refused, first: -1 },
          { ...refused, last: '2' },
        ],
      }),
    ],
  ] as const)
    it(`is empty if it is ${what}`, () => expect(parseRefusals(payload)).to.deep.equal([]));
});
