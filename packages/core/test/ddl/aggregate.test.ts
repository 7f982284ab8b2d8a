import { expect } from 'chai';
import { describe, it } from 'mocha';
import { aggregate } from '../../src/ddl/aggregate.js';
import { printf } from '../../src/ddl/format.js';
import { parseDdl } from '../../src/ddl/load.js';
import { fixture, smallDdl } from './fixture.js';

const output = { out: { description: 'd', display_as: 'The Output' } };

function one(name: string, values: readonly unknown[], options?: Record<string, unknown>) {
  const args = options ? ['out', options] : ['out'];
  const ddl = parseDdl(smallDdl({ output, aggregate: [{ function: name, args }] }), 'x');
  const action = ddl.actions[0];
  if (!action) throw new Error('no action');
  const [result] = aggregate(
    action,
    values.map((value) => ({ data: { out: value } })),
  );
  if (!result) throw new Error('no result');
  return result;
}

describe('an aggregate', () => {
  it('counts values, flattens arrays, leaves out nulls, and puts the most frequent first', () => {
    const result = one('summary', [
      'b',
      'a',
      null,
      ['b', 'c', null],
      undefined,
      true,
      5,
      { y: 1, x: 2 },
      'b',
    ]);
    expect(result).to.include({ function: 'summary', output: 'out', title: 'The Output', skipped: 0 });
    expect(result.value).to.deep.equal({ b: 3, '5': 1, a: 1, c: 1, true: 1, '{"x":2,"y":1}': 1 });
    expect(result.lines[0]).to.equal('            b: 3');
    expect(result.lines).to.have.length(6);
  });

  it('takes the words for values from the DDL', () => {
    const words = { true: 'Yes', false: 'No', format: '%s=%d' };
    expect(one('summary', [true, false, true], words).lines).to.deep.equal(['Yes=2', 'No=1']);
    expect(one('boolean_summary', [true], words).lines).to.deep.equal(['Yes=1']);
  });

  it('keeps apart values that are named like what every object has', () => {
    expect(JSON.stringify(one('summary', ['__proto__', 'constructor', 'format']).value)).to.equal(
      '{"__proto__":1,"constructor":1,"format":1}',
    );
  });

  it('averages floats as floats, and integers too', () => {
    expect(one('average', [1, 2]).value).to.equal(1.5);
    expect(one('average', [0.5, 1.5, '4']).value).to.equal(2);
    expect(one('average', [1, 2]).lines).to.deep.equal(['Average of out: 1.500']);
    expect(one('average', [1, 2], { format: 'Mean %05.1f!' }).lines).to.deep.equal(['Mean 001.5!']);
  });

  it('is not spoiled by a null or a word', () => {
    expect(one('average', [1, null, 3, 'x', {}])).to.deep.include({ value: 2, skipped: 2 });
    expect(one('sum', [1, null, 3.5, ''])).to.deep.include({
      value: 4.5,
      skipped: 1,
      lines: ['Sum of out: 4.500'],
    });
    expect(one('sum', [1, 3]).lines).to.deep.equal(['Sum of out: 4']);
  });

  it('draws how values are distributed', () => {
    const result = one('chart', [0, 1, 1.5, 10, null, 'x']);
    const bars = result.value as { from: number; to: number; count: number }[];
    expect(bars).to.have.length(10);
    expect(bars[0]).to.deep.equal({ from: 0, to: 1, count: 1 });
    expect(bars[1]).to.include({ count: 2 });
    expect(bars[9]).to.include({ from: 9, to: 10, count: 1 });
    expect(result.lines[1]).to.equal(`         1 to 2          ${'*'.repeat(40)} 2`);
    expect(result.skipped).to.equal(1);
    expect(one('chart', [3, 3]).value).to.deep.equal([{ from: 3, to: 3, count: 2 }]);
  });

  for (const name of ['summary', 'average', 'sum', 'chart']) {
    it(`of nothing is null: ${name}`, () => {
      expect(one(name, [null])).to.deep.include({ value: null, lines: [], skipped: 0 });
      expect(one(name, [])).to.not.have.property('error');
    });
  }

  it('that is unknown is reported as an error', () => {
    expect(one('median', [1]).error).to.equal('unknown aggregate function "median"');
    expect(one('toString', [1]).error).to.include('toString');
  });

  it('may be brought by a plugin, whose failure spoils nothing else', () => {
    const ddl = parseDdl(
      smallDdl({
        output,
        aggregate: ['longest', 'broken', 'sum'].map((name) => ({ function: name, args: ['out'] })),
      }),
      'x',
    );
    const results = aggregate(
      ddl.actions[0] ?? { action: '', description: '', input: {}, output: {} },
      [{ data: { out: 4 } }],
      {
        longest: (values, _options, name) => ({
          value: values.length,
          lines: [`${name} ${values.length}`],
          skipped: 0,
        }),
        broken: () => {
          throw new Error('oh');
        },
        sum: () => ({ value: 'replaced', lines: [], skipped: 0 }),
      },
    );
    expect(results.map(({ value }) => value)).to.deep.equal([1, null, 4]);
    expect(results[1]?.error).to.equal('the aggregate function "broken" failed: oh');
  });

  it('is made for each that the DDL asks for, twice with the same result', () => {
    const action = fixture('everything').actions[0];
    if (!action) throw new Error('no action');
    const replies = [
      { data: { text: 'a', items: ['x', 'y'], truth: true, ratio: 1, amount: 2 } },
      { data: { text: 'a', items: ['x'], truth: false, ratio: 2, amount: 3 } },
      { data: {} },
    ];
    const results = aggregate(action, replies);
    expect(results.map(({ lines }) => lines[0])).to.deep.equal([
      'a: 2',
      'x on 2',
      ' No: 1',
      'Average: 1.50',
      'Sum of amount: 5',
      results[5]?.lines[0],
    ]);
    expect(aggregate(action, replies)).to.deep.equal(results);
  });
});

describe('printf', () => {
  for (const [format, values, text] of [
    ['%s on %d node(s)', ['x', 3], 'x on 3 node(s)'],
    ['%5s|%-5s|%.2s', ['a', 'b', 'cde'], '    a|b    |cd'],
    ['%d %i %d', [3.9, -3.9, '7'], '3 -3 7'],
    ['%f %.1f %08.3f %+.0f', [1.5, 2.25, -1.5, 3], '1.500000 2.3 -001.500 +3'],
    ['%e %g %x', [12345, 0.0001234, 255], '1.234500e+4 0.0001234 ff'],
    ['100%% %s', ['x'], '100% x'],
    ['%s %s', ['only'], 'only '],
    ['%d', ['word'], 'word'],
    ['%99999999s %q', ['x'], '%99999999s %q'],
  ] as const) {
    it(`fills ${format}`, () => {
      expect(printf(format, values)).to.equal(text);
    });
  }
});
