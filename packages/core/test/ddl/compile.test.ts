import { expect } from 'chai';
import { describe, it } from 'mocha';
import { type CompiledAction, compileDdl } from '../../src/ddl/compile.js';
import type { Ddl } from '../../src/ddl/ddl.js';
import { parseDdl } from '../../src/ddl/load.js';
import { fixture, smallDdl, stringInput } from './fixture.js';

function action(name: string, ddl: Ddl = fixture('everything')): CompiledAction {
  const found = compileDdl(ddl).action(name);
  if (!found) throw new Error(`no action ${name}`);
  return found;
}

const inputs = action('inputs');
const ok = { text: 'x', mode: 'fast' };

describe('an input', () => {
  for (const input of [
    {},
    { text: 'two\nlines' },
    { text: 'x'.repeat(100_000) },
    { safe: 'web1.example.com *' },
    { four: '10.0.0.1' },
    { six: '::1' },
    { either: '10.0.0.1' },
    { either: 'fe80::1' },
    { word: 'abc' },
    { pem: '-----BEGIN CERTIFICATE-----\nMII...\n-----END CERTIFICATE-----\n' },
    { mode: 'slow' },
    { force: true },
    { count: -5 },
    { count: 1.0 },
    { ratio: 1 },
    { ratio: -1.5e-3 },
    { amount: 3 },
    { items: [1, 'a', {}] },
    { Items: [] },
    { pairs: { a: { b: 1 } } },
    { OU: {} },
  ]) {
    it(`is let through: ${JSON.stringify(input).slice(0, 60)}`, () => {
      expect(inputs.checkInput({ ...ok, ...input })).to.equal(undefined);
    });
  }

  for (const [input, name, status, reason] of [
    [undefined, '', 4, 'Cannot validate the input: must be a hash, not nothing'],
    [null, '', 4, 'must be a hash, not null'],
    [[], '', 4, 'must be a hash, not an array'],
    [{}, 'text', 3, 'Cannot validate input text: it is required'],
    [{ text: 'x' }, 'mode', 3, 'it is required'],
    [{ ...ok, text: null }, 'text', 4, 'Cannot validate input text: must be a string, not null'],
    [{ ...ok, text: '' }, 'text', 4, 'must not be empty'],
    [{ ...ok, text: 5 }, 'text', 4, 'must be a string, not an integer'],
    [{ ...ok, safe: 'x'.repeat(21) }, 'safe', 4, 'must not be longer than 20 characters (maxlength)'],
    [
      { ...ok, safe: 'a\nb' },
      'safe',
      4,
      'must not contain line breaks or control characters (validation shellsafe)',
    ],
    [{ ...ok, four: '10.0.0.0/8' }, 'four', 4, 'is not an IPv4 address (validation ipv4address)'],
    [{ ...ok, four: '999.999.999.999' }, 'four', 4, 'is not an IPv4 address'],
    [{ ...ok, four: '10.0.0.1\nevil' }, 'four', 4, 'is not an IPv4 address'],
    [{ ...ok, six: '10.0.0.1' }, 'six', 4, 'is not an IPv6 address'],
    [{ ...ok, either: 'host' }, 'either', 4, 'is not an IP address'],
    [{ ...ok, word: 'ABC' }, 'word', 4, 'must match [a-z]+ (validation)'],
    [{ ...ok, word: 'abc; id' }, 'word', 4, 'must match [a-z]+ (validation)'],
    [{ ...ok, word: 'a\nb' }, 'word', 4, 'must match [a-z]+ (validation)'],
    [{ ...ok, word: 'a\n' }, 'word', 4, 'must match [a-z]+ (validation)'],
    [
      { ...ok, pem: ' -----BEGIN CERTIFICATE-----' },
      'pem',
      4,
      'must match ^-----BEGIN CERTIFICATE----- (validation)',
    ],
    [{ ...ok, mode: 'Fast' }, 'mode', 4, 'must be one of fast, slow'],
    [{ ...ok, force: 'true' }, 'force', 4, 'must be a boolean, not a string'],
    [{ ...ok, force: 1 }, 'force', 4, 'must be a boolean, not an integer'],
    [{ ...ok, count: 1.5 }, 'count', 4, 'must be an integer, not a number'],
    [{ ...ok, count: '1' }, 'count', 4, 'must be an integer, not a string'],
    [{ ...ok, ratio: Number.NaN }, 'ratio', 4, 'must be a float, not a number'],
    [{ ...ok, amount: true }, 'amount', 4, 'must be a number, not a boolean'],
    [{ ...ok, items: {} }, 'items', 4, 'must be an array, not a hash'],
    [{ ...ok, Items: 'a' }, 'Items', 4, 'must be an array, not a string'],
    [{ ...ok, pairs: [] }, 'pairs', 4, 'must be a hash, not an array'],
    [{ ...ok, OU: null }, 'OU', 4, 'must be a hash, not null'],
    [
      { ...ok, wrod: 'a' },
      'wrod',
      4,
      'is not an input of inputs (did you mean "word"?); its inputs are: text, safe,',
    ],
    [JSON.parse('{"text":"x","mode":"fast","__proto__":1}'), '__proto__', 4, 'is not an input of inputs'],
    [{ ...ok, 'a\nb\x1b': 1 }, 'a\nb\x1b', 4, 'Cannot validate input a?b?: is not an input of inputs'],
    [{ ...ok, constructor: 1 }, 'constructor', 4, 'is not an input of inputs'],
  ] as const) {
    it(`is refused: ${JSON.stringify(input)?.slice(0, 60)} for ${reason.slice(0, 40)}`, () => {
      const fault = inputs.checkInput(input);
      expect(fault).to.include({ input: name, status });
      expect(fault?.message).to.include(reason);
    });
  }

  it('is not changed by the check', () => {
    const input = Object.freeze({ text: 'x', mode: 'fast', pairs: Object.freeze({ a: 1 }) });
    expect(inputs.checkInput(input)).to.equal(undefined);
    expect(input).to.deep.equal({ text: 'x', mode: 'fast', pairs: { a: 1 } });
  });

  it('named like what every object has is missing when it is missing', () => {
    const ddl = parseDdl(smallDdl({ input: { constructor: stringInput({ optional: false }) } }), 'x');
    expect(action('act', ddl).checkInput({})).to.include({ input: 'constructor', status: 3 });
    expect(action('act', ddl).withDefaults({})).to.deep.equal({});
    expect(action('nothing').checkInput({ toString: 1 })?.message).to.include('the action has no inputs');
  });

  it('that is required unless the DDL says otherwise, is required', () => {
    expect(action('signal').checkInput({})).to.include({ input: 'signal', status: 3 });
  });

  it('that is undeclared is accepted if the DDL is open, and declared ones are still checked', () => {
    const resource = action('resource', fixture('additions'));
    expect(resource.checkInput({ name: 'x', ensure: 'present', more: [1] })).to.equal(undefined);
    expect(resource.checkInput({ name: 'x y', ensure: 'present' })).to.include({ input: 'name' });
  });

  it('never appears in an error', () => {
    const change = action('change', fixture('additions'));
    for (const password of ['HUNTER2', 'x'.repeat(11), 5]) {
      const message = change.checkInput({ password })?.message;
      expect(message).to.be.a('string').that.does.not.include(String(password));
    }
  });
});

describe('a validation', () => {
  const check = (validation: string, value: string) =>
    action(
      'act',
      parseDdl(smallDdl({ input: { a: stringInput({ validation, maxlength: 0 }) } }), 'x'),
    ).checkInput({ a: value });

  for (const [validation, right, wrong] of [
    ['[a-z]+', 'abc', 'abc1'],
    ['^[a-z]+$', 'abc', 'abc\n'],
    ['\\A[a-z]+\\z', 'abc', 'abc1'],
    ['a|bc', 'bc', 'abc'],
    ['^a|b$', 'b', 'ab'],
    ['(?i)^abc$', 'ABC', 'ABCD'],
    ['^https?://', 'http://x', 'ahttp://x'],
    ['^a|b', 'bcd', 'cb'],
    ['\\.pem$', 'a.pem', 'a.pem '],
    ['cost\\$', 'cost$', 'cost$ '],
    ['.', 'ab\ncd', ''],
    ['.+', 'ab\ncd', ''],
    ['^.+$', 'abcd', 'ab\ncd'],
  ] as const) {
    it(`covers the whole value, save for an end that the author left open: ${validation}`, () => {
      expect(check(validation, right)).to.equal(undefined);
      expect(check(validation, wrong)?.status).to.equal(4);
    });
  }

  it('of anything is anything', () => {
    for (const validation of ['.*', '']) expect(check(validation, '')).to.equal(undefined);
    expect(check('.*', 'a\nb')).to.equal(undefined);
  });

  it('is checked in bounded work even without a maxlength', () => {
    expect(check('(a+)+', `${'a'.repeat(100_000)}!`)?.status).to.equal(4);
  });

  it('that is not a valid regular expression spoils the DDL, with its place', () => {
    const ddl = parseDdl(smallDdl({ input: { a: stringInput({ validation: '^(?=a)$' }) } }), 'x');
    expect(() => compileDdl(ddl))
      .to.throw(
        /^DDL small: action act: input a: validation: the regular expression .* is not valid: .*\(\?=/,
      )
      .with.property('code', 'DDL_INVALID');
  });

  it('may be a validator that the agent brings', () => {
    const ddl = parseDdl(smallDdl({ input: { a: stringInput({ validation: 'puppet_tags' }) } }), 'x');
    const validators = {
      puppet_tags: (value: string) => (value === 'bad' ? 'is no list of tags' : undefined),
    };
    const act = compileDdl(ddl, { validators }).action('act');
    expect(act?.checkInput({ a: 'good' })).to.equal(undefined);
    expect(act?.checkInput({ a: 'bad' })?.message).to.equal(
      'Cannot validate input a: is no list of tags (validation puppet_tags)',
    );
  });

  it('by a validator that throws is refused, and a secret is not quoted', () => {
    const validators = {
      broken: (value: string) => {
        throw new Error(`oh, ${value}`);
      },
    };
    const check = (secret: boolean) =>
      compileDdl(parseDdl(smallDdl({ input: { a: stringInput({ validation: 'broken', secret }) } }), 'x'), {
        validators,
      })
        .action('act')
        ?.checkInput({ a: 'hush' });
    expect(check(false)?.message).to.equal(
      'Cannot validate input a: cannot be validated, because the validator failed: oh, hush (validation broken)',
    );
    expect(check(true)?.message).to.equal('Cannot validate input a: is not valid (validation broken)');
  });

  it('by an unknown validator is refused on a node and left to the nodes by a client', () => {
    const ddl = parseDdl(smallDdl({ input: { a: stringInput({ validation: 'shellsave' }) } }), 'x');
    expect(() => compileDdl(ddl)).to.throw(
      'DDL small: action act: input a: unknown validator "shellsave" (did you mean "shellsafe"?); known validators: shellsafe,',
    );
    const compiled = compileDdl(ddl, { unknownValidators: 'skip' });
    expect(compiled.skippedValidators).to.deep.equal(['shellsave']);
    const act = compiled.action('act');
    expect(act?.checkInput({ a: 'anything' })).to.equal(undefined);
    expect(act?.checkInput({ a: 'longer than ten' })?.status).to.equal(4);
  });

  it('by a built-in validator cannot be replaced', () => {
    const ddl = parseDdl(smallDdl({ input: { a: stringInput({ validation: 'shellsafe' }) } }), 'x');
    const act = compileDdl(ddl, { validators: { shellsafe: () => undefined } }).action('act');
    expect(act?.checkInput({ a: '$(id)' })?.status).to.equal(4);
  });
});

describe('the defaults of inputs', () => {
  it('fill in what is required and left out, and nothing else', () => {
    expect(inputs.withDefaults({})).to.deep.equal({ mode: 'fast' });
    expect(inputs.withDefaults({ mode: 'slow', text: 'x' })).to.deep.equal({ mode: 'slow', text: 'x' });
  });

  it('leave the given input and the DDL alone', () => {
    const ddl = parseDdl(
      smallDdl({ input: { a: { ...stringInput({ type: 'hash', optional: false }), default: { b: [] } } } }),
      'x',
    );
    const given = {};
    const act = action('act', ddl);
    (act.withDefaults(given) as { a: { b: number[] } }).a.b.push(1);
    expect(given).to.deep.equal({});
    expect(act.withDefaults(given)).to.deep.equal({ a: { b: [] } });
  });
});

describe('the words of a command line', () => {
  for (const [name, text, value] of [
    ['text', '5', '5'],
    ['mode', 'fast', 'fast'],
    ['force', 'true', true],
    ['force', 'T', true],
    ['force', 'YES', true],
    ['force', 'y', true],
    ['force', '1', true],
    ['force', 'false', false],
    ['force', 'F', false],
    ['force', 'no', false],
    ['force', 'N', false],
    ['force', '0', false],
    ['count', '42', 42],
    ['count', '-7', -7],
    ['count', '+7', 7],
    ['count', '1e3', 1000],
    ['count', '2.0', 2],
    ['ratio', '-1.5', -1.5],
    ['ratio', '.5', 0.5],
    ['ratio', '1.5E-3', 0.0015],
    ['amount', '3', 3],
    ['items', '["a", 1]', ['a', 1]],
    ['pairs', '{"a": {"b": 1}}', { a: { b: 1 } }],
    ['unknown', 'x', 'x'],
  ] as const) {
    it(`${name}=${text} is ${JSON.stringify(value)}`, () => {
      expect(inputs.fromStrings({ [name]: text })).to.deep.equal({ [name]: value });
    });
  }

  for (const [name, text, reason] of [
    ['force', 'maybe', 'must be true or false (or t, yes, y, 1, f, no, n, 0)'],
    ['force', '', 'must be true or false'],
    ['count', '1.5', 'must be an integer'],
    ['count', '0x10', 'must be an integer'],
    ['count', '', 'must be an integer'],
    ['count', '9007199254740993', 'is too large for an exact integer'],
    ['ratio', 'Infinity', 'must be a number'],
    ['ratio', '1e999', 'must be a number'],
    ['ratio', '1,5', 'must be a number'],
    ['items', 'a,b', 'must be a JSON array, such as ["a", "b"]'],
    ['items', '{}', 'must be a JSON array'],
    ['pairs', '[]', 'must be a JSON object, such as {"a": 1}'],
    ['pairs', 'null', 'must be a JSON object'],
  ] as const) {
    it(`${name}=${text} is refused`, () => {
      expect(() => inputs.fromStrings({ [name]: text }))
        .to.throw(`Cannot validate input ${name}: ${reason}`)
        .with.property('code', 'INPUT_INVALID');
    });
  }
});

describe('an output', () => {
  const complete = {
    untyped: null,
    text: '',
    picked: null,
    truth: null,
    whole: 'Unknown',
    ratio: null,
    amount: 0,
    items: [],
    Items: null,
    pairs: { a: [1] },
    Pairs: null,
  };

  it('has every declared output, by default null', () => {
    expect(inputs.withOutputDefaults({})).to.deep.equal(complete);
    expect(inputs.withOutputDefaults({ text: 'x', items: undefined, truth: false, more: 1 })).to.deep.equal({
      ...complete,
      text: 'x',
      truth: false,
      more: 1,
    });
  });

  it('has its own defaults', () => {
    (inputs.withOutputDefaults({}).items as number[]).push(1);
    expect(inputs.withOutputDefaults({}).items).to.deep.equal([]);
  });

  it('that has nothing but defaults is right, even where a default is of another type', () => {
    expect(inputs.checkOutput(inputs.withOutputDefaults({}))).to.equal(undefined);
  });

  for (const [output, reason] of [
    [{ text: 5 }, 'output text must be string, not an integer'],
    [{ picked: 1 }, 'picked must be list, not an integer'],
    [{ truth: 'true' }, 'truth must be boolean, not a string'],
    [{ whole: 1.5 }, 'whole must be integer, not a number'],
    [{ ratio: Number.NaN }, 'ratio must be float, not a number'],
    [{ items: {} }, 'items must be array, not a hash'],
    [{ Pairs: [] }, 'Pairs must be Hash, not an array'],
    [{ text: 5, txet: 'x' }, 'output text must be string, not an integer; txet is not declared'],
    [[], 'the output must be a hash, not an array'],
    [undefined, 'the output must be a hash, not nothing'],
  ] as const) {
    it(`is not what the DDL says: ${JSON.stringify(output)}`, () => {
      expect(inputs.checkOutput(output)).to.include(reason);
    });
  }

  it('may be anything where the DDL declares nothing', () => {
    expect(action('nothing').checkOutput({ anything: 1 })).to.equal(undefined);
  });
});

describe('an action', () => {
  it('has its own time, or its agent its', () => {
    const additions = compileDdl(fixture('additions'));
    expect(additions.action('change')?.timeoutSeconds).to.equal(120);
    expect(additions.action('resource')?.timeoutSeconds).to.equal(5);
  });

  it('is taken to change hosts unless the DDL or the input says otherwise', () => {
    const change = action('change', fixture('additions'));
    expect(inputs.isMutating()).to.equal(true);
    expect(change.isMutating()).to.equal(true);
    expect(change.isMutating({ pretend: false })).to.equal(true);
    expect(change.isMutating({ pretend: true })).to.equal(false);
    expect(action('resource', fixture('additions')).isMutating()).to.equal(false);
  });

  it('that is not there is named, with those that are', () => {
    const compiled = compileDdl(fixture('everything'));
    expect(compiled.action('toString')).to.equal(undefined);
    expect(compiled.unknownAction('singal')).to.equal(
      `Unknown action 'singal' for agent 'everything' (did you mean "signal"?); its actions are: inputs, signal, nothing`,
    );
  });

  it('has no secrets in its log', () => {
    const additions = compileDdl(fixture('additions'));
    const redacted = '[redacted]';
    expect(additions.action('change')?.redact({ password: 'x', pretend: true })).to.deep.equal({
      password: redacted,
      pretend: true,
    });
    // It may be a secret whose name was mistyped.
    expect(additions.action('change')?.redact({ pasword: 'x' })).to.deep.equal({ pasword: redacted });
    expect(
      additions.action('resource')?.redact({ name: 'x', ensure: 'present', db_password: 'x' }),
    ).to.deep.equal({
      name: 'x',
      ensure: 'present',
      db_password: redacted,
    });
    expect(additions.action('change')?.redact('password')).to.deep.equal({});
    expect(additions.action('change')?.redact(null)).to.deep.equal({});
  });
});
