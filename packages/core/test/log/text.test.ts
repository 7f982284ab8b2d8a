import { expect } from 'chai';
import { describe, it } from 'mocha';
import { createLogger, type LoggerOptions } from '../../src/log/logger.js';
import { type TextOptions, textOf } from '../../src/log/text.js';

describe('a log as text', () => {
  const time = Date.UTC(2030, 0, 2, 3, 4, 5, 6);
  const stamp = '2030-01-02T03:04:05.006Z';
  const plain: TextOptions = { hasPriority: false, hasStacks: () => false };
  const whole: TextOptions = { ...plain, hasStacks: () => true };
  const text = (event: object, options = plain, level = 30) =>
    textOf(`${JSON.stringify({ level, time, ...event })}\n`, options);

  for (const [title, event, expected] of [
    ['a message alone', { msg: 'the broker is ready' }, 'the broker is ready'],
    ['no message', { sockets: 3 }, 'sockets=3'],
    [
      'texts bare where that is unambiguous',
      { url: 'mqtts://b:8883', file: '/a\\b', name: 'é', msg: 'm' },
      'm url=mqtts://b:8883 file=/a\\b name=é',
    ],
    [
      'other texts in quotes',
      { a: 'two words', b: '', c: 'k=v', d: 'say "hi"', e: '[1]', f: '{}', msg: 'm' },
      'm a="two words" b="" c="k=v" d="say \\"hi\\"" e="[1]" f="{}"',
    ],
    [
      'numbers with six decimals at most, booleans and null',
      { a: 1.5, b: 0.004551102999999785, c: 1e21, d: true, e: null, msg: 'm' },
      'm a=1.5 b=0.004551 c=1e+21 d=true e=null',
    ],
    [
      'nested values as compact JSON',
      { urls: ['a', 'b c'], grant: { owner: 'x', left: 3 }, msg: 'm' },
      'm urls=["a","b c"] grant={"owner":"x","left":3}',
    ],
    ['odd keys in quotes', { 'a b': 1, 'a=b': 2, msg: 'm' }, 'm "a b"=1 "a=b"=2'],
    [
      'a message that looks like fields in quotes',
      { user: 'eve', msg: 'x user=root' },
      '"x user=root" user=eve',
    ],
    ['a message that is no text', { msg: { a: 1 } }, '{"a":1}'],
  ] as const) {
    it(`has ${title}`, () => expect(text(event)).to.equal(`${stamp} INFO  ${expected}\n`));
  }

  it('begins with the time, UTC with milliseconds, and the level', () => {
    const heads = [10, 20, 30, 40, 50, 60].map((level) => text({ msg: 'm' }, plain, level));
    expect(heads).to.deep.equal(
      ['TRACE', 'DEBUG', 'INFO ', 'WARN ', 'ERROR', 'FATAL'].map((word) => `${stamp} ${word} m\n`),
    );
  });

  it('keeps its own time and level if an event has keys of these names', () => {
    const line = `{"level":40,"time":${time},"time":"never","level":"high","msg":"m"}\n`;
    expect(textOf(line, plain)).to.equal(`${stamp} WARN  m time=never level=high\n`);
  });

  it('escapes what would break a line or command the terminal, wherever it is', () => {
    const evil = 'a\n2030 FATAL b\r\u001b[2J\u0007\u007f\u0085\u009b2J\u2028\u202e\u2066\ud800\u{e0001}\t';
    const kept =
      'a\\n2030 FATAL b\\r\\u001b[2J\\u0007\\u007f\\u0085\\u009b2J\\u2028\\u202e\\u2066\\ud800\\udb40\\udc01\\t';
    expect(text({ msg: evil })).to.equal(`${stamp} INFO  ${kept}\n`);
    const said = text({ [evil]: evil, nested: { [evil]: [evil] }, bare: 'a\u009bb', msg: `${evil}=` });
    expect(said).to.match(/^[ -~]+\n$/);
    expect(said).to.include('bare="a\\u009bb"');
  });

  it('names an error by its message in the same line', () => {
    const err = { type: 'TypeError', message: 'no\nway', stack: 'TypeError: no\n    at x', code: 'E' };
    expect(text({ err, agent: 'a', msg: 'm' })).to.equal(`${stamp} INFO  m err="no\\nway" agent=a\n`);
  });

  it('does not repeat the message of an error that is logged without words', () => {
    const err = { type: 'Error', message: 'boom', stack: 'Error: boom' };
    expect(text({ err, msg: 'boom' })).to.equal(`${stamp} INFO  boom\n`);
  });

  it('does not repeat a reason that the message gives', () => {
    expect(text({ node: 'web1', reason: 'timeout', msg: 'sign failed: timeout' })).to.equal(
      `${stamp} INFO  sign failed: timeout node=web1\n`,
    );
    expect(text({ reason: 'timeout', msg: 'sign failed' })).to.equal(
      `${stamp} INFO  sign failed reason=timeout\n`,
    );
  });

  const failure = { type: 'Error', message: 'boom', stack: 'Error: boom\n    at a\u001b.js:1', code: 'E 1' };

  it('adds the details and the indented stack of an error if they are asked for', () => {
    expect(text({ err: failure, agent: 'a', msg: 'm' }, whole)).to.equal(
      `${stamp} INFO  m err=boom err.code="E 1" agent=a\n    Error: boom\n        at a\\u001b.js:1\n`,
    );
  });

  it('always adds those of a fatal error', () => {
    expect(text({ err: failure, msg: 'm' }, plain, 60)).to.include('\n        at a\\u001b.js:1\n');
  });

  it('has a priority before each line for the journal', () => {
    const journal = { ...whole, hasPriority: true };
    const priorities = [10, 20, 30, 40, 50, 60].map((level) =>
      text({ msg: 'm' }, journal, level).slice(0, 4),
    );
    expect(priorities).to.deep.equal(['<7>2', '<7>2', '<6>2', '<4>2', '<3>2', '<2>2']);
    expect(text({ err: failure, msg: 'm' }, journal, 50).match(/^<3>/gm)).to.have.length(3);
  });

  it('passes on other lines unchanged, except for control characters', () => {
    for (const line of ['mcod: no such file\n', '{"level":30,"time":1,"msg":"cut', '{"level":35,"time":1}'])
      expect(textOf(line, plain)).to.equal(line.endsWith('\n') ? line : `${line}\n`);
    expect(textOf('a\u001bb\n', plain)).to.equal('a\\u001bb\n');
  });

  const logged = (options: Partial<LoggerOptions>) => {
    const lines: string[] = [];
    const destination = { write: (line: string) => void lines.push(line) };
    return { lines, log: createLogger({ level: 'info', destination, ...options }) };
  };

  it('hides secrets as JSON does', () => {
    const { lines, log } = logged({ format: 'text' });
    log.info({ password: 'hush', deep: { er: { token: 'hush' } } }, 'm');
    expect(lines.join('')).to.match(/ m password="\[redacted]" deep=\{"er":\{"token":"\[redacted]"\}\}\n$/);
  });

  it('shows stacks while the level is debug or lower', () => {
    const { lines, log } = logged({ format: 'text' });
    const child = log.child({ agent: 'a' });
    for (const level of ['info', 'debug', 'trace', 'info']) {
      log.level = level;
      child.error({ err: new Error('boom') }, 'm');
    }
    expect(lines.map((line) => line.split('\n').length > 2)).to.deep.equal([false, true, true, false]);
  });

  it('is written for a terminal and the journal, and JSON for everything else', () => {
    const starts = ([{}, { output: 'other' }, { output: 'terminal' }, { output: 'journal' }] as const).map(
      (options) => {
        const { lines, log } = logged(options);
        log.info('m');
        return lines[0]?.slice(0, 4);
      },
    );
    expect(starts.map((start) => start?.replace(/\d/g, 'N'))).to.deep.equal(['{"le', '{"le', 'NNNN', '<N>N']);
  });

  it('is flushed with what it is written to', () => {
    let flushes = 0;
    const destination = { write: () => {}, flushSync: () => (flushes += 1) };
    createLogger({ level: 'info', format: 'text', destination }).fatal('m');
    expect(flushes).to.equal(1);
  });
});
