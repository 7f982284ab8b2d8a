import { expect } from 'chai';
import { describe, it } from 'mocha';
import { emptyFilter } from '../../src/filter/index.js';
import { checkNodeMessage, checkReply, replyOutcomes } from '../../src/message/message.js';

const common = {
  v: 1,
  id: '0123456789abcdef0123456789abcdef',
  time: 1_700_000_000_000,
  caller: 'rip.mcollective',
  session: 's1',
  collective: 'mcollective',
};
const toNode = { ...common, ttl: 60 };
const fromNode = {
  ...common,
  type: 'reply',
  seq: 1,
  sender: 'web1.lab',
  agent: 'rpcutil',
  action: 'ping',
};

/** A sound message of each kind, with all that it must have. */
const sound = {
  request: { ...toNode, type: 'request', agent: 'rpcutil', action: 'ping', filter: emptyFilter, input: {} },
  attach: { ...toNode, type: 'attach', after: 0 },
  cancel: { ...toNode, type: 'cancel' },
  accepted: { ...fromNode, kind: 'accepted', timeout: 0 },
  progress: { ...fromNode, kind: 'progress', data: null },
  result: { ...fromNode, kind: 'result', outcome: 'ok', statuscode: 0, statusmsg: '', data: {} },
} as const;
type Kind = keyof typeof sound;
const isReply = (kind: Kind) => kind === 'accepted' || kind === 'progress' || kind === 'result';
const check = (kind: Kind, more: object = {}) => {
  const message = { ...sound[kind], ...more };
  expect(isReply(kind) ? checkReply(message) : checkNodeMessage(message)).to.equal(message);
};
const without = (kind: Kind, key: string) =>
  Object.fromEntries(Object.entries(sound[kind]).filter(([other]) => other !== key));

const letters = (count: number) => 'a'.repeat(count);

describe('the shape of a message', () => {
  for (const kind of Object.keys(sound) as Kind[]) {
    it(`is sound with all that ${kind} must have`, () => check(kind));

    for (const key of Object.keys(sound[kind])) {
      it(`is malformed as ${kind} without ${key}`, () => {
        const message = without(kind, key);
        expect(() => (isReply(kind) ? checkReply(message) : checkNodeMessage(message)))
          .to.throw(/^malformed /)
          .with.property('code', 'MESSAGE_MALFORMED');
      });
    }

    it(`is malformed as ${kind} with a part that this version does not know`, () => {
      expect(() => check(kind, { nonsense: 1 })).to.throw(
        `malformed ${kind}: message must NOT have additional properties`,
      );
    });
  }

  const targets = (count: number) => Array.from({ length: count }, () => 'web1.lab');
  for (const [kind, key, values] of [
    ['cancel', 'time', [0, 1e15, 1.5]],
    ['cancel', 'ttl', [0.001, 86_400]],
    ['cancel', 'caller', ['a', 'a._-9', letters(255)]],
    ['cancel', 'session', ['a', 'a_-9', letters(63)]],
    ['cancel', 'collective', [letters(63)]],
    ['attach', 'after', [0, 7]],
    ['request', 'agent', [letters(63)]],
    ['request', 'action', ['Any text', letters(63)]],
    ['request', 'targets', [[], ['web1.lab'], targets(10_000)]],
    ['request', 'timeout', [0.1, 604_800]],
    ['request', 'answerUnmatched', [true, false]],
    ['request', 'noReply', [true, false]],
    ['accepted', 'timeout', [0, 0.5]],
    ['accepted', 'agent', ['', letters(63)]],
    ['accepted', 'action', ['', letters(63)]],
    ['progress', 'data', [0, 'text', [1], { a: 1 }]],
    ['progress', 'seq', [1, 1e9]],
    ['result', 'outcome', replyOutcomes],
    ['result', 'statuscode', [0, 255]],
    ['result', 'ddl', ['', '1.0.0', letters(63)]],
  ] as const) {
    it(`is sound as ${kind} with each ${key} that is allowed`, () => {
      for (const value of values) check(kind, { [key]: value });
    });
  }

  for (const [kind, key, values] of [
    ['cancel', 'v', [0, 2, '1']],
    ['cancel', 'id', [letters(31), letters(33), `${letters(31)}g`, letters(32).toUpperCase()]],
    ['cancel', 'time', [-1, 1e15 + 1, '1']],
    ['cancel', 'ttl', [0, -1, 86_401]],
    ['cancel', 'caller', ['', 'A', 'a b', 'a/b', letters(256), 7]],
    ['cancel', 'session', ['', 'A', 'a.b', letters(64)]],
    ['cancel', 'collective', ['', '+', letters(64)]],
    ['attach', 'after', [-1, 0.5]],
    ['request', 'agent', ['', 'A', 'a.b', letters(64)]],
    ['request', 'action', ['', letters(64)]],
    ['request', 'filter', ['a=1', null, []]],
    ['request', 'input', ['a=1', null, []]],
    ['request', 'targets', ['web1.lab', [''], ['web 1'], targets(10_001)]],
    ['request', 'timeout', [0, -1, 604_801]],
    ['request', 'answerUnmatched', ['yes', 1]],
    ['request', 'noReply', ['yes', 1]],
    ['accepted', 'type', ['request']],
    ['accepted', 'timeout', [-1, '1']],
    ['accepted', 'agent', [letters(64), 7]],
    ['accepted', 'action', [letters(64), 7]],
    ['accepted', 'sender', ['', 'Web1', letters(256)]],
    ['progress', 'seq', [0, 1.5]],
    ['result', 'outcome', ['great', 7]],
    ['result', 'statuscode', [-1, 256, 0.5]],
    ['result', 'statusmsg', [7]],
    ['result', 'data', ['text', null, []]],
    ['result', 'ddl', [letters(64), 7]],
  ] as const) {
    it(`is malformed as ${kind} with any other ${key}`, () => {
      for (const value of values)
        expect(() => check(kind, { [key]: value }), JSON.stringify(value))
          .to.throw(`malformed ${kind}: /${key}`)
          .with.property('code', 'MESSAGE_MALFORMED');
    });
  }

  it('names the part that is at fault', () => {
    expect(() => check('cancel', { ttl: 0 })).to.throw(/^malformed cancel: \/ttl must be > 0$/);
  });

  for (const [what, value] of [
    ['null', null],
    ['a text', 'request'],
    ['an array', []],
    ['an object without a type', {}],
    ['a reply', sound.result],
    ['a type from Object', { type: 'toString' }],
  ] as const) {
    it(`is not a message to a node: ${what}`, () => {
      expect(() => checkNodeMessage(value))
        .to.throw('malformed message: unknown type')
        .with.property('code', 'MESSAGE_MALFORMED');
    });
  }

  for (const [what, value] of [
    ['null', null],
    ['a text', 'result'],
    ['an object without a kind', {}],
    ['a request', sound.request],
    ['a kind from Object', { kind: 'toString' }],
  ] as const) {
    it(`is not a reply: ${what}`, () => {
      expect(() => checkReply(value))
        .to.throw('malformed reply: unknown kind')
        .with.property('code', 'MESSAGE_MALFORMED');
    });
  }

  it('shows of an unknown type or kind only its beginning', () => {
    const long = letters(100);
    expect(() => checkNodeMessage({ type: long })).to.throw(new RegExp(`unknown type "${letters(39)}$`));
    expect(() => checkReply({ kind: long })).to.throw(new RegExp(`unknown kind "${letters(39)}$`));
  });
});
