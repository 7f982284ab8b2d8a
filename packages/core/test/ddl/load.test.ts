import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { compileDdl } from '../../src/ddl/compile.js';
import { findDdl, listDdls, parseDdl } from '../../src/ddl/load.js';
import { fixture, smallDdl, stringInput } from './fixture.js';

const input = (extra: Record<string, unknown>) => ({ input: { certname: stringInput(extra) } });

describe('a DDL', () => {
  it('in the format of Choria loads and compiles, whatever it uses', () => {
    const ddl = fixture('everything');
    expect(compileDdl(ddl).actions.size).to.equal(3);
    expect(ddl.metadata).to.include({ provider: 'external', service: true });
  });

  it('may omit the validation of inputs, as DDLs for Choria do', () => {
    const text = { prompt: 'p', description: 'd', type: 'string', optional: false };
    const action = compileDdl(parseDdl(smallDdl({ input: { text } }), 'x')).action('act');
    expect(action?.checkInput({ text: '' })).to.equal(undefined);
    expect(action?.checkInput({ text: 'x\n'.repeat(10_000) })).to.equal(undefined);
    expect(action?.checkInput({ text: 1 })).to.include({ input: 'text' });
  });

  it('may use what Troupe adds', () => {
    expect(compileDdl(fixture('additions')).action('change')?.timeoutSeconds).to.equal(120);
  });

  it('is a frozen copy', () => {
    const source = smallDdl() as { metadata: { name: string } };
    const ddl = parseDdl(source, 'x');
    source.metadata.name = 'changed';
    expect(ddl.metadata.name).to.equal('small');
    expect(Object.isFrozen(ddl.actions[0]?.input)).to.equal(true);
    expect(Object.isFrozen(source)).to.equal(false);
  });

  for (const [what, source, reason] of [
    ['nothing', undefined, 'it is nothing, which JSON cannot represent'],
    ['a number', 5, 'must be object'],
    ['an array', [], 'must be object'],
    ['an empty object', {}, 'metadata is missing; actions is missing'],
    ['no JSON', '{\n  "a": 1,\n  b\n}', 'line 3, column 3: '],
    ['half a JSON', '{"metadata":', 'Unexpected end of JSON input'],
    ['a long text', ' '.repeat(1024 * 1024 + 1), '1048577 characters; the limit is 1048576'],
    ['many values', JSON.stringify(Array.from({ length: 200_000 }, () => 1)), 'more than 100000 values'],
    ['deep nesting', '['.repeat(50_000) + ']'.repeat(50_000), 'more than 20 levels deep'],
    ['a function', smallDdl({ act: () => 1 }), 'actions.0.act is a function'],
    [
      'NaN',
      smallDdl({}, { timeout: Number.NaN }),
      'metadata.timeout is a number, which JSON cannot represent',
    ],
    ['__proto__', '{"metadata": {"__proto__": {}}}', 'metadata has a key named __proto__'],
    ['a bad name', smallDdl({}, { name: 'Small' }), 'metadata.name: must match pattern'],
    ['a bad version', smallDdl({}, { version: 'one' }), 'metadata.version: must match pattern'],
    ['no timeout', smallDdl({}, { timeout: undefined }), 'metadata.timeout is nothing'],
    ['a timeout of nothing', smallDdl({}, { timeout: 0 }), 'metadata.timeout: must be > 0'],
    ['a timeout no timer can hold', smallDdl({}, { timeout: 3e6 }), 'metadata.timeout: must be <= 2147483'],
    [
      'a bad display',
      smallDdl({ display: 'flatten' }),
      'actions[0] (act).display: must be one of ok, failed, always',
    ],
    [
      'a bad type',
      smallDdl(input({ type: 'any' })),
      'actions[0] (act).input.certname.type: must be one of string, list',
    ],
    [
      'no type',
      smallDdl({ input: { a: { prompt: 'p', description: 'd' } } }),
      'actions[0] (act).input.a: type is missing',
    ],
    ['a list without values', smallDdl(input({ type: 'list' })), 'input.certname: list is missing'],
    ['a negative length', smallDdl(input({ maxlength: -1 })), 'input.certname.maxlength: must be >= 0'],
    [
      'a bad name of an input',
      smallDdl({ input: { 'a b': stringInput() } }),
      'the name "a b" must match pattern',
    ],
    [
      'an output without a title',
      smallDdl({ output: { a: { description: 'd' } } }),
      'output.a: display_as is missing',
    ],
    [
      'an action twice',
      {
        ...(smallDdl() as object),
        actions: [1, 2].map(() => (smallDdl() as { actions: unknown[] }).actions[0]),
      },
      'action act: is declared twice',
    ],
    [
      'a dry run by an input that is not there',
      smallDdl({ dry_run: 'noop' }),
      'action act: dry_run names "noop"',
    ],
    ['a dry run by a text', smallDdl({ ...input({}), dry_run: 'certname' }), 'not a boolean input'],
  ] as const) {
    it(`is refused with its place: ${what}`, () => {
      expect(() => parseDdl(source, 'test.json'))
        .to.throw(/^DDL test\.json: /)
        .with.property('message')
        .that.includes(reason);
      expect(() => parseDdl(source, 'test.json'))
        .to.throw()
        .with.property('code', 'DDL_INVALID');
    });
  }

  it('is refused in a line of bounded length', () => {
    const inputs = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`i${index}`, {}]));
    expect(() => parseDdl(smallDdl({ input: inputs }), 'x'))
      .to.throw(/; and 295 more$/)
      .with.property('message')
      .with.property('length')
      .below(500);
  });
});

describe('folders of DDLs', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'troupe-ddl-'));
  });

  afterEach(() => rm(folder, { recursive: true }));

  it('are searched in order, and missing ones are empty', async () => {
    await writeFile(join(folder, 'small.json'), JSON.stringify(smallDdl()));
    await writeFile(join(folder, 'README.md'), '');
    const found = await findDdl('small', [join(folder, 'missing'), folder]);
    expect(found.ddl.metadata.name).to.equal('small');
    expect(found.path).to.equal(join(folder, 'small.json'));
    expect([...(await listDdls([folder])).keys()]).to.deep.equal(['small']);
  });

  for (const [name, file, content, code, reason] of [
    ['smal', 'small.json', JSON.stringify(smallDdl()), 'DDL_UNKNOWN', '(did you mean "small"?)'],
    ['../small', 'small.json', JSON.stringify(smallDdl()), 'DDL_UNKNOWN', 'no DDL for the agent "../small"'],
    [
      'other',
      'other.json',
      JSON.stringify(smallDdl()),
      'DDL_INVALID',
      `metadata.name is "small", but the file name says "other"`,
    ],
    ['small', 'small.json', '{', 'DDL_INVALID', 'small.json: '],
    [
      'small',
      'small.json',
      ' '.repeat(1024 * 1024 + 1),
      'FILE_UNREADABLE',
      'small.json: the file has 1048577 bytes',
    ],
  ] as const) {
    it(`name the file and what is wrong: ${name} in ${file}, ${code}`, async () => {
      await writeFile(join(folder, file), content);
      const error: unknown = await findDdl(name, [folder]).catch((thrown: unknown) => thrown);
      expect(error).to.have.property('code', code);
      expect(error).to.have.property('message').that.includes(reason);
    });
  }
});
