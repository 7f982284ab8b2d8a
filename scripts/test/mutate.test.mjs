import { expect } from 'chai';
import { describe, it } from 'mocha';
import { areas } from '../mutate/areas.mjs';
import { executed, touches } from '../mutate/coverage.mjs';
import { entryOf, parseJudged, staleJudged } from '../mutate/judged.mjs';
import { applied, mutantsOf } from '../mutate/operators.mjs';
import { scoreOf, table } from '../mutate/report.mjs';
import { idOf, sample } from '../mutate/sample.mjs';
import { allSources, sourcesOf } from '../mutate/sources.mjs';
import { testsFor } from '../mutate/try-mutant.mjs';
import { root } from '../setup.mjs';

const changes = (source) => mutantsOf(source).map(({ change }) => change);

describe('the mutants of a source', () => {
  for (const [source, expected] of [
    ['f(a === b)', ['a === b → a !== b']],
    ['f(a < b)', ['a < b → a <= b', 'a < b → a >= b']],
    [
      'f((a ?? b) < c)',
      ['(a ?? b) < c → (a ?? b) <= c', '(a ?? b) < c → (a ?? b) >= c', 'a ?? b → (a)', 'a ?? b → (b)'],
    ],
    ['f(a && b)', ['a && b → a || b']],
    ['f(!a)', ['!a → (a)']],
    ['f(list[0] ?? "")', ['list[0] ?? "" → ("")', '0 → 1']],
    ['f(a - b)', ['a - b → a + b']],
    ['f("a" + b + c)', []],
    ['f(1, 5, 5000, true)', ['1 → 0', '5 → 6', '5000 → 10000', 'true → false']],
    ['f(await a)', ['await a → (a)']],
    ['f(Math.max(a, b))', ['Math.max → Math.min']],
  ]) {
    it(`change its expressions: ${source}`, () => {
      const dropped = `${source}; → dropped`;
      expect(changes(`${source};`).filter((change) => change !== dropped)).to.deep.equal(expected);
    });
  }

  for (const [source, expected] of [
    ['f();', ['f(); → dropped']],
    ['a = b;', ['a = b; → dropped']],
    ['throw a;', ['throw a; → dropped']],
    ['function f() { return a; }', ['return a; → return;']],
    ['function f() { return undefined; }', []],
    ['if (a) f();', ['a → !(a)', 'f(); → dropped']],
    ['if (a === b) f();', ['a === b → a !== b', 'f(); → dropped']],
    ['try { } catch { f(); g(); }', ['{ f(); g(); } → { }', 'f(); → dropped', 'g(); → dropped']],
    ['try { } finally { f(); }', ['f(); → dropped']],
    ['class A extends B { constructor() { super(); } }', []],
    ["'use strict';", []],
    ['log.debug(a === b);', []],
    ['log.warn(a);', ['log.warn(a); → dropped']],
  ]) {
    it(`drop and change its statements: ${source}`, () => {
      expect(changes(source)).to.deep.equal(expected);
    });
  }

  it('name the class and the function around them', () => {
    const [mutant] = mutantsOf('class Job { #end() { this.clear(); } }');
    expect(mutant.within).to.equal('Job.#end');
  });

  it('count those that look the same in one function', () => {
    const nths = mutantsOf('function f() { g(); g(); } function h() { g(); }').map(({ within, nth }) => [
      within,
      nth,
    ]);
    expect(nths).to.deep.equal([
      ['f', 1],
      ['f', 2],
      ['h', 1],
    ]);
  });

  it('differ from it in one place', () => {
    const source = 'if (a) f(1);';
    expect(mutantsOf(source).map((mutant) => applied(source, mutant))).to.deep.equal([
      'if (!(a)) f(1);',
      'if (a) ;',
      'if (a) f(0);',
    ]);
  });
});

describe('a sample of mutants', () => {
  const mutants = Array.from({ length: 100 }, (_, index) => ({
    file: 'a.ts',
    within: '',
    change: `${index}`,
    nth: 1,
  }));

  it('is the same for the same seed, in whatever order they come', () => {
    expect(sample(mutants, 10, '7')).to.deep.equal(sample(mutants.toReversed(), 10, '7'));
  });

  it('differs for another seed', () => {
    expect(sample(mutants, 10, '7')).not.to.have.deep.members(sample(mutants, 10, '8'));
  });

  it('keeps those that were drawn when others disappear', () => {
    const drawn = sample(mutants, 10, '7');
    const rest = mutants.filter((mutant, index) => drawn.includes(mutant) || index % 2 === 0);
    expect(sample(rest, 10, '7')).to.deep.equal(drawn);
  });
});

describe('judged mutants', () => {
  const mutant = {
    file: 'packages/core/src/a.ts',
    within: "A.it's",
    change: "a === 'b' → a !== 'b'",
    nth: 2,
  };
  const entry = `${entryOf(mutant)}\n  verdict: equivalent\n  reason: both are empty\n`;

  it('are found by file, function and change', () => {
    expect(parseJudged(entry).get(idOf(mutant))).to.include({
      verdict: 'equivalent',
      reason: 'both are empty',
    });
  });

  it('are stale when their file has no such mutant any more', () => {
    const judged = parseJudged(entry);
    expect(staleJudged(judged, [mutant])).to.deep.equal([]);
    expect(staleJudged(judged, [{ ...mutant, nth: 1 }])).to.have.length(1);
    expect(staleJudged(judged, [{ ...mutant, file: 'packages/core/src/b.ts' }])).to.deep.equal([]);
  });

  for (const [fault, text] of [
    ['a reason is required', entry.replace(/ {2}reason.*\n/, '')],
    ['verdict must be', entry.replace('equivalent', 'fine')],
    ['unknown key line', `${entry}  line: 3\n`],
    ['judged twice', entry + entry],
  ]) {
    it(`are refused: ${fault}`, () => {
      expect(() => parseJudged(text)).to.throw(fault);
    });
  }
});

describe('what ran', () => {
  it('is what the innermost range says', () => {
    const functions = [
      {
        ranges: [
          { startOffset: 0, endOffset: 100, count: 1 },
          { startOffset: 10, endOffset: 20, count: 0 },
        ],
      },
      { ranges: [{ startOffset: 40, endOffset: 60, count: 0 }] },
      { ranges: [{ startOffset: 60, endOffset: 70, count: 3 }] },
    ];
    expect(executed(functions)).to.deep.equal([0, 10, 20, 40, 60, 100]);
  });

  it('touches a mutant that it overlaps', () => {
    expect(touches([0, 10, 20, 40], 5, 6)).to.equal(true);
    expect(touches([0, 10, 20, 40], 10, 20)).to.equal(false);
    expect(touches([0, 10, 20, 40], 15, 21)).to.equal(true);
  });
});

describe('the report of mutants', () => {
  const results = (counts) =>
    Object.entries(counts).flatMap(([outcome, count]) => Array.from({ length: count }, () => ({ outcome })));

  it('leaves equivalent ones out of the score, and no others', () => {
    expect(scoreOf(results({ noticed: 6, survived: 1, accepted: 1, equivalent: 2 })).score).to.equal(0.75);
  });

  it('sums areas up', () => {
    const areas = [
      { name: 'one', results: results({ noticed: 1, survived: 2 }) },
      { name: 'two', results: results({ noticed: 3, equivalent: 1 }) },
    ];
    expect(table(areas).split('\n').at(-1)).to.match(/^all +7 +4 +2 +0 +1 +66\.6 %$/);
  });
});

describe('the areas of mutants', () => {
  it('each have sources', () => {
    const sources = allSources(root);
    for (const area of areas) expect(sourcesOf(area, sources), area.name).not.to.deep.equal([]);
  });

  it('leave out what another area has', () => {
    const sources = allSources(root);
    const names = areas.flatMap((area) => sourcesOf(area, sources));
    expect(names).to.deep.equal([...new Set(names)]);
  });
});

describe('the tests for a mutant', () => {
  const mutant = { compiled: 'a.js', start: 5, end: 6 };
  const [ran, other] = [{ 'a.js': [0, 10] }, { 'a.js': [20, 30] }];
  const tests = [
    { title: 'one', ran },
    { title: 'two', ran: other },
  ];
  const titles = (run) => testsFor(mutant, [run]).flatMap((found) => found.tests.map(({ title }) => title));

  for (const [what, run, expected] of [
    ['those that execute the code', { tests, shared: {} }, ['one']],
    ['all of a file that executes it outside of tests', { tests, shared: ran }, ['one', 'two']],
    ['all of a file whose tests depend on each other', { tests, shared: {}, isWhole: true }, ['one', 'two']],
    ['none of a file that does not execute it', { tests: [tests[1]], shared: other, isWhole: true }, []],
  ]) {
    it(`are ${what}`, () => {
      expect(titles(run)).to.deep.equal(expected);
    });
  }
});
