import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { aggregate } from '../../src/ddl/aggregate.js';
import { type CompiledDdl, compileDdl } from '../../src/ddl/compile.js';
import type { Ddl, DdlType } from '../../src/ddl/ddl.js';
import { ddlHash } from '../../src/ddl/hash.js';
import { lintDdl } from '../../src/ddl/lint.js';
import { parseDdl } from '../../src/ddl/load.js';
import { TroupeError } from '../../src/errors.js';
import { fixture, smallDdl } from './fixture.js';

/** Gives the result, or nothing when it throws an error that Troupe raises on purpose. */
function settled<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof TroupeError) return;
    throw error;
  }
}

const types: readonly DdlType[] = [
  'string',
  'list',
  'boolean',
  'integer',
  'float',
  'number',
  'array',
  'hash',
  'Array',
  'Hash',
];
const key = fc.constantFrom(
  'metadata',
  'actions',
  'action',
  'input',
  'output',
  'type',
  'name',
  'timeout',
  'list',
  'default',
  'aggregate',
  '__proto__',
  'constructor',
);
const anything = fc.oneof(fc.jsonValue(), fc.object({ key: fc.oneof(key, fc.string()), maxDepth: 4 }));

const validation = fc.oneof(
  fc.constantFrom(
    '.',
    '.*',
    '^.+$',
    'shellsafe',
    'ipaddress',
    'unknown_validator',
    '[a-z]+',
    '^(a+)+$',
    '(',
    '(?=a)',
    '',
  ),
  fc.string({ maxLength: 20 }),
);
const input = fc.record(
  {
    prompt: fc.constant('p'),
    description: fc.constant('d'),
    type: fc.constantFrom(...types),
    optional: fc.boolean(),
    default: fc.jsonValue({ maxDepth: 2 }),
    validation,
    maxlength: fc.nat(20),
    list: fc.array(fc.string(), { maxLength: 3 }),
    secret: fc.boolean(),
  },
  { requiredKeys: ['prompt', 'description', 'type', 'validation', 'maxlength', 'list'] },
);
const names = fc.oneof(
  fc.stringMatching(/^[A-Za-z0-9_]{1,6}$/),
  fc.constantFrom('__proto__', 'constructor', 'toString', 'hasOwnProperty'),
);
const output = fc.record(
  {
    description: fc.constant('d'),
    display_as: fc.string(),
    type: fc.constantFrom(...types),
    default: fc.jsonValue({ maxDepth: 2 }),
  },
  { requiredKeys: ['description', 'display_as'] },
);
const action = fc.record({
  input: fc.dictionary(names, input, { maxKeys: 5 }),
  output: fc.dictionary(fc.oneof(names, fc.string({ minLength: 1 })), output, { maxKeys: 5 }),
  additional_inputs: fc.boolean(),
  aggregate: fc.array(
    fc.record({
      function: fc.constantFrom('summary', 'average', 'sum', 'chart', 'boolean_summary', 'toString'),
      args: fc.tuple(names, fc.object({ key: fc.constantFrom('format', 'true', 'x'), maxDepth: 0 })),
    }),
    { maxLength: 3 },
  ),
});

function useAll(compiled: CompiledDdl, given: unknown, words: Record<string, string>): void {
  for (const each of compiled.actions.values()) {
    const before = JSON.stringify(given);
    const fault = each.checkInput(given);
    expect(JSON.stringify(given)).to.equal(before);
    if (fault) expect(fault.message).to.match(/^Cannot validate (the input|input .*): /s);
    expect(each.redact(given)).to.be.an('object');
    const typed = settled(() => each.fromStrings(words));
    if (typed) each.checkInput(each.withDefaults(typed));
    const hash =
      typeof given === 'object' && given !== null && !Array.isArray(given)
        ? (given as Record<string, unknown>)
        : {};
    const complete = each.withOutputDefaults(hash);
    expect(Object.keys(each.ddl.output).every((name) => Object.hasOwn(complete, name))).to.equal(true);
    each.checkOutput(complete);
    each.checkOutput(given);
    aggregate(each.ddl, [{ data: hash }, { data: complete }]);
  }
}

describe('for any DDL and any input whatever', function () {
  this.timeout(60_000);

  it('JSON and texts are loaded or refused with a reason', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          anything,
          fc.string(),
          anything.map((value) => JSON.stringify(value)),
        ),
        (source) => {
          settled(() => parseDdl(source, 'x'));
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('a DDL with one part replaced is loaded or refused with a reason', () => {
    const valid = JSON.stringify(fixture('everything'));
    const places = [...valid.matchAll(/"[a-z_]+":("[^"]*"|\d+|true|false|null|\[\]|\{\})/g)].map(
      ({ index, 0: found }) => [index, found] as const,
    );
    fc.assert(
      fc.property(fc.constantFrom(...places), fc.jsonValue({ maxDepth: 2 }), ([index, found], value) => {
        const text = `${valid.slice(0, index)}${found.slice(0, found.indexOf(':'))}:${JSON.stringify(value)}${valid.slice(index + found.length)}`;
        const ddl = settled(() => parseDdl(text, 'x'));
        if (ddl) settled(() => compileDdl(ddl).actions.size);
      }),
      { numRuns: 200 },
    );
  });

  it('what loads can be compiled or is refused with a reason, and what compiles judges everything', () => {
    let compiledOnes = 0;
    fc.assert(
      fc.property(action, anything, fc.dictionary(names, fc.string()), (made, given, words) => {
        const ddl = settled((): Ddl => parseDdl(smallDdl(made), 'x'));
        if (!ddl) return;
        expect(ddlHash(ddl)).to.have.length(64);
        lintDdl(ddl);
        const compiled = settled(() => compileDdl(ddl, { unknownValidators: 'skip' }));
        if (!compiled) return;
        compiledOnes += 1;
        useAll(compiled, given, words);
        useAll(compiled, words, words);
      }),
      { numRuns: 200 },
    );
    expect(compiledOnes).to.be.above(50);
  });

  it('a compiled check judges inputs that are nearly right', () => {
    const compiled = compileDdl(fixture('everything'));
    const known = Object.keys(fixture('everything').actions[0]?.input ?? {});
    fc.assert(
      fc.property(
        fc.dictionary(fc.oneof(fc.constantFrom(...known), names), anything),
        fc.dictionary(fc.constantFrom(...known), fc.string()),
        (given, words) => useAll(compiled, given, words),
      ),
      { numRuns: 500 },
    );
  });
});
