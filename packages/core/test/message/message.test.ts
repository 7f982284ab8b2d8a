import { expect } from 'chai';
import { describe, it } from 'mocha';
import { emptyFilter } from '../../src/filter/index.js';
import { checkNodeMessage, checkReply, replyOnWire } from '../../src/message/check.js';
import { laterOutcomes, type ResultReply, replyOutcomes } from '../../src/message/message.js';

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
  const checked = isReply(kind) ? checkReply(message) : checkNodeMessage(message);
  // In version 1, the DDL of a reply is its version alone.
  const { ddl } = message as { ddl?: unknown };
  const whole = typeof ddl === 'string' ? { ...message, ddl: { version: ddl } } : message;
  expect(checked).to.deep.equal(whole);
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
          .to.throw(key === 'v' ? 'protocol version undefined is not supported' : /^malformed /)
          .with.property('code', 'MESSAGE_MALFORMED');
      });
    }

    it(`is malformed as ${kind} with a part that this version does not know`, () => {
      expect(() => check(kind, { nonsense: 1 })).to.throw(`malformed ${kind}: unknown key "nonsense"`);
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
    ['request', 'action', ['Any text', letters(64)]],
    ['request', 'targets', [[], ['web1.lab'], targets(10_000)]],
    ['request', 'timeout', [0.1, 604_800]],
    ['request', 'answerUnmatched', [true, false]],
    ['request', 'noReply', [true, false]],
    ['accepted', 'timeout', [0, 0.5]],
    ['accepted', 'agent', ['', letters(63)]],
    ['accepted', 'action', ['', letters(64)]],
    ['progress', 'data', [0, 'text', [1], { a: 1 }]],
    ['progress', 'seq', [1, 1e9]],
    ['result', 'outcome', replyOutcomes.filter((outcome) => !laterOutcomes.has(outcome))],
    ['result', 'statuscode', [0, 255]],
    ['result', 'ddl', ['', '1.0.0', letters(63)]],
  ] as const) {
    it(`is sound as ${kind} with each ${key} that is allowed`, () => {
      for (const value of values) check(kind, { [key]: value });
    });
  }

  for (const [kind, key, values] of [
    ['cancel', 'id', [letters(31), letters(33), `${letters(31)}g`, letters(32).toUpperCase()]],
    ['cancel', 'time', [-1, 1e15 + 1, '1']],
    ['cancel', 'ttl', [0, -1, 86_401]],
    ['cancel', 'caller', ['', 'A', 'a b', 'a/b', letters(256), 7]],
    ['cancel', 'session', ['', 'A', 'a.b', letters(64)]],
    ['cancel', 'collective', ['', '+', letters(64)]],
    ['attach', 'after', [-1, 0.5]],
    ['request', 'agent', ['', 'A', 'a.b', letters(64)]],
    ['request', 'action', ['', letters(65)]],
    ['request', 'filter', ['a=1', null, []]],
    ['request', 'input', ['a=1', null, []]],
    ['request', 'targets', ['web1.lab', [''], ['web 1'], targets(10_001)]],
    ['request', 'timeout', [0, -1, 604_801]],
    ['request', 'answerUnmatched', ['yes', 1]],
    ['request', 'noReply', ['yes', 1]],
    ['accepted', 'type', ['request']],
    ['accepted', 'timeout', [-1, '1']],
    ['accepted', 'agent', [letters(64), 7]],
    ['accepted', 'action', [letters(65), 7]],
    ['accepted', 'sender', ['', 'Web1', letters(256)]],
    ['progress', 'seq', [0, 1.5]],
    ['result', 'outcome', ['great', 7, 'ddl-mismatch', 'unsupported']],
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

describe('the shape of a message of version 2', () => {
  const later = { v: 2, protocol: 2 };
  const request = { ...sound.request, v: 2 };
  const result = { ...sound.result, ...later };
  const hash = 'a'.repeat(64);
  const address = { id: common.id, caller: common.caller, session: 's1', collective: 'mcollective' };

  for (const [key, values] of [
    ['ddl', [hash]],
    ['secret', ['a.-_9']],
    ['for', [{ user: 'ann' }, { user: 'ann', groups: ['ops'] }]],
    ['traceparent', [`00-${letters(32)}-${letters(16)}-01`]],
    ['approvals', [['a.b.c']]],
    ['files', [[{ name: 'a', size: 1, piece: 262_144, digests: [letters(43)] }]]],
    ['x-anything', [1, { a: 1 }]],
  ] as const) {
    it(`is sound as request with each ${key} that is allowed`, () => {
      for (const value of values)
        expect(checkNodeMessage({ ...request, [key]: value })).to.have.property('type', 'request');
    });

    it(`is malformed as request of version 1 with ${key}`, () => {
      for (const value of values)
        expect(() => checkNodeMessage({ ...request, v: 1, [key]: value })).to.throw(`unknown key "${key}"`);
    });
  }

  for (const [key, value] of [
    ['ddl', 'a'],
    ['secret', ''],
    ['secret', 'a b'],
    ['for', { groups: [] }],
    ['for', { user: 'ann', role: 'root' }],
    ['traceparent', '00-x'],
    ['approvals', []],
    ['files', [{ name: 'a', size: 1, piece: 262_145, digests: [] }]],
    ['nonsense', 1],
  ] as const) {
    it(`is unreadable, and its author is told so, as request with ${key} ${JSON.stringify(value)}`, () => {
      const read = checkNodeMessage({ ...request, [key]: value });
      expect(read).to.deep.include({ ...address, v: 2, type: 'unreadable', outcome: 'failed' });
      expect(read)
        .to.have.property('reason')
        .that.matches(/^malformed request: /);
    });
  }

  it('is unsupported, and its author is told so, with a version or type of tomorrow', () => {
    const reasonOf = (value: object) => {
      const read = checkNodeMessage(value);
      expect(read).to.deep.include({ ...address, type: 'unreadable', outcome: 'unsupported' });
      return 'reason' in read ? read.reason : '';
    };
    expect(reasonOf({ ...request, v: 3 })).to.equal(
      'protocol version 3 is not supported; the versions 1 and 2 are',
    );
    expect(reasonOf({ ...request, type: 'approve' })).to.equal('malformed message: unknown type "approve"');
  });

  it('is malformed where nobody could be told', () => {
    for (const message of [
      { ...request, v: 3, session: 'a.b' },
      { ...request, v: '2' },
      { ...request, v: 0 },
      { ...request, v: 2.5 },
      { ...request, id: 'a', nonsense: 1 },
    ])
      expect(() => checkNodeMessage(message))
        .to.throw()
        .with.property('code', 'MESSAGE_MALFORMED');
  });

  it('is sound as result with what came with this version', () => {
    for (const more of [
      { ddl: { version: '1.0.0', hash } },
      { outcome: 'ddl-mismatch' },
      { outcome: 'unsupported' },
      { secret: 'a.b' },
      { withheld: ['password'] },
      { protocol: 3 },
      { 'x-anything': 1 },
    ])
      expect(checkReply({ ...result, ...more })).to.deep.equal({ ...result, ...more });
  });

  for (const more of [
    { protocol: undefined },
    { protocol: 1 },
    { ddl: '1.0.0' },
    { ddl: { version: '1.0.0' } },
    { ddl: { version: '1.0.0', hash: 'a' } },
    { nonsense: 1 },
    { v: 3 },
  ])
    it(`is malformed as result with ${JSON.stringify(more)}`, () => {
      expect(() => checkReply(JSON.parse(JSON.stringify({ ...result, ...more }))))
        .to.throw(/^malformed /)
        .with.property('code', 'MESSAGE_MALFORMED');
    });

  it('is written as each version has it', () => {
    const reply = { ...result, ddl: { version: '1.0.0', hash } } as ResultReply;
    expect(replyOnWire(reply)).to.equal(reply);
    const { protocol: _, ...earlier } = reply;
    expect(replyOnWire({ ...earlier, v: 1 })).to.deep.equal({ ...earlier, v: 1, ddl: '1.0.0' });
  });
});
